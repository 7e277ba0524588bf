//! What a run tells of its tasks: each stage that hosts go through is one. It begins with its first host,
//! and has ended when no host is left that may come to it; hosts do not wait for one another, so tasks
//! overlap where there are many.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nseer_core::{Event, EventSink, Stage, Task};
use nseer_seam::Clock;

/// The tasks of a run.
pub struct Tasks<S> {
    sinks: S,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Hosts that there are, as far as is known.
    expected: u64,
    /// Hosts that have begun.
    begun: u64,
    /// No host follows, unless a script finds one.
    is_closed: bool,
    /// Hosts that have begun and are in no stage yet.
    before: u64,
    tasks: BTreeMap<Stage, Running>,
}

/// A task that has begun and not ended.
struct Running {
    name: String,
    since: Instant,
    /// Hosts that are in this stage now.
    inside: u64,
    /// Hosts that have come to it.
    hosts: u64,
    /// Ports or services of these.
    things: u64,
}

/// A host on its way through the stages.
pub struct HostTasks<S: EventSink> {
    /// `None` where nobody is told.
    tasks: Option<Arc<Tasks<S>>>,
    address: IpAddr,
    /// As people know it, where it is the only one so far: else nobody is told.
    label: Option<String>,
    stage: Option<Stage>,
}

impl<S: EventSink> Tasks<S> {
    /// The tasks of a run that begins.
    pub fn new(sinks: S, clock: Arc<dyn Clock>) -> Tasks<S> {
        Tasks { sinks, clock, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many further hosts follow, or fewer.
    pub fn expect(&self, hosts: u64) {
        let mut state = self.lock();
        state.expected = state.expected.saturating_add(hosts);
        state.is_closed = false;
    }

    /// No host follows those that have begun.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        self.end_what_is_over(&mut state, None);
    }

    /// A host begins.
    pub fn host(self: &Arc<Self>, address: IpAddr, name: Option<&str>) -> HostTasks<S> {
        let mut state = self.lock();
        state.begun += 1;
        state.before += 1;
        let label = state.is_single().then(|| match name {
            Some(name) => format!("{name} ({address})"),
            None => address.to_string(),
        });
        HostTasks { tasks: Some(self.clone()), address, label, stage: None }
    }

    /// Scripts before or after the hosts. Gives what tells of their end.
    pub fn phase(&self) -> impl FnOnce() + '_ {
        let since = self.clock.now();
        let name = Stage::Scripts.task_name();
        self.tell(Event::TaskBegun, None, name, Duration::ZERO, None);
        move || {
            let elapsed = self.clock.now().saturating_duration_since(since);
            self.tell(Event::TaskEnded, None, name, elapsed, None);
        }
    }

    fn tell(
        &self,
        event: fn(Task) -> Event,
        stage: Option<Stage>,
        name: &str,
        elapsed: Duration,
        extent: Option<String>,
    ) {
        if stage == Some(Stage::System) {
            // Each try is told by itself.
            return;
        }
        let (name, at) = (name.to_owned(), self.clock.wall());
        self.sinks.emit(event(Task { name, stage, at, elapsed, extent }));
    }

    /// Ends each task that no host is in, nor can come to: `by` is where one is about to go.
    fn end_what_is_over(&self, state: &mut State, by: Option<Stage>) {
        if state.before > 0 || !(state.is_closed || state.begun >= state.expected) {
            return;
        }
        let is_over =
            |stage: &Stage, task: &Running| task.inside == 0 && by.is_none_or(|by| *stage < by);
        while let Some(first) =
            state.tasks.first_entry().filter(|task| is_over(task.key(), task.get()))
        {
            let (stage, task) = first.remove_entry();
            let elapsed = self.clock.now().saturating_duration_since(task.since);
            let done = task.done(stage);
            self.tell(Event::TaskEnded, Some(stage), &task.name, elapsed, done);
        }
    }

