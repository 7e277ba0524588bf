//! A Lua state with a scheduler, natives that wait, and ways to run a text in it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mlua::{MultiValue, Value};
use nseer_lua::{
    Limits, Outcome, Overrun, Raise, Reply, Scheduler, SharedLocks, StateOptions, ThreadId,
    Watchdog,
};
use nseer_seam::RealClock;

pub(crate) struct World {
    pub(crate) scheduler: Scheduler<()>,
    pub(crate) watchdog: Watchdog,
}

impl World {
    pub(crate) fn new(compute: Duration) -> World {
        World::with_limits(Limits { compute, elapsed: None })
    }

    pub(crate) fn with_limits(limits: Limits) -> World {
        let watchdog = Watchdog::start(Arc::new(RealClock)).expect("watchdog");
        let scheduler = Scheduler::new(&StateOptions::default(), &watchdog, move |(), _| limits)
            .expect("state");
        let (lua, native) = (scheduler.lua().clone(), scheduler.native());
        let globals = lua.globals();
        let set = |name: &'static str, function| globals.set(name, function).expect("set");
        set(
            "wait",
            native
                .function(|_, args| {
                    let values = args.rest(1);
                    Ok(Reply::wait(async move {
                        tokio::task::yield_now().await;
                        Ok(MultiValue::from_vec(values))
                    }))
                })
                .expect("wait"),
        );
        set(
            "fail",
            native
                .function(|lua, args| {
                    let text = args.string(lua, 1)?.to_string_lossy();
                    Ok(Reply::wait(async move {
                        tokio::task::yield_now().await;
                        Err(Raise::Text(text))
                    }))
                })
                .expect("fail"),
        );
        set(
            "instant",
            native
                .function(|_, args| {
                    let values = args.rest(1);
                    Ok(Reply::wait(async { Ok(MultiValue::from_vec(values)) }))
                })
                .expect("instant"),
        );
        set(
            "instant_fail",
            native
                .function(|lua, args| {
                    let text = args.string(lua, 1)?.to_string_lossy();
                    Ok(Reply::wait(async { Err(Raise::Text(text)) }))
                })
                .expect("instant_fail"),
        );
        set(
            "forever",
            native
                .function(|_, _| {
                    Ok(Reply::wait(async {
                        std::future::pending::<()>().await;
                        Ok(MultiValue::new())
                    }))
                })
                .expect("forever"),
        );
        let nmap = lua.create_table().expect("table");
        scheduler.install_sync(&nmap, &SharedLocks::default(), |(), _| None).expect("sync");
        globals.set("nmap", nmap).expect("set");
        let spawner = scheduler.clone();
        set(
            "spawn",
            native
                .function(move |_, args| {
                    let Value::Function(f) = args.value(1) else {
                        return Err(args.expected(1, "function"));
                    };
                    spawner.spawn(f, MultiValue::new(), Rc::new(()), |_| {})?;
                    Ok(Reply::nothing())
                })
                .expect("spawn"),
        );
        World { scheduler, watchdog }
    }

    /// Starts `source` as a base thread; its end goes to the returned place.
    pub(crate) fn start(&self, source: &str) -> (ThreadId, Rc<RefCell<Option<String>>>) {
        let chunk = self
            .scheduler
            .lua()
            .load(source)
            .set_name("=case")
            .into_function()
            .expect("the case compiles");
        let place = Rc::new(RefCell::new(None));
        let for_end = place.clone();
        let (id, _) = self
            .scheduler
            .spawn(chunk, MultiValue::new(), Rc::new(()), move |end| {
                *for_end.borrow_mut() = Some(text(&end.outcome));
            })
            .expect("spawn");
        (id, place)
    }

    pub(crate) fn run_until(&self, done: impl Fn() -> bool) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async {
            let watch = async {
                while !done() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                () = self.scheduler.run() => unreachable!("the scheduler runs for ever"),
                () = watch => {}
            }
        });
    }

    pub(crate) fn result(&self, source: &str) -> String {
        let (_, place) = self.start(source);
        self.run_until(|| place.borrow().is_some());
        let result = place.borrow_mut().take();
        result.expect("ended")
    }
}

pub(crate) fn text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(values) => {
            values.iter().map(|v| v.to_string().unwrap_or_default()).collect::<Vec<_>>().join(" ")
        }
        Outcome::Failed(Value::String(s)) => format!("error: {}", s.display()),
        Outcome::Failed(value) => format!("error of type {}", value.type_name()),
        Outcome::Stray => "stray".into(),
        Outcome::Overran(why) => match why.limit {
            Overrun::Compute | Overrun::Elapsed => "overran".into(),
            limit => limit.to_string(),
        },
        Outcome::Killed(why) => format!("killed: {why}"),
    }
}

pub(crate) fn check(source: &str, expected: &str) {
    let world = World::new(Duration::from_secs(60));
    assert_eq!(world.result(source), expected, "for {source}");
}
