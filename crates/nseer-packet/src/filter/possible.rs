//! Finds filters that no packet can pass, as libpcap does ("expression rejects all packets"): a
//! script that asks for one has made a mistake, and would wait for nothing.
//!
//! What is known is which atoms hold on the way, as far as they test the same bytes for equality;
//! whether a number fits in its bytes is not looked at, there as here.

use super::{How, Number, Operation, Test};

/// Most steps of a search. Contradictions of filters that people write need a few dozen; what needs
/// more counts as possible.
const STEPS: u32 = 20_000;

/// Most atoms on a way and tests within tests, which are on the stack.
const DEPTH: u32 = 500;

/// Whether a packet may pass `test`.
pub(super) fn possible(test: &Test) -> bool {
    let mut way = Way { known: Vec::new(), steps: STEPS, depth: 0 };
    way.can(test, true, &mut |_| true)
}

/// What else must be possible.
type Then<'t, 'a> = &'t mut dyn FnMut(&mut Way<'a>) -> bool;

/// A way through the filter.
struct Way<'a> {
    /// Atoms, and whether they hold.
    known: Vec<(&'a Test, bool)>,
    steps: u32,
    depth: u32,
}

impl<'a> Way<'a> {
    /// Whether `test` may be `wanted`, so that `then` may be as well.
    fn can(&mut self, test: &'a Test, wanted: bool, then: Then<'_, 'a>) -> bool {
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 || self.depth == DEPTH {
            return true;
        }
        self.depth += 1;
        let can = self.can_here(test, wanted, then);
        self.depth -= 1;
        can
    }

    fn can_here(&mut self, test: &'a Test, wanted: bool, then: Then<'_, 'a>) -> bool {
        match test {
            Test::Always => wanted && then(self),
            Test::Never => !wanted && then(self),
            Test::Not(inner) => self.can(inner, !wanted, then),
            Test::And(left, right) => self.both(left, right, true, wanted, then),
            Test::Or(left, right) => self.both(left, right, false, wanted, then),
            atom => match self.decided(atom) {
                Some(holds) => holds == wanted && then(self),
                None => {
                    self.known.push((atom, wanted));
                    let can = then(self);
                    self.known.pop();
                    can
                }
            },
        }
    }

    /// Two tests that are joined: where the first is not `goes_on`, it alone decides.
    fn both(
        &mut self,
        left: &'a Test,
        right: &'a Test,
        goes_on: bool,
        wanted: bool,
        then: Then<'_, 'a>,
    ) -> bool {
        (wanted != goes_on && self.can(left, wanted, then))
            || self.can(left, goes_on, &mut |way| way.can(right, wanted, then))
    }

    /// What is known about an atom already.
    fn decided(&self, atom: &Test) -> Option<bool> {
        if let Test::Compare { left, how, right } = atom
            && let (Some(left), Some(right)) = (constant(left), constant(right))
        {
            return Some(match how {
                How::Equal => left == right,
                How::Greater => left > right,
                How::GreaterOrEqual => left >= right,
            });
        }
        self.known.iter().find_map(|(other, holds)| {
            if *other == atom {
                return Some(*holds);
            }
            // The same bytes are equal to something else.
            (*holds && same_number(other, atom)).then_some(false)
        })
    }
}

/// Whether both compare one number with a constant each, for equality.
fn same_number(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (
            Test::Field { at, size, mask, .. },
            Test::Field { at: other_at, size: other_size, mask: other_mask, .. },
        ) => (at, size, mask) == (other_at, other_size, other_mask),
        (
            Test::Compare { left, how: How::Equal, right: Number::Constant(_) },
            Test::Compare { left: other_left, how: How::Equal, right: Number::Constant(_) },
        ) => left == other_left,
        _ => false,
    }
}

/// The value of a number that is not read from the packet.
fn constant(number: &Number) -> Option<u32> {
    match number {
        Number::Constant(value) => Some(*value),
        Number::Length | Number::Bytes { .. } => None,
        Number::Negative(inner) => constant(inner).map(u32::wrapping_neg),
        Number::Calculate(how, left, right) => {
            let (left, right) = (constant(left)?, constant(right)?);
            match how {
                Operation::Add => Some(left.wrapping_add(right)),
                Operation::Subtract => Some(left.wrapping_sub(right)),
                Operation::Multiply => Some(left.wrapping_mul(right)),
                Operation::Divide => left.checked_div(right),
                Operation::Modulo => left.checked_rem(right),
                Operation::Or => Some(left | right),
                Operation::And => Some(left & right),
                Operation::Xor => Some(left ^ right),
                Operation::ShiftLeft => left.checked_shl(right),
                Operation::ShiftRight => left.checked_shr(right),
            }
        }
    }
}
