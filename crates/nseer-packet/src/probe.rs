//! Probe packets: IP packets that make a host say something, built whole.
//!
//! Sources: RFC 791 and 8200 (IP), 9293 (TCP), 768 (UDP), 792 and 950 (ICMP), 4443 (ICMPv6), 2236
//! (IGMP), 9260 (SCTP).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::checksum::Sum16BitWords;
use etherparse::{
    IcmpEchoHeader, Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type, IpNumber, Ipv4Header,
    Ipv6Header, TcpHeader, TcpOptionElement, UdpHeader, icmpv4,
};

/// The bits of TCP's flags, as in the header's byte 13.
pub mod tcp_flags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgement field counts.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer counts.
    pub const URG: u8 = 0x20;
    /// Explicit congestion notification, echo.
    pub const ECE: u8 = 0x40;
    /// Congestion window reduced.
    pub const CWR: u8 = 0x80;
}

/// What goes into the IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// A TCP segment without a connection.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Sequence number.
        sequence: u32,
        /// Acknowledgement number, whatever the flags say.
        acknowledgement: u32,
        /// See [`tcp_flags`].
        flags: u8,
    },
    /// A datagram.
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// What it carries.
        data: &'a [u8],
    },
    /// An SCTP packet with one INIT chunk.
    SctpInit {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// The tag that answers must carry; not 0.
        tag: u32,
    },
    /// An SCTP packet with one COOKIE ECHO chunk, whose cookie nobody gave out.
    SctpCookieEcho {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// The packet's verification tag.
        tag: u32,
    },
    /// An ICMP or ICMPv6 echo request.
    Echo {
        /// Identifier.
        id: u16,
        /// Sequence number.
        sequence: u16,
    },
    /// An ICMP timestamp request (IPv4 only).
    Timestamp {
        /// Identifier.
        id: u16,
        /// Sequence number.
        sequence: u16,
    },
    /// An ICMP address mask request (IPv4 only).
    AddressMask {
        /// Identifier.
        id: u16,
        /// Sequence number.
        sequence: u16,
    },
    /// An IGMP membership query about all groups (IPv4 only).
    Igmp,
    /// Nothing but the number of a protocol.
    Protocol(u8),
}

/// The IP packet around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Who sends it.
    pub source: IpAddr,
    /// Whom it is for; of the same family.
    pub destination: IpAddr,
    /// Hops that it may take.
    pub ttl: u8,
    /// The identification field (IPv4) or flow label (IPv6).
    pub id: u16,
    /// Bytes added to the end, except to datagrams that carry something already.
    pub padding: &'a [u8],
    /// The checksum of what is inside is wrong.
    pub bad_checksum: bool,
}

/// The packet cannot be built: the families differ, or what is inside does not exist in that family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such packet between {0} and {1}")]
pub struct NoSuchPacket(pub IpAddr, pub IpAddr);

/// As large as common stacks ask for without options, and a segment size that fits Ethernet.
const TCP_WINDOW: u16 = 1024;
const TCP_SEGMENT: u16 = 1460;

/// RFC 2236, section 2: the type; the time, the checksum and the group are 0.
const IGMP_QUERY: [u8; 8] = [0x11, 0, 0, 0, 0, 0, 0, 0];

/// Builds an IP packet.
///
/// # Errors
/// [`NoSuchPacket`].
pub fn build(envelope: &Envelope<'_>, payload: &Payload<'_>) -> Result<Vec<u8>, NoSuchPacket> {
    let wrong = NoSuchPacket(envelope.source, envelope.destination);
    let ends = Ends::of(envelope).ok_or(wrong)?;
    let mut packet = Vec::with_capacity(64 + envelope.padding.len());
    packet.resize(ends.header_length(), 0);
    let protocol = put_inside(&mut packet, envelope, ends, payload).ok_or(wrong)?;
    let (header, inside) = packet.split_at_mut(ends.header_length());
    if envelope.bad_checksum {
        spoil(inside, payload);
    }
    put_header(header, inside.len(), envelope, ends, protocol).ok_or(wrong)?;
    Ok(packet)
}

/// The addresses of a packet. The headers and checksums are put together by hand: etherparse's builder
/// moves a structure with room for all extensions, some kilobytes, several times for each packet.
#[derive(Clone, Copy)]
enum Ends {
    V4([u8; 4], [u8; 4]),
    V6([u8; 16], [u8; 16]),
}

impl Ends {
    fn of(envelope: &Envelope<'_>) -> Option<Ends> {
        match (envelope.source, envelope.destination) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Some(Ends::V4(from.octets(), to.octets())),
            (IpAddr::V6(from), IpAddr::V6(to)) => Some(Ends::V6(from.octets(), to.octets())),
            _ => None,
        }
    }

    fn is_v4(self) -> bool {
        matches!(self, Ends::V4(..))
    }

    fn header_length(self) -> usize {
        match self {
            Ends::V4(..) => Ipv4Header::MIN_LEN,
            Ends::V6(..) => Ipv6Header::LEN,
        }
    }
}

