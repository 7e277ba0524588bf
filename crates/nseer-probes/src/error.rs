//! What can be wrong with a probe file.

use std::fmt;
use std::sync::Arc;

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The first word is none of the language.
    #[error("unknown directive '{0}'")]
    Directive(String),
    /// A directive of a probe before the first `Probe` line.
    #[error("'{0}' stands before the first Probe line")]
    NoProbe(&'static str),
    /// `Exclude` after a `Probe`, or twice.
    #[error("Exclude may stand only once, before the first Probe line")]
    LateExclude,
    /// What follows `Exclude` is no port list.
    #[error("bad port list: {0}")]
    Exclude(String),
    /// `Probe` lacks a part.
    #[error("a Probe line is: Probe TCP|UDP NAME q|STRING|")]
    Probe,
    /// A second probe of the same protocol and name.
    #[error("there is a {0} probe of this name already")]
    Twice(&'static str),
    /// An escape that is not known, or one cut short.
    #[error("bad escape in '{0}': use \\\\ \\0 \\a \\b \\f \\n \\r \\t \\v or \\xHH")]
    Escape(String),
    /// `ports` or `sslports` with something else than numbers and ranges.
    #[error("'{0}' is no list of ports and ranges")]
    Ports(String),
    /// A number that is none or out of its range.
    #[error("{what} must be a number from {from} to {to}, not '{text}'")]
    Number {
        /// Of which directive.
        what: &'static str,
        /// The least.
        from: u32,
        /// The most.
        to: u32,
        /// What stands there.
        text: String,
    },
    /// `fallback` names a probe that is not there.
    #[error("there is no probe '{0}' to fall back to")]
    Fallback(String),
    /// A `match` line lacks a part.
    #[error("a match line is: match SERVICE m|PATTERN|[i][s] [TEMPLATES]")]
    Match,
    /// A pattern flag other than `i` and `s`.
    #[error("unknown pattern flag '{0}': use i and s")]
    Flag(char),
    /// A template that cannot be read.
    #[error("bad template at '{0}'")]
    Template(String),
    /// The pattern does not compile.
    #[error("bad pattern: {0}")]
    Pattern(String),
    /// The pattern matches an empty answer, so it would match all.
    #[error("the pattern matches the empty answer")]
    MatchesNothing,
    /// Matching took more steps than it may.
    #[error("the pattern takes too many steps: {0}")]
    TooManySteps(String),
    /// A template whose value could not be made, at match time.
    #[error("cannot fill the template '{0}'")]
    Unfilled(String),
}

/// Something wrong with one line of a probe file. The rest of the file is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named when it was loaded.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub error: LineError,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.error)
    }
}

impl std::error::Error for Problem {}
