//! Ports, their states and the reasons for them.

use std::fmt;
use std::str::FromStr;

use crate::foreign_word::ForeignWord;

/// A transport protocol whose ports can be scanned, or IP, whose "ports" are the protocols that it
/// carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP (RFC 9293).
    Tcp,
    /// UDP (RFC 768).
    Udp,
    /// SCTP (RFC 9260).
    Sctp,
    /// IP: a number is that of a protocol, 0 to 255.
    Ip,
}

impl Protocol {
    /// All protocols, in the order in which outputs list them.
    pub const ALL: [Protocol; 4] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Ip];
    /// Those that have ports, in the same order.
    pub const TRANSPORTS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// The highest number of a port.
    #[must_use]
    pub fn highest(self) -> u16 {
        if self == Protocol::Ip { 255 } else { u16::MAX }
    }

    /// What one or several of its numbers are called: `port`, `protocols`.
    #[must_use]
    pub fn noun(self, count: usize) -> &'static str {
        match (self, count) {
            (Protocol::Ip, 1) => "protocol",
            (Protocol::Ip, _) => "protocols",
            (_, 1) => "port",
            (_, _) => "ports",
        }
    }

    /// The lower-case name: `tcp`, `udp`, `sctp` or `ip`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
            Protocol::Ip => "ip",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text was not `tcp`, `udp`, `sctp` or `ip`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a protocol: use tcp, udp, sctp or ip")]
pub struct UnknownProtocol(pub String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Protocol::ALL
            .into_iter()
            .find(|p| p.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownProtocol(text.to_owned()))
    }
}

/// One port: protocol and number. Sorts by protocol, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortKey {
    /// The transport protocol.
    pub protocol: Protocol,
    /// The port number, 0 to 65,535; for IP that of a protocol, 0 to 255.
    pub number: u16,
}

impl PortKey {
    /// A port from its two parts.
    #[must_use]
    pub fn new(protocol: Protocol, number: u16) -> Self {
        PortKey { protocol, number }
    }

    /// The TCP port `number`.
    #[must_use]
    pub fn tcp(number: u16) -> Self {
        PortKey::new(Protocol::Tcp, number)
    }

    /// The protocol `number` of IP.
    #[must_use]
    pub fn ip(number: u8) -> Self {
        PortKey::new(Protocol::Ip, number.into())
    }

    /// True for a port; false for a protocol of IP, which scripts and version detection do not take
    /// for one.
    #[must_use]
    pub fn is_port(self) -> bool {
        self.protocol != Protocol::Ip
    }

    /// The UDP port `number`.
    #[must_use]
    pub fn udp(number: u16) -> Self {
        PortKey::new(Protocol::Udp, number)
    }
}

impl fmt::Display for PortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.protocol)
    }
}

/// What a scan says of a port, in the six words that Nmap's users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PortState {
    /// Something accepts connections or datagrams there.
    Open,
    /// The host answers, nothing listens.
    Closed,
    /// Nothing came back, or an ICMP error says that a filter is in the way.
    Filtered,
    /// Reachable, but open and closed cannot be told apart.
    Unfiltered,
    /// Open or filtered, which cannot be told apart.
    OpenFiltered,
    /// Closed or filtered, which cannot be told apart.
    ClosedFiltered,
}

impl PortState {
    /// All states.
    pub const ALL: [PortState; 6] = [
        PortState::Open,
        PortState::Closed,
        PortState::Filtered,
        PortState::Unfiltered,
        PortState::OpenFiltered,
        PortState::ClosedFiltered,
    ];

    /// The name in outputs and in scripts, such as `open|filtered`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PortState::Open => "open",
            PortState::Closed => "closed",
            PortState::Filtered => "filtered",
            PortState::Unfiltered => "unfiltered",
            PortState::OpenFiltered => "open|filtered",
            PortState::ClosedFiltered => "closed|filtered",
        }
    }

    /// True for the states in which portrules are tried: open, open|filtered, unfiltered.
    #[must_use]
    pub fn is_scriptable(self) -> bool {
        matches!(self, PortState::Open | PortState::OpenFiltered | PortState::Unfiltered)
    }
}

