//! The scanner: what all hosts share, and the scan of one host from its discovery to its ports.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;

use nseer_core::{HostRecord, HostStatus, PortKey, PortState, PortStatus, Protocol, Reason};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::{Discovery, ScanConfig};
use crate::connector::{Connector, Outcome};
use crate::gate::Gate;
use crate::host_state::HostState;
use crate::lane::{Lane, Verdict, Work};
use crate::order;
use crate::routes::Routes;
use crate::sockets::{Heir, SocketConnector};

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

/// Scans hosts. Shared by all tasks of a run; needs a tokio runtime with time and I/O.
pub struct Scanner<C = SocketConnector> {
    shared: Arc<Shared<C>>,
}

struct Shared<C> {
    config: ScanConfig,
    connector: C,
    gate: Gate,
    routes: Routes,
}

impl Scanner<SocketConnector> {
    /// A scanner over real sockets. Connections to open ports go to `heir`, if there is one.
    #[must_use]
    pub fn new(config: ScanConfig, heir: Option<Heir>) -> Self {
        Scanner::with_connector(config, SocketConnector::new(heir))
    }
}

impl<C: Connector> Scanner<C> {
    /// A scanner over another kind of network.
    #[must_use]
    pub fn with_connector(config: ScanConfig, connector: C) -> Self {
        let shared = Shared {
            gate: Gate::new(&config.timing, config.max_sockets),
            routes: Routes::new(config.system.files.clone()),
            connector,
            config,
        };
        Scanner { shared: Arc::new(shared) }
    }

    /// Finds out whether the host is up and, if it is, the states of its TCP ports. Fills status,
    /// reason, times, source, interface and ports of the record; `found` is told of each open
    /// port at once. At `deadline` the host is marked as timed out and left.
    ///
    /// # Errors
    /// [`ScanError::NoSockets`]; what is known is in the record.
    pub async fn scan(
        &self,
        host: &mut HostRecord,
        deadline: Option<Instant>,
        found: impl FnMut(PortKey, PortState) + Send,
    ) -> Result<(), ScanError> {
        let state = Arc::new(HostState::new(&self.shared.config.timing));
        let work = async {
            let reachable = self.discover(host, &state).await?;
            if host.status == HostStatus::Up {
                self.scan_ports(host, &state, reachable, found).await?;
            }
            Ok(())
        };
        let end = until(deadline, work).await;
        self.finish(host, &state, end)
    }

    /// Finds out whether the host is up, and no more (`-sn`).
    ///
    /// # Errors
    /// [`ScanError::NoSockets`].
    pub async fn ping(
        &self,
        host: &mut HostRecord,
        deadline: Option<Instant>,
    ) -> Result<(), ScanError> {
        let state = Arc::new(HostState::new(&self.shared.config.timing));
        let end = until(deadline, self.discover(host, &state)).await;
        self.finish(host, &state, end.map(|result| result.map(|_| ())))
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

    /// Sets status and reason, and what the route tells. False where no address of this machine
    /// can reach the host.
    async fn discover(&self, host: &mut HostRecord, state: &HostState) -> io::Result<bool> {
        let route = self.shared.routes.to(host.address);
        let reachable =
            !matches!(&route, Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable);
        let is_local = route.as_ref().is_ok_and(|route| route.is_local);
        if let Ok(route) = &route {
            route.fill(host);
        }
        (host.status, host.reason) = match &self.shared.config.discovery {
            Discovery::Skip => (HostStatus::Up, Reason::UserSet),
            Discovery::Connect(_) if is_local => (HostStatus::Up, Reason::LocalhostResponse),
            Discovery::Connect(_) if !reachable => (HostStatus::Down, Reason::NetUnreach),
            Discovery::Connect(ports) => self.knock(host.address, ports, state).await?,
        };
        Ok(reachable)
    }

    /// Connects to `ports` until the host itself answers. Where it does not, the reason is what
    /// something on the way said, if it did.
    async fn knock(
        &self,
        address: IpAddr,
        ports: &[u16],
        state: &HostState,
    ) -> io::Result<(HostStatus, Reason)> {
        let work = Work::new(address, ports.to_vec(), 1);
        let mut answer = (HostStatus::Down, Reason::NoResponse);
        let lane = Lane::new(&self.shared.gate, state, &work, self.shared.connector.clone());
        lane.run(|verdicts: &mut Vec<Verdict>| {
            for (_, status) in verdicts.drain(..) {
                match status.state {
                    PortState::Open | PortState::Closed => {
                        answer = (HostStatus::Up, status.reason);
                        return ControlFlow::Break(());
                    }
                    _ if status.reason != Reason::NoResponse => answer.1 = status.reason,
                    _ => {}
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
        reachable: bool,
        mut found: impl FnMut(PortKey, PortState) + Send,
    ) -> io::Result<()> {
        if !reachable {
            set_all(host, Outcome::Unreachable(Reason::NetUnreach).status());
            return Ok(());
        }
        let config = &self.shared.config;
        let ports = order::tcp_ports(&host.ports, config.in_order, &*config.system.random);
        let lanes = self.lanes(ports.len());
        let work = Work::new(host.address, ports, lanes);
        let mut record = |verdicts: &mut Vec<Verdict>| {
            for (port, status) in verdicts.drain(..) {
                let key = PortKey::tcp(port);
                host.ports.set_status(key, status);
                if status.state == PortState::Open {
                    found(key, status.state);
                }
            }
            ControlFlow::Continue(())
        };
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

fn set_all(host: &mut HostRecord, status: PortStatus) {
    let ports = host.ports.ports().clone();
    for key in ports.of(Protocol::Tcp) {
        host.ports.set_status(*key, status);
    }
}

async fn until<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        None => Some(work.await),
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
    }
}
