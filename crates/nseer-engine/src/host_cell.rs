//! A host while its scripts run.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use std::cell::RefCell;
use std::collections::HashSet;

use mlua::Table;
use nseer_core::HostRecord;
use nseer_lua::ThreadId;
use tokio::sync::Semaphore;

/// The host's record and what its scripts share in one Lua state.
pub(crate) struct HostCell {
    /// The number behind `host._Target`.
    pub(crate) number: u64,
    pub(crate) address: IpAddr,
    record: Arc<Mutex<HostRecord>>,
    /// `host.registry`.
    pub(crate) registry: Table,
    /// Bounds the script threads that hold sockets to this host.
    pub(crate) slots: Arc<Semaphore>,
    /// Worker threads that scripts on this host started and that still live.
    workers: RefCell<HashSet<ThreadId>>,
}

impl HostCell {
    pub(crate) fn new(
        number: u64,
        record: Arc<Mutex<HostRecord>>,
        registry: Table,
        slots: usize,
    ) -> HostCell {
        let address = lock(&record).address;
        HostCell {
            number,
            address,
            record,
            registry,
            slots: Arc::new(Semaphore::new(slots)),
            workers: RefCell::default(),
        }
    }

    pub(crate) fn remember_worker(&self, id: ThreadId) {
        self.workers.borrow_mut().insert(id);
    }

    pub(crate) fn forget_worker(&self, id: ThreadId) {
        self.workers.borrow_mut().remove(&id);
    }

    /// The worker threads that still live.
    pub(crate) fn workers(&self) -> Vec<ThreadId> {
        self.workers.borrow().iter().copied().collect()
    }

    /// Looks at, or changes, the record.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut HostRecord) -> R) -> R {
        f(&mut lock(&self.record))
    }
}

/// Only this host's worker touches the record while its scripts run, so a lock is never waited
/// for; and nothing panics half-way through a change.
pub(crate) fn lock(record: &Mutex<HostRecord>) -> std::sync::MutexGuard<'_, HostRecord> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
