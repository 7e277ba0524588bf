//! The network as scripts use it: TCP, UDP and TLS connections, name resolution, and the rules on
//! who may use how much of it.
//!
//! This crate knows no Lua and no scripts. It is the socket seam: outside it and `nseer-scan`
//! nothing opens a socket.

pub mod certificate;
mod deadline;
mod der;
mod dns;
mod error;
pub mod extension_text;
mod hosts_file;
mod network;
pub mod observer;
mod offers;
mod options;
mod scratch;
mod socket;
pub mod stand_in;
mod stream;
mod tls;
mod udp;

pub use error::NetError;
pub use network::{AllowAll, Family, NetPolicy, Network, NetworkConfig, Slot, Transport, ZoneOf};
pub use options::{ConnectOptions, LocalEnd, Tally};
pub use socket::{Handed, Socket, Words};
