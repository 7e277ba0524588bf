//! A simulated network: it takes probes as packets, loses, delays, copies and limits, and gives
//! answers as packets. All is computed from a seed, so a failure comes again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use nseer_core::{HostRecord, PortKey, PortState, PortTable, Protocol, ScanPorts, ServiceTable};
use nseer_packet::{Content, Envelope, Outgoing, Payload, Reply, build, tcp_flags};
use nseer_scan::{
    Carrier, Discovery, RawConfig, RawConnector, ScanConfig, Scanner, Tap, Technique, Timing,
};
use nseer_seam::{Random, System};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// What answers at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Open,
    Closed,
    /// A router on the way says that it is forbidden.
    Rejected,
    Silent,
}

/// A host answers no more often than this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Answers a second.
    pub(crate) rate: u32,
    /// So many at once after a pause.
    pub(crate) burst: u32,
    /// Of all kinds, not only refusals.
    pub(crate) of_all: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) seed: u64,
    pub(crate) ports: BTreeMap<u16, Kind>,
    /// Round trips that get lost, in thousandths.
    pub(crate) loss: u64,
    /// A round trip, in milliseconds, and what may be added to it.
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    /// One of the hosts has a round trip of its own.
    pub(crate) farther: Option<(u8, u64)>,
    /// Answers that come twice, in thousandths.
    pub(crate) copies: u64,
    /// Packets that answer nothing come in too.
    pub(crate) strangers: bool,
    pub(crate) limit: Option<Limit>,
    /// A router drops what is more than so many probes a second to one host, after so many at once,
    /// whether their ports would answer or not.
    pub(crate) policer: Option<(u32, u32)>,
    /// The same for all hosts together: the way to them begins with a narrow link.
    pub(crate) uplink: Option<(u32, u32)>,
    pub(crate) is_udp: bool,
    pub(crate) hosts: u8,
}

/// Most retransmissions, the default of both programs.
const MOST_RETRIES: u32 = 10;
const ME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 254));

impl Network {
    /// One host with no ports, 20 ms away, of which nothing gets lost.
    pub(crate) fn quiet() -> Network {
        Network {
            seed: 0,
            ports: BTreeMap::new(),
            loss: 0,
            delay: 20,
            jitter: 0,
            farther: None,
            copies: 0,
            strangers: false,
            limit: None,
            policer: None,
            uplink: None,
            is_udp: false,
            hosts: 1,
        }
    }

    /// The address of a host: of the loopback net, so that any machine knows a way there.
    pub(crate) fn host(&self, index: u8) -> IpAddr {
        IpAddr::from([127, 9, 9, index + 1])
    }

