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
    pub(crate) fn of(reply: &Reply) -> Option<Candidate> {
        let from = |port, own| Candidate { host: reply.source, port, own };
        Some(match reply.content {
            Content::Tcp { source, destination, .. }
            | Content::Udp { source, destination }
            | Content::Sctp { source, destination, .. } => from(source, Own::Port(destination)),
            Content::Query { sequence, .. } => from(0, Own::Sequence(sequence)),
            Content::Error { about, .. } => match about.protocol {
                TCP | UDP | SCTP => {
                    let (own, port) = about.ports();
                    Candidate { host: about.destination, port, own: Own::Port(own) }
                }
                ICMP | ICMP_V6 => Candidate {
                    host: about.destination,
                    port: 0,
                    own: Own::Sequence(low(about.word())),
                },
                _ => return None,
            },
            Content::Neighbour { target, .. } => {
                Candidate { host: target.into(), port: 0, own: Own::None }
            }
            Content::Other(_) => return None,
        })
    }
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
    let answer = match reply.content {
        Content::Error { kind, about } => {
            if !quotes(technique, token, about.protocol, about.word()) {
                return None;
            }
            let is_from_host = reply.source == about.destination;
            // What this machine's kernel says of a neighbour that it does not find is no news.
            if reply.source == about.source && !is_from_host {
                return None;
            }
            Answer { is_from_host, ..error(technique, kind, is_from_host) }
        }
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

/// True where an error is about a probe with this token. A datagram has none but its ports.
fn quotes(technique: Technique, token: u32, protocol: u8, word: u32) -> bool {
    match technique {
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

fn error(technique: Technique, kind: IcmpError, is_from_host: bool) -> Answer {
    let reason = match kind {
        IcmpError::Network => Reason::NetUnreach,
        IcmpError::NoRoute => Reason::NoRoute,
        IcmpError::Host => Reason::HostUnreach,
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
    let says_closed = kind == IcmpError::Port && technique == Technique::Udp && is_from_host;
    let state = if says_closed { PortState::Closed } else { PortState::Filtered };
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
    fn other_answers() {
        let id = icmp_id(TOKEN);
        let echo = reply(Content::Query { kind: Query::Echo, id, sequence: 3 });
        let up = |reason| Some((PortState::Open, reason, true));
        assert_eq!(said(Technique::Echo, &echo), up(Reason::EchoReply));
        assert_eq!(said(Technique::Timestamp, &echo), None);
        assert_eq!(Candidate::of(&echo).map(|c| c.own), Some(Own::Sequence(3)));
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
