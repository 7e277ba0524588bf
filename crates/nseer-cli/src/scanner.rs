//! From a plan to a scanner: which techniques, with which privileges, through which sockets.

use std::sync::Arc;

use anyhow::bail;
use nseer_core::progress::PortScan;
use nseer_probes::PayloadTable;
use nseer_scan::{
    Discovery, Heir, LazyRaw, MixedConnector, RawConfig, RawConnector, ScanConfig, Scanner,
    SocketConnector, Tap, Technique, Timing, Trouble, ZoneOf,
};
use nseer_seam::{Random, System};

use crate::limits::Limits;
use crate::plan::{Depth, PacketBytes, PacketPlan, Plan, Wanted, scan_option};
use crate::settings::PingType;
use crate::troubles::Troubles;

/// What a run sends: settled before anything is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods {
    /// How ports are scanned, one scan for each protocol, and by which technique.
    pub scans: Vec<(PortScan, Technique)>,
    /// Raw packets may be sent.
    pub privileged: bool,
    /// Raw packets would have been sent, but this process may not.
    pub falls_back: bool,
    /// Limited resets do not slow the scan down: nobody wants to know which ports are closed.
    pub defeats_resets: bool,
}

/// True where this process takes it that it may send raw packets.
fn is_privileged(plan: &Plan) -> bool {
    plan.scan.privileged.unwrap_or_else(is_root)
}

/// True where this process is root's, or is said to be as good, by a variable of the environment.
fn is_root() -> bool {
    let set = |name| std::env::var_os(name).is_some();
    set("NMAP_PRIVILEGED") || (rustix::process::geteuid().is_root() && !set("NMAP_UNPRIVILEGED"))
}

/// True where scripts may send raw packets without anybody having said so.
pub fn may_send_raw() -> bool {
    is_root() && nseer_packet::may_send_raw()
}

/// Decides what is sent.
///
/// # Errors
/// Where something was asked for by name that needs privileges, and there are none.
pub fn methods(plan: &Plan) -> anyhow::Result<Methods> {
    let mut privileged = is_privileged(plan);
    let asked = asked_raw(plan);
    if let (Some(option), false) = (asked, privileged) {
        bail!("{option} needs raw packets, which root may send: run as root, or leave it out");
    }
    // Better to know at once than at the first host.
    let falls_back = privileged
        && asked.is_none()
        && plan.scan.privileged.is_none()
        && !nseer_packet::may_send_raw();
    privileged &= !falls_back;
    let scans = if plan.depth == Depth::Ports { scans(plan, privileged) } else { vec![] };
    let only_open = plan.output.open_only && scans.contains(&(PortScan::Syn, Technique::SYN));
    let defeats_resets = plan.timing.defeat_resets || only_open;
    Ok(Methods { scans, privileged, falls_back, defeats_resets })
}

impl Methods {
    /// The techniques of the scans.
    pub fn techniques(&self) -> impl Iterator<Item = Technique> {
        self.scans.iter().map(|(_, technique)| *technique)
    }
}

/// The first option that cannot do without raw packets.
fn asked_raw(plan: &Plan) -> Option<&'static str> {
    let scan = plan.scan.types.iter().find(|kind| **kind != PortScan::Connect);
    let ping = plan.discovery.pings.iter().map(|(kind, _)| *kind);
    let mut ping =
        ping.filter(|kind| matches!(kind, PingType::Udp | PingType::Sctp | PingType::Protocol));
    scan.map(|scan| scan_option(*scan))
        .or_else(|| plan.scan.flags.map(|_| "--scanflags"))
        .or_else(|| plan.timing.defeat_resets.then_some("--defeat-rst-ratelimit"))
        .or_else(|| ping.next().map(PingType::option))
        .or_else(|| (plan.discovery.trace == Wanted::Always).then_some("--traceroute"))
        .or_else(|| (plan.systems.wanted == Wanted::Always).then_some("TCP/IP fingerprinting (-O)"))
}

