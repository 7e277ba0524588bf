//! The scheduler's record of live base threads.

use std::collections::HashSet;
use std::rc::Rc;

use mlua::Thread;
use slab::Slab;
use tokio::task::AbortHandle;

use crate::scheduler::{OnEnd, ThreadId};

/// One live base thread.
pub(crate) struct Entry<C> {
    pub(crate) serial: u64,
    pub(crate) lua: Thread,
    pub(crate) started: bool,
    pub(crate) context: Rc<C>,
    pub(crate) waiting: Option<Waiting>,
    /// Run when the thread ends, for whatever reason.
    pub(crate) close_handlers: Vec<Box<dyn FnOnce()>>,
    /// The keys under which these were given.
    pub(crate) close_keys: HashSet<usize>,
    pub(crate) on_end: Option<OnEnd>,
}

/// What a suspended base thread waits for.
pub(crate) struct Waiting {
    pub(crate) request: i64,
    pub(crate) task: AbortHandle,
}

/// Live base threads by ID. A serial number tells a thread from a later one in the same place.
pub(crate) struct ThreadTable<C> {
    entries: Slab<Entry<C>>,
    next_serial: u64,
}

impl<C> ThreadTable<C> {
    pub(crate) fn new() -> Self {
        ThreadTable { entries: Slab::new(), next_serial: 1 }
    }

    pub(crate) fn insert(&mut self, lua: Thread, context: Rc<C>, on_end: OnEnd) -> ThreadId {
        let serial = self.next_serial;
        self.next_serial += 1;
        let key = self.entries.insert(Entry {
            serial,
            lua,
            started: false,
            context,
            waiting: None,
            close_handlers: Vec::new(),
            close_keys: HashSet::new(),
            on_end: Some(on_end),
        });
        ThreadId { key, serial }
    }

    pub(crate) fn get(&self, id: ThreadId) -> Option<&Entry<C>> {
        self.entries.get(id.key).filter(|e| e.serial == id.serial)
    }

    pub(crate) fn get_mut(&mut self, id: ThreadId) -> Option<&mut Entry<C>> {
        self.entries.get_mut(id.key).filter(|e| e.serial == id.serial)
    }

    pub(crate) fn remove(&mut self, id: ThreadId) -> Option<Entry<C>> {
        self.get(id)?;
        Some(self.entries.remove(id.key))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn ids(&self) -> Vec<ThreadId> {
        self.entries.iter().map(|(key, e)| ThreadId { key, serial: e.serial }).collect()
    }
}
