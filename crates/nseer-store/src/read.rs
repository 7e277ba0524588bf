//! Reads a store back.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use nseer_core::event::{RunInfo, RunSummary, ScanSummary};
use nseer_core::{
    Event, ForeignWord, HostRecord, HostStatus, Phase, PhaseRecord, PortDetail, PortKey,
    PortStatus, PortTable, Reason, RoundTrip, ScanPorts, ScriptOutcome, ScriptResult, ScriptRun,
    ServiceInfo, ServiceMethod, ServiceNames, Tunnel,
};
use rusqlite::{Row, params};

use crate::value::{duration, read_structured, state, time};
use crate::{Beginning, Progress, Store, StoreError, registry, system, teller, trace};

type Read<T> = Result<T, StoreError>;

pub(crate) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

/// Names that a host's ports were looked up to have.
struct Names(HashMap<PortKey, String>);

impl ServiceNames for Names {
    fn name(&self, port: PortKey) -> Option<&str> {
        self.0.get(&port).map(String::as_str)
    }
}

/// The host that was done next after the one of a number.
const DONE: &str = "SELECT done_as, id FROM host WHERE done_as > ?1 ORDER BY done_as LIMIT 1";
/// The same of those whose scripts had not ended.
const UNFINISHED: &str =
    "SELECT id, id FROM host WHERE progress = 'scanned' AND id > ?1 ORDER BY id LIMIT 1";

