//! A run from its plan to its exit code: targets → discovery → ports → scripts → sinks.
//!
//! Each host is one task that walks this line by itself; a permit bounds how many are on their
//! way, and is given back when the host has been handed to the sinks.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use nseer_core::event::RunSummary;
use nseer_core::progress::PingScan;
use nseer_core::{
    Event, EventSink, HostRecord, HostStatus, PortState, PortTable, Reason, ScanPorts, Severity,
    Stage,
};
use nseer_engine::data_dir::DataDirs;
use nseer_net::Network;
use nseer_scan::{Scanner, Technique, Told};
use nseer_seam::System;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::past::Past;
use crate::plan::{Depth, Names};
use crate::scanner::port_scan;
use crate::scripts::Scripts;
use crate::share::Share;
use crate::sinks::Sinks;
use crate::tap::PacketTap;
use crate::target_source::{FoundTargets, Target, TargetSource, count_of};
use crate::tasks::{HostTasks, Tasks};
use crate::vendors::Vendors;
use crate::versions::Versions;

/// Everything that a run needs, ready to go.
pub struct Run {
    /// Files, clock, random numbers.
    pub system: System,
    /// The network.
    pub network: Network,
    /// Where events go.
    pub sinks: Sinks,
    /// The scanner.
    pub scanner: Arc<Scanner>,
    /// Knows who made hosts' network hardware.
    pub vendors: Vendors,
    /// Finds out versions of services, where they were asked for.
    pub versions: Option<Arc<Versions>>,
    /// The scripts, where any may run.
    pub scripts: Option<Scripts>,
    /// What each host is asked for, and which hosts.
    pub share: Share,
    /// How far the scan goes.
    pub depth: Depth,
    /// Whose names are looked up.
    pub names: Names,
    /// How long a host may take.
    pub host_timeout: Option<std::time::Duration>,
    /// Targets that scripts found.
    pub found: Arc<FoundTargets>,
    /// Most hosts on their way at a time.
    pub hosts_in_flight: usize,
    /// What an earlier run has done.
    pub past: Past,
    /// What of the work has begun and ended.
    pub tasks: Arc<Tasks<Sinks>>,
    /// Where files were looked for.
    pub data: Arc<DataDirs>,
    /// Knows how much was sent.
    pub tap: PacketTap,
}

/// Names that are looked up at a time for a list.
const LISTED_AT_A_TIME: usize = 256;

#[derive(Default)]
struct Counts {
    up: AtomicU64,
    down: AtomicU64,
}

/// Tells of something that was asked for and could not be done.
pub fn complain(sinks: &Sinks, text: &str) {
    sinks.emit(Event::Message { severity: Severity::Error, text: text.as_bytes().to_vec() });
}

impl Run {
    /// Runs to the end, or until `stop` is ready; its text says why. What else ends it, such as a
    /// script that cannot be loaded, is told.
    pub async fn go(
        self,
        mut targets: TargetSource,
        stop: impl Future<Output = String>,
        begun: Instant,
    ) {
        let run = Arc::new(self);
        let (up, down) = run.past.counts();
        let counts = Arc::new(Counts { up: up.into(), down: down.into() });
        let interrupted = tokio::select! {
            why = stop => Some(why),
            why = run.fails_to_open() => {
                complain(&run.sinks, &format!("nseer: {why}"));
                Some(why)
            }
            () = Run::all_phases(&run, &mut targets, &counts) => None,
        };
        if interrupted.is_some() {
            run.sinks.mark_failed();
        }
        run.finished(&counts, begun, interrupted);
    }

    async fn fails_to_open(&self) -> String {
        match &self.scripts {
            Some(scripts) => scripts.fails_to_open(&self.past).await,
            None => std::future::pending().await,
        }
    }

    /// Ends a run that could not begin, and tells why.
    pub fn give_up(self, why: &str, begun: Instant) {
        complain(&self.sinks, &format!("nseer: {why}"));
        self.finished(&Counts::default(), begun, Some(why.to_owned()));
    }

    fn finished(&self, counts: &Counts, begun: Instant, interrupted: Option<String>) {
        let clock = &self.system.clock;
        let levels = self.sinks.levels();
        for line in data_lines(&self.data, levels.verbosity(), levels.debugging()) {
            let text = line.into_bytes();
            self.sinks.emit(Event::Message { severity: Severity::Note, text });
        }
        if let Some(traffic) = self.tap.traffic() {
            self.sinks.emit(Event::Traffic(traffic));
        }
        self.sinks.emit(Event::RunFinished(RunSummary {
            finished: clock.wall(),
            elapsed: clock.now().saturating_duration_since(begun),
            up: counts.up.load(Ordering::Relaxed),
            down: counts.down.load(Ordering::Relaxed),
            interrupted,
        }));
    }

