//! Stops a Lua thread that computes without end, or waits for a file without end, at no cost while none does.
//!
//! A watchdog thread looks at each worker now and then. When one resume overstays its limit, the
//! worker is sent a signal, and the handler, on the worker's own thread, sets a Lua hook on every
//! coroutine that is running there: the way in which the stock interpreter takes an interrupt.
//! The hook raises an error at each instruction, so that no `pcall` can hold on to the thread. The
//! signal also ends a system call that waits.

#![allow(unsafe_code, reason = "hooks must be set on coroutines that mlua has no handle of")]

mod sample;

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::fmt;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mlua::ffi::{self, lua_Debug, lua_State};
use mlua::{Function, Lua, Thread};
use nseer_seam::Clock;

use self::sample::Sample;

/// How long one resume may compute without waiting.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Processor time. A resume that sleeps ten times as long, in a file's system call, is stopped too.
    pub compute: Duration,
    /// Elapsed time, where the thread has a deadline.
    pub elapsed: Option<Duration>,
}

/// Which limit a thread overran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overrun {
    /// [`Limits::compute`].
    Compute,
    /// [`Limits::elapsed`].
    Elapsed,
    /// Ten times [`Limits::compute`], asleep.
    Stalled,
    /// None: all were told to stop.
    Ended,
}

impl Overrun {
    const ALL: [Overrun; 4] =
        [Overrun::Compute, Overrun::Elapsed, Overrun::Stalled, Overrun::Ended];

    const fn text(self) -> &'static CStr {
        match self {
            Overrun::Compute => c"computed for too long without waiting",
            Overrun::Elapsed => c"took longer than it may",
            Overrun::Stalled => c"waited for too long for a file that gave nothing",
            Overrun::Ended => c"was still running at the end",
        }
    }
}

/// What the thread did: `computed for too long without waiting`.
impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().to_string_lossy())
    }
}

/// Why a thread was stopped, and where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overran {
    /// The limit.
    pub limit: Overrun,
    /// File and line, where Lua knew: `http.lua:12`.
    pub place: Option<String>,
}

impl Overran {
    /// Where it was, to follow "it was stopped": ` at http.lua:12`.
    #[must_use]
    pub fn at(&self) -> String {
        self.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default()
    }
}

/// How often the watchdog looks.
const PERIOD: Duration = Duration::from_millis(50);

/// Lua gives up at about 200 nested coroutines.
const MAX_DEPTH: usize = 256;

/// What the watchdog, the signal handler and the worker share.
struct Shared {
    /// Number of the resume that runs now if odd; even between two.
    step: AtomicU64,
    /// The resume that shall be stopped.
    stop: AtomicU64,
    /// What was overrun, as a place in [`Overrun::ALL`].
    overrun: AtomicUsize,
    /// The base thread that runs now.
    base: AtomicPtr<lua_State>,
    /// The coroutines that it has resumed, outermost first.
    chain: [AtomicPtr<lua_State>; MAX_DEPTH],
    depth: AtomicUsize,
    compute_ms: AtomicU64,
    elapsed_ms: AtomicU64,
    thread: libc::pthread_t,
}

impl Shared {
    fn overrun(&self) -> Overrun {
        let place = self.overrun.load(Ordering::Relaxed);
        Overrun::ALL.get(place).copied().unwrap_or(Overrun::Compute)
    }

    fn limits(&self) -> Limits {
        let elapsed = self.elapsed_ms.load(Ordering::Relaxed);
        Limits {
            compute: Duration::from_millis(self.compute_ms.load(Ordering::Relaxed)),
            elapsed: (elapsed != u64::MAX).then(|| Duration::from_millis(elapsed)),
        }
    }
}

