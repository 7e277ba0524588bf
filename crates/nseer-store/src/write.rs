//! Writes what happens, many events in one transaction.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::slice;
use std::sync::Arc;

use nseer_core::event::{RunInfo, RunSummary};
use nseer_core::port_spec::compact_list;
use nseer_core::{
    Event, HostRecord, Phase, PhaseRecord, PortKey, PortState, PortStatus, RegistryChanges,
    RegistryPlace, ScriptResult, ScriptRun, ServiceInfo, Tunnel,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::value::{count, length, micros, structured};
use crate::{Beginning, Store, StoreError, registry, system, teller, trace};

/// Ports of one state that have a row each; more share one, and lose their names. Outputs show no more
/// one by one at these levels of `-v` and `-d`.
pub(crate) fn most_rows(verbosity: u8, debugging: u8) -> usize {
    25 * (1 + usize::from(verbosity)) + 500 * usize::from(debugging)
}

/// Events that wait at most, so that memory is bounded.
const MOST_WAITING: usize = 1000;

impl Store {
    /// Takes an event. What it tells outlives the program after the next [`Store::commit`]; many events
    /// in one transaction cost far less than one each.
    ///
    /// # Errors
    /// [`StoreError`] where many events wait and cannot be written, as for [`Store::commit`].
    pub fn take(&mut self, event: Event) -> Result<(), StoreError> {
        self.take_together([event])
    }

    /// Takes events that belong together: the next commit writes all of them.
    ///
    /// # Errors
    /// As for [`Store::take`].
    pub fn take_together(
        &mut self,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<(), StoreError> {
        for event in events {
            if let Event::RunStarted(run) = &event {
                self.most_rows = most_rows(run.verbosity, run.debugging);
            }
            self.waiting.extend(Kept::of(event));
        }
        if self.waiting.len() < MOST_WAITING { Ok(()) } else { self.commit() }
    }

    /// Something that was taken would be lost if the program were killed now.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many scripts and hosts that have ended would have to be done again then.
    #[must_use]
    pub fn ended(&self) -> usize {
        let is_end = |kept: &&Kept| matches!(kept, Kept::Script(..) | Kept::Done(_));
        self.waiting.iter().filter(is_end).count()
    }

    /// Writes what waits. When this returns, everything that was taken outlives the program.
    ///
    /// # Errors
    /// [`StoreError`] where something cannot be written. What came before it is kept, the rest is lost.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        let waiting = std::mem::take(&mut self.waiting);
        // A host that is done has everything in it that was told before.
        let done: HashSet<IpAddr> = waiting.iter().filter_map(done_host).collect();
        let is_told = |address: Option<IpAddr>| address.is_some_and(|a| done.contains(&a));
        let batch: Vec<Kept> = waiting
            .into_iter()
            .filter(|kept| match kept {
                Kept::Scanned(host) => !is_told(Some(host.address)),
                Kept::Port(address, ..) => !is_told(Some(*address)),
                Kept::Script(run, _) => !is_told(run.address),
                Kept::Registry(changes) => !is_told(changes.host()),
                _ => true,
            })
            .collect();
        if batch.is_empty() || self.write_all(&batch).is_ok() {
            return Ok(());
        }
        // Some of them may still find room.
        batch.iter().try_for_each(|kept| self.write_all(slice::from_ref(kept)))
    }

    /// Writes a batch in one transaction: all of them or, where it fails, none.
    fn write_all(&mut self, batch: &[Kept]) -> Result<(), StoreError> {
        let mut begun = HashMap::new();
        let transaction = self.database.unchecked_transaction()?;
        for kept in batch {
            self.write(kept, &mut begun)?;
        }
        transaction.commit()?;
        self.hosts.extend(begun);
        for address in batch.iter().filter_map(done_host) {
            self.hosts.remove(&address);
        }
        Ok(())
    }

    /// Writes one thing; of a host that begins, `begun` gets the number.
    fn write(&self, kept: &Kept, begun: &mut HashMap<IpAddr, i64>) -> Result<(), StoreError> {
        let db = &self.database;
        let number = |begun: &HashMap<IpAddr, i64>, address: IpAddr| {
            begun.get(&address).or_else(|| self.hosts.get(&address)).copied()
        };
        match kept {
            Kept::Run(run) => write_run(db, run, &self.beginning)?,
            Kept::Target(target) => {
                let sql = "INSERT OR IGNORE INTO found_target VALUES (?1)";
                db.prepare_cached(sql)?.execute([target])?;
            }
            Kept::Scanned(host) => {
                let id = self.write_host(host, "scanned")?.id;
                begun.insert(host.address, id);
            }
            Kept::Port(address, key, status, service, is_lookup) => {
                if let Some(host) = number(begun, *address) {
                    write_port(db, host, *key, *status, service, *is_lookup)?;
                }
            }
            Kept::Script(run, result) => {
                // Scripts of phases are written when their phase is done, all at once.
                if let Some(host) = run.address.and_then(|address| number(begun, address)) {
                    write_script_run(db, Some(host), run)?;
                    if let Some(result) = result {
                        write_result(db, Some(host), run.phase, run.port, result)?;
                    }
                }
            }
            Kept::Registry(RegistryChanges { place, is_whole, changes }) => {
                let (host, worker) = match place {
                    RegistryPlace::Run(worker) => (Some(registry::RUN), *worker),
                    RegistryPlace::Host(address) => (number(begun, *address), 0),
                };
                if let Some(host) = host {
                    registry::write(db, (host, worker), *is_whole, changes)?;
                }
            }
            Kept::Done(host) => {
                let written = self.write_host(host, "done")?;
                write_scripts(db, &written, host)?;
                if !written.is_new {
                    registry::forget(db, written.id)?;
                }
            }
            Kept::Phase(phase, record) => write_phase(db, *phase, record)?,
            Kept::End(run) => write_end(db, run)?,
        }
        Ok(())
    }
}

/// What a store has a place for, of an event.
#[derive(Debug)]
pub(crate) enum Kept {
    Run(RunInfo),
    Target(String),
    Scanned(Arc<HostRecord>),
    Port(IpAddr, PortKey, PortStatus, Box<ServiceInfo>, bool),
    Script(ScriptRun, Option<ScriptResult>),
    Registry(RegistryChanges),
    Done(Arc<HostRecord>),
    Phase(Phase, PhaseRecord),
    End(RunSummary),
}

impl Kept {
    fn of(event: Event) -> Option<Kept> {
        Some(match event {
            Event::RunStarted(run) => Kept::Run(run),
            Event::TargetFound(target) => Kept::Target(target),
            Event::HostScanned(host) => Kept::Scanned(host),
            Event::PortChanged { address, port, status, service, is_lookup } => {
                Kept::Port(address, port, status, service, is_lookup)
            }
            Event::ScriptFinished { run, result } => Kept::Script(run, result),
            Event::RegistryChanged(changes) => Kept::Registry(changes),
            Event::HostDone(host) => Kept::Done(host),
            Event::PhaseDone { phase, record } => Kept::Phase(phase, record),
            Event::RunFinished(run) => Kept::End(run),
            _ => return None,
        })
    }
}

fn done_host(kept: &Kept) -> Option<IpAddr> {
    match kept {
        Kept::Done(host) => Some(host.address),
        _ => None,
    }
}

fn write_run(db: &Connection, run: &RunInfo, beginning: &Beginning) -> rusqlite::Result<()> {
    // A scan that goes on has begun already.
    let begun: Option<i64> = db.query_row("SELECT 1 FROM run", [], |row| row.get(0)).optional()?;
    if begun.is_some() {
        db.execute("UPDATE run SET finished = NULL, interrupted = NULL", [])?;
        return Ok(());
    }
    let words: Vec<&[u8]> = beginning.words.iter().map(|word| word.as_bytes()).collect();
    db.execute(
        "INSERT INTO run (program, version, args, words, folder, started, verbosity, debugging)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            run.program,
            run.version,
            run.args,
            words.join(&0),
            beginning.folder.as_os_str().as_bytes(),
            micros(run.started),
            run.verbosity,
            run.debugging
        ],
    )?;
    for scan in &run.scans {
        db.execute(
            "INSERT INTO scan VALUES (?1, ?2, ?3, ?4)",
            params![scan.kind, scan.protocol.as_str(), count(scan.count as u64), scan.services],
        )?;
    }
    Ok(())
}

