//! Asking the neighbours on an Ethernet: ARP (RFC 826) and neighbour solicitations (RFC 4861).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use nseer_packet::{Device, EthernetSender, Outgoing, arp_request, solicitation};

use crate::connector::Destination;
use crate::raw::Shared;
use crate::tap::Seen;

/// Bytes of a frame's header.
const ETHERNET: usize = 14;

/// The interfaces that were used.
#[derive(Default)]
pub(crate) struct Links {
    open: Mutex<HashMap<String, Option<Arc<Link>>>>,
}

struct Link {
    sender: EthernetSender,
    mac: [u8; 6],
    index: u32,
}

impl Links {
    /// Asks who has the host's address; false where its link cannot be asked.
    pub(crate) fn ask(&self, host: &Destination, source: IpAddr, shared: &Shared) -> bool {
        let Some(link) = host.interface.as_deref().and_then(|name| self.link(name)) else {
            return false;
        };
        match (source, host.address) {
            (IpAddr::V4(source), IpAddr::V4(target)) => link.arp(source, target, shared),
            (IpAddr::V6(source), IpAddr::V6(target)) => link.solicit(source, target, shared),
            _ => false,
        }
    }

    fn link(&self, name: &str) -> Option<Arc<Link>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.get(name) {
            return known.clone();
        }
        let link = Link::open(name).map(Arc::new);
        open.insert(name.to_owned(), link.clone());
        link
    }
}

impl Link {
    fn open(name: &str) -> Option<Link> {
        let device = Device::find(name).ok()?;
        let sender = EthernetSender::open(name).ok()?;
        Some(Link { sender, mac: device.mac()?, index: device.index() })
    }

    /// A frame that is not sent counts as lost.
    fn arp(&self, source: Ipv4Addr, target: Ipv4Addr, shared: &Shared) -> bool {
        let frame = arp_request(self.mac, source, target);
        shared.config.tap.see(&Seen::Sent(frame.get(ETHERNET..).unwrap_or_default()));
        if let Err(error) = self.sender.send(&frame) {
            (shared.config.trouble)(target.into(), &error);
        }
        true
    }

    fn solicit(&self, source: Ipv6Addr, target: Ipv6Addr, shared: &Shared) -> bool {
        let (packet, to) = solicitation(self.mac, source, target);
        shared.carry(&[Outgoing { packet, to: to.into(), zone: self.index }]);
        true
    }
}
