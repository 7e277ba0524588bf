//! What a packet says of what was asked. Pure: a packet and an aim in, an answer or nothing out.

use std::net::IpAddr;

use nseer_core::{PortState, PortStatus, Reason};
use nseer_packet::tcp_flags::{ACK, FIN, RST, SYN};
use nseer_packet::{Content, IcmpError, Query, Reply};

use crate::connector::Answer;
use crate::technique::{Aim, Reading, Technique};

/// A packet that may answer a probe: what it is about, and the try that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The host that was asked.
    pub(crate) host: IpAddr,
    /// The port that was asked; 0 where there is none.
    pub(crate) port: u16,
    /// The protocol of what was asked.
    pub(crate) protocol: u8,
    /// What it tells of the probe's origin.
    pub(crate) own: Own,
}

/// What a packet tells of the origin of the probe that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// The local port that it left from.
    Port(u16),
    /// The sequence number of an ICMP message, which counts the tries.
    Sequence(u16),
    /// Nothing.
    None,
}

impl Candidate {
    pub(crate) fn of(reply: &Reply) -> Candidate {
        let from = |protocol, port, own| Candidate { host: reply.source, port, protocol, own };
        match reply.content {
            Content::Tcp { source, destination, .. } => from(TCP, source, Own::Port(destination)),
            Content::Udp { source, destination } => from(UDP, source, Own::Port(destination)),
            Content::Sctp { source, destination, .. } => from(SCTP, source, Own::Port(destination)),
            Content::Query { sequence, .. } => from(icmp(reply), 0, Own::Sequence(sequence)),
            Content::Error { about, .. } => {
                let (host, protocol) = (about.destination, about.protocol);
                let (port, own) = match protocol {
                    TCP | UDP | SCTP => {
                        let (own, port) = about.ports();
                        (port, Own::Port(own))
                    }
                    ICMP | ICMP_V6 => (0, Own::Sequence(low(about.word()))),
                    _ => (0, Own::None),
                };
                Candidate { host, port, protocol, own }
            }
            Content::Neighbour { target, .. } => {
                Candidate { host: target.into(), port: 0, protocol: ICMP_V6, own: Own::None }
            }
            Content::Other(protocol) => from(protocol, 0, Own::None),
        }
    }
}

/// The number of ICMP in the family of a packet.
fn icmp(reply: &Reply) -> u8 {
    if reply.source.is_ipv4() { ICMP } else { ICMP_V6 }
}

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP_V6: u8 = 58;
const SCTP: u8 = 132;

fn high(word: u32) -> u16 {
    u16::try_from(word >> 16).unwrap_or_default()
}

fn low(word: u32) -> u16 {
    u16::try_from(word & 0xFFFF).unwrap_or_default()
}

/// The identifier of ICMP messages with this token; not 0, which some hosts put in by themselves.
pub(crate) fn icmp_id(token: u32) -> u16 {
    low(token) | 1
}

/// The answer that `reply` is to `aim`; `None` where it is none, or its token is not the probe's.
/// `padding` is the number of bytes that the probe carried.
pub(crate) fn read(aim: Aim, token: u32, padding: u32, reply: &Reply) -> Option<Answer> {
    let technique = aim.technique;
    if is_the_probe(technique, reply) {
        return None;
    }
    let answer = match reply.content {
        Content::Error { kind, about } => {
            if !quotes(aim, token, about.protocol, about.word()) {
                return None;
            }
            let is_from_host = reply.source == about.destination;
            // What this machine's kernel says of a neighbour that it does not find is no news.
            if reply.source == about.source && !is_from_host {
                return None;
            }
            Answer { is_from_host, ..error(technique, kind, reply, is_from_host) }
        }
        _ if technique == Technique::Protocol => protocol(aim.port, token, reply)?,
        Content::Tcp { sequence, acknowledgement, flags, window, .. } => {
            let Technique::Tcp(sent, reading) = technique else { return None };
            let heard = Heard { sequence, acknowledgement, flags, window };
            tcp(sent, reading, token, padding, &heard)?
        }
        Content::Udp { .. } if technique == Technique::Udp => {
            Answer::host(PortState::Open, Reason::UdpResponse)
        }
        Content::Sctp { tag, chunk, .. } => sctp(technique, token, tag, chunk)?,
        Content::Query { kind, id, .. } if id == icmp_id(token) => {
            let reason = match (technique, kind) {
                (Technique::Echo, Query::Echo) => Reason::EchoReply,
                (Technique::Timestamp, Query::Timestamp) => Reason::TimestampReply,
                (Technique::AddressMask, Query::AddressMask) => Reason::AddressMaskReply,
                _ => return None,
            };
            Answer::host(PortState::Open, reason)
        }
        Content::Neighbour { mac, .. } if technique == Technique::Link => {
            // It came no further than one link: a TTL would tell nothing.
            return Some(Answer { mac, ..Answer::host(PortState::Open, Reason::NdResponse) });
        }
        _ => return None,
    };
    let status = PortStatus { ttl: reply.ttl, ..answer.status };
    Some(Answer { status, ..answer })
}

