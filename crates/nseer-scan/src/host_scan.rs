//! The ports of one host, asked by a few tasks.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use nseer_core::{PortKey, PortState, PortStatus, Reason};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::connector::{Answer, Connector, Pending, Start};
use crate::host_state::HostState;
use crate::scanner::Shared;

/// What it takes to send probes to one host.
pub(crate) struct Probing<C> {
    pub(crate) shared: Arc<Shared<C>>,
    pub(crate) state: Arc<HostState>,
}

impl<C> Clone for Probing<C> {
    fn clone(&self) -> Self {
        Probing { shared: self.shared.clone(), state: self.state.clone() }
    }
}

type Found = Arc<dyn Fn(PortKey, PortState) + Send + Sync>;

/// Fewer ports than this are not worth a second task.
const WORTH_A_TASK: usize = 1024;

/// Tasks per host: enough for two processors.
const TASKS: usize = 2;

/// Probes that were answered at once, between two looks at what else there is to do.
const BURST: usize = 64;

/// How long to wait when the system has no sockets left, and how often before a port is given up.
const BREATHER: Duration = Duration::from_millis(20);
const BREATHERS: u32 = 3000;

/// Asks all `keys`; `peer` has the host's address. Ports of which nothing could be learnt, since
/// the system had no sockets left for minutes, are not in the result.
pub(crate) async fn scan_keys<C: Connector>(
    probing: Probing<C>,
    peer: SocketAddr,
    keys: Vec<PortKey>,
    found: Found,
) -> Vec<(PortKey, PortStatus)> {
    if keys.len() < 2 * WORTH_A_TASK {
        return Slice::new(probing, peer, keys, found).run().await;
    }
    let mut tasks = JoinSet::new();
    for part in keys.chunks(keys.len().div_ceil(TASKS)) {
        let slice = Slice::new(probing.clone(), peer, part.to_vec(), found.clone());
        tasks.spawn(slice.run());
    }
    tasks.join_all().await.concat()
}

impl<C: Connector> Probing<C> {
    /// One probe from start to end; `None` where no answer came in time.
    pub(crate) async fn probe(&self, peer: SocketAddr, attempt: u32) -> Option<Answer> {
        // The semaphore is never closed.
        let _permit = self.shared.sockets.clone().acquire_owned().await.ok()?;
        self.shared.pace.turn().await;
        let begun = Instant::now();
        let answer = match self.shared.connector.start(peer) {
            Start::Answer(answer) => answer,
            Start::Pending(pending) => {
                let (_, patience) = self.state.allowance();
                tokio::time::timeout(patience, pending).await.ok()?
            }
        };
        if answer != Answer::Busy {
            self.state.answered(begun.elapsed(), attempt);
        }
        Some(answer)
    }
}

/// A probe that waits for its answer.
struct InFlight {
    key: PortKey,
    attempt: u32,
    begun: Instant,
    answer: Option<Answer>,
}

/// The part of a host's ports that one task asks.
struct Slice<C> {
    probing: Probing<C>,
    peer: SocketAddr,
    /// Ports to ask, each with the number of its next try.
    queue: VecDeque<(PortKey, u32)>,
    results: Vec<(PortKey, PortStatus)>,
    flights: JoinSet<InFlight>,
    /// A right to a socket, kept from probe to probe as long as answers come at once.
    permit: Option<OwnedSemaphorePermit>,
    found: Found,
    answered: usize,
    breathers: u32,
}

impl<C: Connector> Slice<C> {
    fn new(probing: Probing<C>, peer: SocketAddr, keys: Vec<PortKey>, found: Found) -> Self {
        Slice {
            probing,
            peer,
            results: Vec::with_capacity(keys.len()),
            queue: keys.into_iter().map(|key| (key, 0)).collect(),
            flights: JoinSet::new(),
            permit: None,
            found,
            answered: 0,
            breathers: 0,
        }
    }

