//! `nmap.new_try`: exceptions for calls that return a status first.

use std::rc::Rc;

use mlua::{Function, Table};
use nseer_core::Severity;
use nseer_lua::Reply;

use crate::environment::World;

/// The handler may wait, so this is Lua. `odd` reports a first value that is no status.
const NEW_TRY: &str = r#"
local odd = ...
local function passed(handler, status, ...)
  if type(status) ~= "boolean" and status ~= nil then
    odd()
  end
  if status then
    return ...
  end
  if handler then
    handler()
  end
  error({ errtype = "nmap.new_try", message = (...) }, 0)
end
return function(handler)
  return function(...)
    return passed(handler, ...)
  end
end
"#;

/// Adds `new_try`.
pub(crate) fn install(world: &Rc<World>, nmap: &Table) -> mlua::Result<()> {
    let w = world.clone();
    let odd = world.scheduler.native().function(move |_, _| {
        let who = w.scheduler.current_context().map(|c| c.label()).unwrap_or_default();
        w.say(
            Severity::Warning,
            format!(
                "{who}: finalizing a non-conforming function that did not first return a boolean"
            ),
        );
        Ok(Reply::nothing())
    })?;
    let new_try: Function = world.lua().load(NEW_TRY).set_name("=nseer").call(odd)?;
    nmap.raw_set("new_try", new_try)
}
