//! Peers that misbehave on purpose, as no daemon would: threads of the test itself.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::Lab;

/// What a peer does to everybody who connects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// Resets the connection at once.
    Reset,
    /// Accepts and says nothing until the other side closes.
    Silent,
    /// Sends lines without end.
    Endless,
    /// Sends these bytes, then waits until the other side closes.
    Says(&'static [u8]),
    /// The same to the first who connects; to nobody after that.
    SaysOnce(&'static [u8]),
    /// Waits for something, sends these bytes, and closes.
    Answers(&'static [u8]),
}

impl Lab {
    /// Puts a peer on `port` of 127.0.0.1, for as long as the test runs.
    #[allow(clippy::disallowed_methods, reason = "the peer is the outside world")]
    pub(crate) fn peer(&self, port: u16, peer: Peer) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = thread::spawn(move || peer.serve(stream));
                if matches!(peer, Peer::SaysOnce(_)) {
                    drop(listener);
                    let _ = served.join();
                    return;
                }
            }
        });
    }
}

impl Peer {
    fn serve(self, mut stream: TcpStream) {
        match self {
            // With a linger time of zero, closing sends RST (tcp(7), socket(7)).
            Peer::Reset => {
                let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            }
            Peer::Silent => drain(&mut stream),
            Peer::Endless => {
                let lines = b"again\r\n".repeat(512);
                while stream.write_all(&lines).is_ok() {}
            }
            Peer::Says(bytes) | Peer::SaysOnce(bytes) => {
                let _ = stream.write_all(bytes);
                drain(&mut stream);
            }
            Peer::Answers(bytes) => {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(bytes);
            }
        }
    }
}

/// Reads until the other side closes.
fn drain(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}
