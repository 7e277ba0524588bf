//! From a plan to a scanner: which techniques, with which privileges, through which sockets.

use std::sync::Arc;

use anyhow::bail;
use nseer_core::progress::PortScan;
use nseer_probes::PayloadTable;
use nseer_scan::{
    Discovery, Heir, LazyRaw, MixedConnector, RawConfig, RawConnector, Reading, ScanConfig,
    Scanner, SocketConnector, Tap, Technique, Timing, Trouble,
};
use nseer_seam::{Random, System};

use crate::limits::Limits;
use crate::plan::{Depth, PacketBytes, PacketPlan, Plan, Wanted};
use crate::settings::{PingType, ScanType};
use crate::troubles::Troubles;

/// What a run sends: settled before anything is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods {
    /// How ports are scanned, one technique for each protocol.
    pub techniques: Vec<Technique>,
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
    let techniques = if plan.depth == Depth::Ports { techniques(plan, privileged) } else { vec![] };
    let only_open = plan.output.open_only && techniques.contains(&Technique::SYN);
    let defeats_resets = plan.timing.defeat_resets || only_open;
    Ok(Methods { techniques, privileged, falls_back, defeats_resets })
}

/// The first option that cannot do without raw packets.
fn asked_raw(plan: &Plan) -> Option<&'static str> {
    let scan = plan.scan.types.iter().find(|kind| **kind != ScanType::Connect);
    let ping = plan.discovery.pings.iter().map(|(kind, _)| *kind);
    let mut ping =
        ping.filter(|kind| matches!(kind, PingType::Udp | PingType::Sctp | PingType::Protocol));
    scan.map(|kind| kind.option())
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
    if !asked.is_empty() && methods.techniques == [Technique::Connect] {
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

fn techniques(plan: &Plan, privileged: bool) -> Vec<Technique> {
    let mut types = plan.scan.types.clone();
    if types.is_empty() {
        types.push(if privileged { ScanType::Syn } else { ScanType::Connect });
    }
    // As everybody lists them: TCP, UDP, SCTP.
    let mut techniques: Vec<Technique> =
        types.iter().map(|kind| technique(*kind, plan.scan.flags)).collect();
    techniques.sort_by_key(|technique| technique.protocol());
    techniques
}

fn technique(kind: ScanType, flags: Option<u8>) -> Technique {
    let technique = match kind {
        ScanType::Connect => Technique::Connect,
        ScanType::Syn => Technique::SYN,
        ScanType::Ack => Technique::ACK,
        ScanType::Window => Technique::WINDOW,
        ScanType::Maimon => Technique::MAIMON,
        ScanType::Null => Technique::NULL,
        ScanType::Fin => Technique::FIN,
        ScanType::Xmas => Technique::XMAS,
        ScanType::Udp => Technique::Udp,
        ScanType::SctpInit => Technique::SctpInit,
        ScanType::SctpCookieEcho => Technique::SctpCookieEcho,
        ScanType::Protocol => Technique::Protocol,
    };
    match (technique, flags) {
        (Technique::Tcp(_, reading), Some(flags)) => Technique::Tcp(flags, reading),
        _ => technique,
    }
}

/// The scan type's name in XML.
#[must_use]
pub fn name(technique: Technique) -> &'static str {
    match port_scan(technique) {
        Some(PortScan::Connect) => "connect",
        Some(PortScan::Syn) => "syn",
        Some(PortScan::Ack) => "ack",
        Some(PortScan::Window) => "window",
        Some(PortScan::Null) => "null",
        Some(PortScan::Fin) => "fin",
        Some(PortScan::Maimon) => "maimon",
        Some(PortScan::Xmas) => "xmas",
        Some(PortScan::Udp) => "udp",
        Some(PortScan::SctpInit) => "sctpinit",
        Some(PortScan::SctpCookieEcho) => "sctpcookieecho",
        Some(PortScan::Protocol) => "ipproto",
        None => "ping",
    }
}

/// The scan of ports that a technique makes, if it does.
#[must_use]
pub fn port_scan(technique: Technique) -> Option<PortScan> {
    const ACK: u8 = nseer_packet::tcp_flags::ACK;
    Some(match technique {
        Technique::Connect => PortScan::Connect,
        Technique::Tcp(_, Reading::Syn) => PortScan::Syn,
        Technique::Tcp(_, Reading::Ack) => PortScan::Ack,
        Technique::Tcp(_, Reading::Window) => PortScan::Window,
        Technique::Tcp(0, Reading::Silence) => PortScan::Null,
        Technique::Tcp(0x01, Reading::Silence) => PortScan::Fin,
        Technique::Tcp(flags, Reading::Silence) if flags & ACK != 0 => PortScan::Maimon,
        Technique::Tcp(..) => PortScan::Xmas,
        Technique::Udp => PortScan::Udp,
        Technique::SctpInit => PortScan::SctpInit,
        Technique::SctpCookieEcho => PortScan::SctpCookieEcho,
        Technique::Protocol => PortScan::Protocol,
        Technique::Echo | Technique::Timestamp | Technique::AddressMask | Technique::Link => {
            return None;
        }
    })
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
    (heir, troubles, tap): (Option<Heir>, &Troubles, Tap),
) -> anyhow::Result<Scanner> {
    let asks = |wanted: fn(Technique) -> bool| {
        methods.techniques.iter().any(|technique| wanted(*technique))
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
    let connects = methods.techniques.contains(&Technique::Connect);
    let most_packets = most_packets(&timing);
    let config = ScanConfig {
        timing,
        discovery,
        // With -Pn, who only connects to ports need not know the neighbour's hardware.
        ask_link: methods.privileged
            && !plan.discovery.no_link_ping
            && (needs_raw || traces || observes || !plan.discovery.skip),
        techniques: methods.techniques.clone(),
        max_in_flight: if connects || !needs_raw { limits.scan_sockets } else { most_packets },
        trace: traces,
        in_order: plan.ports.sequential,
        seed: plan.targets.seed,
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
