//! Who told the states of a host's ports, where it was not the host.

use std::collections::BTreeMap;

use nseer_core::port_spec::compact_list;
use nseer_core::{PortKey, PortTable};
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::read::{address, numbers, port_key};

/// Their table.
pub(crate) const TABLE: &str = "teller";

/// Writes them for the host of this number, in place of what was there.
pub(crate) fn write(db: &Connection, host: i64, ports: &PortTable) -> rusqlite::Result<()> {
    let mut told: BTreeMap<_, Vec<PortKey>> = BTreeMap::new();
    for (key, teller) in ports.tellers() {
        told.entry((key.protocol, teller)).or_default().push(key);
    }
    if told.is_empty() {
        return Ok(());
    }
    db.prepare_cached("DELETE FROM teller WHERE host = ?1")?.execute([host])?;
    let mut insert = db.prepare_cached("INSERT INTO teller VALUES (?1, ?2, ?3, ?4)")?;
    for ((protocol, teller), keys) in told {
        let list = compact_list(&keys, protocol);
        insert.execute(params![host, protocol.as_str(), teller.to_string(), list])?;
    }
    Ok(())
}

/// Reads them for the host of this number into a table that has its ports.
pub(crate) fn read(db: &Connection, host: i64, ports: &mut PortTable) -> Result<(), StoreError> {
    let mut statement =
        db.prepare_cached("SELECT protocol, address, ports FROM teller WHERE host = ?1")?;
    let mut rows = statement.query([host])?;
    while let Some(row) = rows.next()? {
        let (protocol, teller): (String, String) = (row.get(0)?, row.get(1)?);
        let teller = address(&teller)?;
        for number in numbers(&row.get::<_, String>(2)?)? {
            ports.set_teller(port_key(&protocol, number)?, teller);
        }
    }
    Ok(())
}
