//! Both kinds of probes in one run: connections by the system, everything else by packets.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};

use nseer_core::Reason;
use nseer_packet::PacketError;

use crate::connector::{Answer, Connector, Destination, Started};
use crate::raw::{PendingAnswer, RawConnector};
use crate::sockets::{PendingConnect, SocketConnector};
use crate::technique::Aim;

/// Raw sockets that are opened when the first packet needs them: many runs need none, and each
/// packet that somebody listens to costs time.
pub struct LazyRaw {
    cell: LazyLock<Result<RawConnector, PacketError>, Opener>,
}

/// Opens raw sockets, in a tokio runtime.
type Opener = Box<dyn FnOnce() -> Result<RawConnector, PacketError> + Send>;

impl LazyRaw {
    /// Sockets that `open` will open.
    #[must_use]
    pub fn new(open: Opener) -> LazyRaw {
        LazyRaw { cell: LazyLock::new(open) }
    }

    /// Opens the sockets, if that was not done. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where the user may not send or receive raw packets.
    pub fn get(&self) -> Result<&RawConnector, &PacketError> {
        self.cell.as_ref()
    }
}

/// Connects with sockets, and asks everything else with packets, where it may.
#[derive(Clone)]
pub struct MixedConnector {
    sockets: SocketConnector,
    host: Option<Destination>,
    source: Option<Arc<LazyRaw>>,
    raw: Option<RawConnector>,
}

impl MixedConnector {
    /// A connector that uses both; without `raw` it can only connect.
    #[must_use]
    pub fn new(sockets: SocketConnector, raw: Option<Arc<LazyRaw>>) -> Self {
        MixedConnector { sockets, host: None, source: raw, raw: None }
    }

    /// The raw sockets, opened by now; `None` where there can be none.
    pub(crate) fn opened(&self) -> Option<&RawConnector> {
        self.source.as_ref()?.get().ok()
    }

    /// Raw probes for the host; `None` where there can be none.
    fn raw(&mut self) -> Option<&mut RawConnector> {
        if self.raw.is_none() {
            let mut raw = self.source.as_ref()?.get().ok()?.clone();
            raw.turn_to(self.host.as_ref()?);
            self.raw = Some(raw);
        }
        self.raw.as_mut()
    }
}

impl Connector for MixedConnector {
    type Pending = PendingMixed;

    fn turn_to(&mut self, host: &Destination) {
        self.sockets.turn_to(host);
        self.host = Some(host.clone());
        self.raw = None;
    }

    fn start(&mut self, aim: Aim, attempt: u32) -> Started<PendingMixed> {
        if !aim.technique.is_raw() {
            return map(self.sockets.start(aim, attempt), PendingMixed::Connect);
        }
        match self.raw() {
            Some(raw) => map(raw.start(aim, attempt), PendingMixed::Packet),
            None => Started::Done(Answer::unreachable(Reason::Unknown)),
        }
    }

    fn ask_again(&mut self, aim: Aim, attempt: u32) -> Started<PendingMixed> {
        if aim.technique.is_raw() {
            return self.start(aim, attempt);
        }
        map(self.sockets.ask_again(aim, attempt), PendingMixed::Connect)
    }

    fn flush(&mut self) {
        if let Some(raw) = &mut self.raw {
            raw.flush();
        }
    }

    fn late(&mut self, aim: Aim) -> Option<Answer> {
        self.raw.as_mut()?.late(aim)
    }

    fn rest(&mut self) {
        self.sockets.rest();
    }
}

fn map<P, Q>(started: Started<P>, wrap: impl FnOnce(P) -> Q) -> Started<Q> {
    match started {
        Started::Done(answer) => Started::Done(answer),
        Started::Pending(pending) => Started::Pending(wrap(pending)),
        Started::Shortage(error) => Started::Shortage(error),
    }
}

/// A probe of either kind.
#[derive(Debug)]
pub enum PendingMixed {
    /// By a socket.
    Connect(PendingConnect),
    /// By a packet.
    Packet(PendingAnswer),
}

impl Future for PendingMixed {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        match self.get_mut() {
            PendingMixed::Connect(pending) => Pin::new(pending).poll(cx),
            PendingMixed::Packet(pending) => Pin::new(pending).poll(cx),
        }
    }
}