impl fmt::Display for PortState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a host or a port has its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing is known.
    Unknown,
    /// The user said so (`-Pn`).
    UserSet,
    /// The address is one of this machine's.
    LocalhostResponse,
    /// A script said so.
    ScriptSet,
    /// A SYN was answered by SYN and ACK, or connect() succeeded.
    SynAck,
    /// connect() was refused.
    ConnRefused,
    /// A TCP reset.
    Reset,
    /// Nothing came back.
    NoResponse,
    /// An ICMP echo reply.
    EchoReply,
    /// An ICMP timestamp reply.
    TimestampReply,
    /// An ICMP address mask reply.
    AddressMaskReply,
    /// An ARP reply.
    ArpResponse,
    /// A neighbour advertisement (IPv6).
    NdResponse,
    /// A SYN was answered by a SYN alone.
    Syn,
    /// A datagram came back.
    UdpResponse,
    /// SCTP INIT was answered by INIT ACK.
    InitAck,
    /// SCTP ABORT.
    Abort,
    /// A packet of the protocol came back.
    ProtoResponse,
    /// ICMP destination unreachable, port.
    PortUnreach,
    /// ICMP destination unreachable, protocol.
    ProtoUnreach,
    /// ICMP destination unreachable, host.
    HostUnreach,
    /// ICMP destination unreachable, network.
    NetUnreach,
    /// ICMP destination unreachable, host prohibited.
    HostProhibited,
    /// ICMP destination unreachable, network prohibited.
    NetProhibited,
    /// ICMP destination unreachable, administratively prohibited.
    AdminProhibited,
    /// ICMP destination unreachable, another code.
    DestUnreach,
    /// ICMPv6 destination unreachable, no route.
    NoRoute,
    /// ICMPv6 destination unreachable, beyond the scope of the source.
    BeyondScope,
    /// ICMPv6 destination unreachable, the route rejects.
    RejectRoute,
    /// ICMP time exceeded.
    TimeExceeded,
    /// ICMP parameter problem.
    ParamProblem,
    /// ICMP source quench.
    SourceQuench,
    /// The local system refused to send (a local firewall, for instance).
    NetDenied,
    /// A word of another program's, from a document that was read.
    Other(ForeignWord),
}

