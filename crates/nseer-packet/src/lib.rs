//! Raw packets on Linux: capture from an interface with a filter, Ethernet frames and IP packets
//! as the caller made them.
//!
//! This crate knows no Lua, no scripts and no policy: it sends what it is told to. The language of
//! filters is that of pcap-filter(7), compiled here (see [`filter`]), so no library is needed.

mod capture;
mod device;
mod error;
pub mod filter;
mod send;
mod summary;

pub use capture::{Capture, Frame};
pub use device::{Device, devices};
pub use error::{PacketError, describe};
pub use send::{EthernetSender, IpSender};
pub use summary::{IpSummary, frame_destination};
