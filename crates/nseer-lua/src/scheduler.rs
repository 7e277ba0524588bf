//! Runs Lua threads that wait for futures, on one OS thread.
//!
//! A *base thread* is a coroutine that the scheduler itself resumes; whatever coroutines a script
//! makes run inside one. A native that has to wait puts its future in a slot; the shim suspends
//! the base thread; the future becomes a task whose result wakes the thread again. `C` is what
//! the embedder knows of a thread.

mod errors;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use mlua::{Function, Lua, MultiValue, Thread, Value};
use nseer_seam::Clock;
use tokio::sync::Notify;

use crate::interrupt::{Limits, Overran, Pulse, Watchdog};
use crate::native::{self, Native, Raise, Wait};
use crate::state::{Shim, StateError, StateOptions, new_state};
use crate::thread_table::{ThreadTable, Waiting};
use crate::turns::Turns;
use crate::usage::{Meter, Usage, counted};

/// Names a base thread; never used twice. Those that began first are the lesser ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId {
    pub(crate) serial: u64,
    pub(crate) key: usize,
}

/// How a base thread ended.
#[derive(Debug)]
pub enum Outcome {
    /// It returned these values.
    Returned(MultiValue),
    /// It threw this value.
    Failed(Value),
    /// It yielded something that nobody waits for.
    Stray,
    /// It did not wait in time, and was stopped.
    Overran(Overran),
    /// [`Scheduler::kill`] ended it, with this reason.
    Killed(Rc<str>),
}

/// The end of a base thread.
#[derive(Debug)]
pub struct ThreadEnd {
    /// Which.
    pub id: ThreadId,
    /// How.
    pub outcome: Outcome,
    /// The coroutine, whose stack is still there after an error.
    pub thread: Thread,
}

pub(crate) type OnEnd = Box<dyn FnOnce(ThreadEnd)>;

/// The scheduler of one Lua state. Cheap to clone; every clone is the same scheduler.
pub struct Scheduler<C: 'static> {
    inner: Rc<Inner<C>>,
}

impl<C: 'static> Clone for Scheduler<C> {
    fn clone(&self) -> Self {
        Scheduler { inner: self.inner.clone() }
    }
}

/// See [`Scheduler::hold_turns`].
pub struct Hold<C: 'static> {
    scheduler: Scheduler<C>,
}

impl<C: 'static> Drop for Hold<C> {
    fn drop(&mut self) {
        if self.scheduler.inner.turns.let_go() {
            self.scheduler.inner.wake.notify_one();
        }
    }
}

struct Inner<C> {
    lua: Lua,
    shim: Shim,
    threads: RefCell<ThreadTable<C>>,
    ready: RefCell<VecDeque<(ThreadId, MultiValue)>>,
    wake: Notify,
    current: Cell<Option<ThreadId>>,
    slot: Rc<RefCell<Slot>>,
    turns: Turns,
    pulse: Pulse,
    limits: LimitsOf<C>,
    clock: Arc<dyn Clock>,
    /// When this round of steps began.
    round: Cell<Instant>,
    /// See [`Scheduler::lost_time`].
    lost: Cell<Duration>,
    meter: Meter<C>,
}

/// What a thread may use, from what the embedder knows of it and the lost time.
type LimitsOf<C> = Box<dyn Fn(&C, Duration) -> Limits>;

/// Where a native leaves its future for the scheduler.
#[derive(Default)]
struct Slot {
    next_request: i64,
    running: bool,
    /// See [`Scheduler::wait_always`].
    always_waits: bool,
    /// How many waits of this resume may still be over before they begin.
    short_waits: usize,
    pending: Option<(i64, Wait)>,
}

/// Steps between two looks at the network.
const STEPS_PER_TURN: usize = 64;

/// After so many turns somebody may begin even where those who have begun keep the thread busy.
const TURNS_PER_BEGINNER: usize = 16;

/// So many times a thread goes on at once where it had nothing to wait for; then it is the others'
/// turn.
const SHORT_WAITS: usize = 16;

impl Slot {
    fn begin(&mut self) {
        self.running = true;
        self.short_waits = if self.always_waits { 0 } else { SHORT_WAITS };
    }

