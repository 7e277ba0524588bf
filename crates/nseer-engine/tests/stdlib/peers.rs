//! Servers on loopback that the checks of `comm` talk to. They end with the test's process.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;

use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::{X509, X509NameBuilder};

/// The names and ports of the servers.
pub(crate) struct Peers(Vec<(&'static str, u16)>);

impl Peers {
    /// Starts all servers; what each does is told at the top of `comm.lua`.
    pub(crate) fn start() -> Peers {
        let tls = Arc::new(acceptor());
        let also_tls = tls.clone();
        Peers(vec![
            ("greeting", serve(|peer| greet(peer, "hello\r\n"))),
            ("echo", serve(echo)),
            ("lines", serve(|mut peer| say(&mut peer, "l1\nl2\nl3\n").unwrap_or_default())),
            ("once", serve(|peer| on_request(peer, "one\ntwo"))),
            ("split", serve(split)),
            ("silent", serve(wait)),
            ("close", serve(drop)),
            ("refused", refused()),
            (
                "tls_greeting",
                serve(move |peer| {
                    if let Ok(peer) = tls.accept(peer) {
                        greet(peer, "tls hi\r\n");
                    }
                }),
            ),
            (
                "tls",
                serve(move |peer| {
                    if let Ok(peer) = also_tls.accept(peer) {
                        echo(peer);
                    }
                }),
            ),
            ("udp", serve_udp()),
        ])
    }

    /// The ports as script arguments.
    pub(crate) fn args(&self) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(name, port)| format!("{name}={port}")).collect();
        pairs.join(",")
    }
}

fn say(peer: &mut impl Write, text: &str) -> std::io::Result<()> {
    peer.write_all(text.as_bytes())
}

/// Reads until the peer is done.
fn wait(mut peer: impl Read) {
    while let Ok(1..) = peer.read(&mut [0; 1024]) {}
}

fn echo(mut peer: impl Read + Write) {
    let mut buffer = [0; 1024];
    while let Ok(n @ 1..) = peer.read(&mut buffer) {
        if peer.write_all(&[b"got:", &buffer[..n]].concat()).is_err() {
            return;
        }
    }
}

fn greet(mut peer: impl Read + Write, text: &str) {
    if say(&mut peer, text).is_ok() {
        echo(peer);
    }
}

fn on_request(mut peer: TcpStream, answer: &str) {
    if let Ok(1..) = peer.read(&mut [0; 1024]) {
        say(&mut peer, answer).unwrap_or_default();
    }
}

fn split(mut peer: TcpStream) {
    if say(&mut peer, "part1 ").is_ok() && matches!(peer.read(&mut [0; 1024]), Ok(1..)) {
        say(&mut peer, "part2\n").unwrap_or_default();
        wait(peer);
    }
}

/// Serves each connection in a thread of its own; gives the port.
fn serve(serve_one: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let port = listener.local_addr().expect("address").port();
    let serve_one = Arc::new(serve_one);
    thread::spawn(move || {
        for peer in listener.incoming().flatten() {
            let serve_one = serve_one.clone();
            thread::spawn(move || serve_one(peer));
        }
    });
    port
}

fn serve_udp() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bind");
    let port = socket.local_addr().expect("address").port();
    thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok((n, peer)) = socket.recv_from(&mut buffer) {
            if socket.send_to(&[b"udp:", &buffer[..n]].concat(), peer).is_err() {
                return;
            }
        }
    });
    port
}

/// A port on which nobody listens: it was free a moment ago.
fn refused() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    listener.local_addr().expect("address").port()
}

/// TLS with a certificate made for the occasion.
fn acceptor() -> SslAcceptor {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("curve");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("key")).expect("key");
    let mut name = X509NameBuilder::new().expect("name");
    name.append_entry_by_text("CN", "peer.example").expect("name");
    let name = name.build();
    let mut certificate = X509::builder().expect("certificate");
    certificate.set_subject_name(&name).expect("subject");
    certificate.set_issuer_name(&name).expect("issuer");
    certificate.set_pubkey(&key).expect("public key");
    certificate.set_not_before(&Asn1Time::days_from_now(0).expect("time")).expect("time");
    certificate.set_not_after(&Asn1Time::days_from_now(1).expect("time")).expect("time");
    certificate.sign(&key, MessageDigest::sha256()).expect("signature");
    let mut acceptor = SslAcceptor::mozilla_intermediate(SslMethod::tls()).expect("acceptor");
    acceptor.set_private_key(&key).expect("key");
    acceptor.set_certificate(&certificate.build()).expect("certificate");
    acceptor.build()
}
