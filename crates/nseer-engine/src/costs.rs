//! What scripts take, measured and told where somebody wants to know.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use nseer_core::{Event, ScriptCost};
use nseer_lua::Usage;
use nseer_net::Tally;

use crate::context::ScriptContext;
use crate::environment::World;

/// What one thread of a script and its worker threads take.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) lua: Rc<Usage>,
    pub(crate) network: Arc<Tally>,
}

impl Account {
    /// A new one, where anybody asked.
    pub(crate) fn open(world: &World) -> Option<Rc<Account>> {
        world.config.workbench.costs.then(Rc::default)
    }
}

/// Has threads measured, where anybody asked.
pub(crate) fn measure(world: &World) -> mlua::Result<()> {
    if !world.config.workbench.costs {
        return Ok(());
    }
    world.scheduler.measure(|context| context.account.as_ref().map(|account| account.lua.clone()))
}

/// Scripts that ended, while their worker threads may go on.
#[derive(Default)]
pub(crate) struct Ended(RefCell<Vec<(Rc<ScriptContext>, Duration)>>);

impl Ended {
    /// Notes that a script ended now.
    pub(crate) fn add(&self, world: &World, context: &Rc<ScriptContext>) {
        if context.account.is_some() {
            let now = world.config.system.clock.now();
            let elapsed = now.saturating_duration_since(context.started);
            self.0.borrow_mut().push((context.clone(), elapsed));
        }
    }

    /// Tells what they took, once their worker threads have ended too.
    pub(crate) fn tell(&self, world: &World) {
        for (context, elapsed) in self.0.take() {
            let Some(Account { lua, network }) = context.account.as_deref() else { continue };
            world.config.events.emit(Event::ScriptCosted(ScriptCost {
                id: context.info().id.clone(),
                phase: context.phase,
                address: context.host.as_ref().map(|host| host.address),
                port: context.port,
                has_run: context.acting.get(),
                elapsed,
                running: lua.running(),
                connections: network.connections(),
                sent: network.sent(),
                received: network.received(),
                peak_memory: lua.peak_memory() as u64,
            }));
        }
    }
}
