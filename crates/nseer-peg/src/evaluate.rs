//! Makes values of captures. Works on a stack of its own, so that nesting costs no native stack,
//! and stops where a function has to be called. Does not know how captures came about.

use crate::capture::{Host, Lookup, Mark, Source, Text, Value, after, group_before};
use crate::error::Error;
use crate::frames::{Fold, Format, Frame, Make, Part, State, Substitution, Waiting};
use crate::pattern::{CaptureKind, ValueId};

/// How many values may wait at once; Lua's stack holds about a million.
const MOST_VALUES: usize = 990_000;
/// `%0` to `%9`.
const MOST_PARTS: usize = 10;

/// Where evaluation stopped.
#[derive(Debug)]
pub(crate) enum Need<V> {
    /// All values are there.
    Nothing,
    /// This function's results.
    Call { function: ValueId, arguments: Vec<Value<V>>, runtime: bool },
    /// What a table has for a key.
    Query { table: ValueId, key: Value<V> },
    /// The budget is used up.
    Budget,
}

/// An evaluation, stopped between two captures.
#[derive(Debug)]
pub(crate) struct Evaluator<V> {
    at: usize,
    /// The place before which the whole evaluation ends.
    end: usize,
    pub(crate) values: Vec<Value<V>>,
    frames: Vec<Frame<V>>,
    waiting: Option<Waiting>,
}

impl<V: Clone> Evaluator<V> {
    /// Evaluates the captures from place `begin` to `end`.
    pub(crate) fn new(begin: usize, end: usize) -> Evaluator<V> {
        Evaluator { at: begin, end, values: Vec::new(), frames: Vec::new(), waiting: None }
    }

    /// Takes the results of the call or query that was needed.
    pub(crate) fn answer(&mut self, results: Vec<V>, host: &impl Host<Value = V>) {
        let first = results.first().cloned().unwrap_or_else(|| host.nil());
        match self.waiting.take() {
            Some(Waiting::All) => self.values.extend(results.into_iter().map(Value::Host)),
            Some(Waiting::First) => self.values.push(Value::Host(first)),
            Some(Waiting::FirstIfAny) if !host.is_nil(&first) => {
                self.values.push(Value::Host(first));
            }
            _ => {}
        }
    }

    /// Goes on until all is done or something is needed.
    pub(crate) fn run(
        &mut self,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
        budget: &mut u64,
    ) -> Result<Need<V>, Error> {
        loop {
            if *budget == 0 {
                return Ok(Need::Budget);
            }
            *budget -= 1;
            if self.values.len() > MOST_VALUES {
                return Err(Error::TooManyCaptures);
            }
            let closing =
                source.captures.get(self.at).is_some_and(|c| matches!(c.mark, Mark::Close));
            let Some(frame) = self.frames.pop() else {
                if self.at >= self.end {
                    return Ok(Need::Nothing);
                }
                if let Some(need) = self.begin(source, host)? {
                    return Ok(need);
                }
                continue;
            };
            let base = frame.base;
            let need = match frame.state {
                State::Gather { begin, make } if closing => {
                    let began = source.captures[begin].position;
                    let ended = source.captures[self.at].position;
                    self.at += 1;
                    self.gathered(base, Value::Slice(began, ended), make, host)?
                }
                State::Gather { .. } => self.inside(frame, source, host)?,
                State::Table { table, count } => {
                    self.table(table, count, base, closing, source, host)?
                }
                State::Fold(fold) => self.fold(fold, base, closing, source, host)?,
                State::Substitution(this) => {
                    self.substitution(this, base, closing, source, host)?
                }
                State::Format(format) => self.format(format, base, source, host)?,
                State::Back { next } => {
                    self.at = next;
                    None
                }
            };
            if let Some(need) = need {
                return Ok(need);
            }
        }
    }

