//! One host on its way: scan → name → versions → scripts → sinks.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use nseer_core::progress::PingScan;
use nseer_core::{Event, EventSink, HostRecord, HostStatus, PortState, ScanPorts, Severity, Stage};
use nseer_scan::Told;

use super::{Counted, Counts, Run};
use crate::plan::{Depth, Names};
use crate::sinks::Sinks;
use crate::target_source::Target;
use crate::tasks::HostTasks;

impl Run {
    async fn name_hops(&self, host: &mut HostRecord) {
        let hops = host.trace.iter_mut().flat_map(|trace| &mut trace.hops);
        for hop in hops.filter(|_| self.names != Names::Never) {
            hop.name = self.network.reverse(hop.address).await;
        }
    }

    pub(super) async fn host(&self, target: Target, ports: &Arc<ScanPorts>, counts: &Counts) {
        let mut way = OnItsWay { sinks: self.sinks.clone(), address: target.address, host: None };
        let (clock, counted) = (&self.system.clock, Counted::of(counts));
        let scanned_before = self.past.take_scanned(target.address, ports);
        let is_new = scanned_before.is_none();
        let mut host = scanned_before.unwrap_or_else(|| self.record(target, ports));
        let deadline = self.host_timeout.and_then(|t| clock.now().checked_add(t));
        let mut tasks = if self.sinks.is_watched() {
            self.tasks.host(host.address, host.target_name.as_deref())
        } else {
            HostTasks::untold(host.address)
        };
        if is_new {
            // In boxes of their own, so that a host whose scripts run does not keep the room that its
            // scan took.
            Box::pin(self.scan(&mut host, deadline, &mut tasks, &counted)).await;
            if self.wants_name(&host) {
                tasks.enter(Stage::Name, 1);
                host.reverse_name = Box::pin(self.network.reverse(host.address)).await;
            }
            Box::pin(self.name_hops(&mut host)).await;
            host.vendor = host.mac.and_then(|mac| self.vendors.name(mac));
        }
        counted.settle(host.status);
        self.examine(way.host.insert(host), is_new, deadline, &mut tasks).await;
        drop(tasks);
        way.done(clock.wall());
    }

    /// Versions, system and scripts.
    async fn examine(
        &self,
        host: &mut HostRecord,
        is_new: bool,
        deadline: Option<Instant>,
        tasks: &mut HostTasks<Sinks>,
    ) {
        let is_over = || deadline.is_some_and(|d| self.system.clock.now() >= d);
        if host.status == HostStatus::Up
            && !host.timed_out
            && is_new
            && let Some(versions) = &self.versions
        {
            let asked = versions.asked(host);
            if asked > 0 {
                tasks.enter(Stage::Versions, asked);
            }
            Box::pin(versions.detect(host, deadline)).await;
            host.timed_out |= is_over();
        }
        self.find_system(host, is_new, deadline, tasks).await;
        self.precede().await;
        if host.status == HostStatus::Up
            && !host.timed_out
            && let Some(scripts) = self.scripts.as_ref().filter(|s| s.may_run_on(host))
        {
            if is_new && self.sinks.keeps_hosts() {
                self.sinks.emit(Event::HostScanned(Arc::new(host.clone())));
            }
            tasks.enter(Stage::Scripts, 0);
            scripts.run_host(host, deadline, &self.past).await;
            host.timed_out |= is_over();
        }
    }

    async fn find_system(
        &self,
        host: &mut HostRecord,
        is_new: bool,
        deadline: Option<Instant>,
        tasks: &mut HostTasks<Sinks>,
    ) {
        if host.status == HostStatus::Up
            && !host.timed_out
            && is_new
            && let Some(systems) = self.systems.as_ref().filter(|systems| systems.asks(host))
        {
            tasks.enter(Stage::System, 1);
            Box::pin(systems.detect(host, &self.scanner, deadline)).await;
            host.timed_out |= deadline.is_some_and(|d| self.system.clock.now() >= d);
        }
    }

    async fn scan(
        &self,
        host: &mut HostRecord,
        deadline: Option<Instant>,
        tasks: &mut HostTasks<Sinks>,
        counted: &Counted<'_>,
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
                        counted.up();
                        tally = Tally::new(ports);
                        let scan = self.scans.iter().find(|(_, known)| *known == technique);
                        if let Some((scan, _)) = scan {
                            tasks.enter(Stage::Ports(*scan), ports);
                        }
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

/// A host on its way. Where its task ends before it is done, it is not missed in silence: a fault of the
/// program is told, and of a run that was stopped what is known.
struct OnItsWay<S: EventSink> {
    sinks: S,
    address: IpAddr,
    /// From when its ports are known until it is told of.
    host: Option<HostRecord>,
}

impl<S: EventSink> OnItsWay<S> {
    fn done(mut self, now: SystemTime) {
        if let Some(mut host) = self.host.take() {
            host.finished = Some(now);
            self.sinks.emit(Event::HostDone(Arc::new(host)));
        }
    }
}

impl<S: EventSink> Drop for OnItsWay<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = format!(
                "the scan of {} broke off, and its results are lost: a fault of nseer, please report it",
                self.address
            );
            self.sinks.emit(Event::Message { severity: Severity::Error, text: text.into_bytes() });
        } else if let Some(host) = self.host.take().filter(|host| host.status == HostStatus::Up) {
            self.sinks.emit(Event::HostCutShort(Arc::new(host)));
        }
    }
}

/// Counts ports that are known, to tell of it now and then.
struct Tally {
    known: usize,
    of: usize,
}

/// How often it is told of one host at most.
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
            let way = OnItsWay { sinks: heard.clone(), address, host: None };
            let task = tokio::spawn(async move {
                let _way = way;
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
