//! Normal output: what people read, on the screen and in `-oN` files.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use nseer_core::event::{RunInfo, RunSummary, Traffic};
use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PortKey, PortState, PortStatus, Reason, ScriptResult,
    Severity,
};

use crate::Report;
use crate::columns::{Columns, coloured};
use crate::costs::{CostOrder, CostRow, ScriptCosts};
use crate::escape::{line_text, message_text};
use crate::options::ReportOptions;
use crate::progress_text::status_lines;
use crate::script_text::write_results;
use crate::service_text::{is_guess, service_info, service_label, version_column};
use crate::shown::{Group, Shown, is_shown, summary};
use crate::system_text;
use crate::task_text;
use crate::trace_text;
use crate::when;

/// Where the text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The screen, with the run's commentary.
    Screen,
    /// A file, with comments that say how it was made.
    File,
}

/// Normal output.
pub struct NormalReport<W> {
    out: W,
    place: Place,
    options: ReportOptions,
    costs: ScriptCosts,
    traffic: Option<Traffic>,
}

impl<W: Write + Send> NormalReport<W> {
    /// Normal output to `out`.
    pub fn new(out: W, place: Place, options: ReportOptions) -> Self {
        NormalReport { out, place, options, costs: ScriptCosts::default(), traffic: None }
    }

    fn started(&mut self, run: &RunInfo) -> io::Result<()> {
        match self.place {
            Place::Screen => {
                writeln!(
                    self.out,
                    "Starting {} {} at {}",
                    line_text(&run.program),
                    line_text(&run.version),
                    when::minute(run.started)
                )
            }
            Place::File => writeln!(
                self.out,
                "# {} {} scan initiated {} as: {}",
                line_text(&run.program),
                line_text(&run.version),
                when::ctime(run.started),
                line_text(&run.args)
            ),
        }
    }

    fn finished(&mut self, run: &RunSummary) -> io::Result<()> {
        let what = summary(run.up, run.down);
        let elapsed = when::seconds(run.elapsed);
        let failed = run.interrupted.is_some() && run.is_told;
        if failed && run.up + run.down == 0 && self.place == Place::Screen {
            return Ok(());
        }
        let stopped = run.interrupted.as_deref().filter(|_| !failed).map(line_text);
        if let Some(what) = detection(&self.options).filter(|_| run.up > 0) {
            // Who reads Nmap's output looks for these words.
            writeln!(self.out, "{what} detection performed.")?;
        }
        match self.place {
            Place::Screen => {
                if let Some(why) = stopped {
                    writeln!(self.out, "Stopped early: {why}")?;
                } else if run.up == 0 && run.down == 1 && !self.options.list_only {
                    writeln!(
                        self.out,
                        "Note: the host seems to be down. If it only does not answer pings, try -Pn"
                    )?;
                }
                writeln!(self.out, "Nmap done: {what} scanned in {elapsed} seconds")?;
                match &self.traffic {
                    Some(traffic) if self.options.verbosity > 0 => {
                        write!(self.out, "{}", task_text::traffic(traffic))
                    }
                    _ => Ok(()),
                }
            }
            Place::File => {
                if let Some(why) = stopped {
                    writeln!(self.out, "# Stopped early: {why}")?;
                }
                let time = when::ctime(run.finished);
                writeln!(self.out, "# Nmap done at {time} -- {what} scanned in {elapsed} seconds")
            }
        }
    }

    /// What scripts took, where somebody asked.
    fn costs(&mut self) -> io::Result<()> {
        if self.costs.is_empty() {
            return Ok(());
        }
        let rows = self.costs.rows(CostOrder::Time);
        writeln!(self.out, "What scripts took, the slowest first:")?;
        writeln!(self.out, "{}", ScriptCosts::table(&rows))
    }

