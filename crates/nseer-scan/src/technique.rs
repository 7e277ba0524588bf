//! The ways to ask a host or one of its ports, and what silence means to each.

use nseer_core::{PortState, Protocol};
use nseer_packet::tcp_flags::{ACK, FIN, PSH, SYN, URG};

/// How something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Technique {
    /// A TCP connection by the system.
    Connect,
    /// A TCP segment with these flags, whose answer is read in this way.
    Tcp(u8, Reading),
    /// A datagram.
    Udp,
    /// An SCTP INIT chunk.
    SctpInit,
    /// An SCTP COOKIE ECHO chunk.
    SctpCookieEcho,
    /// An ICMP or ICMPv6 echo request.
    Echo,
    /// An ICMP timestamp request.
    Timestamp,
    /// An ICMP address mask request.
    AddressMask,
    /// A packet of an IP protocol, whose number stands in place of a port.
    Protocol,
    /// An ARP request or a neighbour solicitation, on the host's own link.
    Link,
}

/// What a TCP reset means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Closed, and silence is a filter (`-sS`).
    Syn,
    /// Not filtered (`-sA`).
    Ack,
    /// Open where it has a window, else closed (`-sW`).
    Window,
    /// Closed, and silence may be an open port (`-sN`, `-sF`, `-sX`, `-sM`).
    Silence,
}

impl Technique {
    /// `-sS`.
    pub const SYN: Technique = Technique::Tcp(SYN, Reading::Syn);
    /// `-sA`.
    pub const ACK: Technique = Technique::Tcp(ACK, Reading::Ack);
    /// `-sW`.
    pub const WINDOW: Technique = Technique::Tcp(ACK, Reading::Window);
    /// `-sM`.
    pub const MAIMON: Technique = Technique::Tcp(FIN | ACK, Reading::Silence);
    /// `-sN`.
    pub const NULL: Technique = Technique::Tcp(0, Reading::Silence);
    /// `-sF`.
    pub const FIN: Technique = Technique::Tcp(FIN, Reading::Silence);
    /// `-sX`.
    pub const XMAS: Technique = Technique::Tcp(FIN | PSH | URG, Reading::Silence);

    /// The protocol whose ports it asks, IP where it asks for protocols; `None` for what asks hosts.
    #[must_use]
    pub fn protocol(self) -> Option<Protocol> {
        match self {
            Technique::Connect | Technique::Tcp(..) => Some(Protocol::Tcp),
            Technique::Udp => Some(Protocol::Udp),
            Technique::SctpInit | Technique::SctpCookieEcho => Some(Protocol::Sctp),
            Technique::Protocol => Some(Protocol::Ip),
            Technique::Echo | Technique::Timestamp | Technique::AddressMask | Technique::Link => {
                None
            }
        }
    }

    /// True for what needs raw sockets.
    #[must_use]
    pub fn is_raw(self) -> bool {
        self != Technique::Connect
    }

    /// True where an answer may come after the last try was given up. A connection is closed then, and a neighbour is
    /// never far.
    pub(crate) fn hears_late_answers(self) -> bool {
        !matches!(self, Technique::Connect | Technique::Link)
    }

    /// True where closed ports are told by ICMP errors, which hosts limit.
    #[must_use]
    pub fn is_told_by_errors(self) -> bool {
        matches!(self, Technique::Udp | Technique::Protocol)
    }

    /// True for questions that IPv6 does not have.
    #[must_use]
    pub fn is_v4_only(self) -> bool {
        matches!(self, Technique::Timestamp | Technique::AddressMask)
    }

    /// The state of a port that does not answer.
    #[must_use]
    pub fn silence(self) -> PortState {
        match self {
            Technique::Tcp(_, Reading::Silence)
            | Technique::Udp
            | Technique::SctpCookieEcho
            | Technique::Protocol => PortState::OpenFiltered,
            _ => PortState::Filtered,
        }
    }
}

/// One thing to ask of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Aim {
    /// How.
    pub technique: Technique,
    /// Which port, or which protocol; 0 where the host itself is asked.
    pub port: u16,
    /// The time to live of the packet, for a trace; 0 for the usual one.
    pub hops: u8,
}

impl Aim {
    /// A question to a port.
    #[must_use]
    pub fn new(technique: Technique, port: u16) -> Aim {
        Aim { technique, port, hops: 0 }
    }

    /// A question to the host itself.
    #[must_use]
    pub fn host(technique: Technique) -> Aim {
        Aim { technique, port: 0, hops: 0 }
    }
}
