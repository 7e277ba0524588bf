//! What a match leaves behind, and how the host sees it. Does not know how values are made of it.

use std::rc::Rc;

use crate::error::Error;
use crate::pattern::{CaptureKind, ValueId};
use crate::program::Program;

/// One entry of the list of captures, in the order in which the match met them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture {
    pub(crate) position: usize,
    pub(crate) mark: Mark,
}

/// What an entry is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// A capture of this kind begins.
    Open(u32),
    /// The innermost capture that is open ends.
    Close,
    /// A whole capture of this kind and length, without captures inside.
    Full(u32, u32),
    /// The result of a match-time capture with this number.
    Dynamic(usize),
}

impl Capture {
    /// Where what it captured ends, if it is the last entry of a capture.
    pub(crate) fn end(&self) -> usize {
        match self.mark {
            Mark::Full(_, length) => self.position + length as usize,
            _ => self.position,
        }
    }
}

/// The place after the capture that begins at `place`.
pub(crate) fn after(captures: &[Capture], place: usize) -> usize {
    let mut depth = 0_usize;
    for (i, capture) in captures.iter().enumerate().skip(place) {
        match capture.mark {
            Mark::Open(_) => depth += 1,
            Mark::Close => depth = depth.saturating_sub(1),
            Mark::Full(..) | Mark::Dynamic(_) => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    captures.len()
}

/// The place where the innermost capture was opened that is still open before `place`.
pub(crate) fn innermost_open(captures: &[Capture], place: usize) -> Option<usize> {
    let mut closed = 0_usize;
    for i in (0..place).rev() {
        match captures[i].mark {
            Mark::Open(_) if closed == 0 => return Some(i),
            Mark::Open(_) => closed -= 1,
            Mark::Close => closed += 1,
            Mark::Full(..) | Mark::Dynamic(_) => {}
        }
    }
    None
}

/// The last complete group before `place` whose name `is_it`; groups inside of other captures that
/// are complete do not count.
pub(crate) fn group_before(
    captures: &[Capture],
    place: usize,
    kinds: &[CaptureKind],
    mut is_it: impl FnMut(ValueId) -> bool,
) -> Option<usize> {
    let mut i = place;
    while i > 0 {
        i -= 1;
        let kind = match captures[i].mark {
            Mark::Full(kind, _) => kind,
            Mark::Close => {
                i = innermost_open(captures, i)?;
                let Mark::Open(kind) = captures[i].mark else { continue };
                kind
            }
            Mark::Open(_) | Mark::Dynamic(_) => continue,
        };
        match kinds.get(kind as usize) {
            Some(CaptureKind::Group(Some(name))) if is_it(*name) => return Some(i),
            _ => {}
        }
    }
    None
}

/// A value of a capture. The host makes its own value of it when it needs one.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<V> {
    /// The whole subject.
    Subject,
    /// A part of the subject, from and up to.
    Slice(usize, usize),
    /// A position in the subject, from 0.
    Position(usize),
    /// A value of the pattern.
    Constant(ValueId),
    /// An extra argument of the match, counted from 1.
    Extra(usize),
    /// Text that is not in the subject.
    Text(Rc<[u8]>),
    /// A value that the host made.
    Host(V),
}

/// What a value is as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The text of a string or number.
    Bytes(Vec<u8>),
    /// It is none, but of this type.
    Not(&'static str),
}

/// What the host finds in a table.
#[derive(Clone, Debug)]
pub enum Lookup<V> {
    /// Nothing.
    Nothing,
    /// A value.
    Found(V),
    /// Code has to run to find out; it is asked for by [`Step::Query`](crate::Step::Query).
    Ask,
}

/// What evaluating captures needs of the host without calling anything.
pub trait Host {
    /// The host's values.
    type Value: Clone;
    /// A new table.
    ///
    /// # Errors
    /// Where there is no memory; so for all of these.
    fn table(&mut self) -> Result<Self::Value, Error>;
    /// Puts a value at place `index` of a table.
    ///
    /// # Errors
    /// See [`Host::table`].
    fn append(
        &mut self,
        table: &Self::Value,
        index: usize,
        value: &Value<Self::Value>,
    ) -> Result<(), Error>;
    /// Puts a value under a name into a table.
    ///
    /// # Errors
    /// See [`Host::table`].
    fn set(
        &mut self,
        table: &Self::Value,
        name: ValueId,
        value: &Value<Self::Value>,
    ) -> Result<(), Error>;
    /// What a table of the pattern has for a key.
    ///
    /// # Errors
    /// See [`Host::table`].
    fn look_up(
        &mut self,
        table: ValueId,
        key: &Value<Self::Value>,
    ) -> Result<Lookup<Self::Value>, Error>;
    /// A constant, extra argument or host value as text.
    ///
    /// # Errors
    /// See [`Host::table`].
    fn text(&mut self, value: &Value<Self::Value>) -> Result<Text, Error>;
    /// Whether two names are the same.
    fn same(&mut self, a: ValueId, b: ValueId) -> bool;
    /// A name for messages.
    fn name(&mut self, name: ValueId) -> String;
    /// The value stands for nothing.
    fn is_nil(&self, value: &Self::Value) -> bool;
    /// What stands for nothing.
    fn nil(&self) -> Self::Value;
}

/// What evaluation looks at and does not change.
pub(crate) struct Source<'a, V> {
    pub(crate) program: &'a Program,
    pub(crate) subject: &'a [u8],
    pub(crate) captures: &'a [Capture],
    pub(crate) dynamic: &'a [V],
    /// How many extra arguments there are.
    pub(crate) extras: usize,
}

impl<V> Clone for Source<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Source<'_, V> {}
