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

    /// The phase whose rule has this name.
    #[must_use]
    pub fn from_rule_name(name: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.rule_name() == name)
    }
}

/// What all scripts of a phase without hosts left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhaseRecord {
    /// The results of those that have output, sorted by script ID.
    pub results: Vec<ScriptResult>,
    /// How each script ended, in that order.
    pub runs: Vec<ScriptRun>,
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

/// What one thread of a script and its worker threads took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptCost {
    /// The script's ID.
    pub id: Arc<str>,
    /// The rule that started it.
    pub phase: Phase,
    /// The host, for host and port scripts.
    pub address: Option<IpAddr>,
    /// The port, for port scripts.
    pub port: Option<PortKey>,
    /// Its action was called; otherwise its rule said no.
    pub has_run: bool,
    /// From start to end.
    pub elapsed: Duration,
    /// Time of the processor; the rest of `elapsed` went by waiting, for peers or for its turn.
    pub running: Duration,
    /// Sockets that it opened.
    pub connections: u64,
    /// Bytes that it sent, inside of TLS.
    pub sent: u64,
    /// Bytes that it received, inside of TLS.
    pub received: u64,
    /// Most bytes that Lua held at a time of what it made.
    pub peak_memory: u64,
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
    /// It was not started although it was selected, for the reason named.
    Skipped(String),
}

impl ScriptOutcome {
    /// The state's name in machine-readable outputs: `output`, `silent`, `failed`, `timed_out`,
    /// `killed` or `skipped`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            ScriptOutcome::Output => "output",
            ScriptOutcome::Silent => "silent",
            ScriptOutcome::Failed(_) => "failed",
            ScriptOutcome::TimedOut => "timed_out",
            ScriptOutcome::Killed(_) => "killed",
            ScriptOutcome::Skipped(_) => "skipped",
        }
    }

    /// Why it ended so, where there is more to say than the state.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            ScriptOutcome::Failed(text)
            | ScriptOutcome::Killed(text)
            | ScriptOutcome::Skipped(text) => Some(text),
            ScriptOutcome::Output | ScriptOutcome::Silent | ScriptOutcome::TimedOut => None,
        }
    }

    /// The outcome of that state; `message` counts only where the state has one.
    #[must_use]
    pub fn from_state(state: &str, message: &str) -> Option<ScriptOutcome> {
        let text = message.to_owned();
        Some(match state {
            "output" => ScriptOutcome::Output,
            "silent" => ScriptOutcome::Silent,
            "failed" => ScriptOutcome::Failed(text),
            "timed_out" => ScriptOutcome::TimedOut,
            "killed" => ScriptOutcome::Killed(text),
            "skipped" => ScriptOutcome::Skipped(text),
            _ => return None,
        })
    }
}

/// One run of a script and how it ended, whether it gave a result or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptRun {
    /// The script's ID.
    pub id: Arc<str>,
    /// The rule that started it.
    pub phase: Phase,
    /// The host, for host and port scripts.
    pub address: Option<IpAddr>,
    /// The port, for port scripts; `None` where a script was skipped on every port left.
    pub port: Option<PortKey>,
    /// How it ended.
    pub outcome: ScriptOutcome,
    /// From start to end.
    pub elapsed: Duration,
}
