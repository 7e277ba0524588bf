//! Tables that a function of Lua makes of given values.
//!
//! Scripts are handed two tables of twenty fields each whenever they begin; with a handle of mlua for
//! each value they would be a tenth of the work of a short script.

#![allow(unsafe_code, reason = "mlua passes each value by a handle of its own")]

use std::ffi::{c_char, c_int, c_void};

use mlua::ffi::{self, lua_State};
use mlua::{Function, Lua, MultiValue, Table, Value};

/// A value that a constructor takes.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    /// Nil.
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
    /// A table.
    Table(&'a Table),
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

/// Calls `constructor`, a function of Lua that waits for nothing, with `values`; gives the table that it
/// makes.
///
/// # Errors
/// What the constructor raises, and where Lua has no memory left.
pub fn construct(lua: &Lua, constructor: &Function, values: &[Field<'_>]) -> mlua::Result<Table> {
    let tables = values.iter().filter_map(|value| match value {
        Field::Table(table) => Some(Value::Table((*table).clone())),
        _ => None,
    });
    let handles: MultiValue = tables.chain([Value::Function(constructor.clone())]).collect();
    // SAFETY: the stack holds the tables in their order and then the constructor, which the call takes
    // off together with its arguments. Nothing that has a destructor lives in the closure, which an error
    // of Lua may leave.
    unsafe {
        lua.exec_raw(handles, |state| {
            push(state, values);
            ffi::lua_call(state, c_int::try_from(values.len()).unwrap_or(0), 1);
            ffi::lua_insert(state, 1);
            ffi::lua_settop(state, 1);
        })
    }
}

/// Pushes all values. The tables among them are at the bottom of the stack.
unsafe fn push(state: *mut lua_State, values: &[Field<'_>]) {
    let mut next_table = 1;
    // SAFETY: room was made for all; a string's bytes are copied from where they are.
    unsafe {
        ffi::luaL_checkstack(
            state,
            c_int::try_from(values.len()).unwrap_or(c_int::MAX),
            std::ptr::null(),
        );
        for value in values {
            match *value {
                Field::Nil => ffi::lua_pushnil(state),
                Field::Truth(truth) => ffi::lua_pushboolean(state, c_int::from(truth)),
                Field::Integer(n) => ffi::lua_pushinteger(state, n),
                Field::Number(n) => ffi::lua_pushnumber(state, n),
                Field::Bytes(bytes) => {
                    ffi::lua_pushlstring(state, bytes.as_ptr().cast::<c_char>(), bytes.len());
                }
                Field::Light(address) => ffi::lua_pushlightuserdata(state, address as *mut c_void),
                Field::Table(_) => {
                    ffi::lua_pushvalue(state, next_table);
                    next_table += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constructor_gets_its_values_in_their_order() {
        let lua = Lua::new();
        let (first, second) = (lua.create_table().expect("Lua"), lua.create_table().expect("Lua"));
        let list = lua.load("return function(...) return table.pack(...) end").eval();
        let values = [
            Field::from(&first),
            Field::Truth(true),
            Field::from(&second),
            Field::from(&first),
            Field::Bytes(b"a\0\xff"),
            Field::from("text"),
            Field::from(None::<&str>),
            Field::Integer(i64::MIN),
            Field::Number(3.0),
            Field::Light(7),
        ];
        let made = construct(&lua, &list.expect("Lua"), &values).expect("a table");
        let globals = lua.globals();
        globals.set("made", made).expect("Lua");
        globals.set("first", first).expect("Lua");
        globals.set("second", second).expect("Lua");
        let check = r#"
            assert(made.n == 10 and made[1] == first and made[2] == true)
            assert(made[3] == second and made[4] == first)
            assert(made[5] == "a\0\xff" and made[6] == "text" and made[7] == nil)
            assert(made[8] == math.mininteger and math.type(made[9]) == "float")
            assert(type(made[10]) == "userdata")
        "#;
        lua.load(check).exec().expect("all values");
    }

    #[test]
    fn what_fails_is_an_error() {
        let lua = Lua::new();
        let raises = lua.load("return function() error('no table') end").eval();
        let error = construct(&lua, &raises.expect("Lua"), &[]).expect_err("raised");
        assert!(error.to_string().contains("no table"), "{error}");
        let list = lua.load("return function(...) return {...} end").eval().expect("Lua");
        lua.set_memory_limit(lua.used_memory() + 4096).expect("a limit");
        let text = vec![b'x'; 1 << 20];
        let error = construct(&lua, &list, &[Field::Bytes(&text)]).expect_err("no memory");
        assert!(matches!(error, mlua::Error::MemoryError(_)), "{error}");
        lua.set_memory_limit(0).expect("none");
        construct(&lua, &list, &[Field::Bytes(&text)]).expect("memory");
    }
}
