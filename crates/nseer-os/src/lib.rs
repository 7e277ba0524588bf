//! Operating systems told apart by how they answer odd packets.
//!
//! [`Probe`] says what is sent, [`Print::of`] makes a fingerprint from the answers, and [`OsDb`] compares it
//! with those of known systems, in a file of Nmap's format. Written from the public chapters "TCP/IP
//! Fingerprinting Methods" and "Understanding an Nmap Fingerprint" of Nmap's book, from RFC 791, 768, 792,
//! 3168, 7323 and 9293, and from what the program sends and prints.
//!
//! Sends nothing, waits for nothing and opens nothing. Answers and files may be hostile: whatever is in them
//! gives a fingerprint, or a [`Problem`], never a panic.

mod answer;
mod database;
mod expression;
mod matching;
mod print;
mod probe;
mod scan_line;
mod sequence;
mod series;
mod tests_of_answers;

pub use database::{OsDb, Problem};
pub use print::{Print, Test};
pub use probe::{ECHO_BYTES, Probe, Shape, UDP_BYTE, UDP_BYTES, UDP_ID};
pub use scan_line::{Conditions, DistanceFrom};
pub use sequence::Sequences;
pub use tests_of_answers::{Exchange, Observation};