    fn begin(&self, state: &mut State, stage: Stage, label: Option<&str>, things: u64) {
        let hosts = state.hosts(label);
        let name = match stage {
            Stage::Name if state.is_single() => "Parallel DNS resolution of 1 host.".to_owned(),
            Stage::Name => format!("Parallel DNS resolution of {hosts}."),
            other => other.task_name().to_owned(),
        };
        let extent = match stage {
            Stage::Ping(_) | Stage::Ports(_) => {
                let each = if state.is_single() { "" } else { "/host" };
                Some(format!("{hosts} [{}{each}]", counted(things, "port")))
            }
            Stage::Versions if state.is_single() => {
                Some(format!("{} on {hosts}", counted(things, "service")))
            }
            Stage::Versions => Some(format!("services on {hosts}")),
            Stage::Scripts => Some(hosts),
            Stage::Trace | Stage::Name | Stage::System => None,
        };
        self.tell(Event::TaskBegun, Some(stage), &name, Duration::ZERO, extent);
        let running = Running { name, since: self.clock.now(), inside: 0, hosts: 0, things: 0 };
        state.tasks.insert(stage, running);
    }
}

impl State {
    fn is_single(&self) -> bool {
        self.expected <= 1 && self.begun <= 1
    }

    /// Whom a task that begins is for. Which of many will come to it is not known then, except to the
    /// first task.
    fn hosts(&self, label: Option<&str>) -> String {
        let count = self.expected.max(self.begun);
        match (label.filter(|_| self.is_single()), self.tasks.is_empty()) {
            (Some(label), _) => label.to_owned(),
            (None, true) => counted(count, "host"),
            (None, false) => format!("up to {}", counted(count, "host")),
        }
    }
}

