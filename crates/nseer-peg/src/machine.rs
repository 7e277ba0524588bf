//! The machine that runs a program over a subject. Does not know what captures are made into: it
//! keeps their list, and stops where a match-time capture wants its function called.

use std::rc::Rc;

use crate::capture::{Capture, Mark, innermost_open};
use crate::error::Error;
use crate::program::{Label, Op, Program, RESULTS};

/// The least depth of the backtrack stack, whatever was asked for.
const LEAST_STACK: usize = crate::DEFAULT_STACK;
/// The greatest.
const MOST_STACK: usize = 1 << 24;
/// How many entries the list of captures may have.
const MOST_CAPTURES: usize = 1 << 26;
/// How many values a match-time capture may give.
const MOST_RESULTS: usize = 32766;

/// Where the machine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The subject matches up to here.
    Matched(usize),
    Failed,
    /// The match-time capture opened at this place of the list wants its function called.
    Runtime(usize),
    /// The budget is used up.
    Budget,
}

/// What a match-time capture's function said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No match here.
    Fail,
    /// It matches up to here.
    Here,
    /// It matches up to this position, from 0.
    At(Option<usize>),
}

/// What to go back to: where a call came from, or the other way of a choice.
#[derive(Clone, Copy, Debug)]
struct Frame {
    label: Label,
    /// `None` for calls.
    position: Option<usize>,
    captures: usize,
}

/// A run of a program, stopped between two steps.
#[derive(Debug)]
pub(crate) struct Machine<V> {
    program: Rc<Program>,
    place: usize,
    pub(crate) position: usize,
    stack: Vec<Frame>,
    stack_limit: usize,
    pub(crate) captures: Vec<Capture>,
    /// Results of match-time captures that are in the list.
    pub(crate) dynamic: Vec<V>,
}

impl<V> Machine<V> {
    pub(crate) fn new(program: Rc<Program>, position: usize, stack_limit: usize) -> Machine<V> {
        Machine {
            program,
            place: 0,
            position,
            stack: Vec::new(),
            stack_limit,
            captures: Vec::new(),
            dynamic: Vec::new(),
        }
    }

    pub(crate) fn program(&self) -> &Rc<Program> {
        &self.program
    }

    fn push(&mut self, label: Label, position: Option<usize>) -> Result<(), Error> {
        // The real machine keeps one frame for its own end.
        let most = self.stack_limit.clamp(LEAST_STACK, MOST_STACK) - 1;
        if self.stack.len() >= most {
            return Err(Error::StackOverflow(self.stack_limit));
        }
        self.stack.push(Frame { label, position, captures: self.captures.len() });
        Ok(())
    }

    fn capture(&mut self, position: usize, mark: Mark) -> Result<(), Error> {
        if self.captures.len() >= MOST_CAPTURES {
            return Err(Error::TooManyCaptures);
        }
        self.captures.push(Capture { position, mark });
        Ok(())
    }

    /// Goes back to the last choice. Gives false where there is none.
    fn fail(&mut self) -> bool {
        while let Some(frame) = self.stack.pop() {
            if let Some(position) = frame.position {
                self.position = position;
                self.place = frame.label as usize;
                self.drop_captures(frame.captures);
                return true;
            }
        }
        false
    }

    /// Drops entries of the list, and the results of match-time captures that were in them.
    fn drop_captures(&mut self, first: usize) {
        if !self.dynamic.is_empty() {
            let dropped = self.captures[first..].iter().find_map(|capture| match capture.mark {
                Mark::Dynamic(number) => Some(number),
                _ => None,
            });
            if let Some(number) = dropped {
                self.dynamic.truncate(number);
            }
        }
        self.captures.truncate(first);
    }

