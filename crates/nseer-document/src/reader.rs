//! A document as events, one host at a time.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufRead};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nseer_core::event::{RunInfo, RunSummary, ScanSummary};
use nseer_core::{Event, HostStatus, Phase, PhaseRecord, PortKey, ScanPorts};

use crate::elements::{Child, Elements, Trouble};
use crate::host::{Run, epoch};
use crate::markup::Tag;
use crate::{ports, scripts, words};

/// The document cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes could not be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("it is empty: the scan that should have written it was killed before it began")]
    Empty,
    /// It does not begin like XML.
    #[error("it is no XML ({why}); give a file that -oX wrote")]
    NotXml {
        /// What is wrong.
        why: String,
    },
    /// It is XML of something else.
    #[error("it is no scan: its outermost element is <{element}>, where <nmaprun> is expected")]
    Foreign {
        /// The name of the element.
        element: String,
    },
}

/// How a document begins.
#[derive(Clone, Debug)]
pub struct Head {
    /// How the run was started.
    pub run: RunInfo,
    /// The stylesheet that the document names.
    pub stylesheet: Option<String>,
}

/// A document while it is read. As an iterator it gives the events of the scan, from
/// [`Event::RunStarted`] to [`Event::RunFinished`], which are there even where the document is cut
/// off.
pub struct Document<R> {
    elements: Elements<R>,
    root: Tag,
    head: Head,
    scanned: Vec<PortKey>,
    last_ports: Option<Arc<ScanPorts>>,
    /// The first element after the head.
    next: Option<Child>,
    events: VecDeque<Event>,
    phase: Option<(Phase, PhaseRecord)>,
    up: u64,
    down: u64,
    last_time: SystemTime,
    has_summary: bool,
    is_over: bool,
    broken: Option<String>,
}

impl<R: BufRead> Document<R> {
    /// Reads the beginning of a document.
    ///
    /// # Errors
    /// [`ReadError`] where it is no XML of a scan.
    pub fn open(input: R) -> Result<Document<R>, ReadError> {
        let mut elements = Elements::new(input);
        let (root, stylesheet) = root(&mut elements)?;
        let args = root.text("args").to_owned();
        let started = epoch(&root, "start").unwrap_or(UNIX_EPOCH);
        let run = RunInfo {
            program: program(&args).to_owned(),
            args,
            version: root.text("version").to_owned(),
            started,
            verbosity: 0,
            debugging: 0,
            scans: Vec::new(),
        };
        let mut document = Document {
            elements,
            root,
            head: Head { run, stylesheet },
            scanned: Vec::new(),
            last_ports: None,
            next: None,
            events: VecDeque::new(),
            phase: None,
            up: 0,
            down: 0,
            last_time: started,
            has_summary: false,
            is_over: false,
            broken: None,
        };
        let read = document.read_head();
        document.events.push_back(Event::RunStarted(document.head.run.clone()));
        document.settle(read)?;
        Ok(document)
    }

