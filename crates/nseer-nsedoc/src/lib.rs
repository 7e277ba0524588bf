//! NSEDoc: what the comments and heads of scripts and libraries say.
//!
//! Sources are read without running them: a lexer cuts Lua into words and comments, and only comments
//! and heads of declarations are looked at. Any bytes give a document; what makes no sense is left
//! out. How documents are shown is not known here.
//!
//! Written from the LuaDoc manual (tags, comments that begin with three dashes) and the chapter on
//! script documentation of Nmap's public manual.

mod comment;
mod definitions;
mod lexer;
mod library;
mod list;
mod markup;
mod outline;
mod script;
mod sentence;

pub use comment::{Comment, Named, TAGS, Tag, comments};
pub use library::{Function, Library, Table};
pub use markup::{Block, Inline, Item, blocks, inline, plain};
pub use script::{Rule, Script};
pub use sentence::first_sentence;
