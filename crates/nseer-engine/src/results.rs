//! From what an action returns to a script's result.

use std::sync::Arc;

use mlua::{Lua, MultiValue, Table, Value};
use nseer_core::{ScriptResult, ScriptValue};

/// Nesting of tables beyond which output is cut off: a table that contains itself must end.
const MAX_DEPTH: usize = 64;

/// Bytes that a result may have: a table that contains itself twice doubles with each level, and what is made
/// of it counts towards no script's memory.
const MAX_BYTES: usize = 64 << 20;

/// What an entry costs besides its texts.
const ENTRY_BYTES: usize = 64;

/// The result of a script that returned `values`; `None` where there is none. Runs metamethods of
/// the returned tables.
pub(crate) fn from_returned(lua: &Lua, id: &Arc<str>, values: MultiValue) -> Option<ScriptResult> {
    let mut values = values.into_iter();
    let first = values.next().unwrap_or(Value::Nil);
    let second = values.next().unwrap_or(Value::Nil);
    let has_text = !matches!(second, Value::Nil | Value::Boolean(false));
    let text = if has_text { plain_text(lua, &second) } else { Vec::new() };
    let (output, structured) = match &first {
        Value::Nil if !has_text => return None,
        Value::String(text) if !has_text => (text.as_bytes().to_vec(), None),
        // An empty text is none.
        Value::Nil => (text, None),
        first if text.is_empty() => (formatted(lua, first), structure(lua, first)),
        first => (text, structure(lua, first)),
    };
    Some(ScriptResult { id: id.clone(), output, structured })
}

fn structure(lua: &Lua, value: &Value) -> Option<ScriptValue> {
    match value {
        Value::Nil => None,
        other => structured(lua, other, 0, &mut 0).ok(),
    }
}

/// `taken` counts the bytes of the whole result.
fn structured(
    lua: &Lua,
    value: &Value,
    depth: usize,
    taken: &mut usize,
) -> mlua::Result<ScriptValue> {
    let Value::Table(table) = value else {
        let text = plain_text(lua, value);
        *taken += text.len();
        return Ok(ScriptValue::Scalar(text));
    };
    let mut entries = Vec::new();
    if depth < MAX_DEPTH {
        each_entry(lua, table, |key, value| {
            *taken += ENTRY_BYTES + key.map_or(0, <[u8]>::len);
            bounded(*taken)?;
            entries.push((key.map(<[u8]>::to_vec), structured(lua, &value, depth + 1, taken)?));
            Ok(())
        })?;
    }
    Ok(ScriptValue::Table(entries))
}

fn bounded(bytes: usize) -> mlua::Result<()> {
    if bytes > MAX_BYTES {
        return Err(mlua::Error::runtime("the result is too large"));
    }
    Ok(())
}

/// Automatic text of a value; empty where a metamethod threw an error, and where it is too large.
fn formatted(lua: &Lua, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match format_into(lua, value, 2, 0, &mut out) {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

fn format_into(
    lua: &Lua,
    value: &Value,
    indent: usize,
    depth: usize,
    out: &mut Vec<u8>,
) -> mlua::Result<()> {
    let table = match value {
        Value::Table(table) if !has_tostring(table) => table,
        other => {
            out.extend(to_string(lua, other)?);
            return Ok(());
        }
    };
    if depth >= MAX_DEPTH {
        return Ok(());
    }
    each_entry(lua, table, |key, value| {
        bounded(out.len())?;
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', indent));
        if let Some(key) = key {
            out.extend(key);
            out.extend(b": ");
        }
        format_into(lua, &value, indent + 2, depth + 1, out)
    })
}

fn has_tostring(table: &Table) -> bool {
    table
        .metatable()
        .and_then(|m| m.raw_get::<Value>("__tostring").ok())
        .is_some_and(|v| !v.is_nil())
}

/// The sequence part as `ipairs` walks it, then the string keys as `pairs` gives them.
fn each_entry(
    lua: &Lua,
    table: &Table,
    mut visit: impl FnMut(Option<&[u8]>, Value) -> mlua::Result<()>,
) -> mlua::Result<()> {
    for i in 1.. {
        // An `__index` in C is not stopped by itself.
        if nseer_lua::is_stopping() {
            return Err(mlua::Error::runtime("the result has no end"));
        }
        match table.get::<Value>(i)? {
            Value::Nil => break,
            value => visit(None, value)?,
        }
    }
    let pairs: mlua::Function = lua.globals().raw_get("pairs")?;
    let (next, state, mut control): (mlua::Function, Value, Value) = pairs.call(table)?;
    while !nseer_lua::is_stopping() {
        let (key, value): (Value, Value) = next.call((state.clone(), control))?;
        match &key {
            Value::Nil => return Ok(()),
            Value::String(text) => visit(Some(&text.as_bytes()), value)?,
            _ => {}
        }
        control = key;
    }
    Err(mlua::Error::runtime("the result has no end"))
}

fn plain_text(lua: &Lua, value: &Value) -> Vec<u8> {
    to_string(lua, value).unwrap_or_default()
}

fn to_string(lua: &Lua, value: &Value) -> mlua::Result<Vec<u8>> {
    if let Value::String(text) = value {
        return Ok(text.as_bytes().to_vec());
    }
    let tostring: mlua::Function = lua.globals().raw_get("tostring")?;
    Ok(tostring.call::<mlua::LuaString>(value)?.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(source: &str) -> Option<ScriptResult> {
        let lua = Lua::new();
        let values: MultiValue = lua.load(source).eval().expect("source");
        from_returned(&lua, &"x".into(), values)
    }

    fn check(source: &str, output: &str) {
        let got = result(source).expect("a result");
        assert_eq!(String::from_utf8_lossy(&got.output), output, "for {source}");
    }

    #[test]
    fn text_of_returned_values() {
        check("return 'text'", "text");
        check("return 5.0", "5.0");
        check("return false", "false");
        check("return nil, 'x'", "x");
        check("return {a = 1}, 7", "7");
        check("return {a = 1}, ''", "\n  a: 1");
        check("return 'x', ''", "x");
        check("return nil, ''", "");
        check("return {'a', 'b'}", "\n  a\n  b");
        check("return {k = 'v'}", "\n  k: v");
        check("return {1, {2, x = 3}}", "\n  1\n  \n    2\n    x: 3");
        check("return {k = {}}", "\n  k: ");
        check("return setmetatable({1}, {__tostring = function() return 'own' end})", "own");
        check("return setmetatable({1}, {__tostring = function() error('no') end})", "");
        check("local t = {} t.t = t return t, 'endless'", "endless");
        assert_eq!(result("return"), None);
        assert_eq!(result("return nil, false"), None);
    }

    #[test]
    fn a_result_that_doubles_with_each_level_ends() {
        let got = result("local t = {} t.a = t t.b = {t} return t").expect("a result");
        assert_eq!((got.output.len(), got.structured), (0, None));
    }

    #[test]
    fn structure_of_returned_values() {
        let scalar = |s: &str| ScriptValue::Scalar(s.as_bytes().to_vec());
        assert_eq!(
            result("return {1, k = true}").and_then(|r| r.structured),
            Some(ScriptValue::Table(vec![
                (None, scalar("1")),
                (Some(b"k".to_vec()), scalar("true"))
            ]))
        );
        assert_eq!(result("return 'only text'").and_then(|r| r.structured), None);
        assert_eq!(result("return false, 'x'").and_then(|r| r.structured), Some(scalar("false")));
    }
}