impl Reason {
    /// The word that `--reason`, XML and scripts show for one port or host.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Unknown => "unknown-response",
            Reason::UserSet => "user-set",
            Reason::LocalhostResponse => "localhost-response",
            Reason::ScriptSet => "script-set",
            Reason::SynAck => "syn-ack",
            Reason::ConnRefused => "conn-refused",
            Reason::Reset => "reset",
            Reason::NoResponse => "no-response",
            Reason::EchoReply => "echo-reply",
            Reason::TimestampReply => "timestamp-reply",
            Reason::AddressMaskReply => "addressmask-reply",
            Reason::ArpResponse => "arp-response",
            Reason::NdResponse => "nd-response",
            Reason::Syn => "split-handshake-syn",
            Reason::UdpResponse => "udp-response",
            Reason::InitAck => "init-ack",
            Reason::Abort => "abort",
            Reason::ProtoResponse => "proto-response",
            Reason::PortUnreach => "port-unreach",
            Reason::ProtoUnreach => "proto-unreach",
            Reason::HostUnreach => "host-unreach",
            Reason::NetUnreach => "net-unreach",
            Reason::HostProhibited => "host-prohibited",
            Reason::NetProhibited => "net-prohibited",
            Reason::AdminProhibited => "admin-prohibited",
            Reason::DestUnreach => "dest-unreach",
            Reason::NoRoute => "no-route",
            Reason::BeyondScope => "beyond-scope",
            Reason::RejectRoute => "reject-route",
            Reason::TimeExceeded => "time-exceeded",
            Reason::ParamProblem => "param-problem",
            Reason::SourceQuench => "source-quench",
            Reason::NetDenied => "perm-denied",
            Reason::Other(word) => word.as_str(),
        }
    }

    /// The reason that has this word; `None` where it is no word of ours.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Reason> {
        Reason::OURS.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The reason that has this word, ours or another program's; [`Reason::Unknown`] where it looks
    /// like no word.
    #[must_use]
    pub fn named(word: &str) -> Reason {
        Reason::from_word(word)
            .or_else(|| ForeignWord::new(word).map(Reason::Other))
            .unwrap_or(Reason::Unknown)
    }

    /// Every reason that a scan of ours gives.
    const OURS: [Reason; 33] = [
        Reason::Unknown,
        Reason::UserSet,
        Reason::LocalhostResponse,
        Reason::ScriptSet,
        Reason::SynAck,
        Reason::ConnRefused,
        Reason::Reset,
        Reason::NoResponse,
        Reason::EchoReply,
        Reason::UdpResponse,
        Reason::PortUnreach,
        Reason::HostUnreach,
        Reason::NetUnreach,
        Reason::AdminProhibited,
        Reason::NetDenied,
        Reason::Syn,
        Reason::TimestampReply,
        Reason::AddressMaskReply,
        Reason::ArpResponse,
        Reason::NdResponse,
        Reason::InitAck,
        Reason::Abort,
        Reason::ProtoResponse,
        Reason::ProtoUnreach,
        Reason::HostProhibited,
        Reason::NetProhibited,
        Reason::DestUnreach,
        Reason::NoRoute,
        Reason::BeyondScope,
        Reason::RejectRoute,
        Reason::TimeExceeded,
        Reason::ParamProblem,
        Reason::SourceQuench,
    ];

    /// The word in summaries of `count` ports; several words have a plural of their own.
    #[must_use]
    pub fn summary(self, count: usize) -> &'static str {
        if count == 1 {
            return self.as_str();
        }
        match self {
            Reason::SynAck => "syn-acks",
            Reason::Reset => "resets",
            Reason::NoResponse => "no-responses",
            Reason::EchoReply => "echo-replies",
            Reason::TimestampReply => "timestamp-replies",
            Reason::AddressMaskReply => "addressmask-replies",
            Reason::ArpResponse => "arp-responses",
            Reason::NdResponse => "nd-responses",
            Reason::Syn => "split-handshake-syns",
            Reason::UdpResponse => "udp-responses",
            Reason::InitAck => "init-acks",
            Reason::Abort => "aborts",
            Reason::ProtoResponse => "proto-responses",
            Reason::PortUnreach => "port-unreaches",
            Reason::ProtoUnreach => "proto-unreaches",
            Reason::HostUnreach => "host-unreaches",
            Reason::NetUnreach => "net-unreaches",
            Reason::HostProhibited => "host-prohibiteds",
            Reason::NetProhibited => "net-prohibiteds",
            Reason::AdminProhibited => "admin-prohibiteds",
            Reason::DestUnreach => "dest-unreaches",
            Reason::TimeExceeded => "time-exceededs",
            Reason::ParamProblem => "param-problems",
            Reason::SourceQuench => "source-quenches",
            other => other.as_str(),
        }
    }
}

/// State, reason and the IP time-to-live of the answer (0 where it is not known).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortStatus {
    /// The state.
    pub state: PortState,
    /// Why.
    pub reason: Reason,
    /// TTL or hop limit of the answering packet; 0 unknown.
    pub ttl: u8,
}

impl PortStatus {
    /// A status whose TTL is not known.
    #[must_use]
    pub fn new(state: PortState, reason: Reason) -> Self {
        PortStatus { state, reason, ttl: 0 }
    }
}
