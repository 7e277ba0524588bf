//! `lpeg`: patterns for scripts, with the functions and messages of LPeg 1.0.2, written from its
//! manual and from what it prints. Matching itself is `nseer-peg`'s; here patterns get their Lua
//! values, and scripts their errors.

mod build;
mod grammar;
mod host;
mod matching;
mod operand;

use std::cell::Cell;
use std::rc::Rc;

use mlua::{Function, Lua, Table};
use nseer_lua::Native;
use nseer_peg::{DEFAULT_STACK, Pattern};

use crate::modules::{fill, function};

use operand::{Operand, pattern_object};

/// What the functions of one Lua state share.
pub(super) struct Shared {
    /// The number of the next value.
    next_value: Cell<u32>,
    /// What `setmaxstack` said.
    stack_limit: Cell<usize>,
}

/// Makes the table `lpeg`.
pub(crate) fn install(lua: &Lua, native: &Native) -> mlua::Result<Table> {
    let shared =
        Rc::new(Shared { next_value: Cell::new(1), stack_limit: Cell::new(DEFAULT_STACK) });
    let module = lua.create_table()?;
    fill(native, &shared, &module, build::FUNCTIONS)?;
    let operators = lua.create_table()?;
    for (key, body) in build::OPERATORS {
        operators.raw_set(*key, function(native, &shared, *body)?)?;
    }
    let start = function(native, &shared, matching::start)?;
    let resume = function(native, &shared, matching::resume)?;
    let sample = pattern_object(lua, Operand::plain(Pattern::succeed()))?;
    let metatable = native.metatable(&sample)?;
    lua_half(lua)?.call::<()>((&module, operators, metatable, start, resume, native.blame()))?;
    module.raw_set("match", native.framed(&module.raw_get("match")?)?)?;
    Ok(module)
}

/// Without its line numbers, so that `error(text, 2)` in a function of a capture adds no position,
/// as where a C function called it.
fn lua_half(lua: &Lua) -> mlua::Result<Function> {
    let half = lua.load(include_str!("lpeg.lua")).set_name("=nseer").into_function()?;
    lua.load(half.dump(true))
        .set_name("=nseer")
        .set_mode(mlua::chunk::ChunkMode::Binary)
        .into_function()
}