/// True for a probe to an address of this machine, and to the port that it left from: it is heard as it
/// arrives, and its ends are those of an answer.
fn is_the_probe(technique: Technique, reply: &Reply) -> bool {
    reply.source == reply.destination
        && match (technique, reply.content) {
            (Technique::Tcp(sent, _), Content::Tcp { source, destination, flags, .. }) => {
                source == destination && flags == sent
            }
            (Technique::Udp, Content::Udp { source, destination }) => source == destination,
            _ => false,
        }
}

/// True where an error is about a probe with this token. A datagram has none but its ports, and packets of
/// protocols that nobody knows have none at all.
fn quotes(aim: Aim, token: u32, protocol: u8, word: u32) -> bool {
    let technique = match (aim.technique, protocol) {
        (Technique::Protocol, _) if aim.port != u16::from(protocol) => return false,
        (Technique::Protocol, TCP) => Technique::ACK,
        (Technique::Protocol, SCTP) => Technique::SctpInit,
        (technique, _) => technique,
    };
    match technique {
        // Each family has its own ICMP; the other's is a protocol like any other.
        Technique::Protocol if matches!(protocol, ICMP | ICMP_V6) => {
            word == 0 || high(word) == icmp_id(token)
        }
        Technique::Protocol => true,
        Technique::Tcp(..) => protocol == TCP && word == token,
        Technique::Udp => protocol == UDP,
        Technique::SctpInit => protocol == SCTP && word == 0,
        Technique::SctpCookieEcho => protocol == SCTP && word == token,
        Technique::Echo | Technique::Timestamp | Technique::AddressMask => {
            matches!(protocol, ICMP | ICMP_V6) && high(word) == icmp_id(token)
        }
        Technique::Connect | Technique::Link => false,
    }
}

struct Heard {
    sequence: u32,
    acknowledgement: u32,
    flags: u8,
    window: u16,
}

fn tcp(sent: u8, reading: Reading, token: u32, padding: u32, heard: &Heard) -> Option<Answer> {
    let flags = heard.flags;
    // A probe without ACK is acknowledged with what it takes up of the sequence (RFC 9293, section
    // 3.10.7.1), though not by all with its data; a reset of one with ACK begins where that said.
    let taken = u32::from(sent & SYN != 0) + u32::from(sent & FIN != 0) + padding;
    let acknowledged = flags & ACK != 0 && heard.acknowledgement.wrapping_sub(token) <= taken;
    if flags & RST != 0 {
        let is_ours = acknowledged || (sent & ACK != 0 && heard.sequence == token);
        return is_ours.then(|| reset(reading, heard.window));
    }
    // Who asks for a connection but reads answers as a FIN scan does (--scanflags) hears resets alone.
    if reading != Reading::Syn && sent & SYN != 0 {
        return None;
    }
    let state = if reading == Reading::Syn { PortState::Open } else { PortState::Unfiltered };
    match flags & (SYN | ACK) {
        both if both == SYN | ACK && acknowledged => Some(Answer::host(state, Reason::SynAck)),
        SYN if sent & SYN != 0 => Some(Answer::host(state, Reason::Syn)),
        _ => None,
    }
}

fn reset(reading: Reading, window: u16) -> Answer {
    let state = match reading {
        Reading::Syn | Reading::Silence => PortState::Closed,
        Reading::Ack => PortState::Unfiltered,
        Reading::Window if window == 0 => PortState::Closed,
        Reading::Window => PortState::Open,
    };
    Answer::host(state, Reason::Reset)
}

