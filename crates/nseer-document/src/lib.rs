//! Reads the XML of finished scans, Nmap's and nseer's, and tells it as the events that the scan
//! would have sent. So every output format can be made from it.
//!
//! It is given bytes and opens nothing. One host is in memory at a time. Written from the document
//! type that Nmap installs and from documents that programs wrote.

mod elements;
mod host;
mod markup;
mod ports;
mod reader;
mod scripts;
mod system;
mod words;

pub use reader::{Document, Head, ReadError};
