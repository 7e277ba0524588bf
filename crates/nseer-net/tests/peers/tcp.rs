//! TCP: partial data, time-outs, resets, limits.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use nseer_net::{
    ConnectOptions, Handed, NetError, NetPolicy, Network, NetworkConfig, Socket, Transport,
};
use socket2::{Domain, SockRef, Type};

use crate::stand::{BRIEF, PATIENT, connect, network, serve, status, try_connect};

/// Waits until the other side closes.
fn drain(mut stream: std::net::TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    all
}

#[tokio::test]
async fn a_silent_peer_times_out() {
    let (address, peer) = serve(drain);
    let mut socket = connect(Transport::Tcp, address).await;
    tokio::time::pause();
    assert_eq!(status(socket.receive(BRIEF).await), "TIMEOUT");
    assert_eq!(status(socket.receive_bytes(5, BRIEF).await), "TIMEOUT");
    assert_eq!(status(socket.receive_lines(1, BRIEF).await), "TIMEOUT");
    assert_eq!(status(socket.receive(Some(Duration::ZERO)).await), "TIMEOUT");
    socket.close();
    assert_eq!(peer.join().expect("peer"), b"");
}

#[tokio::test]
async fn a_reset_is_seen_as_one() {
    let (address, peer) = serve(|mut stream| {
        let read = stream.read(&mut [0; 8]);
        read.map_err(|error| error.kind())
    });
    connect(Transport::Tcp, address).await.reset();
    assert_eq!(peer.join().expect("peer"), Err(std::io::ErrorKind::ConnectionReset));
}

/// What the peer reads at the end of a connection that was offered and taken over.
async fn end_of_offered(use_it: impl AsyncFnOnce(&mut Socket)) -> Result<usize, ErrorKind> {
    let (address, peer) = serve(|mut stream| {
        stream.write_all(b"hello").expect("written");
        let mut said = Vec::new();
        stream.read_to_end(&mut said).map_err(|error| error.kind())
    });
    let network = Network::new(NetworkConfig { offers: 1, ..NetworkConfig::default() });
    let scanned = std::net::TcpStream::connect(address).expect("connection");
    scanned.set_nonblocking(true).expect("non-blocking");
    let local = scanned.local_addr().expect("address");
    network.offer(address, scanned);
    let options = ConnectOptions::default();
    let mut socket =
        Socket::connect(&network, Transport::Tcp, address, &options).await.expect("connected");
    assert_eq!(socket.local_addr(), Some(local), "the one that was offered");
    assert_eq!(socket.receive(PATIENT).await.expect("greeting"), b"hello");
    use_it(&mut socket).await;
    socket.close();
    peer.join().expect("peer")
}

#[tokio::test]
async fn what_a_scan_connected_is_reset_unless_it_was_used() {
    assert_eq!(end_of_offered(async |_| {}).await, Err(ErrorKind::ConnectionReset));
    let sent = end_of_offered(async |socket| socket.send(b"bye", PATIENT).await.expect("sent"));
    assert_eq!(sent.await, Ok(3), "nothing that was sent is lost");
    let sent = end_of_offered(async |socket| {
        assert!(matches!(socket.try_send(b"bye"), Some(Ok(()))));
    });
    assert_eq!(sent.await, Ok(3));
}

#[tokio::test]
async fn what_came_before_the_time_out_is_given() {
    let (sent, is_sent) = mpsc::channel();
    let (address, _peer) = serve(move |mut stream| {
        stream.write_all(b"one\ntw").expect("written");
        sent.send(()).expect("told");
        drain(stream)
    });
    let mut socket = connect(Transport::Tcp, address).await;
    is_sent.recv().expect("sent");
    tokio::time::pause();
    assert_eq!(socket.receive_lines(2, BRIEF).await.expect("data"), b"one\ntw");
    assert_eq!(status(socket.receive_lines(2, BRIEF).await), "TIMEOUT");
    assert_eq!(status(socket.receive(BRIEF).await), "TIMEOUT");
}

#[tokio::test]
async fn the_end_mid_line_gives_the_part_then_eof() {
    let (address, peer) = serve(|mut stream| stream.write_all(b"a\nb").expect("written"));
    let mut socket = connect(Transport::Tcp, address).await;
    assert_eq!(socket.receive_lines(2, PATIENT).await.expect("data"), b"a\nb");
    assert_eq!(status(socket.receive_lines(2, PATIENT).await), "EOF");
    assert_eq!(status(socket.receive(PATIENT).await), "EOF");
    assert_eq!(status(socket.receive_bytes(1, PATIENT).await), "EOF");
    peer.join().expect("peer");
}

