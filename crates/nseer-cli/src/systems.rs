//! Operating system detection in a run: its file, how often it is tried, and what it adds to a host.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail};
use nseer_core::os::MOST_EXACT;
use nseer_core::{
    Event, EventSink as _, HostRecord, OsFindings, OsMatch, PortKey, PortState, Protocol, Severity,
};
use nseer_engine::data_dir::DataDirs;
use nseer_os::{Conditions, DistanceFrom, Observation, OsDb, Print, Probe};
use nseer_report::month_and_day;
use nseer_scan::{OddPorts, Scanner};
use nseer_seam::System;

use crate::plan::SystemPlan;
use crate::setup::Around;
use crate::sinks::Sinks;

/// The name under which data directories have the file of known fingerprints.
const FILE: &str = "nmap-os-db";

/// Tries where an open and a closed TCP port are known, and where not.
const TRIES: [u32; 2] = [5, 2];
/// Between two tries, so that the host forgets the first.
const PAUSE: Duration = Duration::from_secs(1);
/// Where nobody knows a closed port, one of these is likely to be.
const LIKELY_CLOSED: std::ops::Range<u16> = 30_000..44_000;
/// Slower than this, the intervals of the six SYNs say little.
const MOST_STRETCH: f64 = 1.4;
/// What the six SYNs take.
const SEQ_TIME: f64 = 0.5;
/// Farther hosts are told less surely.
const FAR: u8 = 5;

/// Operating system detection, ready to go.
pub struct Systems {
    db: Arc<OsDb>,
    limit: bool,
    tries: Option<u32>,
    sinks: Sinks,
    system: System,
    told_of_v6: AtomicBool,
}

/// Reads the known fingerprints. Lines of the file that cannot be used are told.
///
/// # Errors
/// Where the file cannot be read, or is none of this kind.
pub fn systems(plan: &SystemPlan, around: &Around) -> anyhow::Result<Systems> {
    let (name, text) = file(&around.data)?;
    let (db, problems) = OsDb::load(&name, text);
    if db.is_empty() {
        bail!("'{name}' has no fingerprint of an operating system");
    }
    for problem in problems {
        let text = format!("nseer: warning: {problem}").into_bytes();
        around.sinks.emit(Event::Message { severity: Severity::Warning, text });
    }
    Ok(Systems {
        db: Arc::new(db),
        limit: plan.limit,
        tries: plan.tries,
        sinks: around.sinks.clone(),
        system: around.system.clone(),
        told_of_v6: AtomicBool::new(false),
    })
}

/// The file of the data directory, else our own.
fn file(data: &DataDirs) -> anyhow::Result<(String, Cow<'static, [u8]>)> {
    let Some(file) = data.find(FILE) else {
        bail!("there is no '{FILE}' with fingerprints of operating systems");
    };
    let name = file.display();
    let text = file.read().with_context(|| format!("cannot read '{name}'"))?;
    Ok((name, text.into()))
}

/// The ports of a host that matter here.
#[derive(Clone, Copy)]
struct Known {
    open: Option<u16>,
    closed: Option<u16>,
    udp: Option<u16>,
}

impl Known {
    fn of(host: &HostRecord) -> Known {
        let first = |protocol, state| {
            let mut found = host.ports.iter().filter(|(key, status)| {
                key.protocol == protocol && status.state == state && key.number > 0
            });
            found.next().map(|(key, _)| key.number)
        };
        Known {
            open: first(Protocol::Tcp, PortState::Open),
            closed: first(Protocol::Tcp, PortState::Closed),
            udp: first(Protocol::Udp, PortState::Closed),
        }
    }

    fn has_both(self) -> bool {
        self.open.is_some() && self.closed.is_some()
    }
}

/// One try.
struct Try {
    seen: Observation,
    print: Print,
    matches: Vec<OsMatch>,
    begun: SystemTime,
}

impl Try {
    fn accuracy(&self) -> u8 {
        self.matches.first().map_or(0, |best| best.accuracy)
    }

