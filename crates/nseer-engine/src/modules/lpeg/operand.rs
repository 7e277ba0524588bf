//! What scripts hand to `lpeg` as patterns, and the Lua values that patterns hold.
//!
//! A pattern knows its values by numbers; a table that belongs to the pattern's object holds them,
//! so that Lua's collector sees every reference, also those in a circle.

use std::cell::OnceCell;
use std::rc::Rc;

use mlua::{AnyUserData, Lua, Table, UserData, Value};
use nseer_lua::{Args, Raise};
use nseer_peg::{CaptureKind, Pattern, Program, ValueId};

use super::{Shared, grammar};

/// How many values a pattern may hold.
const MOST_VALUES: usize = 65535;

/// What scripts hold.
pub(super) struct PatternObject {
    pub(super) pattern: Pattern,
    /// How many values its table has.
    count: usize,
    pub(super) program: OnceCell<Rc<Program>>,
}

impl UserData for PatternObject {}

/// A pattern and its values.
#[derive(Clone)]
pub(super) struct Operand {
    pub(super) pattern: Pattern,
    pub(super) values: Values,
}

/// The values of a pattern, by number.
#[derive(Clone, Default)]
pub(super) struct Values {
    pub(super) table: Option<Table>,
    count: usize,
    /// The table is no other pattern's.
    own: bool,
}

impl Operand {
    pub(super) fn plain(pattern: Pattern) -> Operand {
        Operand { pattern, values: Values::default() }
    }
}

impl Values {
    /// The table of these alone.
    fn owned(&mut self, lua: &Lua) -> Result<Table, Raise> {
        if let (true, Some(table)) = (self.own, &self.table) {
            return Ok(table.clone());
        }
        let own = lua.create_table()?;
        if let Some(table) = &self.table {
            copy(table, &own)?;
        }
        self.own = true;
        self.table = Some(own.clone());
        Ok(own)
    }

    fn counted(&mut self, more: usize) -> Result<(), Raise> {
        self.count += more;
        if self.count > MOST_VALUES {
            return Err(Raise::new("too many Lua values in pattern"));
        }
        Ok(())
    }

    /// Adds a value; gives its number.
    pub(super) fn add(
        &mut self,
        shared: &Shared,
        lua: &Lua,
        value: Value,
    ) -> Result<ValueId, Raise> {
        if value.is_nil() {
            return Ok(ValueId::NIL);
        }
        let number = shared.new_value()?;
        self.counted(1)?;
        self.owned(lua)?.raw_set(number.0, value)?;
        Ok(number)
    }

    /// Adds the values of another pattern.
    pub(super) fn join(&mut self, lua: &Lua, other: &Values) -> Result<(), Raise> {
        let Some(theirs) = &other.table else { return Ok(()) };
        match &self.table {
            None => *self = Values { own: false, ..other.clone() },
            Some(ours) if ours == theirs => {}
            Some(_) => {
                self.counted(other.count)?;
                copy(theirs, &self.owned(lua)?)?;
            }
        }
        Ok(())
    }

    /// The value with this number.
    pub(super) fn get(&self, number: ValueId) -> mlua::Result<Value> {
        match &self.table {
            Some(table) => table.raw_get(number.0),
            None => Ok(Value::Nil),
        }
    }
}

fn copy(from: &Table, to: &Table) -> mlua::Result<()> {
    from.for_each(|number: Value, value: Value| to.raw_set(number, value))
}

impl Shared {
    pub(super) fn new_value(&self) -> Result<ValueId, Raise> {
        let number = self.next_value.get();
        let next = number.checked_add(1);
        self.next_value.set(next.ok_or_else(|| Raise::new("too many Lua values in pattern"))?);
        Ok(ValueId(number))
    }
}

/// The object that scripts get for a pattern.
pub(super) fn pattern_object(lua: &Lua, operand: Operand) -> mlua::Result<AnyUserData> {
    let Operand { pattern, values } = operand;
    let program = OnceCell::new();
    let object = lua.create_userdata(PatternObject { pattern, count: values.count, program })?;
    if let Some(table) = values.table {
        object.set_user_value(table)?;
    }
    Ok(object)
}

/// The values of a pattern's object.
pub(super) fn values_of(object: &AnyUserData) -> mlua::Result<Values> {
    let count = object.borrow::<PatternObject>()?.count;
    let table = if count > 0 { object.user_value()? } else { None };
    Ok(Values { table, count, own: false })
}

/// The pattern behind a value, if it is a pattern.
pub(super) fn existing(value: &Value) -> mlua::Result<Option<Operand>> {
    match value {
        Value::UserData(object) if object.is::<PatternObject>() => {
            let pattern = object.borrow::<PatternObject>()?.pattern.clone();
            Ok(Some(Operand { pattern, values: values_of(object)? }))
        }
        _ => Ok(None),
    }
}

/// Argument `n` as a pattern; strings, numbers, booleans, tables and functions mean one.
pub(super) fn operand(shared: &Shared, lua: &Lua, args: &Args, n: usize) -> Result<Operand, Raise> {
    let value = args.value(n);
    if let Some(operand) = existing(&value)? {
        return Ok(operand);
    }
    Ok(match value {
        Value::String(text) => Operand::plain(Pattern::bytes(&text.as_bytes())),
        Value::Boolean(true) => Operand::plain(Pattern::succeed()),
        Value::Boolean(false) => Operand::plain(Pattern::fail()),
        Value::Integer(_) | Value::Number(_) => {
            // As in LPeg, a number with a fraction counts as 0.
            Operand::plain(counted(args.integer(lua, n).unwrap_or(0))?)
        }
        Value::Table(rules) => grammar::grammar(shared, lua, &rules, |text| args.bad(n, text))?,
        Value::Function(_) => {
            let mut values = Values::default();
            let function = CaptureKind::Runtime(values.add(shared, lua, value)?);
            let pattern = Pattern::succeed().capture(function).map_err(raise)?;
            Operand { pattern, values }
        }
        _ => return Err(args.expected(n, "lpeg-pattern")),
    })
}

/// `n` bytes, or fewer than `-n`.
fn counted(n: i64) -> Result<Pattern, Raise> {
    let any = Pattern::any(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX));
    if n < 0 { any.not().map_err(raise) } else { Ok(any) }
}

/// An error of the library as scripts see it.
pub(super) fn raise(error: nseer_peg::Error) -> Raise {
    Raise::new(error.to_string())
}