    /// Runs until something has to be done, for at most `budget` steps.
    pub(crate) fn run(&mut self, subject: &[u8], budget: &mut u64) -> Result<Stop, Error> {
        let program = self.program.clone();
        while *budget > 0 {
            *budget -= 1;
            let Some(op) = program.ops.get(self.place) else { return Ok(Stop::Failed) };
            self.place += 1;
            let next = subject.get(self.position).copied();
            let goes_on = match *op {
                Op::Byte(byte) => self.consume(1, next == Some(byte)),
                Op::Set(set) => {
                    let set = &program.sets[set as usize];
                    self.consume(1, next.is_some_and(|byte| set.contains(byte)))
                }
                Op::Any(n) => self.consume(n, subject.len() - self.position >= n),
                Op::Bytes(text) => {
                    let text = &program.texts[text as usize];
                    self.consume(text.len(), subject[self.position..].starts_with(text))
                }
                Op::Span(set) => {
                    let set = &program.sets[set as usize];
                    let rest = &subject[self.position..];
                    let length = rest.iter().position(|byte| !set.contains(*byte));
                    self.consume(length.unwrap_or(rest.len()), true)
                }
                Op::Behind(n) => {
                    let before = self.position.checked_sub(n);
                    self.position = before.unwrap_or(self.position);
                    before.is_some()
                }
                Op::TestByte(byte, label) => self.jump_unless(next == Some(byte), label),
                Op::TestSet(set, label) => {
                    let set = &program.sets[set as usize];
                    self.jump_unless(next.is_some_and(|byte| set.contains(byte)), label)
                }
                Op::TestAny(label) => self.jump_unless(next.is_some(), label),
                Op::Jump(label) => self.jump_unless(false, label),
                Op::Choice(label) => {
                    self.push(label, Some(self.position))?;
                    true
                }
                Op::Call(label) => {
                    self.push(Label::try_from(self.place).unwrap_or(Label::MAX), None)?;
                    self.jump_unless(false, label)
                }
                Op::Fail => false,
                Op::FailTwice => {
                    self.stack.pop();
                    false
                }
                Op::Open(kind) => {
                    self.capture(self.position, Mark::Open(kind))?;
                    true
                }
                Op::Close => {
                    self.capture(self.position, Mark::Close)?;
                    true
                }
                Op::Full(kind, length) => {
                    self.capture(self.position - length as usize, Mark::Full(kind, length))?;
                    true
                }
                Op::CloseRuntime => {
                    let open = innermost_open(&self.captures, self.captures.len());
                    self.capture(self.position, Mark::Close)?;
                    return Ok(open.map_or(Stop::Failed, Stop::Runtime));
                }
                Op::End => return Ok(Stop::Matched(self.position)),
                Op::Commit(_) | Op::PartialCommit(_) | Op::BackCommit(_) | Op::Return => {
                    self.settle(*op)
                }
            };
            if !goes_on && !self.fail() {
                return Ok(Stop::Failed);
            }
        }
        Ok(Stop::Budget)
    }

    fn consume(&mut self, n: usize, matches: bool) -> bool {
        if matches {
            self.position += n;
        }
        matches
    }

    fn jump_unless(&mut self, stay: bool, label: Label) -> bool {
        if !stay {
            self.place = label as usize;
        }
        true
    }

    /// The instructions that use the last frame.
    fn settle(&mut self, op: Op) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        match op {
            Op::PartialCommit(label) => {
                frame.position = Some(self.position);
                frame.captures = self.captures.len();
                self.place = label as usize;
                return true;
            }
            Op::Commit(label) => self.place = label as usize,
            Op::Return => self.place = frame.label as usize,
            Op::BackCommit(label) => {
                let captures = frame.captures;
                self.position = frame.position.unwrap_or(self.position);
                self.place = label as usize;
                self.drop_captures(captures);
            }
            _ => {}
        }
        self.stack.pop();
        true
    }

    /// Goes on after a match-time capture: its entries, from `open` on, give way to `results`.
    pub(crate) fn settle_runtime(
        &mut self,
        open: usize,
        subject: &[u8],
        verdict: Verdict,
        results: impl ExactSizeIterator<Item = V>,
    ) -> Result<(), Error> {
        let began = self.captures.get(open).map_or(self.position, |capture| capture.position);
        self.drop_captures(open);
        match verdict {
            Verdict::Here => {}
            Verdict::At(position) => {
                let position = position.filter(|p| (self.position..=subject.len()).contains(p));
                self.position = position.ok_or(Error::InvalidPosition)?;
            }
            Verdict::Fail => {
                if !self.fail() {
                    self.place = usize::MAX;
                }
                return Ok(());
            }
        }
        if results.len() > MOST_RESULTS {
            return Err(Error::TooManyResults);
        }
        if results.len() == 0 {
            return Ok(());
        }
        self.capture(began, Mark::Open(RESULTS))?;
        for value in results {
            self.capture(self.position, Mark::Dynamic(self.dynamic.len()))?;
            self.dynamic.push(value);
        }
        self.capture(self.position, Mark::Close)
    }
}
