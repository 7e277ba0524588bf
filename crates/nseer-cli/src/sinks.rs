//! From events to outputs: files are opened before the scan begins, and a thread of its own
//! writes, so that no host waits for a slow terminal longer than the queue is deep.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::SystemTime;

use anyhow::Context as _;
use nseer_core::{Event, EventSink, Levels, ScriptOutcome, Severity, Stage};
use nseer_engine::ScriptInfo;
use nseer_progress::Tracker;
use nseer_report::{
    GrepableReport, HtmlReport, JsonReport, NormalReport, Place, Report, ReportOptions, XmlReport,
    expand_file_name,
};
use nseer_seam::{OutputFile, System};

use crate::keys::{Key, Keys};
use crate::plan::OutputPlan;
use crate::screen::{Below, Screen};
use crate::settings::Format;

mod output;
mod writing;

use output::{Output, Sink};
pub use writing::Keeper;
use writing::{Item, Watch, Writing};

/// Events that may wait for the writer.
const QUEUE: usize = 4096;

/// Its name in messages.
const STDOUT: &str = "standard output";

/// The sending side of the outputs.
#[derive(Clone)]
pub struct Sinks {
    queue: SyncSender<Item>,
    failed: Arc<AtomicBool>,
    strict: Arc<OnceLock<HashSet<Arc<str>>>>,
    levels: Arc<Levels>,
    streams: bool,
    shows_script_runs: bool,
    keeps_hosts: bool,
    /// Somebody wants to know how far the run is.
    is_watched: bool,
    /// The line at the end of the terminal.
    line: Option<Screen>,
}

impl EventSink for Sinks {
    fn emit(&self, event: Event) {
        self.note(&event);
        if !self.is_idle(&event) {
            // After the end of the run nobody listens.
            let _ = self.queue.send(Item::Event(event));
        }
    }

    fn emit_together(&self, mut events: Vec<Event>) {
        events.iter().for_each(|event| self.note(event));
        events.retain(|event| !self.is_idle(event));
        if !events.is_empty() {
            // After the end of the run nobody listens.
            let _ = self.queue.send(Item::Together(events));
        }
    }
}

impl Sinks {
    /// Notes failures for the exit code.
    fn note(&self, event: &Event) {
        let is_failure = match event {
            Event::Message { severity, .. } => *severity == Severity::Error,
            Event::ScriptFinished { run, .. } => {
                use ScriptOutcome::{Output, Silent, Skipped};
                !matches!(run.outcome, Output | Silent | Skipped(_))
                    && self.strict.get().is_some_and(|strict| strict.contains(&run.id))
            }
            _ => false,
        };
        if is_failure {
            self.mark_failed();
        }
    }

    /// No output shows it, and waking the writer is not free.
    fn is_idle(&self, event: &Event) -> bool {
        match event {
            Event::ScriptFinished { .. } => !self.shows_script_runs && !self.is_watched,
            Event::StageBegun { .. }
            | Event::TaskBegun(_)
            | Event::TaskEnded(_)
            | Event::PortsKnown { .. }
            | Event::ScriptStarted { .. } => !self.is_watched,
            Event::HostScanned(_)
            | Event::TargetFound(_)
            | Event::PortChanged { .. }
            | Event::RegistryChanged(_) => !self.keeps_hosts,
            Event::PortFound { .. } => !self.streams && self.levels.verbosity() == 0,
            _ => false,
        }
    }

    /// From now on the exit code tells where one of these scripts failed. Scripts of a data
    /// directory are left out: Nmap's own often fail on servers that are not what they expect,
    /// and its exit code does not say so.
    pub fn count_failures_of(&self, scripts: &[Arc<ScriptInfo>]) {
        let strict = scripts.iter().filter(|s| !s.from_data_dir).map(|s| s.id.clone());
        // Set once in a run.
        let _ = self.strict.set(strict.collect());
    }

    /// How much the run says of itself.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Somebody keeps hosts whose scripts still run.
    #[must_use]
    pub fn keeps_hosts(&self) -> bool {
        self.keeps_hosts
    }

    /// Somebody wants to know how far the run is, which may take work to find out.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Listens for keys until what it gives is dropped; gives nothing where nobody can press one.
    #[must_use]
    pub fn keys(&self) -> Option<Keys> {
        let queue = self.queue.clone();
        // After the end of the run nobody listens.
        Keys::of_stdin(move |key: Key| drop(queue.send(Item::Key(key))))
    }

