//! Scripts that behave alike from run to run, for tests that replay them: see `repeatable.lua`.

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use crate::environment::World;

/// Replaces what differs from run to run, where the embedder wants that. Before any library is
/// loaded.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<()> {
    let Some(seed) = world.config.workbench.seed else { return Ok(()) };
    let native = world.scheduler.native();
    let clock = world.config.system.clock.clone();
    let wall = {
        let clock = clock.clone();
        move || clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    };
    let begun = wall();
    let since = wall.clone();
    let wall = native.function(move |lua, _| nseer_lua::Reply::values(lua, wall()))?;
    let elapsed = native.function(move |lua, _| nseer_lua::Reply::values(lua, since() - begun))?;
    let lua = world.lua();
    lua.load(include_str!("repeatable.lua")).set_name("=nseer").call((wall, elapsed, seed))
}
