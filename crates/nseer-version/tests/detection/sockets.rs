//! Real sockets of this machine's loopback, TCP and UDP.
#![allow(clippy::disallowed_methods, reason = "the peers are played here")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::SystemTime;

use nseer_core::{
    HostRecord, PortKey, PortState, PortStatus, PortTable, Reason, ScanPorts, ServiceTable,
};
use nseer_net::{Network, NetworkConfig};
use nseer_probes::ProbeDb;
use nseer_version::{Detector, SocketDialer, VersionConfig};

use crate::stage::Events;

const PROBES: &str = r"Probe TCP NULL q||
totalwaitms 300
match greeter m|^hello (\d)| p/Greeter/ v/$1/
Probe TCP Ask q|ask\n|
totalwaitms 5000
match asked m|^you asked: ask| p/Asked/
Probe UDP Ask q|ask|
match datagram m|^you asked: ask| p/Datagrams/
";

/// Answers whoever speaks, and greets first where there is a greeting.
fn tcp(greeting: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 64];
                let _ = stream.write_all(greeting);
                if let Ok(n @ 1..) = stream.read(&mut buffer) {
                    let _ = stream.write_all(&[b"you asked: ", &buffer[..n]].concat());
                }
            });
        }
    });
    port
}

fn udp() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((n, peer)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&[b"you asked: ", &buffer[..n]].concat(), peer);
        }
    });
    port
}

#[tokio::test]
async fn services_are_found_over_real_sockets() {
    let (db, problems) = ProbeDb::load("sockets", PROBES.as_bytes());
    assert_eq!(problems, []);
    let config = VersionConfig {
        db: Arc::new(db),
        intensity: 7,
        all_ports: false,
        sockets: 100,
        ports_per_host: 40,
        trace: false,
        clock: Arc::new(nseer_seam::RealClock),
        events: Arc::new(Events::default()),
    };
    let (greets, listens, datagrams) = (tcp(b"hello 7\n"), tcp(b""), udp());
    let open = [
        (PortKey::tcp(greets), "Greeter"),
        (PortKey::tcp(listens), "Asked"),
        (PortKey::udp(datagrams), "Datagrams"),
    ];
    let names = Arc::new(ServiceTable::new(Vec::new()));
    let keys = open.iter().map(|(key, _)| *key).collect();
    let mut table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
    for (key, _) in open {
        table.set_status(key, PortStatus::new(PortState::OpenFiltered, Reason::NoResponse));
    }
    let address = "127.0.0.1".parse().expect("an address");
    let mut host = HostRecord::new(address, table, SystemTime::UNIX_EPOCH);
    let dialer = SocketDialer(Network::new(NetworkConfig::default()));
    Detector::new(config, dialer).detect(&mut host, None).await;
    for (key, product) in open {
        assert_eq!(host.ports.service(key).product.as_deref(), Some(product), "{key}");
        assert_eq!(host.ports.status(key).map(|s| s.state), Some(PortState::Open), "{key}");
    }
}
