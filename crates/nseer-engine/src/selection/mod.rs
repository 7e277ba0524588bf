//! `--script`: which scripts a run has.

mod resolve;
mod rule;
mod script_db;

pub use resolve::{Request, SelectedScript, Selection, SelectionError, in_directory, resolve};
pub use rule::{Matched, Rule};
pub use script_db::{DbError, Entry, parse_db, write_db};