thread_local! {
    static WORKER: Cell<*const Shared> = const { Cell::new(ptr::null()) };

    /// Where the thread was that was stopped last.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Watches workers from a thread of its own, which ends when the watchdog is dropped.
pub struct Watchdog {
    clock: Arc<dyn Clock>,
    workers: Arc<Mutex<Vec<Arc<Shared>>>>,
    ended: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts the watchdog.
    ///
    /// # Errors
    /// Where the operating system gives no thread or no signal handler.
    pub fn start(clock: Arc<dyn Clock>) -> io::Result<Watchdog> {
        install_handler()?;
        let workers: Arc<Mutex<Vec<Arc<Shared>>>> = Arc::default();
        let ended = Arc::new(AtomicBool::new(false));
        let stopping = Arc::new(AtomicBool::new(false));
        let (for_thread, end, for_clock) = (workers.clone(), ended.clone(), clock.clone());
        let stop = stopping.clone();
        let thread = thread::Builder::new().name("watchdog".into()).spawn(move || {
            let mut samples = Vec::new();
            while !end.load(Ordering::Relaxed) {
                thread::park_timeout(PERIOD);
                let all = stop.load(Ordering::Relaxed);
                look(&lock(&for_thread), &mut samples, &*for_clock, all);
            }
        })?;
        Ok(Watchdog { clock, workers, ended, stopping, thread: Some(thread) })
    }

    /// From now on whatever does not wait soon is stopped.
    pub fn stop_all(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Begins to watch the calling thread, until the returned pulse is dropped.
    pub(crate) fn watch_this_thread(&self) -> Pulse {
        let shared = Arc::new(Shared {
            step: AtomicU64::new(0),
            stop: AtomicU64::new(0),
            overrun: AtomicUsize::new(0),
            base: AtomicPtr::new(ptr::null_mut()),
            chain: [const { AtomicPtr::new(ptr::null_mut()) }; MAX_DEPTH],
            depth: AtomicUsize::new(0),
            compute_ms: AtomicU64::new(u64::MAX),
            elapsed_ms: AtomicU64::new(u64::MAX),
            // SAFETY: has no precondition.
            thread: unsafe { libc::pthread_self() },
        });
        lock(&self.workers).push(shared.clone());
        WORKER.set(Arc::as_ptr(&shared));
        Pulse { shared, workers: self.workers.clone() }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of the watchdog has already been printed.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watchdog")
    }
}

/// A worker's side of the watch.
pub(crate) struct Pulse {
    shared: Arc<Shared>,
    workers: Arc<Mutex<Vec<Arc<Shared>>>>,
}

/// One resume that is being watched.
pub(crate) struct Watch<'a> {
    shared: &'a Shared,
}

impl Pulse {
    /// Says that `thread` is about to run; without one, coroutines that the shim knows of.
    pub(crate) fn begin(&self, thread: Option<&Thread>, limits: Limits) -> Watch<'_> {
        let shared = &*self.shared;
        shared.compute_ms.store(millis(limits.compute), Ordering::Relaxed);
        shared.elapsed_ms.store(limits.elapsed.map_or(u64::MAX, millis), Ordering::Relaxed);
        shared.depth.store(0, Ordering::Relaxed);
        shared.base.store(thread.map_or(ptr::null_mut(), Thread::state), Ordering::Relaxed);
        WORKER.set(Arc::as_ptr(&self.shared));
        shared.step.fetch_add(1, Ordering::Release);
        Watch { shared }
    }
}

impl Watch<'_> {
    /// Says that it waits or ended. Gives why it was told to stop, if it was.
    pub(crate) fn end(self) -> Option<Overran> {
        let step = self.shared.step.fetch_add(1, Ordering::Release);
        self.shared.base.store(ptr::null_mut(), Ordering::Relaxed);
        self.shared.depth.store(0, Ordering::Relaxed);
        let stopped = self.shared.stop.load(Ordering::Acquire) == step;
        stopped.then(|| Overran { limit: self.shared.overrun(), place: PLACE.take() })
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        // With the lock held the watchdog sends no signal, so none can reach a dead thread.
        lock(&self.workers).retain(|w| !Arc::ptr_eq(w, &self.shared));
        if ptr::eq(WORKER.get(), Arc::as_ptr(&self.shared)) {
            WORKER.set(ptr::null());
        }
    }
}