/// What options about packets do not do in this run.
pub fn warnings(packets: &PacketPlan, methods: &Methods) -> Vec<String> {
    let mut warnings = Vec::new();
    let asked = [
        ("-S", packets.source.is_some()),
        ("-g", packets.source_port.is_some()),
        ("--ttl", packets.ttl.is_some()),
        ("--data, --data-string or --data-length", packets.data != PacketBytes::None),
        ("--badsum", packets.bad_checksum),
    ];
    let asked: Vec<&str> = asked.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
    if !asked.is_empty() && methods.techniques().eq([Technique::Connect]) {
        warnings.push(format!(
            "nseer: warning: the packets of connections (-sT) are the system's: {} does nothing \
             for them; a raw scan such as -sS sends its own",
            asked.join(", ")
        ));
    }
    // Where the list cannot be had, that is no reason to warn.
    let own = nseer_packet::addresses().unwrap_or_default();
    if let Some(source) = packets.source
        && !own.is_empty()
        && !own.iter().any(|(_, address, _)| *address == source)
        && !source.is_loopback()
    {
        warnings.push(format!(
            "nseer: warning: {source} (-S) is no address of this machine: answers go there, not here"
        ));
    }
    warnings
}

fn scans(plan: &Plan, privileged: bool) -> Vec<(PortScan, Technique)> {
    let usual = [if privileged { PortScan::Syn } else { PortScan::Connect }];
    let asked = if plan.scan.types.is_empty() { &usual[..] } else { &plan.scan.types };
    let with_technique = |scan: &PortScan| (*scan, technique(*scan, plan.scan.flags));
    // As everybody lists them: TCP, UDP, SCTP.
    let mut scans: Vec<_> = asked.iter().map(with_technique).collect();
    scans.sort_by_key(|(_, technique)| technique.protocol());
    scans
}

fn technique(kind: PortScan, flags: Option<u8>) -> Technique {
    let technique = match kind {
        PortScan::Connect => Technique::Connect,
        PortScan::Syn => Technique::SYN,
        PortScan::Ack => Technique::ACK,
        PortScan::Window => Technique::WINDOW,
        PortScan::Maimon => Technique::MAIMON,
        PortScan::Null => Technique::NULL,
        PortScan::Fin => Technique::FIN,
        PortScan::Xmas => Technique::XMAS,
        PortScan::Udp => Technique::Udp,
        PortScan::SctpInit => Technique::SctpInit,
        PortScan::SctpCookieEcho => Technique::SctpCookieEcho,
        PortScan::Protocol => Technique::Protocol,
    };
    match (technique, flags) {
        (Technique::Tcp(_, reading), Some(flags)) => Technique::Tcp(flags, reading),
        _ => technique,
    }
}

/// The scan type's name in XML.
#[must_use]
pub fn name(scan: PortScan) -> &'static str {
    match scan {
        PortScan::Connect => "connect",
        PortScan::Syn => "syn",
        PortScan::Ack => "ack",
        PortScan::Window => "window",
        PortScan::Null => "null",
        PortScan::Fin => "fin",
        PortScan::Maimon => "maimon",
        PortScan::Xmas => "xmas",
        PortScan::Udp => "udp",
        PortScan::SctpInit => "sctpinit",
        PortScan::SctpCookieEcho => "sctpcookieecho",
        PortScan::Protocol => "ipproto",
    }
}