    fn suspend(&mut self, wait: Wait) -> Result<i64, Raise> {
        if !self.running {
            return Err(Raise::new("cannot wait for the network outside a running script"));
        }
        self.next_request += 1;
        // A request that is still here belongs to a call that could not suspend.
        self.pending = Some((self.next_request, wait));
        Ok(self.next_request)
    }

    /// The future of the request that was just made, where it may be asked before the thread
    /// waits for it.
    fn take_short_wait(&mut self) -> Option<(i64, Wait)> {
        if self.short_waits == 0 {
            return None;
        }
        self.short_waits -= 1;
        self.pending.take()
    }
}

/// The native by which the shim asks whether a wait is over before it begins. Gives what a native
/// gives.
fn glance_function(lua: &Lua, slot: Rc<RefCell<Slot>>) -> mlua::Result<Function> {
    lua.create_function(move |lua, ()| {
        let taken = slot.borrow_mut().take_short_wait();
        let Some((request, mut wait)) = taken else { return Ok(native::waiting()) };
        // Whoever waits in earnest asks again, with a waker of its own.
        match wait.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reply) => native::settled(lua, reply),
            Poll::Pending => {
                slot.borrow_mut().pending = Some((request, wait));
                Ok(native::waiting())
            }
        }
    })
}

const RETURNED: i64 = 0;
const WAITING: i64 = 1;
const FAILED: i64 = 2;