fn write_end(db: &Connection, run: &RunSummary) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE run SET finished = ?1, elapsed = ?2, up = ?3, down = ?4, interrupted = ?5",
        params![
            micros(run.finished),
            length(run.elapsed),
            count(run.up),
            count(run.down),
            run.interrupted
        ],
    )?;
    if run.interrupted.is_none() {
        registry::forget_all(db)?;
    }
    Ok(())
}

fn write_phase(db: &Connection, phase: Phase, record: &PhaseRecord) -> Result<(), StoreError> {
    db.execute("INSERT OR REPLACE INTO phase VALUES (?1)", [phase.rule_name()])?;
    for sql in ["DELETE FROM script_run", "DELETE FROM script_result"] {
        db.execute(&format!("{sql} WHERE host IS NULL AND rule = ?1"), [phase.rule_name()])?;
    }
    for run in &record.runs {
        write_script_run(db, None, run)?;
    }
    for result in &record.results {
        write_result(db, None, phase, None, result)?;
    }
    Ok(())
}

impl Store {
    /// Writes a host and its ports anew; what its scripts wrote stays.
    fn write_host(&self, host: &HostRecord, progress: &str) -> Result<Written, StoreError> {
        let db = &self.database;
        let id = write_host_row(db, host, progress)?;
        // Most hosts are written once: nothing has to be looked for that could be in the way.
        let is_new = id > self.newest.get();
        if is_new {
            self.newest.set(id);
        } else {
            db.prepare_cached("DELETE FROM port WHERE host = ?1")?.execute([id])?;
            db.prepare_cached("DELETE FROM port_group WHERE host = ?1")?.execute([id])?;
        }
        write_ports(db, id, host, self.most_rows)?;
        teller::write(db, id, &host.ports)?;
        if let Some(trace) = &host.trace {
            trace::write(db, id, trace)?;
        }
        if let Some(os) = &host.os {
            system::write(db, id, os)?;
        }
        Ok(Written { id, is_new })
    }
}

