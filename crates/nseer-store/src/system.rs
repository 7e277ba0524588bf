//! What tells of a host's operating system.

use nseer_core::OsFindings;
use nseer_report::JsonSystem;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::StoreError;
use crate::read::damaged;

/// Its table.
pub(crate) const TABLE: &str = "operating_system";

/// Writes what is known of the host of this number, in place of what was there.
pub(crate) fn write(db: &Connection, host: i64, os: &OsFindings) -> rusqlite::Result<()> {
    // Text and numbers always make JSON.
    let json = serde_json::to_string(&JsonSystem::from(os)).unwrap_or_default();
    let sql = "INSERT OR REPLACE INTO operating_system VALUES (?1, ?2)";
    db.prepare_cached(sql)?.execute(params![host, json])?;
    Ok(())
}

/// Reads what is known of the host of this number.
pub(crate) fn read(db: &Connection, host: i64) -> Result<Option<OsFindings>, StoreError> {
    let sql = "SELECT findings FROM operating_system WHERE host = ?1";
    let found: Option<String> =
        db.prepare_cached(sql)?.query_row([host], |row| row.get(0)).optional()?;
    let Some(text) = found else { return Ok(None) };
    let json: JsonSystem =
        serde_json::from_str(&text).map_err(|_| damaged("an operating system"))?;
    Ok(Some(OsFindings::from(json)))
}
