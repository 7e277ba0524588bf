//! Keeps a scan in an SQLite file while it runs: each host, port, service and script result is there as
//! soon as it is known, whatever ends the program. What is there is read back as the events of the
//! scan, and a scan that was broken off can go on.
//!
//! SQLite reads and writes the file itself, beside the seam for files. The tables are described in
//! `crates/nseer-store/src/schema.sql`; other programs may read them.

mod error;
mod open;
mod read;
mod registry;
mod system;
mod teller;
mod trace;
mod value;
mod write;

pub use error::StoreError;
pub use open::{Beginning, Progress, Store, is_store};