#[tokio::test]
async fn a_reset_is_an_error_and_loses_the_part() {
    let (go, wait) = mpsc::channel::<()>();
    let (address, _peer) = serve(move |mut stream| {
        stream.write_all(b"part").expect("written");
        wait.recv().expect("go");
        // With a linger time of zero, closing sends RST (tcp(7), socket(7)).
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("linger");
    });
    let mut socket = connect(Transport::Tcp, address).await;
    let receiving = async {
        let first = socket.receive_lines(1, PATIENT).await;
        (first, socket.receive(PATIENT).await)
    };
    go.send(()).expect("peer");
    let (first, then) = receiving.await;
    assert_eq!(status(first), "ERROR");
    assert_eq!(status(then), "EOF");
}

#[tokio::test]
async fn lines_are_put_together() {
    let (go, wait) = mpsc::channel::<()>();
    let (address, _peer) = serve(move |mut stream| {
        for part in [&b"o"[..], b"ne\nt", b"wo\n", b"three"] {
            stream.write_all(part).expect("written");
            let _ = wait.recv();
        }
    });
    let mut socket = connect(Transport::Tcp, address).await;
    for _ in 0..4 {
        go.send(()).expect("peer");
    }
    let lines = socket.receive_lines(2, PATIENT).await.expect("data");
    assert!(lines.starts_with(b"one\ntwo\n"), "{lines:?}");
    // Zero of anything is whatever comes first.
    let (address, _peer) = serve(|mut stream| stream.write_all(b"x").expect("written"));
    let mut socket = connect(Transport::Tcp, address).await;
    assert_eq!(socket.receive_lines(0, PATIENT).await.expect("data"), b"x");
}

/// A peer that sends `x` without end and without lines.
fn endless() -> SocketAddr {
    let (address, _) = serve(|mut stream| while stream.write_all(&[b'x'; 65_536]).is_ok() {});
    address
}

#[tokio::test]
async fn a_peer_without_end_is_bounded() {
    let limit = 1 << 20;
    let network = Network::new(NetworkConfig { buffer_limit: limit, ..NetworkConfig::default() });
    let options = ConnectOptions { timeout: PATIENT, ..ConnectOptions::default() };
    let connecting = Socket::connect(&network, Transport::Tcp, endless(), &options);
    let mut socket = connecting.await.expect("connected");

    let lines = socket.receive_lines(1, PATIENT).await;
    assert!(matches!(lines, Err(NetError::TooMuchData { limit: l }) if l == limit), "{lines:?}");

    // A request that is larger than the limit is a request all the same.
    let bytes = socket.receive_bytes(3 << 20, PATIENT).await.expect("data");
    assert!((3 << 20..(3 << 20) + 8192).contains(&bytes.len()), "{}", bytes.len());

    for _ in 0..50 {
        let some = socket.receive(PATIENT).await.expect("data");
        assert!((1..=576 << 10).contains(&some.len()), "{}", some.len());
    }
}

#[tokio::test]
async fn a_peer_without_end_does_not_stop_the_clock() {
    let mut socket = connect(Transport::Tcp, endless()).await;
    socket.receive(PATIENT).await.expect("data");
    // The whole of memory never comes, so the time ends first.
    let data = socket.receive_bytes(usize::MAX, Some(Duration::from_millis(50))).await;
    assert!(!data.expect("what came in time").is_empty());
}

#[tokio::test]
async fn all_of_a_large_buffer_is_sent_once() {
    let (go, wait) = mpsc::channel::<()>();
    let (address, peer) = serve(move |stream| {
        wait.recv().expect("go");
        drain(stream)
    });
    let mut socket = connect(Transport::Tcp, address).await;
    let data: Vec<u8> = (0..32u32 << 20).map(|i| (i % 251) as u8).collect();
    assert!(socket.try_send(&data).is_none());
    assert!(socket.try_send(&data).is_none(), "the rest must go first");
    go.send(()).expect("peer");
    socket.send(&data, PATIENT).await.expect("sent");
    assert!(
        matches!(socket.try_send(b"end"), Some(Ok(())))
            || socket.send(b"end", PATIENT).await.is_ok()
    );
    socket.close();
    let got = peer.join().expect("peer");
    assert_eq!(got.len(), data.len() + 3);
    assert!(got.starts_with(&data) && got.ends_with(b"end"));
}

