//! The functions and operators that make patterns. Knows nothing of matching.

use mlua::{Lua, Table, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_peg::{CaptureKind, CharSet, Error, Pattern};

use super::Shared;
use super::operand::{Operand, PatternObject, Values, existing, operand, pattern_object, raise};
use crate::modules::Body;

/// The largest number of a capture or an argument.
const MOST_NUMBER: i64 = 32767;
/// The largest argument of `setmaxstack`.
const MOST_STACK: i64 = 0x7fff_ffff;

pub(super) const FUNCTIONS: &[(&str, Body<Shared>)] = &[
    ("P", |s, lua, args| {
        if args.is_empty() {
            return Err(args.bad(1, "value expected"));
        }
        if let value @ Value::UserData(_) = args.value(1)
            && super::operand::existing(&value)?.is_some()
        {
            return Reply::values(lua, value);
        }
        reply(lua, operand(s, lua, args, 1)?)
    }),
    ("R", range),
    ("S", |_, lua, args| {
        let text = args.string(lua, 1)?;
        let text = text.as_bytes();
        reply(lua, Operand::plain(Pattern::set(CharSet::of(|byte| text.contains(&byte)))))
    }),
    ("V", |s, lua, args| {
        if !args.is_empty() && args.value(1).is_nil() {
            return Err(args.bad(1, "non-nil value expected"));
        }
        let mut values = Values::default();
        let pattern = Pattern::rule(values.add(s, lua, args.value(1))?);
        reply(lua, Operand { pattern, values })
    }),
    ("B", |s, lua, args| {
        let mut of = operand(s, lua, args, 1)?;
        of.pattern = of.pattern.behind().map_err(|error| match error {
            Error::TooDeep | Error::TooLarge => raise(error),
            _ => args.bad(1, error.to_string()),
        })?;
        reply(lua, of)
    }),
    ("C", |s, lua, args| captured(s, lua, args, CaptureKind::Simple)),
    ("Cs", |s, lua, args| captured(s, lua, args, CaptureKind::Substitution)),
    ("Ct", |s, lua, args| captured(s, lua, args, CaptureKind::Table)),
    ("Cp", |_, lua, _| empty(lua, Values::default(), CaptureKind::Position)),
    ("Cc", constants),
    ("Carg", |_, lua, args| {
        let n = args.integer(lua, 1)?;
        match usize::try_from(n) {
            Ok(number) if (1..=MOST_NUMBER).contains(&n) => {
                empty(lua, Values::default(), CaptureKind::Extra(number))
            }
            _ => Err(args.bad(1, "invalid argument index")),
        }
    }),
    ("Cb", |s, lua, args| {
        if args.is_empty() {
            return Err(args.bad(1, "value expected"));
        }
        let mut values = Values::default();
        let name = values.add(s, lua, args.value(1))?;
        empty(lua, values, CaptureKind::Back(name))
    }),
    ("Cg", |s, lua, args| match args.value(2) {
        Value::Nil => captured(s, lua, args, CaptureKind::Group(None)),
        name => with_value(s, lua, args, name, |id| CaptureKind::Group(Some(id))),
    }),
    ("Cf", |s, lua, args| with_function(s, lua, args, CaptureKind::Fold)),
    ("Cmt", |s, lua, args| with_function(s, lua, args, CaptureKind::Runtime)),
    ("locale", locale),
    ("type", |_, lua, args| match args.value(1) {
        Value::UserData(object) if object.is::<PatternObject>() => Reply::values(lua, "pattern"),
        _ => Reply::values(lua, Value::Nil),
    }),
    ("version", |_, lua, _| Reply::values(lua, "1.0.2")),
    ("setmaxstack", |s, lua, args| {
        let limit = args.integer(lua, 1)?;
        if !(1..=MOST_STACK).contains(&limit) {
            return Err(args.bad(1, "out of range"));
        }
        s.stack_limit.set(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Reply::nothing())
    }),
    ("pcode", |_, _, args| match existing(&args.value(1))? {
        Some(_) => Err(Raise::new("function only implemented in debug mode")),
        None => Err(args.expected(1, "lpeg-pattern")),
    }),
    ("ptree", |s, lua, args| {
        operand(s, lua, args, 1)?;
        Err(Raise::new("function only implemented in debug mode"))
    }),
];

/// Metamethods.
pub(super) const OPERATORS: &[(&str, Body<Shared>)] = &[
    ("__mul", |s, lua, args| both(s, lua, args, Pattern::then)),
    ("__add", |s, lua, args| both(s, lua, args, Pattern::or)),
    ("__sub", |s, lua, args| both(s, lua, args, Pattern::except)),
    ("__unm", |s, lua, args| single(s, lua, args, Pattern::not)),
    ("__len", |s, lua, args| single(s, lua, args, Pattern::ahead)),
    ("__pow", power),
    ("__div", divide),
];

fn reply(lua: &Lua, operand: Operand) -> Result<Reply, Raise> {
    Reply::values(lua, pattern_object(lua, operand)?)
}

fn both(
    shared: &Shared,
    lua: &Lua,
    args: &Args,
    join: fn(&Pattern, &Pattern) -> Result<Pattern, Error>,
) -> Result<Reply, Raise> {
    let (mut a, b) = (operand(shared, lua, args, 1)?, operand(shared, lua, args, 2)?);
    a.pattern = join(&a.pattern, &b.pattern).map_err(raise)?;
    a.values.join(lua, &b.values)?;
    reply(lua, a)
}

fn single(
    shared: &Shared,
    lua: &Lua,
    args: &Args,
    change: fn(&Pattern) -> Result<Pattern, Error>,
) -> Result<Reply, Raise> {
    let mut of = operand(shared, lua, args, 1)?;
    of.pattern = change(&of.pattern).map_err(raise)?;
    reply(lua, of)
}

fn captured(shared: &Shared, lua: &Lua, args: &Args, kind: CaptureKind) -> Result<Reply, Raise> {
    let mut of = operand(shared, lua, args, 1)?;
    of.pattern = of.pattern.capture(kind).map_err(raise)?;
    reply(lua, of)
}

fn with_value(
    shared: &Shared,
    lua: &Lua,
    args: &Args,
    value: Value,
    kind: fn(nseer_peg::ValueId) -> CaptureKind,
) -> Result<Reply, Raise> {
    let mut of = operand(shared, lua, args, 1)?;
    let kind = kind(of.values.add(shared, lua, value)?);
    of.pattern = of.pattern.capture(kind).map_err(raise)?;
    reply(lua, of)
}

fn with_function(
    shared: &Shared,
    lua: &Lua,
    args: &Args,
    kind: fn(nseer_peg::ValueId) -> CaptureKind,
) -> Result<Reply, Raise> {
    match args.value(2) {
        function @ Value::Function(_) => with_value(shared, lua, args, function, kind),
        _ => Err(args.expected(2, "function")),
    }
}

fn empty(lua: &Lua, values: Values, kind: CaptureKind) -> Result<Reply, Raise> {
    let pattern = Pattern::succeed().capture(kind).map_err(raise)?;
    reply(lua, Operand { pattern, values })
}

fn range(_: &Shared, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let mut set = CharSet::EMPTY;
    for n in 1..=args.len() {
        let ends = args.string(lua, n)?;
        match *ends.as_bytes() {
            [from, to] => (from..=to).for_each(|byte| set.insert(byte)),
            _ => return Err(args.bad(n, "range must have two characters")),
        }
    }
    reply(lua, Operand::plain(Pattern::set(set)))
}

fn constants(shared: &Shared, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let mut values = Values::default();
    let mut all = Pattern::succeed();
    for value in args.rest(1) {
        let constant = CaptureKind::Constant(values.add(shared, lua, value)?);
        let constant = Pattern::succeed().capture(constant).map_err(raise)?;
        all = all.then(&constant).map_err(raise)?;
    }
    if args.len() > 1 {
        all = all.capture(CaptureKind::Group(None)).map_err(raise)?;
    }
    reply(lua, Operand { pattern: all, values })
}

fn power(shared: &Shared, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    if let Value::UserData(_) = args.value(2) {
        return Err(args.expected(2, "number"));
    }
    let n = args.integer(lua, 2)?;
    let times = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
    let mut of = operand(shared, lua, args, 1)?;
    let repeated = if n < 0 { of.pattern.at_most(times) } else { of.pattern.at_least(times) };
    of.pattern = repeated.map_err(raise)?;
    reply(lua, of)
}

fn divide(shared: &Shared, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    match args.value(2) {
        Value::String(text) => {
            captured(shared, lua, args, CaptureKind::Text((&*text.as_bytes()).into()))
        }
        Value::Integer(_) | Value::Number(_) => {
            let n = args.integer(lua, 2).unwrap_or(0);
            match usize::try_from(n) {
                Ok(number) if n <= MOST_NUMBER => {
                    captured(shared, lua, args, CaptureKind::Number(number))
                }
                _ => Err(args.bad(1, "invalid number")),
            }
        }
        table @ Value::Table(_) => with_value(shared, lua, args, table, CaptureKind::Query),
        function @ Value::Function(_) => {
            with_value(shared, lua, args, function, CaptureKind::Function)
        }
        _ => Err(args.bad(2, "invalid replacement value")),
    }
}

type Belongs = fn(&u8) -> bool;

/// The classes of the C locale.
const CLASSES: &[(&str, Belongs)] = &[
    ("alnum", u8::is_ascii_alphanumeric),
    ("alpha", u8::is_ascii_alphabetic),
    ("cntrl", u8::is_ascii_control),
    ("digit", u8::is_ascii_digit),
    ("graph", u8::is_ascii_graphic),
    ("lower", u8::is_ascii_lowercase),
    ("print", |byte| matches!(byte, b' '..=b'~')),
    ("punct", u8::is_ascii_punctuation),
    ("space", |byte| matches!(byte, b' ' | b'\t'..=b'\r')),
    ("upper", u8::is_ascii_uppercase),
    ("xdigit", u8::is_ascii_hexdigit),
];

fn locale(_: &Shared, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let table: Table = match args.value(1) {
        Value::Nil => lua.create_table()?,
        Value::Table(table) => table,
        _ => return Err(args.expected(1, "table")),
    };
    for (name, belongs) in CLASSES {
        let set = Pattern::set(CharSet::of(|byte| belongs(&byte)));
        table.raw_set(*name, pattern_object(lua, Operand::plain(set))?)?;
    }
    Reply::values(lua, table)
}