    async fn all_phases(run: &Arc<Run>, targets: &mut TargetSource, counts: &Arc<Counts>) {
        if run.depth == Depth::List {
            run.precede().await;
            Run::list(run, targets, counts).await;
            return run.close().await;
        }
        let (up, down) = run.past.counts();
        let done_before = up.saturating_add(down);
        if run.sinks.is_watched() {
            let expected = targets.remaining().saturating_sub(done_before);
            run.sinks.emit(Event::HostsExpected(expected));
            run.tasks.expect(expected);
        }
        let permits = Arc::new(Semaphore::new(run.hosts_in_flight));
        let mut tasks = JoinSet::new();
        loop {
            for target in run.found.take() {
                run.sinks.emit(Event::HostsExpected(count_of(&target)));
                run.tasks.expect(count_of(&target));
                targets.push(target);
            }
            let Some(target) = targets.next().await else {
                run.tasks.close();
                // Scripts on the hosts that are still on their way may find more.
                match tasks.join_next().await {
                    Some(_) => continue,
                    None => run.precede().await,
                }
                if run.found.is_empty() {
                    break;
                }
                continue;
            };
            let Some(ports) = run.share.ports(target.address) else { continue };
            if run.past.is_done(target.address) {
                continue;
            }
            // The semaphore is never closed.
            let Ok(permit) = permits.clone().acquire_owned().await else { break };
            while tasks.try_join_next().is_some() {}
            let (run, counts) = (run.clone(), counts.clone());
            tasks.spawn(async move {
                run.host(target, &ports, &counts).await;
                drop(permit);
            });
        }
        run.close().await;
    }

    /// `-sL`: nothing to wait for but names, and a list is expected in its order.
    async fn list(run: &Arc<Run>, targets: &mut TargetSource, counts: &Counts) {
        let mut named = VecDeque::new();
        loop {
            let target = targets.next().await;
            let ended = target.is_none();
            let ours = target.and_then(|t| run.share.ports(t.address).map(|ports| (t, ports)));
            if let Some((target, ports)) = ours.filter(|(t, _)| !run.past.is_done(t.address)) {
                let (run, mut host) = (run.clone(), run.record(target, &ports));
                named.push_back(tokio::spawn(async move {
                    if run.wants_name(&host) {
                        host.reverse_name = run.network.reverse(host.address).await;
                    }
                    host
                }));
            }
            while named.len() >= LISTED_AT_A_TIME || (ended && !named.is_empty()) {
                let Some(task) = named.pop_front() else { break };
                if let Ok(host) = task.await {
                    counts.down.fetch_add(1, Ordering::Relaxed);
                    run.sinks.emit(Event::HostDone(Arc::new(host)));
                }
            }
            if ended {
                return;
            }
        }
    }

    /// What scripts say before the hosts comes before what is said of these.
    async fn precede(&self) {
        if let Some(scripts) = &self.scripts {
            scripts.precede(&self.past).await;
        }
    }

    async fn close(&self) {
        if let Some(scripts) = &self.scripts {
            scripts.close(&self.past).await;
        }
    }

    fn record(&self, target: Target, ports: &Arc<ScanPorts>) -> HostRecord {
        let table = PortTable::new(ports.clone());
        let mut host = HostRecord::new(target.address, table, self.system.clock.wall());
        if self.depth == Depth::List {
            host.reason = Reason::UserSet;
        }
        host.target_name = target.name;
        host.other_addresses = target.others;
        host
    }

    fn wants_name(&self, host: &HostRecord) -> bool {
        match self.names {
            Names::Never => false,
            Names::Up => host.status != HostStatus::Down,
            Names::Always => true,
        }
    }

    async fn name_hops(&self, host: &mut HostRecord) {
        let hops = host.trace.iter_mut().flat_map(|trace| &mut trace.hops);
        for hop in hops.filter(|_| self.names != Names::Never) {
            hop.name = self.network.reverse(hop.address).await;
        }
    }

    async fn host(&self, target: Target, ports: &Arc<ScanPorts>, counts: &Counts) {
        let _witness = PanicWitness { sinks: self.sinks.clone(), address: target.address };
        let clock = &self.system.clock;
        let scanned_before = self.past.take_scanned(target.address, ports);
        let is_new = scanned_before.is_none();
        let mut host = scanned_before.unwrap_or_else(|| self.record(target, ports));
        let deadline = self.host_timeout.and_then(|t| clock.now().checked_add(t));
        let mut tasks = self.tasks.host(host.address, host.target_name.as_deref());
        if is_new {
            // In boxes of their own, so that a host whose scripts run does not keep the room that its
            // scan took.
            Box::pin(self.scan(&mut host, deadline, &mut tasks)).await;
            if self.wants_name(&host) {
                tasks.enter(Stage::Name, 1);
                host.reverse_name = Box::pin(self.network.reverse(host.address)).await;
            }
            Box::pin(self.name_hops(&mut host)).await;
            host.vendor = host.mac.and_then(|mac| self.vendors.name(mac));
        }
        match host.status {
            HostStatus::Up => counts.up.fetch_add(1, Ordering::Relaxed),
            HostStatus::Down | HostStatus::Unknown => counts.down.fetch_add(1, Ordering::Relaxed),
        };
        if host.status == HostStatus::Up
            && !host.timed_out
            && is_new
            && let Some(versions) = &self.versions
        {
            let asked = versions.asked(&host);
            if asked > 0 {
                tasks.enter(Stage::Versions, asked);
            }
            Box::pin(versions.detect(&mut host, deadline)).await;
            host.timed_out |= deadline.is_some_and(|d| clock.now() >= d);
        }
        self.precede().await;
        if host.status == HostStatus::Up
            && !host.timed_out
            && let Some(scripts) = self.scripts.as_ref().filter(|s| s.may_run_on(&host))
        {
            if is_new && self.sinks.keeps_hosts() {
                self.sinks.emit(Event::HostScanned(Arc::new(host.clone())));
            }
            tasks.enter(Stage::Scripts, 0);
            host = scripts.run_host(host, deadline, &self.past).await;
            host.timed_out |= deadline.is_some_and(|d| clock.now() >= d);
        }
        host.finished = Some(clock.wall());
        drop(tasks);
        self.sinks.emit(Event::HostDone(Arc::new(host)));
    }

