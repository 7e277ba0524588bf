//! A TCP connection, plain or under TLS, and how much is read from it at a time.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::error::NetError;
use crate::tls::TlsStream;

/// One step of reading.
pub(crate) const STEP: usize = 8 << 10;

/// What a plain receive gives at most, give or take one step.
const RECEIVE_CAP: usize = 576 << 10;

thread_local! {
    /// Data lands here first, so that thousands of waiting sockets need no buffers of their own.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; STEP]);
}

/// A byte stream.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<dyn TlsStream>),
}

impl Stream {
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => tls.tcp(),
        }
    }

    pub(crate) fn ends(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        (self.tcp().local_addr().ok(), self.tcp().peer_addr().ok())
    }

    /// Reads once; `Ok(None)` at the end of the stream.
    async fn read_step(&mut self, into: &mut Vec<u8>) -> io::Result<Option<usize>> {
        match self {
            Stream::Plain(tcp) => loop {
                tcp.readable().await?;
                match SCRATCH.with_borrow_mut(|buffer| {
                    tcp.try_read(buffer).inspect(|n| into.extend_from_slice(&buffer[..*n]))
                }) {
                    Ok(0) => return Ok(None),
                    Ok(n) => return Ok(Some(n)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            },
            Stream::Tls(tls) => {
                let start = into.len();
                into.reserve(STEP);
                let n = tls.as_mut().take(STEP as u64).read_buf(into).await?;
                debug_assert_eq!(into.len(), start + n);
                Ok((n > 0).then_some(n))
            }
        }
    }

    /// What can be read without waiting.
    fn read_ready(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => SCRATCH.with_borrow_mut(|buffer| {
                tcp.try_read(buffer).inspect(|n| into.extend_from_slice(&buffer[..*n]))
            }),
            // TLS records are at most twice a step; the next one is left for the next receive.
            Stream::Tls(_) => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Whatever comes first, and what can be had with it.
    pub(crate) async fn receive(&mut self, timeout: Option<Duration>) -> Result<Vec<u8>, NetError> {
        let mut data = Vec::new();
        match within(deadline(timeout), self.read_step(&mut data)).await? {
            None => return Err(NetError::Eof),
            Some(mut last) => {
                while last == STEP && data.len() < RECEIVE_CAP {
                    // An error or the end of the stream is left for the next receive.
                    match self.read_ready(&mut data) {
                        Ok(n) if n > 0 => last = n,
                        _ => break,
                    }
                }
            }
        }
        Ok(data)
    }

    /// Reads until `enough` of the data is there. The end of the stream or of the time gives what
    /// there is, if there is anything.
    pub(crate) async fn receive_until(
        &mut self,
        timeout: Option<Duration>,
        limit: usize,
        mut enough: impl FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, NetError> {
        let deadline = deadline(timeout);
        let mut data = Vec::new();
        loop {
            match within(deadline, self.read_step(&mut data)).await {
                Ok(Some(_)) => {}
                Ok(None) if data.is_empty() => return Err(NetError::Eof),
                Ok(None) => return Ok(data),
                Err(NetError::TimedOut) if !data.is_empty() => return Ok(data),
                Err(error) => return Err(error),
            }
            if enough(&data) {
                return Ok(data);
            }
            if data.len() > limit {
                return Err(NetError::TooMuchData { limit });
            }
        }
    }

    /// How much of `data` could be sent without waiting.
    pub(crate) fn try_send(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => match tcp.try_write(data) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
                other => other,
            },
            Stream::Tls(_) => Ok(0),
        }
    }

    pub(crate) async fn send(
        &mut self,
        data: &[u8],
        timeout: Option<Duration>,
    ) -> Result<(), NetError> {
        let work = async {
            match self {
                Stream::Plain(tcp) => tcp.write_all(data).await,
                Stream::Tls(tls) => {
                    let mut tls = Pin::new(tls.as_mut());
                    tls.write_all(data).await?;
                    tls.flush().await
                }
            }
        };
        within(deadline(timeout), work).await
    }
}

pub(crate) fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Runs I/O until the deadline, if there is one.
pub(crate) async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, NetError> {
    let result = match deadline {
        None => work.await,
        Some(deadline) => timeout_at(deadline, work).await.map_err(|_| NetError::TimedOut)?,
    };
    result.map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => NetError::Eof,
        ErrorKind::TimedOut => NetError::TimedOut,
        _ => NetError::Io(error),
    })
}