    fn dice(&self, what: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, what).hash(&mut hasher);
        hasher.finish() % 1000
    }

    /// True where this try of a probe (0: the first), or its answer, gets lost.
    pub(crate) fn lost(&self, host: IpAddr, port: u16, attempt: u32) -> bool {
        self.dice((host, port, attempt)) < self.loss
    }

    /// The ports that answer within as many retransmissions as nmap makes: one more than the
    /// answers so far have needed.
    pub(crate) fn found_by_the_rule(&self, host: IpAddr) -> BTreeSet<u16> {
        let needed = |port: u16| (0..=MOST_RETRIES).find(|n| !self.lost(host, port, *n));
        let answering = self.ports.iter().filter(|(_, kind)| **kind != Kind::Silent);
        let needs: Vec<(u16, u32)> =
            answering.filter_map(|(port, _)| Some((*port, needed(*port)?))).collect();
        let mut allowed = 1;
        loop {
            let found = needs.iter().filter(|(_, needed)| *needed <= allowed);
            let most = found.clone().map(|(_, needed)| *needed).max().unwrap_or(0);
            let next = (most + 1).clamp(1, MOST_RETRIES);
            if next <= allowed {
                return found.map(|(port, _)| *port).collect();
            }
            allowed = next;
        }
    }

    fn technique(&self) -> Technique {
        if self.is_udp { Technique::Udp } else { Technique::SYN }
    }

    fn protocol(&self) -> Protocol {
        if self.is_udp { Protocol::Udp } else { Protocol::Tcp }
    }

    /// Scans all ports of all hosts at once, in simulated time.
    pub(crate) fn scan(&self) -> Outcome {
        self.scan_with(Timing::default())
    }

    /// The same with other timing.
    pub(crate) fn scan_with(&self, timing: Timing) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("runtime");
        runtime.block_on(async {
            let start = Instant::now();
            let (answers, arrived) = mpsc::unbounded_channel();
            let network = Arc::new(self.clone());
            let air = Air { network, state: Arc::default(), answers };
            let config = RawConfig {
                interface: None,
                source: Some(ME),
                source_port: None,
                ttl: None,
                padding: Vec::new(),
                bad_checksum: false,
                payloads: Arc::new(|_| Vec::new()),
                hears_all: false,
                trouble: Arc::new(|_, _| {}),
                tap: Tap::default(),
            };
            let connector = RawConnector::over(config, Arc::new(air.clone()), &Seed(self.seed));
            let scanner = Arc::new(Scanner::new(self.config(timing), connector.clone()));
            let ear = tokio::spawn(listen(connector, arrived));
            let tasks: Vec<_> = (0..self.hosts)
                .map(|index| {
                    let mut record = self.record(self.host(index));
                    let scanner = scanner.clone();
                    tokio::spawn(async move {
                        scanner.scan(&mut record, None, |_| {}).await.expect("scan");
                        record
                    })
                })
                .collect();
            let mut hosts = Vec::new();
            for task in tasks {
                hosts.push(task.await.expect("scan"));
            }
            ear.abort();
            let probes = air.state().probes;
            Outcome { hosts, probes, elapsed: start.elapsed() }
        })
    }

    fn config(&self, timing: Timing) -> ScanConfig {
        ScanConfig {
            timing,
            discovery: Discovery::Skip,
            ask_link: false,
            trace: false,
            techniques: vec![self.technique()],
            max_in_flight: 10_000,
            in_order: false,
            seed: None,
            zone: Arc::new(|_| 0),
            system: System { random: Arc::new(Seed(self.seed)), ..System::real() },
            trouble: Arc::new(|_, _| {}),
        }
    }

    fn record(&self, host: IpAddr) -> HostRecord {
        let names = Arc::new(ServiceTable::new(b"".as_slice()));
        let keys = self.ports.keys().map(|port| PortKey::new(self.protocol(), *port)).collect();
        let table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
        HostRecord::new(host, table, SystemTime::UNIX_EPOCH)
    }
}

async fn listen(connector: RawConnector, mut arrived: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(packet) = arrived.recv().await {
        connector.hear(&packet);
    }
}

/// What a scan found.
pub(crate) struct Outcome {
    hosts: Vec<HostRecord>,
    pub(crate) probes: u32,
    pub(crate) elapsed: Duration,
}

impl Outcome {
    /// How many ports have this state.
    pub(crate) fn states(&self, state: PortState) -> usize {
        let ports = self.hosts.iter().flat_map(|host| host.ports.iter());
        ports.filter(|(_, status)| status.state == state).count()
    }

    /// How far away each host is.
    pub(crate) fn round_trips(&self) -> Vec<Option<Duration>> {
        self.hosts.iter().map(|host| host.times.map(|times| times.srtt)).collect()
    }

