//! Somebody who is told what goes over sockets: a recorder, a trace, a count.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::NetError;
use crate::network::{Family, Transport};
use crate::options::Tally;
use crate::stand_in::now;

/// Is told what happens, in the order in which it happens on each socket, inside of TLS.
pub trait Observer: Send + Sync {
    /// Something happened on a socket.
    fn seen(&self, sight: &Sight<'_>);
    /// A name was looked up.
    fn resolved(&self, name: &str, family: Option<Family>, found: &Result<Vec<IpAddr>, NetError>);
    /// An address was looked up.
    fn reversed(&self, address: IpAddr, name: Option<&str>);
}

/// One thing that happened.
#[derive(Debug)]
pub struct Sight<'a> {
    /// Which socket: the number is used once.
    pub socket: u64,
    /// By the runtime's clock.
    pub at: Instant,
    /// The place in the caller's program, as it told (see [`crate::Socket::mark`]); 0 is none.
    pub mark: u32,
    /// What.
    pub what: What<'a>,
}

/// What happened on a socket.
#[derive(Debug)]
pub enum What<'a> {
    /// It was opened, or could not be.
    Opened {
        /// How bytes travel.
        transport: Transport,
        /// The local end, where there is one.
        local: Option<SocketAddr>,
        /// The peer; `None` for datagrams to many.
        peer: Option<SocketAddr>,
        /// The peer's certificate in DER, under TLS.
        certificate: Option<Vec<u8>>,
        /// How long it took.
        took: Duration,
        /// Why not.
        failed: Option<&'a NetError>,
    },
    /// TLS was started over it, or could not be.
    Tls {
        /// The peer's certificate in DER.
        certificate: Option<Vec<u8>>,
        /// Why not.
        failed: Option<&'a NetError>,
    },
    /// These bytes, or this datagram, went out.
    Sent {
        /// The bytes.
        data: &'a [u8],
        /// To whom, where that was said.
        to: Option<SocketAddr>,
    },
    /// These bytes, or this datagram, came in.
    Received(&'a [u8]),
    /// Waiting for bytes ended without: time-out, end of the stream, failure.
    NotReceived(&'a NetError),
    /// This was asked in a protocol that other hands speak over it; in their words (see
    /// [`crate::Words`]).
    Asked(&'a [u8]),
    /// This came of it.
    Answered(&'a [u8]),
    /// The caller closed it.
    Closed,
}

/// A socket's side of its observer and of its tally.
pub(crate) struct Watched {
    observer: Option<Arc<dyn Observer>>,
    tally: Option<Arc<Tally>>,
    socket: u64,
    pub(crate) mark: u32,
}

impl Watched {
    pub(crate) fn new(
        observer: Option<Arc<dyn Observer>>,
        tally: Option<Arc<Tally>>,
        mark: u32,
    ) -> Box<Watched> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let socket = NEXT.fetch_add(1, Ordering::Relaxed);
        Box::new(Watched { observer, tally, socket, mark })
    }

    pub(crate) fn tell(&self, what: What<'_>) {
        if let Some(tally) = &self.tally {
            match &what {
                What::Opened { failed: None, .. } => tally.add_connection(),
                What::Sent { data, .. } => tally.add_sent(data.len()),
                What::Received(data) => tally.add_received(data.len()),
                _ => {}
            }
        }
        if let Some(observer) = &self.observer {
            observer.seen(&Sight { socket: self.socket, at: now(), mark: self.mark, what });
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.tell(What::Closed);
    }
}
