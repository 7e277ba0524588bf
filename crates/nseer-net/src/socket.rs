//! One socket of a script: whole operations, each with its time-out.
//!
//! It knows nothing of scripts: whose it is, and who may use it, is the caller's business.

mod handed;
mod receiving;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use socket2::SockRef;

use crate::deadline::{deadline, until, within};
use crate::error::NetError;
use crate::network::{Network, Transport};
use crate::observer::{Watched, What};
use crate::options::ConnectOptions;
use crate::stand_in::{self, Line};
use crate::stream::{Stop, Stream, no_notice};
use crate::udp::Udp;

pub use handed::{Handed, Words};

/// A connected socket, or a UDP socket without a peer. Dropping it closes it.
///
/// The time-out of an operation is for all of it; `None` waits for ever. An operation that is
/// dropped half-way leaves the socket usable, but what it had sent or received is gone.
pub struct Socket {
    network: Network,
    kind: Kind,
    /// What [`Socket::try_send`] could not send of a buffer whose first part it did send.
    unsent: Vec<u8>,
    ended: bool,
    /// See [`ConnectOptions::tls_end_once`].
    tls_end_once: bool,
    /// A handshake that began over the connection has failed.
    spoilt: bool,
    /// What went wrong behind data that was good; for the next receive.
    failed: Option<NetError>,
    /// Who is told what happens.
    watched: Option<Box<Watched>>,
}

enum Kind {
    Stream(Stream),
    Udp(Udp),
    /// No network is behind it.
    Played(Box<dyn Line>),
}

impl Socket {
    /// Connects to `peer`. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// As [`NetError`] has them: [`NetError::TimedOut`] for connection and handshake together,
    /// [`NetError::Forbidden`] where the policy says so.
    pub async fn connect(
        network: &Network,
        transport: Transport,
        peer: SocketAddr,
        options: &ConnectOptions,
    ) -> Result<Socket, NetError> {
        network.check(peer, transport)?;
        if transport == Transport::Raw {
            return Err(NetError::Io(io::ErrorKind::Unsupported.into()));
        }
        let connecting = pin!(async {
            if let Some(stand_in) = network.stand_in() {
                let opening = stand_in.connect(transport, peer, options);
                return stand_in::open(opening).await.map(Kind::Played);
            }
            let peer = network.on_link(peer);
            if matches!(transport, Transport::Udp | Transport::Dtls) {
                let mut udp = Udp::open(peer.is_ipv6(), options.bind, Some(peer))?;
                if transport == Transport::Dtls {
                    Box::pin(udp.start_dtls(network.tls())).await?;
                }
                return Ok(Kind::Udp(udp));
            }
            let offered = options.bind.is_none().then(|| network.offered(peer)).flatten();
            let mut stream = match offered {
                Some(connection) => Stream::of_scan(connection)?,
                None => Box::pin(Stream::connect(peer, options)).await?,
            };
            if transport == Transport::Tls {
                if let Some(end) = &options.local_end {
                    end.note(stream.local_addr());
                }
                let tls = stream.start_tls(network.tls(), options.sni.as_deref());
                Box::pin(tls).await?;
            }
            Ok::<_, NetError>(Kind::Stream(stream))
        });
        let tls_end_once = options.tls_end_once;
        let Some(watched) = network.watched(options) else {
            let kind = within(options.timeout, connecting).await?;
            return Ok(Socket { tls_end_once, ..Socket::new(network, kind) });
        };
        let begun = stand_in::now();
        let connected = within(options.timeout, connecting).await;
        let took = stand_in::now().saturating_duration_since(begun);
        let connected = connected.map(|kind| Socket::new(network, kind));
        let socket = connected.as_ref().ok();
        watched.tell(What::Opened {
            transport,
            local: socket.and_then(Socket::local_addr),
            peer: Some(peer),
            certificate: socket.and_then(Socket::peer_certificate_der),
            took,
            failed: connected.as_ref().err(),
        });
        Ok(Socket { watched: Some(watched), tls_end_once, ..connected? })
    }

