//! What differs between two scans: hosts, ports, services, and script results by their structure.
//!
//! A [`Scan`] is filled with the events of each scan, wherever they come from; [`Difference`] is
//! what [`compare`] finds, and is written as text or as JSON. Nothing is read or opened here.

mod change;
mod compare;
mod json;
mod scan;
mod structure;
mod text;

pub use change::Difference;
pub use compare::compare;
pub use json::{DIFF_SCHEMA, write_json};
pub use scan::Scan;
pub use text::write_text;
