//! Functions of Lua's string library that could compute without end inside of C code, where nothing can stop
//! them: those that take patterns, and `rep`. They do what Lua's own do (manual of Lua 5.4, section 6.4).

#![allow(
    unsafe_code,
    reason = "functions as fast as Lua's own, which may call scripts and raise errors"
)]

use std::ffi::{c_char, c_int};
use std::slice;

use mlua::ffi::{self, lua_State, luaL_Buffer};
use mlua::{Lua, Table};

use crate::interrupt;
use crate::pattern::{Capture, Fault, Matcher};

/// Bytes of the longest string that `rep` makes, as in Lua's own.
const LONGEST: usize = i32::MAX as usize;

/// Puts the functions into the library.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    let string: Table = lua.globals().get("string")?;
    // SAFETY: the functions keep to what each says, and take any arguments.
    unsafe {
        string.raw_set("find", lua.create_c_function(find)?)?;
        string.raw_set("match", lua.create_c_function(match_)?)?;
        string.raw_set("gmatch", lua.create_c_function(gmatch)?)?;
        string.raw_set("gsub", lua.create_c_function(gsub)?)?;
        string.raw_set("rep", lua.create_c_function(rep)?)
    }
}

/// A string argument. It lives as long as it stays on the stack.
///
/// # Safety
/// `state` is valid, and the argument is not removed while the result is used.
unsafe fn bytes<'a>(state: *mut lua_State, argument: c_int) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: Lua gives a pointer to as many bytes as it says, or raises an error.
    unsafe {
        let start = ffi::luaL_checklstring(state, argument, &raw mut length);
        slice::from_raw_parts(start.cast(), length)
    }
}

/// Raises the error of a fault.
///
/// # Safety
/// `state` is valid, and no value that would have to be dropped lives in the caller.
unsafe fn raise(state: *mut lua_State, fault: Fault) -> c_int {
    // SAFETY: the formats fit their arguments; a text has no zero within, and Lua takes its length.
    unsafe {
        match fault {
            Fault::Malformed(text) => {
                ffi::luaL_where(state, 1);
                ffi::lua_pushlstring(state, text.as_ptr().cast(), text.len());
                ffi::lua_concat(state, 2);
                ffi::lua_error(state)
            }
            Fault::NoCapture(number) => {
                ffi::luaL_error(state, c"invalid capture index %%%d".as_ptr(), number)
            }
            Fault::Stopped => interrupt::raise(state),
        }
    }
}

