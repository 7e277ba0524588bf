//! A TCP connection, plain or under TLS: one step of reading or writing, and waiting for the next.
//!
//! How many steps make an operation, and how long it may take, is the socket's business.

#![allow(clippy::disallowed_methods, reason = "this is the socket seam")]

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Domain, Protocol, SockRef, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::error::NetError;
use crate::options::ConnectOptions;
use crate::scratch;
use crate::tls::{Line, TlsConnector, TlsSession, Wire};

/// Most bytes that one step reads.
pub(crate) const STEP: usize = 8 << 10;

/// Why a step could not be made.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The connection must first become ready for this.
    Wait(Interest),
    Failed(NetError),
}

impl Stop {
    /// Sorts what a non-blocking call on the connection gave.
    pub(crate) fn from_io(error: io::Error, interest: Interest) -> Stop {
        match error.kind() {
            ErrorKind::WouldBlock => Stop::Wait(interest),
            _ => Stop::Failed(error.into()),
        }
    }
}

/// A byte stream.
pub(crate) struct Stream {
    /// Shared with the TLS session, which reads and writes it.
    tcp: Arc<TcpStream>,
    tls: Option<Box<dyn TlsSession>>,
    /// A scan made it, and nothing was sent since.
    is_as_scanned: bool,
}

/// Takes this local end where it can be had, as Nmap does: many protocols only prefer a port, and it may be
/// taken.
pub(crate) fn prefer(socket: &socket2::Socket, local: Option<SocketAddr>) -> io::Result<()> {
    if let Some(local) = local {
        socket.set_reuse_address(true)?;
        let _ = socket.bind(&local.into());
    }
    Ok(())
}

/// What comes of using a TLS stream that was only cut.
pub(crate) fn no_notice() -> NetError {
    NetError::Tls("the peer gave no notice of the end".to_owned())
}

impl Stream {
    /// Goes on with a connection, which must be non-blocking.
    pub(crate) fn over(connection: std::net::TcpStream) -> io::Result<Stream> {
        let tcp = TcpStream::from_std(connection)?;
        Ok(Stream { tcp: Arc::new(tcp), tls: None, is_as_scanned: false })
    }

    /// The same with one that a scan made.
    pub(crate) fn of_scan(connection: std::net::TcpStream) -> io::Result<Stream> {
        Ok(Stream { is_as_scanned: true, ..Stream::over(connection)? })
    }

    /// A scan made it, and nothing was sent since.
    pub(crate) fn is_as_scanned(&self) -> bool {
        self.is_as_scanned
    }

    /// Connects, from the local address of `options` where it is given and can be had.
    pub(crate) async fn connect(peer: SocketAddr, options: &ConnectOptions) -> io::Result<Stream> {
        let kind = Type::STREAM.nonblocking();
        let socket = socket2::Socket::new(Domain::for_address(peer), kind, Some(Protocol::TCP))?;
        prefer(&socket, options.bind)?;
        let note = || {
            if let Some(end) = &options.local_end {
                end.note(socket.local_addr().ok().and_then(|end| end.as_socket()));
            }
        };
        let settled = match socket.connect(&peer.into()) {
            Ok(()) => true,
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {
                // Near peers have answered by now, which saves the wait for the poller.
                match socket.peer_addr() {
                    Ok(_) => true,
                    Err(_) => {
                        note();
                        socket.take_error()?.map_or(Ok(false), Err)?
                    }
                }
            }
            Err(error) => return Err(error),
        };
        let stream = Stream::over(socket.into())?;
        if !settled {
            stream.tcp.writable().await?;
            stream.tcp.take_error()?.map_or(Ok(()), Err)?;
        }
        Ok(stream)
    }