    /// Each port that nmap's rule finds has its true state, and no port is open that is not.
    pub(crate) fn check(&self, network: &Network) {
        for host in &self.hosts {
            let promised = network.found_by_the_rule(host.address);
            let states: HashMap<u16, PortState> =
                host.ports.iter().map(|(key, status)| (key.number, status.state)).collect();
            for (port, kind) in &network.ports {
                let got = states.get(port).copied();
                let truth = match (kind, network.is_udp) {
                    (Kind::Open, _) => PortState::Open,
                    (Kind::Closed, _) => PortState::Closed,
                    (Kind::Rejected, _) | (Kind::Silent, false) => PortState::Filtered,
                    (Kind::Silent, true) => PortState::OpenFiltered,
                };
                if promised.contains(port) && (*kind == Kind::Open || !network.limits_refusals()) {
                    assert_eq!(got, Some(truth), "{} port {port}", host.address);
                }
                if *kind != Kind::Open {
                    assert_ne!(got, Some(PortState::Open), "{} port {port}", host.address);
                }
                assert!(got.is_some(), "{} port {port}", host.address);
            }
        }
    }
}

impl Network {
    fn limits_refusals(&self) -> bool {
        self.limit.is_some_and(|limit| !limit.of_all)
    }
}

/// The air between: takes probes, sends answers.
#[derive(Clone)]
struct Air {
    network: Arc<Network>,
    state: Arc<Mutex<State>>,
    answers: mpsc::UnboundedSender<Vec<u8>>,
}

#[derive(Default)]
struct State {
    tries: HashMap<(IpAddr, u16), u32>,
    probes: u32,
    /// When each host's bucket of answers will be full, and the router's bucket of probes to it.
    full: HashMap<IpAddr, Instant>,
    passed: HashMap<IpAddr, Instant>,
}

impl Carrier for Air {
    fn carry(&self, packets: &[Outgoing], _failed: &mut dyn FnMut(usize, io::Error)) {
        for packet in packets {
            self.take(&packet.packet);
        }
    }
}

impl Air {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, packet: &[u8]) {
        let probe = Reply::of(packet).expect("a packet of ours");
        let (Content::Tcp { source, destination: port, .. }
        | Content::Udp { source, destination: port }) = probe.content
        else {
            panic!("{probe:?}")
        };
        let attempt = {
            let mut state = self.state();
            state.probes += 1;
            let tries = state.tries.entry((probe.destination, port)).or_default();
            std::mem::replace(tries, *tries + 1)
        };
        let at = (probe.destination, port, attempt);
        if !self.may_pass(probe.destination) {
            return;
        }
        for packet in self.strangers(&probe, port) {
            let _ = self.answers.send(packet);
        }
        let Some(answer) = self.answer(packet, &probe, source, port) else { return };
        let network = &self.network;
        if network.lost(at.0, at.1, at.2) {
            return;
        }
        let copies = if network.dice((at, "copies")) < network.copies { 2 } else { 1 };
        let extra = |copy: u64| network.dice((at, "jitter", copy)) * network.jitter / 1000;
        let farther = network.farther.filter(|(host, _)| network.host(*host) == at.0);
        let half = Duration::from_millis(farther.map_or(network.delay, |(_, delay)| delay) / 2);
        let ways = (0..copies).map(|copy| half + Duration::from_millis(extra(copy)));
        let (ways, air): (Vec<Duration>, _) = (ways.collect(), self.clone());
        let is_refusal = network.ports[&port] != Kind::Open;
        tokio::spawn(async move {
            sleep(half).await;
            if !air.may_answer(probe.destination, is_refusal) {
                return;
            }
            for way in ways {
                let (answers, answer) = (air.answers.clone(), answer.clone());
                tokio::spawn(async move {
                    sleep(way).await;
                    let _ = answers.send(answer);
                });
            }
        });
    }

    /// Takes an answer out of the host's bucket, if there is one.
    fn may_answer(&self, host: IpAddr, is_refusal: bool) -> bool {
        let limit = self.network.limit.filter(|limit| limit.of_all || is_refusal);
        limit.is_none_or(|limit| take(&mut self.state().full, host, limit.rate, limit.burst))
    }

    /// The same for a probe on its way to the host.
    fn may_pass(&self, host: IpAddr) -> bool {
        [(ME, self.network.uplink), (host, self.network.policer)].into_iter().all(|(who, limit)| {
            limit.is_none_or(|(rate, burst)| take(&mut self.state().passed, who, rate, burst))
        })
    }

    /// What the port says to this probe.
    fn answer(&self, packet: &[u8], probe: &Reply, own: u16, port: u16) -> Option<Vec<u8>> {
        let host = probe.destination;
        let kind = self.network.ports.get(&port).expect("a port that was asked for");
        match (kind, probe.content) {
            (Kind::Silent, _) => None,
            (Kind::Rejected, _) => Some(error(ROUTER, 13, packet)),
            (Kind::Open, Content::Udp { .. }) => {
                Some(sent(host, Payload::Udp { source: port, destination: own, data: b"x" }))
            }
            (Kind::Closed, Content::Udp { .. }) => Some(error(host, 3, packet)),
            (kind, content) => {
                let Content::Tcp { sequence, .. } = content else { return None };
                let flag = if *kind == Kind::Open { tcp_flags::SYN } else { tcp_flags::RST };
                Some(sent(host, segment(port, own, sequence.wrapping_add(1), flag)))
            }
        }
    }

    /// Packets that look like answers and are none: wrong numbers, cut short, from elsewhere.
    fn strangers(&self, probe: &Reply, port: u16) -> Vec<Vec<u8>> {
        if !self.network.strangers {
            return Vec::new();
        }
        let Content::Tcp { source: own, sequence, .. } = probe.content else {
            return vec![error(ROUTER, 3, &[0x45; 20]), vec![0; 3]];
        };
        let host = probe.destination;
        let wrong = sequence.wrapping_add(0x0100_0000);
        let open = |ack| segment(port, own, ack, tcp_flags::SYN);
        let mut short = sent(host, open(sequence.wrapping_add(1)));
        short.truncate(20 + usize::from(port % 20));
        vec![
            sent(host, open(wrong)),
            sent(host, segment(port, own, wrong, tcp_flags::RST)),
            sent(ROUTER, open(sequence.wrapping_add(1))),
            sent(host, segment(port, own ^ 0x4000, sequence.wrapping_add(1), tcp_flags::SYN)),
            short,
            error(ROUTER, 13, &sent(host, open(wrong))),
        ]
    }
}

