//! The functions of `stdnse` that speak of the running thread, and worker threads.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{MultiValue, Table, Value};
use nseer_core::Severity;
use nseer_lua::{Outcome, Reply};

use crate::context::ScriptContext;
use crate::environment::World;
use crate::host_cell::WorkerThreads;
use crate::jobs::{tell_failure, try_message};

/// Adds `new_thread`, `base`, `gettid`, `getid`, `getinfo`, `gethostport` and `isworker`.
pub(crate) fn install(world: &Rc<World>, table: &Table) -> mlua::Result<()> {
    let native = world.scheduler.native();
    let w = world.clone();
    let new_thread = native.function(move |lua, args| {
        let Value::Function(body) = args.value(1) else {
            return Err(args.expected(1, "function"));
        };
        let context = Rc::new(w.current()?.for_worker());
        let failure: Rc<RefCell<Value>> = Rc::new(RefCell::new(Value::Nil));
        let (for_end, world, ended) = (failure.clone(), w.clone(), context.clone());
        let (id, thread) = w.scheduler.spawn(
            body,
            MultiValue::from_vec(args.rest(2)),
            context.clone(),
            move |end| {
                ended.release(&world);
                match &end.outcome {
                    Outcome::Failed(error) => tell_failure(&world, &ended, &end, error),
                    Outcome::Returned(_) => {
                        world.debug(2, || format!("Finished {}.", ended.label()));
                    }
                    Outcome::Overran(why) => {
                        let label = ended.label();
                        let (limit, at) = (why.limit, why.at());
                        let text = format!("{label}: a worker thread {limit}; it was stopped{at}.");
                        world.say(Severity::Warning, text);
                    }
                    Outcome::Stray | Outcome::Killed(_) => {}
                }
                *for_end.borrow_mut() = failure_value(&world, &end.outcome);
                workers_of(&world, &ended).ended(end.id);
            },
        )?;
        workers_of(&w, &context).started(id);
        let failure = w
            .scheduler
            .native()
            .function(move |lua, _| Reply::values(lua, failure.borrow().clone()))?;
        Reply::values(lua, (thread, failure))
    })?;
    table.raw_set("new_thread", new_thread)?;

    let w = world.clone();
    let base = native.function(move |lua, _| {
        let thread = w.scheduler.current().and_then(|id| w.scheduler.thread(id));
        Reply::values(lua, thread)
    })?;
    table.raw_set("base", base)?;

    let w = world.clone();
    let gettid = native.function(move |lua, _| {
        let thread = w.scheduler.current().and_then(|id| w.scheduler.thread(id));
        Reply::values(lua, thread.map(|t| format!("thread: {:?}", t.to_pointer())))
    })?;
    table.raw_set("gettid", gettid)?;

    let w = world.clone();
    let getid = native.function(move |lua, _| {
        let id = w.scheduler.current_context().map(|c| c.info().id.to_string());
        Reply::values(lua, id)
    })?;
    table.raw_set("getid", getid)?;

    let w = world.clone();
    let getinfo = native.function(move |lua, _| {
        let text = w.scheduler.current_context().map(|c| {
            let thread = w.scheduler.current().and_then(|id| w.scheduler.thread(id));
            let address = thread.map_or(0, |t| t.to_pointer() as usize);
            let kind = if c.is_worker { 'W' } else { 'M' };
            format!("{} {kind}:{address:x}", c.info().id)
        });
        Reply::values(lua, text)
    })?;
    table.raw_set("getinfo", getinfo)?;

    let w = world.clone();
    let gethostport = native.function(move |lua, _| match w.scheduler.current_context() {
        Some(c) => Reply::values(lua, (c.host_table.clone(), c.port_table.clone())),
        None => Ok(Reply::nothing()),
    })?;
    table.raw_set("gethostport", gethostport)?;

    let w = world.clone();
    let isworker = native.function(move |lua, _| {
        Reply::values(lua, w.scheduler.current_context().is_some_and(|c| c.is_worker))
    })?;
    table.raw_set("isworker", isworker)
}

/// Where the worker threads beside this one are kept.
fn workers_of<'a>(world: &'a World, context: &'a ScriptContext) -> &'a WorkerThreads {
    context.host.as_ref().map_or(&world.phase_workers, |host| &host.workers)
}

/// What a worker's status function gives as its error.
fn failure_value(world: &World, outcome: &Outcome) -> Value {
    let text = match outcome {
        Outcome::Returned(_) => return Value::Nil,
        Outcome::Failed(error) => return try_message(error).unwrap_or_else(|| error.clone()),
        Outcome::Stray => "yielded unexpectedly and cannot be resumed".into(),
        Outcome::Overran(why) => why.limit.to_string(),
        Outcome::Killed(reason) => reason.to_string(),
    };
    world.lua().create_string(text).map_or(Value::Nil, Value::String)
}
