//! UDP: datagrams, whose they are, and what nobody listens to.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use nseer_net::{ConnectOptions, NetError, Socket, Transport};

use crate::stand::{BRIEF, PATIENT, connect, network, status};

fn peer() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = socket.local_addr().expect("address");
    (socket, address)
}

/// Sends back `parts` to whoever sends something.
fn answer(socket: &UdpSocket, parts: &[&[u8]]) {
    let (_, client) = socket.recv_from(&mut [0; 100]).expect("a datagram");
    for part in parts {
        socket.send_to(part, client).expect("sent");
    }
}

#[tokio::test]
async fn a_receive_gives_one_datagram_whole() {
    let (peer, address) = peer();
    let mut socket = connect(Transport::Udp, address).await;
    assert!(socket.is_udp());
    assert_eq!(socket.peer_addr(), Some(address));
    assert!(matches!(socket.try_send(b"go"), Some(Ok(()))));
    let large = vec![b'z'; 20_000];
    answer(&peer, &[b"one", b"", &large]);
    for want in [&b"one"[..], b"", &large] {
        assert_eq!(socket.receive(PATIENT).await.expect("datagram"), want);
    }
    socket.send(b"again", PATIENT).await.expect("sent");
    answer(&peer, &[b"a\n", b"b\n"]);
    assert_eq!(socket.receive_lines(2, PATIENT).await.expect("datagrams"), b"a\nb\n");
}

#[tokio::test]
async fn the_time_out_is_for_all_datagrams_together() {
    let (peer, address) = peer();
    let mut socket = connect(Transport::Udp, address).await;
    socket.send(b"go", PATIENT).await.expect("sent");
    answer(&peer, &[b"12"]);
    tokio::time::pause();
    assert_eq!(socket.receive_bytes(3, BRIEF).await.expect("what came"), b"12");
    assert_eq!(status(socket.receive_bytes(3, BRIEF).await), "TIMEOUT");
}

#[tokio::test]
async fn a_connected_socket_hears_its_peer_only() {
    let ((peer, address), (stranger, _)) = (peer(), peer());
    let mut socket = connect(Transport::Udp, address).await;
    let local = socket.local_addr().expect("local end");
    stranger.send_to(b"lie", local).expect("sent");
    peer.send_to(b"truth", local).expect("sent");
    assert_eq!(socket.receive(PATIENT).await.expect("datagram"), b"truth");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_an_error() {
    let (gone, address) = peer();
    drop(gone);
    let mut socket = connect(Transport::Udp, address).await;
    assert!(matches!(socket.try_send(b"x"), Some(Ok(()))));
    assert_eq!(status(socket.receive(PATIENT).await), "ERROR");
    // The error is told once; the socket lives.
    tokio::time::pause();
    assert_eq!(status(socket.receive(BRIEF).await), "TIMEOUT");
}

#[tokio::test]
async fn without_a_connection_each_datagram_has_its_peer() {
    let ((one, first), (two, second)) = (peer(), peer());
    let mut socket =
        Socket::udp_unconnected(&network(), false, &ConnectOptions::default()).expect("socket");
    assert_eq!((socket.local_addr(), socket.peer_addr()), (None, None));
    assert!(socket.try_send(b"x").is_none());
    assert!(matches!(socket.send(b"x", PATIENT).await, Err(NetError::NotConnected)));
    for (peer, address) in [(one, first), (two, second)] {
        socket.send_to(b"q", address, PATIENT).await.expect("sent");
        assert_eq!(socket.peer_addr(), Some(address));
        assert!(socket.local_addr().is_some());
        answer(&peer, &[b"a"]);
        assert_eq!(socket.receive(PATIENT).await.expect("datagram"), b"a");
    }
}

#[tokio::test]
async fn a_connected_socket_sends_to_others_too() {
    let ((_peer, address), (other, elsewhere)) = (peer(), peer());
    let mut socket = connect(Transport::Udp, address).await;
    socket.send_to(b"hello", elsewhere, PATIENT).await.expect("sent");
    let mut buffer = [0; 10];
    let (n, from) = other.recv_from(&mut buffer).expect("datagram");
    assert_eq!((&buffer[..n], Some(from)), (&b"hello"[..], socket.local_addr()));
    assert_eq!(socket.peer_addr(), Some(address));
}

#[tokio::test]
async fn the_local_end_can_be_chosen() {
    let (peer, address) = peer();
    let bind = "127.0.0.6:0".parse().ok();
    let mut socket = Socket::udp_unconnected(
        &network(),
        false,
        &ConnectOptions { bind, ..ConnectOptions::default() },
    )
    .expect("socket");
    socket.send_to(b"q", address, PATIENT).await.expect("sent");
    let (_, from) = peer.recv_from(&mut [0; 10]).expect("datagram");
    assert_eq!(Some(from), socket.local_addr());
    assert_eq!(from.ip().to_string(), "127.0.0.6");
}

#[tokio::test]
async fn tls_does_not_start_later() {
    let (_peer, address) = peer();
    let mut socket = connect(Transport::Udp, address).await;
    let error = socket.start_tls(None, PATIENT).await.expect_err("an error");
    assert_eq!(error.to_string(), "TLS: cannot be started on a UDP socket");
}
