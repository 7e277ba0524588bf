//! One `connect()`: started without blocking, looked at once, and waited for only if it must be.

#![allow(clippy::disallowed_methods, reason = "this is the seam of port scans to the network")]

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use nseer_core::{PortState, PortStatus, Reason};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The port has this state.
    Status(PortStatus),
    /// The system could not ask: descriptors, local ports or memory are used up. Nothing is known
    /// of the port.
    Busy,
}

/// A probe that has not been answered yet. Dropping it gives up.
pub type Pending = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// How a probe begins.
pub enum Start {
    /// The answer is there already.
    Answer(Answer),
    /// It has to be waited for.
    Pending(Pending),
}

/// Starts probes.
pub trait Connector: Send + Sync + 'static {
    /// Starts one probe of `peer`.
    fn start(&self, peer: SocketAddr) -> Start;
}

/// Probes by `connect()`.
#[derive(Clone, Copy, Debug)]
pub struct RealConnector;

impl Connector for RealConnector {
    /// On loopback the kernel has the answer before `connect()` returns, so asking once saves the
    /// registration with the event loop.
    fn start(&self, peer: SocketAddr) -> Start {
        let socket = match open(peer) {
            Ok(socket) => socket,
            Err(error) => return Start::Answer(failed(&error)),
        };
        match socket.connect(&SockAddr::from(peer)) {
            Ok(()) => Start::Answer(connected(&socket, peer)),
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {
                match outcome(&socket) {
                    Outcome::Connected => Start::Answer(connected(&socket, peer)),
                    Outcome::Failed(error) => Start::Answer(failed(&error)),
                    Outcome::Pending => match TcpStream::from_std(socket.into()) {
                        Ok(socket) => Start::Pending(Box::pin(wait(socket, peer))),
                        Err(error) => Start::Answer(failed(&error)),
                    },
                }
            }
            Err(error) => Start::Answer(failed(&error)),
        }
    }
}

fn open(peer: SocketAddr) -> io::Result<Socket> {
    Socket::new(Domain::for_address(peer), Type::STREAM.nonblocking(), Some(Protocol::TCP))
}

enum Outcome {
    Pending,
    Connected,
    Failed(io::Error),
}

/// Asks for the result of a `connect()` in progress (connect(2), EINPROGRESS).
fn outcome(socket: &Socket) -> Outcome {
    match socket.take_error() {
        Ok(Some(error)) | Err(error) => Outcome::Failed(error),
        Ok(None) => match socket.peer_addr() {
            Ok(_) => Outcome::Connected,
            Err(_) => Outcome::Pending,
        },
    }
}

async fn wait(stream: TcpStream, peer: SocketAddr) -> Answer {
    loop {
        if let Err(error) = stream.writable().await {
            return failed(&error);
        }
        match outcome(&SockRef::from(&stream)) {
            // Readiness that meant nothing is taken back.
            Outcome::Pending => {
                let _ = stream.try_io(Interest::WRITABLE, || -> io::Result<()> {
                    Err(io::ErrorKind::WouldBlock.into())
                });
            }
            Outcome::Failed(error) => return failed(&error),
            Outcome::Connected => return connected(&SockRef::from(&stream), peer),
        }
    }
}

/// Closes the connection at once, by a reset, so that no local port is held for minutes.
fn connected(socket: &Socket, peer: SocketAddr) -> Answer {
    // A connection to a free local port can meet itself (RFC 9293, simultaneous open).
    let itself = socket.local_addr().ok().and_then(|a| a.as_socket()) == Some(peer);
    // Without it the socket is closed all the same, only less quickly.
    let _ = socket.set_linger(Some(Duration::ZERO));
    if itself {
        return Answer::Status(PortStatus::new(PortState::Closed, Reason::ConnRefused));
    }
    Answer::Status(PortStatus::new(PortState::Open, Reason::SynAck))
}

fn failed(error: &io::Error) -> Answer {
    let (state, reason) = match error.raw_os_error() {
        Some(libc::ECONNREFUSED) => (PortState::Closed, Reason::ConnRefused),
        // The peer accepted and then reset the connection.
        Some(libc::ECONNRESET | libc::EPIPE) => (PortState::Open, Reason::SynAck),
        Some(libc::EHOSTUNREACH | libc::EHOSTDOWN) => (PortState::Filtered, Reason::HostUnreach),
        Some(libc::ENETUNREACH | libc::ENETDOWN) => (PortState::Filtered, Reason::NetUnreach),
        Some(libc::EACCES | libc::EPERM) => (PortState::Filtered, Reason::NetDenied),
        Some(libc::ENOPROTOOPT | libc::EPROTO) => (PortState::Filtered, Reason::AdminProhibited),
        Some(libc::ETIMEDOUT) => (PortState::Filtered, Reason::NoResponse),
        Some(
            libc::EMFILE
            | libc::ENFILE
            | libc::ENOBUFS
            | libc::ENOMEM
            | libc::EAGAIN
            | libc::EADDRNOTAVAIL,
        ) => return Answer::Busy,
        _ => (PortState::Filtered, Reason::Unknown),
    };
    Answer::Status(PortStatus::new(state, reason))
}