/// A host that was written.
struct Written {
    id: i64,
    /// Nothing of it was there before.
    is_new: bool,
}

const INSERT_HOST: &str =
    "INSERT INTO host (address, progress, done_as, status, reason, reason_ttl,
         target_name, reverse_name, other_addresses, srtt, rttvar, timeout, source, interface,
         interface_mtu, directly_connected, mac, timed_out, started, finished, vendor)
     VALUES (?1, ?2, CASE ?2 WHEN 'done' THEN (SELECT coalesce(max(done_as), 0) + 1 FROM host) END,
         ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
     ON CONFLICT (address) DO NOTHING";

const UPDATE_HOST: &str = "UPDATE host SET progress = ?2,
         done_as = CASE ?2 WHEN 'done' THEN (SELECT coalesce(max(done_as), 0) + 1 FROM host) END,
         status = ?3, reason = ?4, reason_ttl = ?5, target_name = ?6, reverse_name = ?7,
         other_addresses = ?8, srtt = ?9, rttvar = ?10, timeout = ?11, source = ?12, interface = ?13,
         interface_mtu = ?14, directly_connected = ?15, mac = ?16, timed_out = ?17, started = ?18,
         finished = ?19, vendor = ?20
     WHERE address = ?1";

/// Gives the host's number. (A `RETURNING` would give it as well, through a table that is made for it.)
fn write_host_row(db: &Connection, host: &HostRecord, progress: &str) -> Result<i64, StoreError> {
    let address = host.address.to_string();
    let others: Vec<String> = host.other_addresses.iter().map(ToString::to_string).collect();
    let values = params![
        address,
        progress,
        host.status.as_str(),
        host.reason.as_str(),
        host.reason_ttl,
        host.target_name,
        host.reverse_name,
        others.join(" "),
        host.times.map(|times| length(times.srtt)),
        host.times.map(|times| length(times.rttvar)),
        host.times.map(|times| length(times.timeout)),
        host.source.map(|source| source.to_string()),
        host.interface,
        host.interface_mtu,
        host.directly_connected,
        host.mac,
        host.timed_out,
        micros(host.started),
        host.finished.map(micros),
        host.vendor
    ];
    if db.prepare_cached(INSERT_HOST)?.execute(values)? == 1 {
        return Ok(db.last_insert_rowid());
    }
    db.prepare_cached(UPDATE_HOST)?.execute(values)?;
    let mut number = db.prepare_cached("SELECT id FROM host WHERE address = ?1")?;
    Ok(number.query_row([address], |row| row.get(0))?)
}

fn write_ports(
    db: &Connection,
    id: i64,
    host: &HostRecord,
    most_rows: usize,
) -> Result<(), StoreError> {
    let mut counts = [0_usize; PortState::ALL.len()];
    for (_, status) in host.ports.iter() {
        counts[status.state as usize] += 1;
    }
    let mut groups: Vec<(PortKey, PortStatus, Vec<PortKey>)> = Vec::new();
    for (key, status) in host.ports.iter() {
        let is_many = counts[status.state as usize] > most_rows;
        if status.state.is_scriptable() || host.ports.detail(key).is_some() || !is_many {
            let is_lookup = host.ports.detail(key).is_none_or(|detail| detail.service.is_none());
            write_port(db, id, key, status, &host.ports.service(key), is_lookup)?;
            continue;
        }
        let same = |(first, other, _): &&mut (PortKey, PortStatus, Vec<PortKey>)| {
            first.protocol == key.protocol && *other == status
        };
        match groups.iter_mut().find(same) {
            Some((_, _, keys)) => keys.push(key),
            None => groups.push((key, status, vec![key])),
        }
    }
    let mut insert = db.prepare_cached("INSERT INTO port_group VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (first, status, keys) in groups {
        insert.execute(params![
            id,
            first.protocol.as_str(),
            status.state.as_str(),
            status.reason.as_str(),
            status.ttl,
            compact_list(&keys, first.protocol)
        ])?;
    }
    Ok(())
}

/// Writes a port, in place of what was known of it.
fn write_port(
    db: &Connection,
    id: i64,
    key: PortKey,
    status: PortStatus,
    service: &ServiceInfo,
    is_lookup: bool,
) -> Result<(), StoreError> {
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO port VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
             ?16, ?17, ?18, ?19)",
    )?;
    insert.execute(params![
        id,
        key.protocol.as_str(),
        key.number,
        status.state.as_str(),
        status.reason.as_str(),
        status.ttl,
        service.name,
        is_lookup,
        service.product,
        service.version,
        service.extra_info,
        service.hostname,
        service.os_type,
        service.device_type,
        service.fingerprint,
        service.cpe.join("\n"),
        service.method.as_str(),
        service.confidence,
        (service.tunnel == Tunnel::Ssl).then_some("ssl")
    ])?;
    Ok(())
}