    fn host(&mut self, host: &HostRecord) -> io::Result<()> {
        if !is_shown(host, &self.options) {
            return Ok(());
        }
        let label = host_label(host);
        self.host_head(host, &label)?;
        if host.status != HostStatus::Up {
            return Ok(());
        }
        if host.timed_out {
            return writeln!(self.out, "Skipping host {label} due to host timeout");
        }
        if !self.options.no_ports {
            self.ports(host, &label)?;
        }
        self.fingerprints(host)?;
        if let Some(mac) = host.mac {
            let vendor = line_text(host.vendor.as_deref().unwrap_or("Unknown"));
            writeln!(self.out, "MAC Address: {} ({vendor})", mac_text(mac))?;
        }
        if let Some(os) = &host.os {
            system_text::write(&mut self.out, os, &self.options)?;
        }
        if let Some(info) = service_info(host.ports.found_services()) {
            writeln!(self.out, "Service Info: {info}")?;
        }
        let has_results = !host.scripts.is_empty();
        if has_results {
            writeln!(self.out, "\nHost script results:")?;
            write_results(&mut self.out, &host.scripts, &self.options)?;
        }
        if let Some(trace) = &host.trace {
            trace_text::write(&mut self.out, trace, host.address)?;
        }
        self.final_times(host)?;
        if !self.options.no_ports || has_results || host.trace.is_some() {
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// The lines above the port table: the host's names and whether it is up.
    fn host_head(&mut self, host: &HostRecord, label: &str) -> io::Result<()> {
        let received = if self.options.shows_reason() {
            format!(", received {}", reason_text(host.reason, None, host.reason_ttl))
        } else {
            String::new()
        };
        if self.options.colour {
            let heading = format!("Nmap scan report for {label}");
            write!(self.out, "{}", coloured(&heading, BOLD))?;
        } else {
            write!(self.out, "Nmap scan report for {label}")?;
        }
        match (host.status, host.times) {
            (HostStatus::Down, _) => writeln!(self.out, " [host down{received}]")?,
            (HostStatus::Unknown, _) => writeln!(self.out)?,
            (HostStatus::Up, Some(times)) => {
                let latency = when::latency(times.srtt);
                writeln!(self.out, "\nHost is up{received} ({latency}s latency).")?;
            }
            (HostStatus::Up, None) => writeln!(self.out, "\nHost is up{received}.")?,
        }
        self.names(host)?;
        if host.status == HostStatus::Up && !self.options.no_ports && self.options.shows_more() {
            let end = host.finished.unwrap_or(host.started);
            writeln!(
                self.out,
                "Scanned at {} for {}s",
                when::second(host.started),
                when::epoch(end).saturating_sub(when::epoch(host.started))
            )?;
        }
        Ok(())
    }

    fn names(&mut self, host: &HostRecord) -> io::Result<()> {
        let Some(name) = &host.target_name else { return Ok(()) };
        if !host.other_addresses.is_empty() {
            let others: Vec<String> =
                host.other_addresses.iter().map(ToString::to_string).collect();
            writeln!(
                self.out,
                "Other addresses for {} (not scanned): {}",
                line_text(name),
                others.join(" ")
            )?;
        }
        match &host.reverse_name {
            Some(reverse) if reverse != name => {
                writeln!(self.out, "rDNS record for {}: {}", host.address, line_text(reverse))
            }
            _ => Ok(()),
        }
    }

    fn ports(&mut self, host: &HostRecord, label: &str) -> io::Result<()> {
        let shown = Shown::of(host, &self.options);
        if shown.groups.is_empty() {
            writeln!(self.out)?;
        } else {
            if shown.ports.is_empty() {
                let total: usize = shown.groups.iter().map(|group| group.count).sum();
                writeln!(self.out, "All {total} scanned ports on {label} are in ignored states.")?;
            }
            writeln!(self.out, "Not shown: {}", not_shown(&shown.groups))?;
            if self.options.ignores_resets && shown.groups.iter().any(may_be_closed) {
                writeln!(
                    self.out,
                    "Some closed ports may be reported as filtered due to --defeat-rst-ratelimit"
                )?;
            }
        }
        if shown.ports.is_empty() {
            return Ok(());
        }
        self.port_table(host, &shown.ports)
    }

    fn port_table(&mut self, host: &HostRecord, ports: &[(PortKey, PortStatus)]) -> io::Result<()> {
        let heading = if ports.iter().all(|(key, _)| key.is_port()) { "PORT" } else { "PROTOCOL" };
        let wanted = [true, true, true, self.options.shows_reason(), self.options.versions];
        let mut table = Columns::new(wanted, ports.len() + 1);
        table.push([heading, "STATE", "SERVICE", "REASON", "VERSION"].map(Cow::Borrowed));
        for (key, status) in ports {
            table.push(self.port_cells(host, *key, *status));
        }
        let mut line = String::new();
        // The heading is of no port.
        let rows = std::iter::once(None).chain(ports.iter().map(Some));
        for (n, port) in rows.enumerate() {
            let coloured = port.filter(|_| self.options.colour);
            // The state is the second cell.
            let colour = coloured.map(|(_, status)| (1, state_colour(status.state)));
            line.clear();
            table.write(n, colour, &mut line);
            line.push('\n');
            self.out.write_all(line.as_bytes())?;
            if let Some(detail) = port.and_then(|(key, _)| host.ports.detail(*key)) {
                write_results(&mut self.out, &detail.scripts, &self.options)?;
            }
        }
        Ok(())
    }

    /// What is said of a port in columns that are wanted.
    fn port_cells(
        &self,
        host: &HostRecord,
        key: PortKey,
        status: PortStatus,
    ) -> [Cow<'static, str>; 5] {
        let service = host.ports.service(key);
        let guess = is_guess(host, key, status, &self.options);
        let mut cells = [
            if key.is_port() { key.to_string().into() } else { key.number.to_string().into() },
            status.state.as_str().into(),
            service_label(&service, guess).into(),
            Cow::default(),
            Cow::default(),
        ];
        if self.options.shows_reason() {
            cells[3] = port_reason(host, key, status).into();
        }
        if self.options.versions {
            cells[4] = version_column(&service).into();
        }
        cells
    }

    /// What the services sent that answered and were not recognised.
    fn fingerprints(&mut self, host: &HostRecord) -> io::Result<()> {
        let blocks: Vec<&str> =
            host.ports.found_services().filter_map(|s| s.fingerprint.as_deref()).collect();
        let what = match blocks.as_slice() {
            [] => return Ok(()),
            [_] => "1 service unrecognized despite returning data; its fingerprint:".to_owned(),
            many => format!(
                "{} services unrecognized despite returning data; their fingerprints:",
                many.len()
            ),
        };
        writeln!(self.out, "{what}")?;
        for block in blocks {
            writeln!(self.out, "{}", message_text(block.as_bytes()))?;
        }
        Ok(())
    }

    /// True where the run's commentary is wanted.
    fn comments(&self) -> bool {
        self.place == Place::Screen && self.options.verbosity > 0
    }

    fn final_times(&mut self, host: &HostRecord) -> io::Result<()> {
        match host.times {
            Some(times) if self.place == Place::Screen && self.options.debugging > 0 => writeln!(
                self.out,
                "Final times for host: srtt: {} rttvar: {}  to: {}",
                times.srtt.as_micros(),
                times.rttvar.as_micros(),
                times.timeout.as_micros()
            ),
            _ => Ok(()),
        }
    }

    fn phase(&mut self, phase: Phase, results: &[ScriptResult]) -> io::Result<()> {
        if results.is_empty() {
            return Ok(());
        }
        let name = if phase == Phase::Pre { "Pre" } else { "Post" };
        writeln!(self.out, "{name}-scan script results:")?;
        write_results(&mut self.out, results, &self.options)
    }
}

impl<W: Write + Send> Report for NormalReport<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.started(run)?,
            Event::HostDone(host) => self.host(host)?,
            Event::HostCutShort(host) => {
                self.host(host)?;
                if is_shown(host, &self.options) {
                    writeln!(self.out, "Stopped before all was done on {}", host_label(host))?;
                }
            }
            Event::PhaseDone { phase, record } => self.phase(*phase, &record.results)?,
            Event::Message { severity: Severity::Info, text } if self.place == Place::Screen => {
                writeln!(self.out, "{}", message_text(text))?;
            }
            Event::Message { severity: Severity::Note, text } => {
                writeln!(self.out, "{}", message_text(text))?;
            }
            Event::Message { severity: Severity::Error, text } if self.place == Place::File => {
                // Beside the screen it is on standard error.
                writeln!(self.out, "{}", message_text(text))?;
            }
            Event::TaskBegun(task) if self.comments() => {
                write!(self.out, "{}", task_text::begun(task))?;
            }
            Event::TaskEnded(task) if self.comments() => {
                write!(self.out, "{}", task_text::ended(task))?;
            }
            Event::Traffic(traffic) => self.traffic = Some(*traffic),
            Event::PortFound { address, port, state: PortState::Open } if self.comments() => {
                writeln!(self.out, "Discovered open port {port} on {address}")?;
            }
            Event::Progress(progress) if self.place == Place::Screen => {
                write!(self.out, "{}", status_lines(progress))?;
            }
            Event::ScriptCosted(cost) => self.costs.add(&CostRow::from(cost)),
            Event::RunFinished(run) => {
                self.costs()?;
                self.finished(run)?;
            }
            _ => return Ok(()),
        }
        self.out.flush()
    }

    fn set_levels(&mut self, verbosity: u8, debugging: u8) {
        if self.place == Place::Screen {
            self.options.verbosity = verbosity;
            self.options.debugging = debugging;
        }
    }
}

