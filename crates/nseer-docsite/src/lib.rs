//! Shows what scripts and libraries say of themselves: as a web site that needs no server, as Markdown, as JSON
//! and as text for a terminal.
//!
//! A [`Shelf`] holds the documents and knows which words are names of what. Where sources come from and where pages go
//! is not known here: pages are handed out one by one.

mod json;
mod links;
mod markdown;
mod shelf;
mod site;
mod terminal;

pub use json::{json, script_json};
pub use links::{Target, slug};
pub use markdown::markdown;
pub use shelf::{Argument, Entry, Shelf};
pub use site::site;
pub use terminal::{library_text, list_text, script_text};

/// Takes a file of the output: its path below the output's folder, with `/`, and its content.
pub type Sink<'a> = dyn FnMut(&str, &str) -> std::io::Result<()> + 'a;