    /// Goes on with the next capture inside of `frame`.
    fn inside(
        &mut self,
        frame: Frame<V>,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        self.frames.push(frame);
        self.begin(source, host)
    }

    /// Evaluates the capture at hand, or begins to.
    fn begin(
        &mut self,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        let capture = source.captures[self.at];
        let (kind, full) = match capture.mark {
            Mark::Dynamic(number) => {
                self.values.push(Value::Host(source.dynamic[number].clone()));
                self.at += 1;
                return Ok(None);
            }
            Mark::Open(kind) => (kind, false),
            Mark::Full(kind, _) => (kind, true),
            Mark::Close => return Ok(None),
        };
        let leaf = match &source.program.kinds[kind as usize] {
            CaptureKind::Position => Value::Position(capture.position),
            CaptureKind::Constant(value) => Value::Constant(*value),
            CaptureKind::Extra(n) if *n > source.extras => return Err(Error::NoExtra(*n)),
            CaptureKind::Extra(n) => Value::Extra(*n),
            CaptureKind::Back(name) => return self.back(*name, source, host),
            CaptureKind::Group(Some(_)) | CaptureKind::Number(0) => {
                self.at = after(source.captures, self.at);
                return Ok(None);
            }
            CaptureKind::Group(None) => return self.gather(Make::Group, source, host),
            CaptureKind::Simple => return self.gather(Make::Simple, source, host),
            CaptureKind::Number(n) => return self.gather(Make::Number(*n), source, host),
            CaptureKind::Query(table) => return self.gather(Make::Query(*table), source, host),
            CaptureKind::Function(f) => return self.gather(Make::Function(*f), source, host),
            CaptureKind::Runtime(f) => return self.gather(Make::Runtime(*f), source, host),
            CaptureKind::Table => {
                let table = host.table()?;
                if full {
                    Value::Host(table)
                } else {
                    self.enter(State::Table { table, count: 0 });
                    return Ok(None);
                }
            }
            CaptureKind::Fold(function) => {
                let empty = |c: &crate::capture::Capture| matches!(c.mark, Mark::Close);
                if full || source.captures.get(self.at + 1).is_none_or(empty) {
                    return Err(Error::NoInitialValue);
                }
                self.enter(State::Fold(Fold {
                    function: *function,
                    started: false,
                    inside: false,
                }));
                return Ok(None);
            }
            CaptureKind::Substitution if full => Value::Slice(capture.position, capture.end()),
            CaptureKind::Substitution => {
                let (text, copied) = (Vec::new(), capture.position);
                self.enter(State::Substitution(Substitution { text, copied, inside: None }));
                return Ok(None);
            }
            CaptureKind::Text(format) => {
                let (parts, next) = parts(source, self.at);
                let (format, text) = (format.clone(), Vec::new());
                let format = Format { format, done: 0, parts, text, inside: None, next };
                self.enter(State::Format(format));
                return Ok(None);
            }
        };
        self.values.push(leaf);
        self.at += 1;
        Ok(None)
    }

    fn enter(&mut self, state: State<V>) {
        self.frames.push(Frame { state, base: self.values.len() });
        self.at += 1;
    }

    /// Begins to gather the values of the capture at hand.
    fn gather(
        &mut self,
        make: Make,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        let capture = source.captures[self.at];
        if let Mark::Full(..) = capture.mark {
            self.at += 1;
            let whole = Value::Slice(capture.position, capture.end());
            return self.gathered(self.values.len(), whole, make, host);
        }
        self.enter(State::Gather { begin: self.at, make });
        Ok(None)
    }