impl Running {
    fn done(&self, stage: Stage) -> Option<String> {
        match stage {
            Stage::Ping(_) => Some(format!("{} total hosts", self.hosts)),
            Stage::Ports(_) => Some(format!("{} total ports", self.things)),
            Stage::Versions => {
                let (services, hosts) =
                    (counted(self.things, "service"), counted(self.hosts, "host"));
                Some(format!("{services} on {hosts}"))
            }
            Stage::Trace | Stage::Name | Stage::System | Stage::Scripts => None,
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}

impl<S: EventSink> HostTasks<S> {
    /// A host whose way nobody wants to know.
    pub fn untold(address: IpAddr) -> HostTasks<S> {
        HostTasks { tasks: None, address, label: None, stage: None }
    }

    /// The host comes to its next stage, with so many ports or services to look at.
    pub fn enter(&mut self, stage: Stage, things: usize) {
        let Some(tasks) = self.tasks.clone() else { return };
        let mut state = tasks.lock();
        self.leave(&mut state);
        self.stage = Some(stage);
        tasks.end_what_is_over(&mut state, Some(stage));
        let things = things as u64;
        if !state.tasks.contains_key(&stage) {
            tasks.begin(&mut state, stage, self.label.as_deref(), things);
        }
        if let Some(task) = state.tasks.get_mut(&stage) {
            task.inside += 1;
            task.hosts += 1;
            task.things += things;
        }
        tasks.sinks.emit(Event::StageBegun { address: self.address, stage });
    }

    fn leave(&mut self, state: &mut State) {
        match self.stage.take() {
            None => state.before = state.before.saturating_sub(1),
            Some(stage) => {
                if let Some(task) = state.tasks.get_mut(&stage) {
                    task.inside = task.inside.saturating_sub(1);
                }
            }
        }
    }
}

impl<S: EventSink> Drop for HostTasks<S> {
    fn drop(&mut self) {
        let Some(tasks) = self.tasks.take() else { return };
        let mut state = tasks.lock();
        self.leave(&mut state);
        tasks.end_what_is_over(&mut state, None);
    }
}

#[cfg(test)]
mod tests {
    use nseer_core::progress::{PingScan, PortScan};
    use nseer_seam::System;

    use super::*;

    const PING: Stage = Stage::Ping(PingScan::Probes);
    const SYN: Stage = Stage::Ports(PortScan::Syn);

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<String>>>);

    impl EventSink for Heard {
        fn emit(&self, event: Event) {
            let extent = |task: &Task| task.extent.clone().unwrap_or_default();
            let text = match &event {
                Event::TaskBegun(task) => format!("+ {} {}", task.name, extent(task)),
                Event::TaskEnded(task) => format!("- {} {}", task.name, extent(task)),
                _ => return,
            };
            self.0.lock().unwrap().push(text.trim_end().to_owned());
        }
    }

    fn tasks() -> (Arc<Tasks<Heard>>, impl Fn() -> Vec<String>) {
        let heard = Heard::default();
        let tasks = Arc::new(Tasks::new(heard.clone(), System::real().clock));
        (tasks, move || std::mem::take(&mut *heard.0.lock().unwrap()))
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn one_host_goes_from_task_to_task() {
        let (tasks, heard) = tasks();
        tasks.expect(1);
        let mut host = tasks.host(address(1), Some("a.example"));
        host.enter(PING, 4);
        host.enter(SYN, 1);
        host.enter(Stage::Name, 1);
        host.enter(Stage::Versions, 2);
        host.enter(Stage::Scripts, 0);
        drop(host);
        let expected = [
            "+ Ping Scan a.example (192.0.2.1) [4 ports]",
            "- Ping Scan 1 total hosts",
            "+ SYN Stealth Scan a.example (192.0.2.1) [1 port]",
            "- SYN Stealth Scan 1 total ports",
            "+ Parallel DNS resolution of 1 host.",
            "- Parallel DNS resolution of 1 host.",
            "+ Service scan 2 services on a.example (192.0.2.1)",
            "- Service scan 2 services on 1 host",
            "+ NSE a.example (192.0.2.1)",
            "- NSE",
        ];
        assert_eq!(heard(), expected);
    }

    #[test]
    fn tasks_of_many_hosts_overlap_and_each_begins_and_ends_once() {
        let (tasks, heard) = tasks();
        tasks.expect(3);
        let mut first = tasks.host(address(1), None);
        first.enter(PING, 4);
        let mut second = tasks.host(address(2), None);
        second.enter(PING, 4);
        first.enter(SYN, 10);
        first.enter(Stage::Scripts, 0);
        drop(first);
        assert_eq!(
            heard(),
            [
                "+ Ping Scan 3 hosts [4 ports/host]",
                "+ SYN Stealth Scan up to 3 hosts [10 ports/host]",
                "+ NSE up to 3 hosts",
            ],
            "more hosts may come to each"
        );
        let third = tasks.host(address(3), None);
        second.enter(SYN, 10);
        assert_eq!(heard(), [""; 0], "the third is not past its ping");
        drop(third);
        assert_eq!(heard(), ["- Ping Scan 2 total hosts"]);
        second.enter(Stage::Scripts, 0);
        assert_eq!(heard(), ["- SYN Stealth Scan 20 total ports"]);
        drop(second);
        assert_eq!(heard(), ["- NSE"]);
    }

    #[test]
    fn fewer_hosts_than_expected_end_their_tasks_all_the_same() {
        let (tasks, heard) = tasks();
        tasks.expect(9);
        let mut host = tasks.host(address(1), None);
        host.enter(SYN, 2);
        drop(host);
        assert_eq!(heard(), ["+ SYN Stealth Scan 9 hosts [2 ports/host]"]);
        tasks.close();
        assert_eq!(heard(), ["- SYN Stealth Scan 2 total ports"]);
    }

    #[test]
    fn scripts_without_a_host_are_a_task() {
        let (tasks, heard) = tasks();
        let end = tasks.phase();
        assert_eq!(heard(), ["+ NSE"]);
        end();
        assert_eq!(heard(), ["- NSE"]);
    }
}