impl Store {
    /// Hands out the events of the scan, one after the other: every host that is done, in the order
    /// in which they were, then what is known of those whose scripts had not ended, and an end even
    /// where it was killed.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read, or what `take` gives.
    pub fn replay<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        take(Event::RunStarted(self.run()?))?;
        self.replay_results(&mut take)?;
        self.replay_hosts(UNFINISHED, Event::HostCutShort, &mut take)?;
        take(Event::RunFinished(self.end()?))
    }

    /// What is done of it: the same without beginning, unfinished hosts and end.
    ///
    /// # Errors
    /// As [`Store::replay`].
    pub fn replay_results<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        self.replay_phase(Phase::Pre, &mut take)?;
        self.replay_hosts(DONE, Event::HostDone, &mut take)?;
        self.replay_phase(Phase::Post, &mut take)
    }

    /// The hosts that a query gives, one at a time, so that memory does not grow with hosts.
    fn replay_hosts<E: From<StoreError>>(
        &self,
        next: &str,
        event: fn(Arc<HostRecord>) -> Event,
        take: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = 0;
        while let Some((number, host)) = self.next_host(next, after)? {
            take(event(Arc::new(host)))?;
            after = number;
        }
        Ok(())
    }

    fn replay_phase<E: From<StoreError>>(
        &self,
        phase: Phase,
        take: &mut impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.phase(phase)? {
            Some(record) => take(Event::PhaseDone { phase, record }),
            None => Ok(()),
        }
    }

    /// How the scan was started.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn run(&self) -> Read<RunInfo> {
        let mut scans = self.database.prepare("SELECT kind, protocol, count, ports FROM scan")?;
        let mut rows = scans.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(ScanSummary {
                kind: ForeignWord::new(&row.get::<_, String>(0)?)
                    .map_or("unknown", ForeignWord::as_str),
                protocol: row.get::<_, String>(1)?.parse().map_err(|_| damaged("a protocol"))?,
                count: usize::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
                services: row.get(3)?,
            });
        }
        let sql = "SELECT program, version, args, started, verbosity, debugging FROM run";
        Ok(self.database.query_row(sql, [], |row| {
            Ok(RunInfo {
                program: row.get(0)?,
                version: row.get(1)?,
                args: row.get(2)?,
                started: time(row.get(3)?),
                verbosity: row.get(4)?,
                debugging: row.get(5)?,
                scans: found,
            })
        })?)
    }

    fn beginning(&self) -> Read<Beginning> {
        let sql = "SELECT words, folder FROM run";
        let (words, folder): (Vec<u8>, Vec<u8>) =
            self.database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let words = words.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec()));
        Ok(Beginning { words: words.collect(), folder: PathBuf::from(OsString::from_vec(folder)) })
    }

    fn end(&self) -> Read<RunSummary> {
        let sql = "SELECT started, finished, elapsed, up, down, interrupted FROM run";
        let (started, end) = self.database.query_row(sql, [], |row| {
            let finished: Option<i64> = row.get(1)?;
            let Some(finished) = finished else { return Ok((row.get::<_, i64>(0)?, None)) };
            let end = RunSummary {
                finished: time(finished),
                elapsed: duration(row.get(2)?),
                up: unsigned(row, 3)?,
                down: unsigned(row, 4)?,
                interrupted: row.get(5)?,
                // Messages are not kept.
                is_told: false,
            };
            Ok((row.get(0)?, Some(end)))
        })?;
        if let Some(end) = end {
            return Ok(end);
        }
        let sql = "SELECT coalesce(max(finished), ?1), coalesce(sum(status = 'up'), 0),
                       coalesce(sum(status != 'up'), 0) FROM host WHERE progress = 'done'";
        Ok(self.database.query_row(sql, [started], |row| {
            let finished: i64 = row.get(0)?;
            Ok(RunSummary {
                finished: time(finished),
                elapsed: duration(finished.saturating_sub(started)),
                up: unsigned(row, 1)?,
                down: unsigned(row, 2)?,
                interrupted: Some("the scan has not ended; nseer resume goes on with it".into()),
                is_told: false,
            })
        })?)
    }

    pub(crate) fn progress(&mut self) -> Read<Progress> {
        let mut done = HashSet::new();
        let mut up = 0;
        let mut scanned = HashMap::new();
        {
            let sql = "SELECT address, progress, status, id FROM host";
            let mut hosts = self.database.prepare(sql)?;
            let mut rows = hosts.query([])?;
            while let Some(row) = rows.next()? {
                let address = address(&row.get::<_, String>(0)?)?;
                if row.get::<_, String>(1)? == "done" {
                    up += u64::from(row.get::<_, String>(2)? == "up");
                    done.insert(address);
                } else {
                    let id: i64 = row.get(3)?;
                    let mut host = self.host(id)?;
                    let kept = registry::read(&self.database, id)?;
                    host.registry = kept.into_iter().flat_map(|kept| kept.entries).collect();
                    scanned.insert(address, host);
                    self.hosts.insert(address, id);
                }
            }
        }
        let phases: HashSet<Phase> = self
            .texts("SELECT rule FROM phase")?
            .iter()
            .filter_map(|r| Phase::from_rule_name(r))
            .collect();
        let sql = "SELECT finished IS NOT NULL AND interrupted IS NULL FROM run";
        Ok(Progress {
            beginning: self.beginning()?,
            run: self.run()?,
            done,
            up,
            scanned,
            phases,
            registry: registry::read(&self.database, registry::RUN)?,
            found_targets: self.texts("SELECT target FROM found_target")?,
            is_finished: self.database.query_row(sql, [], |row| row.get(0))?,
        })
    }

    fn texts(&self, sql: &str) -> Read<Vec<String>> {
        let mut statement = self.database.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn phase(&self, phase: Phase) -> Read<Option<PhaseRecord>> {
        let rule = phase.rule_name();
        let sql = "SELECT count(*) FROM phase WHERE rule = ?1";
        if self.database.query_row(sql, [rule], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(None);
        }
        let mut record = PhaseRecord::default();
        let sql = "SELECT script, output, structured FROM script_result
                   WHERE host IS NULL AND rule = ?1 ORDER BY id";
        let mut statement = self.database.prepare_cached(sql)?;
        let mut rows = statement.query([rule])?;
        while let Some(row) = rows.next()? {
            record.results.push(result(row)?);
        }
        let sql = "SELECT rule, protocol, port, script, state, message, elapsed FROM script_run
                   WHERE host IS NULL AND rule = ?1 ORDER BY id";
        let mut statement = self.database.prepare_cached(sql)?;
        let mut rows = statement.query([rule])?;
        while let Some(row) = rows.next()? {
            record.runs.push(script_run(row, None)?);
        }
        Ok(Some(record))
    }

    /// The host that a query gives after the one of this number, and its own number.
    fn next_host(&self, next: &str, after: i64) -> Read<Option<(i64, HostRecord)>> {
        let mut statement = self.database.prepare_cached(next)?;
        let mut rows = statement.query([after])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some((row.get(0)?, self.host(row.get(1)?)?)))
    }

    fn host(&self, id: i64) -> Read<HostRecord> {
        let vendor = if self.has_vendors { "vendor" } else { "NULL" };
        let sql = format!(
            "SELECT address, status, reason, reason_ttl, target_name, reverse_name,
                 other_addresses, srtt, rttvar, timeout, source, interface, interface_mtu,
                 directly_connected, mac, timed_out, started, finished, {vendor}
             FROM host WHERE id = ?1"
        );
        let mut statement = self.database.prepare_cached(&sql)?;
        let mut rows = statement.query([id])?;
        let row = rows.next()?.ok_or_else(|| damaged("a host is gone"))?;
        let ports = self.ports(id)?;
        let mut host =
            HostRecord::new(address(&row.get::<_, String>(0)?)?, ports, time(row.get(16)?));
        host.status = match row.get::<_, String>(1)?.as_str() {
            "up" => HostStatus::Up,
            "down" => HostStatus::Down,
            _ => HostStatus::Unknown,
        };
        host.reason = Reason::named(&row.get::<_, String>(2)?);
        host.reason_ttl = row.get(3)?;
        (host.target_name, host.reverse_name) = (row.get(4)?, row.get(5)?);
        let others: String = row.get(6)?;
        host.other_addresses = others.split_whitespace().map(address).collect::<Read<_>>()?;
        host.times = match (row.get(7)?, row.get(8)?, row.get(9)?) {
            (Some(srtt), Some(rttvar), Some(timeout)) => Some(RoundTrip {
                srtt: duration(srtt),
                rttvar: duration(rttvar),
                timeout: duration(timeout),
            }),
            _ => None,
        };
        host.source = row.get::<_, Option<String>>(10)?.as_deref().map(address).transpose()?;
        (host.interface, host.interface_mtu) = (row.get(11)?, row.get(12)?);
        (host.directly_connected, host.mac) = (row.get(13)?, row.get(14)?);
        (host.timed_out, host.vendor) = (row.get(15)?, row.get(18)?);
        host.finished = row.get::<_, Option<i64>>(17)?.map(time);
        if self.keeps(trace::TABLE) && self.keeps(trace::HOPS) {
            host.trace = trace::read(&self.database, id)?;
        }
        if self.keeps(system::TABLE) {
            host.os = system::read(&self.database, id)?.map(Box::new);
        }
        self.scripts(id, &mut host)?;
        Ok(host)
    }

    fn ports(&self, id: i64) -> Read<PortTable> {
        let mut found: Vec<(PortKey, PortStatus, PortDetail)> = Vec::new();
        let mut names = HashMap::new();
        let sql = "SELECT protocol, port, state, reason, ttl, service, is_lookup, product, version,
                       extra_info, hostname, os_type, device_type, fingerprint, cpe, method,
                       confidence, tunnel
                   FROM port WHERE host = ?1";
        let mut statement = self.database.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let key = port_key(&row.get::<_, String>(0)?, row.get(1)?)?;
            let mut detail = PortDetail::default();
            if row.get(6)? {
                names.extend(row.get::<_, Option<String>>(5)?.map(|name| (key, name)));
            } else {
                detail.service = Some(service(row)?);
            }
            found.push((key, status(row, 2)?, detail));
        }
        let sql = "SELECT protocol, ports, state, reason, ttl FROM port_group WHERE host = ?1";
        let mut statement = self.database.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        // One that a script changed has a row of its own as well.
        let own: HashSet<PortKey> = found.iter().map(|(key, _, _)| *key).collect();
        while let Some(row) = rows.next()? {
            let (protocol, list): (String, String) = (row.get(0)?, row.get(1)?);
            for key in numbers(&list)?.into_iter().map(|number| port_key(&protocol, number)) {
                let key = key?;
                if own.contains(&key) {
                    continue;
                }
                found.push((key, status(row, 2)?, PortDetail::default()));
            }
        }
        let keys = found.iter().map(|(key, _, _)| *key).collect();
        let mut table = PortTable::new(Arc::new(ScanPorts::new(keys, Arc::new(Names(names)))));
        for (key, status, detail) in found {
            table.set_status(key, status);
            if let (Some(slot), Some(_)) = (table.detail_mut(key), &detail.service) {
                *slot = detail;
            }
        }
        if self.keeps(teller::TABLE) {
            teller::read(&self.database, id, &mut table)?;
        }
        Ok(table)
    }

    fn scripts(&self, id: i64, host: &mut HostRecord) -> Read<()> {
        let sql = "SELECT script, output, structured, protocol, port FROM script_result
                   WHERE host = ?1 ORDER BY id";
        let mut statement = self.database.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let result = result(row)?;
            match row.get::<_, Option<String>>(3)? {
                None => host.scripts.push(result),
                Some(protocol) => {
                    let key = port_key(&protocol, row.get(4)?)?;
                    let detail = host.ports.detail_mut(key);
                    detail
                        .ok_or_else(|| damaged("a script on a port that was not scanned"))?
                        .scripts
                        .push(result);
                }
            }
        }
        let sql = "SELECT rule, protocol, port, script, state, message, elapsed FROM script_run
                   WHERE host = ?1 ORDER BY id";
        let mut statement = self.database.prepare_cached(sql)?;
        let mut rows = statement.query(params![id])?;
        while let Some(row) = rows.next()? {
            host.runs.push(script_run(row, Some(host.address))?);
        }
        Ok(())
    }
}

fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or_default())
}

pub(crate) fn address(text: &str) -> Read<IpAddr> {
    text.parse().map_err(|_| StoreError::Damaged(format!("'{text}' is no address")))
}

pub(crate) fn port_key(protocol: &str, number: u16) -> Read<PortKey> {
    let protocol = protocol.parse().map_err(|_| damaged("a protocol"))?;
    Ok(PortKey::new(protocol, number))
}

/// State, reason and TTL, from this column on.
fn status(row: &Row<'_>, at: usize) -> Read<PortStatus> {
    Ok(PortStatus {
        state: state(&row.get::<_, String>(at)?)?,
        reason: Reason::named(&row.get::<_, String>(at + 1)?),
        ttl: row.get(at + 2)?,
    })
}

fn service(row: &Row<'_>) -> Read<ServiceInfo> {
    let cpe: String = row.get(14)?;
    Ok(ServiceInfo {
        name: row.get(5)?,
        product: row.get(7)?,
        version: row.get(8)?,
        extra_info: row.get(9)?,
        hostname: row.get(10)?,
        os_type: row.get(11)?,
        device_type: row.get(12)?,
        fingerprint: row.get(13)?,
        cpe: cpe.lines().map(str::to_owned).collect(),
        method: match row.get::<_, String>(15)?.as_str() {
            "probed" => ServiceMethod::Probed,
            _ => ServiceMethod::Table,
        },
        confidence: row.get(16)?,
        tunnel: row.get::<_, Option<String>>(17)?.map_or(Tunnel::None, |_| Tunnel::Ssl),
    })
}

