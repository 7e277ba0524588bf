//! What can be wrong with a pattern or go wrong in a match, in LPeg's words. Does not know where
//! in the script it happened; the binding adds that.

/// An error of a pattern or of a match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `p^n` of something that may match nothing would never end.
    #[error("loop body may accept empty string")]
    EmptyLoop,
    /// The same, found out when the rule was put into its grammar.
    #[error("empty loop in rule '{0}'")]
    EmptyLoopInRule(String),
    /// The rule may call itself before it has consumed anything.
    #[error("rule '{0}' may be left recursive")]
    LeftRecursive(String),
    /// A rule that is used and not there.
    #[error("rule '{0}' undefined in given grammar")]
    Undefined(String),
    /// A rule's name that is matched without a grammar around it.
    #[error("rule '{0}' used outside a grammar")]
    OutsideGrammar(String),
    /// A grammar has too many rules.
    #[error("grammar has too many rules")]
    TooManyRules,
    /// Looking behind needs a fixed length. (LPeg's words; it means "must".)
    #[error("pattern may not have fixed length")]
    NoFixedLength,
    /// Looking behind captures nothing.
    #[error("pattern have captures")]
    HasCaptures,
    /// Looking behind goes 255 bytes back at most.
    #[error("pattern too long to look behind")]
    BehindTooLong,
    /// The pattern is nested deeper than this library walks. LPeg has no such limit.
    #[error("pattern is nested too deeply")]
    TooDeep,
    /// The pattern has more parts than this library compiles. LPeg runs out of memory instead.
    #[error("pattern is too large")]
    TooLarge,
    /// Too many choices and calls are open.
    #[error("backtrack stack overflow (current limit is {0})")]
    StackOverflow(usize),
    /// Too many captures, or too many values of them.
    #[error("stack overflow (too many captures)")]
    TooManyCaptures,
    /// A match-time capture gave too many values.
    #[error("too many results in match-time capture")]
    TooManyResults,
    /// A match-time capture gave a position that is before the present one or after the end.
    #[error("invalid position returned by match-time capture")]
    InvalidPosition,
    /// No group with this name came before.
    #[error("back reference '{0}' not found")]
    NoBackReference(String),
    /// `Carg(n)` without an argument `n`.
    #[error("reference to absent extra argument #{0}")]
    NoExtra(usize),
    /// A fold needs a first value.
    #[error("no initial value for fold capture")]
    NoInitialValue,
    /// `p / n` where `p` has fewer values.
    #[error("no capture '{0}'")]
    NoCapture(usize),
    /// `%n` in a string capture, with fewer captures.
    #[error("invalid capture index ({0})")]
    InvalidCaptureIndex(usize),
    /// `%n` in a string capture, of a capture without values.
    #[error("no values in capture index {0}")]
    NoValues(usize),
    /// `%n` in a string capture, of a value that is no text.
    #[error("invalid capture value (a {0})")]
    InvalidCaptureValue(&'static str),
    /// A value in a substitution that is no text.
    #[error("invalid replacement value (a {0})")]
    InvalidReplacement(&'static str),
    /// What the host says.
    #[error("{0}")]
    Host(String),
}
