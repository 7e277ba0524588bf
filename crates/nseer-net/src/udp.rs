//! UDP: datagrams to one peer, or to many.

#![allow(clippy::disallowed_methods, reason = "this is the socket seam")]

use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;

use socket2::{Domain, Protocol, SockRef, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::scratch;

/// A UDP socket.
pub(crate) struct Udp {
    socket: UdpSocket,
    connected: bool,
    /// The peer of the connection, or else whom the last datagram went to.
    peer: Option<SocketAddr>,
}

impl Udp {
    /// Opens a socket, from `bind` where it is given. Connected, it takes the peer's datagrams
    /// only.
    pub(crate) fn open(
        ipv6: bool,
        bind: Option<SocketAddr>,
        peer: Option<SocketAddr>,
    ) -> io::Result<Udp> {
        let domain = if ipv6 { Domain::IPV6 } else { Domain::IPV4 };
        let kind = Type::DGRAM.nonblocking();
        let socket = socket2::Socket::new(domain, kind, Some(Protocol::UDP))?;
        if let Some(local) = bind {
            socket.set_reuse_address(true)?;
            socket.bind(&local.into())?;
        }
        socket.set_broadcast(true)?;
        if let Some(peer) = peer {
            socket.connect(&peer.into())?;
        }
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Udp { socket, connected: peer.is_some(), peer })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Waits for one datagram. Gives its length; its bytes are added to `into`.
    pub(crate) async fn receive(&self, into: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            // An ICMP error shows as an error only. Then the call must be made under that
            // interest, since tokio's `try_io` takes no combination of them.
            let ready = self.socket.ready(Interest::READABLE | Interest::ERROR).await?;
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

    /// Sends one datagram to the connected peer.
    pub(crate) async fn send(&self, data: &[u8]) -> io::Result<()> {
        self.socket.send(data).await.map(drop)
    }

    /// Sends one datagram if that needs no waiting.
    pub(crate) fn send_ready(&self, data: &[u8]) -> Option<io::Result<()>> {
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
