//! Follows the events of a run.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use nseer_core::progress::{Slow, TaskProgress};
use nseer_core::{Event, HostStatus, PortKey, Progress, Stage, Task};

/// How many of the slowest are named.
const NAMED: usize = 3;

/// What runs for less long than this is not slow.
const SLOW: Duration = Duration::from_secs(1);

/// Less than this part of the work, or of time, is no ground for an estimate.
const TOO_LITTLE: f64 = 0.01;
const TOO_EARLY: Duration = Duration::from_secs(1);

/// What a run is doing. Give it every event; the first one begins the run.
#[derive(Debug)]
pub struct Tracker {
    begun: Instant,
    stages: Vec<Stage>,
    expected: u64,
    done: u64,
    up: u64,
    hosts: HashMap<IpAddr, Work>,
    /// Those of a host, and without one those of the time before or after.
    scripts: HashMap<Option<IpAddr>, HashMap<Running, Instant>>,
    /// What has begun and not ended, and when it began.
    tasks: Vec<(Task, Instant)>,
}

/// A script at work: its ID, and the port.
type Running = (Arc<str>, Option<PortKey>);

/// A host at work.
#[derive(Debug)]
struct Work {
    stage: Stage,
    since: Instant,
    /// The part of its ports that is known.
    ports: f64,
    started: usize,
    ended: usize,
}

impl Work {
    /// The part of its stage that is done.
    fn part(&self) -> f64 {
        match self.stage {
            Stage::Ports(_) => self.ports.clamp(0.0, 1.0),
            // More may begin later, so the last one is not the end.
            Stage::Scripts => self.ended as f64 / (self.started + 1) as f64,
            // What the others take is not known until they are done.
            _ => 0.0,
        }
    }
}

impl Tracker {
    /// A run that begins now, whose hosts go through `stages`.
    #[must_use]
    pub fn new(stages: Vec<Stage>, now: Instant) -> Tracker {
        Tracker {
            begun: now,
            stages,
            expected: 0,
            done: 0,
            up: 0,
            hosts: HashMap::new(),
            scripts: HashMap::new(),
            tasks: Vec::new(),
        }
    }

    /// Takes an event that happened at `now`.
    pub fn take(&mut self, event: &Event, now: Instant) {
        match event {
            Event::HostsExpected(count) => self.expected = self.expected.saturating_add(*count),
            Event::StageBegun { address, stage } => self.begin(*address, *stage, now),
            Event::TaskBegun(task) => self.tasks.push((task.clone(), now)),
            Event::TaskEnded(task) => self.tasks.retain(|(begun, _)| begun.name != task.name),
            Event::PortsKnown { address, known, of } => {
                if let Some(work) = self.hosts.get_mut(address) {
                    work.ports = *known as f64 / (*of).max(1) as f64;
                }
            }
            Event::ScriptStarted { id, address, port } => {
                self.scripts.entry(*address).or_default().insert((id.clone(), *port), now);
                if let Some(work) = address.and_then(|address| self.hosts.get_mut(&address)) {
                    work.started += 1;
                }
            }
            Event::ScriptFinished { run, .. } => {
                let running = self.scripts.get_mut(&run.address);
                let known = running.and_then(|r| r.remove(&(run.id.clone(), run.port))).is_some();
                if let Some(work) =
                    run.address.and_then(|a| self.hosts.get_mut(&a)).filter(|_| known)
                {
                    work.ended += 1;
                }
            }
            Event::HostDone(host) => {
                self.hosts.remove(&host.address);
                self.scripts.remove(&Some(host.address));
                self.done += 1;
                self.up += u64::from(host.status == HostStatus::Up);
            }
            Event::PhaseDone { .. } => {
                self.scripts.remove(&None);
            }
            _ => {}
        }
    }

    fn begin(&mut self, address: IpAddr, stage: Stage, now: Instant) {
        let fresh = Work { stage, since: now, ports: 0.0, started: 0, ended: 0 };
        self.hosts.insert(address, fresh);
    }

    /// How far the run is at `now`, which the wall clock shows as `wall`.
    #[must_use]
    pub fn progress(&self, now: Instant, wall: SystemTime) -> Progress {
        let elapsed = now.saturating_duration_since(self.begun);
        let fraction = self.fraction();
        Progress {
            now: wall,
            elapsed,
            done: self.done,
            up: self.up + self.found_up(),
            expected: self.all(),
            at_work: self.at_work(),
            fraction,
            remaining: fraction.and_then(|fraction| remaining(elapsed, fraction)),
            tasks: self.tasks.iter().map(|(task, begun)| self.task(task, *begun, now)).collect(),
            slowest: self.slowest(now),
        }
    }

    /// Hosts at work that are up: what comes after host discovery is done with these alone.
    fn found_up(&self) -> u64 {
        let is_up = |work: &&Work| !matches!(work.stage, Stage::Ping(_));
        self.hosts.values().filter(is_up).count() as u64
    }

