//! Mutexes and condition variables for scripts.
//!
//! A mutex whose object is a string is shared by all Lua states of the process, or by those threads of
//! theirs that the embedder puts together; one whose object is a table, function, thread or userdata
//! belongs to its state, as all condition variables do.
//! Whatever a base thread holds is released when it ends.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mlua::{Function, Lua, MultiValue, Table, Value};
use tokio::sync::oneshot;

use crate::args::Args;
use crate::native::{Raise, Reply};
use crate::scheduler::{Scheduler, ThreadId};

/// The mutexes that are known by a string, for all Lua states that share this value.
#[derive(Clone, Default)]
pub struct SharedLocks {
    locks: Arc<Mutex<HashMap<LockName, Weak<Lock>>>>,
}

/// The string, and for whom.
type LockName = (Vec<u8>, Option<Vec<u8>>);

impl SharedLocks {
    fn get(&self, name: LockName) -> Arc<Lock> {
        let mut locks = guard(&self.locks);
        if let Some(lock) = locks.get(&name).and_then(Weak::upgrade) {
            return lock;
        }
        // Only where there is no room left, so that it is not done for each of many.
        if locks.len() == locks.capacity() {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::new(Lock::default());
        locks.insert(name, Arc::downgrade(&lock));
        lock
    }
}

/// For whom a mutex on a string is, of what the embedder knows of a thread: those threads exclude one another
/// for which this says the same. `None` stands for all.
pub type Circle<C> = fn(&C, &[u8]) -> Option<Vec<u8>>;

/// What a mutex function locks.
enum Locked<C> {
    One(Arc<Lock>),
    /// Depends on who asks. Holds the lock of all.
    Named(Arc<Lock>, Vec<u8>, SharedLocks, Circle<C>),
}

impl<C> Locked<C> {
    /// The lock for a thread. Whoever locks it must hold on to it until the thread ends.
    fn of(&self, context: &C) -> Arc<Lock> {
        match self {
            Locked::One(lock) => lock.clone(),
            Locked::Named(lock, name, shared, circle) => match circle(context, name) {
                None => lock.clone(),
                few => shared.get((name.clone(), few)),
            },
        }
    }
}

impl std::fmt::Debug for SharedLocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedLocks")
    }
}

/// Who holds a lock: a coroutine of a base thread of a state.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Owner {
    state: u64,
    base: ThreadId,
    coroutine: usize,
}

#[derive(Default)]
struct Lock {
    inner: Mutex<LockInner>,
}

#[derive(Default)]
struct LockInner {
    owner: Option<Owner>,
    queue: VecDeque<(Owner, oneshot::Sender<()>)>,
}

