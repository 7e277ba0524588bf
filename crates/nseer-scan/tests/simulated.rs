//! The scan over a simulated network with delay, loss, reordering and rate limits, in simulated
//! time. Everything is computed from a seed, so a failure comes again.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use nseer_core::{
    HostRecord, HostStatus, PortKey, PortState, PortTable, Reason, ScanPorts, ServiceTable,
};
use nseer_scan::{
    Aim, Answer, Connector, Destination, Discovery, ScanConfig, ScanError, Scanner, Started,
    Technique, Timing, Told,
};
use nseer_seam::{Random, System};
use proptest::prelude::*;
use tokio::time::Instant;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// How one port behaves.
#[derive(Clone, Copy, Debug)]
struct Port {
    /// `None`: it never answers.
    answer: Option<Answer>,
    /// So many first probes, or their answers, get lost.
    lost: u32,
    /// From probe to answer; zero: before `connect()` returns.
    delay: Duration,
    /// So often the machine has no socket for it.
    shortages: u32,
}

impl Port {
    fn new(answer: Option<Answer>) -> Self {
        Port { answer, lost: 0, delay: ms(50), shortages: 0 }
    }
}

const OPEN: Option<Answer> = Some(Answer::open());
const CLOSED: Option<Answer> = Some(Answer::refused());

#[derive(Clone, Debug, Default)]
struct Network {
    ports: BTreeMap<u16, Port>,
    /// Further loss, in thousandths.
    loss: u64,
    /// The host answers so many probes a second.
    answers_a_second: Option<u32>,
    /// The machine has so many sockets, whatever the scan was told.
    sockets: Option<usize>,
}

#[derive(Debug, Default)]
struct Seen {
    asked: HashMap<SocketAddr, u32>,
    short: HashMap<SocketAddr, u32>,
    probes: u32,
    in_flight: usize,
    most_in_flight: usize,
    random: u64,
    next_answer: Option<Instant>,
}

#[derive(Clone)]
struct Simulation {
    host: Option<IpAddr>,
    network: Arc<Network>,
    seen: Arc<Mutex<Seen>>,
}

impl Simulation {
    fn new(network: Network) -> Self {
        Simulation { host: None, network: Arc::new(network), seen: Arc::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no test panics while it holds this")
    }
}

/// Counts a probe as in flight while it lives.
struct Counted(Simulation);

impl Counted {
    fn new(simulation: &Simulation) -> Self {
        let mut seen = simulation.seen();
        seen.in_flight += 1;
        seen.most_in_flight = seen.most_in_flight.max(seen.in_flight);
        Counted(simulation.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.seen().in_flight -= 1;
    }
}

impl Seen {
    /// A number below 1,000 (SplitMix64).
    fn dice(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % 1000
    }

    /// True where a host that answers so seldom drops this probe.
    fn is_over(&mut self, answers_a_second: u32) -> bool {
        let now = Instant::now();
        let next = self.next_answer.unwrap_or(now).max(now);
        let over = next > now + ms(20);
        if !over {
            self.next_answer = Some(next + Duration::from_secs(1) / answers_a_second);
        }
        over
    }
}

impl Connector for Simulation {
    type Pending = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn turn_to(&mut self, host: &Destination) {
        self.host = Some(host.address);
    }

    fn flush(&mut self) {}

    fn late(&mut self, _aim: Aim) -> Option<Answer> {
        None
    }

    fn start(&mut self, aim: Aim, _attempt: u32) -> Started<Self::Pending> {
        let peer = SocketAddr::new(self.host.expect("a host"), aim.port);
        let port = self.network.ports[&peer.port()];
        let counted = Counted::new(self);
        let mut seen = self.seen();
        let all_used = self.network.sockets.is_some_and(|sockets| seen.in_flight > sockets);
        if all_used {
            drop(seen);
            return Started::Shortage(io::Error::from_raw_os_error(libc::EMFILE));
        }
        let short = seen.short.entry(peer).or_default();
        if *short < port.shortages {
            *short += 1;
            drop(seen);
            return Started::Shortage(io::Error::from_raw_os_error(libc::EMFILE));
        }
        seen.probes += 1;
        let asked = seen.asked.entry(peer).or_default();
        *asked += 1;
        let mut lost = *asked <= port.lost;
        lost |= self.network.loss > 0 && seen.dice() < self.network.loss;
        lost |= self.network.answers_a_second.is_some_and(|rate| seen.is_over(rate));
        drop(seen);
        match port.answer.filter(|_| !lost) {
            Some(outcome) if port.delay.is_zero() => Started::Done(outcome),
            answer => Started::Pending(Box::pin(async move {
                let _counted = counted;
                match answer {
                    Some(outcome) => {
                        tokio::time::sleep(port.delay).await;
                        outcome
                    }
                    None => std::future::pending().await,
                }
            })),
        }
    }

