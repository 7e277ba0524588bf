//! What can be said of the first byte of a match. Answers may be vague, never wrong: they decide
//! how a pattern is compiled, not what it means.

use std::cell::Cell;

use crate::charset::CharSet;
use crate::pattern::{CaptureKind, Kind, Pattern, Rule};

/// How many patterns one question may look at.
const MOST_LOOKS: u32 = 2000;
/// How deep calls are followed.
const MOST_CALLS: u32 = 6;

/// The first byte of a match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct First {
    /// The next byte is in here, where the pattern matches and what follows it too.
    pub(crate) set: CharSet,
    /// It matches only by consuming, so a byte that is not in the set settles it.
    pub(crate) consumes: bool,
    /// A function has a say before anything is consumed: nothing may be assumed of what follows.
    runtime: bool,
    /// The set may be larger than it has to be.
    vague: bool,
}

impl First {
    fn consumes(set: CharSet) -> First {
        First { set, consumes: true, runtime: false, vague: false }
    }

    fn empty(set: CharSet) -> First {
        First { set, consumes: false, runtime: false, vague: false }
    }
}

/// The rules that calls mean, and how much may still be looked at.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    rules: &'a [Rule],
    looks: &'a Cell<u32>,
    calls: u32,
}

/// What `pattern` may begin with, where `follow` is what may come after it.
pub(crate) fn first(pattern: &Pattern, follow: CharSet, rules: &[Rule]) -> First {
    let looks = Cell::new(MOST_LOOKS);
    Scope { rules, looks: &looks, calls: MOST_CALLS }.first(pattern, follow)
}

/// Whether a match can fail at its first byte only, and does exactly where that is not in `head`.
pub(crate) fn fails_at_head_only(pattern: &Pattern, head: First, rules: &[Rule]) -> bool {
    let looks = Cell::new(MOST_LOOKS);
    !head.vague && Scope { rules, looks: &looks, calls: MOST_CALLS }.head_only(pattern)
}

impl<'a> Scope<'a> {
    /// Takes one look; says no where there is none left.
    fn look(&self) -> bool {
        let left = self.looks.get();
        self.looks.set(left.saturating_sub(1));
        left > 0
    }

    fn called(self, place: usize) -> Option<(Scope<'a>, &'a Pattern)> {
        let rule = self.rules.get(place)?;
        let calls = self.calls.checked_sub(1)?;
        Some((Scope { calls, ..self }, &rule.body))
    }

    fn first(self, pattern: &'a Pattern, follow: CharSet) -> First {
        if !self.look() {
            return vague(pattern);
        }
        match pattern.kind() {
            Kind::True => First::empty(follow),
            Kind::False => First::consumes(CharSet::EMPTY),
            Kind::Any(_) => First::consumes(CharSet::FULL),
            Kind::Set(set) => First::consumes(*set),
            Kind::Bytes(text) => {
                First::consumes(text.first().map_or(CharSet::FULL, |b| CharSet::single(*b)))
            }
            Kind::Open(_) => vague(pattern),
            Kind::Seq(parts) => self.of_sequence(parts, follow),
            Kind::Choice(parts) => parts
                .iter()
                .map(|part| self.first(part, follow))
                .reduce(|a, b| First {
                    set: a.set.union(b.set),
                    consumes: a.consumes && b.consumes,
                    runtime: a.runtime || b.runtime,
                    vague: a.vague || b.vague,
                })
                .unwrap_or_else(|| vague(pattern)),
            Kind::Repeat(p) | Kind::AtMost(p, _) => {
                let inner = self.first(p, follow);
                First { set: inner.set.union(follow), consumes: false, ..inner }
            }
            Kind::Not(p) => match p.as_set() {
                Some(set) => First::empty(set.complement()),
                None => First { set: follow, consumes: false, ..self.first(p, follow) },
            },
            Kind::Behind(..) => First::empty(follow),
            Kind::And(p) => {
                let inner = self.first(p, follow);
                First { set: inner.set.intersection(follow), ..inner }
            }
            Kind::Capture(CaptureKind::Runtime(_), p) => {
                let inner = self.first(p, CharSet::FULL);
                First { runtime: inner.runtime || !inner.consumes, ..inner }
            }
            Kind::Capture(_, p) => self.first(p, follow),
            Kind::Grammar(rules) => match rules.first() {
                Some(rule) => Scope { rules, ..self }.first(&rule.body, follow),
                None => vague(pattern),
            },
            Kind::Call(place) => match self.called(*place) {
                Some((scope, body)) => scope.first(body, follow),
                None => vague(pattern),
            },
        }
    }

    fn of_sequence(self, parts: &'a [Pattern], follow: CharSet) -> First {
        let Some((head, rest)) = parts.split_first() else {
            return First::empty(follow);
        };
        if !head.facts().nullable || rest.is_empty() {
            return self.first(head, if rest.is_empty() { follow } else { CharSet::FULL });
        }
        // From the back, so that long sequences need no recursion.
        let reach =
            rest.iter().position(|part| !part.facts().nullable).map_or(rest.len(), |i| i + 1);
        let after = if reach == rest.len() { follow } else { CharSet::FULL };
        let mut next = First::empty(after);
        for part in parts[..=reach].iter().rev() {
            let this = self.first(part, next.set);
            next = First {
                set: this.set,
                consumes: this.consumes || next.consumes,
                runtime: this.runtime || (!this.consumes && next.runtime),
                vague: this.vague || next.vague,
            };
        }
        if next.runtime { First { consumes: false, ..next } } else { next }
    }

    fn head_only(self, pattern: &'a Pattern) -> bool {
        if !self.look() {
            return false;
        }
        match pattern.kind() {
            Kind::Set(_) | Kind::False => true,
            Kind::Bytes(text) => text.len() == 1,
            Kind::And(p) => self.head_only(p),
            Kind::Capture(CaptureKind::Runtime(_), _) => false,
            Kind::Capture(_, p) => self.head_only(p),
            Kind::Choice(parts) => parts.iter().all(|part| self.head_only(part)),
            Kind::Seq(parts) => {
                let mut parts = parts.iter();
                parts.next().is_some_and(|head| self.head_only(head))
                    && parts.all(|part| part.facts().never_fails)
            }
            Kind::Grammar(rules) => {
                rules.first().is_some_and(|rule| Scope { rules, ..self }.head_only(&rule.body))
            }
            Kind::Call(place) => {
                self.called(*place).is_some_and(|(scope, body)| scope.head_only(body))
            }
            _ => false,
        }
    }
}

fn vague(pattern: &Pattern) -> First {
    let consumes = !pattern.facts().nullable;
    First { set: CharSet::FULL, consumes, runtime: !consumes, vague: true }
}
