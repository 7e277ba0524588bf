//! Engine tests end to end, without a scan: scripts in a temporary directory, hosts made by hand,
//! the embedded library, real sockets on loopback.
#![allow(clippy::disallowed_methods, reason = "peers and files of tests")]

mod costs;
mod coupling;
mod harness;
mod lpeg;
mod phases;
mod queue;
mod registry;
mod resume;
mod sockets;
mod trouble;
