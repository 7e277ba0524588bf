//! Probes by `connect()`: started without blocking, asked once at once, and waited for with the
//! runtime's reactor only where the answer is not there yet.
#![allow(clippy::disallowed_methods, reason = "this is the seam of port scans to the network")]

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nseer_core::Reason;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::connector::{Answer, Connector, Destination, Started};
use crate::tap::{Connecting, Seen, Tap};
use crate::technique::Aim;

/// Probes ports with TCP sockets.
///
/// On Linux a socket whose connection was refused can connect again, so one socket serves a run
/// of closed ports and a probe costs two system calls.
#[derive(Debug, Default)]
pub struct SocketConnector {
    /// Of no port.
    host: Option<SocketAddr>,
    /// A socket that is not connected, and the family it is of.
    spare: Option<(Domain, Socket)>,
    heir: Option<Heir>,
    tap: Tap,
}

/// Takes over each connection to an open port, which is non-blocking and was not used yet. Without
/// an heir they are closed.
#[derive(Clone)]
pub struct Heir(Arc<dyn Fn(SocketAddr, std::net::TcpStream) + Send + Sync>);

impl Heir {
    /// Calls `take` with the address and the connection, inside the scan's tokio runtime.
    pub fn new(take: impl Fn(SocketAddr, std::net::TcpStream) + Send + Sync + 'static) -> Self {
        Heir(Arc::new(take))
    }
}

impl std::fmt::Debug for Heir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heir")
    }
}

impl SocketConnector {
    /// A connector whose connections go to `heir`, if there is one.
    #[must_use]
    pub fn new(heir: Option<Heir>) -> Self {
        SocketConnector { heir, ..SocketConnector::default() }
    }

    /// The same with somebody who looks on.
    #[must_use]
    pub fn tapped(self, tap: Tap) -> Self {
        SocketConnector { tap, ..self }
    }
}

impl Clone for SocketConnector {
    /// The copy has no spare socket.
    fn clone(&self) -> Self {
        SocketConnector::new(self.heir.clone()).tapped(self.tap.clone())
    }
}

impl Connector for SocketConnector {
    type Pending = PendingConnect;

    fn turn_to(&mut self, host: &Destination) {
        self.host = Some(host.socket(0));
    }

    /// Connects, however the aim is to be asked.
    fn start(&mut self, aim: Aim, _attempt: u32) -> Started<PendingConnect> {
        match self.host {
            Some(mut peer) => {
                peer.set_port(aim.port);
                self.connect(peer)
            }
            None => failed(io::ErrorKind::AddrNotAvailable.into()),
        }
    }

    /// The connection is closed, whoever is the heir of others.
    fn ask_again(&mut self, aim: Aim, attempt: u32) -> Started<PendingConnect> {
        let heir = self.heir.take();
        let started = self.start(aim, attempt);
        self.heir = heir;
        started
    }

    fn flush(&mut self) {}

    /// A connection that was given up is closed.
    fn late(&mut self, _aim: Aim) -> Option<Answer> {
        None
    }

    fn rest(&mut self) {
        self.spare = None;
    }
}

impl SocketConnector {
    fn connect(&mut self, peer: SocketAddr) -> Started<PendingConnect> {
        let domain = Domain::for_address(peer);
        let address = SockAddr::from(peer);
        let spare = self.spare.take().filter(|(family, _)| *family == domain);
        let reused = spare.is_some();
        let socket = match spare {
            Some((_, socket)) => socket,
            None => match open(domain) {
                Ok(socket) => socket,
                Err(error) => return failed(error),
            },
        };
        // The second call asks for the result of the first: connect(2), EALREADY.
        let mut result = socket.connect(&address);
        if errno_is(&result, libc::EINPROGRESS) {
            self.tap.see(&Seen::Connect(peer, Connecting::Waiting));
            result = socket.connect(&address);
        }
        if errno_is(&result, libc::EISCONN) {
            result = Ok(());
        }
        if !errno_is(&result, libc::EALREADY) && !errno_is(&result, libc::EINPROGRESS) {
            see_end(&self.tap, peer, &result);
        }
        match result {
            Ok(()) => Started::Done(connected(socket, peer, self.heir.as_ref())),
            Err(error) => match error.raw_os_error() {
                Some(libc::EALREADY | libc::EINPROGRESS) => self.wait(socket, peer),
                Some(libc::ECONNREFUSED) => {
                    if cfg!(target_os = "linux") {
                        self.spare = Some((domain, socket));
                    }
                    Started::Done(Answer::refused())
                }
                // An error may stem from what the socket did before: ask with a new one.
                _ if reused => self.connect(peer),
                _ => failed(error),
            },
        }
    }