    fn task(&self, task: &Task, begun: Instant, now: Instant) -> TaskProgress {
        let part_of = |stage: Stage| {
            let past = self.hosts.values().filter(|work| work.stage > stage).count();
            let within = self.hosts.values().filter(|work| work.stage == stage);
            let within: f64 = within.map(Work::part).sum();
            let all = self.all();
            (all > 0).then(|| (self.done as f64 + past as f64 + within) / all as f64)
        };
        let fraction = task.stage.and_then(part_of).map(|part| part.clamp(0.0, 1.0));
        let elapsed = now.saturating_duration_since(begun);
        let remaining = fraction.and_then(|fraction| remaining(elapsed, fraction));
        TaskProgress { name: task.name.clone(), fraction, remaining }
    }

    fn all(&self) -> u64 {
        self.expected.max(self.done.saturating_add(self.hosts.len() as u64))
    }

    /// Each host counts the same, and so does each stage of a host: what else they cost is not known
    /// before.
    fn fraction(&self) -> Option<f64> {
        let all = self.all();
        if all == 0 {
            return None;
        }
        let stages = self.stages.len().max(1) as f64;
        let begun: f64 = self.hosts.values().map(|work| self.part_of(work) / stages).sum();
        Some(((self.done as f64 + begun) / all as f64).clamp(0.0, 1.0))
    }

    /// How many stages of a host are done, in parts.
    fn part_of(&self, work: &Work) -> f64 {
        let before = self.stages.iter().take_while(|stage| **stage < work.stage).count();
        before as f64 + work.part()
    }

