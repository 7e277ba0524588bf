//! A network that is played: servers as functions of what they are sent, and a log of what was
//! sent when.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use nseer_core::{
    Event, EventSink, HostRecord, PortKey, PortState, PortStatus, PortTable, Reason, ScanPorts,
    ServiceInfo, ServiceNames,
};
use nseer_net::{NetError, Transport};
use nseer_probes::ProbeDb;
use nseer_version::{Conversation, Detector, Dialer, VersionConfig};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

/// What a server does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Waits so long, then sends this.
    Say(u64, &'static [u8]),
    /// Waits so long, then closes the connection.
    Close(u64),
    /// Sends these bytes one by one, so far apart.
    Drip(u64, &'static [u8]),
    /// Sends the same again and again, so far apart.
    Flood(u64, &'static [u8]),
    /// Fails as a reset connection does.
    Reset,
}

/// A server: what it does when somebody connects (nothing was sent), and at what was sent.
pub(crate) type Server = fn(PortKey, Transport, &[u8]) -> Vec<Act>;

/// When it was sent, in milliseconds, and what.
type Sent = (u64, Vec<u8>);

pub(crate) struct Stage {
    pub(crate) server: Server,
    /// Connections that are refused, by number.
    pub(crate) refuses: fn(PortKey, Transport) -> bool,
    /// A connection is served when the one before it is closed.
    pub(crate) one_at_a_time: bool,
    /// A connection is refused while there is another.
    pub(crate) refuses_others: bool,
    /// All connections are closed at this millisecond.
    pub(crate) begins_anew: Option<u64>,
    served: Arc<Semaphore>,
    begun: Instant,
    open: Arc<AtomicUsize>,
    pub(crate) most_open: Arc<AtomicUsize>,
    log: Arc<Mutex<Vec<Sent>>>,
    connections: Arc<AtomicUsize>,
}

impl Clone for Stage {
    fn clone(&self) -> Self {
        Stage {
            server: self.server,
            refuses: self.refuses,
            one_at_a_time: self.one_at_a_time,
            refuses_others: self.refuses_others,
            begins_anew: self.begins_anew,
            served: self.served.clone(),
            begun: self.begun,
            open: self.open.clone(),
            most_open: self.most_open.clone(),
            log: self.log.clone(),
            connections: self.connections.clone(),
        }
    }
}

impl Stage {
    pub(crate) fn new(server: Server) -> Stage {
        Stage {
            server,
            refuses: |_, _| false,
            one_at_a_time: false,
            refuses_others: false,
            begins_anew: None,
            served: Arc::new(Semaphore::new(1)),
            begun: Instant::now(),
            open: Arc::default(),
            most_open: Arc::default(),
            log: Arc::default(),
            connections: Arc::default(),
        }
    }

    /// What was sent, as text, with the times in milliseconds.
    pub(crate) fn sent(&self) -> Vec<(u64, String)> {
        let log = self.log.lock().expect("log");
        log.iter().map(|(at, data)| (*at, String::from_utf8_lossy(data).into_owned())).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).expect("a short test")
    }
}

impl Dialer for Stage {
    type Conversation = Line;

    async fn dial(
        &self,
        peer: SocketAddr,
        transport: Transport,
        _: Option<&str>,
        _: Duration,
    ) -> Result<Line, NetError> {
        let key = match transport {
            Transport::Udp => PortKey::udp(peer.port()),
            _ => PortKey::tcp(peer.port()),
        };
        let is_busy = self.refuses_others && self.open.load(Ordering::Relaxed) > 0;
        if is_busy || (self.refuses)(key, transport) {
            return Err(NetError::Io(std::io::ErrorKind::ConnectionRefused.into()));
        }
        self.connections.fetch_add(1, Ordering::Relaxed);
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_open.fetch_max(open, Ordering::Relaxed);
        let mut line = Line {
            stage: self.clone(),
            key,
            transport,
            due: Vec::new(),
            sent: Vec::new(),
            turn: None,
            begun: Instant::now(),
        };
        if transport != Transport::Udp {
            line.act();
        }
        Ok(line)
    }
}

pub(crate) struct Line {
    stage: Stage,
    key: PortKey,
    transport: Transport,
    /// What comes when, in order.
    due: Vec<(Instant, Act)>,
    sent: Vec<u8>,
    turn: Option<OwnedSemaphorePermit>,
    begun: Instant,
}

impl Line {
    fn act(&mut self) {
        let mut at = Instant::now();
        for act in (self.stage.server)(self.key, self.transport, &self.sent) {
            let wait = match &act {
                Act::Say(ms, _) | Act::Close(ms) | Act::Drip(ms, _) | Act::Flood(ms, _) => *ms,
                Act::Reset => 0,
            };
            at += Duration::from_millis(wait);
            self.due.push((at, act));
        }
    }

    /// When the server closes it together with all others, if that is before anything else happens.
    fn closes_with_others(&self, until: Instant) -> Option<Instant> {
        let anew = self.stage.begun + Duration::from_millis(self.stage.begins_anew?);
        let next = self.due.first().map_or(until, |(at, _)| until.min(*at));
        (self.begun < anew && anew <= next).then_some(anew)
    }
}

impl Conversation for Line {
    async fn send(&mut self, data: &[u8], _: Instant) -> Result<(), NetError> {
        self.stage.log.lock().expect("log").push((self.stage.elapsed(), data.to_vec()));
        self.sent.extend_from_slice(data);
        self.act();
        Ok(())
    }

    fn give_up(self) {}

    async fn receive(&mut self, until: Instant) -> Result<Vec<u8>, NetError> {
        if self.stage.one_at_a_time && self.turn.is_none() {
            let turn = timeout_at(until, self.stage.served.clone().acquire_owned()).await;
            let turn = turn.map_err(|_| NetError::TimedOut)?;
            self.turn = Some(turn.expect("an open semaphore"));
        }
        if let Some(anew) = self.closes_with_others(until) {
            sleep_until(anew).await;
            return Err(NetError::Eof);
        }
        let Some((at, act)) = self.due.first().cloned() else {
            return timeout_at(until, pending()).await.map_err(|_| NetError::TimedOut);
        };
        sleep_until(at.min(until)).await;
        if at > until {
            return Err(NetError::TimedOut);
        }
        match act {
            Act::Say(_, data) => {
                self.due.remove(0);
                Ok(data.to_vec())
            }
            Act::Close(_) => Err(NetError::Eof),
            Act::Reset => Err(NetError::Io(std::io::ErrorKind::ConnectionReset.into())),
            Act::Drip(ms, data) => match data.split_first() {
                Some((first, rest)) if !rest.is_empty() => {
                    self.due[0] = (at + Duration::from_millis(ms), Act::Drip(ms, rest));
                    Ok(vec![*first])
                }
                _ => {
                    self.due.remove(0);
                    Ok(data.to_vec())
                }
            },
            Act::Flood(ms, data) => {
                self.due[0].0 = at + Duration::from_millis(ms);
                Ok(data.to_vec())
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stage.open.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Names;

impl ServiceNames for Names {
    fn name(&self, port: PortKey) -> Option<&str> {
        (port.number == 7777).then_some("registered")
    }
}

#[derive(Default)]
pub(crate) struct Events(pub(crate) Mutex<Vec<String>>);

impl EventSink for Events {
    fn emit(&self, event: Event) {
        if let Event::Message { text, .. } = event {
            self.0.lock().expect("events").push(String::from_utf8_lossy(&text).into_owned());
        }
    }
}

/// A detection to come.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) probes: &'static str,
    pub(crate) ports: Vec<(PortKey, PortState)>,
    pub(crate) intensity: u8,
    pub(crate) all_ports: bool,
    pub(crate) sockets: usize,
    pub(crate) deadline: Option<Duration>,
    pub(crate) events: Arc<Events>,
}

impl Scene {
    pub(crate) fn new(probes: &'static str, server: Server) -> Scene {
        Scene {
            stage: Stage::new(server),
            probes,
            ports: vec![(PortKey::tcp(7777), PortState::Open)],
            intensity: 7,
            all_ports: false,
            sockets: 100,
            deadline: None,
            events: Arc::default(),
        }
    }

    /// Runs it; gives the host.
    pub(crate) async fn run(&self) -> HostRecord {
        let (db, problems) = ProbeDb::load("scene", self.probes.as_bytes());
        assert_eq!(problems, []);
        let config = VersionConfig {
            db: Arc::new(db),
            intensity: self.intensity,
            all_ports: self.all_ports,
            sockets: self.sockets,
            ports_per_host: 40,
            trace: true,
            clock: Arc::new(nseer_seam::RealClock),
            events: self.events.clone(),
        };
        let keys = self.ports.iter().map(|(key, _)| *key).collect();
        let mut table = PortTable::new(Arc::new(ScanPorts::new(keys, Arc::new(Names))));
        for (key, state) in &self.ports {
            table.set_status(*key, PortStatus::new(*state, Reason::NoResponse));
        }
        let address = "192.0.2.1".parse().expect("an address");
        let mut host = HostRecord::new(address, table, SystemTime::UNIX_EPOCH);
        let deadline = self.deadline.map(|after| Instant::now() + after);
        Detector::new(config, self.stage.clone()).detect(&mut host, deadline).await;
        host
    }

    /// Runs it; gives what is known of the one port.
    pub(crate) async fn service(&self) -> ServiceInfo {
        let host = self.run().await;
        host.ports.service(self.ports[0].0)
    }
}

/// Name, product and confidence.
pub(crate) fn brief(service: &ServiceInfo) -> (&str, &str, u8) {
    let text = |field: &'_ Option<String>| -> &'static str {
        field.clone().map_or("", |text| text.leak())
    };
    (text(&service.name), text(&service.product), service.confidence)
}