#[tokio::test]
async fn small_data_is_sent_at_once() {
    let (address, peer) = serve(drain);
    let mut socket = connect(Transport::Tcp, address).await;
    for data in ["first", "", "second"] {
        assert!(matches!(socket.try_send(data.as_bytes()), Some(Ok(()))), "{data}");
    }
    socket.close();
    assert_eq!(peer.join().expect("peer"), b"firstsecond");
}

#[tokio::test]
async fn a_peer_that_does_not_read_times_out() {
    let (go, wait) = mpsc::channel::<()>();
    let (address, _peer) = serve(move |stream| {
        let _ = wait.recv();
        drop(stream);
    });
    let mut socket = connect(Transport::Tcp, address).await;
    let data = vec![0; 64 << 20];
    tokio::time::pause();
    assert_eq!(status(socket.send(&data, BRIEF).await), "TIMEOUT");
    drop(go);
}

/// A port that is taken, but at which nobody listens.
fn closed_port() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
    let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    socket.bind(&any.into()).expect("bound");
    let address = socket.local_addr().expect("address").as_socket().expect("IPv4");
    (socket, address)
}

#[tokio::test]
async fn a_refused_connection_is_an_error() {
    let (_taken, address) = closed_port();
    for transport in [Transport::Tcp, Transport::Tls] {
        assert_eq!(status(try_connect(transport, address, PATIENT).await), "ERROR");
    }
}

#[tokio::test]
async fn a_connection_that_is_not_answered_times_out() {
    // Linux ignores connections beyond the backlog; that of 0 has room for one.
    let (listener, address) = closed_port();
    listener.listen(0).expect("listening");
    let _first = connect(Transport::Tcp, address).await;
    tokio::time::pause();
    assert_eq!(status(try_connect(Transport::Tcp, address, BRIEF).await), "TIMEOUT");
}

#[tokio::test]
async fn the_local_end_can_be_chosen() {
    let (address, peer) = serve(|stream| stream.peer_addr().expect("peer address"));
    let bind: SocketAddr = "127.0.0.5:0".parse().expect("address");
    let options = ConnectOptions { bind: Some(bind), timeout: PATIENT, ..Default::default() };
    let socket = Socket::connect(&network(), Transport::Tcp, address, &options).await;
    let socket = socket.expect("connected");
    let local = socket.local_addr().expect("local end");
    assert_eq!(local.ip(), bind.ip());
    assert_eq!(peer.join().expect("peer"), local);
    assert_eq!(socket.peer_addr(), Some(address));
    assert!(!socket.is_udp() && !socket.is_tls());
}

/// Forbids everything.
struct Nothing;

impl NetPolicy for Nothing {
    fn check(&self, _: SocketAddr, transport: Transport) -> Result<(), String> {
        Err(format!("{transport:?} is not allowed"))
    }
}

#[tokio::test]
async fn the_policy_is_asked() {
    let network =
        Network::new(NetworkConfig { policy: Arc::new(Nothing), ..NetworkConfig::default() });
    let (_taken, address) = closed_port();
    let options = ConnectOptions::default();
    for transport in [Transport::Tcp, Transport::Udp, Transport::Tls] {
        let error = Socket::connect(&network, transport, address, &options).await;
        let text = error.expect_err("forbidden").to_string();
        assert_eq!(text, format!("{address} may not be contacted: {transport:?} is not allowed"));
    }
    let mut udp =
        Socket::udp_unconnected(&network, false, &ConnectOptions::default()).expect("socket");
    let sent = udp.send_to(b"x", address, PATIENT).await;
    assert!(matches!(sent, Err(NetError::Forbidden { .. })), "{sent:?}");
}

#[tokio::test]
async fn another_protocol_goes_on_with_the_connection() {
    let (address, peer) = serve(drain);
    let socket = connect(Transport::Tcp, address).await;
    let Some(Handed::Bare(stream, words)) = socket.hand_over() else { panic!("a bare connection") };
    assert!(!words.are_heard());
    assert_eq!(stream.peer_addr().expect("a peer"), address);
    stream.writable().await.expect("ready");
    assert_eq!(stream.try_write(b"x").expect("written"), 1);
    drop(stream);
    assert_eq!(peer.join().expect("peer"), b"x");
    let network = network();
    let udp = Socket::udp_unconnected(&network, false, &ConnectOptions::default()).expect("socket");
    assert!(udp.hand_over().is_none());
}
