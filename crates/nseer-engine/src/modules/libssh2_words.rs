//! Calls of `libssh2` in words, for recordings and traces: `userauth_list('root')`, and what came of it:
//! `{'publickey', 'password'}`, or `error 'TIMEOUT'`. Whoever edits a recording writes the same.

use mlua::{Lua, MultiValue, Value};
use nseer_lua::Raise;

/// How deep lists may be in lists.
const DEPTH: usize = 16;

/// What stands for an object of the module in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    Session,
    Channel(u32),
}

/// What an object of the module is; `None` for other values.
pub(crate) type Known<'a> = &'a dyn Fn(&Value) -> Option<Object>;

/// A call, as it is written down.
pub(crate) fn call(name: &str, args: &[Value], known: Known<'_>) -> Vec<u8> {
    let mut out = name.as_bytes().to_vec();
    out.push(b'(');
    list(&mut out, args, known, 0);
    out.extend(b")\n");
    out
}

/// What came of a call, as it is written down.
pub(crate) fn answer(result: &Result<MultiValue, Raise>, known: Known<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match result {
        Ok(values) if values.is_empty() => out.extend(b"nothing"),
        Ok(values) => {
            let values: Vec<Value> = values.iter().cloned().collect();
            list(&mut out, &values, known, 0);
        }
        Err(Raise::Text(text)) => {
            out.extend(b"error ");
            quoted(&mut out, text.as_bytes());
        }
        Err(Raise::Argument { n, detail }) => {
            out.extend(format!("error of argument {n} ").as_bytes());
            quoted(&mut out, detail.as_bytes());
        }
    }
    out.push(b'\n');
    out
}

fn list(out: &mut Vec<u8>, values: &[Value], known: Known<'_>, depth: usize) {
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            out.extend(b", ");
        }
        one(out, value, known, depth);
    }
}

fn one(out: &mut Vec<u8>, value: &Value, known: Known<'_>, depth: usize) {
    match (value, known(value)) {
        (_, Some(Object::Session)) => out.extend(b"session"),
        (_, Some(Object::Channel(number))) => out.extend(format!("channel {number}").as_bytes()),
        (Value::Boolean(yes), _) => out.extend(yes.to_string().as_bytes()),
        (Value::Integer(number), _) => out.extend(number.to_string().as_bytes()),
        (Value::Number(number), _) => out.extend(number.to_string().as_bytes()),
        (Value::String(text), _) => quoted(out, &text.as_bytes()),
        (Value::Table(table), _) if depth < DEPTH => {
            let items: Vec<Value> = (1..=table.raw_len())
                .map_while(|place| table.raw_get::<Value>(place).ok())
                .collect();
            out.push(b'{');
            list(out, &items, known, depth + 1);
            out.push(b'}');
        }
        (other, _) => out.extend(nseer_lua::type_name(other).as_bytes()),
    }
}

/// In single quotes, which need no escape where the recording itself has double ones.
fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'\'');
    for byte in text {
        match byte {
            b'\'' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b' '..=b'~' => out.push(*byte),
            other => out.extend(format!("\\x{other:02x}").as_bytes()),
        }
    }
    out.push(b'\'');
}

/// Reads what came of a call. `object` makes the objects of the module.
///
/// The outer result is an error where the text is no answer; it says what is wrong.
pub(crate) fn read_answer(
    lua: &Lua,
    text: &[u8],
    object: &dyn Fn(Object) -> mlua::Result<Value>,
) -> Result<Result<MultiValue, Raise>, String> {
    let mut reader = Reader { lua, rest: text.trim_ascii(), object };
    let answer = if reader.word("nothing") {
        Ok(MultiValue::new())
    } else if reader.word("error") {
        Err(reader.raise()?)
    } else {
        Ok(MultiValue::from_vec(reader.values(None, 0)?))
    };
    match reader.rest {
        [] => Ok(answer),
        rest => Err(format!("'{}' is too much", rest.escape_ascii())),
    }
}

struct Reader<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
    object: &'a dyn Fn(Object) -> mlua::Result<Value>,
}

