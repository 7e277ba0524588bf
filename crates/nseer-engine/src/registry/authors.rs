//! Which running script wrote what into the registries.
//!
//! What a script wrote that has not ended must not be kept, since it will run again. So tables of a
//! registry get a metatable whose `__newindex` notes who sets a key that was not there. Keys that were
//! there are set unseen; of those it is not known who did.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use mlua::{Table, Value};
use nseer_core::RegistryItem;
use nseer_lua::Reply;

use crate::environment::World;

/// Names a run of a script, its worker threads included; 0 is nobody.
pub(crate) type Author = u64;

/// A key as it is while tables have no numbers yet: tables by address.
pub(super) fn shallow(value: &Value) -> Option<RegistryItem> {
    Some(match value {
        Value::Boolean(b) => RegistryItem::Boolean(*b),
        Value::Integer(i) => RegistryItem::Integer(*i),
        Value::Number(n) => RegistryItem::Number(*n),
        Value::String(s) => RegistryItem::Text(s.as_bytes().to_vec().into()),
        Value::Table(table) => RegistryItem::Table(table.to_pointer() as u64),
        _ => return None,
    })
}

/// Notes of running scripts.
pub(crate) struct Authors {
    metatable: Table,
    notes: Rc<RefCell<Notes>>,
    last: Cell<Author>,
}

#[derive(Default)]
struct Notes {
    running: HashSet<Author>,
    /// By the table's address and the key.
    keys: HashMap<(usize, RegistryItem), Author>,
    /// Who put a table into a registry first, by its address.
    tables: HashMap<usize, Author>,
}

impl Authors {
    pub(super) fn new(world: &Rc<World>) -> mlua::Result<Authors> {
        let metatable = world.lua().create_table()?;
        let notes = Rc::new(RefCell::new(Notes::default()));
        let (w, n, m) = (world.clone(), notes.clone(), metatable.clone());
        let set = world.scheduler.native().function(move |_, args| {
            let table = args.table(1)?;
            let (key, value) = (args.value(2), args.value(3));
            table.raw_set(&key, &value)?;
            let author = w.scheduler.current_context().map_or(0, |context| context.author);
            let mut notes = n.borrow_mut();
            if let (true, Some(key)) = (notes.running.contains(&author), shallow(&key)) {
                notes.keys.insert((table.to_pointer() as usize, key), author);
            }
            notes.adopt(&m, [key, value], author)?;
            Ok(Reply::nothing())
        })?;
        metatable.raw_set("__newindex", set)?;
        Ok(Authors { metatable, notes, last: Cell::new(0) })
    }

    /// A script begins.
    pub(crate) fn begin(&self) -> Author {
        self.last.set(self.last.get() + 1);
        self.notes.borrow_mut().running.insert(self.last.get());
        self.last.get()
    }

    /// It has ended. What it wrote stays noted until [`Authors::forget_ended`].
    pub(crate) fn end(&self, author: Author) {
        self.notes.borrow_mut().running.remove(&author);
    }

    /// All that was written by scripts that have ended is known.
    pub(super) fn forget_ended(&self) {
        let Notes { running, keys, tables } = &mut *self.notes.borrow_mut();
        keys.retain(|_, author| running.contains(author));
        tables.retain(|_, author| running.contains(author));
    }

    /// Notes from now on who sets keys of this table, and of those in it.
    pub(super) fn watch(&self, table: &Table) -> mlua::Result<()> {
        self.notes.borrow_mut().adopt(&self.metatable, [Value::Table(table.clone())], 0)
    }

    /// True where a script that runs still set this key of a table.
    pub(super) fn is_pending(&self, table: &Table, key: &Value) -> bool {
        let notes = self.notes.borrow();
        if notes.running.is_empty() || (notes.keys.is_empty() && notes.tables.is_empty()) {
            return false;
        }
        let address = table.to_pointer() as usize;
        let author = shallow(key).and_then(|key| notes.keys.get(&(address, key)));
        let author = author.or_else(|| notes.tables.get(&address));
        author.is_some_and(|author| notes.running.contains(author))
    }
}

impl Notes {
    /// Watches the tables among values, and those that they hold.
    fn adopt(
        &mut self,
        metatable: &Table,
        values: impl IntoIterator<Item = Value>,
        author: Author,
    ) -> mlua::Result<()> {
        let mut tables: Vec<Table> = values.into_iter().filter_map(into_table).collect();
        while let Some(table) = tables.pop() {
            // One that has a metatable of its own is left alone.
            if table.metatable().is_some() {
                continue;
            }
            table.set_metatable(Some(metatable.clone()))?;
            if self.running.contains(&author) {
                self.tables.insert(table.to_pointer() as usize, author);
            }
            for pair in table.pairs::<Value, Value>() {
                let (key, value) = pair?;
                tables.extend([key, value].into_iter().filter_map(into_table));
            }
        }
        Ok(())
    }
}

fn into_table(value: Value) -> Option<Table> {
    if let Value::Table(table) = value { Some(table) } else { None }
}
