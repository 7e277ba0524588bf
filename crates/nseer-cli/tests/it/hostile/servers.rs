//! Servers that misbehave, each on an address of its own: in the clear, inside of TLS, and over UDP.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;
use socket2::SockRef;

use crate::lab::Lab;

/// Where each server listens: the ports at which scripts for SMB, NetBIOS and TLS look.
pub(crate) const PORT: u16 = 445;
pub(crate) const TLS_PORT: u16 = 443;
pub(crate) const UDP_PORT: u16 = 137;

/// After so much silence of the client, a server that waits for it goes on.
const PAUSE: Duration = Duration::from_millis(40);
/// How often a server goes on by itself before it closes.
const PATIENCE: usize = 3;
/// How many answers a client gets at most.
const ROUNDS: usize = 64;
/// What is sent at a time by servers that send without end, and how long they rest then, so that hundreds of them
/// leave something of the machine.
const BURST: usize = 8_192;
const REST: Duration = Duration::from_millis(4);

/// What a server does to everybody who connects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Talk {
    /// Closes at once.
    Closes,
    /// Resets at once.
    Resets,
    /// Says nothing until the client closes.
    Silent,
    /// Sends bytes that follow from no protocol, as a greeting and as the answer to everything.
    Garbage,
    /// Sends the first once, and then the second again and again.
    Endless(&'static [u8], &'static [u8]),
    /// Sends back what it gets.
    Echo,
    /// Sends the first as a greeting, or as the answer to who speaks first, and one of the others in turn as the
    /// answer to each request after that; then it closes.
    Says(&'static [&'static [u8]]),
}

/// What a server does with each datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Datagram {
    Silent,
    Garbage,
    /// The answer to a request.
    Answers(fn(&[u8]) -> Vec<u8>),
}

impl Talk {
    /// Puts the server on the plain port of an address.
    pub(crate) fn plain(self, lab: &Lab, address: Ipv4Addr) {
        serve(lab, address, PORT, move |stream| self.hold(stream.try_clone()?, &stream));
    }

    /// Puts the server behind TLS on an address.
    pub(crate) fn inside_tls(self, lab: &Lab, address: Ipv4Addr, acceptor: &Arc<SslAcceptor>) {
        let acceptor = Arc::clone(acceptor);
        serve(lab, address, TLS_PORT, move |stream| {
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            // Scripts try versions and ciphers that are refused.
            let Ok(inside) = acceptor.accept(stream.try_clone()?) else { return Ok(()) };
            stream.set_read_timeout(None)?;
            self.hold(inside, &stream)
        });
    }

    /// The conversation with one client. `socket` is what is below `stream`.
    fn hold<S: Read + Write>(self, mut stream: S, socket: &TcpStream) -> Result<()> {
        match self {
            Talk::Closes => {}
            // With a linger time of zero, closing sends RST (tcp(7), socket(7)).
            Talk::Resets => SockRef::from(socket).set_linger(Some(Duration::ZERO))?,
            Talk::Silent => while stream.read(&mut [0; 4096])? > 0 {},
            Talk::Garbage => answers(&mut stream, socket, &[&garbage()])?,
            Talk::Endless(head, text) => {
                stream.write_all(head)?;
                let text = text.repeat(BURST / text.len());
                loop {
                    stream.write_all(&text)?;
                    thread::sleep(REST);
                }
            }
            Talk::Echo => {
                let mut buffer = [0; 4096];
                for _ in 0..ROUNDS {
                    let count = stream.read(&mut buffer)?;
                    if count == 0 {
                        break;
                    }
                    stream.write_all(&buffer[..count])?;
                }
            }
            Talk::Says(frames) => answers(&mut stream, socket, frames)?,
        }
        Ok(())
    }
}

/// Sends frames in turn, one as a greeting to who waits for it and one for each request.
fn answers<S: Read + Write>(stream: &mut S, socket: &TcpStream, frames: &[&[u8]]) -> Result<()> {
    socket.set_read_timeout(Some(PAUSE))?;
    let mut waits = 0;
    let mut buffer = [0; 16_384];
    for frame in frames.iter().cycle().take(ROUNDS) {
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => break,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    waits += 1;
                    if waits == 1 {
                        break;
                    } else if waits > PATIENCE {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        stream.write_all(frame)?;
        stream.flush()?;
    }
    Ok(())
}

/// Bytes that look random and are always the same: the generator of POSIX's rand(3).
fn garbage() -> Vec<u8> {
    let mut state = 42_u32;
    let mut next = || {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        state.to_be_bytes()[1]
    };
    (0..2_000).map(|_| next()).collect()
}

impl Datagram {
    /// Puts the server on the UDP port of an address.
    #[allow(clippy::disallowed_methods, reason = "the server is the outside world")]
    pub(crate) fn on(self, _: &Lab, address: Ipv4Addr) {
        let socket = UdpSocket::bind((address, UDP_PORT)).expect("a free port");
        thread::spawn(move || {
            let mut buffer = [0; 65_536];
            loop {
                // An error is a client that has gone, and told by ICMP.
                let Ok((count, from)) = socket.recv_from(&mut buffer) else { continue };
                let answer = match self {
                    Datagram::Silent => continue,
                    Datagram::Garbage => garbage(),
                    Datagram::Answers(answer) => answer(&buffer[..count]),
                };
                let _ = socket.send_to(&answer, from);
            }
        });
    }
}

/// Calls `talk` for each connection to a port.
#[allow(clippy::disallowed_methods, reason = "the server is the outside world")]
fn serve<F>(_: &Lab, address: Ipv4Addr, port: u16, talk: F)
where
    F: Fn(TcpStream) -> Result<()> + Clone + Send + 'static,
{
    let listener = TcpListener::bind((address, port)).expect("a free port");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = talk.clone();
            // A client that goes away early is no matter.
            thread::spawn(move || drop(talk(stream)));
        }
    });
}

/// A server's side of TLS, with a key and a certificate of its own.
pub(crate) fn acceptor() -> Arc<SslAcceptor> {
    let make = || -> std::result::Result<SslAcceptor, openssl::error::ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(2048)?)?;
        let mut certificate = X509::builder()?;
        certificate.set_pubkey(&key)?;
        certificate.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
        certificate.set_not_after(Asn1Time::days_from_now(30)?.as_ref())?;
        certificate.sign(&key, MessageDigest::sha256())?;
        let mut acceptor = SslAcceptor::mozilla_intermediate(SslMethod::tls_server())?;
        acceptor.set_private_key(&key)?;
        acceptor.set_certificate(certificate.build().as_ref())?;
        Ok(acceptor.build())
    };
    Arc::new(make().expect("a key, a certificate and a server that has them"))
}
