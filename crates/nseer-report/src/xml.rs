//! XML output, valid against Nmap's document type. What that has no place for (how scripts without
//! a result ended) stands in processing instructions.
//!
//! The layout, down to line breaks and to `&#xa;` in attributes, is what existing readers were
//! written against, and no XML library writes it that way; so the few elements are written by
//! hand. Everything that is not a constant or a number goes through [`xml_text`] (bytes) or
//! `xml_string` (text).

use std::io::{self, Write};

use nseer_core::event::{RunInfo, RunSummary};
use nseer_core::port_spec::compact_list;
use nseer_core::service::FINGERPRINT_FOLD;
use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PortKey, PortStatus, Progress, ScriptOutcome,
    ScriptResult, ScriptRun, ScriptValue, ServiceInfo, Task, Tunnel,
};

use crate::Report;
use crate::escape::{xml_string, xml_text};
use crate::normal::mac_text;
use crate::options::ReportOptions;
use crate::service_text::UNKNOWN;
use crate::shown::{Group, Shown, in_order, is_shown, summary};
use crate::system_text;
use crate::trace_text;
use crate::when;

/// How sure the name of an IP protocol is of 10, in Nmap's documents: a port's name says less.
const PROTOCOL_CONFIDENCE: u8 = 8;

/// XML output.
pub struct XmlReport<W> {
    out: W,
    options: ReportOptions,
    tells_tasks: bool,
}

impl<W: Write + Send> XmlReport<W> {
    /// XML to `out`.
    pub fn new(out: W, options: ReportOptions) -> Self {
        XmlReport { out, options, tells_tasks: false }
    }

    fn started(&mut self, run: &RunInfo) -> io::Result<()> {
        let out = &mut self.out;
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>")?;
        if let Some(stylesheet) = &self.options.stylesheet {
            writeln!(
                out,
                "<?xml-stylesheet href=\"{}\" type=\"text/xsl\"?>",
                xml_string(stylesheet)
            )?;
        }
        let (args, start) = (xml_string(&run.args), when::ctime(run.started));
        let version = xml_string(&run.version);
        let program = xml_string(&run.program);
        writeln!(out, "<!-- {program} {version} scan initiated {start} as: {args} -->")?;
        // The document type knows one scanner only.
        writeln!(
            out,
            "<nmaprun scanner=\"nmap\" args=\"{args}\" start=\"{}\" startstr=\"{start}\" \
             version=\"{version}\" xmloutputversion=\"1.05\">",
            when::epoch(run.started)
        )?;
        for scan in &run.scans {
            writeln!(
                out,
                "<scaninfo type=\"{}\" protocol=\"{}\" numservices=\"{}\" services=\"{}\"/>",
                xml_string(scan.kind),
                scan.protocol,
                scan.count,
                xml_string(&scan.services)
            )?;
        }
        writeln!(out, "<verbose level=\"{}\"/>", run.verbosity)?;
        writeln!(out, "<debugging level=\"{}\"/>", run.debugging)?;
        self.tells_tasks = run.verbosity > 0;
        Ok(())
    }

    fn task(&mut self, element: &str, task: &Task, extent: Option<&str>) -> io::Result<()> {
        let (name, time) = (xml_string(&task.name), when::epoch(task.at));
        write!(self.out, "<{element} task=\"{name}\" time=\"{time}\"")?;
        if let Some(extent) = extent {
            write!(self.out, " extrainfo=\"{}\"", xml_string(extent))?;
        }
        writeln!(self.out, "/>")
    }

    /// One element for each task that goes on. The document type wants all of them to be estimated.
    fn progress(&mut self, progress: &Progress) -> io::Result<()> {
        for task in &progress.tasks {
            let (Some(fraction), Some(remaining)) = (task.fraction, task.remaining) else {
                continue;
            };
            let end = progress.now.checked_add(remaining).unwrap_or(progress.now);
            writeln!(
                self.out,
                "<taskprogress task=\"{}\" time=\"{}\" percent=\"{:.2}\" remaining=\"{}\" \
                 etc=\"{}\"/>",
                xml_string(&task.name),
                when::epoch(progress.now),
                fraction * 100.0,
                remaining.as_secs(),
                when::epoch(end)
            )?;
        }
        Ok(())
    }

    fn finished(&mut self, run: &RunSummary) -> io::Result<()> {
        let time = when::ctime(run.finished);
        let elapsed = when::seconds(run.elapsed);
        let what = summary(run.up, run.down);
        let exit = match &run.interrupted {
            None => "exit=\"success\"".to_owned(),
            Some(why) => format!("exit=\"error\" errormsg=\"{}\"", xml_string(why)),
        };
        writeln!(
            self.out,
            "<runstats><finished time=\"{}\" timestr=\"{time}\" summary=\"Nmap done at {time}; \
             {what} scanned in {elapsed} seconds\" elapsed=\"{elapsed}\" {exit}/><hosts up=\"{}\" \
             down=\"{}\" total=\"{}\"/>\n</runstats>\n</nmaprun>",
            when::epoch(run.finished),
            run.up,
            run.down,
            run.up.saturating_add(run.down)
        )
    }

