//! A host with toy values, and short names for patterns.

use std::cell::RefCell;
use std::rc::Rc;

use nseer_peg::{
    CaptureKind, DEFAULT_STACK, Error, Host, Lookup, Names, Pattern, Program, Run, Step, Text,
    Value, ValueId, Verdict,
};

#[derive(Clone, Debug)]
pub(crate) enum Toy {
    Nil,
    Text(String),
    Table(Rc<RefCell<Vec<String>>>),
}

/// Value `n` is the text `n`; table `n` has `A` for `a` and asks for `?`.
pub(crate) struct ToyHost {
    pub(crate) subject: Vec<u8>,
}

impl ToyHost {
    /// A value as text; tables in braces.
    pub(crate) fn show(&self, value: &Value<Toy>) -> String {
        let slice = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match value {
            Value::Subject => slice(&self.subject),
            Value::Slice(from, to) => slice(&self.subject[*from..*to]),
            Value::Position(position) => (position + 1).to_string(),
            Value::Constant(ValueId(0)) => "nil".to_owned(),
            Value::Constant(ValueId(n)) => format!("k{n}"),
            Value::Extra(n) => format!("x{n}"),
            Value::Text(text) => slice(text),
            Value::Host(Toy::Nil) => "nil".to_owned(),
            Value::Host(Toy::Text(text)) => text.clone(),
            Value::Host(Toy::Table(fields)) => format!("{{{}}}", fields.borrow().join(",")),
        }
    }
}

impl Host for ToyHost {
    type Value = Toy;

    fn table(&mut self) -> Result<Toy, Error> {
        Ok(Toy::Table(Rc::default()))
    }

    fn append(&mut self, table: &Toy, index: usize, value: &Value<Toy>) -> Result<(), Error> {
        let Toy::Table(fields) = table else { return Err(Error::Host("no table".to_owned())) };
        assert_eq!(fields.borrow().iter().filter(|f| !f.contains('=')).count() + 1, index);
        fields.borrow_mut().push(self.show(value));
        Ok(())
    }

    fn set(&mut self, table: &Toy, name: ValueId, value: &Value<Toy>) -> Result<(), Error> {
        let Toy::Table(fields) = table else { return Err(Error::Host("no table".to_owned())) };
        fields.borrow_mut().push(format!("k{}={}", name.0, self.show(value)));
        Ok(())
    }

    fn look_up(&mut self, _: ValueId, key: &Value<Toy>) -> Result<Lookup<Toy>, Error> {
        Ok(match self.show(key).as_str() {
            "a" => Lookup::Found(Toy::Text("A".to_owned())),
            "?" => Lookup::Ask,
            _ => Lookup::Nothing,
        })
    }

    fn text(&mut self, value: &Value<Toy>) -> Result<Text, Error> {
        Ok(match value {
            Value::Host(Toy::Table(_)) => Text::Not("table"),
            Value::Host(Toy::Nil) | Value::Constant(ValueId::NIL) => Text::Not("nil"),
            other => Text::Bytes(self.show(other).into_bytes()),
        })
    }

    fn same(&mut self, a: ValueId, b: ValueId) -> bool {
        a == b
    }

    fn name(&mut self, name: ValueId) -> String {
        format!("k{}", name.0)
    }

    fn is_nil(&self, value: &Toy) -> bool {
        matches!(value, Toy::Nil)
    }

    fn nil(&self) -> Toy {
        Toy::Nil
    }
}

/// Rules are named by their places.
pub(crate) struct Places(pub(crate) usize);

impl Names for Places {
    fn place(&mut self, name: ValueId) -> Option<usize> {
        (name.0 as usize).checked_sub(1).filter(|place| *place < self.0)
    }

    fn text(&mut self, name: ValueId) -> String {
        name.0.to_string()
    }
}

/// Runs a match. Functions: 1 joins its arguments with `+`; 2 gives nothing; 3 gives its arguments
/// in turn, backwards. As a match-time capture 1 says "here" and gives its captures, 2 says no, 3
/// says "one back".
pub(crate) fn run(pattern: &Pattern, subject: &str) -> Result<Vec<String>, Error> {
    run_with(pattern, subject, 0, DEFAULT_STACK, 1000)
}

pub(crate) fn run_with(
    pattern: &Pattern,
    subject: &str,
    from: usize,
    stack: usize,
    budget: u64,
) -> Result<Vec<String>, Error> {
    let program = Program::compile(pattern, |name| name.0.to_string())?;
    let mut host = ToyHost { subject: subject.as_bytes().to_vec() };
    let mut run: Run<Toy> = Run::new(Rc::new(program), from, 2, stack);
    // Enough for every test; what backtracks without end is cut off.
    for _ in 0..10_000 {
        match run.step(subject.as_bytes(), &mut host, budget)? {
            Step::Failed => return Ok(vec!["no".to_owned()]),
            Step::Matched(values) => return Ok(values.iter().map(|v| host.show(v)).collect()),
            Step::Paused => {}
            Step::Query { .. } => {
                let found = vec![Toy::Text("asked".to_owned())];
                run.answer(subject.as_bytes(), &host, found, |_| Verdict::Here)?;
            }
            Step::Call { function, arguments } => {
                let texts: Vec<String> = arguments.iter().map(|a| host.show(a)).collect();
                let position = arguments.get(1).map(|p| host.show(p)).unwrap_or_default();
                let results = match (function.0, arguments.first()) {
                    (1, Some(Value::Subject)) => texts[1..].to_vec(),
                    (1, _) => vec![texts.join("+")],
                    (2, _) => Vec::new(),
                    _ => texts.into_iter().rev().collect(),
                };
                let results = results.into_iter().map(Toy::Text).collect();
                run.answer(subject.as_bytes(), &host, results, |_| match function.0 {
                    1 => Verdict::Here,
                    2 => Verdict::Fail,
                    _ => Verdict::At(position.parse::<usize>().ok().and_then(|p| p.checked_sub(2))),
                })?;
            }
        }
    }
    Ok(vec!["still running".to_owned()])
}

pub(crate) fn p(text: &str) -> Pattern {
    Pattern::bytes(text.as_bytes())
}

pub(crate) fn seq(parts: &[Pattern]) -> Pattern {
    parts.iter().try_fold(Pattern::succeed(), |all, part| all.then(part)).expect("sequence")
}

pub(crate) fn alt(parts: &[Pattern]) -> Pattern {
    parts.iter().try_fold(Pattern::fail(), |all, part| all.or(part)).expect("choice")
}

pub(crate) fn many(pattern: &Pattern) -> Pattern {
    pattern.at_least(0).expect("repetition")
}

pub(crate) fn cap(kind: CaptureKind, pattern: &Pattern) -> Pattern {
    pattern.capture(kind).expect("capture")
}

pub(crate) fn c(pattern: &Pattern) -> Pattern {
    cap(CaptureKind::Simple, pattern)
}

pub(crate) fn any() -> Pattern {
    Pattern::any(1)
}

pub(crate) fn v(place: u32) -> Pattern {
    Pattern::rule(ValueId(place))
}

pub(crate) fn grammar(bodies: &[Pattern]) -> Result<Pattern, Error> {
    let rules: Vec<(ValueId, Pattern)> = (1..).map(ValueId).zip(bodies.iter().cloned()).collect();
    Pattern::grammar(&rules, &mut Places(bodies.len()))
}
