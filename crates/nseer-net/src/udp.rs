//! UDP: datagrams to one peer, or to many; to one also under DTLS.

#![allow(clippy::disallowed_methods, reason = "this is the socket seam")]

use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::error::NetError;
use crate::scratch;
use crate::stream::{Stop, prefer};
use crate::tls::{TlsConnector, TlsSession, Wire};

/// How often a handshake under DTLS looks whether an answer is overdue.
const TICK: Duration = Duration::from_millis(250);

/// A UDP socket.
pub(crate) struct Udp {
    /// Shared with the DTLS session, which reads and writes it.
    socket: Arc<UdpSocket>,
    dtls: Option<Box<dyn TlsSession>>,
    connected: bool,
    /// The peer of the connection, or else of the last datagram.
    peer: Option<SocketAddr>,
}

impl Udp {
    /// Opens a socket, from `bind` where it is given and can be had. Connected, it takes the peer's datagrams
    /// only.
    pub(crate) fn open(
        ipv6: bool,
        bind: Option<SocketAddr>,
        peer: Option<SocketAddr>,
    ) -> io::Result<Udp> {
        let domain = if ipv6 { Domain::IPV6 } else { Domain::IPV4 };
        let kind = Type::DGRAM.nonblocking();
        let socket = socket2::Socket::new(domain, kind, Some(Protocol::UDP))?;
        prefer(&socket, bind)?;
        socket.set_broadcast(true)?;
        if let Some(peer) = peer {
            socket.connect(&peer.into())?;
        }
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        Ok(Udp { socket, dtls: None, connected: peer.is_some(), peer })
    }

    /// Shakes hands with the connected peer (RFC 6347).
    pub(crate) async fn start_dtls(
        &mut self,
        connector: &dyn TlsConnector,
    ) -> Result<(), NetError> {
        let mut session = connector.session(Wire::Datagrams(self.socket.clone()), None)?;
        loop {
            match session.shake_hands() {
                Ok(()) => break,
                // Whether something came or the tick is over, the session knows what is due.
                Err(Stop::Wait(interest)) => {
                    if let Ok(ready) = timeout(TICK, self.ready(interest)).await {
                        ready?;
                    }
                }
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        self.dtls = Some(session);
        Ok(())
    }

    pub(crate) fn is_dtls(&self) -> bool {
        self.dtls.is_some()
    }

    pub(crate) fn peer_certificate(&self) -> Option<Vec<u8>> {
        self.dtls.as_ref()?.peer_certificate()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Waits for one datagram. Gives its length; its bytes are added to `into`. Under DTLS, 0 is the
    /// end.
    pub(crate) async fn receive(&mut self, into: &mut Vec<u8>) -> Result<usize, NetError> {
        if self.dtls.is_none() {
            return Ok(self.receive_plain(into).await?);
        }
        self.step(|session| {
            scratch::with(|buffer| {
                let n = session.read(buffer)?;
                into.extend_from_slice(&buffer[..n]);
                Ok(n)
            })
        })
        .await
    }

    /// Makes a step of the DTLS session, once it needs no waiting.
    async fn step<T>(
        &mut self,
        mut step: impl FnMut(&mut dyn TlsSession) -> Result<T, Stop>,
    ) -> Result<T, NetError> {
        loop {
            let Some(session) = &mut self.dtls else { return Err(NetError::NotConnected) };
            match step(&mut **session) {
                Ok(done) => return Ok(done),
                Err(Stop::Wait(interest)) => self.ready(interest).await?,
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
    }

    /// Waits until the session may go on; what ICMP says is an error.
    async fn ready(&self, interest: Interest) -> io::Result<()> {
        let ready = self.socket.ready(interest | Interest::ERROR).await?;
        match self.socket.take_error()? {
            Some(error) if ready.is_error() => Err(error),
            _ => Ok(()),
        }
    }

    async fn receive_plain(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            // An ICMP error shows as an error only. Then the call must be made under that
            // interest, since tokio's `try_io` takes no combination of them.
            let ready = self.socket.ready(Interest::READABLE | Interest::ERROR).await?;
            if !self.connected && !ready.is_error() {
                match self.receive_from(into) {
                    Err(error) if is_wait(&error) => continue,
                    other => return other,
                }
            }
            let interest = if ready.is_error() { Interest::ERROR } else { Interest::READABLE };
            let received = self.socket.try_io(interest, || {
                scratch::with(|buffer| {
                    let n = (&*SockRef::from(&self.socket)).read(buffer)?;
                    into.extend_from_slice(&buffer[..n]);
                    Ok(n)
                })
            });
            match received {
                Err(error) if is_wait(&error) => {}
                other => return other,
            }
        }
    }

    /// One datagram of anybody, who is the peer from now on.
    fn receive_from(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        scratch::with(|buffer| {
            let (n, peer) = self.socket.try_recv_from(buffer)?;
            into.extend_from_slice(&buffer[..n]);
            self.peer = Some(peer);
            Ok(n)
        })
    }

    /// Sends one datagram to the connected peer.
    pub(crate) async fn send(&mut self, data: &[u8]) -> Result<(), NetError> {
        if self.dtls.is_some() {
            // An empty write means nothing to the session.
            return match data.is_empty() {
                true => Ok(()),
                false => self.step(|session| session.write(data)).await.map(drop),
            };
        }
        Ok(self.socket.send(data).await.map(drop)?)
    }

    /// Sends one datagram if that needs no waiting, and no session.
    pub(crate) fn send_ready(&self, data: &[u8]) -> Option<io::Result<()>> {
        if self.dtls.is_some() {
            return None;
        }
        // The poller's opinion is not asked for: right after the opening it has none yet.
        match SockRef::from(&self.socket).send(data) {
            Err(error) if is_wait(&error) => None,
            other => Some(other.map(drop)),
        }
    }

    /// Sends one datagram to `peer`.
    pub(crate) async fn send_to(&mut self, data: &[u8], peer: SocketAddr) -> io::Result<()> {
        self.socket.send_to(data, peer).await?;
        if !self.connected {
            self.peer = Some(peer);
        }
        Ok(())
    }

    /// The local end, once it has a port.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok().filter(|local| local.port() != 0)
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }
}

fn is_wait(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}