/// The scanner, whose connections to open ports go to the heir; datagrams carry what the payload table says.
/// Needs a tokio runtime.
///
/// # Errors
/// Where raw packets were asked for and cannot be sent.
pub fn scanner(
    plan: &Plan,
    (methods, discovery): (&Methods, Discovery),
    timing: Timing,
    limits: &Limits,
    payloads: PayloadTable,
    system: &System,
    (heir, troubles, tap, zone): (Option<Heir>, &Troubles, Tap, ZoneOf),
) -> anyhow::Result<Scanner> {
    let asks = |wanted: fn(Technique) -> bool| {
        methods.techniques().any(wanted)
            || matches!(&discovery, Discovery::Ask(aims) if aims.iter().any(|aim| wanted(aim.technique)))
    };
    let hears_all = asks(|technique| technique == Technique::Protocol);
    let raw = raw_config(
        &plan.scan.packets,
        payloads,
        hears_all,
        (troubles.taker(), tap.clone()),
        &*system.random,
    );
    let random = system.random.clone();
    let raw = LazyRaw::new(Box::new(move || RawConnector::open(raw, &*random)));
    let needs_raw = asks(Technique::is_raw);
    let must_send = needs_raw || plan.systems.wanted == Wanted::Always;
    if must_send && let Err(error) = raw.get() {
        if let Some(interface) = &plan.scan.packets.interface {
            bail!("cannot send raw packets through '{interface}' (-e): {error}");
        }
        bail!("cannot send raw packets: {error}; use --unprivileged (or -sT) to do without");
    }
    let traces = plan.discovery.trace.is_done(methods.privileged);
    let observes = plan.systems.wanted.is_done(methods.privileged);
    let connects = methods.techniques().any(|technique| technique == Technique::Connect);
    let most_packets = most_packets(&timing);
    let config = ScanConfig {
        timing,
        discovery,
        // With -Pn, who only connects to ports need not know the neighbour's hardware.
        ask_link: methods.privileged
            && !plan.discovery.no_link_ping
            && (needs_raw || traces || observes || !plan.discovery.skip),
        techniques: methods.techniques().collect(),
        max_in_flight: if connects || !needs_raw { limits.scan_sockets } else { most_packets },
        trace: traces,
        in_order: plan.ports.sequential,
        seed: plan.targets.seed,
        zone,
        system: system.clone(),
        trouble: troubles.taker(),
    };
    let raw = methods.privileged.then(|| Arc::new(raw));
    Ok(Scanner::new(config, MixedConnector::new(SocketConnector::new(heir).tapped(tap), raw)))
}

/// Raw probes in flight need no descriptors; this is what the receive buffer holds for sure.
const MOST_PACKETS: usize = 16_384;

/// More than that where the user asks for a rate at which silent hosts keep more probes waiting.
fn most_packets(timing: &Timing) -> usize {
    const HIGHEST: f64 = 1e6;
    let waiting = timing.min_rate.unwrap_or(0.0) * timing.initial_rtt_timeout.as_secs_f64() * 2.0;
    // A positive number of at most a million.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded above")]
    let waiting = waiting.clamp(0.0, HIGHEST) as usize;
    waiting.max(MOST_PACKETS)
}

fn raw_config(
    plan: &PacketPlan,
    payloads: PayloadTable,
    hears_all: bool,
    (trouble, tap): (Trouble, Tap),
    random: &dyn Random,
) -> RawConfig {
    let padding = match &plan.data {
        PacketBytes::None => Vec::new(),
        PacketBytes::Fixed(bytes) => bytes.clone(),
        PacketBytes::Random(length) => {
            let mut bytes = vec![0; *length];
            random.fill(&mut bytes);
            bytes
        }
    };
    RawConfig {
        interface: plan.interface.clone(),
        source: plan.source,
        source_port: plan.source_port,
        ttl: plan.ttl,
        padding,
        bad_checksum: plan.bad_checksum,
        trouble,
        tap,
        hears_all,
        payloads: Arc::new(move |port| payloads.of(port).map(<[u8]>::to_vec).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::plan::{Command, plan};

    fn defeats_resets(line: &str) -> bool {
        let settings = parse(line.split(' ').map(Into::into)).expect(line);
        let Ok(Command::Run(plan)) = plan(&settings) else { panic!("{line}") };
        methods(&plan).expect(line).defeats_resets
    }

    #[test]
    fn who_shows_only_open_ports_does_not_wait_for_closed_ones() {
        assert!(defeats_resets("--privileged --open a"));
        assert!(defeats_resets("--privileged --defeat-rst-ratelimit a"));
        for other in ["--privileged a", "--privileged -sT --open a", "--unprivileged --open a"] {
            assert!(!defeats_resets(other), "{other}");
        }
        assert!(!defeats_resets("--privileged -sn --open a"));
    }
}
