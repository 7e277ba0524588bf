//! What is received: by the piece, by a count of bytes or lines.

use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use super::{Kind, Socket, deadline, until};
use crate::error::NetError;
use crate::stand_in;
use crate::stream::{STEP, Stop};

/// A plain receive takes no further step once it has this many bytes.
const ENOUGH: usize = 576 << 10;

impl Socket {
    /// Whatever comes first: one datagram, or the bytes that can be had without further waiting,
    /// at most 576 KiB.
    ///
    /// # Errors
    /// [`NetError::Eof`] once the peer has closed, then at every further call.
    pub async fn receive(&mut self, timeout: Option<Duration>) -> Result<Vec<u8>, NetError> {
        let mut data = Vec::new();
        let deadline = deadline(timeout);
        let first = until(deadline, pin!(self.read(&mut data, deadline))).await;
        let mut last = match first {
            Ok(n) => n,
            Err(error) => {
                self.tell_received(Err(&error));
                return Err(error);
            }
        };
        if let Kind::Stream(stream) = &mut self.kind {
            while (last == STEP || stream.reads_records()) && data.len() < ENOUGH {
                match stream.read_ready(&mut data) {
                    Ok(0) => self.ended = true,
                    Ok(n) => {
                        last = n;
                        continue;
                    }
                    Err(Stop::Failed(error)) => self.failed = Some(error),
                    Err(Stop::Wait(_)) => {}
                }
                break;
            }
        }
        self.tell_received(Ok(&data));
        Ok(data)
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
        self.receive_until(timeout, n, |data| data.len() >= n).await
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
        self.receive_until(timeout, 0, |data| {
            lines += memchr::memchr_iter(b'\n', &data[seen..]).count();
            seen = data.len();
            lines >= n
        })
        .await
    }

    /// Reads until `enough` of the data is there, which at least `expected` bytes may make up.
    async fn receive_until(
        &mut self,
        timeout: Option<Duration>,
        expected: usize,
        mut enough: impl FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, NetError> {
        let limit = self.network.buffer_limit().max(expected);
        let mut data = Vec::new();
        let deadline = deadline(timeout);
        let gathered = {
            let gathering = pin!(async {
                loop {
                    let seen = data.len();
                    self.read(&mut data, deadline).await?;
                    self.tell_received(Ok(&data[seen..]));
                    if enough(&data) {
                        return Ok::<_, NetError>(());
                    }
                    if data.len() > limit {
                        return Err(NetError::TooMuchData { limit });
                    }
                    // A peer that sends without end must not keep the others and the clock waiting.
                    tokio::task::coop::consume_budget().await;
                }
            });
            until(deadline, gathering).await
        };
        if let Err(error) = &gathered {
            self.tell_received(Err(error));
        }
        match gathered {
            Ok(()) => Ok(data),
            Err(NetError::TimedOut | NetError::Eof) if !data.is_empty() => Ok(data),
            Err(error) => Err(error),
        }
    }

    /// Waits for one step of a stream, or one datagram. The caller gives up at `deadline`.
    async fn read(
        &mut self,
        into: &mut Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<usize, NetError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match &mut self.kind {
            Kind::Stream(_) if self.spoilt => Err(NetError::Tls("the handshake failed".to_owned())),
            Kind::Stream(stream) if self.ended && self.tls_end_once && stream.is_tls() => {
                Err(stream.read_after_end().await)
            }
            Kind::Stream(stream) => match stream.read(into).await? {
                0 => {
                    self.ended = true;
                    Err(NetError::Eof)
                }
                n => Ok(n),
            },
            _ if self.ended => Err(NetError::Eof),
            Kind::Udp(udp) => match udp.receive(into).await? {
                0 if udp.is_dtls() => {
                    self.ended = true;
                    Err(NetError::Eof)
                }
                n => Ok(n),
            },
            Kind::Played(line) => {
                let read = stand_in::read(&mut **line, into, deadline).await;
                self.ended = matches!(read, Err(NetError::Eof));
                read
            }
        }
    }
}
