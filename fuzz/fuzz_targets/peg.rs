//! Patterns and grammars of any shape over any subject, with functions that are called half-way.
#![no_main]

#[allow(dead_code, reason = "the tests of the crate use all of it")]
#[path = "../../crates/nseer-peg/tests/peg/toy.rs"]
mod toy;

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use nseer_peg::{CaptureKind as K, CharSet, Error, Pattern, ValueId};

const MOST_DEPTH: usize = 12;

fn kind(u: &mut Unstructured<'_>) -> Result<K> {
    let function = ValueId(u.int_in_range(1..=3)?);
    Ok(match u.int_in_range(0..=14)? {
        0 => K::Simple,
        1 => K::Position,
        2 => K::Constant(function),
        3 => K::Extra(u.int_in_range(0..=4)?),
        4 => K::Back(ValueId(9)),
        5 => K::Group(None),
        6 => K::Group(Some(ValueId(9))),
        7 => K::Table,
        8 => K::Substitution,
        9 => K::Text(u.arbitrary::<&[u8]>()?.into()),
        10 => K::Number(u.int_in_range(0..=3)?),
        11 => K::Query(function),
        12 => K::Function(function),
        13 => K::Fold(function),
        _ => K::Runtime(function),
    })
}

/// What cannot be made is left out.
fn or_itself(pattern: &Pattern, made: std::result::Result<Pattern, Error>) -> Pattern {
    made.unwrap_or_else(|_| pattern.clone())
}

fn pattern(u: &mut Unstructured<'_>, depth: usize) -> Result<Pattern> {
    if depth == 0 || u.is_empty() {
        return Ok(Pattern::any(1));
    }
    let next = |u: &mut Unstructured<'_>| pattern(u, depth - 1);
    Ok(match u.int_in_range(0..=17)? {
        0 => Pattern::bytes(u.arbitrary()?),
        1 => Pattern::any(u.int_in_range(0..=300)?),
        2 => Pattern::fail(),
        3 => Pattern::succeed(),
        4 => Pattern::rule(ValueId(u.int_in_range(1..=5)?)),
        5 => {
            let set = u.arbitrary::<[u8; 3]>()?.map(CharSet::single);
            Pattern::set(set[0].union(set[1]).union(set[2]))
        }
        6 | 7 => {
            let (a, b) = (next(u)?, next(u)?);
            or_itself(&a, a.then(&b))
        }
        8 | 9 => {
            let (a, b) = (next(u)?, next(u)?);
            or_itself(&a, a.or(&b))
        }
        10 => {
            let (a, b) = (next(u)?, next(u)?);
            or_itself(&a, a.except(&b))
        }
        11 => {
            let a = next(u)?;
            or_itself(&a, a.at_least(u.int_in_range(0..=4)?))
        }
        12 => {
            let a = next(u)?;
            or_itself(&a, a.at_most(u.int_in_range(0..=4)?))
        }
        13 => {
            let a = next(u)?;
            or_itself(&a, a.not())
        }
        14 => {
            let a = next(u)?;
            or_itself(&a, a.ahead())
        }
        15 => {
            let a = next(u)?;
            or_itself(&a, a.behind())
        }
        _ => {
            let kind = kind(u)?;
            let a = next(u)?;
            or_itself(&a, a.capture(kind))
        }
    })
}

fuzz_target!(|input: &[u8]| {
    let mut u = Unstructured::new(input);
    let Ok(count) = u.int_in_range(1..=5) else { return };
    let Ok(rules) = (0..count).map(|_| pattern(&mut u, MOST_DEPTH)).collect::<Result<Vec<_>>>()
    else {
        return;
    };
    let subject: String = u.take_rest().iter().map(|byte| char::from(byte & 0x7f)).collect();
    let _ = toy::run_with(&rules[0], &subject, 0, 400, 50);
    if let Ok(grammar) = toy::grammar(&rules) {
        let _ = toy::run_with(&grammar, &subject, subject.len() / 2, 60, 50);
    }
});