    fn wait(&self, socket: Socket, peer: SocketAddr) -> Started<PendingConnect> {
        match TcpStream::from_std(socket.into()) {
            Ok(stream) => {
                let (heir, tap) = (self.heir.clone(), self.tap.clone());
                Started::Pending(PendingConnect { stream: Some(stream), peer, heir, tap })
            }
            Err(error) => Started::Shortage(error),
        }
    }
}

fn open(domain: Domain) -> io::Result<Socket> {
    Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP))
}

fn see_end(tap: &Tap, peer: SocketAddr, end: &io::Result<()>) {
    let end = end.as_ref().map_or_else(Connecting::Failed, |()| Connecting::Made);
    tap.see(&Seen::Connect(peer, end));
}

fn errno_is(result: &io::Result<()>, errno: i32) -> bool {
    result.as_ref().is_err_and(|error| error.raw_os_error() == Some(errno))
}

/// The answer of a connection that was made, which goes to the heir or is closed.
fn connected(socket: Socket, peer: SocketAddr, heir: Option<&Heir>) -> Answer {
    match socket.local_addr().map(|local| local.as_socket()) {
        // The local port was the very port that was asked, and the connection met itself (RFC
        // 9293, simultaneous open). A port that listens is not given out as a local port.
        Ok(Some(local)) if local == peer => {
            discard(&socket);
            Answer::refused()
        }
        _ => {
            match heir {
                Some(Heir(take)) => take(peer, socket.into()),
                None => discard(&socket),
            }
            Answer::open()
        }
    }
}

/// Makes closing the connection send a reset, so that no local port is kept in TIME_WAIT.
fn discard(socket: &Socket) {
    // Where that fails the connection is closed all the same, with a FIN.
    let _ = socket.set_linger(Some(Duration::ZERO));
}

/// What an error of `connect()` tells; compared with what the real nmap reports for the same.
fn failed<P>(error: io::Error) -> Started<P> {
    let Some(errno) = error.raw_os_error() else { return Started::Shortage(error) };
    Started::Done(match errno {
        libc::EMFILE
        | libc::ENFILE
        | libc::ENOBUFS
        | libc::ENOMEM
        | libc::EAGAIN
        | libc::EADDRNOTAVAIL => return Started::Shortage(error),
        libc::ECONNREFUSED => Answer::refused(),
        // The peer accepted and then reset the connection.
        libc::ECONNRESET | libc::EPIPE => Answer::open(),
        libc::ENETUNREACH | libc::ENETDOWN => Answer::unreachable(Reason::NetUnreach),
        // A route of type "prohibit" (ip-route(8)).
        libc::EACCES => Answer::unreachable(Reason::AdminProhibited),
        libc::EPERM => Answer::unreachable(Reason::NetDenied),
        // The other codes of ICMP destination unreachable, as Linux maps them (icmp(7)).
        libc::ENOPROTOOPT => Answer::unreachable(Reason::ProtoUnreach),
        libc::EHOSTUNREACH | libc::EHOSTDOWN | libc::ENONET | libc::EOPNOTSUPP => {
            Answer::unreachable(Reason::HostUnreach)
        }
        // The kernel gave up (ETIMEDOUT), or a route of type "blackhole" (EINVAL).
        _ => Answer::unreachable(Reason::NoResponse),
    })
}

