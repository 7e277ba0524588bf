//! Fills a registry with what was kept of an earlier run.

use std::collections::HashMap;

use mlua::{Lua, Table, Value};
use nseer_core::{RegistryChange, RegistryItem};

/// Sets the keys that were kept. Tables that are there already under the same key are filled, not replaced,
/// since a library may hold them.
///
/// # Errors
/// Where Lua has no memory left.
pub(crate) fn restore(lua: &Lua, kept: &[RegistryChange], registry: &Table) -> mlua::Result<()> {
    let mut entries: HashMap<u64, Vec<&RegistryChange>> = HashMap::new();
    for change in kept {
        entries.entry(change.table).or_default().push(change);
    }
    let mut made = HashMap::from([(0, registry.clone())]);
    let mut todo = vec![0];
    while let Some(number) = todo.pop() {
        // Only what can be reached is made, so this one is there.
        let Some(table) = made.get(&number).cloned() else { continue };
        let changes = entries.remove(&number).unwrap_or_default();
        let gaps = Gaps::of(&changes);
        for change in changes {
            let mut make = |item: &RegistryItem, existing: Option<Table>| {
                value(lua, item, existing, &mut made, &mut todo)
            };
            let Some(item) = change.value.as_ref().filter(|item| **item != RegistryItem::Pending)
            else {
                continue;
            };
            let key = make(&gaps.close(&change.key), None)?;
            let existing = match table.raw_get::<Value>(&key)? {
                Value::Table(existing) => Some(existing),
                _ => None,
            };
            // No number, so nothing that could be a key.
            if !matches!(key, Value::Number(n) if n.is_nan()) {
                table.raw_set(key, make(item, existing)?)?;
            }
        }
    }
    Ok(())
}

/// Places in a sequence whose values are not kept.
struct Gaps {
    /// In order.
    places: Vec<i64>,
    /// How long the sequence was.
    length: i64,
}

impl Gaps {
    fn of(changes: &[&RegistryChange]) -> Gaps {
        let is_gap = |change: &RegistryChange| change.value == Some(RegistryItem::Pending);
        let mut keys: Vec<(i64, bool)> = changes
            .iter()
            .filter_map(|change| match change.key {
                RegistryItem::Integer(i) if i > 0 => Some((i, is_gap(change))),
                _ => None,
            })
            .collect();
        keys.sort_unstable();
        let length = keys.iter().zip(1..).take_while(|((key, _), place)| key == place).count();
        let places = keys.iter().filter(|(_, is_gap)| *is_gap).map(|(key, _)| *key).collect();
        Gaps { places, length: i64::try_from(length).unwrap_or(i64::MAX) }
    }

    /// Where a key goes when what lies behind gaps has moved up.
    fn close(&self, key: &RegistryItem) -> RegistryItem {
        match key {
            RegistryItem::Integer(i) if (1..=self.length).contains(i) => {
                let before = self.places.partition_point(|place| place < i);
                RegistryItem::Integer(i - i64::try_from(before).unwrap_or_default())
            }
            key => key.clone(),
        }
    }
}

fn value(
    lua: &Lua,
    item: &RegistryItem,
    existing: Option<Table>,
    made: &mut HashMap<u64, Table>,
    todo: &mut Vec<u64>,
) -> mlua::Result<Value> {
    Ok(match item {
        RegistryItem::Boolean(b) => Value::Boolean(*b),
        RegistryItem::Integer(i) => Value::Integer(*i),
        RegistryItem::Number(n) => Value::Number(*n),
        RegistryItem::Text(text) => Value::String(lua.create_string(text)?),
        RegistryItem::Table(number) => {
            if let Some(table) = made.get(number) {
                return Ok(Value::Table(table.clone()));
            }
            let table = existing.map_or_else(|| lua.create_table(), Ok)?;
            made.insert(*number, table.clone());
            todo.push(*number);
            Value::Table(table)
        }
        RegistryItem::Pending => Value::Nil,
    })
}
