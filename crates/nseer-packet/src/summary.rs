//! The few fields of packets that are needed to know whom they are for, after RFC 791 and 8200.
//! What follows the IP header is looked at only as far as ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an IP packet's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpSummary {
    /// Who sends it.
    pub source: IpAddr,
    /// Whom it is for.
    pub destination: IpAddr,
    /// The number of the protocol inside.
    pub protocol: u8,
    /// Hops that it may take.
    pub ttl: u8,
    /// Destination port of TCP and UDP; 0 where there is none.
    pub port: u16,
}

const TCP: u8 = 6;
const UDP: u8 = 17;

impl IpSummary {
    /// Reads an IPv4 or IPv6 header; `None` where there is none.
    #[must_use]
    pub fn of(packet: &[u8]) -> Option<IpSummary> {
        match packet.first()? >> 4 {
            4 => Self::v4(packet),
            6 => Self::v6(packet),
            _ => None,
        }
    }

    fn v4(packet: &[u8]) -> Option<IpSummary> {
        let header = packet.get(..20)?;
        let length = usize::from(header[0] & 15) * 4;
        if length < 20 || packet.len() < length {
            return None;
        }
        Some(IpSummary {
            source: Ipv4Addr::from(array::<4>(header, 12)?).into(),
            destination: Ipv4Addr::from(array::<4>(header, 16)?).into(),
            protocol: header[9],
            ttl: header[8],
            port: port(packet, header[9], length),
        })
    }

    fn v6(packet: &[u8]) -> Option<IpSummary> {
        let header = packet.get(..40)?;
        Some(IpSummary {
            source: Ipv6Addr::from(array::<16>(header, 8)?).into(),
            destination: Ipv6Addr::from(array::<16>(header, 24)?).into(),
            protocol: header[6],
            ttl: header[7],
            port: port(packet, header[6], 40),
        })
    }
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn port(packet: &[u8], protocol: u8, at: usize) -> u16 {
    if !matches!(protocol, TCP | UDP) {
        return 0;
    }
    array::<2>(packet, at + 2).map_or(0, u16::from_be_bytes)
}

/// The packet inside an Ethernet frame, where it is IP.
#[must_use]
pub fn frame_destination(frame: &[u8]) -> Option<IpSummary> {
    match array::<2>(frame, 12)? {
        [0x08, 0x00] | [0x86, 0xdd] => IpSummary::of(frame.get(14..)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headers_are_read() {
        let mut v4 = vec![0x45, 0, 0, 24, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        v4.extend([0, 7, 0, 53]);
        let read = IpSummary::of(&v4).expect("a packet");
        assert_eq!(read.destination.to_string(), "10.0.0.2");
        assert_eq!((read.protocol, read.ttl, read.port), (17, 64, 53));
        let mut v6 = vec![0; 40];
        (v6[0], v6[6], v6[7], v6[39]) = (0x60, 58, 255, 1);
        let read = IpSummary::of(&v6).expect("a packet");
        assert_eq!(read.destination.to_string(), "::1");
        assert_eq!((read.protocol, read.ttl, read.port), (58, 255, 0));
        let frame = [vec![0; 12], vec![8, 0], v4].concat();
        assert_eq!(frame_destination(&frame).map(|s| s.port), Some(53));
        for not_ip in [&[][..], b"x", &[0x45; 19], &[0x4f; 30], &[0x60; 39]] {
            assert_eq!(IpSummary::of(not_ip), None, "{not_ip:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (IpSummary::of(&bytes), frame_destination(&bytes));
        }
    }
}
