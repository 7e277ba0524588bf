//! A host while its scripts run.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;

use mlua::Table;
use nseer_core::HostRecord;
use nseer_lua::ThreadId;
use tokio::sync::Semaphore;

use crate::environment::World;
use crate::link_addresses::LinkAddresses;
use crate::registry::Journal;

/// The host's record and what its scripts share in one Lua state.
pub(crate) struct HostCell {
    /// The number behind `host._Target`.
    pub(crate) number: u64,
    pub(crate) address: IpAddr,
    record: Arc<Mutex<HostRecord>>,
    /// `host.registry`.
    pub(crate) registry: Table,
    /// What was told of it, where somebody keeps it.
    pub(crate) journal: OnceCell<RefCell<Journal>>,
    /// Bounds the script threads that hold sockets to this host.
    pub(crate) slots: Arc<Semaphore>,
    /// Worker threads that scripts on this host started.
    pub(crate) workers: WorkerThreads,
    /// Asked for with the first table that scripts see.
    pub(crate) links: OnceCell<LinkAddresses>,
}

/// Worker threads that still live.
#[derive(Default)]
pub(crate) struct WorkerThreads(RefCell<HashSet<ThreadId>>);

impl WorkerThreads {
    pub(crate) fn started(&self, id: ThreadId) {
        self.0.borrow_mut().insert(id);
    }

    pub(crate) fn ended(&self, id: ThreadId) {
        self.0.borrow_mut().remove(&id);
    }

    /// Ends them, since the scripts that they worked for have ended.
    pub(crate) fn end_all(&self, world: &World) {
        for id in self.0.take() {
            world.scheduler.kill(id, "its script has ended");
        }
    }
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
            journal: OnceCell::new(),
            slots: Arc::new(Semaphore::new(slots)),
            workers: WorkerThreads::default(),
            links: OnceCell::new(),
        }
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
