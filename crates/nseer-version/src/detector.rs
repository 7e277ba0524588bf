//! Version detection as the command line sees it: one call a host.

use std::net::SocketAddr;
use std::sync::Arc;

use nseer_core::{
    Event, EventSink, HostRecord, PortKey, PortState, PortStatus, Protocol, Reason, ServiceInfo,
    Severity, Tunnel,
};
use nseer_probes::ProbeDb;
use nseer_seam::Clock;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::attempt::Shared;
use crate::dialer::Dialer;
use crate::pass::Subject;
use crate::port::{self, Verdict};
use crate::service;

/// How versions are found out.
#[derive(Clone)]
pub struct VersionConfig {
    /// The probes.
    pub db: Arc<ProbeDb>,
    /// 0 to 9: how rare a probe may be that a port is not known for.
    pub intensity: u8,
    /// Ports that the file excludes are asked too.
    pub all_ports: bool,
    /// Sockets at a time.
    pub sockets: usize,
    /// Ports of one host at a time.
    pub ports_per_host: usize,
    /// Each step is told.
    pub trace: bool,
    /// Tells the date.
    pub clock: Arc<dyn Clock>,
    /// Takes what is told.
    pub events: Arc<dyn EventSink>,
}

/// Finds out what is behind open ports. Serves all hosts of a run at once.
pub struct Detector<D> {
    config: VersionConfig,
    shared: Arc<Shared<D>>,
}

impl<D: Dialer> Detector<D> {
    /// A detector that connects through `dialer`.
    #[must_use]
    pub fn new(config: VersionConfig, dialer: D) -> Self {
        let say = config.events.clone();
        let complain = config.events.clone();
        let shared = Shared {
            db: config.db.clone(),
            dialer,
            sockets: Arc::new(Semaphore::new(config.sockets.clamp(1, Semaphore::MAX_PERMITS))),
            say: Box::new(move |text| message(&*say, Severity::Info, text)),
            complain: Box::new(move |problem| {
                message(&*complain, Severity::Warning, &format!("nseer: warning: {problem}"));
            }),
            told: std::sync::Mutex::default(),
            traces: config.trace,
        };
        Detector { config, shared: Arc::new(shared) }
    }

    /// Asks the ports of `host` that may be open, and enters what is found. At `deadline` it stops
    /// with what is known by then.
    pub async fn detect(&self, host: &mut HostRecord, deadline: Option<Instant>) {
        let mut asked: Vec<(PortKey, PortStatus)> = host
            .ports
            .iter()
            .filter(|(key, status)| has_probes(key.protocol) && may_be_open(status.state))
            .collect();
        if !self.config.all_ports {
            for (key, _) in asked.extract_if(.., |(key, _)| self.config.db.is_excluded(*key)) {
                let name = host.ports.ports().service_name(key).map(ToOwned::to_owned);
                let product = Some("Excluded from version scan".to_owned());
                let known = service::guessed(name.as_deref(), Tunnel::None);
                enter(host, key, ServiceInfo { product, ..known });
            }
        }
        let ports = Arc::new(Semaphore::new(self.config.ports_per_host.max(1)));
        let mut running = JoinSet::new();
        for (key, _) in asked {
            running.spawn(self.examine(host, key, ports.clone()));
        }
        while let Some(ended) = next(&mut running, deadline).await {
            let (key, verdict) = ended;
            if verdict.answered
                && host.ports.status(key).is_some_and(|s| s.state == PortState::OpenFiltered)
            {
                let reason = match key.protocol {
                    Protocol::Udp => Reason::UdpResponse,
                    _ => Reason::SynAck,
                };
                host.ports.set_status(key, PortStatus::new(PortState::Open, reason));
            }
            // A table's name is known anyway; that a nameless port told nothing is no news.
            if verdict.service != service::guessed(None, Tunnel::None) {
                enter(host, key, verdict.service);
            }
        }
    }

    fn examine(
        &self,
        host: &HostRecord,
        key: PortKey,
        ports: Arc<Semaphore>,
    ) -> impl Future<Output = (PortKey, Verdict)> + Send + use<D> {
        let subject = Subject {
            peer: SocketAddr::new(host.address, key.number),
            port: key,
            tunnel: Tunnel::None,
            name: host.target_name.as_deref().map(Arc::from),
            intensity: self.config.intensity,
        };
        let name = host.ports.ports().service_name(key).map(ToOwned::to_owned);
        let (shared, clock) = (self.shared.clone(), self.config.clock.clone());
        async move {
            // Never closed; without a permit there would merely be no bound.
            let _permit = ports.acquire_owned().await;
            (key, port::examine(shared, subject, name, move || clock.wall()).await)
        }
    }
}

/// What the next port is found to be; `None` at the end.
async fn next(
    running: &mut JoinSet<(PortKey, Verdict)>,
    deadline: Option<Instant>,
) -> Option<(PortKey, Verdict)> {
    loop {
        let ended = match deadline {
            Some(deadline) => timeout_at(deadline, running.join_next()).await.ok().flatten(),
            None => running.join_next().await,
        };
        match ended? {
            Ok(found) => return Some(found),
            // A panic has been printed; the port stays as it was.
            Err(_) => continue,
        }
    }
}

/// There are probes for TCP and UDP only.
fn has_probes(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Tcp | Protocol::Udp)
}

fn may_be_open(state: PortState) -> bool {
    matches!(state, PortState::Open | PortState::OpenFiltered)
}

fn enter(host: &mut HostRecord, key: PortKey, service: ServiceInfo) {
    if let Some(detail) = host.ports.detail_mut(key) {
        detail.service = Some(service);
    }
}

fn message(events: &dyn EventSink, severity: Severity, text: &str) {
    events.emit(Event::Message { severity, text: text.as_bytes().to_vec() });
}

impl<D> std::fmt::Debug for Detector<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Detector").field("db", &self.config.db).finish_non_exhaustive()
    }
}
