//! `nseer script run`: one script against one target, without a scan.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nseer_core::{Event, Phase, PhaseRecord, PortKey, PortState, Protocol, Reason, Severity};
use nseer_engine::Workbench;
use nseer_net::{ConnectOptions, NetError, Network, NetworkConfig, Socket, Transport};
use nseer_report::{NormalReport, Place, Report as _, ReportOptions, message_text};
use nseer_seam::System;

use super::meter::{Counts, Meter, milliseconds};
use super::single_run::{self, GivenHost, GivenPort, Ran, SingleRun};
use super::{DATADIR, Tool, ToolOption, Words};
use crate::complaint::complain;
use crate::options::Complete;
use crate::printing::print;
use crate::scanner::may_send_raw;
use crate::setup;
use crate::zones::Zones;

pub(super) const TOOL: Tool = Tool {
    name: "script run",
    operands: &["FILE", "TARGET[:PORTS]"],
    short: "run a script against a target, without a scan",
    long: "Runs the script in FILE against TARGET, as after a scan that found PORTS open: 22, 53/udp, or \
        several separated by commas. Nothing is scanned. Rules are asked as in a scan, and the result \
        is printed as in one, followed by how long it took and what went over the network. An IPv6 \
        address with ports is written in brackets.",
    options: &[
        ToolOption {
            name: "--probe",
            value: "",
            short: "connect to each TCP port to see whether it is open",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--service",
            value: "NAME",
            short: "say that NAME is what listens on the ports",
            complete: Complete::Nothing,
        },
        SCRIPT_ARGS,
        ToolOption {
            name: "--force",
            value: "",
            short: "run it whatever its rules say",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--trace",
            value: "",
            short: "show what is sent and received, and from which line",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--watch",
            value: "",
            short: "run it again whenever the file is saved",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "-d",
            value: "",
            short: "print what the script says at debugging level 1",
            complete: Complete::Nothing,
        },
        DATADIR,
    ],
    trouble: 1,
    run,
};

/// Arguments of scripts.
pub(super) const SCRIPT_ARGS: ToolOption = ToolOption {
    name: "--script-args",
    value: "N=V,...",
    short: "arguments of the script",
    complete: Complete::Nothing,
};

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    let [file, target] = words.operands.as_slice() else { bail!("a file and a target are needed") };
    let target = Target::read(target)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start")?;
    let file = PathBuf::from(file);
    let once = || runtime.block_on(run_once(&file, &target, words, system));
    if !words.has("--watch") {
        return Ok(u8::from(!once()?));
    }
    let changes = super::watch::Changes::of(&file)?;
    loop {
        if let Err(error) = once() {
            // It may be half written; the next save mends it.
            complain(&format!("{error:#}"));
        }
        let _ = writeln!(std::io::stderr(), "Watching {} (Ctrl-C ends)", file.display());
        changes.wait()?;
    }
}

/// A target as it is typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    host: String,
    ports: Vec<PortKey>,
}

impl Target {
    /// Reads what was typed.
    pub(super) fn read(word: &OsStr) -> anyhow::Result<Target> {
        let text = word.to_str().context("the target is not text")?;
        if let Some((scheme, rest)) = text.split_once("://") {
            let host = rest.split('/').next().unwrap_or_default();
            let port = match scheme {
                _ if host.contains(':') => "",
                "https" => ":443",
                _ => ":80",
            };
            bail!("'{text}' is a URL: write TARGET:PORT, such as {host}{port}");
        }
        let (host, ports) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, ports) = rest.split_once(']').with_context(|| {
                    format!("'{text}' lacks the bracket behind the address: [::1]:22")
                })?;
                (host, ports.strip_prefix(':').unwrap_or(ports))
            }
            // A bare IPv6 address has many colons, and no ports.
            None if text.matches(':').count() > 1 && !text.contains("U:") => (text, ""),
            None => text.split_once(':').unwrap_or((text, "")),
        };
        let words = ports.split(',').filter(|word| !word.is_empty());
        let ports = words.map(port).collect::<anyhow::Result<_>>()?;
        if host.is_empty() {
            bail!("'{text}' names no host: write TARGET:PORT");
        }
        if host.contains('/') {
            bail!("'{host}' is no host: a script is run against one host, not a network");
        }
        Ok(Target { host: host.to_owned(), ports })
    }
}

