//! Grammars: what is refused, and how deep a match may go.

use nseer_peg::{CaptureKind, Error, Pattern, Program};

use crate::toy::{alt, any, c, grammar, many, p, run, run_with, seq, v};

#[test]
fn bad_grammars() {
    let circle = |n: u32| {
        let bodies: Vec<_> = (1..=n).map(|i| v(1 + i % n)).collect();
        grammar(&bodies).expect_err("left recursion").to_string()
    };
    // LPeg names the rule at which it has passed 250.
    assert_eq!(circle(1), "rule '1' may be left recursive");
    assert_eq!(circle(2), "rule '1' may be left recursive");
    assert_eq!(circle(3), "rule '2' may be left recursive");
    assert_eq!(circle(7), "rule '6' may be left recursive");
    for (bodies, expected) in [
        (vec![v(9)], "rule '9' undefined in given grammar"),
        (vec![seq(&[p("a").at_most(1).expect("at most"), v(1)])], "rule '1' may be left recursive"),
        (vec![seq(&[p("a").not().expect("not"), v(1)])], "rule '1' may be left recursive"),
        (vec![many(&v(2)), p("")], "empty loop in rule '1'"),
        (vec![many(&v(2)), many(&p("a"))], "empty loop in rule '1'"),
        (vec![p("a"); 251], "grammar has too many rules"),
    ] {
        assert_eq!(grammar(&bodies).expect_err(expected).to_string(), expected);
    }
    // A grammar that is refused hides what follows, as it does in the real one.
    let inner = grammar(&[p("a")]).expect("grammar").not().expect("not");
    let hidden = grammar(&[seq(&[inner, v(1), p("b")])]).expect("a grammar to LPeg");
    assert!(matches!(run(&hidden, "b"), Err(Error::StackOverflow(_))));
    // Rules that nobody calls may be anything.
    assert!(grammar(&[p("a"), many(&v(3)), p("")]).is_ok());
    let outside = Program::compile(&v(3), |name| name.0.to_string());
    assert_eq!(outside.expect_err("an error"), Error::OutsideGrammar("3".to_owned()));
}

#[test]
fn recursion() {
    let balanced = grammar(&[seq(&[
        p("("),
        many(&alt(&[any().except(&alt(&[p("("), p(")")])).expect("set"), v(1)])),
        p(")"),
    ])]);
    let balanced = balanced.expect("grammar");
    for (subject, expected) in [("(a(b)c)", "8"), ("()", "3"), ("(()", "no"), ("", "no")] {
        assert_eq!(run(&balanced, subject), Ok(vec![expected.to_owned()]));
    }
    // A grammar within a grammar has rules of its own.
    let inner = grammar(&[alt(&[seq(&[p("x"), v(1)]), p("y")])]).expect("grammar");
    let outer = grammar(&[seq(&[v(2), inner]), p("1")]).expect("grammar");
    assert_eq!(run(&outer, "1xxy"), Ok(vec!["5".to_owned()]));
}

#[test]
fn the_stack_has_a_limit() {
    let nested = grammar(&[alt(&[seq(&[p("("), v(1), p(")")]), p("")])]).expect("grammar");
    let subject = |n: usize| "(".repeat(n) + &")".repeat(n);
    // As in the real one.
    assert_eq!(run(&nested, &subject(199)), Ok(vec!["399".to_owned()]));
    let error = Error::StackOverflow(400);
    assert_eq!(run(&nested, &subject(200)), Err(error));
    let many = run_with(&nested, &subject(20_000), 0, 1_000_000, 1_000_000);
    assert_eq!(many, Ok(vec!["40001".to_owned()]));
    // Less than 400 is not to be had, but it is what the message says.
    let error = run_with(&nested, &subject(200), 0, 100, 1000);
    assert_eq!(error.expect_err("an error"), Error::StackOverflow(100));
}

/// Calls at the end of a rule need no stack, and deep captures no native stack.
#[test]
fn long_subjects() {
    let last = grammar(&[alt(&[seq(&[p("a"), v(1)]), p("")])]).expect("grammar");
    let subject = "a".repeat(100_000);
    assert_eq!(run_with(&last, &subject, 0, 400, 1 << 20), Ok(vec!["100001".to_owned()]));
    let deep = grammar(&[alt(&[c(&seq(&[p("a"), v(1)])), p("")])]).expect("grammar");
    let values = run_with(&deep, &"a".repeat(2000), 0, 1 << 20, 1 << 20).expect("match");
    assert_eq!(values.len(), 2000);
    let words: Vec<_> = (0..5000).map(|i| p(&format!("w{i:04}"))).collect();
    assert_eq!(run_with(&alt(&words), "w4999", 0, 400, 1 << 20), Ok(vec!["6".to_owned()]));
}

/// The deepest patterns that can be made need little of the native stack.
#[test]
fn deep_patterns() {
    fn deeper(pattern: &Pattern) -> Result<Pattern, Error> {
        let rest = pattern.capture(CaptureKind::Simple)?.not()?.not()?;
        rest.then(&p("b"))?.or(&p("ca"))?.at_most(1)?.then(&v(1))
    }
    let work = || {
        let (mut pattern, mut before) = (p("a"), p("a"));
        let error = loop {
            match deeper(&pattern) {
                Ok(next) => (before, pattern) = (pattern, next),
                Err(error) => break error,
            }
        };
        assert_eq!(error, Error::TooDeep);
        assert!(run(&pattern, "aacab").is_err());
        let made = grammar(&[seq(&[p("x"), before])]).expect("grammar");
        assert_eq!(run(&made, "aacab"), Ok(vec!["no".to_owned()]));
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work).expect("thread");
    assert!(thread.join().is_ok());
}
