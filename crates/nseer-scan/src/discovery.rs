//! Is a host there?

#![allow(clippy::disallowed_methods, reason = "this is the seam of port scans to the network")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use nseer_core::{PortState, Reason};

use crate::connector::{Answer, Connector};
use crate::host_scan::Probing;

/// True for an address of this machine: only those can be bound to.
pub(crate) fn is_local(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

/// The address that packets to `peer` leave from. Nothing is sent.
pub(crate) fn source_address(peer: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match peer {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((peer, 9)).ok()?;
    socket.local_addr().ok().map(|local| local.ip())
}

/// How often a silent host is asked.
const TRIES: u32 = 2;

/// Connects to some ports. Gives the reason of the first answer.
pub(crate) async fn ping<C: Connector>(
    probing: &Probing<C>,
    address: IpAddr,
    ports: &[u16],
) -> Option<Reason> {
    for attempt in 0..TRIES {
        let mut probes = tokio::task::JoinSet::new();
        for port in ports {
            let (probing, peer) = (probing.clone(), SocketAddr::new(address, *port));
            probes.spawn(async move { probing.probe(peer, attempt).await });
        }
        let mut unreachable = 0;
        while let Some(probe) = probes.join_next().await {
            match probe {
                Ok(Some(Answer::Status(status))) => match status.state {
                    PortState::Open | PortState::Closed => return Some(status.reason),
                    _ => unreachable += 1,
                },
                Ok(Some(Answer::Busy) | None) | Err(_) => {}
            }
        }
        if unreachable == ports.len() {
            return None;
        }
    }
    None
}
