//! The scanner: what all hosts share, and the scan of one host from its discovery to its ports.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::Arc;

use nseer_core::{HostRecord, HostStatus, PortKey, PortState, Reason};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::{Discovery, ScanConfig};
use crate::connector::{Answer, Connector, Destination};
use crate::gate::Gate;
use crate::host_state::HostState;
use crate::lane::Lane;
use crate::mixed::MixedConnector;
use crate::order;
use crate::routes::{Route, Routes};
use crate::technique::{Aim, Technique};
use crate::trace;
use crate::work::{Verdict, Work};

/// Fewer ports than this are not worth a lane of their own.
const PORTS_PER_LANE: usize = 2048;

/// A host could not be scanned to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// No socket could be opened for a minute. The ports that were not asked have no status.
    #[error(
        "{address}: no socket could be opened for a minute ({source}): raise the limit on open \
         files, or lower --max-parallelism"
    )]
    NoSockets {
        /// The host.
        address: IpAddr,
        /// What the system said last.
        source: io::Error,
    },
}

/// What a scan of a host tells while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// It begins to find out whether the host is up: by so many probes, or by one of
    /// [`Technique::Link`].
    Knocking {
        /// It asks the host's link.
        link: bool,
        /// How many things it asks.
        probes: usize,
    },
    /// It begins to scan so many ports.
    Scanning(Technique, usize),
    /// The state of a port is known.
    Port(PortKey, PortState),
    /// It begins to trace the way.
    Tracing,
}

/// Scans hosts. Shared by all tasks of a run; needs a tokio runtime with time and I/O.
pub struct Scanner<C = MixedConnector> {
    shared: Arc<Shared<C>>,
}

struct Shared<C> {
    config: ScanConfig,
    connector: C,
    gate: Gate,
    routes: Routes,
    /// Turns of hosts that are observed.
    turns: Semaphore,
}

/// Hosts that are observed at a time: a host takes some 20 packets a second.
const MOST_OBSERVED: usize = 64;

impl<C: Connector> Scanner<C> {
    /// A scanner whose probes go through `connector`.
    #[must_use]
    pub fn new(config: ScanConfig, connector: C) -> Self {
        let shared = Shared {
            gate: Gate::new(&config.timing, config.max_in_flight),
            routes: Routes::new(config.system.files.clone(), config.zone.clone()),
            turns: Semaphore::new(MOST_OBSERVED),
            connector,
            config,
        };
        Scanner { shared: Arc::new(shared) }
    }

    pub(crate) fn config(&self) -> &ScanConfig {
        &self.shared.config
    }

