//! How a Rust function becomes a function that scripts can call.
//!
//! A native never yields and never lets a Rust error reach Lua: it gives values, a future to wait
//! for, or the text of an error, and the shim does the rest in Lua, where errors keep their
//! position and waiting works at any depth of coroutines.

use std::future::Future;
use std::pin::Pin;

use mlua::{AnyUserData, Function, IntoLuaMulti, Lua, MultiValue, Table, Value};

use crate::args::Args;
use crate::frame::{framed, framed_native};

/// An error that the script sees as a string with its own position in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raise {
    /// With this text.
    Text(String),
    /// Of an argument. The text follows from how the script made the call: it says the name that
    /// was used there, and of a method the object is not counted.
    Argument {
        /// From 1; the object of a method counts.
        n: usize,
        /// What is wrong with it.
        detail: String,
    },
}

impl Raise {
    /// An error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Raise::Text(text.into())
    }

    /// As what follows a status: the number of the argument, 0 where it is none, and the text.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn into_values(self, lua: &Lua) -> mlua::Result<MultiValue> {
        match self {
            Raise::Text(text) => (0, text),
            Raise::Argument { n, detail } => (n, detail),
        }
        .into_lua_multi(lua)
    }
}

impl From<mlua::Error> for Raise {
    fn from(error: mlua::Error) -> Self {
        Raise::new(error.to_string())
    }
}

/// A future whose result is handed to the waiting thread.
pub(crate) type Wait = Pin<Box<dyn Future<Output = Result<MultiValue, Raise>>>>;

/// What a native gives back.
pub enum Reply {
    /// Values, at once.
    Values(MultiValue),
    /// The thread waits for this.
    Wait(Wait),
}

impl Reply {
    /// Values, at once.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn values(lua: &Lua, values: impl IntoLuaMulti) -> Result<Reply, Raise> {
        Ok(Reply::Values(values.into_lua_multi(lua)?))
    }

    /// No values.
    #[must_use]
    pub fn nothing() -> Reply {
        Reply::Values(MultiValue::new())
    }

    /// The thread waits for `future`.
    pub fn wait(future: impl Future<Output = Result<MultiValue, Raise>> + 'static) -> Reply {
        Reply::Wait(Box::pin(future))
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Reply::Values(_) => "Reply::Values",
            Reply::Wait(_) => "Reply::Wait",
        })
    }
}

pub(crate) const DONE: i64 = 0;
pub(crate) const WAIT: i64 = 1;
const RAISE: i64 = 2;

/// Takes the future of a native that has to wait; gives the number of the request.
pub(crate) type Suspend = std::rc::Rc<dyn Fn(Wait) -> Result<i64, Raise>>;

/// Makes functions for scripts in one Lua state.
#[derive(Clone)]
pub struct Native {
    pub(crate) lua: Lua,
    pub(crate) settle: Function,
    pub(crate) blame: Function,
    pub(crate) wording: Function,
    pub(crate) metatable: Function,
    pub(crate) suspend: Suspend,
}

impl Native {
    /// A Lua function that calls `body`.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn function(
        &self,
        body: impl Fn(&Lua, Args) -> Result<Reply, Raise> + 'static,
    ) -> mlua::Result<Function> {
        let suspend = self.suspend.clone();
        let raw = self.lua.create_function(move |lua, values: MultiValue| {
            let reply = match body(lua, Args::new(values)) {
                Ok(Reply::Values(values)) => Ok(values),
                Ok(Reply::Wait(future)) => match suspend(future) {
                    Ok(request) => {
                        return Ok((WAIT, MultiValue::from_vec(vec![Value::Integer(request)])));
                    }
                    Err(raise) => Err(raise),
                },
                Err(raise) => Err(raise),
            };
            settled(lua, reply)
        })?;
        framed_native(&self.lua, &raw, &self.settle)
    }

    /// The Lua function that raises what [`Raise::into_values`] gave, for functions of the engine
    /// that are written in Lua and [framed](Self::framed): they end with a call of it.
    #[must_use]
    pub fn blame(&self) -> Function {
        self.blame.clone()
    }

    /// The Lua function that gives what an error value says of itself, as a string.
    #[must_use]
    pub fn wording(&self) -> Function {
        self.wording.clone()
    }

    /// The real metatable of an object and of all others of its kind. Scripts see what is in its
    /// field `__metatable`.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn metatable(&self, object: &AnyUserData) -> mlua::Result<Table> {
        self.metatable.call(object)
    }

    /// Makes a function of the engine that is written in Lua look to scripts as the others do. To
    /// `error`, the script is one level further away than it was.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn framed(&self, function: &Function) -> mlua::Result<Function> {
        framed(&self.lua, function)
    }
}

/// A status and values, as `settle` in the shim takes them.
pub(crate) type Settled = (i64, MultiValue);

/// What the shim is told where there is nothing to wait for.
pub(crate) fn settled(lua: &Lua, reply: Result<MultiValue, Raise>) -> mlua::Result<Settled> {
    Ok(match reply {
        Ok(values) => (DONE, values),
        Err(raise) => (RAISE, raise.into_values(lua)?),
    })
}

/// What the shim is told where the thread has to wait.
pub(crate) fn waiting() -> Settled {
    (WAIT, MultiValue::new())
}
