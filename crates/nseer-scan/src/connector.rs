//! What a port scan asks of the network: start a probe, and sometimes wait for its answer.
//! [`crate::SocketConnector`] does so with sockets, [`crate::RawConnector`] with packets; tests do
//! so with a simulated network.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nseer_core::{PortState, PortStatus, Reason};
use nseer_packet::socket_address;

use crate::technique::{Aim, Technique};

/// What came back of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of a port with this answer.
    pub status: PortStatus,
    /// The host itself answered, not something on the way.
    pub is_from_host: bool,
    /// The try that was answered (0: the first) and how long that took, where it can be told.
    pub to: Option<(u32, Duration)>,
    /// Who sent it, where it came as a packet.
    pub source: Option<IpAddr>,
    /// The Ethernet address that it told, or that it came from: for a host that is no neighbour, the
    /// router's.
    pub mac: Option<[u8; 6]>,
}

impl Answer {
    /// The host itself says that its port has this state.
    #[must_use]
    pub const fn host(state: PortState, reason: Reason) -> Answer {
        let status = PortStatus { state, reason, ttl: 0 };
        Answer { status, is_from_host: true, to: None, source: None, mac: None }
    }

    /// A connection was made.
    #[must_use]
    pub const fn open() -> Answer {
        Answer::host(PortState::Open, Reason::SynAck)
    }

    /// A connection was refused.
    #[must_use]
    pub const fn refused() -> Answer {
        Answer::host(PortState::Closed, Reason::ConnRefused)
    }

    /// Something on the way, or this machine, says that the port cannot be reached.
    #[must_use]
    pub const fn unreachable(reason: Reason) -> Answer {
        Answer { is_from_host: false, ..Answer::host(PortState::Filtered, reason) }
    }

    /// It is one of the ICMP errors by which hosts tell of closed ports and protocols, and which they
    /// limit.
    pub(crate) fn is_limited_error(&self) -> bool {
        let reason = self.status.reason;
        matches!(reason, Reason::PortUnreach | Reason::ProtoUnreach | Reason::ParamProblem)
    }

    /// What it means that nothing came back.
    #[must_use]
    pub fn silence(technique: Technique) -> Answer {
        Answer { is_from_host: false, ..Answer::host(technique.silence(), Reason::NoResponse) }
    }
}

/// How a probe began.
#[derive(Debug)]
pub enum Started<P> {
    /// The answer is there already.
    Done(Answer),
    /// The answer has to be waited for. Dropping this gives the probe up.
    Pending(P),
    /// This machine could not send: descriptors, local ports or memory are used up. Nothing is
    /// known of the port.
    Shortage(io::Error),
}

/// A host, and how packets to it leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The host's address.
    pub address: IpAddr,
    /// The local address that packets leave from; `None` where there is no route.
    pub source: Option<IpAddr>,
    /// The interface that they leave by, where it is known.
    pub interface: Option<String>,
    /// It is another host on a network of this machine's.
    pub is_neighbour: bool,
    /// The number of the interface on whose link it is, where the address is the same on every link;
    /// else 0.
    pub zone: u32,
}

impl Destination {
    /// A port of the host's.
    #[must_use]
    pub fn socket(&self, port: u16) -> SocketAddr {
        socket_address(self.address, port, self.zone)
    }
}

/// Starts probes. Each task that sends has a clone of its own, which may keep a resource (one
/// socket, packets that are not sent yet) from one probe to the next.
pub trait Connector: Clone + Send + Sync + 'static {
    /// A probe that waits for its answer.
    type Pending: Future<Output = Answer> + Send + Unpin;

    /// All probes from now on are for this host.
    fn turn_to(&mut self, host: &Destination);

    /// Starts one probe, the first of its aim (`attempt` 0) or a repetition. It may be kept back
    /// until [`Connector::flush`].
    fn start(&mut self, aim: Aim, attempt: u32) -> Started<Self::Pending>;

    /// The same for an aim that has its answer; the next one is of no use to anybody else.
    fn ask_again(&mut self, aim: Aim, attempt: u32) -> Started<Self::Pending> {
        self.start(aim, attempt)
    }

    /// Sends what was kept back.
    fn flush(&mut self);

    /// An answer that came after its probe had been given up.
    fn late(&mut self, aim: Aim) -> Option<Answer>;

    /// Gives back what was kept, since no probe follows for a while.
    fn rest(&mut self);
}
