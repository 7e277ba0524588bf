//! What threads take of the processor and of memory, for whoever wants to know.
//!
//! Memory is counted by the allocator of the state: each block belongs to those for whom a thread ran
//! when it was made, until it is freed. Nothing of this is there while nobody asks.

#![allow(unsafe_code, reason = "mlua does not let its allocator be watched")]

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::pin::Pin;
use std::ptr;
use std::rc::Rc;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use mlua::Lua;
use mlua::ffi::{self, lua_Alloc};

use crate::native::Wait;

/// What some threads took, those that the embedder puts together.
#[derive(Debug, Default)]
pub struct Usage {
    running: Cell<Duration>,
    live: Cell<usize>,
    peak: Cell<usize>,
}

impl Usage {
    /// The time of the processor: Lua code, natives, and what natives that wait compute.
    #[must_use]
    pub fn running(&self) -> Duration {
        self.running.get()
    }

    /// Most bytes that Lua held at a time of what the threads made, garbage that is not collected yet
    /// included.
    #[must_use]
    pub fn peak_memory(&self) -> usize {
        self.peak.get()
    }

    fn grow(&self, bytes: usize) {
        let live = self.live.get().saturating_add(bytes);
        self.live.set(live);
        self.peak.set(self.peak.get().max(live));
    }

    fn shrink(&self, bytes: usize) {
        self.live.set(self.live.get().saturating_sub(bytes));
    }

    /// The processor works for them until what this gives is dropped.
    pub(crate) fn begin(self: &Rc<Self>) -> Running<'_> {
        BOOKS.with_borrow_mut(|books| books.current = Some(self.clone()));
        Running { usage: self, since: processor_time() }
    }
}

/// See [`Usage::begin`].
pub(crate) struct Running<'a> {
    usage: &'a Usage,
    since: Duration,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let took = processor_time().saturating_sub(self.since);
        self.usage.running.set(self.usage.running.get() + took);
        BOOKS.with_borrow_mut(|books| books.current = None);
    }
}

/// Knows on whose account a thread runs, once it is told.
pub(crate) struct Meter<C>(OnceCell<AccountOf<C>>);

/// From what the embedder knows of a thread.
type AccountOf<C> = fn(&C) -> Option<Rc<Usage>>;

impl<C> Default for Meter<C> {
    fn default() -> Self {
        Meter(OnceCell::new())
    }
}

impl<C> Meter<C> {
    pub(crate) fn start(&self, lua: &Lua, account: AccountOf<C>) -> mlua::Result<()> {
        // Whoever came first is asked.
        let _ = self.0.set(account);
        count_blocks(lua)
    }

    pub(crate) fn usage(&self, context: &C) -> Option<Rc<Usage>> {
        self.0.get().and_then(|account| account(context))
    }
}

/// A wait whose computing is counted too, such as that of a TLS handshake.
pub(crate) fn counted(wait: Wait, usage: Option<Rc<Usage>>) -> Wait {
    match usage {
        None => wait,
        Some(usage) => Box::pin(Counted { wait, usage }),
    }
}

struct Counted {
    wait: Wait,
    usage: Rc<Usage>,
}

impl Future for Counted {
    type Output = <Wait as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let usage = self.usage.clone();
        let _running = usage.begin();
        self.wait.as_mut().poll(context)
    }
}

/// Whose the blocks of this thread's state are.
#[derive(Default)]
struct Books {
    current: Option<Rc<Usage>>,
    owners: HashMap<usize, Rc<Usage>>,
}

thread_local! {
    static BOOKS: RefCell<Books> = RefCell::default();
}

impl Books {
    /// Notes what became of a block. `old` is null for a new one, `new` for one that is gone.
    fn note(&mut self, old: (*mut c_void, usize), new: (*mut c_void, usize)) {
        let owner = match self.owners.remove(&old.0.addr()) {
            Some(owner) => {
                owner.shrink(old.1);
                Some(owner)
            }
            None if old.0.is_null() => self.current.clone(),
            None => None,
        };
        if let Some(owner) = owner.filter(|_| !new.0.is_null()) {
            owner.grow(new.1);
            self.owners.insert(new.0.addr(), owner);
        }
    }
}

/// The allocator of all states of mlua.
static INNER: OnceLock<lua_Alloc> = OnceLock::new();

/// Has the blocks of a state counted from now on.
fn count_blocks(lua: &Lua) -> mlua::Result<()> {
    // SAFETY: the stack is left alone. The new allocator passes all calls on to the one that was there,
    // with its own data.
    unsafe {
        lua.exec_raw::<()>((), |state| {
            let mut data = ptr::null_mut();
            let inner = ffi::lua_getallocf(state, &raw mut data);
            if *INNER.get_or_init(|| inner) as usize == inner as usize {
                ffi::lua_setallocf(state, allocate, data);
            }
        })
    }
}

unsafe extern "C" fn allocate(
    data: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    // Set before this function is given to a state.
    let Some(inner) = INNER.get() else { return ptr::null_mut() };
    // SAFETY: what Lua says is passed on as it is.
    let given = unsafe { inner(data, block, old, new) };
    if new > 0 && given.is_null() {
        return given;
    }
    // A thread that ends has no books any more, and nobody reads them.
    let _ = BOOKS.try_with(|books| {
        if let Ok(mut books) = books.try_borrow_mut() {
            books.note((block, old), (given, new));
        }
    });
    given
}

/// Processor time of the calling thread; zero where the system does not tell.
#[must_use]
pub fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the result goes to a valid place.
    if unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } != 0 {
        return Duration::ZERO;
    }
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
