//! Compiled patterns: the instructions of the matching machine. Knows neither trees nor subjects.

use crate::charset::CharSet;
use crate::pattern::CaptureKind;
use std::rc::Rc;

/// The place of an instruction.
pub(crate) type Label = u32;

/// What the machine does at one step. Labels are where it goes on instead of at the next place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Consumes this byte, or fails.
    Byte(u8),
    /// Consumes one byte of a set, or fails.
    Set(u32),
    /// Consumes so many bytes, or fails.
    Any(usize),
    /// Consumes a text, or fails.
    Bytes(u32),
    /// Consumes all bytes of a set that come.
    Span(u32),
    /// Goes back so far, or fails.
    Behind(usize),
    /// Jumps where the next byte is not this one.
    TestByte(u8, Label),
    /// Jumps where the next byte is not in the set.
    TestSet(u32, Label),
    /// Jumps where nothing is left.
    TestAny(Label),
    Jump(Label),
    /// A failure from now on goes to the label.
    Choice(Label),
    /// The last choice is settled.
    Commit(Label),
    /// The last choice goes on from here.
    PartialCommit(Label),
    /// The last choice is settled, and what it consumed is given back.
    BackCommit(Label),
    Call(Label),
    Return,
    Fail,
    /// Fails past the last choice.
    FailTwice,
    /// Begins a capture of a kind.
    Open(u32),
    /// Ends the innermost capture that is open.
    Close,
    /// A capture of the last bytes, so many.
    Full(u32, u32),
    /// Ends a capture whose function is called now.
    CloseRuntime,
    End,
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Program {
    pub(crate) ops: Vec<Op>,
    pub(crate) sets: Vec<CharSet>,
    pub(crate) texts: Vec<Rc<[u8]>>,
    /// The first is the group around the results of a match-time capture.
    pub(crate) kinds: Vec<CaptureKind>,
}

/// The kind of the group around the results of a match-time capture.
pub(crate) const RESULTS: u32 = 0;
