//! Raw packets on Linux: capture from an interface with a filter, Ethernet frames and IP packets
//! as the caller made them; probes and what their answers say, for port scans.
//!
//! This crate knows no Lua, no scripts and no policy: it sends what it is told to. The language of
//! filters is that of pcap-filter(7), compiled here (see [`filter`]), so no library is needed.

mod capture;
mod device;
mod error;
pub mod filter;
mod line;
mod odd;
mod probe;
mod reply;
mod send;
mod summary;
mod wire;

pub use capture::{Capture, Frame};
pub use device::{Device, addresses, devices, mtu_files};
pub use error::{PacketError, describe};
pub use line::{packet_length, packet_line};
pub use odd::{OddHeader, OddSegment};
pub use probe::{Envelope, NoSuchPacket, Payload, arp_request, build, solicitation, tcp_flags};
pub use reply::{Content, IcmpError, Query, Quoted, Reply, arp_reply};
pub use send::{EthernetSender, IpSender, socket_address};
pub use summary::{IpSummary, frame_destination};
pub use wire::{Heard, Listener, Outgoing, Wire, may_send_raw};
