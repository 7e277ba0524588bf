//! What answers to probes say: packets of strangers, read without believing them.
//!
//! Whether a packet answers a probe at all is decided by whoever sent the probe.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

use crate::summary::IpSummary;

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Who sent it.
    pub source: IpAddr,
    /// Whom it was sent to.
    pub destination: IpAddr,
    /// Its time to live or hop limit as it arrived.
    pub ttl: u8,
    /// What it says.
    pub content: Content,
}

/// What a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A TCP segment.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Sequence number.
        sequence: u32,
        /// Acknowledgement number.
        acknowledgement: u32,
        /// As in [`crate::tcp_flags`].
        flags: u8,
        /// The window field.
        window: u16,
    },
    /// A datagram.
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// An SCTP packet.
    Sctp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Verification tag.
        tag: u32,
        /// Type of the first chunk.
        chunk: u8,
    },
    /// An ICMP or ICMPv6 message that is no error.
    Query {
        /// Which.
        kind: Query,
        /// Identifier.
        id: u16,
        /// Sequence number.
        sequence: u16,
    },
    /// An ICMP or ICMPv6 error.
    Error {
        /// Which.
        kind: IcmpError,
        /// The packet that it is about.
        about: Quoted,
    },
    /// An ICMPv6 neighbour advertisement.
    Neighbour {
        /// The address that it is about.
        target: Ipv6Addr,
        /// The Ethernet address, where it says one.
        mac: Option<[u8; 6]>,
    },
    /// Something else of this IP protocol.
    Other(u8),
}

/// Answers to ICMP requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// Echo reply.
    Echo,
    /// Timestamp reply.
    Timestamp,
    /// Address mask reply.
    AddressMask,
}

/// ICMP errors, by what they mean in either version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IcmpError {
    /// No way to the network.
    Network,
    /// No way to the destination (ICMPv6).
    NoRoute,
    /// No way to the host.
    Host,
    /// The host does not have the protocol.
    Protocol,
    /// Nothing listens on the port.
    Port,
    /// Sending to the network is forbidden.
    NetworkProhibited,
    /// Sending to the host is forbidden.
    HostProhibited,
    /// Sending is forbidden.
    AdminProhibited,
    /// The way takes no such route (ICMPv6), or goes beyond the source's scope.
    BeyondScope,
    /// The way is rejected (ICMPv6).
    RejectRoute,
    /// Another code of "destination unreachable".
    Destination,
    /// The packet took too many hops.
    TimeExceeded,
    /// A field of the header was not understood.
    Parameter,
    /// Too fast (obsolete).
    SourceQuench,
}

/// The beginning of the packet that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Who sent it.
    pub source: IpAddr,
    /// Whom it was for.
    pub destination: IpAddr,
    /// The number of the protocol inside.
    pub protocol: u8,
    /// Its first 8 bytes; zeroes where it is shorter.
    pub first: [u8; 8],
}

impl Quoted {
    /// Source and destination port of TCP, UDP and SCTP.
    #[must_use]
    pub fn ports(&self) -> (u16, u16) {
        (pair(self.first[0], self.first[1]), pair(self.first[2], self.first[3]))
    }

    /// The second word: TCP's sequence number, SCTP's tag, or identifier and sequence number of
    /// ICMP.
    #[must_use]
    pub fn word(&self) -> u32 {
        u32::from_be_bytes([self.first[4], self.first[5], self.first[6], self.first[7]])
    }

    fn of(packet: &[u8]) -> Option<Quoted> {
        let summary = IpSummary::of(packet)?;
        let length = match summary.source {
            IpAddr::V4(_) => usize::from(packet.first()? & 15) * 4,
            IpAddr::V6(_) => 40,
        };
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(packet.get(length..).unwrap_or_default()) {
            *to = *from;
        }
        Some(Quoted {
            source: summary.source,
            destination: summary.destination,
            protocol: summary.protocol,
            first,
        })
    }
}