/// Appends what the packet carries and tells its protocol; nothing where the family has no such thing.
fn put_inside(
    packet: &mut Vec<u8>,
    envelope: &Envelope<'_>,
    ends: Ends,
    payload: &Payload<'_>,
) -> Option<IpNumber> {
    let padding = envelope.padding;
    match *payload {
        Payload::Tcp { source, destination, sequence, acknowledgement, flags } => {
            let mut header = tcp_header(source, destination, sequence, acknowledgement, flags);
            header.checksum = match ends {
                Ends::V4(from, to) => header.calc_checksum_ipv4_raw(from, to, padding),
                Ends::V6(from, to) => header.calc_checksum_ipv6_raw(from, to, padding),
            }
            .ok()?;
            packet.extend_from_slice(&header.to_bytes());
            packet.extend_from_slice(padding);
            Some(IpNumber::TCP)
        }
        Payload::Udp { source, destination, data } => {
            let data = if data.is_empty() { padding } else { data };
            let length = u16::try_from(UdpHeader::LEN + data.len()).ok()?;
            let mut header = UdpHeader {
                source_port: source,
                destination_port: destination,
                length,
                checksum: 0,
            };
            header.checksum = match ends {
                Ends::V4(from, to) => header.calc_checksum_ipv4_raw(from, to, data),
                Ends::V6(from, to) => header.calc_checksum_ipv6_raw(from, to, data),
            }
            .ok()?;
            packet.extend_from_slice(&header.to_bytes());
            packet.extend_from_slice(data);
            Some(IpNumber::UDP)
        }
        Payload::SctpInit { source, destination, tag } => {
            Some(put_sctp(packet, [source, destination], 0, &sctp_init_chunk(tag)))
        }
        Payload::SctpCookieEcho { source, destination, tag } => {
            Some(put_sctp(packet, [source, destination], tag, &[10, 0, 0, 4]))
        }
        Payload::Echo { id, sequence: seq } => {
            let echo = IcmpEchoHeader { id, seq };
            match ends {
                Ends::V4(..) => put_icmp(packet, Icmpv4Type::EchoRequest(echo), padding),
                Ends::V6(from, to) => {
                    put_icmp_v6(packet, (from, to), Icmpv6Type::EchoRequest(echo), padding)
                }
            }
        }
        Payload::Timestamp { id, sequence: seq } if ends.is_v4() => {
            let times = icmpv4::TimestampMessage {
                id,
                seq,
                originate_timestamp: 0,
                receive_timestamp: 0,
                transmit_timestamp: 0,
            };
            put_icmp(packet, Icmpv4Type::TimestampRequest(times), padding)
        }
        Payload::AddressMask { id, sequence } if ends.is_v4() => {
            // RFC 950, appendix I: type 17, then the mask, all zeroes.
            let ([a, b], [c, d]) = (id.to_be_bytes(), sequence.to_be_bytes());
            let mut body = vec![0; 4];
            body.extend_from_slice(padding);
            let bytes5to8 = [a, b, c, d];
            put_icmp(packet, Icmpv4Type::Unknown { type_u8: 17, code_u8: 0, bytes5to8 }, &body)
        }
        Payload::Igmp if ends.is_v4() => {
            let mut message = IGMP_QUERY.to_vec();
            message.extend_from_slice(padding);
            // The sum is kept in the order of the bytes that it was made of.
            let sum = Sum16BitWords::new().add_slice(&message).ones_complement();
            message[2..4].copy_from_slice(&sum.to_ne_bytes());
            packet.extend_from_slice(&message);
            Some(IpNumber::IGMP)
        }
        Payload::Timestamp { .. } | Payload::AddressMask { .. } | Payload::Igmp => None,
        Payload::Protocol(number) => {
            packet.extend_from_slice(padding);
            Some(IpNumber(number))
        }
    }
}

/// Fills the room that was left for the IP header.
fn put_header(
    room: &mut [u8],
    length: usize,
    envelope: &Envelope<'_>,
    ends: Ends,
    protocol: IpNumber,
) -> Option<()> {
    let length = u16::try_from(length).ok()?;
    match ends {
        Ends::V4(source, destination) => {
            let mut header =
                Ipv4Header::new(length, envelope.ttl, protocol, source, destination).ok()?;
            header.identification = envelope.id;
            header.header_checksum = header.calc_header_checksum();
            room.copy_from_slice(&header.to_bytes());
        }
        Ends::V6(source, destination) => {
            let header = Ipv6Header {
                flow_label: u32::from(envelope.id).try_into().unwrap_or_default(),
                payload_length: length,
                next_header: protocol,
                hop_limit: envelope.ttl,
                source,
                destination,
                ..Ipv6Header::default()
            };
            room.copy_from_slice(&header.to_bytes());
        }
    }
    Some(())
}

fn put_icmp(packet: &mut Vec<u8>, kind: Icmpv4Type, body: &[u8]) -> Option<IpNumber> {
    packet.extend_from_slice(&Icmpv4Header::with_checksum(kind, body).to_bytes());
    packet.extend_from_slice(body);
    Some(IpNumber::ICMP)
}