    /// The host is the same as some known systems, and not as too many.
    fn tells(&self) -> bool {
        let exact = self.matches.iter().filter(|found| found.accuracy == 100).count();
        (1..=MOST_EXACT).contains(&exact)
    }
}

impl Systems {
    /// True where the host is to be asked; says why it is not.
    #[must_use]
    pub fn asks(&self, host: &HostRecord) -> bool {
        if host.address.is_ipv6() {
            if !self.told_of_v6.swap(true, Ordering::Relaxed) {
                let text = "nseer: warning: operating systems are told apart over IPv4 only: -O is \
                    not built for IPv6; all else is done";
                self.sinks.emit(Event::Message { severity: Severity::Warning, text: text.into() });
            }
            return false;
        }
        let is_promising = !self.limit || Known::of(host).has_both();
        if !is_promising {
            self.comment(format!(
                "Skipping OS Scan against {} due to absence of open (or perhaps closed) ports",
                label(host)
            ));
        }
        is_promising
    }

    /// Finds out what tells of the host's system, until `deadline`.
    pub async fn detect(
        &self,
        host: &mut HostRecord,
        scanner: &Scanner,
        deadline: Option<Instant>,
    ) {
        let IpAddr::V4(target) = host.address else { return };
        let known = Known::of(host);
        let ports = OddPorts {
            open: known.open,
            closed: known.closed.unwrap_or_else(|| self.likely_closed()),
            udp: known.udp.unwrap_or_else(|| self.likely_closed()),
        };
        let tries = self.tries.unwrap_or(TRIES[usize::from(!known.has_both())]);
        let mut best: Option<Try> = None;
        for number in 1..=tries {
            if number > 1 {
                tokio::time::sleep(PAUSE).await;
            }
            let word = if number == 1 { "Initiating" } else { "Retrying" };
            self.comment(format!("{word} OS detection (try #{number}) against {}", label(host)));
            let deadline = deadline.map(Into::into);
            let Some(of) = self.attempt(host, scanner, ports, deadline).await else { break };
            let (accuracy, is_told) = (of.accuracy(), of.tells());
            if best.as_ref().is_none_or(|best| accuracy > best.accuracy()) {
                best = Some(of);
            }
            if is_told {
                break;
            }
        }
        if let Some(best) = best {
            host.os = Some(Box::new(findings(host, target, known, ports, best)));
        }
    }

    async fn attempt(
        &self,
        host: &HostRecord,
        scanner: &Scanner,
        ports: OddPorts,
        deadline: Option<tokio::time::Instant>,
    ) -> Option<Try> {
        let begun = self.system.clock.wall();
        let mut seen = scanner.observe(host, ports, deadline).await?;
        if seen.hops().is_none() {
            seen.known_hops = traced(host).map(|distance| distance.saturating_sub(1));
        }
        let print = Print::of(&seen);
        let (db, of) = (self.db.clone(), print.clone());
        // Thousands of fingerprints are looked at.
        let matches = tokio::task::spawn_blocking(move || db.matches(&of)).await.ok()?;
        Some(Try { seen, print, matches, begun })
    }

    fn likely_closed(&self) -> u16 {
        let count = u64::from(LIKELY_CLOSED.end - LIKELY_CLOSED.start);
        let at = u16::try_from(self.system.random.below(count)).unwrap_or(0);
        LIKELY_CLOSED.start + at
    }

    /// Tells those who want to see what goes on.
    fn comment(&self, text: String) {
        let levels = self.sinks.levels();
        if levels.verbosity() > 0 || levels.debugging() > 0 {
            self.sinks.emit(Event::Message { severity: Severity::Info, text: text.into_bytes() });
        }
    }
}

fn label(host: &HostRecord) -> String {
    match host.display_name() {
        Some(name) => format!("{name} ({})", host.address),
        None => host.address.to_string(),
    }
}