    fn host(&mut self, host: &HostRecord) -> io::Result<()> {
        if !is_shown(host, &self.options) {
            return Ok(());
        }
        self.host_tag(host)?;
        writeln!(
            self.out,
            "<status state=\"{}\" reason=\"{}\" reason_ttl=\"{}\"/>",
            host.status.as_str(),
            host.reason.as_str(),
            host.reason_ttl
        )?;
        let family = if host.address.is_ipv6() { "ipv6" } else { "ipv4" };
        writeln!(self.out, "<address addr=\"{}\" addrtype=\"{family}\"/>", host.address)?;
        if let Some(mac) = host.mac {
            write!(self.out, "<address addr=\"{}\" addrtype=\"mac\"", mac_text(mac))?;
            if let Some(vendor) = &host.vendor {
                write!(self.out, " vendor=\"{}\"", xml_text(vendor.as_bytes()))?;
            }
            writeln!(self.out, "/>")?;
        }
        self.host_names(host)?;
        if host.status == HostStatus::Up {
            self.findings(host)?;
        }
        self.runs(&host.runs)?;
        writeln!(self.out, "</host>")
    }

    /// The opening tag: hosts that were only pinged or listed have no times.
    fn host_tag(&mut self, host: &HostRecord) -> io::Result<()> {
        let worked_on = !self.options.no_ports || !host.scripts.is_empty();
        if host.status != HostStatus::Up || !worked_on {
            return write!(self.out, "<host>");
        }
        let start = when::epoch(host.started);
        let end = host.finished.map_or(start, when::epoch);
        let timed_out = if host.timed_out { " timedout=\"true\"" } else { "" };
        write!(self.out, "<host starttime=\"{start}\" endtime=\"{end}\"{timed_out}>")
    }

    fn host_names(&mut self, host: &HostRecord) -> io::Result<()> {
        let names = [(&host.target_name, "user"), (&host.reverse_name, "PTR")];
        if host.status != HostStatus::Up && names.iter().all(|(name, _)| name.is_none()) {
            return Ok(());
        }
        writeln!(self.out, "<hostnames>")?;
        for (name, kind) in names {
            if let Some(name) = name {
                writeln!(self.out, "<hostname name=\"{}\" type=\"{kind}\"/>", xml_string(name))?;
            }
        }
        writeln!(self.out, "</hostnames>")
    }

    fn findings(&mut self, host: &HostRecord) -> io::Result<()> {
        if !host.timed_out {
            if !self.options.no_ports {
                self.ports(host)?;
            }
            if let Some(os) = &host.os {
                system_text::write_xml(&mut self.out, os, &self.options)?;
            }
            self.container("hostscript", &host.scripts)?;
        }
        if let Some(trace) = host.trace.as_ref().filter(|_| !host.timed_out) {
            trace_text::write_xml(&mut self.out, trace)?;
        }
        match host.times {
            None => Ok(()),
            Some(times) => writeln!(
                self.out,
                "<times srtt=\"{}\" rttvar=\"{}\" to=\"{}\"/>",
                times.srtt.as_micros(),
                times.rttvar.as_micros(),
                times.timeout.as_micros()
            ),
        }
    }

    fn ports(&mut self, host: &HostRecord) -> io::Result<()> {
        let shown = Shown::of(host, &self.options);
        if shown.groups.is_empty() && shown.ports.is_empty() {
            return Ok(());
        }
        write!(self.out, "<ports>")?;
        for group in &shown.groups {
            self.extra_ports(group)?;
        }
        for (key, status) in &shown.ports {
            self.port(host, *key, *status)?;
        }
        writeln!(self.out, "</ports>")
    }

    fn extra_ports(&mut self, group: &Group) -> io::Result<()> {
        writeln!(self.out, "<extraports state=\"{}\" count=\"{}\">", group.state, group.count)?;
        for tally in &group.reasons {
            writeln!(
                self.out,
                "<extrareasons reason=\"{}\" count=\"{}\" proto=\"{}\" ports=\"{}\"/>",
                tally.reason.as_str(),
                tally.ports.len(),
                tally.protocol,
                compact_list(&tally.ports, tally.protocol)
            )?;
        }
        writeln!(self.out, "</extraports>")
    }

    fn port(&mut self, host: &HostRecord, key: PortKey, status: PortStatus) -> io::Result<()> {
        write!(
            self.out,
            "<port protocol=\"{}\" portid=\"{}\"><state state=\"{}\" reason=\"{}\" \
             reason_ttl=\"{}\"",
            key.protocol,
            key.number,
            status.state,
            status.reason.as_str(),
            status.ttl
        )?;
        if let Some(teller) = host.ports.teller(key) {
            write!(self.out, " reason_ip=\"{teller}\"")?;
        }
        write!(self.out, "/>")?;
        let mut service = host.ports.service(key);
        if service != ServiceInfo::default() {
            if !key.is_port() {
                service.confidence = PROTOCOL_CONFIDENCE;
            }
            self.service(&service)?;
        }
        if let Some(detail) = host.ports.detail(key) {
            self.scripts(&detail.scripts)?;
        }
        writeln!(self.out, "</port>")
    }

