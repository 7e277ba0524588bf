//! Grepable output (`-oG`): one line for each host and topic, fields parted by tabs, the parts of
//! a port by slashes. It has no room for script results.

use std::io::{self, Write};

use nseer_core::event::{RunInfo, RunSummary};
use nseer_core::os::Verdict;
use nseer_core::{
    Event, HostRecord, HostStatus, PortKey, PortStatus, Protocol, ServiceInfo, Tunnel,
};

use crate::Report;
use crate::escape::line_text;
use crate::options::ReportOptions;
use crate::service_text::{is_guess, service_label, version_column};
use crate::shown::{Shown, is_shown, summary};
use crate::system_text::names;
use crate::when;

/// Grepable output.
pub struct GrepableReport<W> {
    out: W,
    options: ReportOptions,
}

impl<W: Write + Send> GrepableReport<W> {
    /// Grepable output to `out`.
    pub fn new(out: W, options: ReportOptions) -> Self {
        GrepableReport { out, options }
    }

    fn started(&mut self, run: &RunInfo) -> io::Result<()> {
        writeln!(
            self.out,
            "# {} {} scan initiated {} as: {}",
            line_text(&run.program),
            line_text(&run.version),
            when::ctime(run.started),
            line_text(&run.args)
        )?;
        if self.options.verbosity == 0 {
            return Ok(());
        }
        let lists = Protocol::ALL.map(|protocol| {
            let scan = run.scans.iter().find(|scan| scan.protocol == protocol);
            let (count, ports) = scan.map_or((0, ""), |s| (s.count, s.services.as_str()));
            let name = match protocol {
                Protocol::Ip => "PROTOCOLS".to_owned(),
                other => other.as_str().to_ascii_uppercase(),
            };
            format!("{name}({count};{ports})")
        });
        writeln!(self.out, "# Ports scanned: {}", lists.join(" "))
    }

    fn finished(&mut self, run: &RunSummary) -> io::Result<()> {
        if let Some(why) = &run.interrupted {
            writeln!(self.out, "# Stopped early: {}", line_text(why))?;
        }
        writeln!(
            self.out,
            "# Nmap done at {} -- {} scanned in {} seconds",
            when::ctime(run.finished),
            summary(run.up, run.down),
            when::seconds(run.elapsed)
        )
    }

    fn host(&mut self, host: &HostRecord) -> io::Result<()> {
        if !is_shown(host, &self.options) {
            return Ok(());
        }
        // The name here is the one from reverse DNS, whatever was typed.
        let name = line_text(host.reverse_name.as_deref().unwrap_or_default());
        let head = format!("Host: {} ({name})", host.address);
        let status = match host.status {
            HostStatus::Up => "Up",
            HostStatus::Down => "Down",
            HostStatus::Unknown => "Unknown",
        };
        writeln!(self.out, "{head}\tStatus: {status}")?;
        if host.status != HostStatus::Up {
            return Ok(());
        }
        if host.timed_out {
            return writeln!(self.out, "{head}\tStatus: Timeout");
        }
        if self.options.no_ports {
            return Ok(());
        }
        let shown = Shown::of(host, &self.options);
        let ports: Vec<String> =
            shown.ports.iter().map(|(key, status)| self.port(host, *key, *status)).collect();
        let are_ports = shown.ports.iter().all(|(key, _)| key.is_port());
        let heading = if are_ports { "Ports" } else { "Protocols" };
        write!(self.out, "{head}\t{heading}: {}", ports.join(", "))?;
        // The format has room for one ignored state; where there are more, none is named.
        if let [group] = shown.groups.as_slice() {
            write!(self.out, "\tIgnored State: {} ({})", group.state, group.count)?;
        }
        if let Some(os) = &host.os {
            if let Verdict::Exact(list) = os.verdict() {
                write!(self.out, "\tOS: {}", field(&names(list, "|")))?;
            }
            if let Some(tcp) = &os.tcp_sequence {
                write!(self.out, "\tSeq Index: {}", tcp.index)?;
            }
            if let Some(ids) = &os.ip_id {
                write!(self.out, "\tIP ID Seq: {}", line_text(&ids.class))?;
            }
        }
        writeln!(self.out)
    }

    /// `number/state/protocol/owner/service/RPC/version/`; owner and RPC are empty. A protocol of IP has
    /// `number/state/name/`.
    fn port(&self, host: &HostRecord, key: PortKey, status: PortStatus) -> String {
        let service = host.ports.service(key);
        if !key.is_port() {
            let name = label(&service, false);
            return format!("{}/{}/{}/", key.number, status.state, field(&name));
        }
        let guess = is_guess(host, key, status, &self.options);
        format!(
            "{}/{}/{}//{}//{}/",
            key.number,
            status.state,
            key.protocol,
            field(&label(&service, guess)),
            field(&version_column(&service))
        )
    }
}

impl<W: Write + Send> Report for GrepableReport<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.started(run)?,
            Event::HostDone(host) | Event::HostCutShort(host) => self.host(host)?,
            Event::RunFinished(run) => self.finished(run)?,
            _ => return Ok(()),
        }
        self.out.flush()
    }
}

/// As in normal output, but a port without a name has an empty field.
fn label(service: &ServiceInfo, guess: bool) -> String {
    if service.name.is_none() && service.tunnel == Tunnel::None {
        return String::new();
    }
    service_label(service, guess)
}

/// Slashes part fields, so they cannot stand in one.
fn field(text: &str) -> String {
    text.replace('/', "|")
}
