//! One socket of a script.

#![allow(clippy::disallowed_methods, reason = "this is the socket seam")]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use crate::error::NetError;
use crate::network::{Network, Transport};
use crate::stream::{Stream, deadline, within};
use crate::udp;

/// How a connection is made.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The local address and port.
    pub bind: Option<SocketAddr>,
    /// The server name to ask for in TLS; addresses are not sent.
    pub sni: Option<String>,
    /// For everything together, the TLS handshake included; `None` waits for ever.
    pub timeout: Option<Duration>,
}

/// A connected socket, or a UDP socket without a peer.
pub struct Socket {
    network: Network,
    kind: Kind,
    /// What [`Socket::try_send`] could not send of a buffer whose first part it did send.
    unsent: Vec<u8>,
    ended: bool,
}

enum Kind {
    Stream(Stream),
    Udp { socket: UdpSocket, peer: Option<SocketAddr> },
    /// Between the plain and the TLS stream, or after a handshake that failed.
    Gone,
}

impl Socket {
    /// Connects to `peer`.
    ///
    /// # Errors
    /// As [`NetError`] has them; [`NetError::TimedOut`] covers connection and handshake.
    pub async fn connect(
        network: &Network,
        transport: Transport,
        peer: SocketAddr,
        options: &ConnectOptions,
    ) -> Result<Socket, NetError> {
        network.check(peer, transport)?;
        let deadline = deadline(options.timeout);
        let kind = match transport {
            Transport::Udp => {
                let socket = udp::open(peer.is_ipv6(), options.bind)?;
                within(deadline, socket.connect(peer)).await?;
                Kind::Udp { socket, peer: Some(peer) }
            }
            Transport::Tcp | Transport::Tls => {
                let tcp = within(deadline, connect_tcp(peer, options.bind)).await?;
                Kind::Stream(Stream::Plain(tcp))
            }
        };
        let mut socket = Socket { network: network.clone(), kind, unsent: Vec::new(), ended: false };
        if transport == Transport::Tls {
            socket.shake_hands(options.sni.as_deref(), deadline).await?;
        }
        Ok(socket)
    }

