//! Compiles scripts and libraries, and keeps compiled libraries for programs that make several Lua states.
//!
//! Lua gets the text where it lies: a string of Lua's would be a copy of it that lives until all is loaded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mlua::chunk::ChunkMode;
use mlua::{Function, Lua};

/// Libraries that some state has compiled already, by their paths. What is here was made by Lua itself in
/// this process: foreign code that is compiled already could break memory safety.
#[derive(Default)]
pub struct Chunks(Mutex<HashMap<String, Chunk>>);

struct Chunk {
    source: Vec<u8>,
    code: Arc<[u8]>,
}

impl Chunks {
    /// The library of this path, if it was compiled from the same source.
    pub(crate) fn find(
        &self,
        lua: &Lua,
        path: &str,
        source: &[u8],
    ) -> Option<mlua::Result<Function>> {
        let chunk = self.lock().get(path).filter(|c| c.source == source).map(|c| c.code.clone())?;
        let name = format!("@{path}");
        Some(lua.load(&*chunk).set_name(name).set_mode(ChunkMode::Binary).into_function())
    }

    /// Keeps a library that was just compiled, with its line numbers.
    pub(crate) fn keep(&self, path: String, source: Vec<u8>, compiled: &Function) {
        let code = compiled.dump(false).into();
        self.lock().insert(path, Chunk { source, code });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Chunk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A library as a function; `chunks` are those that other states share, where there are any.
pub(crate) fn library(
    lua: &Lua,
    chunks: Option<&Chunks>,
    path: &str,
    source: Vec<u8>,
) -> mlua::Result<Function> {
    if let Some(known) = chunks.and_then(|chunks| chunks.find(lua, path, &source)) {
        return known;
    }
    let compiled = compile(lua, path, &source)?;
    if let Some(chunks) = chunks {
        chunks.keep(path.to_owned(), source, &compiled);
    }
    Ok(compiled)
}

/// A script as a function from an environment to its top level. What is put before it and behind it is on
/// its first and its last line, so that line numbers stay what they are.
pub(crate) fn script(lua: &Lua, path: &str, source: &[u8]) -> mlua::Result<Function> {
    let last_line = source.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    // A comment would hide what is behind it.
    let has_comment = last_line.windows(2).any(|two| two == b"--");
    let end: &[u8] = if has_comment { b"\nend end" } else { b" end end" };
    let whole = [b"return function(_ENV) return function(...) ", source, end].concat();
    compile(lua, path, &whole)?.call(())
}

fn compile(lua: &Lua, path: &str, source: &[u8]) -> mlua::Result<Function> {
    lua.load(source).set_name(format!("@{path}")).set_mode(ChunkMode::Text).into_function()
}

#[cfg(test)]
mod tests {
    use nseer_lua::{Scheduler, StateOptions, Watchdog};

    use super::*;

    #[test]
    fn another_state_gets_what_one_has_compiled_as_long_as_the_source_is_the_same() {
        let chunks = Chunks::default();
        let source = b"local n = 1\nreturn function() error('no ' .. n) end".to_vec();
        let first = Lua::new();
        let compiled = first.load(&*source).set_name("@a.lua").into_function().expect("Lua");
        chunks.keep("a.lua".to_owned(), source.clone(), &compiled);
        drop((compiled, first));
        let watchdog = Watchdog::start(Arc::new(nseer_seam::RealClock)).expect("a thread");
        let scheduler = Scheduler::<()>::new(&StateOptions::default(), &watchdog, |(), _| {
            nseer_lua::Limits { compute: std::time::Duration::MAX, elapsed: None }
        });
        let second = scheduler.expect("a state").lua().clone();
        let library = chunks.find(&second, "a.lua", &source).expect("kept").expect("loads");
        let fails: Function = library.call(()).expect("runs");
        let error = fails.call::<()>(()).expect_err("fails").to_string();
        assert!(error.contains("a.lua:2: no 1"), "{error}");
        assert!(chunks.find(&second, "a.lua", b"return 2").is_none());
        assert!(chunks.find(&second, "b.lua", &source).is_none());
    }
}