    /// A UDP socket for [`Socket::send_to`]. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn udp_unconnected(
        network: &Network,
        ipv6: bool,
        options: &ConnectOptions,
    ) -> Result<Socket, NetError> {
        let kind = match network.stand_in() {
            Some(stand_in) => Kind::Played(stand_in.datagrams(ipv6, options.bind)?),
            None => Kind::Udp(Udp::open(ipv6, options.bind, None)?),
        };
        let socket = Socket::new(network, kind);
        let Some(watched) = network.watched(options) else { return Ok(socket) };
        watched.tell(What::Opened {
            transport: Transport::Udp,
            local: socket.local_addr(),
            peer: None,
            certificate: None,
            took: Duration::ZERO,
            failed: None,
        });
        Ok(Socket { watched: Some(watched), ..socket })
    }

    fn new(network: &Network, kind: Kind) -> Socket {
        let network = network.clone();
        Socket {
            network,
            kind,
            unsent: Vec::new(),
            ended: false,
            tls_end_once: false,
            spoilt: false,
            failed: None,
            watched: None,
        }
    }

    /// Tells an observer of the caller's place in its program, from which what follows is done.
    pub fn mark(&mut self, place: u32) {
        if let Some(watched) = &mut self.watched {
            watched.mark = place;
        }
    }

    fn tell_sent(&self, data: &[u8], to: Option<SocketAddr>) {
        if let Some(watched) = &self.watched {
            watched.tell(What::Sent { data, to });
        }
    }

    fn tell_received(&self, received: Result<&[u8], &NetError>) {
        if let Some(watched) = &self.watched {
            watched.tell(match received {
                Ok(data) => What::Received(data),
                Err(error) => What::NotReceived(error),
            });
        }
    }

    /// Sends the whole of `data` if that needs no waiting. `None`: call [`Socket::send`] with the
    /// same data, which sends the rest.
    pub fn try_send(&mut self, data: &[u8]) -> Option<Result<(), NetError>> {
        if !self.unsent.is_empty() {
            return None;
        }
        let sent = self.send_ready(data);
        if let Some(Ok(())) = sent {
            self.tell_sent(data, None);
        }
        sent
    }

    fn send_ready(&mut self, data: &[u8]) -> Option<Result<(), NetError>> {
        match &mut self.kind {
            Kind::Played(line) => Some(line.send(data, None, stand_in::now())),
            Kind::Stream(stream) if self.ended && self.tls_end_once && stream.is_cut() => {
                Some(Err(no_notice()))
            }
            Kind::Stream(stream) => {
                let mut rest = data;
                while !rest.is_empty() {
                    match stream.write_ready(rest) {
                        Ok(n) => rest = &rest[n..],
                        Err(Stop::Failed(error)) => return Some(Err(error)),
                        Err(Stop::Wait(_)) => {
                            if rest.len() < data.len() {
                                self.unsent = rest.to_vec();
                            }
                            return None;
                        }
                    }
                }
                Some(Ok(()))
            }
            Kind::Udp(udp) if udp.is_connected() => {
                udp.send_ready(data).map(|sent| sent.map_err(NetError::from))
            }
            Kind::Udp(_) => None,
        }
    }

    /// Sends all of `data`.
    ///
    /// # Errors
    /// As [`NetError`] has them; a part may then have been sent.
    pub async fn send(&mut self, data: &[u8], timeout: Option<Duration>) -> Result<(), NetError> {
        let rest = std::mem::take(&mut self.unsent);
        let unsent = if rest.is_empty() { data } else { &rest };
        match &mut self.kind {
            Kind::Stream(stream) if self.ended && self.tls_end_once && stream.is_cut() => {
                Err(no_notice())
            }
            Kind::Stream(stream) => within(timeout, pin!(stream.write(unsent))).await,
            Kind::Udp(udp) if udp.is_connected() => within(timeout, pin!(udp.send(unsent))).await,
            Kind::Udp(_) => Err(NetError::NotConnected),
            Kind::Played(line) => line.send(unsent, None, stand_in::now()),
        }?;
        self.tell_sent(data, None);
        Ok(())
    }

    /// Sends one datagram to `peer`, whomever the socket is connected to. A TCP connection leads
    /// where it leads: as for sendto(2), the address does not count.
    ///
    /// # Errors
    /// [`NetError::Forbidden`] where the policy says so.
    pub async fn send_to(
        &mut self,
        data: &[u8],
        peer: SocketAddr,
        timeout: Option<Duration>,
    ) -> Result<(), NetError> {
        self.network.check(peer, Transport::Udp)?;
        match &mut self.kind {
            Kind::Udp(udp) => {
                let peer = self.network.on_link(peer);
                within(timeout, pin!(udp.send_to(data, peer))).await?;
            }
            Kind::Played(line) => line.send(data, Some(peer), stand_in::now())?,
            Kind::Stream(_) => return self.send(data, timeout).await,
        }
        self.tell_sent(data, Some(peer));
        Ok(())
    }

    /// Starts TLS over the present connection.
    ///
    /// # Errors
    /// As [`NetError`] has them; [`NetError::Tls`] where the socket is UDP, on which DTLS is there
    /// from the start ([`Transport::Dtls`]) or not at all.
    /// Where the handshake has begun, the connection is then of no more use.
    pub async fn start_tls(
        &mut self,
        sni: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<(), NetError> {
        let started = match &mut self.kind {
            Kind::Stream(stream) if self.ended && self.tls_end_once && stream.is_cut() => {
                Err(no_notice())
            }
            Kind::Stream(stream) => {
                within(timeout, pin!(stream.start_tls(self.network.tls(), sni))).await
            }
            Kind::Udp(_) => Err(NetError::Tls("cannot be started on a UDP socket".to_owned())),
            Kind::Played(line) => line.start_tls(sni, stand_in::now()),
        };
        self.spoilt = matches!(started, Err(NetError::Tls(_) | NetError::Eof));
        if let Some(watched) = &self.watched {
            let certificate = self.peer_certificate_der();
            watched.tell(What::Tls { certificate, failed: started.as_ref().err() });
        }
        started
    }

    /// The local end, once there is one.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Stream(stream) => stream.local_addr(),
            Kind::Udp(udp) => udp.local_addr(),
            Kind::Played(line) => line.ends().local,
        }
    }

    /// The peer; without a connection, that of the last datagram.
    #[must_use]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Stream(stream) => stream.peer_addr(),
            Kind::Udp(udp) => udp.peer_addr(),
            Kind::Played(line) => line.ends().peer,
        }
    }

    /// True under TLS or DTLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        match &self.kind {
            Kind::Stream(stream) => stream.is_tls(),
            Kind::Udp(udp) => udp.is_dtls(),
            Kind::Played(line) => line.ends().is_tls,
        }
    }

    /// True for UDP.
    #[must_use]
    pub fn is_udp(&self) -> bool {
        match &self.kind {
            Kind::Stream(_) => false,
            Kind::Udp(_) => true,
            Kind::Played(line) => line.ends().is_udp,
        }
    }

    /// The peer's certificate in DER, under TLS.
    #[must_use]
    pub fn peer_certificate_der(&self) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Stream(stream) => stream.peer_certificate(),
            Kind::Udp(udp) => udp.peer_certificate(),
            Kind::Played(line) => line.ends().certificate,
        }
    }

    /// Closes it; under TLS the peer is told first, if that needs no waiting. A connection that was
    /// [offered](Network::offer) and over which nothing was sent is reset, as whoever offers them would
    /// have done.
    pub fn close(self) {
        if matches!(&self.kind, Kind::Stream(stream) if stream.is_as_scanned()) {
            self.reset();
        }
    }

    /// Closes a plain TCP connection by a reset: one packet, and no local port is kept in
    /// TIME_WAIT. Any other socket is closed as [`Socket::close`] does.
    pub fn reset(self) {
        let Kind::Stream(stream) = self.kind else { return };
        if let Some(tcp) = stream.into_tcp() {
            // Where that fails it is closed all the same, by a FIN.
            let _ = SockRef::from(&tcp).set_linger(Some(Duration::ZERO));
        }
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("peer", &self.peer_addr()).finish_non_exhaustive()
    }
}
