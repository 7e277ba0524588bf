//! One Lua state made ready for scripts: natives, libraries, strict globals.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Table, Value};
use nseer_core::{Event, Severity};
use nseer_lua::{Limits, Raise, Reply, Scheduler, SharedLocks, StateOptions, Watchdog};

use crate::config::EngineConfig;
use crate::context::ScriptContext;
use crate::error::EngineError;
use crate::host_cell::{HostCell, WorkerThreads};
use crate::host_tables::TableMaker;
use crate::registry::{Journal, Keeper};
use crate::{chunks, costs, modules, results, workbench};

/// What every part of one worker reaches: the Lua state, the configuration, the hosts in work.
pub(crate) struct World {
    pub(crate) scheduler: Scheduler<ScriptContext>,
    pub(crate) config: EngineConfig,
    pub(crate) hosts: RefCell<HashMap<u64, Rc<HostCell>>>,
    /// Results of actions, until the ends of their threads are seen.
    pub(crate) results: RefCell<HashMap<nseer_lua::ThreadId, nseer_core::ScriptResult>>,
    /// A result is being made into text: no script runs, but for its `__tostring`.
    pub(crate) takes_result: Cell<bool>,
    /// Why the last `silent_require` failed.
    pub(crate) missing: RefCell<String>,
    /// What is in the registry of other workers too.
    pub(crate) given: RefCell<Option<Journal>>,
    /// Where somebody keeps the registries.
    pub(crate) keeper: OnceCell<Keeper>,
    pub(crate) certificates: RefCell<modules::certificate::Decoded>,
    /// Worker threads of scripts that run without a host.
    pub(crate) phase_workers: WorkerThreads,
    /// Scripts can no longer add targets.
    pub(crate) targets_closed: Cell<bool>,
    /// The data directory is that of an Nmap up to 7.93, whose sockets raise some errors that later
    /// ones return.
    pub(crate) has_older_nmap: bool,
    pub(crate) nmap: Table,
    pub(crate) tables: TableMaker,
    functions: OnceCell<Functions>,
}

/// The functions of `prelude.lua`.
pub(crate) struct Functions {
    /// (path, Lua's reason, source) → why a script does not compile.
    pub(crate) refusal: Function,
    /// (chunk, path, id) → environment, false, or nil, error and traceback.
    pub(crate) look: Function,
    /// (chunk, path, id, rule, forced, host, port): the body of a script thread.
    pub(crate) main: Function,
    /// (rule) → whether it needs nothing but its arguments.
    pub(crate) is_plain: Function,
    /// (rules, host, port): the body of a thread that asks them; true, false or nil of each.
    pub(crate) scout: Function,
}

impl World {
    /// The address family of the host that the running script is for; outside of hosts, that of the scan.
    pub(crate) fn is_ipv6(&self) -> bool {
        let of_host = self.scheduler.current_context().and_then(|context| context.is_ipv6());
        of_host.unwrap_or(self.config.ipv6)
    }

    /// Gives back what scripts and libraries hold in the state: memory, and files that were left open. Natives hold the
    /// world that holds the state, so a hundred kilobytes of it stay until the process ends.
    pub(crate) fn forget(&self) {
        let globals = self.lua().globals();
        let loaded = globals
            .raw_get::<Table>("package")
            .and_then(|package| package.raw_get::<Table>("loaded"));
        let registry = self.nmap.raw_get::<Table>("registry");
        for table in loaded.iter().chain(&registry).chain([&globals, &self.nmap]) {
            // What cannot be cleared stays.
            let _ = table.clear();
        }
        let _ = self.lua().gc_collect();
    }

    /// Makes a Lua state on the calling thread.
    pub(crate) fn new(
        config: EngineConfig,
        watchdog: &Watchdog,
        locks: &SharedLocks,
    ) -> Result<Rc<World>, EngineError> {
        let (clock, compute) = (config.system.clock.clone(), config.compute_limit);
        let scheduler =
            Scheduler::new(&StateOptions::default(), watchdog, move |context, lost| {
                let context: &ScriptContext = context;
                // The clock is not free, and most runs have no deadline.
                let elapsed = context.has_deadline().then(|| context.time_left(clock.now(), lost));
                Limits { compute, elapsed: elapsed.flatten() }
            })?;
        if config.workbench.seed.is_some() {
            scheduler.wait_always();
        }
        let lua = scheduler.lua().clone();
        let nmap = lua.create_table()?;
        let neighbours = config.privileged.then(|| config.system.files.clone());
        scheduler.install_sync(&nmap, locks, ScriptContext::mutex_circle)?;
        // The documents of a module that later ones no longer have.
        let has_older_nmap =
            config.data.is_chosen() && config.data.find("nselib/pcre.luadoc").is_some();
        let world = Rc::new(World {
            scheduler,
            config,
            has_older_nmap,
            hosts: RefCell::default(),
            results: RefCell::default(),
            takes_result: Cell::new(false),
            missing: RefCell::default(),
            given: RefCell::default(),
            keeper: OnceCell::new(),
            certificates: RefCell::default(),
            phase_workers: WorkerThreads::default(),
            targets_closed: Cell::new(false),
            tables: TableMaker::new(&lua, neighbours)?,
            nmap,
            functions: OnceCell::new(),
        });
        modules::repeatable::install(&world)?;
        modules::install(&world)?;
        // Without its line numbers: errors of scripts that go through it would show them as theirs.
        let prelude = lua.load(include_str!("prelude.lua")).set_name("=nseer").into_function()?;
        let prelude: Table = lua
            .load(prelude.dump(true))
            .call(host_functions(&world)?)
            .map_err(|e| EngineError::Library(first_cause(&e)))?;
        let functions = Functions {
            refusal: prelude.raw_get("refusal")?,
            look: prelude.raw_get("look")?,
            main: prelude.raw_get("main")?,
            is_plain: prelude.raw_get("is_plain")?,
            scout: prelude.raw_get("scout")?,
        };
        // Set exactly once, here.
        let _ = world.functions.set(functions);
        workbench::watch_lines(&world)?;
        costs::measure(&world)?;
        Ok(world)
    }

