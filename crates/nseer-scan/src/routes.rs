//! How packets to an address leave this machine, asked of the kernel without sending any.
#![allow(clippy::disallowed_methods, reason = "asks the kernel for a route, by a socket")]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use nseer_core::HostRecord;
use nseer_packet::{mtu_files, socket_address};
use nseer_seam::Files;
use socket2::{Domain, Socket, Type};

use crate::config::ZoneOf;

/// Puts what the kernel knows of the way to a host into its record, for those who do not scan it: the address
/// that packets leave from, the interface and its size, and whether the host is on a network of this machine's.
///
/// # Errors
/// As the kernel says; `AddrNotAvailable` where no address of this machine can reach the host.
pub fn know_way(host: &mut HostRecord, files: Arc<dyn Files>, zone: ZoneOf) -> io::Result<()> {
    Routes::new(files, zone).to(host.address)?.fill(host);
    Ok(())
}

/// The machine's interfaces, read once, when the first route is asked for.
pub(crate) struct Routes {
    files: Arc<dyn Files>,
    zone: ZoneOf,
    interfaces: OnceLock<Vec<Interface>>,
}

struct Interface {
    name: String,
    /// Its number; 0 where it is not known.
    index: u32,
    address: IpAddr,
    prefix: u8,
    /// Bytes; 0 where it is not known.
    mtu: u32,
}

/// How packets to one address leave.
pub(crate) struct Route<'a> {
    /// The address is one of this machine's.
    pub(crate) is_local: bool,
    /// See [`crate::Destination::zone`].
    pub(crate) zone: u32,
    source: IpAddr,
    directly_connected: bool,
    interface: Option<&'a Interface>,
}

impl Routes {
    pub(crate) fn new(files: Arc<dyn Files>, zone: ZoneOf) -> Self {
        Routes { files, zone, interfaces: OnceLock::new() }
    }

    /// The route to `address`.
    ///
    /// # Errors
    /// As the kernel says; `AddrNotAvailable` where no address of this machine fits.
    pub(crate) fn to(&self, address: IpAddr) -> io::Result<Route<'_>> {
        let zone = match address {
            IpAddr::V4(_) => 0,
            IpAddr::V6(v6) => (self.zone)(v6),
        };
        let source = source(address, zone)?;
        let is_local = address.is_loopback() || source == address;
        let interfaces = self.interfaces.get_or_init(|| self.read());
        let mut candidates = interfaces.iter();
        let interface = if is_local {
            candidates.find(|interface| interface.address.is_loopback())
        } else {
            // An address may be that of several interfaces.
            let is_on_link = |interface: &Interface| zone == 0 || interface.index == zone;
            candidates.find(|interface| interface.address == source && is_on_link(interface))
        };
        let on_link = interfaces.iter().any(|interface| interface.reaches(address));
        Ok(Route { is_local, zone, source, directly_connected: is_local || on_link, interface })
    }

    fn read(&self) -> Vec<Interface> {
        // Without the list only names and sizes of interfaces are missing.
        let list = if_addrs::get_if_addrs().unwrap_or_default();
        list.into_iter()
            .map(|entry| Interface {
                mtu: self.mtu(&entry.name),
                index: entry.index.unwrap_or(0),
                address: entry.ip(),
                prefix: match &entry.addr {
                    if_addrs::IfAddr::V4(address) => address.prefixlen,
                    if_addrs::IfAddr::V6(address) => address.prefixlen,
                },
                name: entry.name,
            })
            .collect()
    }

    fn mtu(&self, interface: &str) -> u32 {
        let read = |path: PathBuf| -> Option<u32> {
            let text = self.files.read(&path).ok()?;
            std::str::from_utf8(&text).ok()?.trim().parse().ok()
        };
        mtu_files(interface).into_iter().find_map(read).unwrap_or(0)
    }
}

impl Route<'_> {
    /// True where the host is another one on a network of this machine's.
    pub(crate) fn is_neighbour(&self) -> bool {
        self.directly_connected && !self.is_local
    }

    /// Puts what is known into the host's record.
    pub(crate) fn fill(&self, host: &mut HostRecord) {
        host.source = Some(self.source);
        host.directly_connected = Some(self.directly_connected);
        if let Some(interface) = self.interface {
            host.interface = Some(interface.name.clone());
            host.interface_mtu = interface.mtu;
        }
    }
}

impl Interface {
    /// True where `address` is on the interface's own network.
    fn reaches(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// The address that the kernel would send from: what an unsent datagram's socket gets.
fn source(address: IpAddr, zone: u32) -> io::Result<IpAddr> {
    match address {
        // Always these, and hosts of loopback nets come in thousands.
        IpAddr::V4(v4) if v4.is_loopback() => return Ok(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(v6) if v6.is_loopback() => return Ok(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    // Any port but 0 will do.
    let peer = socket_address(address, 9, zone);
    let socket = Socket::new(Domain::for_address(peer), Type::DGRAM, None)?;
    socket.connect(&peer.into())?;
    let local = socket.local_addr()?.as_socket();
    local.map(|local| local.ip()).ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

#[cfg(test)]
mod tests {
    use nseer_seam::RealFiles;

    use super::*;

    #[test]
    fn loopback_is_local_and_direct() {
        let routes = Routes::new(Arc::new(RealFiles), Arc::new(|_| 0));
        for (address, source) in [("127.0.0.1", "127.0.0.1"), ("127.9.8.7", "127.0.0.1")] {
            let address: IpAddr = address.parse().expect("address");
            let route = routes.to(address).expect("route");
            assert!(route.is_local && route.directly_connected);
            assert_eq!(route.source.to_string(), source);
            assert!(route.interface.is_some_and(|interface| interface.mtu > 0));
        }
    }

    #[test]
    fn networks_end_at_their_prefix() {
        let check = |own: &str, prefix, other: &str, reaches| {
            let interface = Interface {
                name: String::new(),
                index: 0,
                address: own.parse().expect("address"),
                prefix,
                mtu: 0,
            };
            let other = other.parse().expect("address");
            assert_eq!(interface.reaches(other), reaches, "{own}/{prefix} {other}");
        };
        check("10.1.2.3", 24, "10.1.2.254", true);
        check("10.1.2.3", 24, "10.1.3.3", false);
        check("10.1.2.3", 32, "10.1.2.3", true);
        check("10.1.2.3", 0, "192.0.2.1", true);
        check("2001:db8::1", 64, "2001:db8::ffff:1", true);
        check("2001:db8::1", 64, "2001:db8:0:1::1", false);
        check("2001:db8::1", 0, "10.1.2.3", false);
    }
}
