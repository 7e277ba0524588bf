//! What a port scan asks of the network: start a probe, and sometimes wait for its answer.
//! [`crate::SocketConnector`] does so with sockets; tests do so with a simulated network.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use nseer_core::{PortState, PortStatus, Reason};

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The connection was made.
    Open,
    /// It was refused.
    Closed,
    /// Something on the way, or this machine, said that it cannot be made.
    Unreachable(Reason),
}

impl Outcome {
    /// The status of a port with this outcome.
    #[must_use]
    pub fn status(self) -> PortStatus {
        match self {
            Outcome::Open => PortStatus::new(PortState::Open, Reason::SynAck),
            Outcome::Closed => PortStatus::new(PortState::Closed, Reason::ConnRefused),
            Outcome::Unreachable(reason) => PortStatus::new(PortState::Filtered, reason),
        }
    }

    /// True where the host itself answered.
    #[must_use]
    pub fn is_from_host(self) -> bool {
        !matches!(self, Outcome::Unreachable(_))
    }
}

/// How a probe began.
#[derive(Debug)]
pub enum Started<P> {
    /// The answer is there already.
    Done(Outcome),
    /// The answer has to be waited for. Dropping this gives the probe up.
    Pending(P),
    /// This machine could not send: descriptors, local ports or memory are used up. Nothing is
    /// known of the port.
    Shortage(io::Error),
}

/// Starts probes. Each task that sends has a clone of its own, which may keep a resource (one
/// socket) from one probe to the next.
pub trait Connector: Clone + Send + Sync + 'static {
    /// A probe that waits for its answer.
    type Pending: Future<Output = Outcome> + Send + Unpin;

    /// Starts one probe.
    fn start(&mut self, peer: SocketAddr) -> Started<Self::Pending>;

    /// Gives back what was kept, since no probe follows for a while.
    fn rest(&mut self);
}
