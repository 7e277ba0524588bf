//! Names and addresses, with a name server of the test's own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

use nseer_net::{Family, NetError, Network, NetworkConfig};

/// Answers what it knows, and denies the rest.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = socket.local_addr().expect("address");
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((n, client)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&answer(&buffer[..n]), client);
        }
    });
    address
}

/// The answer to a query of one question (RFC 1035 section 4.1).
fn answer(query: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let label = &query[at + 1..=at + usize::from(query[at])];
        name.push(String::from_utf8_lossy(label).to_lowercase());
        at += 1 + label.len();
    }
    let question = &query[12..at + 5];
    let (kind, name) = (query[at + 2], name.join("."));
    let data: Option<&[u8]> = match (kind, name.as_str()) {
        (1, "a.test") => Some(&[192, 0, 2, 7]),
        (28, "a.test") => Some(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
        (12, "7.2.0.192.in-addr.arpa") => Some(b"\x04Host\x04test\x00"),
        (12, "5.9.8.127.in-addr.arpa") => Some(b"\x04near\x04test\x00"),
        (12, "8.2.0.192.in-addr.arpa") => Some(b"\x06b\x1b[2Jd\x04test\x00"),
        _ => None,
    };
    // Answers of a recursive server; 3 is "no such name".
    let (code, count) = if data.is_some() { (0, 1) } else { (3, 0) };
    let mut answer = [&query[..2], &[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]].concat();
    answer.extend_from_slice(question);
    if let Some(data) = data {
        answer.extend_from_slice(&[0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        answer.extend_from_slice(data);
    }
    answer
}

fn asking(server: SocketAddr) -> Network {
    Network::new(NetworkConfig { dns_servers: vec![server], ..NetworkConfig::default() })
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("address")).collect()
}

#[tokio::test]
async fn given_servers_are_asked() {
    let server = name_server();
    let network = asking(server);
    assert_eq!(network.dns_servers(), [server]);
    let check = async |name: &str, family, want: &[&str]| {
        let mut found = network.resolve(name, family).await.expect("found");
        found.sort();
        assert_eq!(found, addresses(want), "{name} {family:?}");
    };
    check("a.test", None, &["192.0.2.7", "2001:db8::7"]).await;
    check("A.test", Some(Family::V4), &["192.0.2.7"]).await;
    check("a.test", Some(Family::V6), &["2001:db8::7"]).await;
    let unknown = network.resolve("b.test", None).await.expect_err("unknown");
    assert_eq!(unknown.to_string(), "cannot resolve 'b.test': Name or service not known");
    assert_eq!(unknown.status(), "ERROR");
}

#[tokio::test]
async fn addresses_have_names() {
    let network = asking(name_server());
    let check = async |address: &str, want: Option<&str>| {
        let name = network.reverse(address.parse().expect("address")).await;
        assert_eq!(name.as_deref(), want, "{address}");
    };
    check("192.0.2.7", Some("Host.test")).await;
    check("192.0.2.9", None).await;
    // Loopback nets are asked for like others.
    check("127.8.9.5", Some("near.test")).await;
    check("127.8.9.6", None).await;
    let hostile = network.reverse(addresses(&["192.0.2.8"])[0]).await.expect("a name");
    assert!(hostile.chars().all(|c| c.is_ascii_graphic()), "{hostile:?}");
}

#[test]
fn a_runtime_that_ends_takes_no_look_up_with_it() {
    let network = asking(name_server());
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let name =
            runtime.expect("runtime").block_on(network.reverse(addresses(&["192.0.2.7"])[0]));
        assert_eq!(name.as_deref(), Some("Host.test"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let network = asking(silent.local_addr().expect("address"));
    assert_eq!(network.reverse(addresses(&["192.0.2.7"])[0]).await, None);
    let failed = network.resolve("a.test", None).await;
    assert!(matches!(failed, Err(NetError::Resolve { .. })), "{failed:?}");
}

#[tokio::test]
async fn addresses_resolve_to_themselves() {
    let network = Network::new(NetworkConfig::default());
    let check = async |name: &str, family, want: Result<&str, &str>| {
        let found = network.resolve(name, family).await.map_err(|error| error.to_string());
        let want = want.map(|text| addresses(&[text])).map_err(ToOwned::to_owned);
        assert_eq!(found, want, "{name} {family:?}");
    };
    let other =
        |name: &str| format!("cannot resolve '{name}': Address family for hostname not supported");
    check("127.0.0.9", None, Ok("127.0.0.9")).await;
    check("127.0.0.9", Some(Family::V6), Err(&other("127.0.0.9"))).await;
    check("fe80::1%lo", Some(Family::V6), Ok("fe80::1")).await;
    check("::1", Some(Family::V4), Err(&other("::1"))).await;
    // getaddrinfo's own forms, and its words.
    check("127.1", Some(Family::V4), Ok("127.0.0.1")).await;
    check("", None, Err("cannot resolve '': Name or service not known")).await;
}
