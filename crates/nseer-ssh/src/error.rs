//! What goes wrong in a session.

use std::io;

/// An operation of a session failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshError {
    /// It took longer than it may.
    #[error("timed out")]
    TimedOut,
    /// The peer closed the connection.
    #[error("the peer closed the connection")]
    Eof,
    /// The session was closed on this side.
    #[error("the session is closed")]
    Closed,
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server said good-bye, with this reason.
    #[error("the server closed the session: {0}")]
    Disconnected(String),
    /// The peer does not speak SSH as it should, or nothing that both sides know.
    #[error("{0}")]
    Protocol(String),
    /// The server does not do what it was asked to.
    #[error("the server refused")]
    Refused,
    /// Nobody has logged in yet.
    #[error("not authenticated")]
    NotAuthenticated,
    /// A key cannot be used.
    #[error("{0}")]
    Key(String),
    /// The server sends what nobody reads.
    #[error("the server sent more than {limit} bytes that nobody read")]
    TooMuchData {
        /// How much is kept.
        limit: usize,
    },
}

impl From<russh::SendError> for SshError {
    fn from(_: russh::SendError) -> Self {
        SshError::Closed
    }
}
