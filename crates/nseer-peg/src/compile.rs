//! Turns a pattern into a program. Does not know how programs are run, but where a choice or a
//! call can be saved, it is: how deep the backtrack stack gets is visible.

use std::collections::HashMap;

use crate::charset::CharSet;
use crate::error::Error;
use crate::first::{First, fails_at_head_only, first};
use crate::pattern::{CaptureKind, Kind, Pattern, Rule, ValueId};
use crate::program::{Label, Op, Program};

/// Longer captures without captures inside are opened and closed.
const LONGEST_FULL: usize = 255;
/// What a jump leads to before its target is known.
const UNKNOWN: Label = Label::MAX;

impl Program {
    /// Compiles a pattern. `name` gives the text of a rule's name.
    ///
    /// # Errors
    /// Where a rule is used outside of a grammar.
    pub fn compile(pattern: &Pattern, name: impl Fn(ValueId) -> String) -> Result<Program, Error> {
        if let Some(open) = open_rule(pattern) {
            return Err(Error::OutsideGrammar(name(open)));
        }
        let mut compiler = Compiler {
            program: Program {
                ops: Vec::new(),
                sets: Vec::new(),
                texts: Vec::new(),
                kinds: vec![CaptureKind::Group(None)],
            },
            set_places: HashMap::new(),
            calls: Vec::new(),
        };
        compiler.pattern(pattern, Position { last: false, follow: CharSet::FULL, rules: &[] });
        compiler.program.ops.push(Op::End);
        shorten(&mut compiler.program.ops);
        Ok(compiler.program)
    }
}

fn open_rule(pattern: &Pattern) -> Option<ValueId> {
    match pattern.kind() {
        _ if !pattern.facts().open => None,
        Kind::Open(name) => Some(*name),
        _ => pattern.parts().into_iter().find_map(open_rule),
    }
}

/// Where a pattern stands.
#[derive(Clone, Copy)]
struct Position<'a> {
    /// Its end is the end of a choice whose other way is to do nothing.
    last: bool,
    /// What may come after it.
    follow: CharSet,
    /// What its calls mean.
    rules: &'a [Rule],
}

impl Position<'_> {
    /// Inside something where nothing is known of what follows.
    fn inner(self) -> Self {
        Position { last: false, follow: CharSet::FULL, ..self }
    }
}

struct Compiler {
    program: Program,
    set_places: HashMap<CharSet, u32>,
    /// Calls in the grammar at hand: their places, and the rules.
    calls: Vec<(usize, usize)>,
}

fn label(place: usize) -> Label {
    Label::try_from(place).unwrap_or(UNKNOWN)
}

impl Compiler {
    fn emit(&mut self, op: Op) -> usize {
        self.program.ops.push(op);
        self.program.ops.len() - 1
    }

    fn here(&self) -> Label {
        label(self.program.ops.len())
    }

    /// Lets the jumps at these places lead here.
    fn land(&mut self, places: impl IntoIterator<Item = usize>) {
        let here = self.here();
        for place in places {
            if let Some(label) = target(&mut self.program.ops[place]) {
                *label = here;
            }
        }
    }

    fn set(&mut self, set: CharSet) -> u32 {
        let sets = &mut self.program.sets;
        *self.set_places.entry(set).or_insert_with(|| {
            sets.push(set);
            label(sets.len() - 1)
        })
    }

    fn kind(&mut self, kind: &CaptureKind) -> u32 {
        self.program.kinds.push(kind.clone());
        label(self.program.kinds.len() - 1)
    }

    /// Jumps, to where it is told later, if the next byte is not in the set.
    fn test(&mut self, set: CharSet) -> usize {
        let op = match (set.len(), set.lowest()) {
            (0, _) | (_, None) => Op::Jump(UNKNOWN),
            (1, Some(byte)) => Op::TestByte(byte, UNKNOWN),
            (256, _) => Op::TestAny(UNKNOWN),
            _ => Op::TestSet(self.set(set), UNKNOWN),
        };
        self.emit(op)
    }

    /// The same, where the first byte decides at all.
    fn test_first(&mut self, first: First) -> Option<usize> {
        first.consumes.then(|| self.test(first.set))
    }

    fn pattern(&mut self, pattern: &Pattern, at: Position<'_>) {
        match pattern.kind() {
            Kind::True | Kind::Open(_) => {}
            Kind::False => drop(self.emit(Op::Fail)),
            Kind::Any(n) => drop(self.emit(Op::Any(*n))),
            Kind::Set(set) => self.one_of(*set),
            Kind::Bytes(text) => {
                self.program.texts.push(text.clone());
                self.emit(Op::Bytes(label(self.program.texts.len() - 1)));
            }
            Kind::Seq(parts) => self.sequence(parts, at),
            Kind::Choice(parts) => self.choice(parts, at),
            Kind::Repeat(p) => self.repeat(p, at),
            Kind::AtMost(p, n) => self.at_most(p, *n, at),
            Kind::Not(p) => self.not(p, at),
            Kind::And(p) => self.ahead(p, at),
            Kind::Behind(p, n) => {
                self.emit(Op::Behind(*n));
                self.pattern(p, at.inner());
            }
            Kind::Capture(kind, p) => self.capture(kind, p, at),
            Kind::Call(rule) => self.call(*rule),
            Kind::Grammar(rules) => self.grammar(rules),
        }
    }

