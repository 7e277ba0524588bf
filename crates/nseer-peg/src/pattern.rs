//! Patterns: trees whose parts are shared, with the combinators that make them. Knows neither how
//! they are compiled nor what the values in captures are.

use std::rc::Rc;

use crate::charset::CharSet;
use crate::error::Error;

/// The host's number for one of its values: a function, a constant, a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueId(pub u32);

impl ValueId {
    /// The number of the value that stands for nothing.
    pub const NIL: ValueId = ValueId(0);
}

/// What is made of the text and the nested captures of a capture.
#[derive(Clone, Debug)]
pub enum CaptureKind {
    /// The text, then the nested values.
    Simple,
    /// The position.
    Position,
    /// A value.
    Constant(ValueId),
    /// An extra argument of the match, counted from 1.
    Extra(usize),
    /// The values of the last complete group of that name.
    Back(ValueId),
    /// The nested values; with a name, only for tables and back references.
    Group(Option<ValueId>),
    /// A table of the nested values.
    Table,
    /// The text with the nested captures replaced by their values.
    Substitution,
    /// A text with `%0` to `%9`.
    Text(Rc<[u8]>),
    /// The nth nested value; none for 0.
    Number(usize),
    /// What a table has for the first nested value.
    Query(ValueId),
    /// What a function gives for the nested values.
    Function(ValueId),
    /// The nested values, drawn together by a function.
    Fold(ValueId),
    /// What a function decides while the match goes on.
    Runtime(ValueId),
}

/// One rule of a grammar.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: ValueId,
    pub(crate) body: Pattern,
}

#[derive(Debug)]
pub(crate) enum Kind {
    True,
    False,
    Any(usize),
    Set(CharSet),
    Bytes(Rc<[u8]>),
    Seq(Vec<Pattern>),
    Choice(Vec<Pattern>),
    Repeat(Pattern),
    AtMost(Pattern, usize),
    Not(Pattern),
    And(Pattern),
    Behind(Pattern, usize),
    Capture(CaptureKind, Pattern),
    /// A rule of a grammar that is not there yet.
    Open(ValueId),
    /// A rule of the innermost grammar around.
    Call(usize),
    Grammar(Vec<Rule>),
}

/// What is known of a pattern without looking into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// It may match without consuming anything.
    pub(crate) nullable: bool,
    /// It always matches.
    pub(crate) never_fails: bool,
    pub(crate) has_captures: bool,
    /// There is an [`Kind::Open`] in it.
    pub(crate) open: bool,
    /// The length of each match, where all have the same.
    pub(crate) length: Option<usize>,
    depth: usize,
    size: usize,
}

/// How deep patterns may be nested. A sequence or choice of any length is one level.
const MOST_DEPTH: usize = 200;
/// How many parts a pattern may have when all that is shared is counted each time.
const MOST_SIZE: usize = 1 << 20;
/// How far it may look behind.
const MOST_BEHIND: usize = 255;

#[derive(Debug)]
struct Inner {
    kind: Kind,
    facts: Facts,
}

/// A pattern. Copies are cheap.
#[derive(Clone, Debug)]
pub struct Pattern(Rc<Inner>);