const BOLD: &str = "1";

/// What was asked of hosts beyond their ports.
fn detection(options: &ReportOptions) -> Option<&'static str> {
    match (options.systems, options.versions) {
        (true, true) => Some("OS and Service"),
        (true, false) => Some("OS"),
        (false, true) => Some("Service"),
        (false, false) => None,
    }
}

fn state_colour(state: PortState) -> &'static str {
    match state {
        PortState::Open => "32",
        PortState::Closed => "2",
        _ => "33",
    }
}

/// `name (address)`, or the address alone.
fn host_label(host: &HostRecord) -> String {
    match host.display_name() {
        Some(name) => format!("{} ({})", line_text(name), host.address),
        None => host.address.to_string(),
    }
}

/// `98 closed tcp ports (conn-refused), 2 filtered tcp ports (no-response)`. The word is singular
/// where the state has one port in all.
fn not_shown(groups: &[Group]) -> String {
    let mut parts = Vec::new();
    for group in groups {
        for tally in &group.reasons {
            let word = tally.protocol.noun(group.count);
            parts.push(format!(
                "{} {} {} {word} ({})",
                tally.ports.len(),
                group.state,
                tally.protocol,
                tally.reason.as_str()
            ));
        }
    }
    parts.join(", ")
}

/// Ports of which nothing was heard.
fn may_be_closed(group: &Group) -> bool {
    group.state == PortState::Filtered
        && group.reasons.iter().any(|tally| tally.reason == Reason::NoResponse)
}

/// `reset`, or `reset ttl 64` where the TTL is known; `host-unreach from 192.0.2.1 ttl 64` where another
/// than the host told it.
fn reason_text(reason: Reason, teller: Option<IpAddr>, ttl: u8) -> String {
    let teller = teller.map(|teller| format!(" from {teller}")).unwrap_or_default();
    let ttl = if ttl == 0 { String::new() } else { format!(" ttl {ttl}") };
    format!("{}{teller}{ttl}", reason.as_str())
}

/// The reason for the state of a port.
pub(crate) fn port_reason(host: &HostRecord, key: PortKey, status: PortStatus) -> String {
    reason_text(status.reason, host.ports.teller(key), status.ttl)
}

/// An Ethernet address as outputs show it: `00:1B:2C:3D:4E:5F`.
#[must_use]
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02X}")).join(":")
}
