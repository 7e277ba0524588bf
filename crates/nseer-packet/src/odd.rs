//! IPv4 packets in which the caller chooses also what nobody should: for telling systems apart by what they
//! make of them.
//!
//! Sources: RFC 791, 9293, 768, 792.

use std::net::Ipv4Addr;

use etherparse::checksum::Sum16BitWords;

/// The IPv4 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OddHeader {
    /// Who sends it.
    pub source: Ipv4Addr,
    /// Whom it is for.
    pub destination: Ipv4Addr,
    /// Hops that it may take.
    pub ttl: u8,
    /// Identification.
    pub id: u16,
    /// Type of service.
    pub tos: u8,
    /// It must not be fragmented.
    pub df: bool,
}

/// A TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OddSegment<'a> {
    /// Source and destination port.
    pub ports: [u16; 2],
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number, whatever the flags say.
    pub acknowledgement: u32,
    /// As in [`crate::tcp_flags`].
    pub flags: u8,
    /// The reserved bit next to the flags is set.
    pub reserved: bool,
    /// The window field.
    pub window: u16,
    /// The urgent pointer, whatever the flags say.
    pub urgent: u16,
    /// The options: whole words, at most ten.
    pub options: &'a [u8],
}

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;

impl OddHeader {
    /// A packet with a TCP segment. Options that do not fit into a header are cut off.
    #[must_use]
    pub fn tcp(&self, segment: &OddSegment<'_>) -> Vec<u8> {
        let words = (segment.options.len() / 4).min(10);
        let mut inside = Vec::with_capacity(60);
        inside.extend(segment.ports.map(u16::to_be_bytes).concat());
        inside.extend(segment.sequence.to_be_bytes());
        inside.extend(segment.acknowledgement.to_be_bytes());
        let offset = u8::try_from(5 + words).unwrap_or(15);
        inside.extend([offset << 4 | if segment.reserved { 8 } else { 0 }, segment.flags]);
        inside.extend(segment.window.to_be_bytes());
        inside.extend([0, 0]);
        inside.extend(segment.urgent.to_be_bytes());
        inside.extend(&segment.options[..words * 4]);
        let sum = self.transport_sum(TCP, &inside);
        inside[16..18].copy_from_slice(&sum);
        self.around(TCP, &inside)
    }

    /// A packet with a datagram; of what it carries, what is longer than a datagram is cut off.
    #[must_use]
    pub fn udp(&self, ports: [u16; 2], data: &[u8]) -> Vec<u8> {
        let data = &data[..data.len().min(MOST_DATA)];
        let length = u16::try_from(8 + data.len()).unwrap_or(u16::MAX);
        let mut inside = Vec::with_capacity(8 + data.len());
        inside.extend(ports.map(u16::to_be_bytes).concat());
        inside.extend(length.to_be_bytes());
        inside.extend([0, 0]);
        inside.extend(data);
        // No sum is 0: that would mean that there is none.
        let sum = match self.transport_sum(UDP, &inside) {
            [0, 0] => [0xFF, 0xFF],
            sum => sum,
        };
        inside[6..8].copy_from_slice(&sum);
        self.around(UDP, &inside)
    }

    /// A packet with an ICMP echo request that carries `length` zeroes.
    #[must_use]
    pub fn echo(&self, code: u8, id: u16, sequence: u16, length: usize) -> Vec<u8> {
        let mut inside = vec![8, code, 0, 0];
        inside.extend([id, sequence].map(u16::to_be_bytes).concat());
        inside.resize(8 + length.min(MOST_DATA), 0);
        let sum = Sum16BitWords::new().add_slice(&inside).ones_complement().to_ne_bytes();
        inside[2..4].copy_from_slice(&sum);
        self.around(ICMP, &inside)
    }

