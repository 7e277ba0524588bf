//! What a command prints on standard output, apart from the reports of a scan.

use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;

/// Prints all of it, to the last byte. A reader that has gone away is no failure.
///
/// # Errors
/// Anything else that keeps it from being written: a full disk, a closed descriptor.
pub fn print(text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot write to standard output"),
    }
}