    pub(crate) fn lua(&self) -> &Lua {
        self.scheduler.lua()
    }

    /// The prelude's functions; an error before the prelude has run.
    pub(crate) fn functions(&self) -> Result<&Functions, EngineError> {
        self.functions.get().ok_or(EngineError::WorkerGone)
    }

    /// A line of the engine's own commentary.
    pub(crate) fn say(&self, severity: Severity, text: impl Into<Vec<u8>>) {
        self.config.events.emit(Event::Message { severity, text: text.into() });
    }

    /// A line that is shown from debug level `level` on.
    pub(crate) fn debug(&self, level: u8, text: impl FnOnce() -> String) {
        if self.config.levels.debugging() >= level {
            self.say(Severity::Info, format!("NSE: {}", text()));
        }
    }

    /// A line that is shown from verbosity `level` on.
    pub(crate) fn verbose(&self, level: u8, text: impl FnOnce() -> String) {
        if self.config.levels.verbosity() >= level || self.config.levels.debugging() > 0 {
            self.say(Severity::Info, format!("NSE: {}", text()));
        }
    }

    /// How much of a script's time is left.
    pub(crate) fn time_left(&self, context: &ScriptContext) -> Option<std::time::Duration> {
        context.time_left(self.config.system.clock.now(), self.scheduler.lost_time())
    }

    /// What is known of the running thread.
    pub(crate) fn current(&self) -> Result<Rc<ScriptContext>, Raise> {
        self.scheduler
            .current_context()
            .ok_or_else(|| Raise::new("can only be used inside a running script"))
    }
}

/// The text of the error that lies behind mlua's wrappers.
pub(crate) fn first_cause(error: &mlua::Error) -> String {
    match error {
        mlua::Error::CallbackError { cause, .. } => first_cause(cause),
        mlua::Error::RuntimeError(text) => {
            text.split("\nstack traceback:").next().unwrap_or(text).to_owned()
        }
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

/// The natives that only the prelude uses.
fn host_functions(world: &Rc<World>) -> mlua::Result<Table> {
    let lua = world.lua();
    let native = world.scheduler.native();
    let table = lua.create_table()?;
    let w = world.clone();
    let find = native.function(move |lua, args| {
        let name = args.string(lua, 1)?.to_string_lossy();
        let file = format!("nselib/{}.lua", name.replace('.', "/"));
        match w.config.data.find(&file) {
            Some(found) => {
                let source = found
                    .read()
                    .map_err(|e| Raise::new(format!("cannot read {}: {e}", found.display())))?;
                let path = found.display();
                let chunks = w.config.workbench.chunks.as_deref();
                match chunks::library(lua, chunks, &path, source) {
                    Ok(library) => Reply::values(lua, (library, path)),
                    Err(error) => Reply::values(lua, (false, path, first_cause(&error))),
                }
            }
            None => Reply::values(
                lua,
                (Value::Nil, format!("NSE failed to find {file} in search paths.")),
            ),
        }
    })?;
    table.raw_set("find_library", find)?;
    let w = world.clone();
    let record = native.function(move |lua, args| {
        let (id, context) = (w.scheduler.current(), w.current()?);
        let values = MultiValue::from_vec(args.rest(1));
        w.takes_result.set(true);
        let result = results::from_returned(lua, &context.info().id, values);
        w.takes_result.set(false);
        if let (Some(id), Some(result)) = (id, result) {
            w.results.borrow_mut().insert(id, result);
        }
        Ok(Reply::nothing())
    })?;
    table.raw_set("record_result", record)?;
    let w = world.clone();
    let acting = native.function(move |_, _| {
        let context = w.current()?;
        context.acting.set(true);
        w.config.events.emit(Event::ScriptStarted {
            id: context.info().id.clone(),
            address: context.host.as_ref().map(|host| host.address),
            port: context.port,
        });
        w.debug(1, || format!("Starting {}.", context.label()));
        Ok(Reply::nothing())
    })?;
    table.raw_set("acting", acting)?;
    let w = world.clone();
    let missing = native.function(move |_, args| {
        let reason = args.value(1).to_string().unwrap_or_default();
        w.debug(1, || reason.clone());
        *w.missing.borrow_mut() = reason;
        Ok(Reply::nothing())
    })?;
    table.raw_set("report_missing", missing)?;
    table.raw_set("wording", native.wording())?;
    modules::threads::install(world, &table)?;
    Ok(table)
}