    /// How it begins.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What the document has and events cannot tell, as words in the plural.
    #[must_use]
    pub fn left_out(&self) -> &BTreeSet<&'static str> {
        self.elements.left_out()
    }

    /// Where and why the document ends early; `None` where it is whole so far.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// `scaninfo`, `verbose` and `debugging`, which come before anything that happened.
    fn read_head(&mut self) -> Result<(), Trouble> {
        loop {
            let child = self.elements.child(&self.root)?;
            let Some(Child::Element(tag)) = &child else {
                match child {
                    Some(Child::Text(_)) => continue,
                    other => {
                        self.next = other;
                        self.is_over = self.next.is_none();
                        return Ok(());
                    }
                }
            };
            let run = &mut self.head.run;
            match tag.name.as_str() {
                "scaninfo" => {
                    let scan = scan_summary(tag, &mut self.scanned);
                    if scan.is_none() {
                        self.elements
                            .leave_out("ports of other protocols than TCP, UDP, SCTP and IP");
                    }
                    run.scans.extend(scan);
                }
                "verbose" => run.verbosity = tag.number("level").unwrap_or(0),
                "debugging" => run.debugging = tag.number("level").unwrap_or(0),
                _ => {
                    self.next = child;
                    return Ok(());
                }
            }
            let tag = tag.clone();
            self.elements.skip(&tag)?;
        }
    }

    /// Reads until there is an event to give or the document is over.
    fn read_on(&mut self) -> Result<(), Trouble> {
        while self.events.is_empty() && !self.is_over {
            let child = match self.next.take() {
                Some(child) => Some(child),
                None => self.elements.child(&self.root)?,
            };
            match child {
                Some(Child::Element(tag)) => self.element(&tag)?,
                Some(Child::Instruction(tag)) => self.instruction(&tag),
                Some(Child::Text(_)) => {}
                None => {
                    self.is_over = true;
                    // Whatever else may follow, it is no second run.
                    if let Ok(Some(_)) = self.elements.outermost() {
                        let why = "after its first run: it holds several, as --append-output makes";
                        self.broken = Some(why.to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    fn element(&mut self, tag: &Tag) -> Result<(), Trouble> {
        match tag.name.as_str() {
            "host" => {
                self.end_phase();
                self.host(tag)
            }
            "prescript" | "postscript" => {
                self.end_phase();
                let phase = if tag.name == "prescript" { Phase::Pre } else { Phase::Post };
                let results = self.elements.scripts(tag)?;
                self.phase = Some((phase, PhaseRecord { results, runs: Vec::new() }));
                Ok(())
            }
            "runstats" => {
                self.end_phase();
                self.summary(tag)
            }
            // Tasks, hints and their like: how the run went, not what it found.
            _ => self.elements.skip(tag),
        }
    }

    fn host(&mut self, tag: &Tag) -> Result<(), Trouble> {
        let run = Run {
            started: self.head.run.started,
            scanned: &self.scanned,
            last_ports: &mut self.last_ports,
        };
        let mut address: Option<IpAddr> = None;
        let host = self.elements.host(tag, run, &mut address);
        if let (Err(Trouble::Broken(_) | Trouble::Ended), Some(address)) = (&host, address) {
            self.broken = Some(format!("in the middle of host {address}, which is left out"));
        }
        let Some(host) = host? else {
            self.elements.leave_out("hosts without an IP address");
            return Ok(());
        };
        match host.status {
            HostStatus::Up => self.up += 1,
            HostStatus::Down | HostStatus::Unknown => self.down += 1,
        }
        self.last_time = host.finished.unwrap_or(host.started).max(self.last_time);
        self.events.push_back(Event::HostDone(Arc::new(host)));
        Ok(())
    }

    /// Scripts without a host end in instructions that follow the results of their phase.
    fn instruction(&mut self, tag: &Tag) {
        let Some(run) = scripts::script_run(tag, None) else { return };
        if self.phase.as_ref().is_some_and(|(phase, _)| *phase != run.phase) {
            self.end_phase();
        }
        let (_, record) = self.phase.get_or_insert_with(|| (run.phase, PhaseRecord::default()));
        record.runs.push(run);
    }

    fn end_phase(&mut self) {
        if let Some((phase, record)) = self.phase.take() {
            self.events.push_back(Event::PhaseDone { phase, record });
        }
    }

    fn summary(&mut self, of: &Tag) -> Result<(), Trouble> {
        let mut summary = self.own_summary(None);
        while let Some(tag) = self.elements.element(of)? {
            match tag.name.as_str() {
                "finished" => {
                    summary.finished = epoch(&tag, "time").unwrap_or(summary.finished);
                    let seconds = tag.number("elapsed").unwrap_or(0.0);
                    summary.elapsed = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                    summary.interrupted = (tag.text("exit") == "error")
                        .then(|| tag.get("errormsg").unwrap_or("an error").to_owned());
                }
                "hosts" => {
                    summary.up = tag.number("up").unwrap_or(summary.up);
                    summary.down = tag.number("down").unwrap_or(summary.down);
                }
                _ => {}
            }
            self.elements.skip(&tag)?;
        }
        self.has_summary = true;
        self.events.push_back(Event::RunFinished(summary));
        Ok(())
    }

    /// What the hosts that were read say.
    fn own_summary(&self, interrupted: Option<String>) -> RunSummary {
        RunSummary {
            finished: self.last_time,
            elapsed: self.last_time.duration_since(self.head.run.started).unwrap_or_default(),
            up: self.up,
            down: self.down,
            interrupted,
            is_told: false,
        }
    }

    /// Takes a trouble of the document as its end; only that of its bytes is an error.
    fn settle(&mut self, read: Result<(), Trouble>) -> Result<(), ReadError> {
        let why = match read {
            Ok(()) => None,
            Err(Trouble::Io(error)) => {
                self.is_over = true;
                return Err(error.into());
            }
            Err(Trouble::Ended) => Some("after the last whole host".to_owned()),
            Err(Trouble::Broken(why)) => {
                Some(format!("because it is no XML from there on ({why})"))
            }
        };
        if let Some(why) = why {
            self.is_over = true;
            self.broken.get_or_insert(why);
        }
        if self.is_over && !self.has_summary {
            self.end_phase();
            self.has_summary = true;
            self.broken.get_or_insert_with(|| "without a summary".to_owned());
            let why = "the document that was read ends early".to_owned();
            let summary = self.own_summary(Some(why));
            self.events.push_back(Event::RunFinished(summary));
        }
        Ok(())
    }
}

impl<R: BufRead> Iterator for Document<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.events.is_empty() && !self.is_over {
            let read = self.read_on();
            if let Err(error) = self.settle(read) {
                return Some(Err(error));
            }
        }
        self.events.pop_front().map(Ok)
    }
}

/// The outermost element, and the stylesheet named before it.
fn root<R: BufRead>(elements: &mut Elements<R>) -> Result<(Tag, Option<String>), ReadError> {
    let mut stylesheet = None;
    loop {
        match elements.outermost() {
            Ok(Some(Child::Element(tag))) if tag.name == "nmaprun" => return Ok((tag, stylesheet)),
            Ok(Some(Child::Element(tag))) => return Err(ReadError::Foreign { element: tag.name }),
            Ok(Some(Child::Instruction(tag))) => {
                if tag.name == "xml-stylesheet" {
                    stylesheet = tag.get("href").map(str::to_owned);
                }
            }
            Ok(Some(Child::Text(_))) => {}
            Ok(None) | Err(Trouble::Ended) => return Err(ReadError::Empty),
            Err(Trouble::Broken(why)) => return Err(ReadError::NotXml { why }),
            Err(Trouble::Io(error)) => return Err(error.into()),
        }
    }
}

/// Both programs give `nmap` as their scanner; the command line tells them apart.
fn program(args: &str) -> &'static str {
    let word = args.split(' ').next().unwrap_or_default();
    if word.rsplit('/').next() == Some("nseer") { "nseer" } else { "Nmap" }
}

/// One `scaninfo`; its ports are added to `scanned`.
fn scan_summary(tag: &Tag, scanned: &mut Vec<PortKey>) -> Option<ScanSummary> {
    let protocol = tag.text("protocol").parse().ok()?;
    let services = tag.text("services").to_owned();
    let numbers = ports::port_numbers(&services).unwrap_or_default();
    scanned.extend(numbers.into_iter().map(|number| PortKey::new(protocol, number)));
    Some(ScanSummary {
        kind: words::kind(tag.text("type")),
        protocol,
        count: tag.number("numservices").unwrap_or(0),
        services,
    })
}
