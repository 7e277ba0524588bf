//! Host discovery and port scans.
//!
//! [`Scanner::scan`] takes one host from "unknown" to "its ports are known". Hosts are
//! independent: a pipeline runs one task for each, and what they must share (descriptors,
//! congestion, packet rate) is in the one [`Scanner`] that they use. Decisions ([`Timing`], round
//! trips, windows, retries, rates) are plain code without I/O; sockets and packets are behind
//! [`Connector`].
//! [`Scanner::observe`] sends such a host odd packets, from whose answers `nseer-os` tells its system.
//! This crate knows nothing of scripts, services, targets or output.

mod back_off;
mod canary;
mod config;
mod connector;
mod flight;
mod gate;
mod host_state;
mod lane;
mod mixed;
mod observing;
mod order;
mod rate;
mod raw;
mod retry;
mod routes;
mod rtt;
mod scanner;
mod second_look;
mod shortage;
mod sockets;
mod tap;
mod technique;
mod timing;
mod trace;
mod window;
mod work;

pub use config::{Discovery, ScanConfig, Trouble, ZoneOf};
pub use connector::{Answer, Connector, Destination, Started};
pub use mixed::{LazyRaw, MixedConnector, PendingMixed};
pub use observing::HasRaw;
pub use order::SplitMix;
pub use raw::{Carrier, OddPorts, Payloads, PendingAnswer, RawConfig, RawConnector};
pub use routes::know_way;
pub use scanner::{ScanError, Scanner, Told};
pub use sockets::{Heir, PendingConnect, SocketConnector};
pub use tap::{Connecting, Seen, Tap};
pub use technique::{Aim, Reading, Technique};
pub use timing::{Defeats, Timing, UnknownTemplate};