/// The offset that a position argument means, from 0; it may be behind the end.
unsafe fn offset(state: *mut lua_State, argument: c_int, length: usize) -> usize {
    // SAFETY: the caller's state is valid.
    let position = unsafe { ffi::luaL_optinteger(state, argument, 1) };
    match position {
        1.. => usize::try_from(position - 1).unwrap_or(usize::MAX),
        0 => 0,
        _ => length.saturating_sub(usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

/// Pushes a capture.
///
/// # Safety
/// `state` is valid and has room for two more values.
unsafe fn push(state: *mut lua_State, subject: &[u8], capture: Capture) {
    // SAFETY: as above; captures are within the subject.
    unsafe {
        match capture {
            Capture::Bytes(start, end) => {
                let bytes = &subject[start..end];
                ffi::lua_pushlstring(state, bytes.as_ptr().cast(), bytes.len());
            }
            Capture::Position(at) | Capture::Open(at) => push_integer(state, at + 1),
        }
    }
}

unsafe fn push_integer(state: *mut lua_State, number: usize) {
    // SAFETY: the caller's state is valid and has room. Strings are shorter than what an integer holds.
    unsafe { ffi::lua_pushinteger(state, number as ffi::lua_Integer) }
}

/// Pushes all captures; gives their number.
unsafe fn push_all(
    state: *mut lua_State,
    matcher: &Matcher<'_>,
    subject: &[u8],
    (start, end): (usize, usize),
    whole: bool,
) -> c_int {
    let count = matcher.count(whole);
    // SAFETY: the state is valid, and what is pushed has been asked room for. A matcher needs no drop.
    unsafe {
        ffi::luaL_checkstack(state, count as c_int, c"too many captures".as_ptr());
        for index in 0..count {
            match matcher.capture(index, start, end) {
                Ok(capture) => push(state, subject, capture),
                Err(fault) => return raise(state, fault),
            }
        }
    }
    count as c_int
}

/// A pattern without its anchor, and whether it had one.
fn unanchored(pattern: &[u8]) -> (&[u8], bool) {
    pattern.strip_prefix(b"^").map_or((pattern, false), |rest| (rest, true))
}

fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

/// Where a text is in another one; the time grows with the length of both, not with their product.
fn position(subject: &[u8], wanted: &[u8]) -> Option<usize> {
    // SAFETY: both are valid for as many bytes as they have.
    let found = unsafe {
        libc::memmem(subject.as_ptr().cast(), subject.len(), wanted.as_ptr().cast(), wanted.len())
    };
    (!found.is_null()).then(|| found as usize - subject.as_ptr() as usize)
}

unsafe extern "C-unwind" fn find(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state.
    unsafe { search(state, true) }
}

unsafe extern "C-unwind" fn match_(state: *mut lua_State) -> c_int {
    // SAFETY: as above.
    unsafe { search(state, false) }
}

unsafe fn search(state: *mut lua_State, find: bool) -> c_int {
    // SAFETY: the state is valid; both strings stay where they are, and nothing here needs a drop.
    unsafe {
        let (subject, pattern) = (bytes(state, 1), bytes(state, 2));
        let first = offset(state, 3, subject.len());
        if first > subject.len() {
            ffi::lua_pushnil(state);
            return 1;
        }
        if find && (ffi::lua_toboolean(state, 4) != 0 || is_plain(pattern)) {
            let Some(at) = position(&subject[first..], pattern) else {
                ffi::lua_pushnil(state);
                return 1;
            };
            push_integer(state, first + at + 1);
            push_integer(state, first + at + pattern.len());
            return 2;
        }
        let (pattern, anchored) = unanchored(pattern);
        let mut matcher = Matcher::new(subject, pattern, interrupt::is_stopping);
        match matcher.search(first, anchored) {
            Err(fault) => raise(state, fault),
            Ok(Some((start, end))) if find => {
                push_integer(state, start + 1);
                push_integer(state, end);
                2 + push_all(state, &matcher, subject, (start, end), false)
            }
            Ok(Some(ends)) => push_all(state, &matcher, subject, ends, true),
            Ok(None) => {
                ffi::lua_pushnil(state);
                1
            }
        }
    }
}

unsafe extern "C-unwind" fn gmatch(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state and room for 20 values.
    unsafe {
        let (subject, _) = (bytes(state, 1), bytes(state, 2));
        let first = offset(state, 3, subject.len()).min(subject.len() + 1);
        ffi::lua_settop(state, 2);
        push_integer(state, first);
        // Where the last match ended; there was none.
        ffi::lua_pushinteger(state, -1);
        ffi::lua_pushcclosure(state, next_match, 4);
    }
    1
}

/// The iterator of `gmatch`: its upvalues are the subject, the pattern, where to go on and where the last match
/// ended.
unsafe extern "C-unwind" fn next_match(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state; the upvalues are of these types, since only this function has them.
    // Both strings live as long as the closure, which is being called.
    unsafe {
        let (subject, pattern) =
            (bytes(state, ffi::lua_upvalueindex(1)), bytes(state, ffi::lua_upvalueindex(2)));
        let mut first = ffi::lua_tointeger(state, ffi::lua_upvalueindex(3)) as usize;
        let last = usize::try_from(ffi::lua_tointeger(state, ffi::lua_upvalueindex(4))).ok();
        let mut matcher = Matcher::new(subject, pattern, interrupt::is_stopping);
        loop {
            match matcher.search(first, false) {
                Err(fault) => return raise(state, fault),
                Ok(Some((start, end))) if Some(end) != last => {
                    for upvalue in [3, 4] {
                        push_integer(state, end);
                        ffi::lua_replace(state, ffi::lua_upvalueindex(upvalue));
                    }
                    return push_all(state, &matcher, subject, (start, end), true);
                }
                Ok(Some((start, _))) => first = start + 1,
                Ok(None) => return 0,
            }
        }
    }
}

unsafe extern "C-unwind" fn gsub(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state. The strings stay at their places, the buffer is used as the manual asks
    // (section 5.1), and nothing that lives here needs a drop when an error is raised.
    unsafe {
        let (subject, pattern) = (bytes(state, 1), bytes(state, 2));
        let kind = ffi::lua_type(state, 3);
        let most = ffi::luaL_optinteger(state, 4, subject.len() as ffi::lua_Integer + 1);
        if !matches!(
            kind,
            ffi::LUA_TNUMBER | ffi::LUA_TSTRING | ffi::LUA_TFUNCTION | ffi::LUA_TTABLE
        ) {
            return wrong_type(state, 3, c"string/function/table expected, got %s");
        }
        let mut buffer = std::mem::MaybeUninit::<luaL_Buffer>::uninit();
        let buffer = buffer.as_mut_ptr();
        ffi::luaL_buffinit(state, buffer);
        let (pattern, anchored) = unanchored(pattern);
        let mut matcher = Matcher::new(subject, pattern, interrupt::is_stopping);
        // What is before `kept` is in the buffer.
        let (mut at, mut kept, mut last, mut count) = (0, 0, None, 0);
        while count < most {
            match matcher.search(at, anchored) {
                Err(fault) => return raise(state, fault),
                Ok(Some((start, end))) if Some(end) != last => {
                    count += 1;
                    add(buffer, &subject[kept..start]);
                    add_replacement(state, buffer, &matcher, subject, (start, end), kind);
                    if interrupt::is_stopping() {
                        return raise(state, Fault::Stopped);
                    }
                    (at, kept, last) = (end, end, Some(end));
                }
                Ok(Some((start, _))) => at = start + 1,
                Ok(None) => break,
            }
            if anchored {
                break;
            }
        }
        if count == 0 {
            ffi::lua_pushvalue(state, 1);
        } else {
            add(buffer, &subject[kept..]);
            ffi::luaL_pushresult(buffer);
        }
        ffi::lua_pushinteger(state, count);
    }
    2
}

/// The error of an argument of a wrong type, in the words of Lua's own functions.
unsafe fn wrong_type(
    state: *mut lua_State,
    argument: c_int,
    format: &'static std::ffi::CStr,
) -> c_int {
    // SAFETY: the state is valid, and the format takes one name.
    unsafe {
        let kind = ffi::luaL_getmetafield(state, argument, c"__name".as_ptr());
        let name = match (kind, ffi::lua_type(state, argument)) {
            (ffi::LUA_TSTRING, _) => ffi::lua_tostring(state, -1),
            (_, ffi::LUA_TLIGHTUSERDATA) => c"light userdata".as_ptr(),
            _ => ffi::luaL_typename(state, argument),
        };
        let text = ffi::lua_pushfstring(state, format.as_ptr(), name);
        ffi::luaL_argerror(state, argument, text)
    }
}

unsafe fn add(buffer: *mut luaL_Buffer, bytes: &[u8]) {
    // SAFETY: the buffer is that of the caller, and on top of the stack if it is there at all.
    unsafe { ffi::luaL_addlstring(buffer, bytes.as_ptr().cast::<c_char>(), bytes.len()) }
}

/// Adds what takes the place of a match.
unsafe fn add_replacement(
    state: *mut lua_State,
    buffer: *mut luaL_Buffer,
    matcher: &Matcher<'_>,
    subject: &[u8],
    (start, end): (usize, usize),
    kind: c_int,
) {
    // SAFETY: as in `gsub`.
    unsafe {
        match kind {
            ffi::LUA_TFUNCTION => {
                ffi::lua_pushvalue(state, 3);
                let count = push_all(state, matcher, subject, (start, end), true);
                ffi::lua_call(state, count, 1);
            }
            ffi::LUA_TTABLE => {
                match matcher.capture(0, start, end) {
                    Ok(capture) => push(state, subject, capture),
                    Err(fault) => {
                        raise(state, fault);
                    }
                }
                ffi::lua_gettable(state, 3);
            }
            _ => return add_text(state, buffer, matcher, subject, (start, end)),
        }
        if ffi::lua_toboolean(state, -1) == 0 {
            ffi::lua_pop(state, 1);
            add(buffer, &subject[start..end]);
        } else if ffi::lua_isstring(state, -1) == 0 {
            let name = ffi::luaL_typename(state, -1);
            ffi::luaL_error(state, c"invalid replacement value (a %s)".as_ptr(), name);
        } else {
            ffi::luaL_addvalue(buffer);
        }
    }
}

/// Adds a text in which captures are named.
unsafe fn add_text(
    state: *mut lua_State,
    buffer: *mut luaL_Buffer,
    matcher: &Matcher<'_>,
    subject: &[u8],
    (start, end): (usize, usize),
) {
    // SAFETY: as in `gsub`.
    unsafe {
        let mut text = bytes(state, 3);
        while let Some(at) = memchr::memchr(b'%', text) {
            add(buffer, &text[..at]);
            match text.get(at + 1).copied() {
                Some(b'%') => add(buffer, b"%"),
                Some(b'0') => add(buffer, &subject[start..end]),
                Some(digit @ b'1'..=b'9') => {
                    match matcher.capture(usize::from(digit - b'1'), start, end) {
                        Ok(Capture::Bytes(from, to)) => add(buffer, &subject[from..to]),
                        Ok(position) => {
                            push(state, subject, position);
                            ffi::luaL_addvalue(buffer);
                        }
                        Err(fault) => {
                            raise(state, fault);
                        }
                    }
                }
                _ => {
                    raise(state, Fault::Malformed("invalid use of '%' in replacement string"));
                }
            }
            text = &text[at + 2..];
        }
        add(buffer, text);
    }
}

/// Lua's own counts to any number also where there is nothing to repeat.
unsafe extern "C-unwind" fn rep(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state. The buffer is used as the manual asks; nothing needs a drop.
    unsafe {
        let text = bytes(state, 1);
        let count = ffi::luaL_checkinteger(state, 2);
        let between = if ffi::lua_isnoneornil(state, 3) != 0 { &b""[..] } else { bytes(state, 3) };
        let (Ok(count), false) = (usize::try_from(count), text.is_empty() && between.is_empty())
        else {
            ffi::lua_pushlstring(state, c"".as_ptr(), 0);
            return 1;
        };
        let Some(gaps) = count.checked_sub(1) else {
            ffi::lua_pushlstring(state, c"".as_ptr(), 0);
            return 1;
        };
        if text.len() + between.len() > LONGEST / count {
            return ffi::luaL_error(state, c"resulting string too large".as_ptr());
        }
        let length = text.len() * count + between.len() * gaps;
        let mut buffer = std::mem::MaybeUninit::<luaL_Buffer>::uninit();
        let buffer = buffer.as_mut_ptr();
        let space = ffi::luaL_buffinitsize(state, buffer, length).cast::<u8>();
        let mut place = space;
        for nth in 0..count {
            for part in [text, if nth < gaps { between } else { b"" }] {
                place.copy_from_nonoverlapping(part.as_ptr(), part.len());
                place = place.add(part.len());
            }
        }
        ffi::luaL_pushresultsize(buffer, length);
    }
    1
}
