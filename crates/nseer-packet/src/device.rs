//! The machine's interfaces as the kernel lists them, in whatever network namespace this is.

use std::net::IpAddr;
use std::path::PathBuf;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{LinkAddr, SockaddrStorage};

use crate::error::PacketError;
use crate::filter::LinkType;

/// Hardware types of `linux/if_arp.h`.
const ARPHRD_ETHER: u16 = 1;
const ARPHRD_LOOPBACK: u16 = 772;

/// One interface.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// It is switched on.
    pub is_up: bool,
    /// It has one other end.
    pub is_point_to_point: bool,
    address: LinkAddr,
}

impl Device {
    /// The interface of this name.
    ///
    /// # Errors
    /// [`PacketError::NoDevice`] where there is none.
    pub fn find(name: &str) -> Result<Device, PacketError> {
        let found = devices()?.into_iter().find(|device| device.name == name);
        found.ok_or_else(|| PacketError::NoDevice(name.to_owned()))
    }

    /// Its number.
    #[must_use]
    pub fn index(&self) -> u32 {
        u32::try_from(self.address.ifindex()).unwrap_or(0)
    }

    /// The kernel's number for the type of hardware (`linux/if_arp.h`).
    #[must_use]
    pub fn hardware_type(&self) -> u16 {
        self.address.hatype()
    }

    /// True for a network that is Ethernet to its users, which the loopback is not.
    #[must_use]
    pub fn is_ethernet(&self) -> bool {
        self.hardware_type() == ARPHRD_ETHER
    }

    /// True for the loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.hardware_type() == ARPHRD_LOOPBACK
    }

    /// Its Ethernet address.
    #[must_use]
    pub fn mac(&self) -> Option<[u8; 6]> {
        self.address.addr().filter(|_| self.is_ethernet() && self.address.halen() == 6)
    }

    /// What its packets begin with. The loopback's frames look like Ethernet; of all that is not
    /// Ethernet, packets are taken without their link header.
    pub(crate) fn link_type(&self) -> LinkType {
        if self.is_ethernet() || self.is_loopback() { LinkType::Ethernet } else { LinkType::Raw }
    }

    /// The address to which packet sockets are bound: the interface, and whatever protocol the
    /// socket was made for.
    pub(crate) fn link_address(&self) -> LinkAddr {
        self.address
    }
}

/// All interfaces, with or without addresses.
///
/// # Errors
/// As the kernel says.
pub fn devices() -> Result<Vec<Device>, PacketError> {
    let entries = getifaddrs()?;
    let devices = entries.filter_map(|entry| {
        let address = *entry.address?.as_link_addr()?;
        let is_up = entry.flags.contains(InterfaceFlags::IFF_UP);
        let is_point_to_point = entry.flags.contains(InterfaceFlags::IFF_POINTOPOINT);
        Some(Device { name: entry.interface_name, is_up, is_point_to_point, address })
    });
    Ok(devices.collect())
}

/// The addresses of all interfaces: the interface's name, the address, and the length of its
/// network's prefix.
///
/// # Errors
/// As the kernel says.
pub fn addresses() -> Result<Vec<(String, IpAddr, u32)>, PacketError> {
    let ip = |address: SockaddrStorage| -> Option<IpAddr> {
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    };
    let entries = getifaddrs()?;
    let addresses = entries.filter_map(|entry| {
        let prefix = match ip(entry.netmask?)? {
            IpAddr::V4(mask) => mask.to_bits().count_ones(),
            IpAddr::V6(mask) => mask.to_bits().count_ones(),
        };
        Some((entry.interface_name, ip(entry.address?)?, prefix))
    });
    Ok(addresses.collect())
}

/// The files of the kernel that hold an interface's MTU in bytes, the better one first: of the second
/// the network namespace may be another one.
#[must_use]
pub fn mtu_files(interface: &str) -> [PathBuf; 2] {
    [["/proc/sys/net/ipv6/conf", interface, "mtu"], ["/sys/class/net", interface, "mtu"]]
        .map(|parts| parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_found_and_no_ethernet() {
        let lo = Device::find("lo").expect("every network namespace has one");
        assert!(lo.is_loopback() && !lo.is_ethernet());
        assert_eq!((lo.mac(), lo.link_type()), (None, LinkType::Ethernet));
        assert!(matches!(Device::find("none0"), Err(PacketError::NoDevice(_))));
        // Where it is up it has this address.
        let own = addresses().expect("addresses");
        assert!(own.iter().all(|(name, address, prefix)| {
            name != "lo" || !address.is_ipv4() || (address.is_loopback() && *prefix == 8)
        }));
    }
}