impl Reply {
    /// Reads an IP packet, which may be cut off; `None` where it says nothing.
    #[must_use]
    pub fn of(packet: &[u8]) -> Option<Reply> {
        let sliced = LaxSlicedPacket::from_ip(packet).ok()?;
        let (source, destination, ttl, protocol, inside, is_fragment) = match sliced.net.as_ref()? {
            LaxNetSlice::Ipv4(slice) => {
                let (header, payload) = (slice.header(), slice.payload());
                (
                    IpAddr::V4(header.source_addr()),
                    IpAddr::V4(header.destination_addr()),
                    header.ttl(),
                    payload.ip_number.0,
                    payload.payload,
                    header.fragments_offset().value() != 0,
                )
            }
            LaxNetSlice::Ipv6(slice) => {
                let (header, payload) = (slice.header(), slice.payload());
                (
                    IpAddr::V6(header.source_addr()),
                    IpAddr::V6(header.destination_addr()),
                    header.hop_limit(),
                    payload.ip_number.0,
                    payload.payload,
                    false,
                )
            }
            LaxNetSlice::Arp(_) => return None,
        };
        let content = match &sliced.transport {
            _ if is_fragment => Content::Other(protocol),
            Some(TransportSlice::Tcp(tcp)) => Content::Tcp {
                source: tcp.source_port(),
                destination: tcp.destination_port(),
                sequence: tcp.sequence_number(),
                acknowledgement: tcp.acknowledgment_number(),
                flags: tcp.slice().get(13).copied().unwrap_or(0),
                window: tcp.window_size(),
            },
            Some(TransportSlice::Udp(udp)) => {
                Content::Udp { source: udp.source_port(), destination: udp.destination_port() }
            }
            Some(TransportSlice::Icmpv4(icmp)) => icmp_v4(icmp.slice())?,
            Some(TransportSlice::Icmpv6(icmp)) => icmp_v6(icmp.slice())?,
            _ if protocol == SCTP => sctp(inside)?,
            _ => Content::Other(protocol),
        };
        Some(Reply { source, destination, ttl, content })
    }
}

const SCTP: u8 = 132;

fn pair(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}

fn sctp(packet: &[u8]) -> Option<Content> {
    let head: &[u8; 13] = packet.first_chunk()?;
    Some(Content::Sctp {
        source: pair(head[0], head[1]),
        destination: pair(head[2], head[3]),
        tag: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        chunk: head[12],
    })
}

fn query(kind: Query, head: &[u8; 8]) -> Content {
    Content::Query { kind, id: pair(head[4], head[5]), sequence: pair(head[6], head[7]) }
}

/// RFC 792, 950 and 1812.
fn icmp_v4(message: &[u8]) -> Option<Content> {
    let head: &[u8; 8] = message.first_chunk()?;
    let kind = match (head[0], head[1]) {
        (0, _) => return Some(query(Query::Echo, head)),
        (14, _) => return Some(query(Query::Timestamp, head)),
        (18, _) => return Some(query(Query::AddressMask, head)),
        (3, 0) => IcmpError::Network,
        (3, 1) => IcmpError::Host,
        (3, 2) => IcmpError::Protocol,
        (3, 3) => IcmpError::Port,
        (3, 9) => IcmpError::NetworkProhibited,
        (3, 10) => IcmpError::HostProhibited,
        (3, 13) => IcmpError::AdminProhibited,
        (3, _) => IcmpError::Destination,
        (4, _) => IcmpError::SourceQuench,
        (11, _) => IcmpError::TimeExceeded,
        (12, _) => IcmpError::Parameter,
        _ => return Some(Content::Other(1)),
    };
    Some(Content::Error { kind, about: Quoted::of(&message[8..])? })
}

/// RFC 4443 and 4861.
fn icmp_v6(message: &[u8]) -> Option<Content> {
    let head: &[u8; 8] = message.first_chunk()?;
    let kind = match (head[0], head[1]) {
        (129, _) => return Some(query(Query::Echo, head)),
        (136, _) => return neighbour(message),
        (1, 0) => IcmpError::NoRoute,
        (1, 1) => IcmpError::AdminProhibited,
        (1, 2) => IcmpError::BeyondScope,
        (1, 3) => IcmpError::Host,
        (1, 4) => IcmpError::Port,
        (1, 5) => IcmpError::AdminProhibited,
        (1, 6) => IcmpError::RejectRoute,
        (1, _) => IcmpError::Destination,
        (3, _) => IcmpError::TimeExceeded,
        // Code 1: the next header is not known.
        (4, 1) => IcmpError::Protocol,
        (4, _) => IcmpError::Parameter,
        _ => return Some(Content::Other(58)),
    };
    Some(Content::Error { kind, about: Quoted::of(&message[8..])? })
}

