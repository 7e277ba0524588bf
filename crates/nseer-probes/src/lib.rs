//! The language of service probes: what to send to a port, and how to tell from the answer what
//! runs there.
//!
//! A probe file is only cut into lines when it is loaded; patterns are compiled when an answer
//! needs them first. Nothing here waits, opens a file or knows a socket. The grammar is that of
//! the chapter on version detection in Nmap's public manual; what it leaves open was found by
//! running the program.

mod database;
mod error;
mod escape;
mod fields;
mod index;
mod line;
mod load;
mod pattern;
mod payload_table;
mod port_set;
mod prefix;
mod template;

pub use database::{Found, Match, Probe, ProbeDb};
pub use error::{LineError, Problem};
pub use fields::Fields;
pub use payload_table::PayloadTable;
pub use port_set::PortSet;
