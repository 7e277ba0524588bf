//! What the evaluation of captures remembers of captures that it is inside of. Does not know how
//! it goes on with them.

use std::rc::Rc;

use crate::pattern::ValueId;

/// A capture that is being evaluated.
#[derive(Debug)]
pub(crate) struct Frame<V> {
    pub(crate) state: State<V>,
    /// How many values there were before it.
    pub(crate) base: usize,
}

#[derive(Debug)]
pub(crate) enum State<V> {
    /// The values of the captures inside are gathered, and something is made of them.
    Gather { begin: usize, make: Make },
    /// They go to a table.
    Table { table: V, count: usize },
    /// They are drawn together.
    Fold(Fold),
    /// They replace what they captured.
    Substitution(Substitution),
    /// They are named by a format.
    Format(Format),
    /// Evaluation goes on here when the group that was referred to is done.
    Back { next: usize },
}

/// What is made of gathered values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Make {
    Group,
    Simple,
    Number(usize),
    Query(ValueId),
    Function(ValueId),
    Runtime(ValueId),
    /// A field of the table around.
    Field(ValueId),
}

/// A fold that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fold {
    pub(crate) function: ValueId,
    /// The first value is there.
    pub(crate) started: bool,
    /// A capture is being evaluated.
    pub(crate) inside: bool,
}

/// A substitution capture that is being put together.
#[derive(Debug)]
pub(crate) struct Substitution {
    pub(crate) text: Vec<u8>,
    /// How far the subject was copied.
    pub(crate) copied: usize,
    /// Where the capture that is being evaluated began.
    pub(crate) inside: Option<usize>,
}

/// A string capture that is being put together.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) format: Rc<[u8]>,
    /// How much of the format is done.
    pub(crate) done: usize,
    pub(crate) parts: Vec<Part>,
    pub(crate) text: Vec<u8>,
    /// The part that is being evaluated.
    pub(crate) inside: Option<usize>,
    /// Where evaluation goes on after the capture.
    pub(crate) next: usize,
}

/// What `%n` means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// A part of the subject.
    Slice(usize, usize),
    /// The first value of the capture at this place.
    Capture(usize),
}

/// What to do with the results of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// All are values.
    All,
    /// The first is the value.
    First,
    /// The first is the value, if it is any.
    FirstIfAny,
}
