//! Who looks on at what a scan sends and receives.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Something that a scan did on the network.
#[derive(Debug)]
#[non_exhaustive]
pub enum Seen<'a> {
    /// A packet was sent: IP or ARP, without link header.
    Sent(&'a [u8]),
    /// A packet was received that may be an answer; of a long one only the begin is here.
    Received(&'a [u8]),
    /// A connection was asked for and goes on, failed or was made.
    Connect(SocketAddr, Connecting<'a>),
}

/// How far a connection is.
#[derive(Clone, Copy, Debug)]
pub enum Connecting<'a> {
    /// Its answer is waited for.
    Waiting,
    /// It was made.
    Made,
    /// There is none.
    Failed(&'a io::Error),
}

/// Looks on. Called from many threads; must not block. The default sees nothing.
#[derive(Clone, Default)]
pub struct Tap(Option<Arc<See>>);

type See = dyn Fn(&Seen<'_>) + Send + Sync;

impl Tap {
    /// Calls `see` for all that is done.
    pub fn new(see: impl Fn(&Seen<'_>) + Send + Sync + 'static) -> Tap {
        Tap(Some(Arc::new(see)))
    }

    pub(crate) fn see(&self, seen: &Seen<'_>) {
        if let Some(see) = &self.0 {
            see(seen);
        }
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tap")
    }
}