    fn service(&mut self, service: &ServiceInfo) -> io::Result<()> {
        let name = service.name.as_deref().unwrap_or(UNKNOWN);
        write!(self.out, "<service name=\"{}\"", xml_string(name))?;
        for (attribute, value) in [
            ("product", &service.product),
            ("version", &service.version),
            ("extrainfo", &service.extra_info),
            ("hostname", &service.hostname),
            ("ostype", &service.os_type),
            ("devicetype", &service.device_type),
            ("servicefp", &service.fingerprint),
        ] {
            if let Some(value) = value {
                // Only people need it in lines.
                let value = value.replace(FINGERPRINT_FOLD, "");
                write!(self.out, " {attribute}=\"{}\"", xml_string(&value))?;
            }
        }
        if service.tunnel == Tunnel::Ssl {
            write!(self.out, " tunnel=\"ssl\"")?;
        }
        write!(
            self.out,
            " method=\"{}\" conf=\"{}\"",
            service.method.as_str(),
            service.confidence.min(10)
        )?;
        if service.cpe.is_empty() {
            return write!(self.out, "/>");
        }
        write!(self.out, ">")?;
        for cpe in &service.cpe {
            write!(self.out, "<cpe>{}</cpe>", xml_string(cpe))?;
        }
        write!(self.out, "</service>")
    }

    /// The results in an element of their own, which must not be empty.
    fn container(&mut self, name: &str, results: &[ScriptResult]) -> io::Result<()> {
        if results.is_empty() {
            return Ok(());
        }
        write!(self.out, "<{name}>")?;
        self.scripts(results)?;
        write!(self.out, "</{name}>")
    }

    fn scripts(&mut self, results: &[ScriptResult]) -> io::Result<()> {
        for result in in_order(results, &self.options) {
            write!(
                self.out,
                "<script id=\"{}\" output=\"{}\"",
                xml_string(&result.id),
                xml_text(&result.output)
            )?;
            match &result.structured {
                None => write!(self.out, "/>")?,
                Some(value) => {
                    write!(self.out, ">")?;
                    self.top_value(value)?;
                    write!(self.out, "</script>")?;
                }
            }
        }
        Ok(())
    }

    /// How scripts ended that gave no result, as processing instructions: the document type has
    /// no place for it, and allows these anywhere. No value can hold their end mark, `?>`.
    fn runs(&mut self, runs: &[ScriptRun]) -> io::Result<()> {
        for run in runs.iter().filter(|run| run.outcome != ScriptOutcome::Output) {
            let id = xml_string(&run.id);
            write!(self.out, "<?nseer-script-run id=\"{id}\" rule=\"{}\"", run.phase.rule_name())?;
            if let Some(port) = run.port {
                write!(self.out, " protocol=\"{}\" portid=\"{}\"", port.protocol, port.number)?;
            }
            write!(self.out, " state=\"{}\"", run.outcome.state())?;
            if let Some(message) = run.outcome.message() {
                write!(self.out, " message=\"{}\"", xml_string(message))?;
            }
            writeln!(self.out, " seconds=\"{:.6}\"?>", run.elapsed.as_secs_f64())?;
        }
        Ok(())
    }

    fn top_value(&mut self, value: &ScriptValue) -> io::Result<()> {
        match value {
            ScriptValue::Scalar(text) => write!(self.out, "{}", xml_text(text)),
            ScriptValue::Table(entries) => self.entries(entries),
        }
    }

    fn entries(&mut self, entries: &[(Option<Vec<u8>>, ScriptValue)]) -> io::Result<()> {
        for (key, value) in entries {
            let key = match key {
                Some(key) => format!(" key=\"{}\"", xml_text(key)),
                None => String::new(),
            };
            match value {
                ScriptValue::Scalar(text) => {
                    writeln!(self.out, "<elem{key}>{}</elem>", xml_text(text))?;
                }
                ScriptValue::Table(inner) => {
                    writeln!(self.out, "<table{key}>")?;
                    self.entries(inner)?;
                    writeln!(self.out, "</table>")?;
                }
            }
        }
        Ok(())
    }
}

impl<W: Write + Send> Report for XmlReport<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.started(run)?,
            Event::HostDone(host) | Event::HostCutShort(host) => self.host(host)?,
            Event::PhaseDone { phase, record } => {
                let name = if *phase == Phase::Pre { "prescript" } else { "postscript" };
                self.container(name, &record.results)?;
                self.runs(&record.runs)?;
            }
            Event::TaskBegun(task) if self.tells_tasks => self.task("taskbegin", task, None)?,
            Event::TaskEnded(task) if self.tells_tasks => {
                self.task("taskend", task, task.extent.as_deref())?
            }
            Event::Progress(progress) => self.progress(progress)?,
            Event::RunFinished(run) => self.finished(run)?,
            _ => return Ok(()),
        }
        self.out.flush()
    }
}