    pub(crate) fn connector(&self) -> &C {
        &self.shared.connector
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Waits until few enough hosts are observed; first come, first served.
    pub(crate) async fn turn_to_observe(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.shared.turns.acquire().await.ok()
    }

    /// Finds out whether the host is up and, if it is, the states of its ports (with no techniques in the
    /// settings, of none: `-sn`). Fills status,
    /// reason, times, source, interface, Ethernet address and ports of the record; `told` gets what happens, each
    /// port's state among it, at once. At `deadline` the host is marked as timed out and left.
    ///
    /// # Errors
    /// [`ScanError::NoSockets`]; what is known is in the record.
    pub async fn scan(
        &self,
        host: &mut HostRecord,
        deadline: Option<Instant>,
        mut told: impl FnMut(Told) + Send,
    ) -> Result<(), ScanError> {
        let state = Arc::new(HostState::new(&self.shared.config.timing));
        let end = {
            let work = pin!(async {
                let destination = self.discover(host, &state, &mut told).await?;
                if host.status == HostStatus::Up {
                    self.scan_ports(host, &state, &destination, &mut told).await?;
                    if self.shared.config.trace {
                        Box::pin(self.trace(host, &state, &destination, &mut told)).await?;
                    }
                }
                Ok(())
            });
            until(deadline, work).await
        };
        self.finish(host, &state, end)
    }

    /// Traces the way, where there is one.
    async fn trace(
        &self,
        host: &mut HostRecord,
        state: &HostState,
        destination: &Option<Destination>,
        told: &mut (impl FnMut(Told) + Send),
    ) -> io::Result<()> {
        let Shared { gate, connector, .. } = &*self.shared;
        let is_local = host.directly_connected == Some(true);
        let wanted = |to: &&Destination| to.is_neighbour || !is_local;
        if let Some(to) = destination.as_ref().filter(wanted) {
            if !to.is_neighbour {
                told(Told::Tracing);
            }
            host.trace = Some(trace::trace(host, to, state, gate, connector).await?);
        }
        Ok(())
    }

    fn finish(
        &self,
        host: &mut HostRecord,
        state: &HostState,
        end: Option<io::Result<()>>,
    ) -> Result<(), ScanError> {
        host.timed_out |= end.is_none();
        host.times = state.round_trip();
        let address = host.address;
        end.unwrap_or(Ok(())).map_err(|source| ScanError::NoSockets { address, source })
    }

    /// Sets status and reason, and what the route tells. Gives nothing where no address of this
    /// machine can reach the host.
    async fn discover(
        &self,
        host: &mut HostRecord,
        state: &HostState,
        told: &mut (impl FnMut(Told) + Send),
    ) -> io::Result<Option<Destination>> {
        let config = &self.shared.config;
        let route = self.shared.routes.to(host.address);
        let unreachable =
            matches!(&route, Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable);
        match &route {
            Ok(route) => route.fill(host),
            Err(error) => (config.trouble)(host.address, error),
        }
        let destination = Destination {
            address: host.address,
            source: host.source,
            interface: host.interface.clone(),
            is_neighbour: route.as_ref().is_ok_and(Route::is_neighbour),
            zone: route.as_ref().map_or(0, |route| route.zone),
        };
        let is_local = route.as_ref().is_ok_and(|route| route.is_local);
        let asks_link = config.ask_link && destination.is_neighbour;
        (host.status, host.reason) = match &config.discovery {
            Discovery::Ask(_) if is_local => (HostStatus::Up, Reason::LocalhostResponse),
            Discovery::Ask(_) if unreachable => (HostStatus::Down, Reason::NetUnreach),
            _ if asks_link => {
                let aims = vec![Aim::host(Technique::Link)];
                told(Told::Knocking { link: true, probes: 1 });
                Box::pin(self.knock(host, &destination, aims, state)).await?
            }
            Discovery::Skip => (HostStatus::Up, Reason::UserSet),
            Discovery::Ask(aims) => {
                let is_v4 = host.address.is_ipv4();
                let aims = aims.iter().filter(|aim| is_v4 || !aim.technique.is_v4_only());
                let aims: Vec<Aim> = aims.copied().collect();
                told(Told::Knocking { link: false, probes: aims.len() });
                Box::pin(self.knock(host, &destination, aims, state)).await?
            }
        };
        Ok(Some(destination).filter(|_| !unreachable))
    }

    /// Asks until the host itself answers. Where it does not, the reason is what something on the
    /// way said, if it did.
    async fn knock(
        &self,
        host: &mut HostRecord,
        destination: &Destination,
        aims: Vec<Aim>,
        state: &HostState,
    ) -> io::Result<(HostStatus, Reason)> {
        let work = Work::new(destination.clone(), aims, 1);
        let mut answer = (HostStatus::Down, Reason::NoResponse);
        let lane = Lane::new(&self.shared.gate, state, &work, self.shared.connector.clone());
        lane.run(|verdicts: &mut Vec<Verdict>| {
            for (_, said) in verdicts.drain(..) {
                if said.is_from_host {
                    answer = (HostStatus::Up, said.status.reason);
                    host.reason_ttl = said.status.ttl;
                    host.mac = host.mac.or(said.mac.filter(|_| destination.is_neighbour));
                    return ControlFlow::Break(());
                }
                if said.status.reason != Reason::NoResponse {
                    answer.1 = said.status.reason;
                    host.reason_ttl = said.status.ttl;
                }
            }
            ControlFlow::Continue(())
        })
        .await?;
        Ok(answer)
    }

    async fn scan_ports(
        &self,
        host: &mut HostRecord,
        state: &Arc<HostState>,
        destination: &Option<Destination>,
        told: &mut (impl FnMut(Told) + Send),
    ) -> io::Result<()> {
        let config = &self.shared.config;
        for technique in &config.techniques {
            let aims = order::aims(host, *technique, config);
            told(Told::Scanning(*technique, aims.len()));
            let is_neighbour = destination.as_ref().is_some_and(|to| to.is_neighbour);
            let mut record = |verdicts: &mut Vec<Verdict>| {
                for (aim, answer) in verdicts.drain(..) {
                    if is_neighbour && answer.is_from_host {
                        host.mac = host.mac.or(answer.mac);
                    }
                    let Some(protocol) = aim.technique.protocol() else { continue };
                    let key = PortKey::new(protocol, aim.port);
                    host.ports.set_status(key, answer.status);
                    if let Some(teller) = answer.source.filter(|teller| *teller != host.address) {
                        host.ports.set_teller(key, teller);
                    }
                    told(Told::Port(key, answer.status.state));
                }
                ControlFlow::Continue(())
            };
            match destination {
                None => {
                    let answer = Answer::unreachable(Reason::NetUnreach);
                    let _: ControlFlow<()> =
                        record(&mut aims.into_iter().map(|aim| (aim, answer)).collect());
                }
                Some(to) => self.ask_all(to, aims, state, record).await?,
            }
        }
        Ok(())
    }

    /// Asks everything, with several tasks where there is much to ask.
    async fn ask_all(
        &self,
        destination: &Destination,
        aims: Vec<Aim>,
        state: &Arc<HostState>,
        mut record: impl FnMut(&mut Vec<Verdict>) -> ControlFlow<()> + Send,
    ) -> io::Result<()> {
        let lanes = self.lanes(aims.len());
        let work = Work::new(destination.clone(), aims, lanes);
        if lanes == 1 {
            let connector = self.shared.connector.clone();
            return Lane::new(&self.shared.gate, state, &work, connector).run(record).await;
        }
        let (mut tasks, mut verdicts) = self.spawn_lanes(state, work);
        while let Some(mut batch) = verdicts.recv().await {
            let _: ControlFlow<()> = record(&mut batch);
        }
        while let Some(end) = tasks.join_next().await {
            // A lane is not aborted while its set is here: what is left is a panic.
            end.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        }
        Ok(())
    }

    /// How many tasks share one host's ports: enough for the runtime's threads, as long as there
    /// is work for each, and one where probes are kept apart anyway.
    fn lanes(&self, ports: usize) -> usize {
        if !self.shared.config.timing.scan_delay.is_zero() {
            return 1;
        }
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        (ports / PORTS_PER_LANE).clamp(1, threads.max(1))
    }

    /// Starts one task for each lane of `work`. They end when the set is dropped.
    fn spawn_lanes(
        &self,
        state: &Arc<HostState>,
        work: Work,
    ) -> (JoinSet<io::Result<()>>, mpsc::UnboundedReceiver<Vec<Verdict>>) {
        let lanes = work.lanes();
        let work = Arc::new(work);
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for _ in 0..lanes {
            let (shared, state, work) = (self.shared.clone(), state.clone(), work.clone());
            let sender = sender.clone();
            tasks.spawn(async move {
                let connector = shared.connector.clone();
                let lane = Lane::new(&shared.gate, &state, &work, connector);
                lane.run(|verdicts: &mut Vec<Verdict>| {
                    match sender.send(std::mem::take(verdicts)) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                })
                .await
            });
        }
        (tasks, receiver)
    }
}

/// Works until `deadline` at most. What is done is pinned: taken by value, there is room for it twice.
pub(crate) async fn until<T>(
    deadline: Option<Instant>,
    work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    match deadline {
        None => Some(work.await),
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
    }
}