    async fn run(mut self) -> Vec<(PortKey, PortStatus)> {
        loop {
            while let Some((key, attempt)) = self.next_to_ask() {
                if !self.has_permit().await {
                    self.queue.push_front((key, attempt));
                    break;
                }
                self.wait_for_turn().await;
                self.ask(key, attempt).await;
            }
            self.permit = None;
            match self.flights.join_next().await {
                Some(Ok(flight)) => self.landed(flight).await,
                // A flight that panicked has printed so; its port stays unknown.
                Some(Err(_)) => {}
                None if self.queue.is_empty() => return self.results,
                None => {}
            }
        }
    }

    fn next_to_ask(&mut self) -> Option<(PortKey, u32)> {
        if !self.flights.is_empty() {
            let (window, _) = self.probing.state.allowance();
            if self.flights.len() >= window {
                return None;
            }
        }
        self.queue.pop_front()
    }

    /// Waits for a socket only where nothing of its own is in flight, whose end would free one.
    async fn has_permit(&mut self) -> bool {
        if self.permit.is_none() {
            let sockets = self.probing.shared.sockets.clone();
            self.permit = match sockets.clone().try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) if self.flights.is_empty() => sockets.acquire_owned().await.ok(),
                Err(_) => None,
            };
        }
        self.permit.is_some()
    }

    async fn wait_for_turn(&self) {
        let shared = &self.probing.shared;
        let delay = shared.config.timing.scan_delay;
        if !delay.is_zero() && self.answered + self.flights.len() > 0 {
            tokio::time::sleep(delay).await;
        }
        if !shared.pace.is_free() {
            shared.pace.turn().await;
        }
    }

    async fn ask(&mut self, key: PortKey, attempt: u32) {
        let peer = SocketAddr::new(self.peer.ip(), key.number);
        // Few samples are enough, and the clock is not free.
        let timed = self.answered.is_multiple_of(BURST);
        let begun = timed.then(Instant::now);
        match self.probing.shared.connector.start(peer) {
            Start::Answer(answer) => {
                if let Some(begun) = begun {
                    self.probing.state.answered(begun.elapsed(), attempt);
                    tokio::task::yield_now().await;
                }
                self.take(key, attempt, answer).await;
            }
            Start::Pending(pending) => self.launch(key, attempt, begun, pending),
        }
    }

    fn launch(&mut self, key: PortKey, attempt: u32, begun: Option<Instant>, pending: Pending) {
        let begun = begun.unwrap_or_else(Instant::now);
        let (_, patience) = self.probing.state.allowance();
        let permit = self.permit.take();
        self.flights.spawn(async move {
            let answer = tokio::time::timeout(patience, pending).await.ok();
            drop(permit);
            InFlight { key, attempt, begun, answer }
        });
    }

    async fn landed(&mut self, flight: InFlight) {
        let InFlight { key, attempt, begun, answer } = flight;
        match answer {
            Some(answer) => {
                if answer != Answer::Busy {
                    self.probing.state.answered(begun.elapsed(), attempt);
                }
                self.take(key, attempt, answer).await;
            }
            None if self.probing.state.try_again(attempt) => {
                self.queue.push_back((key, attempt + 1));
            }
            None => {
                self.results.push((key, PortStatus::new(PortState::Filtered, Reason::NoResponse)));
            }
        }
    }

    async fn take(&mut self, key: PortKey, attempt: u32, answer: Answer) {
        match answer {
            Answer::Status(status) => {
                self.answered += 1;
                self.breathers = 0;
                if status.state == PortState::Open {
                    (self.found)(key, status.state);
                }
                self.results.push((key, status));
            }
            Answer::Busy => {
                // Others may give sockets back meanwhile.
                self.permit = None;
                tokio::time::sleep(BREATHER).await;
                self.breathers += 1;
                if self.breathers < BREATHERS {
                    self.queue.push_front((key, attempt));
                }
            }
        }
    }
}
