//! Functions of Lua's table library that count from one number to another inside of C code, where nothing can
//! stop them. What could be no table is refused; anything else is done by Lua's own.

#![allow(unsafe_code, reason = "a C function in front of another C function, which uses its frame")]

use std::ffi::c_int;

use mlua::ffi::{self, lua_CFunction, lua_Integer, lua_State};
use mlua::{Function, Lua, Table};

/// Elements of the largest table: more do not fit into the memory that scripts may have.
const MOST: u64 = 1 << 26;

/// Puts the functions before those of the library.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    let table: Table = lua.globals().get("table")?;
    for (name, function) in [
        ("move", move_ as lua_CFunction),
        ("insert", insert),
        ("remove", remove),
        ("concat", concat),
    ] {
        table.raw_set(name, before(lua, function, &table.get(name)?)?)?;
    }
    Ok(())
}

/// `function`, with `original` as its first upvalue.
pub(crate) fn before(
    lua: &Lua,
    function: lua_CFunction,
    original: &Function,
) -> mlua::Result<Function> {
    // SAFETY: the stack holds the original alone, which becomes the upvalue of the closure.
    unsafe { lua.exec_raw(original, move |state| ffi::lua_pushcclosure(state, function, 1)) }
}

/// Goes on as the function in the first upvalue, which is one of Lua's own without upvalues.
///
/// # Safety
/// `state` is that of a function of [`before`], with its arguments on the stack.
pub(crate) unsafe fn original(state: *mut lua_State) -> c_int {
    // SAFETY: as the caller says. Called as a plain function, the original uses this one's frame, so its errors have
    // the right name and place, and it may continue after a yield.
    unsafe {
        match ffi::lua_tocfunction(state, ffi::lua_upvalueindex(1)) {
            Some(original) => original(state),
            None => ffi::luaL_error(state, c"no such function".as_ptr()),
        }
    }
}

/// An argument that is an integer; Lua's own function names any other.
unsafe fn integer(state: *mut lua_State, argument: c_int) -> Option<lua_Integer> {
    let mut is = 0;
    // SAFETY: the caller's state is valid.
    let value = unsafe { ffi::lua_tointegerx(state, argument, &raw mut is) };
    (is != 0).then_some(value)
}

/// The length of the first argument, if that is a table.
unsafe fn length(state: *mut lua_State) -> Option<lua_Integer> {
    // SAFETY: the caller's state is valid; a metamethod may raise an error, and nothing needs a drop.
    unsafe { (ffi::lua_type(state, 1) == ffi::LUA_TTABLE).then(|| ffi::luaL_len(state, 1)) }
}

/// Whether there are too many from one number to another.
fn too_many(first: Option<lua_Integer>, last: Option<lua_Integer>) -> bool {
    first.zip(last).is_some_and(|(first, last)| last > first && last.abs_diff(first) >= MOST)
}

unsafe extern "C-unwind" fn move_(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state.
    unsafe {
        let (first, last) = (integer(state, 2), integer(state, 3));
        // Lua's own words go first, for places that no integer counts.
        let span = first.zip(last).and_then(|(first, last)| last.checked_sub(first));
        let end = span.zip(integer(state, 4)).and_then(|(span, to)| to.checked_add(span));
        if end.is_some() && too_many(first, last) {
            return ffi::luaL_argerror(state, 3, c"too many elements to move".as_ptr());
        }
        original(state)
    }
}

unsafe extern "C-unwind" fn insert(state: *mut lua_State) -> c_int {
    // SAFETY: as above.
    unsafe {
        if ffi::lua_gettop(state) == 3 && too_many(integer(state, 2), length(state)) {
            return ffi::luaL_argerror(state, 1, c"table too large".as_ptr());
        }
        original(state)
    }
}

unsafe extern "C-unwind" fn remove(state: *mut lua_State) -> c_int {
    // SAFETY: as above.
    unsafe {
        if ffi::lua_gettop(state) > 1 && too_many(integer(state, 2), length(state)) {
            return ffi::luaL_argerror(state, 1, c"table too large".as_ptr());
        }
        original(state)
    }
}

unsafe extern "C-unwind" fn concat(state: *mut lua_State) -> c_int {
    // SAFETY: as above.
    unsafe {
        let first = if ffi::lua_isnoneornil(state, 3) != 0 { Some(1) } else { integer(state, 3) };
        let last =
            if ffi::lua_isnoneornil(state, 4) != 0 { length(state) } else { integer(state, 4) };
        if too_many(first, last) {
            return ffi::luaL_argerror(state, 1, c"table too large".as_ptr());
        }
        original(state)
    }
}