    /// Makes what is to be made of the values from `base` on; `whole` is what was captured.
    fn gathered(
        &mut self,
        base: usize,
        whole: Value<V>,
        make: Make,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        if let Make::Simple = make {
            self.values.insert(base, whole);
            return Ok(None);
        }
        if self.values.len() == base {
            self.values.push(whole);
        }
        match make {
            Make::Group | Make::Simple => {}
            Make::Number(n) => {
                let value = self.values.get(base + n - 1).cloned();
                self.values.truncate(base);
                self.values.push(value.ok_or(Error::NoCapture(n))?);
            }
            Make::Field(name) => {
                let value = self.values.swap_remove(base);
                self.values.truncate(base);
                if let Some(Frame { state: State::Table { table, .. }, .. }) = self.frames.last() {
                    host.set(table, name, &value)?;
                }
            }
            Make::Function(function) | Make::Runtime(function) => {
                let arguments = self.values.split_off(base);
                self.waiting = Some(Waiting::All);
                let runtime = matches!(make, Make::Runtime(_));
                return Ok(Some(Need::Call { function, arguments, runtime }));
            }
            Make::Query(table) => {
                let key = self.values.swap_remove(base);
                self.values.truncate(base);
                match host.look_up(table, &key)? {
                    Lookup::Nothing => {}
                    Lookup::Found(value) => self.values.push(Value::Host(value)),
                    Lookup::Ask => {
                        self.waiting = Some(Waiting::FirstIfAny);
                        return Ok(Some(Need::Query { table, key }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The values of an earlier group.
    fn back(
        &mut self,
        name: ValueId,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        let kinds = &source.program.kinds;
        let same = |other| other == name || host.same(name, other);
        let found = group_before(source.captures, self.at, kinds, same);
        let found = found.ok_or_else(|| Error::NoBackReference(host.name(name)))?;
        let next = self.at + 1;
        self.frames.push(Frame { state: State::Back { next }, base: self.values.len() });
        self.at = found;
        self.gather(Make::Group, source, host)
    }

    fn table(
        &mut self,
        table: V,
        mut count: usize,
        base: usize,
        closing: bool,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        for value in self.values.drain(base..) {
            count += 1;
            host.append(&table, count, &value)?;
        }
        if closing {
            self.at += 1;
            self.values.push(Value::Host(table));
            return Ok(None);
        }
        self.frames.push(Frame { state: State::Table { table, count }, base });
        if let Mark::Open(kind) | Mark::Full(kind, _) = source.captures[self.at].mark
            && let CaptureKind::Group(Some(name)) = &source.program.kinds[kind as usize]
        {
            return self.gather(Make::Field(*name), source, host);
        }
        self.begin(source, host)
    }

    fn fold(
        &mut self,
        this: Fold,
        base: usize,
        closing: bool,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        let Fold { function, started, inside } = this;
        if inside {
            let arguments = self.values.split_off(base);
            let state = State::Fold(Fold { function, started: true, inside: false });
            self.frames.push(Frame { state, base });
            if started {
                self.waiting = Some(Waiting::First);
                return Ok(Some(Need::Call { function, arguments, runtime: false }));
            }
            let initial = arguments.into_iter().next().ok_or(Error::NoInitialValue)?;
            self.values.push(initial);
            return Ok(None);
        }
        if closing {
            self.at += 1;
            return Ok(None);
        }
        let state = State::Fold(Fold { inside: true, ..this });
        self.inside(Frame { state, base }, source, host)
    }

    fn substitution(
        &mut self,
        this: Substitution,
        base: usize,
        closing: bool,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        let Substitution { mut text, mut copied, inside } = this;
        if let Some(began) = inside {
            copied = began;
            if self.values.len() > base {
                copied = source.captures[self.at - 1].end();
                self.values.truncate(base + 1);
                let value = self.values.pop();
                write(&mut text, value, source, host)?.map_err(Error::InvalidReplacement)?;
            }
        }
        let next = source.captures[self.at].position;
        text.extend_from_slice(source.subject.get(copied..next).unwrap_or_default());
        if closing {
            self.at += 1;
            self.values.push(Value::Text(text.into()));
            return Ok(None);
        }
        let state = State::Substitution(Substitution { text, copied: next, inside: Some(next) });
        self.inside(Frame { state, base }, source, host)
    }

    fn format(
        &mut self,
        mut this: Format,
        base: usize,
        source: Source<'_, V>,
        host: &mut impl Host<Value = V>,
    ) -> Result<Option<Need<V>>, Error> {
        if let Some(number) = this.inside.take() {
            self.values.truncate(base + 1);
            let value = if self.values.len() > base { self.values.pop() } else { None };
            let value = value.ok_or(Error::NoValues(number))?;
            write(&mut this.text, Some(value), source, host)?
                .map_err(Error::InvalidCaptureValue)?;
        }
        while let Some(byte) = this.format.get(this.done).copied() {
            this.done += 1;
            if byte != b'%' {
                this.text.push(byte);
                continue;
            }
            // A percent sign at the end stands for a zero byte, as it does in LPeg.
            let what = this.format.get(this.done).copied().unwrap_or(0);
            this.done += 1;
            if !what.is_ascii_digit() {
                this.text.push(what);
                continue;
            }
            let number = usize::from(what - b'0');
            match this.parts.get(number).ok_or(Error::InvalidCaptureIndex(number))? {
                Part::Slice(from, to) => this.text.extend_from_slice(&source.subject[*from..*to]),
                Part::Capture(place) => {
                    self.at = *place;
                    this.inside = Some(number);
                    return self.inside(Frame { state: State::Format(this), base }, source, host);
                }
            }
        }
        self.at = this.next;
        self.values.push(Value::Text(this.text.into()));
        Ok(None)
    }
}

/// Appends the text of a value. The inner error is the type of a value that has none.
fn write<V: Clone>(
    text: &mut Vec<u8>,
    value: Option<Value<V>>,
    source: Source<'_, V>,
    host: &mut impl Host<Value = V>,
) -> Result<Result<(), &'static str>, Error> {
    match value {
        None => {}
        Some(Value::Subject) => text.extend_from_slice(source.subject),
        Some(Value::Slice(from, to)) => text.extend_from_slice(&source.subject[from..to]),
        Some(Value::Position(position)) => {
            text.extend_from_slice((position + 1).to_string().as_bytes());
        }
        Some(Value::Text(bytes)) => text.extend_from_slice(&bytes),
        Some(value) => match host.text(&value)? {
            Text::Bytes(bytes) => text.extend_from_slice(&bytes),
            Text::Not(kind) => return Ok(Err(kind)),
        },
    }
    Ok(Ok(()))
}

/// What `%0` to `%9` mean in the string capture at `place`, and the place after it. A simple
/// capture inside counts as its text and then as what is in it.
fn parts<V>(source: Source<'_, V>, place: usize) -> (Vec<Part>, usize) {
    let end = after(source.captures, place);
    let mut parts: Vec<Part> = Vec::new();
    let mut open = Vec::new();
    let mut at = place;
    while at < end {
        let capture = source.captures[at];
        match capture.mark {
            Mark::Close => {
                if let Some(Part::Slice(_, to)) = open.pop().and_then(|i: usize| parts.get_mut(i)) {
                    *to = capture.position;
                }
                at += 1;
            }
            _ if parts.len() >= MOST_PARTS => at = after(source.captures, at),
            mark => {
                let nested = at == place || is_simple(source, mark);
                if !nested {
                    parts.push(Part::Capture(at));
                    at = after(source.captures, at);
                    continue;
                }
                if let Mark::Open(_) = mark {
                    open.push(parts.len());
                }
                parts.push(Part::Slice(capture.position, capture.end()));
                at += 1;
            }
        }
    }
    (parts, end)
}

fn is_simple<V>(source: Source<'_, V>, mark: Mark) -> bool {
    match mark {
        Mark::Open(kind) | Mark::Full(kind, _) => {
            matches!(source.program.kinds[kind as usize], CaptureKind::Simple)
        }
        _ => false,
    }
}
