//! What goes wrong with raw packets.

use std::io;

use crate::filter::FilterError;

/// A raw packet operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// There is no interface of this name.
    #[error("there is no interface '{0}'")]
    NoDevice(String),
    /// The interface has no Ethernet frames.
    #[error("'{0}' is no Ethernet interface")]
    NotEthernet(String),
    /// The filter cannot be compiled.
    #[error("filter: {0}")]
    Filter(#[from] FilterError),
    /// The operating system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<nix::Error> for PacketError {
    fn from(error: nix::Error) -> Self {
        PacketError::Io(error.into())
    }
}

/// What the operating system calls an error, with its number: `Network is unreachable (errno 101)`.
#[must_use]
pub fn describe(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => {
            let text = nix::errno::Errno::from_raw(number).desc();
            format!("{text} (errno {number})")
        }
        None => error.to_string(),
    }
}
