//! Peers that answer what they are asked, over TCP or UDP.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::thread;

use crate::lab::Lab;

/// What a peer answers to a request; nothing if it is empty.
pub(crate) type Answer = fn(&[u8]) -> Vec<u8>;

/// A peer that says something by itself, and answers each piece that it receives.
#[derive(Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) greeting: &'static [u8],
    pub(crate) answer: Answer,
}

impl Talk {
    /// Puts the peer on a TCP port, for as long as the test runs.
    #[allow(clippy::disallowed_methods, reason = "the peer is the outside world")]
    pub(crate) fn tcp(self, _: &Lab, port: u16) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away early is no matter.
                thread::spawn(move || drop(self.hold(stream)));
            }
        });
    }

    fn hold(self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.write_all(self.greeting)?;
        let mut buffer = [0; 65_536];
        loop {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            stream.write_all(&(self.answer)(&buffer[..count]))?;
        }
    }

    /// Puts the peer on a UDP port, for as long as the test runs.
    #[allow(clippy::disallowed_methods, reason = "the peer is the outside world")]
    pub(crate) fn udp(self, _: &Lab, port: u16) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
        thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok((count, from)) = socket.recv_from(&mut buffer) {
                let answer = (self.answer)(&buffer[..count]);
                if !answer.is_empty() {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
    }
}
