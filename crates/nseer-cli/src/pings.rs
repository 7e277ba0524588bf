//! From a plan to what host discovery asks.

use anyhow::{Context as _, bail, ensure};
use nseer_core::port_spec::parse_ports;
use nseer_core::progress::PortScan;
use nseer_core::{PortKey, Protocol, ServiceTable};
use nseer_scan::{Aim, Discovery, Technique};

use crate::plan::{Depth, Families, Plan};
use crate::settings::PingType;

/// The ports that are asked where the user names none.
const CONNECT_PORTS: [u16; 2] = [80, 443];
const ACK_PORT: u16 = 80;
const SYN_PORT: u16 = 443;
/// ICMP, IGMP and IP in IP.
const PROTOCOLS: [u8; 3] = [1, 2, 4];

/// What is asked, with raw packets where they are `privileged`, and warnings about it. Ports of
/// `--exclude-ports` are left alone here too.
///
/// # Errors
/// Where a port list is wrong, an option does not go with IPv6, or nothing is left to ask.
pub fn pings(
    plan: &Plan,
    privileged: bool,
    table: &ServiceTable,
) -> anyhow::Result<(Discovery, Vec<String>)> {
    let mut warnings = Vec::new();
    if plan.discovery.skip || plan.depth == Depth::List {
        return Ok((Discovery::Skip, warnings));
    }
    let asks_protocols = plan.scan.types.contains(&PortScan::Protocol);
    let excluded = match &plan.ports.exclude {
        Some(list) if !asks_protocols => parse_ports(list, &Protocol::TRANSPORTS, table)?.ports,
        _ => Vec::new(),
    };
    let is_allowed = |aim: &Aim| {
        let key = aim.technique.protocol().map(|protocol| PortKey::new(protocol, aim.port));
        key.is_none_or(|key| excluded.binary_search(&key).is_err())
    };
    let mut aims = Vec::new();
    for (kind, ports) in &plan.discovery.pings {
        let is_of_v4 = matches!(kind, PingType::Timestamp | PingType::AddressMask);
        if is_of_v4 && plan.targets.families == Families::V6 {
            bail!("{} is a message of IPv4 that IPv6 does not have: use -PE", kind.option());
        }
        let asked = ping(*kind, ports.as_deref(), privileged, table)?;
        let allowed: Vec<Aim> = asked.iter().copied().filter(is_allowed).collect();
        if allowed.is_empty() && !asked.is_empty() {
            warnings.push(format!(
                "nseer: warning: --exclude-ports leaves {} no port to ask",
                kind.option()
            ));
        }
        if asked.is_empty() {
            warnings.push(format!(
                "nseer: warning: {} needs raw packets, which root may send: it is left out",
                kind.option()
            ));
        }
        aims.push((asked, allowed));
    }
    // What needs privileges that are not there asks nothing, and the default takes its place.
    if aims.iter().all(|(asked, _)| asked.is_empty()) {
        let usual = usual(privileged);
        let allowed = usual.iter().copied().filter(is_allowed).collect();
        aims.push((usual, allowed));
    }
    let aims: Vec<Aim> = aims.into_iter().flat_map(|(_, allowed)| allowed).collect();
    ensure!(
        !aims.is_empty(),
        "--exclude-ports leaves host discovery no port to ask: use -Pn to take hosts as up"
    );
    Ok((Discovery::Ask(aims), warnings))
}

fn usual(privileged: bool) -> Vec<Aim> {
    if !privileged {
        return CONNECT_PORTS.map(|port| Aim::new(Technique::Connect, port)).to_vec();
    }
    vec![
        Aim::host(Technique::Echo),
        Aim::new(Technique::SYN, SYN_PORT),
        Aim::new(Technique::ACK, ACK_PORT),
        Aim::host(Technique::Timestamp),
    ]
}

/// What one option asks; nothing where it needs privileges that are not there.
fn ping(
    kind: PingType,
    ports: Option<&str>,
    privileged: bool,
    table: &ServiceTable,
) -> anyhow::Result<Vec<Aim>> {
    let (technique, protocol, default) = match kind {
        PingType::Syn | PingType::Ack if !privileged => (Technique::Connect, Protocol::Tcp, 80),
        PingType::Syn => (Technique::SYN, Protocol::Tcp, 80),
        PingType::Ack => (Technique::ACK, Protocol::Tcp, 80),
        PingType::Udp => (Technique::Udp, Protocol::Udp, 40_125),
        PingType::Sctp => (Technique::SctpInit, Protocol::Sctp, 80),
        PingType::Protocol if ports.is_none() => {
            let aim = |number: u8| Aim::new(Technique::Protocol, number.into());
            return Ok(PROTOCOLS.map(aim).to_vec());
        }
        PingType::Protocol => (Technique::Protocol, Protocol::Ip, 0),
        PingType::Echo | PingType::Timestamp | PingType::AddressMask if !privileged => {
            return Ok(Vec::new());
        }
        PingType::Echo => return Ok(vec![Aim::host(Technique::Echo)]),
        PingType::Timestamp => return Ok(vec![Aim::host(Technique::Timestamp)]),
        PingType::AddressMask => return Ok(vec![Aim::host(Technique::AddressMask)]),
    };
    let Some(list) = ports else { return Ok(vec![Aim::new(technique, default)]) };
    let spec =
        parse_ports(list, &[protocol], table).with_context(|| format!("in {}", kind.option()))?;
    let keys = spec.ports.iter().filter(|key| key.protocol == protocol);
    let aims: Vec<Aim> = keys.map(|key| Aim::new(technique, key.number)).collect();
    ensure!(
        !aims.is_empty(),
        "'{list}' names no {protocol} port, which {} asks: leave out prefixes such as 'U:'",
        kind.option()
    );
    Ok(aims)
}