    fn transport_sum(&self, protocol: u8, inside: &[u8]) -> [u8; 2] {
        let length = u16::try_from(inside.len()).unwrap_or(u16::MAX);
        Sum16BitWords::new()
            .add_4bytes(self.source.octets())
            .add_4bytes(self.destination.octets())
            .add_2bytes([0, protocol])
            .add_2bytes(length.to_be_bytes())
            .add_slice(inside)
            .ones_complement()
            // The sum is kept in the order of the bytes that it was made of.
            .to_ne_bytes()
    }

    fn around(&self, protocol: u8, inside: &[u8]) -> Vec<u8> {
        let length = u16::try_from(20 + inside.len()).unwrap_or(u16::MAX);
        let mut packet = Vec::with_capacity(20 + inside.len());
        packet.extend([0x45, self.tos]);
        packet.extend(length.to_be_bytes());
        packet.extend(self.id.to_be_bytes());
        packet.extend([if self.df { 0x40 } else { 0 }, 0, self.ttl, protocol, 0, 0]);
        packet.extend(self.source.octets());
        packet.extend(self.destination.octets());
        let sum = Sum16BitWords::new().add_slice(&packet).ones_complement().to_ne_bytes();
        packet[10..12].copy_from_slice(&sum);
        packet.extend(inside);
        packet
    }
}

/// Headers of IP and UDP fit too.
const MOST_DATA: usize = 0xFFFF - 28;

#[cfg(test)]
mod tests {
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};

    use super::*;

    const HEADER: OddHeader = OddHeader {
        source: Ipv4Addr::new(192, 0, 2, 1),
        destination: Ipv4Addr::new(192, 0, 2, 2),
        ttl: 47,
        id: 0x1042,
        tos: 4,
        df: true,
    };

    #[test]
    fn segments_are_as_they_were_wanted() {
        let segment = OddSegment {
            ports: [50_000, 80],
            sequence: 7,
            acknowledgement: 9,
            flags: 0xC2,
            reserved: true,
            window: 3,
            urgent: 0xF7F5,
            options: &[3, 3, 10, 1, 2, 4, 5, 0xB4],
        };
        let packet = HEADER.tcp(&segment);
        let sliced = SlicedPacket::from_ip(&packet).expect("a packet");
        let Some(NetSlice::Ipv4(ip)) = &sliced.net else { panic!("no IPv4") };
        let ip = ip.header().to_header();
        assert_eq!((ip.time_to_live, ip.identification, ip.dont_fragment), (47, 0x1042, true));
        assert_eq!(ip.header_checksum, ip.calc_header_checksum());
        let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { panic!("no TCP") };
        assert_eq!(
            tcp.checksum(),
            tcp.calc_checksum_ipv4(HEADER.source.octets(), HEADER.destination.octets())
                .expect("short")
        );
        assert_eq!((tcp.urgent_pointer(), tcp.window_size()), (0xF7F5, 3));
        assert_eq!(packet[32..34], [0x78, 0xC2]);
        assert_eq!(tcp.options(), segment.options);
    }

    #[test]
    fn sums_of_datagrams_and_requests_are_right() {
        let packet = HEADER.udp([1, 2], &[b'C'; 300]);
        let sliced = SlicedPacket::from_ip(&packet).expect("a packet");
        let Some(TransportSlice::Udp(udp)) = &sliced.transport else { panic!("no UDP") };
        let header = udp.to_header();
        let (from, to) = (HEADER.source.octets(), HEADER.destination.octets());
        assert_eq!(header.calc_checksum_ipv4_raw(from, to, udp.payload()), Ok(header.checksum));
        assert_eq!(packet.len(), 328);
        let packet = HEADER.echo(9, 5, 295, 120);
        let sliced = SlicedPacket::from_ip(&packet).expect("a packet");
        let Some(TransportSlice::Icmpv4(icmp)) = &sliced.transport else { panic!("no ICMP") };
        assert!(Sum16BitWords::new().add_slice(icmp.slice()).ones_complement() == 0);
        assert_eq!((packet.len(), packet[21]), (148, 9));
    }
}
