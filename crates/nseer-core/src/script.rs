//! What scripts give back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::port::PortKey;

/// The four times at which a script may run; the names are those of the rule functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// `prerule`: once, before any host.
    Pre,
    /// `hostrule`: for each host.
    Host,
    /// `portrule`: for each port that may be open.
    Port,
    /// `postrule`: once, after the last host.
    Post,
}

impl Phase {
    /// All phases, in the order in which they happen.
    pub const ALL: [Phase; 4] = [Phase::Pre, Phase::Host, Phase::Port, Phase::Post];

    /// The rule's name: `prerule`, `hostrule`, `portrule` or `postrule`.
    #[must_use]
    pub fn rule_name(self) -> &'static str {
        match self {
            Phase::Pre => "prerule",
            Phase::Host => "hostrule",
            Phase::Port => "portrule",
            Phase::Post => "postrule",
        }
    }
}

/// Structured script output: bytes, or a table whose entries may have keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptValue {
    /// A string, number or boolean, as its text. Not necessarily UTF-8.
    Scalar(Vec<u8>),
    /// First the sequence part (no key), then the string keys.
    Table(Vec<(Option<Vec<u8>>, ScriptValue)>),
}

/// The output of one script on one host, port or phase. Bytes are as the script gave them:
/// screening and escaping belong to the output formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptResult {
    /// The script's ID, such as `http-title`.
    pub id: Arc<str>,
    /// The text; may be empty, and begins with a newline when it was made from a table.
    pub output: Vec<u8>,
    /// The structure, when the script returned one.
    pub structured: Option<ScriptValue>,
}

/// How one run of a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptOutcome {
    /// It returned something.
    Output,
    /// Its action ran and returned nothing.
    Silent,
    /// An error, with its text.
    Failed(String),
    /// `--script-timeout` or the host's time-out ended it.
    TimedOut,
    /// It was ended for another reason, which is named (a budget, an illegal yield).
    Killed(String),
}

/// One run of a script, for sinks that keep its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptRun {
    /// The script's ID.
    pub id: Arc<str>,
    /// The rule that started it.
    pub phase: Phase,
    /// The host, for host and port scripts.
    pub address: Option<IpAddr>,
    /// The port, for port scripts.
    pub port: Option<PortKey>,
    /// How it ended.
    pub outcome: ScriptOutcome,
    /// From start to end.
    pub elapsed: Duration,
}
