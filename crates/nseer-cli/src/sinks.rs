//! From events to outputs: files are opened before the scan begins, and a thread of its own
//! writes, so that no host waits for a slow terminal longer than the queue is deep.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use nseer_core::{Event, EventSink, ScriptOutcome, Severity};
use nseer_engine::ScriptInfo;
use nseer_report::{
    GrepableReport, HtmlReport, JsonReport, NormalReport, Place, Report, ReportOptions, XmlReport,
    expand_file_name,
};
use nseer_seam::System;
use nseer_store::{Store, StoreError};

use crate::plan::{OutputPlan, Stylesheet};
use crate::settings::Format;

/// Events that may wait for the writer.
const QUEUE: usize = 4096;

/// After so many hosts the writer lets some gather: to be woken for each costs more than to write it.
const MANY_HOSTS: u32 = 64;

/// How long they gather; nobody sees a line come so much later.
const GATHERING: Duration = Duration::from_millis(2);

/// The sending side of the outputs.
#[derive(Clone)]
pub struct Sinks {
    /// `None` ends the writer.
    queue: SyncSender<Option<Event>>,
    failed: Arc<AtomicBool>,
    strict: Arc<OnceLock<HashSet<Arc<str>>>>,
    shows_found_ports: bool,
    shows_script_runs: bool,
    keeps_hosts: bool,
}

impl EventSink for Sinks {
    fn emit(&self, event: Event) {
        let failure = match &event {
            Event::Message { severity, .. } => *severity == Severity::Error,
            Event::ScriptFinished { run, .. } => {
                use ScriptOutcome::{Output, Silent, Skipped};
                !matches!(run.outcome, Output | Silent | Skipped(_))
                    && self.strict.get().is_some_and(|strict| strict.contains(&run.id))
            }
            _ => false,
        };
        if failure {
            self.mark_failed();
        }
        // Waking the writer for what no output shows is not free.
        let idle = match &event {
            Event::ScriptFinished { .. } => !self.shows_script_runs,
            Event::HostScanned(_) | Event::TargetFound(_) => !self.keeps_hosts,
            Event::PortFound { .. } => !self.shows_found_ports,
            _ => false,
        };
        if idle {
            return;
        }
        // After the end of the run nobody listens.
        let _ = self.queue.send(Some(event));
    }
}

impl Sinks {
    /// From now on the exit code tells where one of these scripts failed. Scripts of a data
    /// directory are left out: Nmap's own often fail on servers that are not what they expect,
    /// and its exit code does not say so.
    pub fn count_failures_of(&self, scripts: &[Arc<ScriptInfo>]) {
        let strict = scripts.iter().filter(|s| !s.from_data_dir).map(|s| s.id.clone());
        // Set once in a run.
        let _ = self.strict.set(strict.collect());
    }

    /// Somebody keeps hosts whose scripts still run.
    #[must_use]
    pub fn keeps_hosts(&self) -> bool {
        self.keeps_hosts
    }