/// A port as it is typed: `22`, `53/udp`.
pub(super) fn port(word: &str) -> anyhow::Result<PortKey> {
    let (number, protocol) = match word.strip_prefix("U:").or_else(|| word.strip_suffix("/udp")) {
        Some(number) => (number, Protocol::Udp),
        None => (word.strip_suffix("/tcp").unwrap_or(word), Protocol::Tcp),
    };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    match number.parse() {
        Ok(number) => Ok(PortKey::new(protocol, number)),
        Err(_) if is_number => bail!("'{word}' is no port: the highest is {}", u16::MAX),
        Err(_) => bail!("'{word}' is no port: write 22, 22/tcp or 53/udp"),
    }
}

async fn run_once(
    file: &Path,
    target: &Target,
    words: &Words,
    system: &System,
) -> anyhow::Result<bool> {
    let meter = Meter::new(words.has("--trace"));
    let zones = Zones::default();
    let network = Network::new(NetworkConfig {
        observer: Some(meter.clone()),
        zone: zones.lookup(),
        ..NetworkConfig::default()
    });
    let host = given_host(target, words, words.has("--probe"), (system, &zones)).await?;
    let debugging = u8::from(words.has("-d"));
    let data = single_run::data_dirs(words.value("--datadir").map(Path::new), system)?;
    let run = SingleRun {
        script: file,
        host: &host,
        args: words.value("--script-args").map(OsStr::as_bytes),
        names: setup::service_table(&data, false)?,
        data,
        network,
        started: system.clock.wall(),
        system: system.clone(),
        workbench: Workbench { marks: words.has("--trace"), ..Workbench::default() },
        forced: words.has("--force"),
        privileged: may_send_raw(),
        debugging,
        verbosity: debugging,
    };
    let ran = run.go().await?;
    report(&ran, &host, meter.counts())
}

/// The host as a scan would have found it.
pub(super) async fn given_host(
    target: &Target,
    words: &Words,
    probes: bool,
    (system, zones): (&System, &Zones),
) -> anyhow::Result<GivenHost> {
    // What the target is called is no part of the script's conversation.
    let config = NetworkConfig { zone: zones.lookup(), ..NetworkConfig::default() };
    let network = Network::new(config);
    let address = single_run::address(&target.host, &network, zones).await?;
    let is_address = target.host.split('%').next() == Some(address.to_string().as_str());
    let name = (!is_address).then(|| target.host.clone());
    let service = words.value("--service").map(|name| name.to_string_lossy().into_owned());
    let mut ports = Vec::new();
    for key in &target.ports {
        let (state, reason) = match probes && key.protocol == Protocol::Tcp {
            true => probe(&network, address, *key).await?,
            false => (PortState::Open, Reason::UserSet),
        };
        ports.push(GivenPort { key: *key, state, reason, service: service.clone() });
    }
    Ok(GivenHost { address, name, ports, way: single_run::way(address, system, zones) })
}

/// How long a probe waits.
const PATIENCE: Duration = Duration::from_secs(3);

async fn probe(
    network: &Network,
    address: std::net::IpAddr,
    key: PortKey,
) -> anyhow::Result<(PortState, Reason)> {
    let options = ConnectOptions { timeout: Some(PATIENCE), ..ConnectOptions::default() };
    let peer = std::net::SocketAddr::new(address, key.number);
    Ok(match Socket::connect(network, Transport::Tcp, peer, &options).await {
        Ok(socket) => {
            socket.reset();
            (PortState::Open, Reason::SynAck)
        }
        Err(NetError::TimedOut) => (PortState::Filtered, Reason::NoResponse),
        Err(NetError::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            (PortState::Closed, Reason::ConnRefused)
        }
        Err(error) => return Err(error).context(format!("cannot probe {peer}")),
    })
}

