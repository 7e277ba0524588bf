//! Parsing expression grammars with captures, with the meaning that LPeg 1.0.2 gives them.
//!
//! Written from LPeg's manual, from the paper "A Text Pattern-Matching Tool based on Parsing
//! Expression Grammars" (Ierusalimschy, 2008), and from what the real library prints. Subjects are
//! bytes. Nothing here knows Lua: values of the host language are numbers ([`ValueId`]) in patterns,
//! and what has to be called is handed out ([`Step`]), so the host calls at its own leisure.
//!
//! Patterns are trees of bounded depth, and neither matching nor captures recurse: no pattern and
//! no subject can exhaust the stack of the thread.

mod capture;
mod charset;
mod compile;
mod error;
mod evaluate;
mod first;
mod frames;
mod grammar;
mod machine;
mod pattern;
mod program;
mod run;

pub use capture::{Host, Lookup, Text, Value};
pub use charset::CharSet;
pub use error::Error;
pub use grammar::Names;
pub use machine::Verdict;
pub use pattern::{CaptureKind, Pattern, ValueId};
pub use program::Program;
pub use run::{Run, Step};

/// The depth of the backtrack stack that LPeg allows unless it is told otherwise.
pub const DEFAULT_STACK: usize = 400;
