//! What matches, and the values of captures.

use nseer_peg::{CaptureKind as K, CharSet, Error, Pattern, ValueId};

use crate::toy::{alt, any, c, cap, many, p, run, run_with, seq};

const F: ValueId = ValueId(1);
const NAME: ValueId = ValueId(9);

fn empty(kind: K) -> Pattern {
    cap(kind, &Pattern::succeed())
}

fn text(format: &str, pattern: &Pattern) -> Pattern {
    cap(K::Text(format.as_bytes().into()), pattern)
}

#[test]
fn what_matches() {
    let letters = Pattern::set(CharSet::of(|b| b.is_ascii_lowercase()));
    let three = many(&seq(&[p("a"), p("b")]));
    for (pattern, subject, expected) in [
        (p("ab"), "abc", "3"),
        (p("ab"), "a", "no"),
        (p(""), "", "1"),
        (Pattern::fail(), "a", "no"),
        (Pattern::any(2), "ab", "3"),
        (Pattern::any(2), "a", "no"),
        (Pattern::any(1).not().expect("not"), "", "1"),
        (Pattern::any(1).not().expect("not"), "a", "no"),
        (many(&letters), "abc1", "4"),
        (letters.at_least(2).expect("loop"), "a1", "no"),
        (letters.at_least(2).expect("loop"), "abc1", "4"),
        (letters.at_most(2).expect("at most"), "abc", "3"),
        (p("ab").at_most(3).expect("at most"), "abababab", "7"),
        (three, "ababa", "5"),
        (letters.except(&p("b")).expect("set"), "b", "no"),
        (p("ab").ahead().expect("ahead"), "ab", "1"),
        (c(&many(&any())).ahead().expect("ahead"), "ab", "1"),
        (seq(&[any(), p("a").behind().expect("behind")]), "ab", "2"),
        (seq(&[any(), p("b").behind().expect("behind")]), "ab", "no"),
        (alt(&[p("ab"), p("ac"), p("a")]), "ad", "2"),
        (alt(&[p("ab"), p("ac"), p("a")]), "ac", "3"),
        (seq(&[many(&p("a")), p("a")]), "aaa", "no"),
    ] {
        assert_eq!(run(&pattern, subject), Ok(vec![expected.to_owned()]), "{pattern:?}");
    }
}

#[test]
fn values() {
    let a = c(&p("a"));
    let named = cap(K::Group(Some(NAME)), &c(&any()));
    let word = c(&many(&p("a")));
    let cases: &[(Pattern, &str, &[&str])] = &[
        (seq(&[a.clone(), c(&p("b"))]), "ab", &["a", "b"]),
        (c(&seq(&[a.clone(), c(&p("b"))])), "ab", &["ab", "a", "b"]),
        (seq(&[p("a"), empty(K::Position)]), "ab", &["2"]),
        (empty(K::Constant(ValueId(5))), "", &["k5"]),
        (empty(K::Constant(ValueId::NIL)), "", &["nil"]),
        (empty(K::Extra(2)), "", &["x2"]),
        (cap(K::Group(None), &p("ab")), "ab", &["ab"]),
        (cap(K::Table, &many(&c(&any()))), "ab", &["{a,b}"]),
        (cap(K::Table, &p("ab")), "ab", &["{}"]),
        (cap(K::Table, &seq(&[named.clone(), c(&any())])), "ab", &["{k9=a,b}"]),
        (seq(&[named.clone(), empty(K::Back(NAME)), any()]), "ab", &["a"]),
        (named.clone(), "a", &["2"]),
        (cap(K::Number(2), &seq(&[a.clone(), c(&p("b"))])), "ab", &["b"]),
        (cap(K::Number(0), &a), "a", &["2"]),
        (cap(K::Query(F), &a), "a", &["A"]),
        (cap(K::Query(F), &p("b")), "b", &["2"]),
        (cap(K::Query(F), &p("?")), "?", &["asked"]),
        (cap(K::Function(F), &many(&c(&any()))), "abc", &["a+b+c"]),
        (cap(K::Function(F), &p("ab")), "ab", &["ab"]),
        (cap(K::Function(ValueId(2)), &p("ab")), "ab", &["3"]),
        (cap(K::Function(ValueId(3)), &many(&c(&any()))), "ab", &["b", "a"]),
        (cap(K::Fold(F), &many(&c(&any()))), "abc", &["a+b+c"]),
        (cap(K::Runtime(F), &many(&c(&any()))), "ab", &["a", "b"]),
        (cap(K::Runtime(ValueId(2)), &p("a")), "a", &["no"]),
        (alt(&[seq(&[cap(K::Runtime(F), &a), p("b")]), word.clone()]), "aa", &["aa"]),
        (cap(K::Substitution, &many(&alt(&[cap(K::Query(F), &any())]))), "abc", &["Abc"]),
        (cap(K::Substitution, &seq(&[any(), text("<%0>", &any()), any()])), "abc", &["a<b>c"]),
        (text("%1-%0%%", &seq(&[a.clone(), p("b")])), "ab", &["a-ab%"]),
        (text("%2%1", &c(&c(&p("a")))), "a", &["aa"]),
        (text("x%", &p("a")), "a", &["x\0"]),
    ];
    for (pattern, subject, expected) in cases {
        assert_eq!(run(pattern, subject).expect("match"), *expected, "{pattern:?}");
        // The same when it is interrupted after each step.
        let stepwise = run_with(pattern, subject, 0, 400, 1);
        assert_eq!(stepwise.expect("match"), *expected, "{pattern:?}");
    }
}

#[test]
fn errors_of_matches() {
    let a = c(&p("a"));
    let table = cap(K::Table, &p("a"));
    for (pattern, expected) in [
        (empty(K::Extra(3)), "reference to absent extra argument #3"),
        (empty(K::Back(NAME)), "back reference 'k9' not found"),
        (cap(K::Number(2), &a), "no capture '2'"),
        (cap(K::Fold(F), &p("a")), "no initial value for fold capture"),
        (text("%2", &a), "invalid capture index (2)"),
        (text("%1", &cap(K::Group(Some(NAME)), &a)), "no values in capture index 1"),
        (text("%1", &table), "invalid capture value (a table)"),
        (cap(K::Substitution, &table), "invalid replacement value (a table)"),
        (cap(K::Runtime(ValueId(3)), &a), "invalid position returned by match-time capture"),
    ] {
        let error = run(&pattern, "a").expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_cannot_be_made() {
    let byte = any();
    for (made, expected) in [
        (p("").at_least(0), Error::EmptyLoop),
        (many(&byte).behind(), Error::NoFixedLength),
        (c(&byte).behind(), Error::HasCaptures),
        (Pattern::any(256).behind(), Error::BehindTooLong),
        (p("abc").at_least(1 << 30), Error::TooLarge),
    ] {
        assert_eq!(made.expect_err("an error"), expected);
    }
    let deeper = |pattern: Pattern| pattern.capture(K::Simple);
    let deep = (0..1000).try_fold(byte, |pattern, _| deeper(pattern));
    assert_eq!(deep.expect_err("an error"), Error::TooDeep);
}

/// A match may begin anywhere, and looks behind to before that.
#[test]
fn matches_begin_where_they_are_told() {
    let after_a = seq(&[p("a").behind().expect("behind"), c(&any())]);
    assert_eq!(run_with(&after_a, "ab", 1, 400, 1000), Ok(vec!["b".to_owned()]));
    assert_eq!(run_with(&after_a, "ab", 0, 400, 1000), Ok(vec!["no".to_owned()]));
}
