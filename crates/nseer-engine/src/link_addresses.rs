//! The Ethernet addresses between this machine and a host on the same network, from what the
//! kernel has learned: nothing is sent. Neighbours of IPv6 are not known here.

use std::net::IpAddr;
use std::path::Path;

use nseer_core::HostRecord;
use nseer_packet::Device;
use nseer_seam::Files;

/// `host.mac_addr_src` and `host.mac_addr`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkAddresses {
    pub(crate) own: Option<[u8; 6]>,
    pub(crate) host: Option<[u8; 6]>,
}

impl LinkAddresses {
    /// What is known of a host.
    pub(crate) fn of(record: &HostRecord, files: &dyn Files) -> LinkAddresses {
        if record.address.is_loopback() {
            return LinkAddresses::default();
        }
        let device = record.interface.as_deref().and_then(|name| Device::find(name).ok());
        let Some(device) = device.filter(Device::is_ethernet) else {
            return LinkAddresses { own: None, host: record.mac };
        };
        let learned = || {
            // proc(5)
            let table = files.read(Path::new("/proc/net/arp")).ok()?;
            neighbour(&String::from_utf8_lossy(&table), record.address, &device.name)
        };
        let host = record
            .mac
            .or_else(|| if record.directly_connected == Some(true) { learned() } else { None });
        LinkAddresses { own: device.mac(), host }
    }
}

/// The flag of an entry whose address is known (`linux/if_arp.h`).
const COMPLETE: u32 = 2;

/// Looks in the kernel's table: address, hardware type, flags, Ethernet address, mask, interface.
fn neighbour(table: &str, address: IpAddr, device: &str) -> Option<[u8; 6]> {
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace();
        let (ip, _, flags) = (fields.next()?, fields.next()?, fields.next()?);
        let (mac, _, interface) = (fields.next()?, fields.next()?, fields.next()?);
        let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok()?;
        if ip.parse() != Ok(address) || interface != device || flags & COMPLETE == 0 {
            return None;
        }
        let bytes = mac.split(':').map(|byte| u8::from_str_radix(byte, 16));
        bytes.collect::<Result<Vec<u8>, _>>().ok()?.try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_entries_of_the_interface_count() {
        let table = "IP address  HW type  Flags  HW address  Mask  Device\n\
            10.0.0.2 0x1 0x0 00:00:00:00:00:00 * eth0\n\
            10.0.0.3 0x1 0x2 02:00:00:00:00:03 * eth1\n\
            10.0.0.3 0x1 0x6 02:00:00:00:00:04 * eth0\n\
            junk\n";
        let found = |address: &str, device| {
            neighbour(table, address.parse().expect("an address"), device).map(|mac| mac[5])
        };
        assert_eq!(found("10.0.0.2", "eth0"), None);
        assert_eq!(found("10.0.0.3", "eth0"), Some(4));
        assert_eq!(found("10.0.0.3", "eth1"), Some(3));
        assert_eq!(found("10.0.0.4", "eth0"), None);
    }
}
