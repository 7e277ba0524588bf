//! A new Lua state: standard libraries without their dangerous parts, and the shim.

use mlua::state::{GcGenParams, GcMode};
use mlua::{Function, Lua, LuaOptions, StdLib, Table};

use crate::frame::framed;
use crate::{basics, interrupt, strings, tables};

/// A state could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Lua said so.
    #[error("cannot set up Lua: {0}")]
    Lua(String),
    /// The operating system refused the signal handler or the thread of the watchdog.
    #[error("cannot set up the script watchdog: {0}")]
    Watchdog(#[from] std::io::Error),
}

/// Lua's errors hold Lua values and cannot leave their thread; their text can.
impl From<mlua::Error> for StateError {
    fn from(error: mlua::Error) -> Self {
        StateError::Lua(error.to_string())
    }
}

/// How a state is made.
#[derive(Clone, Debug)]
pub struct StateOptions {
    /// Most bytes that all scripts of the state may hold together.
    pub memory_limit: usize,
}

impl Default for StateOptions {
    fn default() -> Self {
        StateOptions { memory_limit: 2 << 30 }
    }
}

/// The functions of `shim.lua`.
#[derive(Clone)]
pub(crate) struct Shim {
    pub(crate) settle: Function,
    pub(crate) blame: Function,
    pub(crate) step: Function,
    pub(crate) drop: Function,
    pub(crate) traceback: Function,
    pub(crate) wording: Function,
    /// The real metatable of anything; no script may have it.
    pub(crate) metatable: Function,
}

/// What no script may have: other programs, foreign machine code, the end of the process, and the
/// parts of `debug` that can break memory safety or the scheduler.
const REMOVED: &[(&str, &[&str])] = &[
    ("io", &["popen"]),
    ("os", &["execute", "exit"]),
    ("package", &["loadlib", "searchpath"]),
    (
        "debug",
        &[
            "debug",
            "setmetatable",
            "getregistry",
            "sethook",
            "upvaluejoin",
            "upvalueid",
            "setlocal",
            "setupvalue",
            "setuservalue",
            "getuservalue",
            "setcstacklimit",
        ],
    ),
];

/// Makes a state with default [`LuaOptions`] (mlua's own `pcall` replacement would not let
/// scripts yield) and runs the shim in it. `glance` makes the native by which the shim asks whether
/// a wait is over already.
#[allow(unsafe_code, reason = "mlua gives the debug library only through an unsafe constructor")]
pub(crate) fn new_state(
    options: &StateOptions,
    glance: impl FnOnce(&Lua) -> mlua::Result<Function>,
) -> Result<(Lua, Shim), StateError> {
    // SAFETY: the only unsafe library is `debug`; the functions of it that could break memory
    // safety are removed below, before any script is loaded.
    let lua = unsafe { Lua::unsafe_new_with(StdLib::ALL, LuaOptions::default()) };
    lua.set_memory_limit(options.memory_limit)?;
    // Most of what lives is the code of the scripts, and most of what a host needs dies with it.
    lua.gc_set_mode(GcMode::Generational(GcGenParams::default()));
    let [enter, leave, stopping, watched] = interrupt::shim_functions(&lua)?;
    let parts = (enter, leave, stopping, watched, glance(&lua)?);
    let shim: Table = lua.load(include_str!("shim.lua")).set_name("=nseer").call(parts)?;
    basics::install(&lua, &shim.get("finalized")?, &shim.get("guarded")?)?;
    strings::install(&lua)?;
    tables::install(&lua)?;
    let globals = lua.globals();
    for (library, names) in REMOVED {
        let library: Table = globals.get(*library)?;
        for name in *names {
            library.raw_remove(*name)?;
        }
    }
    keep_text_chunks_only(&lua)?;
    lua.load(include_str!("older_lua.lua")).set_name("=nseer").exec()?;
    lua.load(include_str!("bit32.lua")).set_name("=nseer").exec()?;
    // Lines that a script writes stand where it wrote them among those of others, and in one piece.
    lua.load("io.stdout:setvbuf('line')").set_name("=nseer").exec()?;
    // An error says where in the script it was raised, however it is called.
    let strings: Table = globals.get("string")?;
    let unpack: Function = strings.get("unpack")?;
    strings.set("unpack", framed(&lua, &unpack)?)?;
    let metatable = lua.load(include_str!("metatables.lua")).set_name("=nseer").call(())?;
    let shim = Shim {
        metatable,
        settle: shim.get("settle")?,
        blame: shim.get("blame")?,
        step: shim.get("step")?,
        drop: shim.get("drop")?,
        traceback: shim.get("traceback")?,
        wording: shim.get("wording")?,
    };
    Ok((lua, shim))
}

/// Precompiled chunks can break memory safety, so `load`, `loadfile` and `dofile` take text only,
/// and `require` looks for no C libraries.
fn keep_text_chunks_only(lua: &Lua) -> mlua::Result<()> {
    lua.load(include_str!("text_only.lua")).set_name("=nseer").exec()
}
