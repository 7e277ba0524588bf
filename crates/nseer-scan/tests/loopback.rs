//! The scan with real sockets, on this machine's own addresses.
#![allow(clippy::disallowed_methods, reason = "the tests need listeners of their own")]

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::SystemTime;

use nseer_core::{
    HostRecord, HostStatus, PortKey, PortState, PortTable, Reason, ScanPorts, ServiceTable,
};
use nseer_scan::{
    Aim, Discovery, MixedConnector, ScanConfig, Scanner, SocketConnector, Technique, Timing, Told,
};
use nseer_seam::System;

/// Scans `ports` of `address` with two threads; gives the record and the open ports told.
fn scan(address: IpAddr, ports: Vec<u16>, max_sockets: usize) -> (HostRecord, Vec<u16>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runtime");
    let config = ScanConfig {
        timing: Timing::default(),
        discovery: Discovery::Ask(vec![Aim::new(Technique::Connect, 1)]),
        ask_link: false,
        trace: false,
        techniques: vec![Technique::Connect],
        max_in_flight: max_sockets,
        in_order: false,
        seed: None,
        zone: Arc::new(|_| 0),
        system: System::real(),
        trouble: Arc::new(|_, _| {}),
    };
    let names = Arc::new(ServiceTable::new(b"".as_slice()));
    let keys = ports.into_iter().map(PortKey::tcp).collect();
    let table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
    let mut host = HostRecord::new(address, table, SystemTime::UNIX_EPOCH);
    let mut told = Vec::new();
    let connector = MixedConnector::new(SocketConnector::default(), None);
    runtime
        .block_on(Scanner::new(config, connector).scan(&mut host, None, |seen| {
            if let Told::Port(key, PortState::Open) = seen {
                told.push(key.number);
            }
        }))
        .expect("scan");
    told.sort_unstable();
    (host, told)
}

/// Every port has a state, and the open ones are those that listen.
fn check(address: &str, ports: std::ops::RangeInclusive<u16>, max_sockets: usize) {
    let address: IpAddr = address.parse().expect("address");
    let Ok(first) = TcpListener::bind((address, 0)) else {
        // A machine without IPv6.
        assert!(address.is_ipv6());
        return;
    };
    let listeners: Vec<TcpListener> = (0..20)
        .map(|_| TcpListener::bind((address, 0)).expect("listener"))
        .chain([first])
        .collect();
    let mut open: Vec<u16> =
        listeners.iter().map(|l| l.local_addr().expect("address").port()).collect();
    open.sort_unstable();
    let all = ports.chain(open.iter().copied()).collect();
    let (host, mut told) = scan(address, all, max_sockets);
    for key in host.ports.ports().keys() {
        let state = host.ports.status(*key).map(|status| status.state);
        assert!(matches!(state, Some(PortState::Open | PortState::Closed)), "{key}: {state:?}");
    }
    // Another program may listen on all addresses: then the port cannot be bound.
    told.retain(|port| open.contains(port) || TcpListener::bind((address, *port)).is_ok());
    assert_eq!(told, open);
    assert_eq!((host.status, host.reason), (HostStatus::Up, Reason::LocalhostResponse));
    assert_eq!(host.directly_connected, Some(true));
    assert!(host.source.is_some() && host.interface.is_some() && host.times.is_some());
}

#[test]
fn few_ports() {
    check("127.77.0.1", 1..=100, 1000);
}

#[test]
fn many_ports_on_two_threads() {
    check("127.77.0.2", 1..=20_000, 1000);
}

#[test]
fn with_a_single_socket() {
    check("127.77.0.3", 1..=6_000, 1);
}

#[test]
fn ipv6() {
    check("::1", 1..=6_000, 1000);
}