    fn one_of(&mut self, set: CharSet) {
        let op = match (set.len(), set.lowest()) {
            (0, _) | (_, None) => Op::Fail,
            (1, Some(byte)) => Op::Byte(byte),
            (256, _) => Op::Any(1),
            _ => Op::Set(self.set(set)),
        };
        self.emit(op);
    }

    fn sequence(&mut self, parts: &[Pattern], at: Position<'_>) {
        let mut follows = Vec::with_capacity(parts.len());
        let mut follow = at.follow;
        for part in parts.iter().rev() {
            follows.push(follow);
            follow = first(part, follow, at.rules).set;
        }
        for (i, (part, follow)) in parts.iter().zip(follows.into_iter().rev()).enumerate() {
            let last = at.last && i + 1 == parts.len();
            self.pattern(part, Position { last, follow, ..at });
        }
    }

    /// Each alternative but the last is tried against all that come after it.
    fn choice(&mut self, parts: &[Pattern], at: Position<'_>) {
        let mut rests = vec![CharSet::EMPTY; parts.len()];
        for i in (1..parts.len()).rev() {
            let this = first(&parts[i], at.follow, at.rules).set;
            rests[i - 1] = rests[i].union(this);
        }
        let mut ends = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            let Some(last) = parts.len().checked_sub(i + 1) else { break };
            if last == 0 {
                self.pattern(part, at);
                break;
            }
            let before_nothing = last == 1 && matches!(parts[i + 1].kind(), Kind::True);
            let alternative = Alternative { part, rest: rests[i], before_nothing };
            match self.alternative(&alternative, at) {
                Some(end) => ends.push(end),
                None => break,
            }
        }
        self.land(ends);
    }

    /// Gives the place of the jump to the end. `None` where what follows was dealt with.
    fn alternative(&mut self, alternative: &Alternative<'_>, at: Position<'_>) -> Option<usize> {
        let Alternative { part, rest, before_nothing } = *alternative;
        let head = first(part, CharSet::FULL, at.rules);
        if head_decides(part, head, rest, at.rules) {
            let test = self.test(head.set);
            self.pattern(part, Position { last: false, ..at });
            let end = self.emit(Op::Jump(UNKNOWN));
            self.land([test]);
            return Some(end);
        }
        if at.last && before_nothing {
            let next = self.emit(Op::PartialCommit(UNKNOWN));
            self.land([next]);
            self.pattern(part, Position { last: true, ..at.inner() });
            return None;
        }
        let test = self.test_first(head);
        let choice = self.emit(Op::Choice(UNKNOWN));
        self.pattern(part, Position { last: before_nothing, ..at.inner() });
        let end = self.emit(Op::Commit(UNKNOWN));
        self.land([choice].into_iter().chain(test));
        Some(end)
    }

    fn at_most(&mut self, part: &Pattern, n: usize, at: Position<'_>) {
        let head = first(part, CharSet::FULL, at.rules);
        if head_decides(part, head, at.follow, at.rules) {
            let mut ends = Vec::with_capacity(n);
            for _ in 0..n {
                ends.push(self.test(head.set));
                self.pattern(part, at.inner());
            }
            return self.land(ends);
        }
        let (test, choice) = if at.last {
            (None, None)
        } else {
            (self.test_first(head), Some(self.emit(Op::Choice(UNKNOWN))))
        };
        for i in 0..n {
            if i > 0 || at.last {
                let next = self.emit(Op::PartialCommit(UNKNOWN));
                self.land([next]);
            }
            self.pattern(part, at.inner());
        }
        if let Some(choice) = choice {
            let end = self.emit(Op::Commit(UNKNOWN));
            self.land([choice, end].into_iter().chain(test));
        }
    }

    fn repeat(&mut self, part: &Pattern, at: Position<'_>) {
        if let Some(set) = part.as_set() {
            let set = self.set(set);
            self.emit(Op::Span(set));
            return;
        }
        let head = first(part, CharSet::FULL, at.rules);
        if head_decides(part, head, at.follow, at.rules) {
            let test = self.test(head.set);
            self.pattern(part, at.inner());
            self.emit(Op::Jump(label(test)));
            return self.land([test]);
        }
        let test = self.test_first(head);
        let enter = if at.last { Op::PartialCommit(UNKNOWN) } else { Op::Choice(UNKNOWN) };
        let enter = self.emit(enter);
        let body = self.here();
        if at.last {
            self.land([enter]);
        }
        self.pattern(part, at.inner());
        self.emit(Op::PartialCommit(body));
        self.land(test);
        if !at.last {
            self.land([enter]);
        }
    }

    fn not(&mut self, part: &Pattern, at: Position<'_>) {
        let head = first(part, CharSet::FULL, at.rules);
        if fails_at_head_only(part, head, at.rules) {
            let test = self.test(head.set);
            self.emit(Op::Fail);
            return self.land([test]);
        }
        let test = self.test_first(head);
        let choice = self.emit(Op::Choice(UNKNOWN));
        self.pattern(part, at.inner());
        self.emit(Op::FailTwice);
        self.land([choice].into_iter().chain(test));
    }

    fn ahead(&mut self, part: &Pattern, at: Position<'_>) {
        match part.facts().length {
            Some(length) if !part.facts().has_captures => {
                self.pattern(part, at.inner());
                if length > 0 {
                    self.emit(Op::Behind(length));
                }
            }
            _ => {
                let choice = self.emit(Op::Choice(UNKNOWN));
                self.pattern(part, at.inner());
                let end = self.emit(Op::BackCommit(UNKNOWN));
                self.land([choice]);
                self.emit(Op::Fail);
                self.land([end]);
            }
        }
    }

    fn capture(&mut self, kind: &CaptureKind, part: &Pattern, at: Position<'_>) {
        let place = self.kind(kind);
        if let CaptureKind::Runtime(_) = kind {
            self.emit(Op::Open(place));
            self.pattern(part, at.inner());
            self.emit(Op::CloseRuntime);
            return;
        }
        let length = part.facts().length.filter(|length| *length <= LONGEST_FULL);
        match length.and_then(|length| u32::try_from(length).ok()) {
            Some(length) if !part.facts().has_captures => {
                self.pattern(part, Position { last: false, ..at });
                self.emit(Op::Full(place, length));
            }
            _ => {
                self.emit(Op::Open(place));
                self.pattern(part, Position { last: false, ..at });
                self.emit(Op::Close);
            }
        }
    }

    fn grammar(&mut self, rules: &[Rule]) {
        let outer = std::mem::take(&mut self.calls);
        self.call(0);
        let leave = self.emit(Op::Jump(UNKNOWN));
        let mut starts = Vec::with_capacity(rules.len());
        for rule in rules {
            starts.push(self.here());
            self.pattern(&rule.body, Position { last: false, follow: CharSet::FULL, rules });
            self.emit(Op::Return);
        }
        self.land([leave]);
        for (place, rule) in std::mem::replace(&mut self.calls, outer) {
            self.program.ops[place] = Op::Call(starts[rule]);
        }
    }

    fn call(&mut self, rule: usize) {
        let place = self.emit(Op::Call(UNKNOWN));
        self.calls.push((place, rule));
    }
}