/// RFC 9260, sections 5.1 and 8.4.
fn sctp(technique: Technique, token: u32, tag: u32, chunk: u8) -> Option<Answer> {
    const INIT_ACK: u8 = 2;
    const ABORT: u8 = 6;
    let is_asked = matches!(technique, Technique::SctpInit | Technique::SctpCookieEcho);
    match chunk {
        _ if !is_asked || tag != token => None,
        INIT_ACK if technique == Technique::SctpInit => {
            Some(Answer::host(PortState::Open, Reason::InitAck))
        }
        ABORT => Some(Answer::host(PortState::Closed, Reason::Abort)),
        _ => None,
    }
}

/// A packet that is no error, to the question for a protocol: of those with tokens an answer must have
/// the probe's, of others any packet of the host's shows that it speaks the protocol.
fn protocol(number: u16, token: u32, reply: &Reply) -> Option<Answer> {
    let is_answer = match reply.content {
        // A reset of an ACK begins where that said.
        Content::Tcp { sequence, flags, .. } => flags & RST != 0 && sequence == token,
        Content::Udp { .. } => true,
        Content::Sctp { tag, .. } => tag == token,
        Content::Query { kind: Query::Echo, id, .. } => id == icmp_id(token),
        Content::Other(protocol) => u16::from(protocol) == number,
        _ => false,
    };
    is_answer.then(|| Answer::host(PortState::Open, Reason::ProtoResponse))
}

/// What an ICMP error that the host itself sent says of ICMP, and the number of that protocol.
pub(crate) fn speaks_icmp(reply: &Reply) -> Option<(u16, Answer)> {
    let Content::Error { kind, about } = reply.content else { return None };
    let is_from_host = reply.source == about.destination;
    let reason = error(Technique::Protocol, kind, reply, true).status.reason;
    let mut answer = Answer::host(PortState::Open, reason);
    answer.status.ttl = reply.ttl;
    is_from_host.then(|| (icmp(reply).into(), answer))
}