impl Reader<'_> {
    /// Goes over blanks and then over `sign`, if that is there.
    fn sign(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.strip_prefix(sign.as_bytes()) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The same for a whole word.
    fn word(&mut self, word: &str) -> bool {
        let before = self.rest;
        if self.sign(word) && !self.rest.first().is_some_and(u8::is_ascii_alphanumeric) {
            return true;
        }
        self.rest = before;
        false
    }

    fn raise(&mut self) -> Result<Raise, String> {
        let n = if self.word("of") && self.word("argument") { Some(self.number()?) } else { None };
        let text = String::from_utf8_lossy(&self.text()?).into_owned();
        Ok(match n {
            None => Raise::Text(text),
            Some(n) => {
                let n = usize::try_from(n).map_err(|_| format!("there is no argument {n}"))?;
                Raise::Argument { n, detail: text }
            }
        })
    }

    /// Values up to `end`, or to the end of all.
    fn values(&mut self, end: Option<&str>, depth: usize) -> Result<Vec<Value>, String> {
        let mut values = Vec::new();
        if depth > DEPTH {
            return Err("lists are too deep in lists".to_owned());
        }
        if end.is_some_and(|end| self.sign(end)) {
            return Ok(values);
        }
        loop {
            values.push(self.value(depth)?);
            if self.sign(",") {
                continue;
            }
            return match end {
                Some(end) if !self.sign(end) => Err(format!("'{end}' is missing")),
                _ => Ok(values),
            };
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        let failed = |error: mlua::Error| error.to_string();
        if self.word("nil") {
            return Ok(Value::Nil);
        }
        if self.word("true") {
            return Ok(Value::Boolean(true));
        }
        if self.word("false") {
            return Ok(Value::Boolean(false));
        }
        if self.word("session") {
            return (self.object)(Object::Session).map_err(failed);
        }
        if self.word("channel") {
            let number = self.number()?;
            let number =
                u32::try_from(number).map_err(|_| format!("there is no channel {number}"))?;
            return (self.object)(Object::Channel(number)).map_err(failed);
        }
        if self.sign("{") {
            let items = self.values(Some("}"), depth + 1)?;
            return self.lua.create_sequence_from(items).map(Value::Table).map_err(failed);
        }
        if self.rest.first() == Some(&b'\'') {
            return self.lua.create_string(self.text()?).map(Value::String).map_err(failed);
        }
        self.number().map(Value::Integer)
    }

    fn number(&mut self) -> Result<i64, String> {
        self.rest = self.rest.trim_ascii_start();
        let length =
            self.rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        let (word, rest) = self.rest.split_at(length);
        let word = String::from_utf8_lossy(word);
        self.rest = rest;
        word.parse().map_err(|_| {
            format!("'{word}' is no value: write a number, true, false, nil, 'text' or {{a list}}")
        })
    }

    fn text(&mut self) -> Result<Vec<u8>, String> {
        if !self.sign("'") {
            return Err("a text in single quotes is missing".to_owned());
        }
        let mut text = Vec::new();
        loop {
            let (byte, rest) = self.rest.split_first().ok_or("the end of a text is missing")?;
            self.rest = rest;
            match byte {
                b'\'' => return Ok(text),
                b'\\' => text.push(self.escape()?),
                byte => text.push(*byte),
            }
        }
    }

    fn escape(&mut self) -> Result<u8, String> {
        let (byte, rest) = self.rest.split_first().ok_or("the end of a text is missing")?;
        self.rest = rest;
        Ok(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b'x' => {
                let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                self.rest = rest.get(2..).unwrap_or_default();
                byte.ok_or("\\x needs two hexadecimal digits")?
            }
            other => *other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(_: &Value) -> Option<Object> {
        None
    }

    fn read(lua: &Lua, text: &[u8]) -> Result<Result<MultiValue, Raise>, String> {
        let object = |object| lua.create_string(format!("{object:?}")).map(Value::String);
        read_answer(lua, text, &object)
    }

    #[test]
    fn a_call_is_written_as_in_lua() {
        let lua = Lua::new();
        let methods = lua.create_sequence_from(["a", "it's"]).expect("a table");
        let text = Value::String(lua.create_string(b"x\\\n\xff").expect("a string"));
        let args = [text, Value::Nil, Value::Integer(-3), Value::Table(methods)];
        let written = call("f", &args, &known);
        assert_eq!(
            written,
            br"f('x\\\n\xff', nil, -3, {'a', 'it\'s'})"
                .map(|b| b)
                .iter()
                .copied()
                .chain([b'\n'])
                .collect::<Vec<u8>>()
        );
    }

    #[test]
    fn an_answer_that_was_edited_wrongly_is_named() {
        let lua = Lua::new();
        for (text, why) in [
            ("", "'' is no value: write a number, true, false, nil, 'text' or {a list}"),
            ("yes", "'yes' is no value: write a number, true, false, nil, 'text' or {a list}"),
            ("'x", "the end of a text is missing"),
            ("'\\x4'", "\\x needs two hexadecimal digits"),
            ("{1, 2", "'}' is missing"),
            ("true false", "'false' is too much"),
            ("error", "a text in single quotes is missing"),
            ("channel -1", "there is no channel -1"),
        ] {
            assert_eq!(read(&lua, text.as_bytes()).expect_err(text), why, "{text}");
        }
        let deep = "{".repeat(1000);
        assert_eq!(read(&lua, deep.as_bytes()).expect_err("deep"), "lists are too deep in lists");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let lua = Lua::new();
        for text in [
            "nothing",
            "nil, 'a', '', {'x', 'y'}",
            "{}",
            "true",
            "-12, false",
            r"'\'\\\n\r\x00\xff'",
            "error 'TIMEOUT'",
            "error of argument 2 'string expected, got nil'",
        ] {
            let result = read(&lua, text.as_bytes()).expect(text);
            let written = answer(&result, &known);
            assert_eq!(String::from_utf8_lossy(&written), format!("{text}\n"));
        }
        let session = read(&lua, b"session, channel 4").expect("objects").expect("values");
        let words: Vec<String> =
            session.iter().map(|value| value.to_string().expect("text")).collect();
        assert_eq!(words, ["Session", "Channel(4)"]);
    }

    proptest! {
        #[test]
        fn any_text_is_an_answer_or_is_not(text in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&Lua::new(), &text);
        }

        #[test]
        fn any_bytes_come_back(text in prop::collection::vec(any::<u8>(), 0..64)) {
            let lua = Lua::new();
            let value = Value::String(lua.create_string(&text).expect("a string"));
            let written = answer(&Ok(MultiValue::from_vec(vec![value])), &known);
            prop_assert_eq!(written.iter().filter(|b| **b == b'\n').count(), 1);
            let read = read(&lua, &written).expect("an answer").expect("values");
            let read = read.front().and_then(Value::as_string).expect("a string").as_bytes().to_vec();
            prop_assert_eq!(read, text);
        }
    }
}