    /// The line that tells how far the run is, where there is a terminal for it.
    #[must_use]
    pub fn line(&self) -> Option<Screen> {
        self.line.clone()
    }

    /// Something that was asked for could not be done.
    pub fn mark_failed(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

/// The writing side.
pub struct Writer {
    thread: JoinHandle<Vec<String>>,
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
        let _ = sinks.queue.send(Item::End);
        match self.thread.join() {
            Ok(failures) if failures.is_empty() => {}
            Ok(failures) => anyhow::bail!("cannot write to {}", failures.join("; nor to ")),
            Err(_) => anyhow::bail!("the output thread ended unexpectedly"),
        }
        Ok(!self.failed.load(Ordering::Relaxed))
    }
}

/// For whom a run prints, and what they may want to know of it.
pub struct Audience {
    /// How much it says of itself.
    pub levels: Arc<Levels>,
    /// What each host goes through.
    pub stages: Vec<Stage>,
    /// Somebody sits there who may see a line that changes and press keys.
    pub is_interactive: bool,
}

/// Opens the outputs and starts the writer.
///
/// # Errors
/// Where a file cannot be opened; the message names it.
pub fn open(
    plan: &OutputPlan,
    options: &ReportOptions,
    keeper: Option<Keeper>,
    (system, started): (&System, SystemTime),
    audience: Audience,
) -> anyhow::Result<(Sinks, Writer)> {
    let mut sinks: Vec<Sink> = Vec::new();
    let mut screen_taken = plan.quiet;
    let line = Screen::of_this_process().filter(|_| audience.is_interactive && !plan.quiet);
    for file in &plan.files {
        let out: Box<dyn OutputFile> = match &file.path {
            None => {
                screen_taken = true;
                Box::new(Below::new(system.files.standard_output(), line.clone()))
            }
            Some(path) => open_file(path, plan.append, system, started)?,
        };
        let output = Output::new(out);
        let report = report(file.format, output.clone(), options.clone());
        let name = match &file.path {
            None => STDOUT.to_owned(),
            Some(path) => format!("'{}'", path.display()),
        };
        // `-oX >(command)` and the like.
        let is_stream = file.path.as_ref().is_none_or(|path| path.starts_with("/dev"));
        sinks.push(Sink::new(name, report, output, is_stream));
    }
    if !screen_taken {
        let stdout = system.files.standard_output();
        let output = Output::new(Box::new(Below::new(stdout, line.clone())));
        let options = ReportOptions { colour: console::colors_enabled(), ..options.clone() };
        let report = NormalReport::new(output.clone(), Place::Screen, options);
        sinks.push(Sink::new(STDOUT.to_owned(), Box::new(report), output, true));
    }
    let streams = plan.files.iter().any(|file| file.format == Format::Json);
    let keeps_hosts = keeper.is_some();
    let (queue, events) = sync_channel(QUEUE);
    let failed = Arc::new(AtomicBool::new(false));
    // Most runs in scripts of the shell have nobody who could ask how far they are.
    let is_watched = line.is_some()
        || plan.stats_every.is_some()
        || plan.verbosity > 0
        || (audience.is_interactive && Keys::may_come());
    let begun = system.clock.now();
    let watch = Watch {
        clock: system.clock.clone(),
        begun,
        tracker: Tracker::new(audience.stages, begun),
        line: line.clone(),
        levels: audience.levels.clone(),
        stats_every: plan.stats_every,
        is_shown_on_stdout: !screen_taken && io::stdout().is_terminal(),
    };
    let writing = Writing::new(events, sinks, keeper, watch);
    let thread = std::thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || writing.run())
        .context("cannot start the output thread")?;
    let sinks = Sinks {
        queue,
        failed: failed.clone(),
        strict: Arc::default(),
        levels: audience.levels,
        streams,
        shows_script_runs: streams || keeps_hosts,
        keeps_hosts,
        is_watched,
        line,
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
) -> anyhow::Result<Box<dyn OutputFile>> {
    let path = match path.to_str() {
        Some(text) => PathBuf::from(expand_file_name(text, started)),
        None => path.to_owned(),
    };
    let opened = system.files.create(&path, append);
    opened.with_context(|| format!("cannot write to '{}'", path.display()))
}