impl Pattern {
    pub(crate) fn kind(&self) -> &Kind {
        &self.0.kind
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// A pattern of parts whose facts are known.
    pub(crate) fn checked(kind: Kind, facts: Facts) -> Result<Pattern, Error> {
        if facts.depth > MOST_DEPTH {
            return Err(Error::TooDeep);
        }
        if facts.size > MOST_SIZE {
            return Err(Error::TooLarge);
        }
        Ok(Pattern(Rc::new(Inner { kind, facts })))
    }

    pub(crate) fn make(kind: Kind) -> Result<Pattern, Error> {
        let facts = facts_of(&kind);
        Pattern::checked(kind, facts)
    }

    fn leaf(kind: Kind) -> Pattern {
        let facts = facts_of(&kind);
        Pattern(Rc::new(Inner { kind, facts }))
    }

    /// Always matches, consuming nothing.
    #[must_use]
    pub fn succeed() -> Pattern {
        Pattern::leaf(Kind::True)
    }

    /// Never matches.
    #[must_use]
    pub fn fail() -> Pattern {
        Pattern::leaf(Kind::False)
    }

    /// This text.
    #[must_use]
    pub fn bytes(text: &[u8]) -> Pattern {
        match text {
            [] => Pattern::succeed(),
            [byte] => Pattern::set(CharSet::single(*byte)),
            _ => Pattern::leaf(Kind::Bytes(text.into())),
        }
    }

    /// One byte of the set.
    #[must_use]
    pub fn set(set: CharSet) -> Pattern {
        Pattern::leaf(Kind::Set(set))
    }

    /// Exactly `n` bytes.
    #[must_use]
    pub fn any(n: usize) -> Pattern {
        match n {
            0 => Pattern::succeed(),
            1 => Pattern::set(CharSet::FULL),
            _ => Pattern::leaf(Kind::Any(n)),
        }
    }

    /// A rule of the grammar that this will be put in.
    #[must_use]
    pub fn rule(name: ValueId) -> Pattern {
        Pattern::leaf(Kind::Open(name))
    }

    /// This, then `next`.
    ///
    /// # Errors
    /// Where the pattern becomes too large or too deep; so for all that follow.
    pub fn then(&self, next: &Pattern) -> Result<Pattern, Error> {
        match (self.kind(), next.kind()) {
            (Kind::False, _) | (_, Kind::True) => return Ok(self.clone()),
            (Kind::True, _) => return Ok(next.clone()),
            _ => {}
        }
        let parts = |p: &Pattern| match p.kind() {
            Kind::Seq(parts) => parts.clone(),
            _ => vec![p.clone()],
        };
        Pattern::make(Kind::Seq([parts(self), parts(next)].concat()))
    }

    /// This, or else `other`.
    ///
    /// # Errors
    /// Too large, too deep.
    pub fn or(&self, other: &Pattern) -> Result<Pattern, Error> {
        if let (Kind::Set(a), Kind::Set(b)) = (self.kind(), other.kind()) {
            return Ok(Pattern::set(a.union(*b)));
        }
        if self.facts().never_fails || matches!(other.kind(), Kind::False) {
            return Ok(self.clone());
        }
        if matches!(self.kind(), Kind::False) {
            return Ok(other.clone());
        }
        let parts = |p: &Pattern| match p.kind() {
            Kind::Choice(parts) => parts.clone(),
            _ => vec![p.clone()],
        };
        Pattern::make(Kind::Choice([parts(self), parts(other)].concat()))
    }

    /// This, where `other` does not match.
    ///
    /// # Errors
    /// Too large, too deep.
    pub fn except(&self, other: &Pattern) -> Result<Pattern, Error> {
        if let (Kind::Set(a), Kind::Set(b)) = (self.kind(), other.kind()) {
            return Ok(Pattern::set(a.difference(*b)));
        }
        other.not()?.then(self)
    }

    /// Matches where this does not, consuming nothing.
    ///
    /// # Errors
    /// Too large, too deep.
    pub fn not(&self) -> Result<Pattern, Error> {
        Pattern::make(Kind::Not(self.clone()))
    }

    /// Matches where this does, consuming nothing.
    ///
    /// # Errors
    /// Too large, too deep.
    pub fn ahead(&self) -> Result<Pattern, Error> {
        Pattern::make(Kind::And(self.clone()))
    }

    /// Matches where this matches just before.
    ///
    /// # Errors
    /// Where the length is not fixed or more than 255, or there are captures.
    pub fn behind(&self) -> Result<Pattern, Error> {
        let length = self.facts().length.ok_or(Error::NoFixedLength)?;
        if self.facts().has_captures {
            return Err(Error::HasCaptures);
        }
        if length > MOST_BEHIND {
            return Err(Error::BehindTooLong);
        }
        Pattern::make(Kind::Behind(self.clone(), length))
    }

    /// At least `n` times, and as often as possible.
    ///
    /// # Errors
    /// Where it may match nothing; too large, too deep.
    pub fn at_least(&self, n: usize) -> Result<Pattern, Error> {
        if self.facts().nullable {
            return Err(Error::EmptyLoop);
        }
        let rest = Pattern::make(Kind::Repeat(self.clone()))?;
        if n == 0 {
            return Ok(rest);
        }
        if n.saturating_mul(self.facts().size) > MOST_SIZE {
            return Err(Error::TooLarge);
        }
        let mut parts = vec![self.clone(); n];
        parts.push(rest);
        Pattern::make(Kind::Seq(parts))
    }

    /// At most `n` times, and as often as possible.
    ///
    /// # Errors
    /// Too large, too deep.
    pub fn at_most(&self, n: usize) -> Result<Pattern, Error> {
        match n {
            0 => Ok(Pattern::succeed()),
            _ if self.facts().never_fails && n == 1 => Ok(self.clone()),
            _ => Pattern::make(Kind::AtMost(self.clone(), n)),
        }
    }

    /// A capture of what this matches.
    ///
    /// # Errors
    /// Too large, too deep.
    pub fn capture(&self, kind: CaptureKind) -> Result<Pattern, Error> {
        Pattern::make(Kind::Capture(kind, self.clone()))
    }

    /// The pattern is one set, or a single byte.
    pub(crate) fn as_set(&self) -> Option<CharSet> {
        if let Kind::Set(set) = self.kind() { Some(*set) } else { None }
    }

    /// The parts right below. Calls have none: rules are the grammar's.
    pub(crate) fn parts(&self) -> Vec<&Pattern> {
        match self.kind() {
            Kind::Seq(parts) | Kind::Choice(parts) => parts.iter().collect(),
            Kind::Repeat(p)
            | Kind::AtMost(p, _)
            | Kind::Not(p)
            | Kind::And(p)
            | Kind::Behind(p, _)
            | Kind::Capture(_, p) => vec![p],
            Kind::Grammar(rules) => rules.iter().map(|rule| &rule.body).collect(),
            _ => Vec::new(),
        }
    }
}

fn leaf_facts(nullable: bool, never_fails: bool, length: usize, size: usize) -> Facts {
    Facts { nullable, never_fails, length: Some(length), depth: 1, size, ..Facts::default() }
}

fn facts_of(kind: &Kind) -> Facts {
    match kind {
        Kind::True => leaf_facts(true, true, 0, 1),
        Kind::False => leaf_facts(false, false, 0, 1),
        Kind::Any(n) => leaf_facts(false, false, *n, 1),
        Kind::Set(_) => leaf_facts(false, false, 1, 1),
        Kind::Bytes(text) => leaf_facts(false, false, text.len(), 1),
        Kind::Open(_) => Facts { open: true, length: None, ..leaf_facts(false, false, 0, 1) },
        // Whoever resolves calls knows better; see `grammar`.
        Kind::Call(_) => Facts { length: None, ..leaf_facts(false, false, 0, 1) },
        Kind::Seq(parts) => sequence_facts(parts),
        Kind::Choice(parts) => choice_facts(parts),
        Kind::Repeat(p) => around(p, |f| f.always(None)),
        Kind::AtMost(p, n) => around(p, |f| {
            let mut facts = f.always(f.length.filter(|length| *length == 0));
            facts.size = f.size.saturating_mul(*n);
            facts
        }),
        Kind::Not(p) => around(p, |f| Facts { nullable: true, never_fails: false, ..f.empty() }),
        Kind::And(p) => around(p, |f| Facts { nullable: true, ..f.empty() }),
        Kind::Behind(p, _) => {
            around(p, |f| Facts { nullable: true, never_fails: false, ..f.empty() })
        }
        Kind::Capture(CaptureKind::Runtime(_), p) => {
            around(p, |f| Facts { never_fails: false, has_captures: true, length: None, ..f })
        }
        Kind::Capture(_, p) => around(p, |f| Facts { has_captures: true, ..f }),
        Kind::Grammar(rules) => grammar_facts(rules),
    }
}

impl Facts {
    fn always(self, length: Option<usize>) -> Facts {
        Facts { nullable: true, never_fails: true, length, ..self }
    }