/// The scripts of a host that is done, in place of what was written while they ran.
fn write_scripts(db: &Connection, to: &Written, host: &HostRecord) -> Result<(), StoreError> {
    let id = to.id;
    if !to.is_new {
        db.prepare_cached("DELETE FROM script_run WHERE host = ?1")?.execute([id])?;
        db.prepare_cached("DELETE FROM script_result WHERE host = ?1")?.execute([id])?;
    }
    for run in &host.runs {
        write_script_run(db, Some(id), run)?;
    }
    for result in &host.scripts {
        write_result(db, Some(id), Phase::Host, None, result)?;
    }
    for (key, _) in host.ports.iter() {
        for result in host.ports.detail(key).map_or(&[][..], |detail| &detail.scripts) {
            write_result(db, Some(id), Phase::Port, Some(key), result)?;
        }
    }
    Ok(())
}

fn write_script_run(db: &Connection, host: Option<i64>, run: &ScriptRun) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO script_run (host, rule, protocol, port, script, state, message, elapsed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert.execute(params![
        host,
        run.phase.rule_name(),
        run.port.map(|port| port.protocol.as_str()),
        run.port.map(|port| port.number),
        run.id.as_ref(),
        run.outcome.state(),
        run.outcome.message(),
        length(run.elapsed)
    ])?;
    Ok(())
}

fn write_result(
    db: &Connection,
    host: Option<i64>,
    phase: Phase,
    port: Option<PortKey>,
    result: &ScriptResult,
) -> Result<(), StoreError> {
    let mut insert = db.prepare_cached(
        "INSERT INTO script_result (host, rule, protocol, port, script, output, structured)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute(params![
        host,
        phase.rule_name(),
        port.map(|port| port.protocol.as_str()),
        port.map(|port| port.number),
        result.id.as_ref(),
        result.output,
        result.structured.as_ref().map(structured).transpose()?
    ])?;
    Ok(())
}