    fn at_work(&self) -> Vec<(Stage, usize)> {
        let mut counts: BTreeMap<Stage, usize> = BTreeMap::new();
        for work in self.hosts.values() {
            *counts.entry(work.stage).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    /// Scripts by name, and hosts in a stage that is not scripts.
    fn slowest(&self, now: Instant) -> Vec<Slow> {
        let scripts = self.scripts.iter().flat_map(|(address, running)| {
            running.iter().map(|((id, port), since)| (*since, Named::Script(id, *address, *port)))
        });
        let hosts = self.hosts.iter().filter(|(_, work)| work.stage != Stage::Scripts);
        let hosts = hosts.map(|(address, work)| (work.since, Named::Host(*address, work.stage)));
        let mut all: Vec<_> = scripts.chain(hosts).collect();
        all.retain(|(since, _)| now.saturating_duration_since(*since) >= SLOW);
        all.sort_by_key(|(since, _)| *since);
        all.truncate(NAMED);
        let slow = |(since, named): (Instant, Named<'_>)| Slow {
            what: named.text(),
            since: now.saturating_duration_since(since),
        };
        all.into_iter().map(slow).collect()
    }
}

/// What may be slow, before it has a text.
enum Named<'a> {
    Script(&'a str, Option<IpAddr>, Option<PortKey>),
    Host(IpAddr, Stage),
}

impl Named<'_> {
    fn text(&self) -> String {
        match self {
            Named::Script(id, None, _) => (*id).to_owned(),
            Named::Script(id, Some(address), None) => format!("{id} on {address}"),
            Named::Script(id, Some(address), Some(port)) => {
                format!("{id} on {}", SocketAddr::new(*address, port.number))
            }
            Named::Host(address, stage) => format!("{} of {address}", stage.as_str()),
        }
    }
}

/// As if the rest took as long as what is done.
fn remaining(elapsed: Duration, fraction: f64) -> Option<Duration> {
    let has_ground = fraction >= TOO_LITTLE && elapsed >= TOO_EARLY;
    let rest = elapsed.as_secs_f64() * (1.0 - fraction) / fraction;
    has_ground.then(|| Duration::try_from_secs_f64(rest).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use nseer_core::{
        HostRecord, Phase, PortTable, ScanPorts, ScriptOutcome, ScriptRun, ServiceTable,
    };

    use super::*;
    use nseer_core::progress::{PingScan, PortScan};

    const SYN: Stage = Stage::Ports(PortScan::Syn);

    #[allow(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn start() -> Instant {
        Instant::now()
    }

    fn host(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn done(last: u8) -> Event {
        let ports = ScanPorts::new(Vec::new(), Arc::new(ServiceTable::new(&b""[..])));
        let mut host =
            HostRecord::new(host(last), PortTable::new(Arc::new(ports)), SystemTime::UNIX_EPOCH);
        host.status = HostStatus::Up;
        Event::HostDone(Arc::new(host))
    }

    fn started(id: &str, last: u8, port: u16) -> Event {
        Event::ScriptStarted {
            id: id.into(),
            address: Some(host(last)),
            port: Some(PortKey::tcp(port)),
        }
    }

    fn finished(id: &str, last: u8, port: u16) -> Event {
        let run = ScriptRun {
            id: id.into(),
            phase: Phase::Port,
            address: Some(host(last)),
            port: Some(PortKey::tcp(port)),
            outcome: ScriptOutcome::Silent,
            elapsed: Duration::ZERO,
        };
        Event::ScriptFinished { run, result: None }
    }

    #[test]
    fn a_run_is_followed_to_its_end() {
        let begun = start();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut tracker = Tracker::new(vec![SYN, Stage::Scripts], begun);
        let seen = |tracker: &Tracker, seconds| tracker.progress(at(seconds), UNIX_EPOCH);
        assert_eq!(seen(&tracker, 0).fraction, None, "nobody knows of how much");
        tracker.take(&Event::HostsExpected(4), at(0));
        for last in [1, 2] {
            tracker.take(&Event::StageBegun { address: host(last), stage: SYN }, at(0));
        }
        assert_eq!(seen(&tracker, 5).fraction, Some(0.0));
        assert_eq!(seen(&tracker, 5).remaining, None, "nothing to estimate from");
        tracker.take(&Event::PortsKnown { address: host(1), known: 50, of: 100 }, at(5));
        // Half of the first of two stages of one host of four.
        let now = seen(&tracker, 10);
        assert_eq!(now.fraction, Some(1.0 / 16.0));
        assert_eq!(now.remaining, Some(Duration::from_secs(150)));
        assert_eq!(now.at_work, [(SYN, 2)]);
        assert_eq!(now.slowest.len(), 2);
        tracker.take(&Event::StageBegun { address: host(1), stage: Stage::Scripts }, at(10));
        tracker.take(&started("slow", 1, 80), at(10));
        tracker.take(&started("quick", 1, 80), at(11));
        tracker.take(&finished("quick", 1, 80), at(12));
        let now = seen(&tracker, 30);
        assert_eq!(now.at_work, [(SYN, 1), (Stage::Scripts, 1)]);
        let names: Vec<&str> = now.slowest.iter().map(|slow| slow.what.as_str()).collect();
        assert_eq!(names, ["SYN Stealth Scan of 192.0.2.2", "slow on 192.0.2.1:80"]);
        assert_eq!(now.slowest[1].since, Duration::from_secs(20));
        for last in 1..=4 {
            tracker.take(&done(last), at(31));
        }
        let now = seen(&tracker, 40);
        assert_eq!((now.fraction, now.remaining), (Some(1.0), Some(Duration::ZERO)));
        assert_eq!((now.done, now.up), (4, 4));
        assert!(now.slowest.is_empty() && now.at_work.is_empty(), "{now:?}");
    }

    #[test]
    fn tasks_are_told_as_they_are() {
        let begun = start();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut tracker = Tracker::new(vec![SYN, Stage::Scripts], begun);
        tracker.take(&Event::HostsExpected(2), at(0));
        let task = |stage: Stage| Task {
            name: stage.task_name().into(),
            stage: Some(stage),
            at: UNIX_EPOCH,
            elapsed: Duration::ZERO,
            extent: None,
        };
        tracker.take(&Event::TaskBegun(task(SYN)), at(0));
        tracker.take(&Event::StageBegun { address: host(1), stage: SYN }, at(0));
        tracker.take(&Event::PortsKnown { address: host(1), known: 1, of: 2 }, at(5));
        let now = tracker.progress(at(10), UNIX_EPOCH);
        let [scan] = &now.tasks[..] else { panic!("{now:?}") };
        assert_eq!((scan.name.as_str(), scan.fraction), ("SYN Stealth Scan", Some(0.25)));
        assert_eq!(scan.remaining, Some(Duration::from_secs(30)));
        assert_eq!((now.done, now.up), (0, 1), "a host whose ports are asked is up");
        tracker.take(&Event::TaskBegun(task(Stage::Scripts)), at(10));
        tracker.take(&Event::StageBegun { address: host(1), stage: Stage::Scripts }, at(10));
        let fractions = |tracker: &Tracker| -> Vec<Option<f64>> {
            let now = tracker.progress(at(20), UNIX_EPOCH);
            now.tasks.iter().map(|task| task.fraction).collect()
        };
        assert_eq!(fractions(&tracker), [Some(0.5), Some(0.0)]);
        tracker.take(&done(1), at(20));
        tracker.take(&Event::TaskEnded(task(SYN)), at(20));
        assert_eq!(fractions(&tracker), [Some(0.5)]);
    }

    #[test]
    fn more_hosts_than_expected_are_no_more_than_all() {
        let begun = start();
        let mut tracker = Tracker::new(vec![Stage::Ping(PingScan::Probes)], begun);
        tracker.take(&Event::HostsExpected(1), begun);
        for last in 1..=3 {
            tracker.take(&done(last), begun);
        }
        let now = tracker.progress(begun, UNIX_EPOCH);
        assert_eq!((now.expected, now.fraction), (3, Some(1.0)));
    }
}
