//! A run from its plan to its exit code: targets → discovery → ports → scripts → sinks.
//!
//! Each host is one task that walks this line by itself; a permit bounds how many are on their
//! way, and is given back when the host has been handed to the sinks.

mod one_host;

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use nseer_core::event::RunSummary;
use nseer_core::progress::PortScan;
use nseer_core::{
    Event, EventSink as _, HostRecord, HostStatus, PortTable, Reason, ScanPorts, Severity,
};
use nseer_engine::data_dir::DataDirs;
use nseer_net::Network;
use nseer_scan::{Scanner, Technique};
use nseer_seam::System;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::past::Past;
use crate::plan::{Depth, Names};
use crate::scripts::Scripts;
use crate::share::Share;
use crate::sinks::Sinks;
use crate::systems::Systems;
use crate::tap::PacketTap;
use crate::target_source::{FoundTargets, Target, TargetSource, count_of};
use crate::tasks::Tasks;
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
    /// How ports are scanned, and by which techniques.
    pub scans: Vec<(PortScan, Technique)>,
    /// Knows who made hosts' network hardware.
    pub vendors: Vendors,
    /// Finds out versions of services, where they were asked for.
    pub versions: Option<Arc<Versions>>,
    /// Tells operating systems apart, where that was asked for.
    pub systems: Option<Systems>,
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

impl Counts {
    fn are_none(&self) -> bool {
        [&self.up, &self.down].iter().all(|count| count.load(Ordering::Relaxed) == 0)
    }
}

/// Counts one host, as soon as it is known to be up.
struct Counted<'a> {
    counts: &'a Counts,
    is_up: AtomicBool,
}

impl Counted<'_> {
    fn of(counts: &Counts) -> Counted<'_> {
        Counted { counts, is_up: AtomicBool::new(false) }
    }

    /// It is up.
    fn up(&self) {
        if !self.is_up.swap(true, Ordering::Relaxed) {
            self.counts.up.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Its scan has ended.
    fn settle(&self, status: HostStatus) {
        match status {
            HostStatus::Up => self.up(),
            HostStatus::Down | HostStatus::Unknown => {
                if self.is_up.swap(false, Ordering::Relaxed) {
                    self.counts.up.fetch_sub(1, Ordering::Relaxed);
                }
                self.counts.down.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Why a run ends early.
struct End {
    why: String,
    /// A message told that.
    is_told: bool,
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
        let mut working = JoinSet::new();
        let interrupted = tokio::select! {
            why = stop => Some(End { why, is_told: false }),
            why = run.fails_to_open() => {
                complain(&run.sinks, &format!("nseer: {why}"));
                Some(End { why, is_told: true })
            }
            () = Run::all_phases(&run, &mut targets, &counts, &mut working) => None,
        };
        // Hosts that are not done tell what is known of them.
        working.shutdown().await;
        if interrupted.is_some() {
            run.sinks.mark_failed();
        } else if targets.were_given() && counts.are_none() {
            let text = "nseer: warning: no host was scanned: no target was left after exclusions, \
                        or none is known";
            run.sinks.emit(Event::Message { severity: Severity::Warning, text: text.into() });
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
        let end = End { why: why.to_owned(), is_told: true };
        self.finished(&Counts::default(), begun, Some(end));
    }

    fn finished(&self, counts: &Counts, begun: Instant, early: Option<End>) {
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
            is_told: early.as_ref().is_some_and(|end| end.is_told),
            interrupted: early.map(|end| end.why),
        }));
    }

    async fn all_phases(
        run: &Arc<Run>,
        targets: &mut TargetSource,
        counts: &Arc<Counts>,
        working: &mut JoinSet<()>,
    ) {
        // Scripts before the hosts may make ready what leads to them, and for one that cannot be loaded nothing
        // is sent.
        run.precede().await;
        if run.depth == Depth::List {
            run.take_found(targets);
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
        loop {
            run.take_found(targets);
            let Some(target) = targets.next().await else {
                run.tasks.close();
                // Scripts on the hosts that are still on their way may find more.
                if working.join_next().await.is_none() && run.found.is_empty() {
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
            while working.try_join_next().is_some() {}
            let (run, counts) = (run.clone(), counts.clone());
            // In a box, since the runtime moves a task several times before and after it runs.
            working.spawn(Box::pin(async move {
                run.host(target, &ports, &counts).await;
                drop(permit);
            }));
        }
        run.close().await;
    }

    /// What scripts found so far comes after the targets at hand.
    fn take_found(&self, targets: &mut TargetSource) {
        for target in self.found.take() {
            self.sinks.emit(Event::HostsExpected(count_of(&target)));
            self.tasks.expect(count_of(&target));
            targets.push(target);
        }
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

    /// Scripts that run before the hosts have ended.
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