    fn rest(&mut self) {}
}

/// Always the same bytes.
struct Seed(u8);

impl Random for Seed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

struct Run {
    network: Network,
    timing: Timing,
    max_sockets: usize,
    discovery: Discovery,
    deadline: Option<Duration>,
    hosts: u8,
    technique: Technique,
}

struct Result {
    hosts: Vec<HostRecord>,
    errors: Vec<ScanError>,
    seen: Seen,
    elapsed: Duration,
}

impl Run {
    fn new(ports: impl IntoIterator<Item = (u16, Port)>) -> Self {
        Run {
            network: Network { ports: ports.into_iter().collect(), ..Network::default() },
            timing: Timing::default(),
            max_sockets: 1000,
            discovery: Discovery::Skip,
            deadline: None,
            hosts: 1,
            technique: Technique::Connect,
        }
    }

    fn go(self) -> Result {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("runtime");
        let simulation = Simulation::new(self.network);
        let names = Arc::new(ServiceTable::new(b"".as_slice()));
        let protocol = self.technique.protocol().expect("a technique for ports");
        let numbers = simulation.network.ports.keys();
        let keys = numbers.map(|port| PortKey::new(protocol, *port)).collect();
        let ports = Arc::new(ScanPorts::new(keys, names));
        let config = ScanConfig {
            timing: self.timing,
            discovery: self.discovery,
            ask_link: false,
            trace: false,
            techniques: vec![self.technique],
            max_in_flight: self.max_sockets,
            in_order: false,
            seed: None,
            zone: Arc::new(|_| 0),
            system: System { random: Arc::new(Seed(7)), ..System::real() },
            trouble: Arc::new(|_, _| {}),
        };
        let scanner = Arc::new(Scanner::new(config, simulation.clone()));
        let (hosts, errors, elapsed) = runtime.block_on(async {
            let start = Instant::now();
            let deadline = self.deadline.map(|after| start + after);
            let tasks: Vec<_> = (1..=self.hosts)
                .map(|last| {
                    let address = IpAddr::from([192, 0, 2, last]);
                    let table = PortTable::new(ports.clone());
                    let mut host = HostRecord::new(address, table, SystemTime::UNIX_EPOCH);
                    let scanner = scanner.clone();
                    tokio::spawn(async move {
                        let mut found = Vec::new();
                        let tell = |seen| {
                            if let Told::Port(key, PortState::Open) = seen {
                                found.push(key);
                            }
                        };
                        let end = scanner.scan(&mut host, deadline, tell).await;
                        found.sort_unstable();
                        let open = host.ports.iter().filter(|(_, s)| s.state == PortState::Open);
                        assert_eq!(found, open.map(|(key, _)| key).collect::<Vec<_>>());
                        (host, end)
                    })
                })
                .collect();
            let (mut hosts, mut errors) = (Vec::new(), Vec::new());
            for task in tasks {
                let (host, end) = task.await.expect("scan");
                hosts.push(host);
                errors.extend(end.err());
            }
            (hosts, errors, start.elapsed())
        });
        let seen = std::mem::take(&mut *simulation.seen());
        assert_eq!(seen.in_flight, 0, "every probe has ended");
        Result { hosts, errors, seen, elapsed }
    }
}

impl Result {
    fn host(&self) -> &HostRecord {
        &self.hosts[0]
    }

