//! A C function around each function that the engine gives to scripts.
//!
//! A Lua function that is called as `return f()` takes its caller's place on the stack, and an error
//! could no longer say where in the script it was raised. A C function never does. It passes
//! arguments and results on, and lets what it calls yield (manual of Lua 5.4, section 4.5).

#![allow(unsafe_code, reason = "mlua has no function that lets the one that it calls yield")]

use std::ffi::c_int;

use mlua::ffi::{self, lua_KContext, lua_State};
use mlua::{Function, Lua};

use crate::native::DONE;

/// A C function that calls `function`. To `function` it is level 2, and the script level 3.
pub(crate) fn framed(lua: &Lua, function: &Function) -> mlua::Result<Function> {
    // SAFETY: the stack holds the function alone, which becomes the upvalue of the closure that is
    // left in its place.
    unsafe { lua.exec_raw(function, |state| ffi::lua_pushcclosure(state, call, 1)) }
}

/// A C function that calls `native`, which gives a status and values: the values, where the status is
/// [`DONE`]. All else is for `settle`, to which it is level 2, and the script level 3.
pub(crate) fn framed_native(
    lua: &Lua,
    native: &Function,
    settle: &Function,
) -> mlua::Result<Function> {
    // SAFETY: as above, with two functions and two upvalues.
    unsafe { lua.exec_raw((native, settle), |state| ffi::lua_pushcclosure(state, call_native, 2)) }
}

unsafe extern "C-unwind" fn call(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state, and leaves a C function room for at least 20 more values.
    // No value of Rust lives here that an error or a yield could skip.
    unsafe { hand_to(state, 1) }
}

unsafe extern "C-unwind" fn call_native(state: *mut lua_State) -> c_int {
    // SAFETY: as above. A native never yields, so no continuation is needed.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, arguments, ffi::LUA_MULTRET);
        if ffi::lua_tointeger(state, 1) == DONE {
            return ffi::lua_gettop(state) - 1;
        }
        hand_to(state, 2)
    }
}

/// Calls the function in the upvalue `number` with all that is on the stack; gives its results.
unsafe fn hand_to(state: *mut lua_State, number: c_int) -> c_int {
    // SAFETY: as above.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(number));
        ffi::lua_insert(state, 1);
        ffi::lua_callk(state, arguments, ffi::LUA_MULTRET, 0, Some(hand_on));
        ffi::lua_gettop(state)
    }
}

/// Goes on after a yield: the results are all that is on the stack, as without one.
unsafe extern "C-unwind" fn hand_on(state: *mut lua_State, _: c_int, _: lua_KContext) -> c_int {
    // SAFETY: as above.
    unsafe { ffi::lua_gettop(state) }
}
