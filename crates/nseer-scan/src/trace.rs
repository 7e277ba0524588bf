//! The way to a host: what was answered before is asked again with a small time to live, and each
//! router on the way says that it has run out.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::ops::ControlFlow;

use nseer_core::trace::{Hop, MOST_HOPS, Trace, TraceProbe};
use nseer_core::{HostRecord, PortKey, Protocol, Reason};

use crate::connector::{Connector, Destination};
use crate::gate::Gate;
use crate::host_state::HostState;
use crate::lane::Lane;
use crate::technique::{Aim, Technique};
use crate::work::{Verdict, Work};

/// Hops that are asked at a time.
const AT_A_TIME: u8 = 10;

/// Traces the way to a host that was scanned.
///
/// # Errors
/// This machine could not send for a minute.
pub(crate) async fn trace<C: Connector>(
    host: &HostRecord,
    destination: &Destination,
    state: &HostState,
    gate: &Gate,
    connector: &C,
) -> io::Result<Trace> {
    if destination.is_neighbour {
        let round_trip = state.round_trip().map(|times| times.srtt);
        let hop = Hop { ttl: 1, address: host.address, name: None, round_trip };
        return Ok(Trace { probe: None, hops: vec![hop] });
    }
    let (aim, probe) = question(host);
    let mut found: BTreeMap<u8, Hop> = BTreeMap::new();
    let mut first = 1;
    while first <= MOST_HOPS {
        let last = (first + AT_A_TIME - 1).min(MOST_HOPS);
        let aims = (first..=last).map(|hops| Aim { hops, ..aim }).collect();
        let work = Work::new(destination.clone(), aims, 1);
        Lane::new(gate, state, &work, connector.clone())
            .run(|verdicts: &mut Vec<Verdict>| {
                for (aim, answer) in verdicts.drain(..) {
                    if let Some(address) = answer.source {
                        let round_trip = answer.to.map(|(_, trip)| trip);
                        let hop = Hop { ttl: aim.hops, address, name: None, round_trip };
                        found.insert(aim.hops, hop);
                    }
                }
                ControlFlow::Continue(())
            })
            .await?;
        if reached(&found, host.address).is_some() {
            break;
        }
        first = last + 1;
    }
    // Packets that had hops to spare reached the host too.
    let end = reached(&found, host.address).unwrap_or(MOST_HOPS);
    Ok(Trace {
        probe: Some(probe),
        hops: found.into_values().filter(|hop| hop.ttl <= end).collect(),
    })
}

/// The least time to live that reached the host.
fn reached(found: &BTreeMap<u8, Hop>, host: IpAddr) -> Option<u8> {
    found.values().find(|hop| hop.address == host).map(|hop| hop.ttl)
}

/// What the host is known to answer: a port that did with a packet (of which the TTL is known), else
/// an echo request.
fn question(host: &HostRecord) -> (Aim, TraceProbe) {
    let mut by_packet = host.ports.iter().filter(|(_, status)| status.ttl > 0);
    let answered = by_packet.find_map(|(key, status)| {
        let technique = match (key.protocol, status.reason) {
            (Protocol::Tcp, Reason::SynAck | Reason::Reset) => Technique::SYN,
            (Protocol::Udp, Reason::UdpResponse | Reason::PortUnreach) => Technique::Udp,
            (Protocol::Sctp, Reason::InitAck | Reason::Abort) => Technique::SctpInit,
            _ => return None,
        };
        Some((key, technique))
    });
    match answered {
        Some((key, technique)) => at(key, technique),
        None => (Aim::host(Technique::Echo), TraceProbe::Echo),
    }
}

fn at(key: PortKey, technique: Technique) -> (Aim, TraceProbe) {
    (Aim::new(technique, key.number), TraceProbe::Port(key))
}
