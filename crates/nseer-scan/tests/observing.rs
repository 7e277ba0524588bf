//! Odd packets over a simulated network: which are sent, when, and how often.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use nseer_core::{HostRecord, PortTable, ScanPorts, ServiceTable};
use nseer_os::{Observation, Print, Probe, Test};
use nseer_packet::{OddHeader, OddSegment, Outgoing};
use nseer_scan::{
    Carrier, Discovery, OddPorts, RawConfig, RawConnector, ScanConfig, Scanner, Tap, Timing,
};
use nseer_seam::System;
use tokio::sync::mpsc;
use tokio::time::Instant;

const ME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

/// Notes what is sent, and hands it on.
struct Air {
    sent: Arc<Mutex<Sent>>,
    begun: Instant,
    onward: mpsc::UnboundedSender<Vec<u8>>,
}

impl Carrier for Air {
    fn carry(&self, packets: &[Outgoing], _failed: &mut dyn FnMut(usize, io::Error)) {
        for packet in packets {
            let at = self.begun.elapsed();
            self.sent.lock().expect("whole").push((at, packet.packet.clone()));
            let _ = self.onward.send(packet.packet.clone());
        }
    }
}

/// A segment that answers another: a SYN by a SYN-ACK from an open port 80, all else by a reset.
fn answer(packet: &[u8]) -> Option<Vec<u8>> {
    let header = OddHeader { source: HOST, destination: ME, ttl: 61, id: 7, tos: 0, df: true };
    let pair = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    let sequence = u32::from_be_bytes([packet[24], packet[25], packet[26], packet[27]]);
    if packet[9] != 6 {
        return None;
    }
    let (own, flags) = (pair(22), packet[33]);
    let (flags, window) = match (own, flags & 0x3F) {
        (80, 2) => (0x12, 1000),
        (80, _) => return None,
        _ => (0x14, 0),
    };
    Some(header.tcp(&OddSegment {
        ports: [own, pair(20)],
        sequence: 99,
        acknowledgement: sequence.wrapping_add(1),
        flags,
        reserved: false,
        window,
        urgent: 0,
        options: &[2, 4, 5, 0xB4],
    }))
}

type Sent = Vec<(Duration, Vec<u8>)>;

fn observe(ports: OddPorts) -> (Option<Observation>, Sent) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("runtime");
    runtime.block_on(async {
        let (onward, mut arrived) = mpsc::unbounded_channel::<Vec<u8>>();
        let sent = Arc::new(Mutex::new(Sent::new()));
        let air = Air { sent: sent.clone(), begun: Instant::now(), onward };
        let system = System::real();
        let raw = RawConfig {
            interface: None,
            source: None,
            source_port: None,
            ttl: None,
            padding: Vec::new(),
            bad_checksum: false,
            payloads: Arc::new(|_| Vec::new()),
            hears_all: false,
            trouble: Arc::new(|_, _| {}),
            tap: Tap::default(),
        };
        let connector = RawConnector::over(raw, Arc::new(air), &*system.random);
        let hearing = connector.clone();
        tokio::spawn(async move {
            while let Some(packet) = arrived.recv().await {
                let Some(mut reply) = answer(&packet) else { continue };
                // A stranger's packet comes first.
                reply[15] ^= 1;
                hearing.hear(&reply);
                reply[15] ^= 1;
                hearing.hear(&reply);
            }
        });
        let config = ScanConfig {
            timing: Timing::default(),
            discovery: Discovery::Skip,
            ask_link: false,
            techniques: Vec::new(),
            max_in_flight: 10,
            trace: false,
            in_order: false,
            seed: None,
            zone: Arc::new(|_| 0),
            system,
            trouble: Arc::new(|_, _| {}),
        };
        let scanner = Scanner::new(config, connector);
        let table = ScanPorts::new(Vec::new(), Arc::new(ServiceTable::new(Vec::new())));
        let table = PortTable::new(Arc::new(table));
        let mut host = HostRecord::new(IpAddr::V4(HOST), table, SystemTime::UNIX_EPOCH);
        host.source = Some(IpAddr::V4(ME));
        let seen = scanner.observe(&host, ports, None).await;
        let sent = sent.lock().expect("whole").clone();
        (seen, sent)
    })
}

#[test]
fn each_probe_is_sent_at_its_time_and_again_where_nothing_comes() {
    let (seen, sent) = observe(OddPorts { open: Some(80), closed: 81, udp: 40_000 });
    let seen = seen.expect("observed");
    let probes: Vec<Probe> = seen.exchanges.iter().map(|exchange| exchange.probe).collect();
    assert_eq!(probes, Probe::ALL);
    let millis: Vec<u128> = sent.iter().take(16).map(|(at, _)| at.as_millis()).collect();
    let due = [0, 100, 200, 300, 400, 500, 525, 550, 575, 600, 625, 650, 675, 700, 725, 750];
    assert_eq!(millis, due);
    // The two echo requests, the datagram and what an open port does not answer: four times each.
    let silent = seen.exchanges.iter().filter(|exchange| exchange.reply.is_none());
    let silent: Vec<Probe> = silent.map(|exchange| exchange.probe).collect();
    let expected =
        [Probe::Echo(0), Probe::Echo(1), Probe::Udp, Probe::T(2), Probe::T(3), Probe::T(4)];
    assert_eq!(silent, expected);
    assert_eq!(sent.len(), 16 + 3 * 6);
    let print = Print::of(&seen);
    assert_eq!(print.value(Test::Ecn, "R"), Some("Y"));
    assert_eq!(print.value(Test::T1, "TG"), Some("40"), "nothing tells the way");
    assert_eq!(print.value(Test::T2, "R"), Some("N"));
    assert_eq!(print.value(Test::T5, "F"), Some("AR"));
    assert_eq!(print.value(Test::Ops, "O1"), Some("M5B4"));
    assert_eq!(print.value(Test::Seq, "TI"), Some("7"));
}

#[test]
fn without_an_open_port_less_is_asked() {
    let (seen, _) = observe(OddPorts { open: None, closed: 81, udp: 40_000 });
    let probes: Vec<Probe> =
        seen.expect("observed").exchanges.iter().map(|exchange| exchange.probe).collect();
    let expected =
        [Probe::Echo(0), Probe::Echo(1), Probe::Udp, Probe::T(5), Probe::T(6), Probe::T(7)];
    assert_eq!(probes, expected);
}
