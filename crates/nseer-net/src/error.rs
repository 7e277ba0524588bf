//! What goes wrong on the network.

use std::io;
use std::net::SocketAddr;

/// A network operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// It took longer than it may.
    #[error("timed out")]
    TimedOut,
    /// The peer closed the connection.
    #[error("the peer closed the connection")]
    Eof,
    /// Somebody closed the socket meanwhile.
    #[error("cancelled")]
    Cancelled,
    /// There is no connection.
    #[error("socket must be connected")]
    NotConnected,
    /// A name has no address.
    #[error("cannot resolve '{name}': {text}")]
    Resolve {
        /// The name.
        name: String,
        /// Why, in the resolver's words.
        text: String,
    },
    /// The operating system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// TLS says so.
    #[error("TLS: {0}")]
    Tls(String),
    /// The peer sent more than may be kept.
    #[error("the peer sent more than {limit} bytes")]
    TooMuchData {
        /// How much may be kept.
        limit: usize,
    },
    /// The policy does not let scripts talk to this peer.
    #[error("{peer} may not be contacted: {reason}")]
    Forbidden {
        /// The peer.
        peer: SocketAddr,
        /// Why not.
        reason: String,
    },
    /// A certificate cannot be decoded.
    #[error("not a certificate")]
    Certificate,
    /// A certificate's public key cannot be decoded.
    #[error("{0}")]
    CertificateKey(String),
}

impl NetError {
    /// The system knows no way to the peer: nothing was waited for.
    #[must_use]
    pub fn is_no_way(&self) -> bool {
        use io::ErrorKind::{NetworkUnreachable, PermissionDenied};
        let NetError::Io(error) = self else { return false };
        matches!(error.kind(), NetworkUnreachable | PermissionDenied)
    }

    /// The word that scripts see: `TIMEOUT`, `EOF`, `CANCELLED` or `ERROR`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            NetError::TimedOut => "TIMEOUT",
            NetError::Eof => "EOF",
            NetError::Cancelled => "CANCELLED",
            _ => "ERROR",
        }
    }
}
