//! TLS against `openssl s_server`, and against peers that break off.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};

use nseer_net::{ConnectOptions, Socket, Transport};
use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};

use crate::openssl_server::{Identity, Server};
use crate::stand::{BRIEF, PATIENT, connect, network, serve, status, try_connect};

async fn echo(socket: &mut Socket, line: &str) {
    let line = format!("{line}\n");
    match socket.try_send(line.as_bytes()) {
        Some(sent) => sent.expect("sent"),
        None => socket.send(line.as_bytes(), PATIENT).await.expect("sent"),
    }
    let mut want: String = line.trim_end().chars().rev().collect();
    want.push('\n');
    let got = socket.receive_lines(1, PATIENT).await.expect("an answer");
    assert_eq!(String::from_utf8_lossy(&got), want);
}

#[tokio::test]
async fn protocols_and_ciphers() {
    let identity = Identity::named("x.example");
    let small = Identity::new(
        &["rsa:1024", "-md5"],
        "/CN=old.example",
        "[req]\ndistinguished_name=d\n[d]\n",
    );
    let servers = [
        (Some(&identity), &["-tls1_3"][..]),
        (Some(&identity), &["-tls1_2"]),
        (Some(&small), &["-tls1", "-cipher", "ALL:@SECLEVEL=0"]),
        (Some(&small), &["-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"]),
        (None, &["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"]),
    ];
    for (identity, options) in servers {
        let server = Server::start(identity, options);
        let mut socket = match try_connect(Transport::Tls, server.address, PATIENT).await {
            Ok(socket) => socket,
            Err(error) => panic!("{options:?}: {error}"),
        };
        assert!(socket.is_tls() && !socket.is_udp());
        assert_eq!(socket.peer_certificate_der(), identity.map(Identity::der), "{options:?}");
        echo(&mut socket, "hello").await;
        echo(&mut socket, &"long".repeat(1000)).await;
    }
}

#[tokio::test]
async fn datagrams_under_dtls() {
    let identity = Identity::named("d.example");
    for options in [&["-dtls1_2"][..], &["-dtls", "-mtu", "300"]] {
        let mut server = Server::talking(&identity, options);
        let mut socket = match try_connect(Transport::Dtls, server.address, PATIENT).await {
            Ok(socket) => socket,
            Err(error) => panic!("{options:?}: {error}"),
        };
        assert!(socket.is_tls() && socket.is_udp());
        assert_eq!(socket.peer_certificate_der(), Some(identity.der()), "{options:?}");
        for line in ["hello", "again"] {
            socket.send(format!("{line}\n").as_bytes(), PATIENT).await.expect("sent");
            server.hears(line);
            server.say(line);
            let answer = socket.receive(PATIENT).await.expect("a datagram");
            assert_eq!(answer, format!("{line}\n").as_bytes());
        }
        let silence = socket.receive(BRIEF).await.expect_err("nothing was said");
        assert_eq!(silence.status(), "TIMEOUT", "{silence}");
        server.kill();
        // Whoever is gone is known by ICMP.
        let _ = socket.send(b"?", PATIENT).await;
        let gone = socket.receive(PATIENT).await.expect_err("nobody is there");
        assert_eq!(gone.status(), "ERROR", "{gone}");
    }
}

#[tokio::test]
async fn a_silent_peer_shakes_no_hands() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let peer = silent.local_addr().expect("address");
    let failed = try_connect(Transport::Dtls, peer, BRIEF).await.expect_err("no handshake");
    assert_eq!(failed.status(), "TIMEOUT", "{failed}");
    let closed = silent.local_addr().expect("address");
    drop(silent);
    let failed = try_connect(Transport::Dtls, closed, PATIENT).await.expect_err("nobody");
    assert_eq!(failed.status(), "ERROR", "{failed}");
}

