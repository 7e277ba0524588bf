//! Asks the rules of many scripts about one port in one thread, so that a thread of its own, with
//! its script's top level, is made only for a script whose rule says yes.
//!
//! Only rules that a library made are asked here: they look at the host and the port alone. What
//! they would see inside their script's own thread is the same.

use std::rc::Rc;

use mlua::{MultiValue, Value};
use nseer_core::{Phase, PortKey};
use nseer_lua::{Outcome, ThreadId};
use tokio::sync::oneshot;

use crate::context::ScriptContext;
use crate::environment::World;
use crate::error::EngineError;
use crate::host_cell::HostCell;
use crate::script::Script;

/// Ends the thread where nobody waits for its answer any more.
struct Scout<'a> {
    world: &'a World,
    thread: ThreadId,
}

impl Drop for Scout<'_> {
    fn drop(&mut self) {
        self.world.scheduler.kill(self.thread, "its host's time is over");
    }
}

/// What the rules of `scripts` say of a port, as far as they can be asked without the script;
/// `None` where only the script itself can tell.
pub(crate) async fn ask(
    world: &Rc<World>,
    host: &Rc<HostCell>,
    port: PortKey,
    scripts: &[Rc<Script>],
) -> Vec<Option<bool>> {
    let mut answers = vec![None; scripts.len()];
    // What a rule is told of the user's wishes depends on how its script was selected.
    for by_name in [false, true] {
        let asked: Vec<usize> = (0..scripts.len())
            .filter(|i| scripts[*i].plain_rule.is_some() && !scripts[*i].info.forced)
            .filter(|i| scripts[*i].info.selected_by_name == by_name)
            .collect();
        let chosen: Vec<&Rc<Script>> = asked.iter().map(|i| &scripts[*i]).collect();
        if chosen.len() < 2 {
            continue;
        }
        world.scheduler.turn(host.number).await;
        let Ok(said) = ask_alike(world, host, port, &chosen).await else { continue };
        for (i, answer) in asked.into_iter().zip(said) {
            answers[i] = answer.as_boolean();
        }
    }
    answers
}

async fn ask_alike(
    world: &Rc<World>,
    host: &Rc<HostCell>,
    port: PortKey,
    scripts: &[&Rc<Script>],
) -> Result<MultiValue, EngineError> {
    let lua = world.lua();
    let rules = scripts.iter().filter_map(|script| script.plain_rule.clone());
    let rules = lua.create_sequence_from(rules)?;
    let host_table = Value::Table(world.tables.host_table(lua, host)?);
    let port_table = world.tables.port_table(lua, host, port)?;
    let mut context = ScriptContext::new(world, scripts[0].clone(), Phase::Port);
    context.host = Some(host.clone());
    context.port = Some(port);
    (context.host_table, context.port_table) = (host_table.clone(), port_table.clone());
    let context = Rc::new(context);
    let args = vec![Value::Table(rules), host_table, port_table];
    let (reply, answer) = oneshot::channel();
    let (w, c) = (world.clone(), context.clone());
    let scout = world.functions()?.scout.clone();
    let args = MultiValue::from_vec(args);
    let (thread, _) = world.scheduler.spawn(scout, args, context, move |end| {
        c.release(&w);
        // Nobody listens where the host's time is over.
        let _ = reply.send(match end.outcome {
            Outcome::Returned(said) => said,
            _ => MultiValue::new(),
        });
    })?;
    let _scout = Scout { world, thread };
    Ok(answer.await.unwrap_or_default())
}
