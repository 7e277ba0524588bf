//! `P{…}`: a table of rules becomes a grammar. Does not know what makes a grammar a bad one.

use std::collections::HashMap;

use mlua::{Lua, Table, Value};
use nseer_lua::{Raise, type_name};
use nseer_peg::{Error, Names, Pattern, ValueId};

use super::Shared;
use super::operand::{Operand, Values, existing, raise};

/// The rules of a grammar, the initial one first.
struct Rules {
    names: Vec<Value>,
    bodies: Vec<Pattern>,
    values: Values,
}

impl Rules {
    /// Takes in a rule; `problem` is the beginning of the message where it is none.
    fn add(&mut self, lua: &Lua, name: Value, body: &Value, problem: &str) -> Result<(), Raise> {
        let Some(body) = existing(body)? else {
            let name = rule_name(lua, &name);
            return Err(Raise::new(format!("{problem} '{name}' is not a pattern")));
        };
        self.values.join(lua, &body.values)?;
        self.names.push(name);
        self.bodies.push(body.pattern);
        Ok(())
    }
}

/// The grammar of a table. `bad` makes the error of an argument.
pub(super) fn grammar(
    shared: &Shared,
    lua: &Lua,
    table: &Table,
    bad: impl Fn(&str) -> Raise,
) -> Result<Operand, Raise> {
    let rules = collect(lua, table)?;
    let places = lua.create_table()?;
    let (mut own, mut numbered) = (HashMap::new(), Vec::new());
    for (place, (name, body)) in rules.names.into_iter().zip(rules.bodies).enumerate() {
        let number = shared.new_value()?;
        places.raw_set(name.clone(), place)?;
        own.insert(number, name);
        numbered.push((number, body));
    }
    let mut names = LuaNames { lua, places, own, values: &rules.values };
    let pattern = match Pattern::grammar(&numbered, &mut names) {
        Ok(pattern) => pattern,
        Err(error @ Error::TooManyRules) => return Err(bad(&error.to_string())),
        Err(error) => return Err(raise(error)),
    };
    Ok(Operand { pattern, values: rules.values })
}

fn collect(lua: &Lua, table: &Table) -> Result<Rules, Raise> {
    let mut rules = Rules { names: Vec::new(), bodies: Vec::new(), values: Values::default() };
    let first: Value = table.raw_get(1)?;
    let (initial, body) = match first {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => {
            (first.clone(), table.raw_get(first)?)
        }
        _ => (Value::Integer(1), first),
    };
    if body.is_nil() {
        return Err(Raise::new("grammar has no initial rule"));
    }
    rules.add(lua, initial.clone(), &body, "initial rule")?;
    for pair in table.pairs::<Value, Value>() {
        let (name, body) = pair?;
        if name != Value::Integer(1) && name != initial {
            rules.add(lua, name, &body, "rule")?;
        }
    }
    Ok(rules)
}

/// The name of a rule in messages.
pub(super) fn rule_name(lua: &Lua, name: &Value) -> String {
    let text = match name {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => {
            lua.coerce_string(name.clone()).ok().flatten()
        }
        _ => None,
    };
    text.map_or_else(|| format!("(a {})", type_name(name)), |text| text.to_string_lossy())
}

struct LuaNames<'a> {
    lua: &'a Lua,
    places: Table,
    own: HashMap<ValueId, Value>,
    values: &'a Values,
}

impl LuaNames<'_> {
    fn value(&self, name: ValueId) -> Value {
        match self.own.get(&name) {
            Some(value) => value.clone(),
            None => self.values.get(name).unwrap_or(Value::Nil),
        }
    }
}

impl Names for LuaNames<'_> {
    fn place(&mut self, name: ValueId) -> Option<usize> {
        self.places.raw_get(self.value(name)).ok()
    }

    fn text(&mut self, name: ValueId) -> String {
        rule_name(self.lua, &self.value(name))
    }
}