/// The C functions of the shim: `enter(co)` and `leave()`, by which it tells which coroutines run, `stopping()`, whether
/// what runs shall stop, and `watched()`, whether anything that runs could be.
pub(crate) fn shim_functions(lua: &Lua) -> mlua::Result<[Function; 4]> {
    // SAFETY: the functions only read their argument, give a value, and use atomics of their own thread.
    unsafe {
        Ok([
            lua.create_c_function(enter)?,
            lua.create_c_function(leave)?,
            lua.create_c_function(stopping)?,
            lua.create_c_function(watched)?,
        ])
    }
}

unsafe extern "C-unwind" fn stopping(state: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a valid state that has room.
    unsafe { ffi::lua_pushboolean(state, is_stopping().into()) };
    1
}

unsafe extern "C-unwind" fn watched(state: *mut lua_State) -> c_int {
    let worker = WORKER.get();
    // SAFETY: as above, and in `enter`.
    unsafe {
        let is = !worker.is_null() && (*worker).step.load(Ordering::Relaxed) % 2 == 1;
        ffi::lua_pushboolean(state, is.into());
    }
    1
}

unsafe extern "C-unwind" fn enter(state: *mut lua_State) -> c_int {
    let worker = WORKER.get();
    if !worker.is_null() {
        // SAFETY: Lua calls with a valid state; index 1 may be any value or absent. The worker
        // pointer is valid as long as its pulse lives, which is longer than the state.
        let (coroutine, shared) = unsafe { (ffi::lua_tothread(state, 1), &*worker) };
        let depth = shared.depth.load(Ordering::Relaxed);
        if let Some(place) = shared.chain.get(depth) {
            place.store(coroutine, Ordering::Relaxed);
        }
        shared.depth.store(depth + 1, Ordering::Relaxed);
    }
    0
}

unsafe extern "C-unwind" fn leave(_: *mut lua_State) -> c_int {
    let worker = WORKER.get();
    if !worker.is_null() {
        // SAFETY: as in `enter`.
        let shared = unsafe { &*worker };
        let depth = shared.depth.load(Ordering::Relaxed);
        shared.depth.store(depth.saturating_sub(1), Ordering::Relaxed);
    }
    0
}

fn look(workers: &[Arc<Shared>], samples: &mut Vec<Option<Sample>>, clock: &dyn Clock, all: bool) {
    samples.resize_with(workers.len(), || None);
    for (shared, sample) in workers.iter().zip(samples) {
        let step = shared.step.load(Ordering::Acquire);
        if step % 2 == 0 {
            *sample = None;
            continue;
        }
        let (now, cpu) = (clock.now(), cpu_time(shared.thread));
        match sample {
            Some(seen) if seen.step == step => {
                let overrun = seen.look(&shared.limits(), now, cpu);
                if let Some(overrun) = overrun.or(all.then_some(Overrun::Ended)) {
                    shared.overrun.store(overrun as usize, Ordering::Relaxed);
                    shared.stop.store(step, Ordering::Release);
                    // SAFETY: the thread lives, since its pulse is in the list, which is locked.
                    unsafe { libc::pthread_kill(shared.thread, SIGNAL) };
                }
            }
            _ => *sample = Some(Sample::new(step, now, cpu)),
        }
    }
}

/// Ignored by default, so that a stray one does no harm.
const SIGNAL: c_int = libc::SIGURG;

