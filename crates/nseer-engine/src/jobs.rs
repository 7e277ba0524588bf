//! Runs scripts: one thread for each script and host, or script and port, or script alone.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlua::{MultiValue, Value};
use nseer_core::{
    Event, Phase, PhaseRecord, PortKey, ScriptOutcome, ScriptResult, ScriptRun, Severity,
};
use nseer_lua::{Outcome, Overran, Overrun, ThreadEnd, ThreadId};
use tokio::sync::Notify;

use crate::context::ScriptContext;
use crate::costs::{self, Account};
use crate::environment::World;
use crate::host_cell::HostCell;
use crate::scout;
use crate::script::Script;

/// What one thread is to run.
struct Job {
    script: Rc<Script>,
    phase: Phase,
    port: Option<PortKey>,
    /// The rule has said yes already.
    has_consent: bool,
}

/// Most threads of one host that are started at a time; each takes a few kilobytes.
const MOST_LIVE: usize = 512;

/// So many threads begin at a turn. Most of them only find that their rule says no.
const START_AT_ONCE: usize = 16;

/// Runs the scripts of a phase without a host. Gives their results, sorted by ID, and how each ended.
pub(crate) async fn run_phase(
    world: &Rc<World>,
    scripts: &[Rc<Script>],
    phase: Phase,
) -> PhaseRecord {
    let record = Rc::new(RefCell::new(PhaseRecord::default()));
    for level in levels(scripts) {
        let jobs = scripts
            .iter()
            .filter(|s| s.info.level == level && s.info.has(phase))
            .map(|s| Job { script: s.clone(), phase, port: None, has_consent: false })
            .collect();
        run_level(world, None, jobs, None, &record).await;
    }
    let mut record = record.take();
    record.results.sort_by(|a, b| a.id.cmp(&b.id));
    record
}

/// Runs hostrule and portrule scripts on a host; results go into its record. All scripts of a
/// level end before those of the next begin. `deadline` is the host's.
pub(crate) async fn run_host(
    world: &Rc<World>,
    scripts: &[Rc<Script>],
    host: &Rc<HostCell>,
    deadline: Option<Instant>,
) {
    let ignored = Rc::default();
    let done = Done::of(host);
    for level in levels(scripts) {
        let scripts: Vec<Rc<Script>> =
            scripts.iter().filter(|s| s.info.level == level).cloned().collect();
        let jobs = jobs_of_level(world, &scripts, host);
        let jobs = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline.into(), jobs).await,
            None => Ok(jobs.await),
        };
        // Where the time is over, the next step says so of the host.
        let mut jobs = jobs.unwrap_or_default();
        jobs.retain(|job| done.is_new(job));
        run_level(world, Some(host), jobs, deadline, &ignored).await;
    }
}

/// Scripts that ended on a host before, when its scan was broken off and goes on.
struct Done(HashSet<(Arc<str>, Phase, Option<PortKey>)>);

impl Done {
    fn of(host: &HostCell) -> Done {
        Done(host.with(|h| h.runs.iter().map(|r| (r.id.clone(), r.phase, r.port)).collect()))
    }

    fn is_new(&self, job: &Job) -> bool {
        self.0.is_empty() || !self.0.contains(&(job.script.info.id.clone(), job.phase, job.port))
    }
}

/// What scripts of one level are to run on a host and its ports. Port scripts whose rule is known to
/// say no are left out.
async fn jobs_of_level(world: &Rc<World>, scripts: &[Rc<Script>], host: &Rc<HostCell>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut push = |script: &Rc<Script>, port: Option<PortKey>, has_consent| {
        let phase = if port.is_some() { Phase::Port } else { Phase::Host };
        jobs.push(Job { script: script.clone(), phase, port, has_consent });
    };
    scripts.iter().filter(|s| s.info.has(Phase::Host)).for_each(|s| push(s, None, false));
    let scripts: Vec<_> = scripts.iter().filter(|s| s.info.has(Phase::Port)).cloned().collect();
    let ports: Vec<PortKey> = host.with(|h| {
        let ports = h.ports.iter().filter(|(key, s)| key.is_port() && s.state.is_scriptable());
        ports.map(|(key, _)| key).collect()
    });
    for port in ports {
        let answers = scout::ask(world, host, port, &scripts).await;
        for (script, answer) in scripts.iter().zip(answers) {
            if answer != Some(false) {
                push(script, Some(port), answer == Some(true));
            }
        }
    }
    jobs
}

