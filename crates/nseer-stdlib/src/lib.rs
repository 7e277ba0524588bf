//! The embedded script library, service names and port frequencies.

pub mod services;

mod files;

pub use files::{file, files};