fn install_handler() -> io::Result<()> {
    // SAFETY: the handler only touches atomics, a plain thread-local and `lua_sethook`, which is
    // made to be called from signal handlers.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(c_int) as usize;
        // No SA_RESTART: a read from a pipe or a terminal that gives nothing shall end as well.
        action.sa_flags = 0;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(SIGNAL, &raw const action, ptr::null_mut())
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

extern "C" fn on_signal(_: c_int) {
    let worker = WORKER.get();
    if worker.is_null() {
        return;
    }
    // SAFETY: set only while the pulse lives.
    let shared = unsafe { &*worker };
    if shared.stop.load(Ordering::Acquire) != shared.step.load(Ordering::Relaxed) {
        return;
    }
    arm(shared.base.load(Ordering::Relaxed));
    let depth = shared.depth.load(Ordering::Relaxed).min(MAX_DEPTH);
    for place in &shared.chain[..depth] {
        arm(place.load(Ordering::Relaxed));
    }
}

fn arm(state: *mut lua_State) {
    if !state.is_null() {
        // SAFETY: the state is a coroutine that is running or has resumed the one that runs, so
        // it is reachable and cannot have been collected.
        unsafe { ffi::lua_sethook(state, Some(stop_hook), ffi::LUA_MASKCOUNT, 1) };
    }
}

/// True where the Lua thread that runs now shall stop. To be asked now and then by whatever computes for it outside
/// of Lua, where no hook is called.
#[must_use]
pub fn is_stopping() -> bool {
    // SAFETY: as in `on_signal`.
    let Some(shared) = (unsafe { WORKER.get().as_ref() }) else { return false };
    let step = shared.step.load(Ordering::Relaxed);
    step % 2 == 1 && shared.stop.load(Ordering::Acquire) == step
}

unsafe extern "C-unwind" fn stop_hook(state: *mut lua_State, _: *mut lua_Debug) {
    // SAFETY: Lua calls with a valid state, and the error leaves no Rust value behind that would have to be dropped.
    unsafe {
        if is_stopping() {
            raise(state);
        } else {
            ffi::lua_sethook(state, None, 0, 0);
        }
    }
}

/// Raises the error by which the Lua thread that runs now learns that it is stopped.
///
/// # Safety
/// `state` is valid, and no Rust value that has to be dropped lives in the frames that the error leaves.
pub(crate) unsafe fn raise(state: *mut lua_State) -> c_int {
    // SAFETY: the worker as in `on_signal`; the format takes one C string; `state` is valid.
    unsafe {
        // What catches the error and goes on is stopped again: the first place is the one to tell.
        PLACE.set(PLACE.take().or_else(|| place(state)));
        let why = WORKER.get().as_ref().map_or(Overrun::Compute, Shared::overrun);
        ffi::luaL_error(state, c"the script %s".as_ptr(), why.text().as_ptr())
    }
}

/// File and line of the innermost Lua function that runs.
///
/// # Safety
/// `state` is valid.
unsafe fn place(state: *mut lua_State) -> Option<String> {
    // SAFETY: all of it is plain data, which `lua_getstack` and `lua_getinfo` fill before it is read; the source is a C
    // string that lives as long as its function, and its short form one in the data.
    unsafe {
        let mut at: lua_Debug = std::mem::zeroed();
        let mut level = 0;
        while ffi::lua_getstack(state, level, &raw mut at) != 0 {
            ffi::lua_getinfo(state, c"Sl".as_ptr(), &raw mut at);
            if at.currentline > 0 {
                let source = CStr::from_ptr(at.source).to_string_lossy();
                // What has no file is called by its text, of which the short form has a line.
                let short = || CStr::from_ptr(at.short_src.as_ptr()).to_string_lossy();
                let file = source.strip_prefix('@').map_or_else(short, Into::into);
                return Some(format!("{file}:{}", at.currentline));
            }
            level += 1;
        }
    }
    None
}

/// Processor time of a thread; zero where the system does not tell.
fn cpu_time(thread: libc::pthread_t) -> Duration {
    let mut id: libc::clockid_t = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the thread lives (see `look`), and both results go to valid places.
    let told = unsafe {
        libc::pthread_getcpuclockid(thread, &raw mut id) == 0
            && libc::clock_gettime(id, &raw mut time) == 0
    };
    if !told {
        return Duration::ZERO;
    }
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
