//! What keeps the engine from starting.

use std::path::PathBuf;

/// The engine could not be started; nothing was run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// `--script` named something that is not there, or `script.db` is damaged.
    #[error(transparent)]
    Selection(#[from] crate::selection::SelectionError),
    /// A file could not be read.
    #[error("cannot read '{path}': {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A script does not compile. The text begins with file and line.
    #[error("{0}")]
    Syntax(String),
    /// The top level of a script threw an error. The text begins with file and line.
    #[error("could not load script '{path}': {text}")]
    TopLevel {
        /// The script's file.
        path: String,
        /// The error.
        text: String,
    },
    /// A script lacks a field or has one of the wrong type.
    #[error("{path} {problem}")]
    Field {
        /// The script's file.
        path: String,
        /// Which field, and what is wrong.
        problem: String,
    },
    /// Two scripts have the same ID.
    #[error("duplicate script ID: '{id}' ({first} and {second})")]
    DuplicateId {
        /// The ID.
        id: String,
        /// The file that was loaded first.
        first: String,
        /// The other.
        second: String,
    },
    /// Scripts depend on one another in a circle.
    #[error("circular dependency in chain `{0}`")]
    Circle(String),
    /// The library that every script needs is missing.
    #[error("cannot load nselib/stdnse.lua: {0}")]
    Library(String),
    /// The Lua state could not be set up.
    #[error(transparent)]
    State(#[from] nseer_lua::StateError),
    /// The operating system gave no thread.
    #[error("cannot start a script worker: {0}")]
    Thread(std::io::Error),
    /// Lua ran out of memory while the engine was set up.
    #[error("cannot set up the script engine: {0}")]
    Lua(String),
    /// A worker ended before it answered.
    #[error("a script worker ended unexpectedly")]
    WorkerGone,
}

/// Lua's errors hold Lua values and cannot leave their thread; their text can.
impl From<mlua::Error> for EngineError {
    fn from(error: mlua::Error) -> Self {
        EngineError::Lua(error.to_string())
    }
}
