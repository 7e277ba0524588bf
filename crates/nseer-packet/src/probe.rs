//! Probe packets: IP packets that make a host say something, built whole.
//!
//! Sources: RFC 791 and 8200 (IP), 9293 (TCP), 768 (UDP), 792 and 950 (ICMP), 4443 (ICMPv6), 2236
//! (IGMP), 9260 (SCTP).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::checksum::Sum16BitWords;
use etherparse::{
    IcmpEchoHeader, Icmpv4Type, Icmpv6Type, IpHeaders, IpNumber, Ipv4Header, Ipv6Header,
    PacketBuilder, PacketBuilderStep, TcpHeader, TcpOptionElement, icmpv4,
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
    let headers = match (envelope.source, envelope.destination) {
        (IpAddr::V4(from), IpAddr::V4(to)) => v4_header(envelope, from, to),
        (IpAddr::V6(from), IpAddr::V6(to)) => v6_header(envelope, from, to),
        _ => return Err(wrong),
    };
    let header_length = headers.header_len();
    let is_v4 = envelope.destination.is_ipv4();
    let step = PacketBuilder::ip(headers);
    let padding = envelope.padding;
    let mut packet = Vec::with_capacity(64 + padding.len());
    let written = match *payload {
        Payload::Tcp { source, destination, sequence, acknowledgement, flags } => {
            let header = tcp_header(source, destination, sequence, acknowledgement, flags);
            step.tcp_header(header).write_to_vec(&mut packet, padding)
        }
        Payload::Udp { source, destination, data } => {
            let data = if data.is_empty() { padding } else { data };
            step.udp(source, destination).write_to_vec(&mut packet, data)
        }
        Payload::SctpInit { source, destination, tag } => {
            let chunk = sctp_init_chunk(tag);
            sctp(step, &mut packet, [source, destination], 0, &chunk)
        }
        Payload::SctpCookieEcho { source, destination, tag } => {
            sctp(step, &mut packet, [source, destination], tag, &[10, 0, 0, 4])
        }
        Payload::Echo { id, sequence: seq } if is_v4 => {
            let echo = Icmpv4Type::EchoRequest(IcmpEchoHeader { id, seq });
            step.icmpv4(echo).write_to_vec(&mut packet, padding)
        }
        Payload::Echo { id, sequence: seq } => {
            let echo = Icmpv6Type::EchoRequest(IcmpEchoHeader { id, seq });
            step.icmpv6(echo).write_to_vec(&mut packet, padding)
        }
        Payload::Timestamp { id, sequence: seq } if is_v4 => {
            let times = icmpv4::TimestampMessage {
                id,
                seq,
                originate_timestamp: 0,
                receive_timestamp: 0,
                transmit_timestamp: 0,
            };
            step.icmpv4(Icmpv4Type::TimestampRequest(times)).write_to_vec(&mut packet, padding)
        }
        Payload::AddressMask { id, sequence } if is_v4 => {
            // RFC 950, appendix I: type 17, then the mask, all zeroes.
            let ([a, b], [c, d]) = (id.to_be_bytes(), sequence.to_be_bytes());
            let mut body = vec![0; 4];
            body.extend_from_slice(padding);
            step.icmpv4_raw(17, 0, [a, b, c, d]).write_to_vec(&mut packet, &body)
        }
        Payload::Igmp if is_v4 => {
            let mut message = IGMP_QUERY.to_vec();
            message.extend_from_slice(padding);
            // The sum is kept in the order of the bytes that it was made of.
            let sum = Sum16BitWords::new().add_slice(&message).ones_complement();
            message[2..4].copy_from_slice(&sum.to_ne_bytes());
            step.write_to_vec(&mut packet, IpNumber::IGMP, &message)
        }
        Payload::Timestamp { .. } | Payload::AddressMask { .. } | Payload::Igmp => {
            return Err(wrong);
        }
        Payload::Protocol(number) if !is_v4 => return bare_v6(envelope, number).ok_or(wrong),
        Payload::Protocol(number) => step.write_to_vec(&mut packet, IpNumber(number), padding),
    };
    written.map_err(|_| wrong)?;
    if envelope.bad_checksum {
        spoil(&mut packet[header_length..], payload);
    }
    Ok(packet)
}

fn v4_header(envelope: &Envelope<'_>, from: Ipv4Addr, to: Ipv4Addr) -> IpHeaders {
    let header = Ipv4Header {
        identification: envelope.id,
        time_to_live: envelope.ttl,
        source: from.octets(),
        destination: to.octets(),
        ..Ipv4Header::default()
    };
    IpHeaders::Ipv4(header, Default::default())
}

fn v6_header(envelope: &Envelope<'_>, from: Ipv6Addr, to: Ipv6Addr) -> IpHeaders {
    let header = Ipv6Header {
        flow_label: u32::from(envelope.id).try_into().unwrap_or_default(),
        hop_limit: envelope.ttl,
        source: from.octets(),
        destination: to.octets(),
        ..Ipv6Header::default()
    };
    IpHeaders::Ipv6(header, Default::default())
}

/// A header that names the next one and ends there. The builder would want to know what is in it, where
/// it is one of an extension.
fn bare_v6(envelope: &Envelope<'_>, number: u8) -> Option<Vec<u8>> {
    let (IpAddr::V6(from), IpAddr::V6(to)) = (envelope.source, envelope.destination) else {
        return None;
    };
    let IpHeaders::Ipv6(mut header, _) = v6_header(envelope, from, to) else { return None };
    header.next_header = IpNumber(number);
    header.payload_length = u16::try_from(envelope.padding.len()).ok()?;
    let mut packet = header.to_bytes().to_vec();
    packet.extend_from_slice(envelope.padding);
    Some(packet)
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

fn sctp(
    step: PacketBuilderStep<IpHeaders>,
    packet: &mut Vec<u8>,
    [source, destination]: [u16; 2],
    tag: u32,
    chunk: &[u8],
) -> Result<(), etherparse::err::packet::BuildVecWriteError> {
    let mut body = Vec::with_capacity(12 + chunk.len());
    body.extend_from_slice(&source.to_be_bytes());
    body.extend_from_slice(&destination.to_be_bytes());
    body.extend_from_slice(&tag.to_be_bytes());
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(chunk);
    // RFC 9260, appendix A: the CRC is sent with its least byte first.
    let sum = crc32c::crc32c(&body).to_le_bytes();
    body[8..12].copy_from_slice(&sum);
    step.write_to_vec(packet, IpNumber::SCTP, &body)
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
    let mut packet = Vec::with_capacity(72);
    let written = PacketBuilder::ipv6(source.octets(), group.octets(), 255)
        .icmpv6_raw(135, 0, [0; 4])
        .write_to_vec(&mut packet, &body);
    debug_assert!(written.is_ok(), "it is short");
    (packet, group)
}