/// One look at the next byte tells whether `part` matches, or that nothing else would.
fn head_decides(part: &Pattern, head: First, others: CharSet, rules: &[Rule]) -> bool {
    (head.consumes && head.set.is_disjoint(others)) || fails_at_head_only(part, head, rules)
}

struct Alternative<'a> {
    part: &'a Pattern,
    /// What the alternatives after it begin with.
    rest: CharSet,
    /// The only one after it matches nothing.
    before_nothing: bool,
}

fn target(op: &mut Op) -> Option<&mut Label> {
    match op {
        Op::TestByte(_, label)
        | Op::TestSet(_, label)
        | Op::TestAny(label)
        | Op::Jump(label)
        | Op::Choice(label)
        | Op::Commit(label)
        | Op::PartialCommit(label)
        | Op::BackCommit(label)
        | Op::Call(label) => Some(label),
        _ => None,
    }
}

/// Where one gets from here by jumps alone.
fn end_of_jumps(ops: &[Op], mut place: Label) -> Label {
    // Jumps in a circle would be a pattern that does nothing for ever, and there is none.
    while let Some(Op::Jump(next)) = ops.get(place as usize) {
        place = *next;
    }
    place
}

/// Jumps to jumps are shortened, and a call right before a return becomes a jump.
fn shorten(ops: &mut [Op]) {
    for place in 0..ops.len() {
        let mut op = ops[place];
        if let Some(label) = target(&mut op) {
            *label = end_of_jumps(ops, *label);
        }
        if let Op::Call(label) = op {
            let after = end_of_jumps(ops, self::label(place + 1));
            if let Some(Op::Return) = ops.get(after as usize) {
                op = Op::Jump(label);
            }
        }
        ops[place] = op;
    }
}