fn result(row: &Row<'_>) -> Read<ScriptResult> {
    let structured: Option<String> = row.get(2)?;
    Ok(ScriptResult {
        id: row.get::<_, String>(0)?.into(),
        output: row.get(1)?,
        structured: structured.as_deref().map(read_structured).transpose()?,
    })
}

fn script_run(row: &Row<'_>, address: Option<IpAddr>) -> Read<ScriptRun> {
    let protocol: Option<String> = row.get(1)?;
    let port = match protocol {
        Some(protocol) => Some(port_key(&protocol, row.get(2)?)?),
        None => None,
    };
    let (state, message): (String, Option<String>) = (row.get(4)?, row.get(5)?);
    let outcome = ScriptOutcome::from_state(&state, &message.unwrap_or_default());
    Ok(ScriptRun {
        id: row.get::<_, String>(3)?.into(),
        phase: Phase::from_rule_name(&row.get::<_, String>(0)?).ok_or_else(|| damaged("a rule"))?,
        address,
        port,
        outcome: outcome.ok_or_else(|| damaged("a state of a script"))?,
        elapsed: duration(row.get(6)?),
    })
}

/// A list such as `1-21,23`.
pub(crate) fn numbers(list: &str) -> Read<Vec<u16>> {
    let mut numbers = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.parse::<u16>().map_err(|_| damaged("a list of ports"));
        numbers.extend(number(first)?..=number(last)?);
    }
    Ok(numbers)
}