    fn empty(self) -> Facts {
        Facts { length: Some(0), ..self }
    }

    /// The facts of a call of a rule with these.
    pub(crate) fn of_call(self) -> Facts {
        Facts { open: false, depth: 1, size: 1, ..self }
    }
}

fn around(p: &Pattern, change: impl FnOnce(Facts) -> Facts) -> Facts {
    let facts = change(*p.facts());
    Facts { depth: facts.depth + 1, size: facts.size.saturating_add(1), ..facts }
}

/// Captures, open rules, depth and size of a pattern with these parts.
fn together(parts: &[Pattern]) -> Facts {
    let mut all = Facts { size: 1, ..Facts::default() };
    for facts in parts.iter().map(Pattern::facts) {
        all.has_captures |= facts.has_captures;
        all.open |= facts.open;
        all.depth = all.depth.max(facts.depth + 1);
        all.size = all.size.saturating_add(facts.size);
    }
    all
}

fn sequence_facts(parts: &[Pattern]) -> Facts {
    let lengths = parts.iter().map(|p| p.facts().length);
    Facts {
        nullable: parts.iter().all(|p| p.facts().nullable),
        never_fails: parts.iter().all(|p| p.facts().never_fails),
        length: lengths.reduce(|a, b| a?.checked_add(b?)).flatten(),
        ..together(parts)
    }
}

fn choice_facts(parts: &[Pattern]) -> Facts {
    let lengths = parts.iter().map(|p| p.facts().length);
    Facts {
        nullable: parts.iter().any(|p| p.facts().nullable),
        never_fails: parts.iter().any(|p| p.facts().never_fails),
        length: lengths.reduce(|a, b| if a == b { a } else { None }).flatten(),
        ..together(parts)
    }
}

fn grammar_facts(rules: &[Rule]) -> Facts {
    let bodies: Vec<Pattern> = rules.iter().map(|rule| rule.body.clone()).collect();
    let first = bodies.first().map(|body| *body.facts()).unwrap_or_default();
    let all = together(&bodies);
    Facts { depth: all.depth, size: all.size, open: false, ..first }
}
