//! The scanner: what all hosts share, and the scan of one.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use nseer_core::{HostRecord, HostStatus, PortKey, PortState, Protocol, Reason};
use nseer_seam::System;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::connector::{Connector, RealConnector};
use crate::discovery;
use crate::host_scan::{self, Probing};
use crate::host_state::HostState;
use crate::pace::Pace;
use crate::timing::Timing;

/// How it is found out whether a host is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// It is taken for granted (`-Pn`).
    Skip,
    /// By connecting to these TCP ports: any answer means that it is there.
    Connect(Vec<u16>),
}

/// How a scan is done.
#[derive(Clone)]
pub struct ScanConfig {
    /// Speed and patience.
    pub timing: Timing,
    /// Host discovery.
    pub discovery: Discovery,
    /// Most sockets that are open at a time, for all hosts together.
    pub max_sockets: usize,
    /// Ports in ascending order (`-r`), instead of a random one.
    pub in_order: bool,
    /// Find out the local address that packets to each host leave from.
    pub learn_source: bool,
    /// Clock and random numbers.
    pub system: System,
}

/// Scans hosts. Shared by all tasks of a run.
pub struct Scanner<C = RealConnector> {
    pub(crate) shared: Arc<Shared<C>>,
}

pub(crate) struct Shared<C> {
    pub(crate) config: ScanConfig,
    pub(crate) connector: C,
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) pace: Pace,
}

impl Scanner<RealConnector> {
    /// A scanner over real sockets.
    #[must_use]
    pub fn new(config: ScanConfig) -> Self {
        Scanner::with_connector(config, RealConnector)
    }
}

impl<C: Connector> Scanner<C> {
    /// A scanner over another kind of network.
    #[must_use]
    pub fn with_connector(config: ScanConfig, connector: C) -> Self {
        let most = config.timing.max_parallelism.unwrap_or(usize::MAX);
        let sockets = config.max_sockets.min(most).clamp(1, Semaphore::MAX_PERMITS);
        let shared = Shared {
            pace: Pace::new(config.timing.max_rate),
            connector,
            sockets: Arc::new(Semaphore::new(sockets)),
            config,
        };
        Scanner { shared: Arc::new(shared) }
    }

    /// Finds out whether the host is up and, if it is, the states of its TCP ports. Fills the
    /// record; `found` is told of every open port at once. At `deadline` the host is marked as
    /// timed out and left.
    pub async fn scan(
        &self,
        host: &mut HostRecord,
        deadline: Option<Instant>,
        found: impl Fn(PortKey, PortState) + Send + Sync + 'static,
    ) {
        let state = Arc::new(HostState::new(&self.shared.config.timing));
        let work = async {
            self.discover(host, &state).await;
            if host.status == HostStatus::Up {
                self.scan_ports(host, &state, found).await;
            }
        };
        if until(deadline, work).await.is_none() {
            host.timed_out = true;
        }
        host.times = state.rtt().round_trip();
    }

    /// Finds out whether the host is up, and no more (`-sn`).
    pub async fn ping(&self, host: &mut HostRecord, deadline: Option<Instant>) {
        let state = Arc::new(HostState::new(&self.shared.config.timing));
        if until(deadline, self.discover(host, &state)).await.is_none() {
            host.timed_out = true;
        }
        host.times = state.rtt().round_trip();
    }

    async fn discover(&self, host: &mut HostRecord, state: &Arc<HostState>) {
        let config = &self.shared.config;
        let (status, reason) = match &config.discovery {
            Discovery::Skip => (HostStatus::Up, Reason::UserSet),
            Discovery::Connect(_) if discovery::is_local(host.address) => {
                (HostStatus::Up, Reason::LocalhostResponse)
            }
            Discovery::Connect(ports) => {
                let probing = Probing { shared: self.shared.clone(), state: state.clone() };
                match discovery::ping(&probing, host.address, ports).await {
                    Some(reason) => (HostStatus::Up, reason),
                    None => (HostStatus::Down, Reason::NoResponse),
                }
            }
        };
        (host.status, host.reason) = (status, reason);
        if config.learn_source && status == HostStatus::Up {
            host.source = discovery::source_address(host.address);
            host.directly_connected = is_own_machine(host.address, host.source);
        }
    }

    async fn scan_ports(
        &self,
        host: &mut HostRecord,
        state: &Arc<HostState>,
        found: impl Fn(PortKey, PortState) + Send + Sync + 'static,
    ) {
        let ports = host.ports.ports().clone();
        let mut keys: Vec<PortKey> = ports.of(Protocol::Tcp).to_vec();
        if !self.shared.config.in_order {
            shuffle(&mut keys, &self.shared.config.system);
        }
        let probing = Probing { shared: self.shared.clone(), state: state.clone() };
        let peer = SocketAddr::new(host.address, 0);
        let results = host_scan::scan_keys(probing, peer, keys, Arc::new(found)).await;
        for (key, status) in results {
            host.ports.set_status(key, status);
        }
    }
}

/// Only what is certain: this machine is directly connected to itself.
fn is_own_machine(address: IpAddr, source: Option<IpAddr>) -> Option<bool> {
    (address.is_loopback() || source == Some(address)).then_some(true)
}

async fn until<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        None => Some(work.await),
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
    }
}

/// Fisher and Yates' shuffle, from one block of random bytes.
fn shuffle(keys: &mut [PortKey], system: &System) {
    let mut bytes = vec![0; keys.len() * 4];
    system.random.fill(&mut bytes);
    for i in (1..keys.len()).rev() {
        let b = &bytes[i * 4..i * 4 + 4];
        let random = u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        // Multiply and shift: a number below i + 1.
        let j = (random * (i as u64 + 1)) >> 32;
        keys.swap(i, j as usize);
    }
}
