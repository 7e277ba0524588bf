//! How connections are made, and on whose account.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How a connection is made.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The local address and port.
    pub bind: Option<SocketAddr>,
    /// The server name to ask for in TLS; addresses are not sent.
    pub sni: Option<String>,
    /// For everything together, the TLS handshake included; `None` waits for ever.
    pub timeout: Option<Duration>,
    /// The end of a TLS stream is told once: a read after that fails where the peer gave no notice of the end
    /// (RFC 8446, section 6.1), and where it did waits for the end of the connection.
    pub tls_end_once: bool,
    /// Where the local end of a TCP connection is noted that may fail, where somebody wants to know.
    pub local_end: Option<LocalEnd>,
    /// The caller's place in its program, for an observer; 0 is none.
    pub mark: u32,
    /// Where it is counted what goes over the socket, where somebody wants to know.
    pub tally: Option<Arc<Tally>>,
}

/// The local end of a TCP connection: known to the system as soon as it is asked to connect, and still known
/// here when nothing came of it.
#[derive(Clone, Debug, Default)]
pub struct LocalEnd(Arc<OnceLock<SocketAddr>>);

impl LocalEnd {
    /// The address and port, where the system chose them.
    #[must_use]
    pub fn get(&self) -> Option<SocketAddr> {
        self.0.get().copied()
    }

    pub(crate) fn note(&self, end: Option<SocketAddr>) {
        if let Some(end) = end {
            // The first is the right one.
            let _ = self.0.set(end);
        }
    }
}

/// What went over some sockets: those that have it in their [`ConnectOptions`].
#[derive(Debug, Default)]
pub struct Tally {
    connections: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Tally {
    /// Sockets that were opened.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Bytes that were sent, inside of TLS.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes that were received, inside of TLS.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// A socket was opened.
    pub(crate) fn add_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// So many bytes were sent.
    pub fn add_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// So many bytes were received.
    pub fn add_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
