//! What is new in a registry since it was looked at last.

use std::collections::HashMap;

use mlua::{Table, Value};
use nseer_core::{RegistryChange, RegistryItem};

use super::authors::{Authors, shallow};

/// Tables that lie deeper are not kept.
const DEEPEST: usize = 100;

/// What was told of a registry, to find what was not.
pub(crate) struct Journal {
    root: Table,
    /// By address. Where a table is gone and another has its place, the difference is told as if the one
    /// had become the other.
    known: HashMap<usize, Known>,
    /// The next table's number.
    next: u64,
    walk: u64,
}

#[derive(Default)]
struct Known {
    number: u64,
    /// The last walk that came by.
    seen: u64,
    /// How long its sequence is, and was when it came from another worker.
    length: i64,
    given: i64,
    /// Keeps such a table where it is, since that length is of no other.
    held: Option<Table>,
    entries: HashMap<RegistryItem, Entry>,
}

struct Entry {
    value: RegistryItem,
    seen: u64,
    /// Under which key it was told; `None` where it is known to others anyway.
    told: Option<RegistryItem>,
}

/// A look at the whole registry.
struct Walk<'a> {
    /// Who tells what running scripts wrote; without them, all is taken.
    authors: Option<&'a Authors>,
    /// Keys of the root that are left out.
    skips: &'a dyn Fn(&[u8]) -> bool,
    /// What is found came from another worker, and is not to be told.
    is_given: bool,
    news: News,
}

/// What is new.
#[derive(Default)]
pub(super) struct News {
    pub(super) changes: Vec<RegistryChange>,
    /// How many values are of a kind that is not kept.
    pub(super) left_behind: usize,
}

impl Journal {
    pub(crate) fn of(root: &Table) -> Journal {
        Journal { root: root.clone(), known: HashMap::new(), next: 0, walk: 0 }
    }

    /// Nothing was told yet.
    pub(super) fn is_new(&self) -> bool {
        self.walk == 0
    }

    /// What is new, but for what scripts wrote that still run and what stands under keys of the root that
    /// `skips` names.
    ///
    /// # Errors
    /// Where Lua has no memory left.
    pub(super) fn news(
        &mut self,
        authors: Option<&Authors>,
        skips: &dyn Fn(&[u8]) -> bool,
    ) -> mlua::Result<News> {
        self.look(Walk { authors, skips, is_given: false, news: News::default() })
    }

    /// Takes what is there now as known to whom it came from.
    ///
    /// # Errors
    /// As for [`Journal::news`].
    pub(super) fn take_given(&mut self) -> mlua::Result<()> {
        let skips = &|_: &[u8]| false;
        let walk = Walk { authors: None, skips, is_given: true, news: News::default() };
        self.look(walk).map(drop)
    }

    fn look(&mut self, mut walk: Walk<'_>) -> mlua::Result<News> {
        self.walk += 1;
        let root = self.root.clone();
        self.visit(&root, 0, &mut walk)?;
        // What can no longer be reached is gone.
        let now = self.walk;
        self.known.retain(|_, known| {
            known.seen == now || {
                known.forget(now, &mut walk.news.changes);
                false
            }
        });
        Ok(walk.news)
    }

