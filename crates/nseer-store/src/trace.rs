//! The way to a host.

use nseer_core::trace::{Hop, Trace, TraceProbe};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::StoreError;
use crate::read::{address, damaged, port_key};
use crate::value::{duration, length};

/// The tables of ways.
pub(crate) const TABLE: &str = "trace";
pub(crate) const HOPS: &str = "hop";

/// Writes the way to the host of this number, in place of what was there.
pub(crate) fn write(db: &Connection, host: i64, trace: &Trace) -> rusqlite::Result<()> {
    let (protocol, port) = trace.probe.map(TraceProbe::parts).unzip();
    db.prepare_cached("DELETE FROM trace WHERE host = ?1")?.execute([host])?;
    db.prepare_cached("INSERT INTO trace VALUES (?1, ?2, ?3)")?.execute(params![
        host,
        protocol,
        port.flatten()
    ])?;
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO hop VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for hop in &trace.hops {
        let trip = hop.round_trip.map(length);
        insert.execute(params![host, hop.ttl, hop.address.to_string(), hop.name, trip])?;
    }
    Ok(())
}

/// Reads the way to the host of this number.
pub(crate) fn read(db: &Connection, host: i64) -> Result<Option<Trace>, StoreError> {
    let sql = "SELECT protocol, port FROM trace WHERE host = ?1";
    let found: Option<(Option<String>, Option<u16>)> = db
        .prepare_cached(sql)?
        .query_row([host], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((protocol, port)) = found else { return Ok(None) };
    let probe = match (protocol, port) {
        (None, _) => None,
        (Some(protocol), Some(port)) => Some(TraceProbe::Port(port_key(&protocol, port)?)),
        (Some(protocol), None) if protocol == "icmp" => Some(TraceProbe::Echo),
        (Some(_), None) => return Err(damaged("a way without a port")),
    };
    let sql = "SELECT ttl, address, name, round_trip FROM hop WHERE host = ?1 ORDER BY ttl";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([host])?;
    let mut hops = Vec::new();
    while let Some(row) = rows.next()? {
        hops.push(Hop {
            ttl: row.get(0)?,
            address: address(&row.get::<_, String>(1)?)?,
            name: row.get(2)?,
            round_trip: row.get::<_, Option<i64>>(3)?.map(duration),
        });
    }
    Ok(Some(Trace { probe, hops }))
}