    async fn scan(
        &self,
        host: &mut HostRecord,
        deadline: Option<Instant>,
        tasks: &mut HostTasks<Sinks>,
    ) {
        let deadline = deadline.map(Into::into);
        let end = match self.depth {
            Depth::List => Ok(()),
            Depth::Hosts | Depth::Ports => {
                let (sinks, address) = (self.sinks.clone(), host.address);
                let mut tally = Tally::new(0);
                let told = move |told| match told {
                    Told::Port(port, state) => {
                        if state == PortState::Open {
                            sinks.emit(Event::PortFound { address, port, state });
                        }
                        if let Some(known) = tally.count() {
                            sinks.emit(Event::PortsKnown { address, known, of: tally.of });
                        }
                    }
                    Told::Scanning(technique, ports) => {
                        tally = Tally::new(ports);
                        enter_ports(tasks, technique, ports);
                    }
                    Told::Knocking { link, probes } => {
                        let ping = match (link, address) {
                            (false, _) => PingScan::Probes,
                            (true, IpAddr::V4(_)) => PingScan::Arp,
                            (true, IpAddr::V6(_)) => PingScan::Neighbour,
                        };
                        tasks.enter(Stage::Ping(ping), probes);
                    }
                    Told::Tracing => tasks.enter(Stage::Trace, 1),
                    _ => {}
                };
                self.scanner.scan(host, deadline, told).await
            }
        };
        if let Err(error) = end {
            let text = error.to_string().into_bytes();
            self.sinks.emit(Event::Message { severity: Severity::Error, text });
        }
    }
}

/// Which folders the run read data files from: with `-v` the folders, with `-d` the files too.
fn data_lines(data: &DataDirs, verbosity: u8, debugging: u8) -> Vec<String> {
    if verbosity == 0 && debugging == 0 {
        return Vec::new();
    }
    let used = data.used();
    let line = |(folder, files): (&PathBuf, &BTreeSet<String>)| match debugging {
        0 => format!("Read data files from: {}", folder.display()),
        _ => {
            let names: Vec<&str> = files.iter().map(String::as_str).collect();
            format!("Read from {}: {}.", folder.display(), names.join(" "))
        }
    };
    used.iter().map(line).collect()
}

fn enter_ports(tasks: &mut HostTasks<Sinks>, technique: Technique, ports: usize) {
    if let Some(scan) = port_scan(technique) {
        tasks.enter(Stage::Ports(scan), ports);
    }
}

/// Tells where a fault of the program ended the task of a host, so that the host is not missed in silence.
struct PanicWitness<S: EventSink> {
    sinks: S,
    address: IpAddr,
}

impl<S: EventSink> Drop for PanicWitness<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = format!(
                "the scan of {} broke off, and its results are lost: a fault of nseer, please report it",
                self.address
            );
            self.sinks.emit(Event::Message { severity: Severity::Error, text: text.into_bytes() });
        }
    }
}

/// Counts ports that are known, to tell of it now and then.
struct Tally {
    known: usize,
    of: usize,
}

/// How often it is told of one host.
const TOLD: usize = 50;

impl Tally {
    fn new(of: usize) -> Tally {
        Tally { known: 0, of }
    }

    /// One more is known; gives how many are where that is worth telling.
    fn count(&mut self) -> Option<usize> {
        self.known += 1;
        let step = (self.of / TOLD).max(1);
        self.known.is_multiple_of(step).then_some(self.known)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<Event>>>);

    impl EventSink for Heard {
        fn emit(&self, event: Event) {
            self.0.lock().unwrap().push(event);
        }
    }

    #[tokio::test]
    async fn a_task_that_panics_is_told_of() {
        let heard = Heard::default();
        let address = IpAddr::from([192, 0, 2, 7]);
        for breaks in [false, true] {
            let witness = PanicWitness { sinks: heard.clone(), address };
            let task = tokio::spawn(async move {
                let _witness = witness;
                assert!(!breaks, "on purpose");
            });
            assert_eq!(task.await.is_err(), breaks);
        }
        let events = heard.0.lock().unwrap();
        let [Event::Message { severity: Severity::Error, text }] = &events[..] else {
            panic!("{} events", events.len());
        };
        assert!(String::from_utf8_lossy(text).contains("192.0.2.7"));
    }
}