fn put_icmp_v6(
    packet: &mut Vec<u8>,
    (from, to): ([u8; 16], [u8; 16]),
    kind: Icmpv6Type,
    body: &[u8],
) -> Option<IpNumber> {
    let header = Icmpv6Header::with_checksum(kind, from, to, body).ok()?;
    packet.extend_from_slice(&header.to_bytes());
    packet.extend_from_slice(body);
    Some(IpNumber::IPV6_ICMP)
}

fn tcp_header(source: u16, destination: u16, sequence: u32, ack: u32, flags: u8) -> TcpHeader {
    let mut header = TcpHeader::new(source, destination, sequence, TCP_WINDOW);
    let has = |flag| flags & flag != 0;
    header.acknowledgment_number = ack;
    header.fin = has(tcp_flags::FIN);
    header.syn = has(tcp_flags::SYN);
    header.rst = has(tcp_flags::RST);
    header.psh = has(tcp_flags::PSH);
    header.ack = has(tcp_flags::ACK);
    header.urg = has(tcp_flags::URG);
    header.ece = has(tcp_flags::ECE);
    header.cwr = has(tcp_flags::CWR);
    if header.syn {
        // One option always fits.
        let _ = header.set_options(&[TcpOptionElement::MaximumSegmentSize(TCP_SEGMENT)]);
    }
    header
}

/// RFC 9260, section 3.3.2: tag, a window of 32 KiB, 10 streams each way, first number.
fn sctp_init_chunk(tag: u32) -> [u8; 20] {
    let mut chunk = [0; 20];
    chunk[0] = 1;
    chunk[3] = 20;
    chunk[4..8].copy_from_slice(&tag.to_be_bytes());
    chunk[8..12].copy_from_slice(&0x8000_u32.to_be_bytes());
    chunk[13] = 10;
    chunk[15] = 10;
    chunk[16..].copy_from_slice(&tag.rotate_left(16).to_be_bytes());
    chunk
}

fn put_sctp(
    packet: &mut Vec<u8>,
    [source, destination]: [u16; 2],
    tag: u32,
    chunk: &[u8],
) -> IpNumber {
    let start = packet.len();
    packet.extend_from_slice(&source.to_be_bytes());
    packet.extend_from_slice(&destination.to_be_bytes());
    packet.extend_from_slice(&tag.to_be_bytes());
    packet.extend_from_slice(&[0; 4]);
    packet.extend_from_slice(chunk);
    // RFC 9260, appendix A: the CRC is sent with its least byte first.
    let sum = crc32c::crc32c(&packet[start..]).to_le_bytes();
    packet[start + 8..start + 12].copy_from_slice(&sum);
    IpNumber::SCTP
}

/// Makes the checksum of what is inside wrong.
fn spoil(inside: &mut [u8], payload: &Payload<'_>) {
    let at = match payload {
        Payload::Tcp { .. } => 16,
        Payload::Udp { .. } => 6,
        Payload::SctpInit { .. } | Payload::SctpCookieEcho { .. } => 8,
        Payload::Echo { .. }
        | Payload::Timestamp { .. }
        | Payload::AddressMask { .. }
        | Payload::Igmp => 2,
        Payload::Protocol(_) => return,
    };
    // Never 0: that would mean "no checksum" to UDP.
    if let Some(byte) = inside.get_mut(at) {
        *byte = if *byte == 0x55 { 0x54 } else { 0x55 };
    }
}

/// An Ethernet frame that asks everybody who has `target` (RFC 826).
#[must_use]
pub fn arp_request(mac: [u8; 6], source: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let mut frame = Vec::with_capacity(42);
    frame.extend([0xFF; 6]);
    frame.extend(mac);
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(mac);
    frame.extend(source.octets());
    frame.extend([0; 6]);
    frame.extend(target.octets());
    frame
}

/// A packet that asks who has `target`, and the group that it goes to (RFC 4861, section 4.3).
#[must_use]
pub fn solicitation(mac: [u8; 6], source: Ipv6Addr, target: Ipv6Addr) -> (Vec<u8>, Ipv6Addr) {
    let [.., a, b, c] = target.octets();
    let group = Ipv6Addr::from([0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, a, b, c]);
    let mut body = target.octets().to_vec();
    // The option with our own address.
    body.extend([1, 1]);
    body.extend(mac);
    let envelope = Envelope {
        source: source.into(),
        destination: group.into(),
        ttl: 255,
        id: 0,
        padding: &[],
        bad_checksum: false,
    };
    let ends = (source.octets(), group.octets());
    let mut packet = vec![0; Ipv6Header::LEN];
    let ask = Icmpv6Type::Unknown { type_u8: 135, code_u8: 0, bytes5to8: [0; 4] };
    let written = put_icmp_v6(&mut packet, ends, ask, &body).and_then(|protocol| {
        let (header, inside) = packet.split_at_mut(Ipv6Header::LEN);
        put_header(header, inside.len(), &envelope, Ends::V6(ends.0, ends.1), protocol)
    });
    debug_assert!(written.is_some(), "it is short");
    (packet, group)
}
