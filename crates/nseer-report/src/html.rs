//! The HTML report (`--report`): one page that needs nothing else, for people.
//!
//! Hosts are written as they are done, and the summary after the last; the page itself shows it first.
//! Markup is in `crates/nseer-report/templates`, and everything that is put into it is escaped
//! there. The page may run its own script only: its policy names the script's digest.

mod summary;
mod view;

use std::io::{self, Write};
use std::sync::OnceLock;

use askama::Template;
use data_encoding::BASE64;
use nseer_core::event::{RunInfo, RunSummary};
use nseer_core::{Event, HostRecord, Phase, PhaseRecord};
use sha2::{Digest as _, Sha256};

use crate::Report;
use crate::escape::line_text;
use crate::options::ReportOptions;
use crate::shown::is_shown;
use crate::when;
use summary::Summary;

const STYLE: &str = include_str!("../templates/report.css");
const SCRIPT: &str = include_str!("../templates/report.js");

/// The HTML report.
pub struct HtmlReport<W> {
    out: W,
    options: ReportOptions,
    summary: Summary,
    has_begun: bool,
    /// A part of the page on its way; many small pieces make it.
    buffer: String,
}

#[derive(Template)]
#[template(path = "head.html")]
struct Head {
    program: String,
    version: String,
    args: String,
    started: String,
    scans: Vec<String>,
    script_hash: &'static str,
    css: &'static str,
}

#[derive(Template)]
#[template(path = "foot.html")]
struct Foot {
    interrupted: Option<String>,
    hosts: usize,
    up: u64,
    total: u64,
    open: u64,
    services_count: usize,
    results: u64,
    trouble: u64,
    elapsed: String,
    finished: String,
    services: Vec<summary::Bar>,
    more_services: usize,
    versions: Vec<summary::Bar>,
    stacks: Vec<summary::Stack>,
    scripts: Vec<summary::Trouble>,
    late_hosts: Vec<summary::Late>,
    more_late: u64,
    js: &'static str,
}

impl<W: Write + Send> HtmlReport<W> {
    /// A page to `out`.
    pub fn new(out: W, options: ReportOptions) -> Self {
        HtmlReport {
            out,
            options,
            summary: Summary::default(),
            has_begun: false,
            buffer: String::new(),
        }
    }

    fn write(&mut self, part: &impl Template) -> io::Result<()> {
        self.buffer.clear();
        part.render_into(&mut self.buffer).map_err(io::Error::other)?;
        self.out.write_all(self.buffer.as_bytes())?;
        self.out.flush()
    }

    fn started(&mut self, run: &RunInfo) -> io::Result<()> {
        // A document may hold several runs; a page has one head.
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        let scans = run.scans.iter().map(view::scan).collect();
        let head = Head {
            program: line_text(&run.program),
            version: line_text(&run.version),
            args: line_text(&run.args),
            started: when::minute(run.started),
            scans,
            script_hash: script_hash(),
            css: STYLE,
        };
        self.write(&head)
    }

    fn phase(&mut self, phase: Phase, record: &PhaseRecord) -> io::Result<()> {
        self.summary.phase(record);
        match view::phase(phase, record) {
            Some(section) => self.write(&section),
            None => Ok(()),
        }
    }

    fn host(&mut self, host: &HostRecord) -> io::Result<()> {
        if !is_shown(host, &self.options) {
            return Ok(());
        }
        let number = self.summary.host(host);
        let host = view::host(number, host, &self.options);
        self.write(&host)
    }

    fn finished(&mut self, run: &RunSummary) -> io::Result<()> {
        let mut summary = self.summary.clone();
        let foot = Foot {
            interrupted: run.interrupted.as_deref().map(line_text),
            hosts: summary.hosts(),
            up: run.up,
            total: run.up.saturating_add(run.down),
            open: summary.open(),
            services_count: summary.services_count(),
            results: summary.results(),
            trouble: summary.trouble(),
            elapsed: view::duration(run.elapsed),
            finished: when::minute(run.finished),
            more_services: summary.services_count().saturating_sub(summary::MOST_BARS),
            services: summary.services(),
            versions: summary.versions(),
            stacks: summary.stacks(),
            scripts: summary.scripts(),
            more_late: summary.more_late(),
            late_hosts: summary.late_hosts(),
            js: SCRIPT,
        };
        self.write(&foot)
    }
}

impl<W: Write + Send> Report for HtmlReport<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.started(run),
            Event::HostDone(host) | Event::HostCutShort(host) => self.host(host),
            Event::PhaseDone { phase, record } => self.phase(*phase, record),
            Event::RunFinished(run) => self.finished(run),
            _ => Ok(()),
        }
    }
}

/// What a Content-Security-Policy calls the page's script: its digest, in base64. The element begins
/// with a line end.
fn script_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let digest = Sha256::new().chain_update("\n").chain_update(SCRIPT).finalize();
        format!("sha256-{}", BASE64.encode(&digest))
    })
}