#[tokio::test]
async fn names_are_asked_for_and_addresses_are_not() {
    let (default, other) = (Identity::named("default"), Identity::named("other"));
    let (certificate, key) = (other.certificate.to_string_lossy(), other.key.to_string_lossy());
    let options = ["-servername", "other.example", "-cert2", &certificate, "-key2", &key];
    let server = Server::start(Some(&default), &options);
    let network = network();
    let check = async |sni: Option<&str>, want: &Identity| {
        let sni = sni.map(ToOwned::to_owned);
        let options = ConnectOptions { sni, timeout: PATIENT, ..ConnectOptions::default() };
        let socket = Socket::connect(&network, Transport::Tls, server.address, &options).await;
        let socket = socket.expect("connected");
        assert_eq!(socket.peer_certificate_der(), Some(want.der()), "{options:?}");
    };
    check(Some("other.example"), &other).await;
    check(Some("127.0.0.1"), &default).await;
    check(Some("other.example\0"), &default).await;
    check(None, &default).await;
}

#[tokio::test]
async fn an_end_that_was_not_announced_is_an_end() {
    let identity = Identity::named("x.example");
    for version in ["-tls1_2", "-tls1_3"] {
        let mut server = Server::start(Some(&identity), &[version]);
        let mut socket = connect(Transport::Tls, server.address).await;
        echo(&mut socket, "hello").await;
        server.kill();
        assert_eq!(status(socket.receive(PATIENT).await), "EOF", "{version}");
        assert_eq!(status(socket.receive_lines(1, PATIENT).await), "EOF", "{version}");
    }
}

#[tokio::test]
async fn an_end_can_be_told_once() {
    let identity = Identity::named("x.example");
    for version in ["-tls1_2", "-tls1_3"] {
        let mut server = Server::start(Some(&identity), &[version]);
        let options =
            ConnectOptions { timeout: PATIENT, tls_end_once: true, ..ConnectOptions::default() };
        let connecting =
            Socket::connect(&network(), Transport::Tls, server.address, &options).await;
        let mut socket = connecting.expect("connected");
        echo(&mut socket, "hello").await;
        server.kill();
        assert_eq!(status(socket.receive(PATIENT).await), "EOF", "{version}");
        assert_eq!(status(socket.receive(PATIENT).await), "ERROR", "{version}");
        assert_eq!(status(socket.receive_lines(1, PATIENT).await), "ERROR", "{version}");
    }
    // A server that announces the end, and ends the connection when it is asked to.
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let (address, _peer) = serve(move |stream| {
        let mut builder = SslAcceptor::mozilla_intermediate(SslMethod::tls()).expect("TLS");
        builder.set_private_key_file(&identity.key, SslFiletype::PEM).expect("the key");
        builder.set_certificate_chain_file(&identity.certificate).expect("the certificate");
        let mut stream = builder.build().accept(stream).expect("a handshake");
        stream.write_all(b"bye\n").expect("sent");
        stream.shutdown().expect("announced");
        told.recv().expect("asked");
    });
    let options =
        ConnectOptions { timeout: PATIENT, tls_end_once: true, ..ConnectOptions::default() };
    let mut socket =
        Socket::connect(&network(), Transport::Tls, address, &options).await.expect("connected");
    assert_eq!(socket.receive_lines(1, PATIENT).await.expect("a line"), b"bye\n");
    assert_eq!(status(socket.receive(PATIENT).await), "EOF");
    assert_eq!(status(socket.receive(BRIEF).await), "TIMEOUT");
    tell.send(()).expect("the server");
    assert_eq!(status(socket.receive(PATIENT).await), "EOF");
}