/// Prints what came of it. Gives true where all went well.
fn report(ran: &Ran, given: &GivenHost, counts: Counts) -> anyhow::Result<bool> {
    for (severity, text) in &ran.messages {
        let line = message_text(text);
        match severity {
            Severity::Info | Severity::Note => print(format!("{line}\n"))?,
            // Where standard error is gone there is nobody to tell.
            Severity::Warning | Severity::Error => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }
    let mut out = Vec::new();
    let mut normal = NormalReport::new(&mut out, Place::Screen, ReportOptions::default());
    let phase = |phase, record: &PhaseRecord| Event::PhaseDone { phase, record: record.clone() };
    normal.event(&phase(Phase::Pre, &ran.pre))?;
    if ran.script.has(Phase::Host) || ran.script.has(Phase::Port) {
        normal.event(&Event::HostDone(Arc::new(ran.host.clone())))?;
    }
    normal.event(&phase(Phase::Post, &ran.post))?;
    while out.ends_with(b"\n\n") {
        out.pop();
    }
    print(out)?;
    if !ran.has_run() {
        complain(&why_not(ran, given));
        return Ok(false);
    }
    print(format!("\n{}\n", figures(ran, counts)))?;
    let failures = ran.failures();
    Ok(failures.is_empty())
}

/// `greeting ran for 12.3 ms: 1 connection, 0 bytes sent, 24 bytes received`.
fn figures(ran: &Ran, counts: Counts) -> String {
    let plural = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut text = format!(
        "{} ran for {}: {}, {} sent, {} received",
        ran.script.id,
        milliseconds(ran.elapsed()),
        plural(counts.connections, "connection"),
        plural(counts.sent, "byte"),
        plural(counts.received, "byte"),
    );
    if counts.refused > 0 {
        text.push_str(&format!(", {} failed", plural(counts.refused, "connect")));
    }
    text
}

fn why_not(ran: &Ran, given: &GivenHost) -> String {
    let id = &ran.script.id;
    let is_of_ports = ran.script.has(Phase::Port) && !ran.script.has(Phase::Host);
    if is_of_ports && given.ports.is_empty() {
        return format!("{id} runs on ports, and none was given: write TARGET:PORT");
    }
    let ports: Vec<String> = given
        .ports
        .iter()
        .map(|port| {
            let service = ran.host.ports.service(port.key).name;
            let service = service.map(|name| format!(" {name}")).unwrap_or_default();
            format!("{} {}{service}", port.key, port.state.as_str())
        })
        .collect();
    let of = if ports.is_empty() { String::new() } else { format!(" for {}", ports.join(", ")) };
    format!("{id} did not run: its rules say no{of}; --force runs it all the same")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn read(text: &str) -> Result<Target, String> {
        Target::read(&OsString::from(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn targets_are_read() {
        let target = |host: &str, ports: &[PortKey]| {
            Ok(Target { host: host.to_owned(), ports: ports.to_vec() })
        };
        assert_eq!(read("localhost"), target("localhost", &[]));
        assert_eq!(read("h:22"), target("h", &[PortKey::tcp(22)]));
        assert_eq!(read("h:22,53/udp"), target("h", &[PortKey::tcp(22), PortKey::udp(53)]));
        assert_eq!(read("[::1]:22"), target("::1", &[PortKey::tcp(22)]));
        assert_eq!(read("[::1]"), target("::1", &[]));
        assert_eq!(read("fe80::1%lo"), target("fe80::1%lo", &[]));
    }

    #[test]
    fn what_is_no_target_is_named() {
        let wrong = |text| read(text).expect_err(text);
        assert_eq!(wrong("h:ssh"), "'ssh' is no port: write 22, 22/tcp or 53/udp");
        assert_eq!(wrong("h:70000"), "'70000' is no port: the highest is 65535");
        assert_eq!(wrong("h:80-90"), "'80-90' is no port: write 22, 22/tcp or 53/udp");
        assert_eq!(
            wrong("10.0.0.0/8:80"),
            "'10.0.0.0/8' is no host: a script is run against one host, not a network"
        );
        assert_eq!(
            wrong("https://h/x"),
            "'https://h/x' is a URL: write TARGET:PORT, such as h:443"
        );
        assert_eq!(
            wrong("https://h:8443/x"),
            "'https://h:8443/x' is a URL: write TARGET:PORT, such as h:8443"
        );
        assert_eq!(wrong(":22"), "':22' names no host: write TARGET:PORT");
        assert_eq!(wrong("[::1:22"), "'[::1:22' lacks the bracket behind the address: [::1]:22");
    }
}