impl Lock {
    /// Takes the lock, or queues for it and gives what to wait for.
    fn lock(&self, owner: Owner) -> Option<oneshot::Receiver<()>> {
        let mut inner = guard(&self.inner);
        if inner.owner.is_none() {
            inner.owner = Some(owner);
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        inner.queue.push_back((owner, sender));
        Some(receiver)
    }

    fn try_lock(&self, owner: Owner) -> bool {
        let mut inner = guard(&self.inner);
        let free = inner.owner.is_none();
        if free {
            inner.owner = Some(owner);
        }
        free
    }

    /// Hands the lock to whoever waited longest. Gives false where `held` does not say that the
    /// present owner may be replaced.
    fn release(&self, held: impl Fn(Owner) -> bool) -> bool {
        let mut inner = guard(&self.inner);
        if !inner.owner.is_some_and(held) {
            return false;
        }
        inner.owner = None;
        while let Some((next, wake)) = inner.queue.pop_front() {
            if wake.send(()).is_ok() {
                inner.owner = Some(next);
                break;
            }
        }
        true
    }
}

type Waiters = Rc<RefCell<Vec<oneshot::Sender<()>>>>;
type WeakWaiters = std::rc::Weak<RefCell<Vec<oneshot::Sender<()>>>>;

static NEXT_STATE: AtomicU64 = AtomicU64::new(1);

impl<C: 'static> Scheduler<C> {
    /// Puts the functions `mutex` and `condvar` into `table`. `circle` says whom a mutex on a string keeps apart.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub fn install_sync(
        &self,
        table: &Table,
        shared: &SharedLocks,
        circle: Circle<C>,
    ) -> mlua::Result<()> {
        let state = NEXT_STATE.fetch_add(1, Ordering::Relaxed);
        let (scheduler, shared) = (self.clone(), shared.clone());
        table.raw_set(
            "mutex",
            self.by_object(move |object| {
                let lock = match object {
                    Value::String(name) => {
                        let name = name.as_bytes().to_vec();
                        let of_all = shared.get((name.clone(), None));
                        Locked::Named(of_all, name, shared.clone(), circle)
                    }
                    _ => Locked::One(Arc::default()),
                };
                scheduler.mutex_function(state, lock)
            })?,
        )?;
        let scheduler = self.clone();
        let make = self.by_object(move |_| scheduler.condvar_function())?;
        table.raw_set("condvar", make)
    }

    /// A function from an object to the function that `make` made for it, the same one as long as
    /// somebody holds on to it.
    fn by_object(
        &self,
        make: impl Fn(&Value) -> mlua::Result<(Function, Option<Waiters>)> + 'static,
    ) -> mlua::Result<Function> {
        let cache = self.lua().create_table()?;
        let weak = self.lua().create_table()?;
        weak.raw_set("__mode", "v")?;
        cache.set_metatable(Some(weak))?;
        let conditions: RefCell<HashMap<usize, WeakWaiters>> = RefCell::default();
        let scheduler = self.clone();
        self.native().function(move |lua, args: Args| {
            let object = args.value(1);
            if matches!(
                object,
                Value::Nil | Value::Boolean(_) | Value::Integer(_) | Value::Number(_)
            ) {
                return Err(args.bad(1, "object expected"));
            }
            let function = match cache.raw_get::<Value>(object.clone())? {
                Value::Function(function) => function,
                _ => {
                    let (function, waiters) = make(&object)?;
                    if let Some(waiters) = waiters {
                        let mut conditions = conditions.borrow_mut();
                        // As in `SharedLocks::get`.
                        if conditions.len() == conditions.capacity() {
                            conditions.retain(|_, w| w.strong_count() > 0);
                        }
                        conditions.insert(function.to_pointer() as usize, Rc::downgrade(&waiters));
                    }
                    cache.raw_set(object, function.clone())?;
                    function
                }
            };
            let waiters = conditions.borrow().get(&(function.to_pointer() as usize)).cloned();
            if let (Some(waiters), Some(id)) =
                (waiters.and_then(|w| w.upgrade()), scheduler.current())
            {
                let key = Rc::as_ptr(&waiters) as usize;
                scheduler.on_close(id, key, move || broadcast(&waiters));
            }
            Reply::values(lua, function)
        })
    }

    fn mutex_function(
        &self,
        state: u64,
        locked: Locked<C>,
    ) -> mlua::Result<(Function, Option<Waiters>)> {
        let holders = weak_values(self.lua())?;
        let scheduler = self.clone();
        let function = self.native().function(move |lua, args: Args| {
            let operation = args.option(lua, 1, None, &["lock", "trylock", "done", "running"])?;
            let base = scheduler.current().ok_or_else(outside)?;
            let lock = locked.of(&*scheduler.context(base).ok_or_else(outside)?);
            let thread = lua.current_thread();
            let owner = Owner { state, base, coroutine: thread.to_pointer() as usize };
            if operation < 2 {
                holders.raw_set(owner.coroutine, thread)?;
                let for_close = lock.clone();
                scheduler.on_close(base, Arc::as_ptr(&lock) as usize, move || {
                    while for_close.release(|o| o.state == state && o.base == base) {}
                });
            }
            match operation {
                0 => Ok(match lock.lock(owner) {
                    None => Reply::nothing(),
                    Some(turn) => Reply::wait(async move {
                        // An error means that the lock is gone with its state.
                        let _ = turn.await;
                        Ok(MultiValue::new())
                    }),
                }),
                1 => Reply::values(lua, lock.try_lock(owner)),
                2 if lock.release(|o| o == owner) => Ok(Reply::nothing()),
                2 => Err(Raise::new("do not have a lock on this mutex")),
                _ => match guard(&lock.inner).owner {
                    None => Reply::values(lua, Value::Nil),
                    Some(o) if o.state == state => {
                        Reply::values(lua, holders.raw_get::<Value>(o.coroutine)?)
                    }
                    // The coroutine of another state cannot be shown; that there is one can.
                    Some(_) => Reply::values(lua, true),
                },
            }
        })?;
        Ok((function, None))
    }

    fn condvar_function(&self) -> mlua::Result<(Function, Option<Waiters>)> {
        let waiters = Waiters::default();
        let for_function = waiters.clone();
        let function = self.native().function(move |lua, args: Args| {
            match args.option(lua, 1, None, &["wait", "signal", "broadcast"])? {
                0 => {
                    let (sender, receiver) = oneshot::channel();
                    for_function.borrow_mut().push(sender);
                    return Ok(Reply::wait(async move {
                        let _ = receiver.await;
                        Ok(MultiValue::new())
                    }));
                }
                1 => loop {
                    let newest = for_function.borrow_mut().pop();
                    if newest.is_none_or(|waiter| waiter.send(()).is_ok()) {
                        break;
                    }
                },
                _ => broadcast(&for_function),
            }
            Ok(Reply::nothing())
        })?;
        Ok((function, Some(waiters)))
    }
}

/// Wakes all, newest first.
fn broadcast(waiters: &Waiters) {
    for waiter in waiters.borrow_mut().drain(..).rev() {
        let _ = waiter.send(());
    }
}

fn weak_values(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let meta = lua.create_table()?;
    meta.raw_set("__mode", "v")?;
    table.set_metatable(Some(meta))?;
    Ok(table)
}

fn outside() -> Raise {
    Raise::new("a mutex can only be used inside a running script")
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
