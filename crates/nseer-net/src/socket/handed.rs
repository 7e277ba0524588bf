//! A connection that goes on in other hands, where another protocol is spoken over it.
//!
//! What travels then is encrypted and differs each time, so who listens is told in words what is asked
//! and answered; and where no network is behind the socket, these words are the protocol.

use tokio::net::TcpStream;

use super::{Kind, Socket};
use crate::observer::{Watched, What};

/// What [`Socket::hand_over`] gives.
pub enum Handed {
    /// The bare connection, and who is told of what goes over it.
    Bare(TcpStream, Words),
    /// Nothing is behind it: what stands in takes the words that [`Words`] were told, and answers as it
    /// was answered then.
    Played(Socket),
}

/// Whoever listens to a connection that went into other hands.
#[derive(Default)]
pub struct Words(Option<Box<Watched>>);

impl Words {
    /// False where nobody listens.
    #[must_use]
    pub fn are_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Tells what is asked of the peer, from this place in the caller's program (see [`Socket::mark`]).
    pub fn ask(&mut self, words: &[u8], mark: u32) {
        if let Some(watched) = &mut self.0 {
            watched.mark = mark;
            watched.tell(What::Asked(words));
        }
    }

    /// Tells what came of it.
    pub fn answer(&self, words: &[u8]) {
        if let Some(watched) = &self.0 {
            watched.tell(What::Answered(words));
        }
    }
}

impl Socket {
    /// Gives the connection away, for a protocol that is spoken elsewhere; `None` where there is none,
    /// or none without TLS. What was received and not fetched is gone.
    #[must_use]
    pub fn hand_over(mut self) -> Option<Handed> {
        let watched = self.watched.take();
        match self.kind {
            Kind::Stream(stream) => Some(Handed::Bare(stream.into_tcp()?, Words(watched))),
            Kind::Played(_) => Some(Handed::Played(Socket { watched, ..self })),
            Kind::Udp(_) => None,
        }
    }
}
