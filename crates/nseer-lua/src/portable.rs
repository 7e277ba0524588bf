//! Copies of Lua tables that can move from one state to another.
//!
//! Used to bring together what several workers wrote to the registry. Tables that refer to
//! themselves or to one another keep their shape; functions, coroutines and userdata stay behind.

use std::collections::HashMap;

use mlua::{Lua, Table, Value};

/// A graph of tables without any tie to a state; the first table is the root.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portable {
    tables: Vec<Vec<(Item, Item)>>,
    /// How many values could not be copied.
    pub left_behind: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(Box<[u8]>),
    Table(usize),
}

/// Copies `root` and all that can be reached from it.
///
/// # Errors
/// Where Lua has no memory left.
pub fn export(root: &Table) -> mlua::Result<Portable> {
    let mut graph = Portable::default();
    let mut places = HashMap::new();
    let mut todo = vec![root.clone()];
    places.insert(root.to_pointer() as usize, 0);
    graph.tables.push(Vec::new());
    while let Some(table) = todo.pop() {
        let place = places[&(table.to_pointer() as usize)];
        let mut entries = Vec::new();
        let mut left_behind = 0;
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            let mut item = |value| to_item(value, &mut places, &mut graph.tables, &mut todo);
            match (item(key), item(value)) {
                (Some(key), Some(value)) => entries.push((key, value)),
                _ => left_behind += 1,
            }
        }
        graph.tables[place] = entries;
        graph.left_behind += left_behind;
    }
    Ok(graph)
}

fn to_item(
    value: Value,
    places: &mut HashMap<usize, usize>,
    tables: &mut Vec<Vec<(Item, Item)>>,
    todo: &mut Vec<Table>,
) -> Option<Item> {
    Some(match value {
        Value::Boolean(b) => Item::Boolean(b),
        Value::Integer(i) => Item::Integer(i),
        Value::Number(n) => Item::Number(n),
        Value::String(s) => Item::Text(s.as_bytes().to_vec().into()),
        Value::Table(table) => {
            let place = *places.entry(table.to_pointer() as usize).or_insert_with(|| {
                tables.push(Vec::new());
                todo.push(table);
                tables.len() - 1
            });
            Item::Table(place)
        }
        _ => return None,
    })
}

/// Adds what `graph` holds to `target`: keys that are missing are set, sequences are appended,
/// tables under the same key are merged, and of two scalars the one in `target` stays.
///
/// # Errors
/// Where Lua has no memory left.
pub fn merge(lua: &Lua, graph: &Portable, target: &Table) -> mlua::Result<()> {
    if graph.tables.is_empty() {
        return Ok(());
    }
    let mut merger = Merger { lua, graph, made: HashMap::new() };
    merger.made.insert(0, target.clone());
    merger.fill(0, target)
}

struct Merger<'a> {
    lua: &'a Lua,
    graph: &'a Portable,
    made: HashMap<usize, Table>,
}

impl Merger<'_> {
    fn fill(&mut self, place: usize, target: &Table) -> mlua::Result<()> {
        let graph = self.graph;
        let entries = &graph.tables[place];
        let sequence = sequence_length(entries);
        let present = i64::try_from(target.raw_len()).unwrap_or(i64::MAX);
        let mut appended = Vec::new();
        for (key, value) in entries {
            if let Item::Integer(i) = key
                && (1..=sequence).contains(i)
            {
                appended.push((*i, value));
                continue;
            }
            let key = self.value(key)?;
            match target.raw_get::<Value>(key.clone())? {
                Value::Nil => {
                    let value = self.value(value)?;
                    target.raw_set(key, value)?;
                }
                Value::Table(existing) => {
                    if let Item::Table(inner) = value
                        && !self.made.contains_key(inner)
                    {
                        self.made.insert(*inner, existing.clone());
                        self.fill(*inner, &existing)?;
                    }
                }
                _ => {}
            }
        }
        appended.sort_by_key(|(i, _)| *i);
        for (i, value) in appended {
            let value = self.value(value)?;
            target.raw_set(present + i, value)?;
        }
        Ok(())
    }

    fn value(&mut self, item: &Item) -> mlua::Result<Value> {
        Ok(match item {
            Item::Boolean(b) => Value::Boolean(*b),
            Item::Integer(i) => Value::Integer(*i),
            Item::Number(n) => Value::Number(*n),
            Item::Text(text) => Value::String(self.lua.create_string(text)?),
            Item::Table(place) => {
                if let Some(made) = self.made.get(place) {
                    return Ok(Value::Table(made.clone()));
                }
                let table = self.lua.create_table()?;
                self.made.insert(*place, table.clone());
                self.fill(*place, &table)?;
                Value::Table(table)
            }
        })
    }
}

fn sequence_length(entries: &[(Item, Item)]) -> i64 {
    let mut keys: Vec<i64> = entries
        .iter()
        .filter_map(|(k, _)| if let Item::Integer(i) = k { Some(*i) } else { None })
        .filter(|i| *i > 0)
        .collect();
    keys.sort_unstable();
    keys.iter().zip(1..).take_while(|(key, want)| **key == *want).count() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, target: &str, test: &str) {
        let (from, to) = (Lua::new(), Lua::new());
        let graph = export(&from.load(source).eval().expect("source")).expect("export");
        let target: Table = to.load(target).eval().expect("target");
        merge(&to, &graph, &target).expect("merge");
        to.globals().set("t", target).expect("set");
        let same: bool = to.load(test).eval().expect("test");
        assert!(same, "{source} into the target must satisfy {test}");
    }

    #[test]
    fn merges() {
        check("{a=1,b=2}", "{a=3}", "t.a == 3 and t.b == 2");
        check("{1,2}", "{9}", "#t == 3 and t[1] == 9 and t[2] == 1 and t[3] == 2");
        check("{x={y={1}}}", "{x={y={2},z=true}}", "#t.x.y == 2 and t.x.z");
        check("{x='text'}", "{x={1}}", "#t.x == 1");
        check("{[10]='a',[1.5]='b'}", "{}", "t[10] == 'a' and t[1.5] == 'b'");
        check("{f=print,n=0/0 ~= 0/0}", "{}", "t.f == nil and t.n == true");
    }

    #[test]
    fn keeps_the_shape_of_cycles_and_table_keys() {
        check(
            "(function() local h = {ip='x'}; h.self = h; return {hosts={[h]={n=1}}, first=h} end)()",
            "{}",
            "t.first.self == t.first and t.hosts[t.first].n == 1",
        );
    }
}