    /// Something that was asked for could not be done.
    pub fn mark_failed(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

/// The writing side.
pub struct Writer {
    thread: JoinHandle<io::Result<()>>,
    failed: Arc<AtomicBool>,
}

impl Writer {
    /// Waits until everything that `sinks` took so far has been written, and takes no more. Gives
    /// true where all went well.
    ///
    /// # Errors
    /// Where an output could not be written.
    pub fn finish(self, sinks: &Sinks) -> anyhow::Result<bool> {
        // A writer that is gone has said why.
        let _ = sinks.queue.send(None);
        match self.thread.join() {
            Ok(written) => written.context("cannot write the output")?,
            Err(_) => anyhow::bail!("the output thread ended unexpectedly"),
        }
        Ok(!self.failed.load(Ordering::Relaxed))
    }
}

/// A buffered output that several may hold. Reports flush after each host; here that waits until
/// no further event is there, so that thousands of hosts a second do not cost a system call each.
#[derive(Clone)]
struct Output(Arc<Mutex<BufWriter<Box<dyn Write + Send>>>>);

impl Output {
    fn new(out: Box<dyn Write + Send>) -> Output {
        Output(Arc::new(Mutex::new(BufWriter::new(out))))
    }

    fn lock(&self) -> MutexGuard<'_, BufWriter<Box<dyn Write + Send>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A report and where it writes to.
struct Sink {
    report: Box<dyn Report>,
    output: Output,
}

/// Where the scan is kept, and whether it holds what an earlier run has done.
pub struct Keeper {
    /// The store.
    pub store: Store,
    /// It does: the outputs get that first.
    pub is_resumed: bool,
}

impl Keeper {
    /// Takes an event; of what comes first, the reports get what was done before.
    fn take(&mut self, event: &Event, sinks: &mut [Sink]) -> io::Result<()> {
        self.store.take(event).map_err(io::Error::other)?;
        if self.is_resumed && matches!(event, Event::RunStarted(_)) {
            let replayed: Result<(), ReplayError> = self.store.replay_results(|event| {
                sinks.iter_mut().try_for_each(|sink| sink.report.event(&event)).map_err(Into::into)
            });
            replayed.map_err(io::Error::other)?;
        }
        Ok(())
    }
}

/// What was done before cannot be written.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Opens the outputs and starts the writer.
///
/// # Errors
/// Where a file cannot be opened; the message names it.
pub fn open(
    plan: &OutputPlan,
    options: &ReportOptions,
    keeper: Option<Keeper>,
    system: &System,
    started: SystemTime,
) -> anyhow::Result<(Sinks, Writer)> {
    let mut sinks: Vec<Sink> = Vec::new();
    let mut screen_taken = plan.quiet;
    for file in &plan.files {
        let out: Box<dyn Write + Send> = match &file.path {
            None => {
                screen_taken = true;
                Box::new(io::stdout())
            }
            Some(path) => open_file(path, plan.append, system, started)?,
        };
        let output = Output::new(out);
        let report = report(file.format, output.clone(), options.clone());
        sinks.push(Sink { report, output });
    }
    if !screen_taken {
        let output = Output::new(Box::new(io::stdout()));
        let report = NormalReport::new(output.clone(), Place::Screen, options.clone());
        sinks.push(Sink { report: Box::new(report), output });
    }
    let streams = plan.files.iter().any(|file| file.format == Format::Json);
    let keeps_hosts = keeper.is_some();
    let (queue, events) = sync_channel(QUEUE);
    let failed = Arc::new(AtomicBool::new(false));
    let thread = std::thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || write(&events, &mut sinks, keeper))
        .context("cannot start the output thread")?;
    let sinks = Sinks {
        queue,
        failed: failed.clone(),
        strict: Arc::default(),
        shows_found_ports: options.verbosity > 0 || streams,
        shows_script_runs: streams || keeps_hosts,
        keeps_hosts,
    };
    Ok((sinks, Writer { thread, failed }))
}

/// A report of this format.
pub fn report(
    format: Format,
    out: impl Write + Send + 'static,
    options: ReportOptions,
) -> Box<dyn Report> {
    match format {
        Format::Normal => Box::new(NormalReport::new(out, Place::File, options)),
        Format::Xml => Box::new(XmlReport::new(out, options)),
        Format::Grepable => Box::new(GrepableReport::new(out, options)),
        Format::Json => Box::new(JsonReport::new(out, options)),
        Format::Html => Box::new(HtmlReport::new(out, options)),
    }
}

fn open_file(
    path: &Path,
    append: bool,
    system: &System,
    started: SystemTime,
) -> anyhow::Result<Box<dyn Write + Send>> {
    let path = match path.to_str() {
        Some(text) => PathBuf::from(expand_file_name(text, started)),
        None => path.to_owned(),
    };
    let opened = system.files.create(&path, append);
    opened.with_context(|| format!("cannot write to '{}'", path.display()))
}

/// The address of the stylesheet for XML.
#[must_use]
pub fn stylesheet(plan: &Stylesheet) -> Option<String> {
    match plan {
        Stylesheet::Default | Stylesheet::Absent => None,
        Stylesheet::Web => Some("https://svn.nmap.org/nmap/docs/nmap.xsl".to_owned()),
        Stylesheet::Named(address) => Some(address.clone()),
    }
}

/// Goes on after an error, so that the other outputs are complete; the first error is told.
fn write(
    events: &Receiver<Option<Event>>,
    sinks: &mut Vec<Sink>,
    mut keeper: Option<Keeper>,
) -> io::Result<()> {
    let mut first = Ok(());
    let mut keep = |result: io::Result<()>| match result {
        Ok(()) => true,
        // A reader that has seen enough is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
        Err(error) => {
            if first.is_ok() {
                first = Err(error);
            }
            false
        }
    };
    let (mut ended, mut hosts) = (false, 0_u32);
    loop {
        let next = match events.try_recv() {
            Err(TryRecvError::Empty) => {
                sinks.retain(|sink| keep(sink.output.lock().flush()));
                if hosts > MANY_HOSTS && !ended {
                    std::thread::sleep(GATHERING);
                }
                events.recv().ok().flatten()
            }
            other => other.ok().flatten(),
        };
        let Some(event) = next else { break };
        if let Event::Message { severity: Severity::Warning | Severity::Error, text } = &event {
            let mut line = text.clone();
            line.push(b'\n');
            // Where standard error is gone there is nobody to tell.
            let _ = io::stderr().write_all(&line);
        }
        // Scripts that a broken-off run left behind may end after it.
        if ended {
            continue;
        }
        ended = matches!(event, Event::RunFinished(_));
        hosts = hosts.saturating_add(matches!(event, Event::HostDone(_)).into());
        sinks.retain_mut(|sink| keep(sink.report.event(&event)));
        if let Some(kept) = &mut keeper
            && !keep(kept.take(&event, sinks))
        {
            keeper = None;
        }
    }
    sinks.retain(|sink| keep(sink.output.lock().flush()));
    first
}
