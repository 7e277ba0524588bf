//! Any pattern over any subject: no panic, and no end of time.

use nseer_peg::{CaptureKind as K, Error, Pattern, ValueId};
use proptest::prelude::*;

use crate::toy::{any, c, grammar, p, run, run_with, v};

fn leaf() -> impl Strategy<Value = Pattern> {
    let empty = |kind: K| Pattern::succeed().capture(kind).expect("a leaf");
    prop_oneof![
        "[abc]{0,3}".prop_map(|text| p(&text)),
        (0_usize..4).prop_map(Pattern::any),
        Just(Pattern::fail()),
        Just(c(&any())),
        Just(empty(K::Position)),
        (0_u32..3).prop_map(move |n| empty(K::Constant(ValueId(n)))),
        (1_usize..4).prop_map(move |n| empty(K::Extra(n))),
        Just(empty(K::Back(ValueId(9)))),
        (1_u32..4).prop_map(v),
    ]
}

fn kind() -> impl Strategy<Value = K> {
    let function = || (1_u32..4).prop_map(ValueId);
    prop_oneof![
        Just(K::Simple),
        Just(K::Table),
        Just(K::Substitution),
        Just(K::Group(None)),
        Just(K::Group(Some(ValueId(9)))),
        "[ab%0-3]{0,5}".prop_map(|format| K::Text(format.into_bytes().into())),
        (0_usize..3).prop_map(K::Number),
        function().prop_map(K::Query),
        function().prop_map(K::Function),
        function().prop_map(K::Fold),
        function().prop_map(K::Runtime),
    ]
}

/// A combination that cannot be made is left out.
fn or_itself(pattern: Pattern, made: Result<Pattern, Error>) -> Pattern {
    made.unwrap_or(pattern)
}

fn pattern() -> impl Strategy<Value = Pattern> {
    leaf().prop_recursive(6, 40, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(a, b)| or_itself(a.clone(), a.then(&b))),
            pair.clone().prop_map(|(a, b)| or_itself(a.clone(), a.or(&b))),
            pair.prop_map(|(a, b)| or_itself(a.clone(), a.except(&b))),
            (inner.clone(), 0_usize..3).prop_map(|(a, n)| or_itself(a.clone(), a.at_least(n))),
            (inner.clone(), 0_usize..4).prop_map(|(a, n)| or_itself(a.clone(), a.at_most(n))),
            inner.clone().prop_map(|a| or_itself(a.clone(), a.not())),
            inner.clone().prop_map(|a| or_itself(a.clone(), a.ahead())),
            inner.clone().prop_map(|a| or_itself(a.clone(), a.behind())),
            (inner, kind()).prop_map(|(a, kind)| or_itself(a.clone(), a.capture(kind))),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(bodies in [pattern(), pattern(), pattern()], subject in "[abc]{0,10}") {
        for body in &bodies {
            let _ = run(body, &subject);
        }
        if let Ok(grammar) = grammar(&bodies) {
            let once = run_with(&grammar, &subject, 0, 400, 100_000);
            // How often it is interrupted makes no difference.
            if once.as_ref().is_ok_and(|values| values.len() < 100) {
                let stepwise = run_with(&grammar, &subject, 0, 400, 7);
                let unfinished = Ok(vec!["still running".to_owned()]);
                prop_assert!(stepwise == once || stepwise == unfinished);
            }
        }
    }
}
