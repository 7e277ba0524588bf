//! Checked access to the arguments of a native, with the messages that Lua's own functions give.

use mlua::{LuaString, MultiValue, Table, Value};

use crate::native::Raise;

/// The arguments of one call. Positions count from 1, as in messages.
#[derive(Debug)]
pub struct Args {
    values: Vec<Value>,
}

/// What messages about arguments call a value's type: the name that its metatable gives it, or Lua's.
fn known_type(value: &Value) -> String {
    let named = match value {
        Value::Table(table) => table
            .metatable()
            .and_then(|metatable| metatable.raw_get::<Value>("__name").ok())
            .and_then(|name| name.as_string().map(LuaString::to_string_lossy)),
        Value::UserData(object) => object.type_name().ok().map(|name| name.to_string_lossy()),
        Value::LightUserData(_) => Some("light userdata".to_owned()),
        _ => None,
    };
    named.unwrap_or_else(|| type_name(value).to_owned())
}

/// Lua's name for a value's type.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Boolean(_) => "boolean",
        Value::Integer(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Table(_) => "table",
        Value::Function(_) => "function",
        Value::Thread(_) => "thread",
        _ => "userdata",
    }
}

impl Args {
    pub(crate) fn new(values: MultiValue) -> Self {
        Args { values: values.into_vec() }
    }

    /// How many arguments were passed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// No argument was passed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Argument `n`, nil where it was not passed.
    #[must_use]
    pub fn value(&self, n: usize) -> Value {
        self.get(n).clone()
    }

    /// As [`Args::value`], without a handle of its own.
    fn get(&self, n: usize) -> &Value {
        self.values.get(n - 1).unwrap_or(&Value::Nil)
    }

    /// Argument `n` and those after it.
    #[must_use]
    pub fn rest(&self, n: usize) -> Vec<Value> {
        self.values.get(n - 1..).map(<[Value]>::to_vec).unwrap_or_default()
    }

    /// The error `bad argument #n to 'function' (detail)`. The object of a method has number 1 here,
    /// whatever the message makes of it.
    #[must_use]
    pub fn bad(&self, n: usize, detail: impl Into<String>) -> Raise {
        Raise::Argument { n, detail: detail.into() }
    }

    /// The error for an argument of the wrong type.
    #[must_use]
    pub fn expected(&self, n: usize, what: &str) -> Raise {
        let got = self.values.get(n - 1).map_or_else(|| "no value".to_owned(), known_type);
        self.bad(n, format!("{what} expected, got {got}"))
    }

    /// Whether argument `n` counts as true: all but nil and false do.
    #[must_use]
    pub fn truth(&self, n: usize) -> bool {
        !matches!(self.get(n), Value::Nil | Value::Boolean(false))
    }

    /// Argument `n` as a string; numbers are taken as their text.
    ///
    /// # Errors
    /// `string expected`.
    pub fn string(&self, lua: &mlua::Lua, n: usize) -> Result<LuaString, Raise> {
        match self.get(n) {
            Value::String(s) => Ok(s.clone()),
            number @ (Value::Integer(_) | Value::Number(_)) => {
                lua.coerce_string(number.clone())?.ok_or_else(|| self.expected(n, "string"))
            }
            _ => Err(self.expected(n, "string")),
        }
    }

    /// Argument `n` as a string, `None` where it is nil or was not passed.
    ///
    /// # Errors
    /// `string expected`.
    pub fn optional_string(&self, lua: &mlua::Lua, n: usize) -> Result<Option<LuaString>, Raise> {
        if self.get(n).is_nil() { Ok(None) } else { self.string(lua, n).map(Some) }
    }

    /// Argument `n` as an integer; floats without fraction and numeric strings count.
    ///
    /// # Errors
    /// `number expected`, or `number has no integer representation`.
    pub fn integer(&self, lua: &mlua::Lua, n: usize) -> Result<i64, Raise> {
        match lua.coerce_integer(self.value(n))? {
            Some(i) => Ok(i),
            None if self.number(lua, n).is_ok() => {
                Err(self.bad(n, "number has no integer representation"))
            }
            None => Err(self.expected(n, "number")),
        }
    }

    /// Argument `n` as a float; numeric strings count.
    ///
    /// # Errors
    /// `number expected`.
    pub fn number(&self, lua: &mlua::Lua, n: usize) -> Result<f64, Raise> {
        lua.coerce_number(self.value(n))?.ok_or_else(|| self.expected(n, "number"))
    }

    /// Argument `n` as a table.
    ///
    /// # Errors
    /// `table expected`.
    pub fn table(&self, n: usize) -> Result<Table, Raise> {
        match self.get(n) {
            Value::Table(t) => Ok(t.clone()),
            _ => Err(self.expected(n, "table")),
        }
    }

    /// Something of the object of type `T` that argument `n` is. `what` is the type's name for
    /// scripts.
    ///
    /// # Errors
    /// `what expected`.
    pub fn object<T: 'static, R>(
        &self,
        n: usize,
        what: &str,
        of: impl FnOnce(&T) -> R,
    ) -> Result<R, Raise> {
        let found = self.get(n).as_userdata().and_then(|object| object.borrow_scoped(of).ok());
        found.ok_or_else(|| self.expected(n, what))
    }

    /// Argument `n` as one of `options`; gives its position. nil gives `default`, if there is one.
    ///
    /// # Errors
    /// `invalid option 'x'`, or `string expected`.
    pub fn option(
        &self,
        lua: &mlua::Lua,
        n: usize,
        default: Option<usize>,
        options: &[&str],
    ) -> Result<usize, Raise> {
        if let (Value::Nil, Some(default)) = (self.get(n), default) {
            return Ok(default);
        }
        let text = self.string(lua, n)?.to_string_lossy();
        options
            .iter()
            .position(|o| *o == text)
            .ok_or_else(|| self.bad(n, format!("invalid option '{text}'")))
    }
}