    /// Shakes hands over the connection. After a failure the connection is left to the TLS
    /// session, for good.
    pub(crate) async fn start_tls(
        &mut self,
        connector: &dyn TlsConnector,
        sni: Option<&str>,
    ) -> Result<(), NetError> {
        self.is_as_scanned = false;
        let session = match &mut self.tls {
            // Where hands were shaken before, this is done at once.
            Some(session) => session,
            None => {
                let wire = Wire::Stream(Line::new(self.tcp.clone()));
                self.tls.insert(connector.session(wire, sni)?)
            }
        };
        loop {
            match session.shake_hands() {
                Ok(()) => return Ok(()),
                Err(stop) => wait(&self.tcp, stop).await?,
            }
        }
    }

    /// Waits for a step of reading and makes it. Gives the number of bytes added to `into`, at
    /// most [`STEP`]; 0 at the end of the stream.
    pub(crate) async fn read(&mut self, into: &mut Vec<u8>) -> Result<usize, NetError> {
        loop {
            match self.read_ready(into) {
                Ok(n) => return Ok(n),
                Err(stop) => wait(&self.tcp, stop).await?,
            }
        }
    }

    /// The peer ended the connection under TLS, and gave no notice of it.
    pub(crate) fn is_cut(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_cut())
    }

    /// Reads once more after the end of a TLS stream was told: fails where the peer only ended the
    /// connection, and otherwise waits until it does.
    pub(crate) async fn read_after_end(&mut self) -> NetError {
        if self.is_cut() {
            return no_notice();
        }
        match self.tcp.peek(&mut [0]).await {
            Ok(_) => NetError::Eof,
            Err(error) => error.into(),
        }
    }

    /// Makes a step of reading if it needs no waiting.
    pub(crate) fn read_ready(&mut self, into: &mut Vec<u8>) -> Result<usize, Stop> {
        scratch::with(|buffer| {
            let buffer = &mut buffer[..STEP];
            let n = match &mut self.tls {
                None => {
                    self.tcp.try_read(buffer).map_err(|e| Stop::from_io(e, Interest::READABLE))?
                }
                Some(tls) => tls.read(buffer)?,
            };
            into.extend_from_slice(&buffer[..n]);
            Ok(n)
        })
    }

    /// True where a short step does not mean that nothing more is there: TLS reads one record.
    pub(crate) fn reads_records(&self) -> bool {
        self.tls.is_some()
    }

    /// Sends all of `data`.
    pub(crate) async fn write(&mut self, mut data: &[u8]) -> Result<(), NetError> {
        while !data.is_empty() {
            match self.write_ready(data) {
                Ok(n) => data = &data[n..],
                Err(stop) => wait(&self.tcp, stop).await?,
            }
        }
        Ok(())
    }

    /// Sends as much of `data` as needs no waiting. Gives the number of bytes.
    pub(crate) fn write_ready(&mut self, data: &[u8]) -> Result<usize, Stop> {
        self.is_as_scanned = false;
        match &mut self.tls {
            // The poller's opinion is not asked for: right after the connect it has none yet.
            None => SockRef::from(&*self.tcp)
                .send_with_flags(data, libc::MSG_NOSIGNAL)
                .or_else(|error| match error.kind() {
                    // Asked once more through the poller, so that it learns to wait.
                    ErrorKind::WouldBlock => self.tcp.try_write(data),
                    _ => Err(error),
                })
                .map_err(|e| Stop::from_io(e, Interest::WRITABLE)),
            Some(tls) => tls.write(data),
        }
    }

    /// The connection itself; `None` where a TLS session has it.
    pub(crate) fn into_tcp(self) -> Option<TcpStream> {
        match self.tls {
            None => Arc::into_inner(self.tcp),
            Some(_) => None,
        }
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(crate) fn peer_certificate(&self) -> Option<Vec<u8>> {
        self.tls.as_ref()?.peer_certificate()
    }

    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.tcp.local_addr().ok()
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.tcp.peer_addr().ok()
    }
}

/// Waits until the step may be made, unless it failed.
async fn wait(tcp: &TcpStream, stop: Stop) -> Result<(), NetError> {
    match stop {
        Stop::Wait(interest) => {
            tcp.ready(interest).await?;
            Ok(())
        }
        Stop::Failed(error) => Err(error),
    }
}
