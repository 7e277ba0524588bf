//! Connections that a port scan made, for scripts to go on with.
//!
//! A connect scan ends with a connection to each open port, and the first thing that most scripts
//! do there is to connect. Who takes over the connection instead spares the peer one, and both
//! sides the packets. It is still fresh: nothing was sent over it, it is young, and where the peer
//! has closed it meanwhile a new one is made.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use socket2::SockRef;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// An older connection is not handed on: servers wait only so long for their clients to speak, and
/// some can serve but a few.
const MOST_AGE: Duration = Duration::from_secs(1);

/// The connections that wait for somebody.
pub(crate) struct Offers {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_peer: HashMap<SocketAddr, Offer>,
    /// A task closes what nobody took.
    is_watched: bool,
}

struct Offer {
    stream: TcpStream,
    since: Instant,
}

impl Offers {
    /// Room for `most` connections.
    pub(crate) fn new(most: usize) -> Arc<Offers> {
        Arc::new(Offers { most, inner: Mutex::default() })
    }

    /// Takes a connection, or closes it where there is no room. Needs a tokio runtime.
    pub(crate) fn put(self: &Arc<Self>, peer: SocketAddr, stream: TcpStream) {
        let offer = Offer { stream, since: Instant::now() };
        let mut inner = self.lock();
        let is_full = inner.by_peer.len() >= self.most;
        match inner.by_peer.entry(peer) {
            Entry::Occupied(mut known) => known.insert(offer).discard(),
            Entry::Vacant(_) if is_full => return offer.discard(),
            Entry::Vacant(free) => {
                free.insert(offer);
            }
        }
        if !inner.is_watched
            && let Ok(runtime) = Handle::try_current()
        {
            inner.is_watched = true;
            runtime.spawn(watch(Arc::downgrade(self)));
        }
    }

    /// A connection to `peer` that is as good as a new one.
    pub(crate) fn take(&self, peer: SocketAddr) -> Option<TcpStream> {
        if self.most == 0 {
            return None;
        }
        let offer = self.lock().by_peer.remove(&peer)?;
        if offer.is_stale() || !offer.is_alive() {
            offer.discard();
            return None;
        }
        Some(offer.stream)
    }

    /// Closes what is too old. Gives false when nothing is left to watch.
    fn prune(&self) -> bool {
        let mut inner = self.lock();
        for (_, offer) in inner.by_peer.extract_if(|_, offer| offer.is_stale()) {
            offer.discard();
        }
        inner.is_watched = !inner.by_peer.is_empty();
        inner.is_watched
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Offer {
    fn is_stale(&self) -> bool {
        self.since.elapsed() >= MOST_AGE
    }

    /// The peer has not closed the connection. Data that waits is left where it is.
    fn is_alive(&self) -> bool {
        match self.stream.peek(&mut [0]) {
            Ok(n) => n > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    /// Closes the connection by a reset, so that no local port is kept in TIME_WAIT.
    fn discard(self) {
        // Where that fails it is closed all the same, by a FIN.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }
}

async fn watch(offers: Weak<Offers>) {
    loop {
        tokio::time::sleep(MOST_AGE / 2).await;
        if !offers.upgrade().is_some_and(|offers| offers.prune()) {
            return;
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the peer and the scan are played here")]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A connection as a scan leaves it, and the peer's end.
    fn connection() -> (SocketAddr, TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let peer = listener.local_addr().expect("address");
        let ours = TcpStream::connect(peer).expect("connection");
        ours.set_nonblocking(true).expect("non-blocking");
        let (theirs, _) = listener.accept().expect("peer");
        (peer, ours, theirs)
    }

    #[tokio::test]
    async fn each_connection_is_taken_once() {
        let offers = Offers::new(8);
        let (peer, ours, mut theirs) = connection();
        let local = ours.local_addr().expect("address");
        theirs.write_all(b"hello").expect("greeting");
        offers.put(peer, ours);
        let taken = offers.take(peer).expect("the offer");
        assert_eq!(taken.local_addr().expect("address"), local);
        taken.set_nonblocking(false).expect("blocking");
        let mut greeting = [0; 5];
        (&taken).read_exact(&mut greeting).expect("greeting");
        assert_eq!(&greeting, b"hello", "a look at it takes nothing away");
        assert!(offers.take(peer).is_none());
    }

    #[tokio::test]
    async fn what_the_peer_closed_is_not_handed_on() {
        let offers = Offers::new(8);
        let (peer, ours, theirs) = connection();
        drop(theirs);
        // Until the end has arrived.
        ours.set_nonblocking(false).expect("blocking");
        assert_eq!(ours.peek(&mut [0]).expect("the end"), 0);
        ours.set_nonblocking(true).expect("non-blocking");
        offers.put(peer, ours);
        assert!(offers.take(peer).is_none());
    }

    #[tokio::test]
    async fn without_room_it_is_closed() {
        let offers = Offers::new(1);
        let (first, ours, _kept) = connection();
        offers.put(first, ours);
        let (second, ours, mut theirs) = connection();
        offers.put(second, ours);
        assert!(theirs.read(&mut [0]).is_err(), "it was reset");
        assert!(offers.take(second).is_none());
        assert!(offers.take(first).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_takes_is_closed() {
        let offers = Offers::new(8);
        let (peer, ours, mut theirs) = connection();
        offers.put(peer, ours);
        tokio::time::sleep(MOST_AGE * 2).await;
        assert!(theirs.read(&mut [0]).is_err(), "it was reset");
        assert!(offers.take(peer).is_none());
        let (peer, ours, _kept) = connection();
        offers.put(peer, ours);
        assert!(offers.lock().is_watched, "the next one is watched again");
        tokio::time::advance(MOST_AGE).await;
        assert!(offers.take(peer).is_none(), "too old, even before it is cleared away");
    }
}
