//! Tells what scripts that ended left in the registries, together with their ends.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use nseer_core::{Event, RegistryChange, RegistryChanges, RegistryPlace};
use tokio::sync::Notify;

use super::authors::Authors;
use super::journal::Journal;
use super::{ARGUMENTS, is_memo, merge, registry, restore};
use crate::environment::World;
use crate::host_cell::HostCell;

/// Looking through the registries takes a while, so the ends of scripts gather until this many times as long
/// has gone by. (What a busy machine took away in the meantime does not count.)
const PAUSE: u32 = 50;

/// Holds the ends of scripts back until it has told what those left behind.
pub(crate) struct Keeper {
    worker: u32,
    pub(crate) authors: Authors,
    journal: RefCell<Journal>,
    held: RefCell<Held>,
    /// When the registries may be looked through again.
    due: Cell<Option<Instant>>,
    /// Somebody waits for that.
    is_waited_for: Cell<bool>,
    told: Notify,
    /// Keys of the registry that each worker fills for itself.
    memos: OnceCell<Arc<HashSet<String>>>,
}

#[derive(Default)]
struct Held {
    ends: Vec<Event>,
    hosts: Vec<Rc<HostCell>>,
}

impl Keeper {
    /// Watches the registry of this worker.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub(crate) fn new(world: &Rc<World>, worker: usize) -> mlua::Result<Keeper> {
        let authors = Authors::new(world)?;
        let root = registry(world)?;
        authors.watch(&root)?;
        Ok(Keeper {
            worker: u32::try_from(worker).unwrap_or(u32::MAX),
            authors,
            journal: RefCell::new(Journal::of(&root)),
            held: RefCell::default(),
            due: Cell::new(None),
            is_waited_for: Cell::new(false),
            told: Notify::new(),
            memos: OnceCell::new(),
        })
    }

    /// Fills the registry with what an earlier run left, if any, and tells all of it anew.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub(crate) fn restore(&self, world: &World) -> mlua::Result<()> {
        let kept = &world.config.registry.left;
        let (lua, root) = (world.lua(), registry(world)?);
        let of = |first: bool| kept.iter().filter(move |one| (one.worker == 0) == first);
        for one in of(true) {
            restore(lua, &one.entries, &root)?;
        }
        // Those of other workers come as they do before the postrules.
        for one in of(false) {
            merge(world, &one.entries)?;
        }
        let changes = self.news_of_run()?;
        let place = RegistryPlace::Run(self.worker);
        let whole = RegistryChanges { place, is_whole: true, changes };
        world.config.events.emit(Event::RegistryChanged(whole));
        Ok(())
    }

    /// What is there now is not told as this worker's.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub(crate) fn take_given(&self) -> mlua::Result<()> {
        self.journal.borrow_mut().take_given()
    }

    pub(crate) fn is_of_first(&self) -> bool {
        self.worker == 0
    }

    /// The scripts of a host begin.
    pub(crate) fn host_begins(&self, world: &World, host: &HostCell, memos: &Arc<HashSet<String>>) {
        self.memos.get_or_init(|| memos.clone());
        self.authors.watch(&host.registry).unwrap_or_else(|error| complain(world, &error));
    }

    /// A script on a host has ended; `end` is told with what it left, or somewhat later.
    pub(crate) fn ended(&self, world: &Rc<World>, host: &Rc<HostCell>, end: Event) {
        {
            let mut held = self.held.borrow_mut();
            held.ends.push(end);
            if !held.hosts.iter().any(|known| Rc::ptr_eq(known, host)) {
                held.hosts.push(host.clone());
            }
        }
        let now = world.config.system.clock.now();
        match self.due.get().filter(|due| *due > now) {
            None => self.tell(world),
            Some(due) if !self.is_waited_for.replace(true) => {
                let world = world.clone();
                tokio::task::spawn_local(async move {
                    tokio::time::sleep_until(due.into()).await;
                    // They may have been told in the meantime.
                    if let Some(keeper) = world.keeper.get().filter(|keeper| keeper.holds_any()) {
                        keeper.tell(&world);
                    }
                });
            }
            Some(_) => {}
        }
    }

    /// Waits until all ends are told.
    pub(crate) async fn settled(&self) {
        while self.holds_any() {
            self.told.notified().await;
        }
    }

    fn holds_any(&self) -> bool {
        !self.held.borrow().ends.is_empty()
    }

    /// Looks through the registries and tells what is new, and the ends that were held back.
    pub(crate) fn tell(&self, world: &World) {
        let begun = nseer_lua::processor_time();
        self.is_waited_for.set(false);
        let Held { ends, hosts } = self.held.take();
        let mut events = Vec::with_capacity(ends.len());
        let mut push = |place, is_whole, found: mlua::Result<Vec<RegistryChange>>| match found {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => {
                events.push(Event::RegistryChanged(RegistryChanges { place, is_whole, changes }))
            }
            Err(error) => complain(world, &error),
        };
        push(RegistryPlace::Run(self.worker), false, self.news_of_run());
        for host in hosts {
            let journal = host.journal.get_or_init(|| RefCell::new(Journal::of(&host.registry)));
            let mut journal = journal.borrow_mut();
            let is_whole = journal.is_new();
            let of_host = journal.news(Some(&self.authors), &|_| false);
            push(RegistryPlace::Host(host.address), is_whole, of_host.map(|news| news.changes));
        }
        self.authors.forget_ended();
        events.extend(ends);
        world.config.events.emit_together(events);
        let took = nseer_lua::processor_time().saturating_sub(begun);
        let now = world.config.system.clock.now();
        self.due.set(now.checked_add(took.saturating_mul(PAUSE)));
        self.told.notify_waiters();
    }

    fn news_of_run(&self) -> mlua::Result<Vec<RegistryChange>> {
        let news = self.journal.borrow_mut().news(Some(&self.authors), &|key| self.skips(key));
        news.map(|news| news.changes)
    }

    fn skips(&self, key: &[u8]) -> bool {
        key == ARGUMENTS || self.memos.get().is_some_and(|memos| is_memo(memos, key))
    }
}

fn complain(world: &World, error: &mlua::Error) {
    world.debug(1, || format!("cannot look through a registry: {error}"));
}