/// Takes one out of a host's bucket of `burst`, into which `rate` a second flow; false where it is empty.
fn take(full: &mut HashMap<IpAddr, Instant>, host: IpAddr, rate: u32, burst: u32) -> bool {
    let now = Instant::now();
    let each = Duration::from_secs(1) / rate;
    let full = full.entry(host).or_insert(now);
    let next = (*full).max(now) + each;
    let may = next <= now + each * burst;
    if may {
        *full = next;
    }
    may
}

fn segment(port: u16, own: u16, acknowledgement: u32, flag: u8) -> Payload<'static> {
    let flags = flag | tcp_flags::ACK;
    Payload::Tcp { source: port, destination: own, sequence: 9, acknowledgement, flags }
}

fn sent(source: IpAddr, payload: Payload<'_>) -> Vec<u8> {
    packet(source, payload, &[])
}

/// "Destination unreachable" with a code, about a packet.
fn error(source: IpAddr, code: u8, about: &[u8]) -> Vec<u8> {
    let mut message = vec![3, code, 0, 0, 0, 0, 0, 0];
    message.extend(&about[..about.len().min(28)]);
    packet(source, Payload::Protocol(1), &message)
}

fn packet(source: IpAddr, payload: Payload<'_>, padding: &[u8]) -> Vec<u8> {
    let envelope =
        Envelope { source, destination: ME, ttl: 60, id: 1, padding, bad_checksum: false };
    build(&envelope, &payload).expect("packet")
}

/// The same bytes for the same seed.
struct Seed(u64);

impl Random for Seed {
    fn fill(&self, buffer: &mut [u8]) {
        for (byte, seed) in buffer.iter_mut().zip(self.0.to_le_bytes().into_iter().cycle()) {
            *byte = seed;
        }
    }
}