    /// A UDP socket for [`Socket::send_to`]. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn udp_unconnected(
        network: &Network,
        ipv6: bool,
        bind: Option<SocketAddr>,
    ) -> Result<Socket, NetError> {
        let socket = udp::open(ipv6, bind)?;
        let kind = Kind::Udp { socket, peer: None };
        Ok(Socket { network: network.clone(), kind, unsent: Vec::new(), ended: false })
    }

    /// Sends the whole of `data` if that needs no waiting. `None`: call [`Socket::send`] with the
    /// same data.
    pub fn try_send(&mut self, data: &[u8]) -> Option<Result<(), NetError>> {
        match &mut self.kind {
            Kind::Stream(stream) if self.unsent.is_empty() => match stream.try_send(data) {
                Ok(n) if n == data.len() => Some(Ok(())),
                Ok(0) => None,
                Ok(n) => {
                    self.unsent = data[n..].to_vec();
                    None
                }
                Err(error) => Some(Err(error.into())),
            },
            Kind::Udp { socket, peer: Some(_) } => match socket.try_send(data) {
                Ok(_) => Some(Ok(())),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => None,
                Err(error) => Some(Err(error.into())),
            },
            _ => None,
        }
    }

    /// Sends all of `data`.
    ///
    /// # Errors
    /// As [`NetError`] has them; a part may then have been sent.
    pub async fn send(
        &mut self,
        data: &[u8],
        timeout: Option<Duration>,
    ) -> Result<(), NetError> {
        let rest = std::mem::take(&mut self.unsent);
        let data = if rest.is_empty() { data } else { &rest };
        match &mut self.kind {
            Kind::Stream(stream) => stream.send(data, timeout).await,
            Kind::Udp { socket, peer: Some(_) } => {
                within(deadline(timeout), socket.send(data)).await.map(drop)
            }
            Kind::Udp { peer: None, .. } | Kind::Gone => Err(NetError::NotConnected),
        }
    }

    /// Sends one datagram to `peer`.
    ///
    /// # Errors
    /// [`NetError::NotConnected`] on a socket that is not UDP.
    pub async fn send_to(
        &mut self,
        data: &[u8],
        peer: SocketAddr,
        timeout: Option<Duration>,
    ) -> Result<(), NetError> {
        self.network.check(peer, Transport::Udp)?;
        match &self.kind {
            Kind::Udp { socket, peer: None } => {
                within(deadline(timeout), socket.send_to(data, peer)).await.map(drop)
            }
            Kind::Udp { socket, peer: Some(connected) } if *connected == peer => {
                within(deadline(timeout), socket.send(data)).await.map(drop)
            }
            _ => Err(NetError::NotConnected),
        }
    }

    /// Whatever comes first: one datagram, or the bytes that can be had at once.
    ///
    /// # Errors
    /// [`NetError::Eof`] once the peer has closed, then at every further call.
    pub async fn receive(&mut self, timeout: Option<Duration>) -> Result<Vec<u8>, NetError> {
        let result = match &mut self.kind {
            _ if self.ended => Err(NetError::Eof),
            Kind::Stream(stream) => stream.receive(timeout).await,
            Kind::Udp { socket, .. } => udp::receive(socket, timeout).await,
            Kind::Gone => Err(NetError::NotConnected),
        };
        self.remember(result)
    }

    /// At least `n` bytes, or what there is when the stream or the time ends.
    ///
    /// # Errors
    /// As [`Socket::receive`], where nothing came.
    pub async fn receive_bytes(
        &mut self,
        n: usize,
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>, NetError> {
        let limit = self.network.buffer_limit().max(n);
        self.receive_until(timeout, limit, |data| data.len() >= n).await
    }

    /// At least `n` lines, or what there is when the stream or the time ends.
    ///
    /// # Errors
    /// As [`Socket::receive`], where nothing came; [`NetError::TooMuchData`] where the lines do
    /// not end.
    pub async fn receive_lines(
        &mut self,
        n: usize,
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>, NetError> {
        let (mut seen, mut lines) = (0, 0);
        let limit = self.network.buffer_limit();
        self.receive_until(timeout, limit, move |data| {
            lines += memchr::memchr_iter(b'\n', &data[seen..]).count();
            seen = data.len();
            lines >= n
        })
        .await
    }

    async fn receive_until(
        &mut self,
        timeout: Option<Duration>,
        limit: usize,
        mut enough: impl FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, NetError> {
        let result = match &mut self.kind {
            _ if self.ended => Err(NetError::Eof),
            Kind::Stream(stream) => stream.receive_until(timeout, limit, enough).await,
            Kind::Udp { socket, .. } => {
                let mut data = udp::receive(socket, timeout).await?;
                while !enough(&data) && data.len() <= limit {
                    match udp::receive(socket, timeout).await {
                        Ok(more) => data.extend(more),
                        Err(_) => break,
                    }
                }
                Ok(data)
            }
            Kind::Gone => Err(NetError::NotConnected),
        };
        self.remember(result)
    }

    fn remember(&mut self, result: Result<Vec<u8>, NetError>) -> Result<Vec<u8>, NetError> {
        self.ended |= matches!(result, Err(NetError::Eof));
        result
    }

    /// Starts TLS over the present connection.
    ///
    /// # Errors
    /// As [`NetError`] has them; the connection is then of no more use.
    pub async fn start_tls(
        &mut self,
        sni: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<(), NetError> {
        self.shake_hands(sni, deadline(timeout)).await
    }

    async fn shake_hands(
        &mut self,
        sni: Option<&str>,
        deadline: Option<Instant>,
    ) -> Result<(), NetError> {
        let tcp = match std::mem::replace(&mut self.kind, Kind::Gone) {
            Kind::Stream(Stream::Plain(tcp)) => tcp,
            other => {
                self.kind = other;
                return Err(NetError::Tls("TLS needs a plain TCP connection".to_owned()));
            }
        };
        let handshake = self.network.tls().connect(tcp, sni);
        let tls = match deadline {
            None => handshake.await?,
            Some(deadline) => {
                timeout_at(deadline, handshake).await.map_err(|_| NetError::TimedOut)??
            }
        };
        self.kind = Kind::Stream(Stream::Tls(tls));
        Ok(())
    }

    /// The local end, where there is one.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Stream(stream) => stream.ends().0,
            Kind::Udp { socket, .. } => socket.local_addr().ok(),
            Kind::Gone => None,
        }
    }

    /// The peer, where there is one.
    #[must_use]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Stream(stream) => stream.ends().1,
            Kind::Udp { peer, .. } => *peer,
            Kind::Gone => None,
        }
    }

    /// True under TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.kind, Kind::Stream(Stream::Tls(_)))
    }

    /// True for UDP.
    #[must_use]
    pub fn is_udp(&self) -> bool {
        matches!(self.kind, Kind::Udp { .. })
    }

    /// The peer's certificate in DER, under TLS.
    #[must_use]
    pub fn peer_certificate_der(&self) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Stream(Stream::Tls(tls)) => tls.peer_certificate(),
            _ => None,
        }
    }

    /// Closes it.
    pub fn close(self) {}
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("peer", &self.peer_addr()).finish_non_exhaustive()
    }
}

async fn connect_tcp(peer: SocketAddr, bind: Option<SocketAddr>) -> std::io::Result<TcpStream> {
    let socket = if peer.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    if let Some(local) = bind {
        socket.set_reuseaddr(true)?;
        socket.bind(local)?;
    }
    socket.connect(peer).await
}