/// A connection attempt that waits for its answer.
#[derive(Debug)]
pub struct PendingConnect {
    /// Not connected yet, in spite of its type; taken when it is.
    stream: Option<TcpStream>,
    peer: SocketAddr,
    heir: Option<Heir>,
    tap: Tap,
}

impl Future for PendingConnect {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let unknown = Answer::unreachable(Reason::Unknown);
        while let Some(stream) = &self.stream {
            if ready!(stream.poll_write_ready(cx)).is_err() {
                // The runtime is shutting down.
                return Poll::Ready(unknown);
            }
            let socket = SockRef::from(stream);
            match socket.take_error() {
                Ok(Some(error)) | Err(error) => {
                    self.tap.see(&Seen::Connect(self.peer, Connecting::Failed(&error)));
                    return Poll::Ready(match failed::<()>(error) {
                        Started::Done(answer) => answer,
                        _ => unknown,
                    });
                }
                Ok(None) if socket.peer_addr().is_ok() => break,
                // Readiness that meant nothing is taken back.
                Ok(None) => {
                    let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
                    let _ = stream.try_io(Interest::WRITABLE, nothing);
                }
            }
        }
        let stream = self.stream.take().and_then(|stream| stream.into_std().ok());
        self.tap.see(&Seen::Connect(self.peer, Connecting::Made));
        Poll::Ready(match stream {
            Some(stream) => connected(stream.into(), self.peer, self.heir.as_ref()),
            None => unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime")
    }

    async fn probe(connector: &mut SocketConnector, peer: SocketAddr) -> Answer {
        connector.host = Some(peer);
        let aim = Aim::new(crate::technique::Technique::Connect, peer.port());
        match connector.start(aim, 0) {
            Started::Done(answer) => answer,
            Started::Pending(pending) => pending.await,
            Started::Shortage(error) => panic!("{peer}: {error}"),
        }
    }

    #[test]
    fn one_connector_tells_open_from_closed_in_any_order() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(any) else { continue };
            let open = listener.local_addr().expect("address");
            let gone = TcpListener::bind(any).expect("second listener");
            let closed = gone.local_addr().expect("address");
            drop(gone);
            runtime().block_on(async {
                let mut connector = SocketConnector::default();
                for peer in [closed, closed, open, closed, open, open, closed] {
                    let want = if peer == open { Answer::open() } else { Answer::refused() };
                    assert_eq!(probe(&mut connector, peer).await, want, "{peer}");
                }
                connector.rest();
                assert_eq!(probe(&mut connector, open).await, Answer::open());
            });
        }
    }

    #[test]
    fn a_connection_that_meets_itself_is_no_open_port() {
        let socket = open(Domain::IPV4).expect("socket");
        let any: SocketAddr = "127.0.0.1:0".parse().expect("address");
        socket.bind(&any.into()).expect("local port");
        let own = socket.local_addr().expect("address");
        let _ = socket.connect(&own);
        assert!(socket.peer_addr().is_ok(), "it is connected to itself");
        let peer = own.as_socket().expect("address");
        assert_eq!(connected(socket, peer, None), Answer::refused());
    }

    #[test]
    fn errors_say_what_nmap_says() {
        for (errno, reason) in [
            (libc::EHOSTUNREACH, Reason::HostUnreach),
            (libc::ENETUNREACH, Reason::NetUnreach),
            (libc::EACCES, Reason::AdminProhibited),
            (libc::EINVAL, Reason::NoResponse),
            (libc::ETIMEDOUT, Reason::NoResponse),
        ] {
            let error = io::Error::from_raw_os_error(errno);
            let Started::Done(answer) = failed::<()>(error) else { panic!("{errno}") };
            assert_eq!(answer, Answer::unreachable(reason), "{errno}");
        }
    }

    #[test]
    fn a_shortage_is_no_state() {
        for errno in [libc::EMFILE, libc::ENFILE, libc::EADDRNOTAVAIL, libc::EAGAIN] {
            let error = io::Error::from_raw_os_error(errno);
            assert!(matches!(failed::<()>(error), Started::Shortage(_)), "{errno}");
        }
    }
}