fn error(technique: Technique, kind: IcmpError, reply: &Reply, is_from_host: bool) -> Answer {
    let reason = match kind {
        IcmpError::Network => Reason::NetUnreach,
        IcmpError::NoRoute => Reason::NoRoute,
        IcmpError::Host => Reason::HostUnreach,
        // ICMPv6 has no such code: the field that names the protocol is the problem.
        IcmpError::Protocol if reply.source.is_ipv6() => Reason::ParamProblem,
        IcmpError::Protocol => Reason::ProtoUnreach,
        IcmpError::Port => Reason::PortUnreach,
        IcmpError::NetworkProhibited => Reason::NetProhibited,
        IcmpError::HostProhibited => Reason::HostProhibited,
        IcmpError::AdminProhibited => Reason::AdminProhibited,
        IcmpError::BeyondScope => Reason::BeyondScope,
        IcmpError::RejectRoute => Reason::RejectRoute,
        IcmpError::Destination => Reason::DestUnreach,
        IcmpError::TimeExceeded => Reason::TimeExceeded,
        IcmpError::Parameter => Reason::ParamProblem,
        IcmpError::SourceQuench => Reason::SourceQuench,
    };
    let state = match (technique, kind) {
        _ if !is_from_host => PortState::Filtered,
        (Technique::Udp, IcmpError::Port) | (Technique::Protocol, IcmpError::Protocol) => {
            PortState::Closed
        }
        (Technique::Protocol, IcmpError::Port) => PortState::Open,
        // A header of an extension that was read, and found wrong.
        (Technique::Protocol, IcmpError::Parameter) if reply.source.is_ipv6() => PortState::Open,
        _ => PortState::Filtered,
    };
    Answer::host(state, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nseer_packet::Quoted;

    const TOKEN: u32 = 0xDEAD_BEEF;

    fn reply(content: Content) -> Reply {
        let address = |last| IpAddr::from([192, 0, 2, last]);
        Reply { source: address(1), destination: address(2), ttl: 60, content }
    }

    fn segment(flags: u8, sequence: u32, acknowledgement: u32, window: u16) -> Reply {
        let (source, destination) = (80, 40_000);
        let tcp = Content::Tcp { source, destination, sequence, acknowledgement, flags, window };
        reply(tcp)
    }

    fn said(technique: Technique, reply: &Reply) -> Option<(PortState, Reason, bool)> {
        let answer = read(Aim::new(technique, 80), TOKEN, 0, reply)?;
        assert_eq!(answer.status.ttl, 60);
        Some((answer.status.state, answer.status.reason, answer.is_from_host))
    }

    #[test]
    fn segments_say_what_the_manual_says() {
        let open = segment(SYN | ACK, 9, TOKEN + 1, 100);
        let closed = segment(RST | ACK, 0, TOKEN + 1, 0);
        let reset = segment(RST, TOKEN, 0, 0);
        let windowed = segment(RST, TOKEN, 0, 1024);
        use PortState::{Closed, Open, Unfiltered};
        for (technique, reply, want) in [
            (Technique::SYN, &open, Some((Open, Reason::SynAck))),
            (Technique::SYN, &closed, Some((Closed, Reason::Reset))),
            (Technique::SYN, &segment(SYN, 5, 0, 9), Some((Open, Reason::Syn))),
            (Technique::SYN, &reset, None),
            (Technique::SYN, &segment(SYN | ACK, 9, TOKEN + 2, 9), None),
            (Technique::SYN, &segment(RST | ACK, 9, 7, 9), None),
            (Technique::SYN, &segment(ACK, 9, TOKEN + 1, 9), None),
            (Technique::ACK, &reset, Some((Unfiltered, Reason::Reset))),
            (Technique::ACK, &segment(RST, 1, 0, 0), None),
            (Technique::WINDOW, &reset, Some((Closed, Reason::Reset))),
            (Technique::WINDOW, &windowed, Some((Open, Reason::Reset))),
            (Technique::NULL, &segment(RST | ACK, 0, TOKEN, 0), Some((Closed, Reason::Reset))),
            (Technique::FIN, &closed, Some((Closed, Reason::Reset))),
            (Technique::MAIMON, &reset, Some((Closed, Reason::Reset))),
            (Technique::Tcp(SYN, Reading::Silence), &open, None),
            (Technique::Tcp(SYN, Reading::Ack), &open, None),
            (Technique::Tcp(SYN, Reading::Silence), &closed, Some((Closed, Reason::Reset))),
            (Technique::Udp, &open, None),
        ] {
            let want = want.map(|(state, reason)| (state, reason, true));
            assert_eq!(said(technique, reply), want, "{technique:?} {reply:?}");
        }
    }

    fn icmp(kind: IcmpError, protocol: u8, word: u32, from: u8) -> Reply {
        let mut first = [0; 8];
        first[..2].copy_from_slice(&40_000_u16.to_be_bytes());
        first[2..4].copy_from_slice(&80_u16.to_be_bytes());
        first[4..].copy_from_slice(&word.to_be_bytes());
        let address = |last| IpAddr::from([192, 0, 2, last]);
        let (source, destination) = (address(2), address(1));
        let about = Quoted { source, destination, protocol, first };
        Reply { source: address(from), ..reply(Content::Error { kind, about }) }
    }

    #[test]
    fn errors_say_what_the_manual_says() {
        use PortState::{Closed, Filtered};
        let port = IcmpError::Port;
        let check = |technique, reply: &Reply, want: Option<(PortState, Reason, bool)>| {
            assert_eq!(said(technique, reply), want, "{technique:?} {reply:?}");
        };
        let unreached = Reason::PortUnreach;
        check(Technique::Udp, &icmp(port, UDP, 9, 1), Some((Closed, unreached, true)));
        check(Technique::Udp, &icmp(port, UDP, 9, 7), Some((Filtered, unreached, false)));
        check(Technique::Udp, &icmp(port, TCP, TOKEN, 1), None);
        check(Technique::SYN, &icmp(port, TCP, TOKEN, 1), Some((Filtered, unreached, true)));
        check(Technique::SYN, &icmp(port, TCP, TOKEN + 1, 1), None);
        let admin = Some((Filtered, Reason::AdminProhibited, false));
        check(Technique::FIN, &icmp(IcmpError::AdminProhibited, TCP, TOKEN, 9), admin);
        let id = u32::from(icmp_id(TOKEN)) << 16;
        let host = Some((Filtered, Reason::HostUnreach, false));
        check(Technique::Echo, &icmp(IcmpError::Host, ICMP, id, 9), host);
        check(Technique::Echo, &icmp(IcmpError::Host, ICMP, id ^ 0x10000, 9), None);
    }

    #[test]
    fn protocols_say_what_the_manual_says() {
        use PortState::{Closed, Filtered, Open};
        let said = |number, reply: &Reply| {
            let answer = read(Aim::new(Technique::Protocol, number), TOKEN, 0, reply)?;
            Some((answer.status.state, answer.status.reason, answer.is_from_host))
        };
        let (port, none, admin) =
            (IcmpError::Port, IcmpError::Protocol, IcmpError::AdminProhibited);
        for (number, reply, want) in [
            (47, icmp(none, 47, 0, 1), Some((Closed, Reason::ProtoUnreach, true))),
            (47, icmp(none, 47, 0, 7), Some((Filtered, Reason::ProtoUnreach, false))),
            (47, icmp(none, 50, 0, 1), None),
            (4, icmp(port, 4, 0, 1), Some((Open, Reason::PortUnreach, true))),
            (17, icmp(port, UDP, 0, 1), Some((Open, Reason::PortUnreach, true))),
            (50, icmp(admin, 50, 0, 1), Some((Filtered, Reason::AdminProhibited, true))),
            (6, icmp(none, TCP, TOKEN, 1), Some((Closed, Reason::ProtoUnreach, true))),
            (6, icmp(none, TCP, TOKEN + 1, 1), None),
            (1, icmp(none, ICMP, 5, 1), None),
            (132, icmp(none, SCTP, 0, 1), Some((Closed, Reason::ProtoUnreach, true))),
        ] {
            assert_eq!(said(number, &reply), want, "{number} {reply:?}");
        }
        let open = Some((Open, Reason::ProtoResponse, true));
        let echo = |id| reply(Content::Query { kind: Query::Echo, id, sequence: 0 });
        let init_ack = Content::Sctp { source: 80, destination: 1, tag: TOKEN, chunk: 2 };
        for (number, reply, want) in [
            (6, segment(RST, TOKEN, 0, 0), open),
            (6, segment(RST, TOKEN + 1, 0, 0), None),
            (1, echo(icmp_id(TOKEN)), open),
            (1, echo(icmp_id(TOKEN) ^ 2), None),
            (17, reply(Content::Udp { source: 40_125, destination: 1 }), open),
            (132, reply(init_ack), open),
            (47, reply(Content::Other(47)), open),
            (47, reply(Content::Other(50)), None),
        ] {
            assert_eq!(said(number, &reply), want, "{number} {reply:?}");
            let candidate = Candidate::of(&reply);
            assert!(want.is_none() || u16::from(candidate.protocol) == number, "{candidate:?}");
        }
        let v6 = |last| IpAddr::from([0xFD99, 0, 0, 0, 0, 0, 0, last]);
        for (kind, want) in [
            (IcmpError::Protocol, (Closed, Reason::ParamProblem, true)),
            (IcmpError::Parameter, (Open, Reason::ParamProblem, true)),
        ] {
            let about = Quoted { source: v6(2), destination: v6(1), protocol: 44, first: [0; 8] };
            let content = Content::Error { kind, about };
            let reply = Reply { source: v6(1), destination: v6(2), ttl: 64, content };
            assert_eq!(said(44, &reply), Some(want));
            let (protocol, proof) = speaks_icmp(&reply).expect("an error of the host's");
            assert_eq!((protocol, proof.status.state), (58, Open));
        }
        assert_eq!(speaks_icmp(&icmp(port, UDP, 0, 7)), None);
    }

    #[test]
    fn other_answers() {
        let id = icmp_id(TOKEN);
        let echo = reply(Content::Query { kind: Query::Echo, id, sequence: 3 });
        let up = |reason| Some((PortState::Open, reason, true));
        assert_eq!(said(Technique::Echo, &echo), up(Reason::EchoReply));
        assert_eq!(said(Technique::Timestamp, &echo), None);
        assert_eq!(Candidate::of(&echo).own, Own::Sequence(3));
        let packet = |tag, chunk| reply(Content::Sctp { source: 80, destination: 1, tag, chunk });
        assert_eq!(said(Technique::SctpInit, &packet(TOKEN, 2)), up(Reason::InitAck));
        let aborted = Some((PortState::Closed, Reason::Abort, true));
        assert_eq!(said(Technique::SctpInit, &packet(TOKEN, 6)), aborted);
        assert_eq!(said(Technique::SctpCookieEcho, &packet(TOKEN, 6)), aborted);
        assert_eq!(said(Technique::SctpCookieEcho, &packet(TOKEN, 2)), None);
        assert_eq!(said(Technique::SctpInit, &packet(TOKEN + 1, 2)), None);
        let datagram = reply(Content::Udp { source: 80, destination: 1 });
        assert_eq!(said(Technique::Udp, &datagram), up(Reason::UdpResponse));
        assert_eq!(said(Technique::SYN, &datagram), None);
    }
}
