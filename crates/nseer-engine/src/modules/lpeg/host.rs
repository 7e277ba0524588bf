//! Lua's side of a match: how values of captures become Lua values. Does not know when.

use mlua::{Lua, LuaString, Table, Value as LuaValue};
use nseer_lua::type_name;
use nseer_peg::{Error, Host, Lookup, Text, Value, ValueId};

use super::operand::Values;

/// What a match is about.
pub(super) struct Subject {
    pub(super) text: LuaString,
    pub(super) values: Values,
    pub(super) extras: Vec<LuaValue>,
}

/// The host of one step of a match.
pub(super) struct LuaHost<'a> {
    pub(super) lua: &'a Lua,
    pub(super) subject: &'a Subject,
    pub(super) bytes: &'a [u8],
}

fn failed(error: &mlua::Error) -> Error {
    Error::Host(error.to_string())
}

fn as_table(value: &LuaValue) -> Result<&Table, Error> {
    value.as_table().ok_or_else(|| Error::Host("table expected".to_owned()))
}

impl LuaHost<'_> {
    /// A value of a capture as a Lua value.
    pub(super) fn lua_value(&self, value: &Value<LuaValue>) -> mlua::Result<LuaValue> {
        Ok(match value {
            Value::Subject => LuaValue::String(self.subject.text.clone()),
            Value::Slice(from, to) => {
                LuaValue::String(self.lua.create_string(&self.bytes[*from..*to])?)
            }
            Value::Position(position) => {
                LuaValue::Integer(i64::try_from(position + 1).unwrap_or(i64::MAX))
            }
            Value::Constant(number) => self.subject.values.get(*number)?,
            Value::Extra(n) => self.subject.extras.get(n - 1).cloned().unwrap_or(LuaValue::Nil),
            Value::Text(text) => LuaValue::String(self.lua.create_string(text)?),
            Value::Host(value) => value.clone(),
        })
    }

    fn constant(&self, number: ValueId) -> LuaValue {
        self.subject.values.get(number).unwrap_or(LuaValue::Nil)
    }
}

impl Host for LuaHost<'_> {
    type Value = LuaValue;

    fn table(&mut self) -> Result<LuaValue, Error> {
        self.lua.create_table().map(LuaValue::Table).map_err(|e| failed(&e))
    }

    fn append(
        &mut self,
        table: &LuaValue,
        index: usize,
        value: &Value<LuaValue>,
    ) -> Result<(), Error> {
        let value = self.lua_value(value).map_err(|e| failed(&e))?;
        as_table(table)?.raw_set(index, value).map_err(|e| failed(&e))
    }

    fn set(
        &mut self,
        table: &LuaValue,
        name: ValueId,
        value: &Value<LuaValue>,
    ) -> Result<(), Error> {
        let value = self.lua_value(value).map_err(|e| failed(&e))?;
        as_table(table)?.raw_set(self.constant(name), value).map_err(|e| failed(&e))
    }

    fn look_up(
        &mut self,
        table: ValueId,
        key: &Value<LuaValue>,
    ) -> Result<Lookup<LuaValue>, Error> {
        let table = self.constant(table);
        let table = as_table(&table)?;
        if table.metatable().is_some() {
            return Ok(Lookup::Ask);
        }
        let key = self.lua_value(key).map_err(|e| failed(&e))?;
        match table.raw_get(key).map_err(|e| failed(&e))? {
            LuaValue::Nil => Ok(Lookup::Nothing),
            found => Ok(Lookup::Found(found)),
        }
    }

    fn text(&mut self, value: &Value<LuaValue>) -> Result<Text, Error> {
        let value = self.lua_value(value).map_err(|e| failed(&e))?;
        match value {
            LuaValue::String(text) => Ok(Text::Bytes(text.as_bytes().to_vec())),
            LuaValue::Integer(_) | LuaValue::Number(_) => {
                let text = self.lua.coerce_string(value).map_err(|e| failed(&e))?;
                Ok(Text::Bytes(text.map(|text| text.as_bytes().to_vec()).unwrap_or_default()))
            }
            other => Ok(Text::Not(type_name(&other))),
        }
    }

    fn same(&mut self, a: ValueId, b: ValueId) -> bool {
        self.constant(a) == self.constant(b)
    }

    fn name(&mut self, name: ValueId) -> String {
        match self.lua.coerce_string(self.constant(name)) {
            Ok(Some(text)) => text.to_string_lossy(),
            // What C prints for no string at all.
            _ => "(null)".to_owned(),
        }
    }

    fn is_nil(&self, value: &LuaValue) -> bool {
        value.is_nil()
    }

    fn nil(&self) -> LuaValue {
        LuaValue::Nil
    }
}
