//! Host discovery and port scans by `connect()`.
//!
//! A host is one task that the caller runs; there is no barrier between hosts. What all hosts
//! share is bounded here: open sockets, the congestion window, the rate. This crate knows no
//! scripts and no outputs.

mod connector;
mod discovery;
mod host_scan;
mod host_state;
mod pace;
mod rtt;
mod scanner;
mod timing;
mod window;

pub use connector::{Answer, Connector, Pending, RealConnector, Start};
pub use scanner::{Discovery, ScanConfig, Scanner};
pub use timing::{Timing, UnknownTemplate};
