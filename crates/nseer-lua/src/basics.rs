//! `setmetatable` and `xpcall`, by which scripts have functions called where no hook runs: finalizers, and message
//! handlers of the error that stops a thread. What is done instead is in `shim.lua`.

#![allow(unsafe_code, reason = "a C function in front of another C function, which uses its frame")]

use std::ffi::c_int;

use mlua::ffi::{self, lua_CFunction, lua_State};
use mlua::{Function, Lua, Table};

use crate::tables::original;

/// Puts the functions before Lua's own. `finalized(object, metatable)` says whether it set the metatable;
/// `guarded(handler)` gives the handler that is used.
pub(crate) fn install(lua: &Lua, finalized: &Function, guarded: &Function) -> mlua::Result<()> {
    let globals = lua.globals();
    for (name, function, helper) in
        [("setmetatable", setmetatable as lua_CFunction, finalized), ("xpcall", xpcall, guarded)]
    {
        globals.raw_set(name, before(lua, function, &globals, name, helper)?)?;
    }
    Ok(())
}

fn before(
    lua: &Lua,
    function: lua_CFunction,
    globals: &Table,
    name: &str,
    helper: &Function,
) -> mlua::Result<Function> {
    let originals: Function = globals.get(name)?;
    // SAFETY: the stack holds two functions, which become the upvalues of the closure.
    unsafe {
        lua.exec_raw((originals, helper), move |state| ffi::lua_pushcclosure(state, function, 2))
    }
}

unsafe extern "C-unwind" fn setmetatable(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state and room for 20 values; the upvalues are those of `before`.
    unsafe {
        if ffi::lua_type(state, 1) == ffi::LUA_TTABLE && ffi::lua_type(state, 2) == ffi::LUA_TTABLE
        {
            ffi::lua_settop(state, 2);
            ffi::lua_pushstring(state, c"__gc".as_ptr());
            let has = ffi::lua_rawget(state, 2) != ffi::LUA_TNIL;
            ffi::lua_settop(state, 2);
            if has {
                ffi::lua_pushvalue(state, ffi::lua_upvalueindex(2));
                ffi::lua_pushvalue(state, 1);
                ffi::lua_pushvalue(state, 2);
                ffi::lua_call(state, 2, 1);
                let is_done = ffi::lua_toboolean(state, -1) != 0;
                ffi::lua_settop(state, 2);
                if is_done {
                    ffi::lua_settop(state, 1);
                    return 1;
                }
            }
        }
        original(state)
    }
}

unsafe extern "C-unwind" fn xpcall(state: *mut lua_State) -> c_int {
    // SAFETY: as above.
    unsafe {
        // A C function ends by itself, and `debug.traceback` shows what is above it.
        if ffi::lua_type(state, 2) == ffi::LUA_TFUNCTION && ffi::lua_iscfunction(state, 2) == 0 {
            ffi::lua_pushvalue(state, ffi::lua_upvalueindex(2));
            ffi::lua_pushvalue(state, 2);
            ffi::lua_call(state, 1, 1);
            ffi::lua_replace(state, 2);
        }
        original(state)
    }
}
