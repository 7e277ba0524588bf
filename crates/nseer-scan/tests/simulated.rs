//! The scan over a simulated network with delay, loss and reordering, in simulated time.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use nseer_core::{
    HostRecord, HostStatus, PortKey, PortState, PortStatus, PortTable, Reason, ScanPorts,
    ServiceTable,
};
use nseer_scan::{Answer, Connector, Discovery, ScanConfig, Scanner, Start, Timing};
use nseer_seam::System;
use proptest::prelude::*;

/// How one port behaves: its state, how many of its answers get lost, how long they take.
#[derive(Clone, Copy, Debug)]
struct Behaviour {
    state: PortState,
    lost: usize,
    delay: Duration,
    /// How often the system has no socket for it.
    busy: usize,
}

#[derive(Default)]
struct Counters {
    probes: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

struct Network {
    ports: HashMap<u16, Behaviour>,
    asked: Mutex<HashMap<u16, usize>>,
    counters: Arc<Counters>,
}

struct Open(Arc<Counters>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Connector for Network {
    fn start(&self, peer: SocketAddr) -> Start {
        let behaviour = self.ports[&peer.port()];
        let nth = {
            let mut asked = self.asked.lock().expect("lock");
            let nth = asked.entry(peer.port()).or_default();
            *nth += 1;
            *nth
        };
        if nth <= behaviour.busy {
            return Start::Answer(Answer::Busy);
        }
        self.counters.probes.fetch_add(1, Ordering::SeqCst);
        let now_open = self.counters.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.counters.most_open.fetch_max(now_open, Ordering::SeqCst);
        let open = Open(self.counters.clone());
        Start::Pending(Box::pin(async move {
            let _open = open;
            if behaviour.state == PortState::Filtered || nth <= behaviour.busy + behaviour.lost {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(behaviour.delay).await;
            let reason = match behaviour.state {
                PortState::Open => Reason::SynAck,
                _ => Reason::ConnRefused,
            };
            Answer::Status(PortStatus::new(behaviour.state, reason))
        }))
    }
}

fn scan(
    ports: &HashMap<u16, Behaviour>,
    timing: Timing,
    max_sockets: usize,
    discovery: Discovery,
) -> (HostRecord, Arc<Counters>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("runtime");
    let counters = Arc::new(Counters::default());
    let network =
        Network { ports: ports.clone(), asked: Mutex::default(), counters: counters.clone() };
    let config = ScanConfig {
        timing,
        discovery,
        max_sockets,
        in_order: false,
        learn_source: false,
        system: System::real(),
    };
    let scanner = Scanner::with_connector(config, network);
    let names = Arc::new(ServiceTable::new(b"".as_slice()));
    let keys = ports.keys().map(|p| PortKey::tcp(*p)).collect();
    let table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
    let address: IpAddr = "192.0.2.7".parse().expect("address");
    let mut host = HostRecord::new(address, table, SystemTime::UNIX_EPOCH);
    runtime.block_on(scanner.scan(&mut host, None, |_, _| {}));
    (host, counters)
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let state =
        prop_oneof![Just(PortState::Open), Just(PortState::Closed), Just(PortState::Filtered)];
    (state, 0_usize..2, 0_u64..400, 0_usize..2).prop_map(|(state, lost, ms, busy)| Behaviour {
        state,
        lost,
        delay: Duration::from_millis(ms),
        busy,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn states_are_right_whatever_is_lost_once(
        ports in proptest::collection::hash_map(1_u16..2000, behaviour(), 1..120),
        max_sockets in 1_usize..200,
    ) {
        let timing = Timing { min_rtt_timeout: Duration::from_millis(500), ..Timing::default() };
        let (host, counters) = scan(&ports, timing, max_sockets, Discovery::Skip);
        for (port, behaviour) in &ports {
            let got = host.ports.status(PortKey::tcp(*port)).map(|s| s.state);
            prop_assert_eq!(got, Some(behaviour.state), "port {}", port);
        }
        prop_assert!(counters.most_open.load(Ordering::SeqCst) <= max_sockets);
    }
}

fn uniform(state: PortState, count: u16) -> HashMap<u16, Behaviour> {
    let delay = Duration::from_millis(10);
    (1..=count).map(|p| (p, Behaviour { state, lost: 0, delay, busy: 0 })).collect()
}

#[test]
fn silent_ports_are_asked_twice_where_nothing_is_lost() {
    let (host, counters) =
        scan(&uniform(PortState::Filtered, 50), Timing::default(), 100, Discovery::Skip);
    assert_eq!(counters.probes.load(Ordering::SeqCst), 100);
    assert!(host.ports.iter().all(|(_, s)| s.reason == Reason::NoResponse));
}

#[test]
fn max_retries_and_parallelism_hold() {
    let timing = Timing { max_retries: 0, max_parallelism: Some(3), ..Timing::default() };
    let (_, counters) = scan(&uniform(PortState::Filtered, 20), timing, 100, Discovery::Skip);
    assert_eq!(counters.probes.load(Ordering::SeqCst), 20);
    assert_eq!(counters.most_open.load(Ordering::SeqCst), 3);
}

#[test]
fn any_answer_means_that_a_host_is_up() {
    let ping = || Discovery::Connect(vec![1]);
    for (state, status) in [
        (PortState::Open, HostStatus::Up),
        (PortState::Closed, HostStatus::Up),
        (PortState::Filtered, HostStatus::Down),
    ] {
        let (host, _) = scan(&uniform(state, 2), Timing::default(), 10, ping());
        assert_eq!(host.status, status, "{state}");
    }
}

#[test]
fn round_trips_are_measured() {
    let (host, _) = scan(&uniform(PortState::Open, 20), Timing::default(), 10, Discovery::Skip);
    let times = host.times.expect("measured");
    assert_eq!(times.srtt, Duration::from_millis(10));
}
