//! `nmap.add_targets` and `nmap.new_targets_num`.

use std::rc::Rc;

use mlua::Table;
use nseer_core::Severity;
use nseer_lua::Reply;

use crate::environment::World;

/// A target expression of this length or more is refused.
const TOO_LONG: usize = 1024;

/// Adds the functions of this file.
pub(crate) fn install(world: &Rc<World>, nmap: &Table) -> mlua::Result<()> {
    let native = world.scheduler.native();
    let w = world.clone();
    let add = native.function(move |lua, args| {
        if args.is_empty() {
            return Reply::values(lua, w.config.new_targets.waiting());
        }
        let mut added = 0;
        for n in 1..=args.len() {
            let target = args.string(lua, n)?.to_string_lossy();
            // What it means is found out when its turn comes, as for targets that users give.
            let target = target.split('\0').next().unwrap_or_default();
            if w.targets_closed.get() {
                w.say(
                    Severity::Warning,
                    "ERROR: adding targets is disabled in the Post-scanning phase.",
                );
                break;
            }
            if target.len() >= TOO_LONG {
                w.say(
                    Severity::Warning,
                    "ERROR: new target is too long (>= 1024), failed to add it.",
                );
                break;
            }
            // As in Nmap, an empty one counts once any is known, and costs none of the others.
            if target.is_empty() && w.config.new_targets.added() == 0 {
                continue;
            }
            if !target.is_empty() && !w.config.new_targets.add(target) {
                break;
            }
            added += 1;
        }
        if added == 0 {
            return Reply::values(lua, (0, "failed to add new targets."));
        }
        Reply::values(lua, added)
    })?;
    nmap.raw_set("add_targets", add)?;
    let w = world.clone();
    let number = native.function(move |lua, _| Reply::values(lua, w.config.new_targets.added()))?;
    nmap.raw_set("new_targets_num", number)
}