fn levels(scripts: &[Rc<Script>]) -> Vec<usize> {
    let mut levels: Vec<usize> = scripts.iter().map(|s| s.info.level).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// The threads that run, and wakes for whoever waits for one.
#[derive(Default)]
struct Live {
    running: RefCell<BTreeMap<ThreadId, Rc<ScriptContext>>>,
    began: Notify,
    ended: Notify,
    costs: costs::Ended,
}

impl Live {
    /// Waits until no more than so many are left.
    async fn at_most(&self, count: usize) {
        while self.running.borrow().len() > count {
            self.ended.notified().await;
        }
    }

    /// Ends scripts when their time is over, and does not return. All have the same time, so one timer
    /// is enough: for the oldest. Its time is asked for again when it seems to be over, since others may
    /// have taken some of it.
    async fn end_in_time(&self, world: &World) {
        loop {
            let oldest = self.running.borrow().first_key_value().map(|(id, c)| (*id, c.clone()));
            match oldest.and_then(|(id, context)| Some((id, world.time_left(&context)?))) {
                None => self.began.notified().await,
                Some((id, left)) if left.is_zero() => {
                    world.scheduler.kill(id, TIMED_OUT);
                    tokio::task::yield_now().await;
                }
                Some((_, left)) => tokio::time::sleep(left).await,
            }
        }
    }
}

/// Runs scripts and their worker threads until all have ended.
async fn run_level(
    world: &Rc<World>,
    host: Option<&Rc<HostCell>>,
    jobs: Vec<Job>,
    deadline: Option<Instant>,
    record: &Rc<RefCell<PhaseRecord>>,
) {
    let live = Rc::new(Live::default());
    run_jobs(world, host, jobs, deadline, record, &live).await;
    host.map_or(&world.phase_workers, |host| &host.workers).end_all(world);
    live.costs.tell(world);
}

async fn run_jobs(
    world: &Rc<World>,
    host: Option<&Rc<HostCell>>,
    jobs: Vec<Job>,
    deadline: Option<Instant>,
    record: &Rc<RefCell<PhaseRecord>>,
    live: &Rc<Live>,
) {
    let begun = Cell::new(0);
    // Hosts that came first are done first.
    let order = host.map_or(0, |host| host.number);
    let work = async {
        for (n, job) in jobs.iter().enumerate() {
            live.at_most(MOST_LIVE - 1).await;
            if n.is_multiple_of(START_AT_ONCE) {
                world.scheduler.turn(order).await;
            }
            begun.set(begun.get() + 1);
            if let Err(error) = start(world, host, job, deadline, record, live) {
                let id = job.script.info.id.clone();
                world.say(Severity::Error, format!("cannot start script {id}: {error}"));
            }
        }
        live.at_most(0).await;
    };
    let is_limited = world.config.script_timeout.is_some();
    let work = async {
        tokio::select! {
            biased;
            () = work => {}
            () = live.end_in_time(world), if is_limited => {}
        }
    };
    let Some(deadline) = deadline else { return work.await };
    let is_over = world.config.system.clock.now() >= deadline;
    if is_over || tokio::time::timeout_at(deadline.into(), work).await.is_err() {
        let left: Vec<ThreadId> = live.running.borrow().keys().copied().collect();
        for id in left {
            world.scheduler.kill(id, TIMED_OUT);
        }
        skipped(world, host, jobs.get(begun.get()..).unwrap_or_default());
    }
}

/// Scripts that the host's time did not suffice for: each is told once, whatever number of ports it
/// was meant for.
fn skipped(world: &Rc<World>, host: Option<&Rc<HostCell>>, jobs: &[Job]) {
    let mut told = HashSet::new();
    for job in jobs.iter().filter(|job| told.insert(&job.script.info.id)) {
        let run = ScriptRun {
            id: job.script.info.id.clone(),
            phase: job.phase,
            address: host.map(|h| h.address),
            port: None,
            outcome: ScriptOutcome::Skipped("the host's time was over".to_owned()),
            elapsed: Duration::ZERO,
        };
        keep(world, host, (run, None), None);
    }
}

/// Notes how a script ended: in the record of its host or phase, and as an event.
fn keep(
    world: &Rc<World>,
    host: Option<&Rc<HostCell>>,
    (run, result): (ScriptRun, Option<ScriptResult>),
    record: Option<&RefCell<PhaseRecord>>,
) {
    match (host, record) {
        (Some(host), _) => host.with(|h| h.runs.push(run.clone())),
        (None, Some(record)) => record.borrow_mut().runs.push(run.clone()),
        (None, None) => {}
    }
    let end = Event::ScriptFinished { run, result };
    match (world.keeper.get(), host) {
        (Some(keeper), Some(host)) => keeper.ended(world, host, end),
        _ => world.config.events.emit(end),
    }
}

const TIMED_OUT: &str = "timed out";

fn start(
    world: &Rc<World>,
    host: Option<&Rc<HostCell>>,
    job: &Job,
    host_deadline: Option<Instant>,
    record: &Rc<RefCell<PhaseRecord>>,
    live: &Rc<Live>,
) -> Result<(), crate::EngineError> {
    let lua = world.lua();
    let info = &job.script.info;
    let host_table = match host {
        Some(host) => Value::Table(world.tables.host_table(lua, host)?),
        None => Value::Nil,
    };
    let port_table = match (host, job.port) {
        (Some(host), Some(port)) => world.tables.port_table(lua, host, port)?,
        _ => Value::Nil,
    };
    let context = Rc::new(ScriptContext {
        host: host.cloned(),
        port: job.port,
        host_table: host_table.clone(),
        port_table: port_table.clone(),
        timeout: world.config.script_timeout,
        host_deadline,
        account: Account::open(world),
        author: world.keeper.get().map_or(0, |keeper| keeper.authors.begin()),
        ..ScriptContext::new(world, job.script.clone(), job.phase)
    });
    let mut args = vec![
        Value::Function(job.script.chunk.clone()),
        world.tables.word(lua, &info.path)?,
        world.tables.word(lua, &info.id)?,
        world.tables.word(lua, job.phase.rule_name())?,
        Value::Boolean(info.forced || job.has_consent),
    ];
    if host.is_some() {
        args.push(host_table);
    }
    if job.port.is_some() {
        args.push(port_table);
    }
    let (w, c, r, l) = (world.clone(), context.clone(), record.clone(), live.clone());
    let begun = context.clone();
    let main = world.functions()?.main.clone();
    let (id, _) = world.scheduler.spawn(main, MultiValue::from_vec(args), context, move |end| {
        c.release(&w);
        if let Some(keeper) = w.keeper.get() {
            keeper.authors.end(c.author);
        }
        finished(&w, &c, &end, &r);
        l.costs.add(&w, &c);
        l.running.borrow_mut().remove(&end.id);
        l.ended.notify_one();
    })?;
    live.running.borrow_mut().insert(id, begun);
    live.began.notify_one();
    Ok(())
}

/// What is to be done when a script's thread has ended.
fn finished(
    world: &Rc<World>,
    context: &Rc<ScriptContext>,
    end: &ThreadEnd,
    record: &Rc<RefCell<PhaseRecord>>,
) {
    let result = world.results.borrow_mut().remove(&end.id);
    let acting = context.acting.get();
    let (outcome, result) = match &end.outcome {
        Outcome::Returned(_) if !acting => return,
        Outcome::Returned(_) => {
            world.debug(1, || format!("Finished {}.", context.label()));
            let outcome =
                if result.is_some() { ScriptOutcome::Output } else { ScriptOutcome::Silent };
            (outcome, result)
        }
        Outcome::Failed(error) => failed(world, context, end, error),
        Outcome::Stray => {
            let text = "yielded unexpectedly and cannot be resumed";
            world.say(Severity::Warning, format!("{} {text}.", context.label()));
            (ScriptOutcome::Killed(text.to_owned()), None)
        }
        Outcome::Overran(Overran { limit: Overrun::Elapsed, .. }) => timed_out(world, context),
        Outcome::Overran(why) => {
            let limit = why.limit;
            let option = match limit {
                Overrun::Compute | Overrun::Stalled => " (--script-cpu-limit)",
                Overrun::Elapsed | Overrun::Ended => "",
            };
            let (label, at) = (context.label(), why.at());
            world.say(Severity::Warning, format!("{label} {limit}{option}; it was stopped{at}."));
            (ScriptOutcome::Killed(limit.to_string()), None)
        }
        Outcome::Killed(reason) if &**reason == TIMED_OUT => timed_out(world, context),
        Outcome::Killed(reason) => (ScriptOutcome::Killed(reason.to_string()), None),
    };
    if let Some(result) = &result
        && result.output.is_empty()
    {
        world.say(Severity::Warning, format!("Bug in {}: no string output.", result.id));
    }
    if let Some(result) = &result {
        deliver(context, result.clone(), record);
    }
    let run = ScriptRun {
        id: context.info().id.clone(),
        phase: context.phase,
        address: context.host.as_ref().map(|h| h.address),
        port: context.port,
        outcome,
        elapsed: world.config.system.clock.now().saturating_duration_since(context.started),
    };
    keep(world, context.host.as_ref(), (run, result), Some(record));
}

fn timed_out(world: &World, context: &ScriptContext) -> (ScriptOutcome, Option<ScriptResult>) {
    world.say(Severity::Warning, format!("{} timed out.", context.label()));
    (ScriptOutcome::TimedOut, None)
}

fn deliver(context: &ScriptContext, result: ScriptResult, record: &Rc<RefCell<PhaseRecord>>) {
    match (&context.host, context.port) {
        (None, _) => record.borrow_mut().results.push(result),
        (Some(host), None) => host.with(|h| h.scripts.push(result)),
        (Some(host), Some(port)) => host.with(|h| {
            if let Some(detail) = h.ports.detail_mut(port) {
                detail.scripts.push(result);
            }
        }),
    }
}

/// An error that no `pcall` took.
fn failed(
    world: &Rc<World>,
    context: &Rc<ScriptContext>,
    end: &ThreadEnd,
    error: &Value,
) -> (ScriptOutcome, Option<ScriptResult>) {
    if is_try(error) {
        tell_failure(world, context, end, error);
        return (ScriptOutcome::Silent, None);
    }
    let text = error_text(world, error);
    if world.config.levels.debugging() > 0 {
        tell_failure(world, context, end, error);
        return (ScriptOutcome::Failed(text), None);
    }
    world.say(Severity::Warning, format!("{} failed: {text}", context.label()));
    let result = ScriptResult {
        id: context.info().id.clone(),
        output: b"ERROR: Script execution failed (use -d to debug)".to_vec(),
        structured: None,
    };
    (ScriptOutcome::Failed(text), Some(result))
}

/// Tells of an error that ended a thread, for `-d`.
pub(crate) fn tell_failure(world: &World, context: &ScriptContext, end: &ThreadEnd, error: &Value) {
    if let Some(message) = try_message(error) {
        let message = error_text(world, &message);
        return world.debug(1, || format!("Finished {}. Reason: {message}\n", context.label()));
    }
    if world.config.levels.debugging() > 0 {
        let traceback = world.scheduler.traceback(&end.thread, error);
        let mut line = format!("NSE: {} threw an error!\n", context.label()).into_bytes();
        line.extend(traceback);
        line.push(b'\n');
        world.say(Severity::Info, line);
    }
}

fn is_try(error: &Value) -> bool {
    try_message(error).is_some()
}

/// The message of an error thrown by `nmap.new_try`; `None` for any other error.
pub(crate) fn try_message(error: &Value) -> Option<Value> {
    let Value::Table(table) = error else { return None };
    let kind = table.raw_get::<mlua::LuaString>("errtype").ok()?;
    (kind == "nmap.new_try").then(|| table.raw_get("message").unwrap_or(Value::Nil))
}

fn error_text(world: &World, error: &Value) -> String {
    match error {
        Value::String(text) => text.to_string_lossy(),
        Value::Error(error) => crate::environment::first_cause(error),
        other => String::from_utf8_lossy(&world.scheduler.wording(other)).into_owned(),
    }
}
