//! What scripts that have ended left in their registries.

use nseer_core::{KeptRegistry, RegistryChange, RegistryItem};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row, ToSql, params};

use crate::StoreError;
use crate::read::damaged;
use crate::value::count;

/// Their table.
pub(crate) const TABLE: &str = "registry";

/// The host's number for what belongs to the whole run.
pub(crate) const RUN: i64 = 0;

/// Writes what changed; in place of all that was there for this host, where that is void.
pub(crate) fn write(
    db: &Connection,
    (host, worker): (i64, u32),
    is_whole: bool,
    changes: &[RegistryChange],
) -> rusqlite::Result<()> {
    if is_whole {
        forget(db, host)?;
    }
    let sql = "INSERT OR REPLACE INTO registry VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut insert = db.prepare_cached(sql)?;
    let sql = "DELETE FROM registry WHERE host = ?1 AND worker = ?2 AND tbl = ?3 AND key = ?4";
    let mut delete = db.prepare_cached(sql)?;
    for change in changes {
        let (table, key) = (count(change.table), Sql(&change.key));
        match &change.value {
            Some(value) => insert.execute(params![host, worker, table, key, Sql(value)])?,
            None => delete.execute(params![host, worker, table, key])?,
        };
    }
    Ok(())
}

/// Removes what is kept for a host, or for the run.
pub(crate) fn forget(db: &Connection, host: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM registry WHERE host = ?1")?.execute([host])?;
    Ok(())
}

/// Removes everything.
pub(crate) fn forget_all(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM registry", [])?;
    Ok(())
}

/// Reads what is kept for a host, or for the run: of each worker.
pub(crate) fn read(db: &Connection, host: i64) -> Result<Vec<KeptRegistry>, StoreError> {
    let sql = "SELECT worker, tbl, key, value FROM registry WHERE host = ?1 ORDER BY worker, tbl";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([host])?;
    let mut kept: Vec<KeptRegistry> = Vec::new();
    while let Some(row) = rows.next()? {
        let worker = row.get(0)?;
        if kept.last().is_none_or(|last| last.worker != worker) {
            kept.push(KeptRegistry { worker, entries: Vec::new() });
        }
        let change = RegistryChange {
            table: u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default(),
            key: item(row, 2)?,
            value: Some(item(row, 3)?),
        };
        if let Some(last) = kept.last_mut() {
            last.entries.push(change);
        }
    }
    Ok(kept)
}

/// A key or value as SQLite has it.
struct Sql<'a>(&'a RegistryItem);

impl ToSql for Sql<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = |text: String| ToSqlOutput::Owned(Value::Text(text));
        Ok(match self.0 {
            RegistryItem::Boolean(b) => text(b.to_string()),
            RegistryItem::Integer(i) => ToSqlOutput::Owned(Value::Integer(*i)),
            // SQLite has no such number.
            RegistryItem::Number(n) if n.is_nan() => text("nan".to_owned()),
            RegistryItem::Number(n) => ToSqlOutput::Owned(Value::Real(*n)),
            RegistryItem::Text(text) => ToSqlOutput::Borrowed(ValueRef::Blob(text)),
            RegistryItem::Pending => text("pending".to_owned()),
            RegistryItem::Table(number) => text(format!("table {number}")),
        })
    }
}

fn item(row: &Row<'_>, at: usize) -> Result<RegistryItem, StoreError> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(i) => RegistryItem::Integer(i),
        ValueRef::Real(n) => RegistryItem::Number(n),
        ValueRef::Blob(text) => RegistryItem::Text(text.into()),
        ValueRef::Text(b"true") => RegistryItem::Boolean(true),
        ValueRef::Text(b"false") => RegistryItem::Boolean(false),
        ValueRef::Text(b"nan") => RegistryItem::Number(f64::NAN),
        ValueRef::Text(b"pending") => RegistryItem::Pending,
        ValueRef::Text(text) => {
            let number = text.strip_prefix(b"table ").and_then(|n| std::str::from_utf8(n).ok());
            let number = number.and_then(|number| number.parse().ok());
            RegistryItem::Table(number.ok_or_else(|| damaged("a value of a registry"))?)
        }
        ValueRef::Null => return Err(damaged("a value of a registry")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kind of value comes back as it was.
    #[test]
    fn values_come_back() {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch(include_str!("registry.sql")).expect("a table");
        let items = [
            RegistryItem::Boolean(true),
            RegistryItem::Boolean(false),
            RegistryItem::Integer(i64::MIN),
            RegistryItem::Integer(1),
            RegistryItem::Number(0.5),
            RegistryItem::Number(f64::NEG_INFINITY),
            RegistryItem::Text(b"true".as_slice().into()),
            RegistryItem::Text([0, 255, 39].as_slice().into()),
            RegistryItem::Text([].as_slice().into()),
            RegistryItem::Table(7),
        ];
        let values = items.iter().chain(&[RegistryItem::Number(f64::NAN), RegistryItem::Pending]);
        let mut changes: Vec<RegistryChange> = (0..)
            .zip(values)
            .map(|(n, value)| RegistryChange {
                table: 0,
                key: RegistryItem::Integer(n),
                value: Some(value.clone()),
            })
            .collect();
        changes.extend(items.iter().filter(|key| !matches!(key, RegistryItem::Integer(_))).map(
            |key| RegistryChange {
                table: 1,
                key: key.clone(),
                value: Some(RegistryItem::Boolean(true)),
            },
        ));
        write(&db, (RUN, 2), false, &changes).expect("written");
        let [kept] = &read(&db, RUN).expect("read")[..] else { panic!("one worker") };
        assert_eq!(kept.worker, 2);
        assert_eq!(kept.entries.len(), changes.len());
        assert!(changes.iter().all(|change| kept.entries.contains(change)), "{kept:?}");
        let gone = RegistryChange { value: None, ..changes[0].clone() };
        write(&db, (RUN, 2), false, std::slice::from_ref(&gone)).expect("written");
        assert_eq!(read(&db, RUN).expect("read")[0].entries.len(), changes.len() - 1);
        write(&db, (RUN, 0), true, &changes[..1]).expect("written");
        let [kept] = &read(&db, RUN).expect("read")[..] else { panic!("one worker") };
        assert_eq!((kept.worker, &kept.entries[..]), (0, &changes[..1]));
    }
}