/// Hops to the host, as a trace that reached it tells.
fn traced(host: &HostRecord) -> Option<u8> {
    let last = host.trace.as_ref()?.hops.last()?;
    (last.address == host.address).then_some(last.ttl)
}

fn distance(host: &HostRecord, seen: &Observation) -> Option<(u8, DistanceFrom)> {
    let is_local = host.address.is_loopback() || host.source == Some(host.address);
    if is_local {
        return Some((0, DistanceFrom::Local));
    }
    if host.directly_connected == Some(true) {
        return Some((1, DistanceFrom::Direct));
    }
    let by_datagram =
        seen.hops_of_datagram().map(|hops| (hops.saturating_add(1), DistanceFrom::Icmp));
    by_datagram.or_else(|| traced(host).map(|hops| (hops, DistanceFrom::Trace)))
}

/// Why what was seen is not good enough to be kept; `None` where it is.
fn flaw(known: Known, seen: &Observation, hops: Option<u8>) -> Option<String> {
    if known.open.is_none() {
        return Some("Missing an open TCP port so results incomplete".to_owned());
    }
    if known.closed.is_none() {
        return Some("Missing a closed TCP port so results incomplete".to_owned());
    }
    if let Some(hops) = hops.filter(|hops| *hops > FAR) {
        return Some(format!("Host distance ({hops} network hops) is greater than five"));
    }
    let stretch = stretch(seen);
    if stretch > MOST_STRETCH {
        return Some(format!("maxTimingRatio ({stretch:.3}) is greater than {MOST_STRETCH}"));
    }
    let is_answered = |probe| {
        let mut of = seen.exchanges.iter().filter(|exchange| exchange.probe == probe);
        of.next().is_some_and(|exchange| exchange.reply.is_some())
    };
    (!is_answered(Probe::Udp))
        .then(|| "Didn't receive UDP response. Please try again with -sSU".to_owned())
}

/// How much longer the six SYNs took than they should.
fn stretch(seen: &Observation) -> f64 {
    let sent = |number| {
        let mut of = seen.exchanges.iter().filter(|e| e.probe == Probe::Seq(number));
        of.next().map(|exchange| exchange.sent)
    };
    match (sent(0), sent(5)) {
        (Some(first), Some(last)) => last.saturating_sub(first).as_secs_f64() / SEQ_TIME,
        _ => 1.0,
    }
}

fn findings(
    host: &HostRecord,
    target: Ipv4Addr,
    known: Known,
    asked: OddPorts,
    best: Try,
) -> OsFindings {
    let Try { seen, print, matches, begun } = best;
    let distance = distance(host, &seen);
    let flaw = flaw(known, &seen, distance.map(|(hops, _)| hops));
    let direct = matches!(distance, Some((_, DistanceFrom::Direct)));
    let conditions = Conditions {
        program: format!("nseer-{}", env!("CARGO_PKG_VERSION")),
        platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        time: begun,
        date: month_and_day(begun),
        target,
        open: known.open,
        closed: known.closed,
        udp: Some(asked.udp),
        distance,
        mac: host.mac.filter(|_| direct),
        is_good: flaw.is_none(),
    };
    let port = |number: Option<u16>, protocol, state| {
        number.map(|number| (PortKey::new(protocol, number), state))
    };
    let ports = [
        port(known.open, Protocol::Tcp, PortState::Open),
        port(known.closed, Protocol::Tcp, PortState::Closed),
        port(Some(asked.udp), Protocol::Udp, PortState::Closed),
    ];
    let sequences = seen.sequences();
    let since = |time: Duration| begun.checked_sub(time).map(|since| (time, since));
    OsFindings {
        ports: ports.into_iter().flatten().collect(),
        fingerprint: format!("{}\n{print}\n", conditions.line()),
        flaw,
        matches,
        uptime: sequences.uptime.and_then(since),
        distance: distance.map(|(hops, _)| hops),
        tcp_sequence: sequences.tcp,
        ip_id: sequences.ip_id,
        timestamps: sequences.timestamps,
    }
}