impl<C: 'static> Scheduler<C> {
    /// A scheduler with a new Lua state. `limits` tells how long a thread may compute without
    /// waiting, whenever it is about to run; it is also given the present
    /// [`Scheduler::lost_time`].
    ///
    /// # Errors
    /// Where the state or its watch could not be set up.
    pub fn new(
        options: &StateOptions,
        watchdog: &Watchdog,
        limits: impl Fn(&C, Duration) -> Limits + 'static,
    ) -> Result<Self, StateError> {
        let slot: Rc<RefCell<Slot>> = Rc::default();
        let (lua, shim) = new_state(options, |lua| glance_function(lua, slot.clone()))?;
        let inner = Inner {
            lua,
            shim,
            threads: RefCell::new(ThreadTable::new()),
            ready: RefCell::default(),
            wake: Notify::new(),
            current: Cell::new(None),
            slot,
            turns: Turns::default(),
            pulse: watchdog.watch_this_thread(),
            limits: Box::new(limits),
            round: Cell::new(watchdog.clock().now()),
            clock: watchdog.clock(),
            lost: Cell::new(Duration::ZERO),
            meter: Meter::default(),
        };
        Ok(Scheduler { inner: Rc::new(inner) })
    }

    /// From now on what threads take is measured; `account` tells on whose account one runs.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn measure(&self, account: fn(&C) -> Option<Rc<Usage>>) -> mlua::Result<()> {
        self.inner.meter.start(&self.inner.lua, account)
    }

    /// From now on a thread that has to wait lets others go on first, even where what it waits for is
    /// there already: how fast a network is then does not say in which order threads go on.
    pub fn wait_always(&self) {
        self.inner.slot.borrow_mut().always_waits = true;
    }

    /// The Lua state.
    #[must_use]
    pub fn lua(&self) -> &Lua {
        &self.inner.lua
    }

    /// The maker of native functions for this state.
    #[must_use]
    pub fn native(&self) -> Native {
        let slot = self.inner.slot.clone();
        let suspend = move |wait| slot.borrow_mut().suspend(wait);
        Native {
            lua: self.inner.lua.clone(),
            settle: self.inner.shim.settle.clone(),
            blame: self.inner.shim.blame.clone(),
            wording: self.inner.shim.wording.clone(),
            metatable: self.inner.shim.metatable.clone(),
            suspend: Rc::new(suspend),
        }
    }

    /// Starts a base thread; it first runs when the scheduler gets to it. `on_end` is called
    /// exactly once.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn spawn(
        &self,
        function: Function,
        args: MultiValue,
        context: Rc<C>,
        on_end: impl FnOnce(ThreadEnd) + 'static,
    ) -> mlua::Result<(ThreadId, Thread)> {
        let thread = self.inner.lua.create_thread(function)?;
        let id = self.inner.threads.borrow_mut().insert(thread.clone(), context, Box::new(on_end));
        self.inner.ready.borrow_mut().push_back((id, args));
        self.inner.wake.notify_one();
        Ok((id, thread))
    }

    /// The base thread that runs now.
    #[must_use]
    pub fn current(&self) -> Option<ThreadId> {
        self.inner.current.get()
    }

    /// What the embedder knows of the base thread that runs now.
    #[must_use]
    pub fn current_context(&self) -> Option<Rc<C>> {
        self.context(self.current()?)
    }

    /// What the embedder knows of a live base thread.
    #[must_use]
    pub fn context(&self, id: ThreadId) -> Option<Rc<C>> {
        self.inner.threads.borrow().get(id).map(|e| e.context.clone())
    }

    /// The coroutine of a live base thread.
    #[must_use]
    pub fn thread(&self, id: ThreadId) -> Option<Thread> {
        self.inner.threads.borrow().get(id).map(|e| e.lua.clone())
    }

    /// True while `id` has not ended.
    #[must_use]
    pub fn is_live(&self, id: ThreadId) -> bool {
        self.inner.threads.borrow().get(id).is_some()
    }

    /// How many base threads live.
    #[must_use]
    pub fn live(&self) -> usize {
        self.inner.threads.borrow().len()
    }

    /// Registers something to do when the base thread ends, for whatever reason.
    /// Of two handlers with the same key only the first is kept.
    pub fn on_close(&self, id: ThreadId, key: usize, handler: impl FnOnce() + 'static) {
        if let Some(entry) = self.inner.threads.borrow_mut().get_mut(id)
            && entry.close_keys.insert(key)
        {
            entry.close_handlers.push(Box::new(handler));
        }
    }

    /// Ends a base thread that is not running now: what it waits for is dropped, its close
    /// handlers run, then its `<close>` variables.
    pub fn kill(&self, id: ThreadId, reason: &str) {
        if self.current() == Some(id) {
            return;
        }
        self.end(id, Outcome::Killed(reason.into()));
    }

    /// Ends every base thread.
    pub fn kill_all(&self, reason: &str) {
        let ids = self.inner.threads.borrow().ids();
        for id in ids {
            self.kill(id, reason);
        }
    }

    /// How much time threads have taken from all others, in total, by computing until they were
    /// stopped. Deadlines of others may be moved by it.
    #[must_use]
    pub fn lost_time(&self) -> Duration {
        self.inner.lost.get()
    }

    /// Runs threads for ever: the caller drops the future when it is done. Must be polled inside
    /// a `LocalSet`.
    pub async fn run(&self) {
        for turn in 1_usize.. {
            self.inner.round.set(self.inner.clock.now());
            for _ in 0..STEPS_PER_TURN {
                let next = self.inner.ready.borrow_mut().pop_front();
                let Some((id, values)) = next else {
                    if !self.inner.turns.give() {
                        self.inner.wake.notified().await;
                    }
                    break;
                };
                self.step(id, values);
            }
            if turn.is_multiple_of(TURNS_PER_BEGINNER) {
                self.inner.turns.give();
            }
            // Also looks at the network, so that whoever it wakes comes before whoever begins.
            tokio::task::yield_now().await;
        }
    }

    /// Waits until no thread has anything to do but to wait; of several that wait for this, those
    /// of a lower `order` come first, and [`LAST_TURN`](crate::LAST_TURN) alone. Only while [`Scheduler::run`] is polled.
    pub async fn turn(&self, order: u64) {
        let turn = self.inner.turns.join(order);
        self.inner.wake.notify_one();
        // The queue lives as long as the scheduler.
        let _ = turn.await;
    }

    /// The caller waits for something scarce, until it drops what this gives. While many do,
    /// nobody gets a turn.
    #[must_use]
    pub fn hold_turns(&self) -> Hold<C> {
        self.inner.turns.hold();
        Hold { scheduler: self.clone() }
    }

    fn step(&self, id: ThreadId, values: MultiValue) {
        let Some((thread, context)) = self.inner.threads.borrow_mut().get_mut(id).map(|e| {
            e.started = true;
            (e.lua.clone(), e.context.clone())
        }) else {
            return;
        };
        let usage = self.inner.meter.usage(&context);
        let running = usage.as_ref().map(Usage::begin);
        let outcome =
            self.resume(id, &thread, values, (self.inner.limits)(&context, self.lost_time()));
        drop(running);
        let pending = self.inner.slot.borrow_mut().pending.take();
        match (outcome, pending) {
            (Some(outcome), _) => self.end(id, outcome),
            (None, Some((request, wait))) => {
                self.start_waiting(id, request, counted(wait, usage));
            }
            // The shim yields its token only after a native filled the slot.
            (None, None) => self.end(id, Outcome::Stray),
        }
    }

    /// Gives `None` where the thread waits.
    fn resume(
        &self,
        id: ThreadId,
        thread: &Thread,
        mut values: MultiValue,
        limits: Limits,
    ) -> Option<Outcome> {
        values.push_front(Value::Thread(thread.clone()));
        self.inner.current.set(Some(id));
        self.inner.slot.borrow_mut().begin();
        let watch = self.inner.pulse.begin(Some(thread), limits);
        let result = self.inner.shim.step.call::<MultiValue>(values);
        let overran = watch.end();
        self.inner.slot.borrow_mut().running = false;
        self.inner.current.set(None);
        if overran.is_some() {
            let spent = self.inner.clock.now().saturating_duration_since(self.inner.round.get());
            self.inner.lost.set(self.lost_time() + spent);
        }
        let returned = matches!(&result, Ok(v) if v.front() == Some(&Value::Integer(RETURNED)));
        if let Some(overrun) = overran.filter(|_| !returned) {
            return Some(Outcome::Overran(overrun));
        }
        let mut values = match result {
            Ok(values) => values,
            Err(error) => return Some(Outcome::Failed(Value::Error(Box::new(error)))),
        };
        match values.pop_front() {
            Some(Value::Integer(WAITING)) => None,
            Some(Value::Integer(RETURNED)) => Some(Outcome::Returned(values)),
            Some(Value::Integer(FAILED)) => {
                Some(Outcome::Failed(values.pop_front().unwrap_or(Value::Nil)))
            }
            _ => Some(Outcome::Stray),
        }
    }

    fn start_waiting(&self, id: ThreadId, request: i64, wait: Wait) {
        let scheduler = self.clone();
        let task = tokio::task::spawn_local(async move {
            let reply = wait.await;
            scheduler.complete(id, request, reply);
        });
        if let Some(entry) = self.inner.threads.borrow_mut().get_mut(id) {
            entry.waiting = Some(Waiting { request, task: task.abort_handle() });
        }
    }

    fn complete(&self, id: ThreadId, request: i64, reply: Result<MultiValue, Raise>) {
        let mut threads = self.inner.threads.borrow_mut();
        let Some(entry) = threads.get_mut(id) else { return };
        if entry.waiting.as_ref().is_none_or(|w| w.request != request) {
            return;
        }
        entry.waiting = None;
        let (ok, mut values) = match reply {
            Ok(values) => (true, values),
            Err(raise) => (false, raise.into_values(&self.inner.lua).unwrap_or_default()),
        };
        values.push_front(Value::Boolean(ok));
        values.push_front(Value::Integer(request));
        self.inner.ready.borrow_mut().push_back((id, values));
        self.inner.wake.notify_one();
    }

    /// Removes a thread and closes what is left of its coroutine.
    fn end(&self, id: ThreadId, outcome: Outcome) {
        let Some(mut entry) = self.inner.threads.borrow_mut().remove(id) else { return };
        if let Some(waiting) = entry.waiting.take() {
            waiting.task.abort();
        }
        for handler in entry.close_handlers.drain(..) {
            handler();
        }
        if entry.lua.is_resumable() {
            // Inner coroutines are suspended in the shim unless the thread never ran or yielded
            // by itself.
            let inner = entry.started && !matches!(outcome, Outcome::Stray);
            let watch = self
                .inner
                .pulse
                .begin(Some(&entry.lua), (self.inner.limits)(&entry.context, self.lost_time()));
            // An error in a `<close>` variable has nobody left to go to.
            let _ = self.inner.shim.drop.call::<()>((&entry.lua, inner));
            watch.end();
        }
        if let Some(on_end) = entry.on_end.take() {
            on_end(ThreadEnd { id, outcome, thread: entry.lua });
        }
    }
}