fn neighbour(message: &[u8]) -> Option<Content> {
    let target: [u8; 16] = message.get(8..24)?.try_into().ok()?;
    let mut options = &message[24..];
    let mut mac = None;
    while let [kind, length, ..] = options {
        let length = usize::from(*length) * 8;
        let Some((option, rest)) = options.split_at_checked(length).filter(|_| length > 0) else {
            break;
        };
        if *kind == 2 {
            mac = option.get(2..8).and_then(|bytes| bytes.try_into().ok());
        }
        options = rest;
    }
    Some(Content::Neighbour { target: target.into(), mac })
}

/// An ARP reply (RFC 826): the IP address and the Ethernet address of who sends it.
#[must_use]
pub fn arp_reply(packet: &[u8]) -> Option<(Ipv4Addr, [u8; 6])> {
    let packet: &[u8; 28] = packet.first_chunk()?;
    if packet[..8] != [0, 1, 8, 0, 6, 4, 0, 2] {
        return None;
    }
    let mac = packet[8..14].try_into().ok()?;
    let address: [u8; 4] = packet[14..18].try_into().ok()?;
    Some((address.into(), mac))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probe::{Envelope, Payload, build, tcp_flags};

    const V4: [&str; 2] = ["192.0.2.1", "192.0.2.2"];
    const V6: [&str; 2] = ["2001:db8::1", "2001:db8::2"];

    fn packet([from, to]: [&str; 2], payload: Payload<'_>) -> Vec<u8> {
        let address = |text: &str| text.parse().expect("address");
        let (source, destination) = (address(from), address(to));
        let envelope =
            Envelope { source, destination, ttl: 61, id: 7, padding: &[], bad_checksum: false };
        build(&envelope, &payload).expect("packet")
    }

    fn content(bytes: &[u8]) -> Content {
        let reply = Reply::of(bytes).expect("reply");
        assert_eq!(reply.ttl, 61);
        reply.content
    }

    #[test]
    fn what_is_built_is_read() {
        let (source, destination) = (40_000, 22);
        let flags = tcp_flags::SYN | tcp_flags::ACK;
        for family in [V4, V6] {
            let (sequence, acknowledgement) = (5, 6);
            let tcp = Payload::Tcp { source, destination, sequence, acknowledgement, flags };
            let (want, window) = (flags, 1024);
            assert!(matches!(
                content(&packet(family, tcp)),
                Content::Tcp { source: 40_000, destination: 22, sequence: 5, acknowledgement: 6, flags, window: w }
                    if flags == want && w == window
            ));
            let udp = Payload::Udp { source, destination, data: b"hello" };
            assert_eq!(content(&packet(family, udp)), Content::Udp { source, destination });
            let init = Payload::SctpInit { source, destination, tag: 9 };
            let read = Content::Sctp { source, destination, tag: 0, chunk: 1 };
            assert_eq!(content(&packet(family, init)), read);
            let echo = Payload::SctpCookieEcho { source, destination, tag: 9 };
            let read = Content::Sctp { source, destination, tag: 9, chunk: 10 };
            assert_eq!(content(&packet(family, echo)), read);
            assert_eq!(content(&packet(family, Payload::Protocol(47))), Content::Other(47));
            // Headers of extensions too, although nothing is in them.
            for number in 0..=u8::MAX {
                let bare = packet(family, Payload::Protocol(number));
                let protocol = if family == V4 { bare[9] } else { bare[6] };
                assert_eq!((protocol, bare.len()), (number, if family == V4 { 20 } else { 40 }));
            }
        }
        assert_eq!(content(&packet(V4, Payload::Igmp)), Content::Other(2));
        assert_eq!(packet(V4, Payload::Igmp)[20..], [0x11, 0, 0xEE, 0xFF, 0, 0, 0, 0]);
        let mask = Payload::AddressMask { id: 1, sequence: 2 };
        assert_eq!(content(&packet(V4, mask)), Content::Other(1), "a request is no answer");
    }

    /// `head` is type and code; the rest is what the error is about.
    fn icmp(family: [&str; 2], head: [u8; 2], about: &[u8]) -> Vec<u8> {
        let number = if family == V4 { 1 } else { 58 };
        let mut bytes = packet(family, Payload::Protocol(number));
        bytes.extend([head[0], head[1], 0, 0, 0, 0, 0, 0]);
        bytes.extend(about);
        let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
        if family == V4 {
            bytes[2..4].copy_from_slice(&length);
        } else {
            let inside = u16::try_from(bytes.len() - 40).expect("short").to_be_bytes();
            bytes[4..6].copy_from_slice(&inside);
        }
        bytes
    }

    #[test]
    fn errors_tell_of_the_probe() {
        let udp = Payload::Udp { source: 40_001, destination: 161, data: b"x" };
        for (family, head, kind) in [
            (V4, [3, 3], IcmpError::Port),
            (V4, [3, 13], IcmpError::AdminProhibited),
            (V4, [11, 0], IcmpError::TimeExceeded),
            (V4, [3, 99], IcmpError::Destination),
            (V6, [1, 4], IcmpError::Port),
            (V6, [1, 1], IcmpError::AdminProhibited),
            (V6, [3, 0], IcmpError::TimeExceeded),
        ] {
            let probe = packet(family, udp);
            let Content::Error { kind: got, about } = content(&icmp(family, head, &probe)) else {
                panic!("{family:?} {head:?}")
            };
            assert_eq!((got, about.ports(), about.protocol), (kind, (40_001, 161), 17));
            assert_eq!(about.destination.to_string(), family[1]);
        }
        assert_eq!(Reply::of(&icmp(V4, [3, 3], b"short")), None);
        assert!(matches!(
            content(&icmp(V4, [0, 0], b"")),
            Content::Query { kind: Query::Echo, .. }
        ));
    }

    #[test]
    fn neighbours_are_read() {
        let mut reply = vec![0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 9, 10, 0, 0, 9];
        reply.extend([0; 10]);
        assert_eq!(arp_reply(&reply), Some(([10, 0, 0, 9].into(), [2, 0, 0, 0, 0, 9])));
        reply[7] = 1;
        assert_eq!(arp_reply(&reply), None, "a request");
        assert_eq!(arp_reply(&reply[..27]), None);
        let mut about = Ipv6Addr::LOCALHOST.octets().to_vec();
        about.extend([1, 1, 9, 9, 9, 9, 9, 9, 2, 1, 2, 0, 0, 0, 0, 7]);
        let read = content(&icmp(V6, [136, 0], &about));
        let (target, mac) = (Ipv6Addr::LOCALHOST, Some([2, 0, 0, 0, 0, 7]));
        assert_eq!(read, Content::Neighbour { target, mac });
        about[17] = 0;
        let read = content(&icmp(V6, [136, 0], &about));
        assert_eq!(read, Content::Neighbour { target, mac: None }, "an option without length");
    }

    #[test]
    fn a_spoilt_checksum_is_wrong_and_nothing_else() {
        let build = |bad_checksum| {
            let [source, destination] = V4.map(|text| text.parse().expect("address"));
            let envelope =
                Envelope { source, destination, ttl: 61, id: 7, padding: b"pad", bad_checksum };
            build(&envelope, &Payload::Udp { source: 1, destination: 2, data: b"" })
                .expect("packet")
        };
        let (good, bad) = (build(false), build(true));
        let differ: Vec<usize> = (0..good.len()).filter(|i| good[*i] != bad[*i]).collect();
        assert_eq!(differ, [26]);
        assert!(good.ends_with(b"pad"));
    }

    #[test]
    fn families_are_not_mixed() {
        let address = |text: &str| text.parse().expect("address");
        let envelope = Envelope {
            source: address(V4[0]),
            destination: address(V6[0]),
            ttl: 1,
            id: 0,
            padding: &[],
            bad_checksum: false,
        };
        let echo = Payload::Echo { id: 1, sequence: 1 };
        assert!(build(&envelope, &echo).is_err());
        let envelope = Envelope { source: address(V6[1]), ..envelope };
        assert!(build(&envelope, &echo).is_ok());
        assert!(build(&envelope, &Payload::Timestamp { id: 1, sequence: 1 }).is_err());
        assert!(build(&envelope, &Payload::Igmp).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(
            bytes in proptest::collection::vec(any::<u8>(), 0..120),
            version in prop_oneof![Just(0x45_u8), Just(0x60), any::<u8>()],
            protocol in prop_oneof![Just(1_u8), Just(58), Just(6), Just(17), Just(132), any::<u8>()],
        ) {
            let mut bytes = bytes;
            if bytes.len() > 9 {
                bytes[0] = version;
                bytes[if version >> 4 == 6 { 6 } else { 9 }] = protocol;
            }
            let _ = (Reply::of(&bytes), arp_reply(&bytes));
        }
    }
}