    /// Compares every port of every host with the truth.
    fn check(&self, ports: &BTreeMap<u16, Port>) {
        assert!(self.errors.is_empty(), "{:?}", self.errors);
        for host in &self.hosts {
            for (number, port) in ports {
                let want = match port.answer {
                    Some(answer) => (answer.status.state, answer.status.reason),
                    None => (PortState::Filtered, Reason::NoResponse),
                };
                let mut all = host.ports.iter();
                let got = all.find(|(key, _)| key.number == *number);
                let got = got.map(|(_, s)| (s.state, s.reason));
                assert_eq!(got, Some(want), "{} port {number}", host.address);
            }
        }
    }
}

fn port() -> impl Strategy<Value = Port> {
    let unreachable = Answer::unreachable(Reason::HostUnreach);
    let answer = prop_oneof![
        3 => Just(OPEN),
        3 => Just(CLOSED),
        3 => Just(None),
        1 => Just(Some(unreachable)),
    ];
    (answer, 0_u32..2, 0_u64..900, 0_u32..3).prop_map(|(answer, lost, delay, shortages)| Port {
        answer,
        lost,
        delay: ms(delay),
        shortages,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    /// The bound: no port loses two probes in a row, and answers come within the time-out.
    #[test]
    fn the_truth_is_found_whatever_is_lost_once(
        ports in proptest::collection::btree_map(1_u16..3000, port(), 1..150),
        max_sockets in 1_usize..200,
        hosts in 1_u8..5,
    ) {
        let timing = Timing { min_rtt_timeout: ms(1_000), ..Timing::default() };
        let run = Run { timing, max_sockets, hosts, ..Run::new(ports.clone()) };
        let result = run.go();
        result.check(&ports);
        prop_assert!(result.seen.most_in_flight <= max_sockets);
    }
}

fn uniform(count: u16, port: Port) -> BTreeMap<u16, Port> {
    (1..=count).map(|number| (number, port)).collect()
}

/// Open, closed and silent ports in turn.
fn mixed(count: u16) -> BTreeMap<u16, Port> {
    let kinds = [OPEN, CLOSED, None];
    (1..=count).map(|n| (n, Port::new(kinds[usize::from(n) % 3]))).collect()
}

#[test]
fn the_truth_is_found_on_links_that_lose_up_to_a_fifth() {
    for loss in [10, 50, 100, 200] {
        let ports = mixed(600);
        let mut run = Run { hosts: 2, ..Run::new(ports.clone()) };
        run.network.loss = loss;
        let result = run.go();
        result.check(&ports);
        assert!(result.elapsed < Duration::from_secs(120), "{loss}: {:?}", result.elapsed);
    }
}

#[test]
fn a_host_that_answers_seldom_is_asked_more_slowly() {
    let ports = uniform(400, Port::new(CLOSED));
    let mut run = Run::new(ports.clone());
    run.network.answers_a_second = Some(100);
    let result = run.go();
    result.check(&ports);
    assert!(result.seen.probes < 3 * 400, "{} probes", result.seen.probes);
}

#[test]
fn closed_udp_ports_are_told_by_a_host_that_limits_its_errors() {
    let closed = Some(Answer::host(PortState::Closed, Reason::PortUnreach));
    let ports = uniform(40, Port::new(closed));
    let mut run = Run { technique: Technique::Udp, ..Run::new(ports.clone()) };
    run.network.answers_a_second = Some(1);
    let result = run.go();
    result.check(&ports);
    assert!(result.seen.probes < 6 * 40, "{} probes", result.seen.probes);
    // One error a second after the first few: no scan could be much faster.
    assert!(result.elapsed < Duration::from_secs(90), "{:?}", result.elapsed);
}

#[test]
fn silent_ports_are_asked_twice_and_do_not_take_for_ever() {
    let mut ports = uniform(1000, Port::new(None));
    for open in [22, 80, 443] {
        ports.insert(open, Port::new(OPEN));
    }
    let result = Run::new(ports.clone()).go();
    result.check(&ports);
    // The few more are known ports among silent ones.
    assert!((1997..2010).contains(&result.seen.probes), "{}", result.seen.probes);
    assert!(result.elapsed < ms(1_800), "{:?}", result.elapsed);
    let deaf = Run::new(uniform(1000, Port::new(None))).go();
    assert!(deaf.elapsed < Duration::from_secs(40), "{:?}", deaf.elapsed);
}

#[test]
fn one_loss_in_a_hundred_is_no_congestion() {
    let ports = uniform(100, Port::new(CLOSED));
    let mut run = Run { hosts: 250, max_sockets: 10_000, ..Run::new(ports.clone()) };
    run.network.loss = 20;
    let result = run.go();
    result.check(&ports);
    assert!(result.elapsed < Duration::from_secs(4), "{:?}", result.elapsed);
}

#[test]
fn retries_and_parallelism_have_limits() {
    let timing = Timing { max_retries: 0, max_parallelism: Some(3), ..Timing::default() };
    let result = Run { timing, hosts: 5, ..Run::new(uniform(20, Port::new(None))) }.go();
    assert_eq!(result.seen.probes, 5 * 20);
    assert_eq!(result.seen.most_in_flight, 3);
}

#[test]
fn rates_and_delays_are_kept() {
    let check = |timing: Timing, delay: u64, seconds: std::ops::Range<f64>| {
        let port = Port { delay: ms(delay), ..Port::new(CLOSED) };
        let result = Run { timing: timing.clone(), ..Run::new(uniform(101, port)) }.go();
        let took = result.elapsed.as_secs_f64();
        assert!(seconds.contains(&took), "{timing:?}: {took}");
    };
    let normal = Timing::default();
    check(Timing { max_rate: Some(10.0), ..normal.clone() }, 0, 9.9..10.2);
    check(Timing { max_rate: Some(10.0), ..normal.clone() }, 50, 9.9..10.2);
    check(Timing { max_rate: Some(1_000_000.0), ..normal.clone() }, 0, 0.0..0.1);
    check(Timing { scan_delay: ms(200), ..normal.clone() }, 0, 19.9..20.3);
    check(Timing::template(2), 50, 39.9..41.0);
    // The window alone would take a second for each of its sizes.
    let slow = Timing { max_retries: 0, initial_rtt_timeout: ms(5_000), ..normal.clone() };
    check(slow.clone(), 4_000, 4.0..30.0);
    check(Timing { min_rate: Some(100.0), ..slow }, 4_000, 4.0..5.5);
}

#[test]
fn no_sockets_is_an_error_and_never_a_state() {
    let mut ports = uniform(10, Port::new(CLOSED));
    ports.insert(5, Port { shortages: u32::MAX, ..Port::new(OPEN) });
    let result = Run { max_sockets: 1, ..Run::new(ports) }.go();
    assert_eq!(result.host().ports.status(PortKey::tcp(5)), None);
    assert!(result.host().ports.iter().all(|(_, status)| status.state == PortState::Closed));
    let text = result.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(text.starts_with("192.0.2.1: no socket could be opened for a minute"), "{text}");
}

#[test]
fn a_machine_with_fewer_sockets_than_promised_gets_through() {
    let ports = mixed(20);
    let mut run = Run { hosts: 32, ..Run::new(ports.clone()) };
    run.network.sockets = Some(8);
    run.go().check(&ports);
}

#[test]
fn an_answer_from_the_host_means_that_it_is_up() {
    let unreachable = Some(Answer::unreachable(Reason::HostUnreach));
    let check = |first, second, status, reason| {
        let ports = [(1, Port::new(first)), (2, Port::new(second))];
        let discovery =
            Discovery::Ask([1, 2].map(|port| Aim::new(Technique::Connect, port)).to_vec());
        let result = Run { discovery, ..Run::new(ports) }.go();
        let host = result.host();
        assert_eq!((host.status, host.reason), (status, reason), "{first:?} {second:?}");
        let scanned = host.ports.iter().count();
        assert_eq!(scanned, if status == HostStatus::Up { 2 } else { 0 });
        result.elapsed
    };
    check(OPEN, None, HostStatus::Up, Reason::SynAck);
    check(None, CLOSED, HostStatus::Up, Reason::ConnRefused);
    check(unreachable, OPEN, HostStatus::Up, Reason::SynAck);
    check(unreachable, None, HostStatus::Down, Reason::HostUnreach);
    let waited = check(None, None, HostStatus::Down, Reason::NoResponse);
    assert!(waited < ms(2_100), "{waited:?}");
}

#[test]
fn a_host_that_takes_too_long_is_left() {
    let mut run = Run::new(uniform(200, Port::new(None)));
    run.deadline = Some(ms(3_000));
    let result = run.go();
    assert!(result.host().timed_out);
    assert_eq!(result.elapsed, ms(3_000));
}

#[test]
fn round_trips_are_measured() {
    let result = Run::new(uniform(40, Port::new(OPEN))).go();
    let times = result.host().times.expect("measured");
    assert_eq!(times.srtt, ms(50));
    assert!(times.timeout >= ms(100), "{times:?}");
    assert_eq!(Run::new(uniform(2, Port::new(None))).go().host().times, None);
}
