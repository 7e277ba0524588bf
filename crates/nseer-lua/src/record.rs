//! Tables with given fields, made in one go.
//!
//! Scripts are handed two tables of twenty fields each whenever they begin; with a handle of mlua for
//! each field they would be a tenth of the work of a short script.

#![allow(unsafe_code, reason = "mlua sets one field at a time, each behind a handle and a pcall")]

use std::ffi::{c_char, c_int, c_void};

use mlua::ffi::{self, lua_State};
use mlua::{Lua, MultiValue, Table, Value};

/// What a field is set to.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    /// Nothing: the table has no such field.
    Nil,
    /// A boolean.
    Truth(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Number(f64),
    /// A string; any bytes.
    Bytes(&'a [u8]),
    /// A light userdata of this address.
    Light(usize),
    /// A table that is there already.
    Table(&'a Table),
    /// A new table with these fields.
    Record(&'a [(&'a str, Field<'a>)]),
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Field<'a> {
        Field::Bytes(text.as_bytes())
    }
}

impl<'a, T: Into<Field<'a>>> From<Option<T>> for Field<'a> {
    fn from(value: Option<T>) -> Field<'a> {
        value.map_or(Field::Nil, Into::into)
    }
}

impl From<bool> for Field<'_> {
    fn from(truth: bool) -> Self {
        Field::Truth(truth)
    }
}

impl<'a> From<&'a Table> for Field<'a> {
    fn from(table: &'a Table) -> Field<'a> {
        Field::Table(table)
    }
}

/// Makes a table of `fields`, with room for as many as there are.
///
/// # Errors
/// Where Lua has no memory left.
pub fn record(lua: &Lua, fields: &[(&str, Field<'_>)]) -> mlua::Result<Table> {
    let mut tables = MultiValue::new();
    gather(fields, &mut tables);
    // SAFETY: the stack holds the tables alone, in the order in which `push_record` comes to them;
    // they are gone from below the record when it is done. Nothing that has a destructor lives in the
    // closure, which an error of Lua may leave.
    unsafe {
        lua.exec_raw(tables, |state| {
            let mut next = 1;
            push_record(state, fields, &mut next);
            ffi::lua_insert(state, 1);
            ffi::lua_settop(state, 1);
        })
    }
}

/// The tables that are there already, in their order.
fn gather(fields: &[(&str, Field<'_>)], tables: &mut MultiValue) {
    for (_, field) in fields {
        match field {
            Field::Table(table) => tables.push_back(Value::Table((*table).clone())),
            Field::Record(fields) => gather(fields, tables),
            _ => {}
        }
    }
}

/// Leaves the record on the stack. `next` is the place of the next table that is there already.
unsafe fn push_record(state: *mut lua_State, fields: &[(&str, Field<'_>)], next: &mut c_int) {
    let room = c_int::try_from(fields.len()).unwrap_or(0);
    // SAFETY: there is room for what is pushed; indices are those of values that were pushed.
    unsafe {
        ffi::luaL_checkstack(state, 3, std::ptr::null());
        ffi::lua_createtable(state, 0, room);
        for (name, field) in fields {
            if matches!(field, Field::Nil) {
                continue;
            }
            push_bytes(state, name.as_bytes());
            match *field {
                Field::Nil => ffi::lua_pushnil(state),
                Field::Truth(truth) => ffi::lua_pushboolean(state, c_int::from(truth)),
                Field::Integer(n) => ffi::lua_pushinteger(state, n),
                Field::Number(n) => ffi::lua_pushnumber(state, n),
                Field::Bytes(bytes) => push_bytes(state, bytes),
                Field::Light(address) => ffi::lua_pushlightuserdata(state, address as *mut c_void),
                Field::Table(_) => {
                    ffi::lua_pushvalue(state, *next);
                    *next += 1;
                }
                Field::Record(fields) => push_record(state, fields, next),
            }
            ffi::lua_rawset(state, -3);
        }
    }
}

unsafe fn push_bytes(state: *mut lua_State, bytes: &[u8]) {
    // SAFETY: Lua copies so many bytes from there.
    unsafe { ffi::lua_pushlstring(state, bytes.as_ptr().cast::<c_char>(), bytes.len()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_fields_and_no_others() {
        let lua = Lua::new();
        let (first, second) = (lua.create_table().expect("Lua"), lua.create_table().expect("Lua"));
        let inner = [("is", Field::Truth(true)), ("second", Field::from(&second))];
        let made = record(
            &lua,
            &[
                ("first", Field::from(&first)),
                ("inner", Field::Record(&inner)),
                ("again", Field::from(&first)),
                ("bytes", Field::Bytes(b"a\0\xff")),
                ("text", Field::from("text")),
                ("none", Field::from(None::<&str>)),
                ("integer", Field::Integer(i64::MIN)),
                ("number", Field::Number(3.0)),
                ("light", Field::Light(7)),
                ("empty", Field::Record(&[])),
            ],
        );
        let globals = lua.globals();
        globals.set("made", made.expect("Lua")).expect("Lua");
        globals.set("first", first).expect("Lua");
        globals.set("second", second).expect("Lua");
        let check = r#"
            assert(made.first == first and made.again == first and made.inner.second == second)
            assert(made.inner.is == true and made.bytes == "a\0\xff" and made.text == "text")
            assert(made.integer == math.mininteger and math.type(made.number) == "float")
            assert(type(made.light) == "userdata" and next(made.empty) == nil)
            local count = 0
            for _ in pairs(made) do count = count + 1 end
            assert(count == 9)
        "#;
        lua.load(check).exec().expect("all fields");
    }

    #[test]
    fn without_memory_it_is_an_error() {
        let lua = Lua::new();
        lua.set_memory_limit(lua.used_memory() + 4096).expect("a limit");
        let text = vec![b'x'; 1 << 20];
        let error = record(&lua, &[("text", Field::Bytes(&text))]).expect_err("no memory");
        assert!(matches!(error, mlua::Error::MemoryError(_)), "{error}");
        lua.set_memory_limit(0).expect("none");
        record(&lua, &[("text", Field::Bytes(&text))]).expect("memory");
    }
}
