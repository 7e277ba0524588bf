//! Version detection: sends probes to open ports and tells from the answers what runs there.
//!
//! Each port is a task of its own. It listens first; after half a second of silence probes follow
//! on further connections, a few at a time, and the first answer that is told for certain ends it.
//! What the lines of a probe file mean is the business of `nseer-probes`; sockets are behind
//! [`Dialer`]. Written from the chapter on version detection in Nmap's public manual and from
//! watching the program.

mod attempt;
mod detector;
mod dialer;
mod fingerprint;
mod order;
mod pass;
mod port;
mod service;

pub use detector::{Detector, VersionConfig};
pub use dialer::{Conversation, Dialer, SocketDialer};