#[tokio::test]
async fn what_is_not_tls_is_an_error() {
    for greeting in ["220 another protocol\r\n", ""] {
        let (address, _peer) = serve(|mut stream| {
            let _ = stream.write_all(greeting.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let connected = try_connect(Transport::Tls, address, PATIENT).await;
        assert_eq!(status(connected), "ERROR", "{greeting:?}");
    }
}

/// Requests to begin once more, without end: a client passes over them, and never comes back to ask for the time.
#[tokio::test]
async fn a_handshake_without_end_ends() {
    let (address, peer) = serve(|mut peer| {
        let _ = peer.read(&mut [0; 4096]);
        let requests = [&[0x16, 3, 3, 0x40, 0][..], &[0; 0x4000]].concat();
        // Until the other side hangs up.
        while peer.write_all(&requests).is_ok() {}
    });
    let error = try_connect(Transport::Tls, address, PATIENT).await.expect_err("no handshake");
    assert!(error.to_string().contains("has no end"), "{error}");
    peer.join().expect("the peer");
}

#[tokio::test]
async fn a_handshake_that_is_not_answered_times_out() {
    let (address, _peer) = serve(|mut stream| stream.read_to_end(&mut Vec::new()));
    let mut socket = connect(Transport::Tcp, address).await;
    tokio::time::pause();
    assert_eq!(status(socket.start_tls(None, BRIEF).await), "TIMEOUT");
    // The connection is still there, but TLS has it.
    assert_eq!(socket.peer_addr(), Some(address));
    assert_eq!(socket.peer_certificate_der(), None);
    assert_eq!(status(socket.receive(BRIEF).await), "TIMEOUT");
    // It is waited for once more.
    assert_eq!(status(socket.start_tls(None, BRIEF).await), "TIMEOUT");
}

/// Says `greeting`, then carries bytes between its client and `server`. Gives what the client
/// sent.
fn carrier(greeting: &'static str, server: SocketAddr) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    serve(move |mut client| {
        client.write_all(greeting.as_bytes()).expect("greeted");
        let mut server = TcpStream::connect(server).expect("the server");
        let (mut back, mut to_client) =
            (server.try_clone().expect("clone"), client.try_clone().expect("clone"));
        let backwards = thread::spawn(move || std::io::copy(&mut back, &mut to_client));
        let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(n @ 1..) = client.read(&mut buffer) {
            sent.extend_from_slice(&buffer[..n]);
            if server.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(std::net::Shutdown::Both);
        let _ = backwards.join();
        sent
    })
}

#[tokio::test]
async fn tls_starts_on_a_connection_in_use() {
    let identity = Identity::named("x.example");
    let server = Server::start(Some(&identity), &["-tls1_2"]);
    let (address, carrier) = carrier("ready\n", server.address);
    let mut socket = connect(Transport::Tcp, address).await;
    assert_eq!(socket.receive_lines(1, PATIENT).await.expect("greeting"), b"ready\n");
    socket.start_tls(Some("x.example"), PATIENT).await.expect("handshake");
    assert!(socket.is_tls());
    assert_eq!(socket.peer_addr(), Some(address));
    assert_eq!(socket.peer_certificate_der(), Some(identity.der()));
    echo(&mut socket, "hello").await;
    socket.close();
    // The last record is an alert (RFC 5246 section 6.2.1: content type 21): the end is told.
    let sent = carrier.join().expect("carrier");
    assert_eq!(record_types(&sent).last(), Some(&21));
}

/// The content types of TLS records.
fn record_types(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = bytes {
        types.push(*kind);
        bytes = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    types
}

/// Holds back what is written, until told.
#[derive(Debug)]
struct Held {
    stream: TcpStream,
    data: Option<Vec<u8>>,
}

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Held {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        match &mut self.data {
            Some(held) => held.write(data),
            None => self.stream.write(data),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_receive_gives_all_records_that_are_there() {
    let identity = Identity::named("x.example");
    let mut acceptor = SslAcceptor::mozilla_intermediate(SslMethod::tls()).expect("acceptor");
    acceptor.set_certificate_file(&identity.certificate, SslFiletype::PEM).expect("certificate");
    acceptor.set_private_key_file(&identity.key, SslFiletype::PEM).expect("key");
    let acceptor = acceptor.build();
    let (address, peer) = serve(move |stream| {
        let mut tls = acceptor.accept(Held { stream, data: None }).expect("handshake");
        tls.get_mut().data = Some(Vec::new());
        for record in [&[b'a'; 100][..], &[b'b'; 16_000], &[b'c'; 100]] {
            tls.write_all(record).expect("record");
        }
        let all = tls.get_mut().data.take().expect("records");
        tls.get_mut().stream.write_all(&all).expect("sent");
        tls.read_to_end(&mut Vec::new())
    });
    let mut socket = connect(Transport::Tls, address).await;
    let first = socket.receive_bytes(1, PATIENT).await.expect("the first record");
    assert_eq!(first, [b'a'; 100]);
    let rest = socket.receive_bytes(16_100, PATIENT).await.expect("the others");
    assert_eq!(rest, [&[b'b'; 16_000][..], &[b'c'; 100]].concat());
    socket.close();
    assert_eq!(peer.join().expect("peer").expect("an announced end"), 0);
}
