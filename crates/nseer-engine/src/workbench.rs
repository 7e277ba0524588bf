//! What a workbench for scripts wants of the engine, and a scan does not.

use std::rc::Rc;
use std::sync::Arc;

use mlua::{HookTriggers, Lua, VmState};

use crate::chunks::Chunks;
use crate::environment::World;

/// What a workbench for scripts wants; by default nothing.
#[derive(Clone, Default)]
pub struct Workbench {
    /// Scripts behave alike from run to run, as far as their peers do: random numbers follow from
    /// this seed, `os.time` and `os.date` from the clock of the seam, and `pairs` walks in a fixed
    /// order.
    pub seed: Option<u64>,
    /// Scripts live in virtual time: while all of them wait, it jumps to the next moment at which
    /// something happens. For a network with a stand-in only.
    pub virtual_time: bool,
    /// Sockets are told from which line of its script an operation is called (see
    /// `nseer_net::Socket::mark`).
    pub marks: bool,
    /// Is told each line that runs.
    pub lines: Option<Arc<dyn Lines>>,
    /// Where libraries are kept that were compiled, for further engines of the same program.
    pub chunks: Option<Arc<Chunks>>,
    /// What each script takes is measured, and told by [`nseer_core::Event::ScriptCosted`].
    pub costs: bool,
}

/// Is told what scripts and libraries run.
pub trait Lines: Send + Sync {
    /// A line of a file begins to run. `source` is the file's path as the engine shows it.
    fn ran(&self, source: &str, line: usize);
}

impl std::fmt::Debug for Workbench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workbench").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Has each line told, where somebody wants to know.
pub(crate) fn watch_lines(world: &Rc<World>) -> mlua::Result<()> {
    let Some(lines) = world.config.workbench.lines.clone() else { return Ok(()) };
    world.lua().set_global_hook(HookTriggers::EVERY_LINE, move |_, debug| {
        let source = debug.source();
        if let (Some(path), Some(line)) =
            (source.source.as_deref().and_then(|s| s.strip_prefix('@')), debug.current_line())
        {
            lines.ran(path, line);
        }
        Ok(VmState::Continue)
    })
}

/// Frames that are looked through for a line of the script.
const DEPTH: usize = 64;

/// The line of the running script from which a native is called, through whatever libraries; 0
/// where nobody wants to know, or where it is not on the stack.
pub(crate) fn mark(world: &World, lua: &Lua) -> u32 {
    if !world.config.workbench.marks {
        return 0;
    }
    let Some(context) = world.scheduler.current_context() else { return 0 };
    let path = &context.info().path;
    for level in 1..DEPTH {
        let line = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let name = source.source.as_deref().and_then(|s| s.strip_prefix('@'));
            frame.current_line().filter(|_| name == Some(path.as_str()))
        });
        match line {
            None => return 0,
            Some(Some(line)) => return u32::try_from(line).unwrap_or(0),
            Some(None) => {}
        }
    }
    0
}