    /// Gives the table's number, and whether it or one in it has something new.
    fn visit(
        &mut self,
        table: &Table,
        depth: usize,
        walk: &mut Walk<'_>,
    ) -> mlua::Result<(u64, bool)> {
        let address = table.to_pointer() as usize;
        let next = &mut self.next;
        let known = self.known.entry(address).or_insert_with(|| {
            *next += 1;
            Known { number: *next - 1, ..Known::default() }
        });
        let number = known.number;
        if known.seen == self.walk {
            return Ok((number, false));
        }
        known.seen = self.walk;
        known.length = i64::try_from(table.raw_len()).unwrap_or(i64::MAX);
        if walk.is_given {
            known.given = known.length;
            known.held = Some(table.clone());
        }
        let (entries, held) = (std::mem::take(&mut known.entries), known.held.take());
        let mut known = Known { entries, held, ..*known };
        let before = walk.news.changes.len();
        walk.authors.map_or(Ok(()), |authors| authors.watch(table))?;
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if depth == 0 && key.as_string().is_some_and(|key| (walk.skips)(&key.as_bytes())) {
                continue;
            }
            self.compare(table, &mut known, (&key, &value), depth, walk)?;
        }
        known.forget(self.walk, &mut walk.news.changes);
        self.known.insert(address, known);
        Ok((number, walk.news.changes.len() > before))
    }

    /// One key of a table with what is known of it.
    fn compare(
        &mut self,
        table: &Table,
        known: &mut Known,
        (key, value): (&Value, &Value),
        depth: usize,
        walk: &mut Walk<'_>,
    ) -> mlua::Result<()> {
        let plain_key = key;
        let (Some((key, _)), Some((mut value, has_news))) =
            (self.item(plain_key, depth, walk)?, self.item(value, depth, walk)?)
        else {
            walk.news.left_behind += 1;
            return Ok(());
        };
        let (now, is_given) = (self.walk, walk.is_given);
        let is_known = known.entries.get(&key).is_some_and(|entry| entry.value == value);
        // A table that a running script made is kept as soon as another one has put something into it.
        if !is_given
            && !is_known
            && !has_news
            && walk.authors.is_some_and(|authors| authors.is_pending(table, plain_key))
        {
            match key {
                RegistryItem::Integer(i) if (1..=known.length).contains(&i) => {
                    value = RegistryItem::Pending;
                }
                _ => return Ok(()),
            }
        }
        let before = known.entries.get(&key);
        let is_news = before.is_none_or(|entry| entry.value != value);
        let mut told = before.and_then(|entry| entry.told.clone());
        if !is_given && (is_news || (has_news && told.is_none())) {
            told = told.or_else(|| known.place(&key));
            known.tell(told.clone(), Some(value.clone()), &mut walk.news.changes);
        }
        known.entries.insert(key, Entry { value, seen: now, told });
        Ok(())
    }

    /// A key or value, and whether there is something new in it.
    fn item(
        &mut self,
        value: &Value,
        depth: usize,
        walk: &mut Walk<'_>,
    ) -> mlua::Result<Option<(RegistryItem, bool)>> {
        Ok(match value {
            Value::Table(_) if depth == DEEPEST => None,
            Value::Table(table) => {
                let (number, has_news) = self.visit(table, depth + 1, walk)?;
                Some((RegistryItem::Table(number), has_news))
            }
            plain => shallow(plain).map(|item| (item, false)),
        })
    }
}

impl Known {
    /// Under which key one is told. What a sequence began with when it came from another worker is not,
    /// and does not count for what follows it.
    fn place(&self, key: &RegistryItem) -> Option<RegistryItem> {
        match key {
            RegistryItem::Integer(i) if (1..=self.given).contains(i) => None,
            RegistryItem::Integer(i) if (1..=self.length).contains(i) => {
                Some(RegistryItem::Integer(i - self.given))
            }
            key => Some(key.clone()),
        }
    }

    fn tell(
        &self,
        key: Option<RegistryItem>,
        value: Option<RegistryItem>,
        changes: &mut Vec<RegistryChange>,
    ) {
        let table = self.number;
        changes.extend(key.map(|key| RegistryChange { table, key, value }));
    }

    /// Tells of the keys that a walk did not see.
    fn forget(&mut self, walk: u64, changes: &mut Vec<RegistryChange>) {
        let gone: Vec<RegistryItem> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.seen != walk)
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            let told = self.entries.remove(&key).and_then(|entry| entry.told);
            self.tell(told, None, changes);
        }
    }
}

#[cfg(test)]
mod tests {
    use mlua::Lua;

    use super::*;
    use crate::registry::restore;

    /// What a worker was given does not come back from it, and what it adds keeps its place.
    #[test]
    fn what_was_given_does_not_come_back() {
        let (from, to) = (Lua::new(), Lua::new());
        let source = "{list={'a','b'},deep={list={'x'}},gone={1,2},[1]='one'}";
        let table = |lua: &Lua| lua.load(source).eval::<Table>().expect("table");
        let (first, second) = (table(&from), table(&to));
        let mut journal = Journal::of(&second);
        journal.take_given().expect("given");
        to.globals().set("t", &second).expect("set");
        let change =
            "t.list[3] = 'c' t.deep.list[2] = 'y' t.list[9] = 'z' t.new = {1} t.gone[2] = nil";
        to.load(change).exec().expect("change");
        let news = journal.news(None, &|_| false).expect("news");
        let back = from.create_table().expect("table");
        restore(&from, &news.changes, &back).expect("restored");
        let graph = nseer_lua::export(&back).expect("export");
        nseer_lua::merge(&from, &graph, &first).expect("merge");
        from.globals().set("t", first).expect("set");
        let test = "return table.concat(t.list) .. table.concat(t.deep.list) .. t.list[9] .. #t.new .. #t.gone .. #t";
        assert_eq!(from.load(test).eval::<String>().expect("test"), "abcxyz121");
        // A key is taken back under the name that it was told by.
        to.load("t.list[3] = nil").exec().expect("change");
        let news = journal.news(None, &|_| false).expect("news");
        let key = RegistryItem::Integer(1);
        assert!(matches!(&news.changes[..], [gone] if gone.key == key && gone.value.is_none()));
    }
}
