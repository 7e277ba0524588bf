//! A channel of a session, in which one command or shell runs.

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Pty};
use tokio::sync::Mutex;

use crate::error::SshError;
use crate::session::{Common, Session};

/// Most bytes that are kept for somebody who reads only one of the two outputs.
const KEPT: usize = 16 << 20;

/// The number of the error output in the protocol (RFC 4254, section 5.2).
const STDERR: u32 = 1;

/// The two outputs of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// What it prints.
    Standard,
    /// What it complains about.
    Error,
}

/// A terminal for a command that wants one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Its kind, such as `xterm`.
    pub term: String,
    /// Its modes, as RFC 4254 has them (section 8): a number of one byte, a value of four.
    pub modes: Vec<u8>,
    /// Columns and rows.
    pub size: (u32, u32),
    /// Width and height in pixels.
    pub pixels: (u32, u32),
}

/// A channel. Cheap to clone; every clone is the same channel.
#[derive(Clone)]
pub struct Channel(Rc<Inner>);

struct Inner {
    common: Rc<Common>,
    writer: ChannelWriteHalf<Msg>,
    reader: Mutex<Reader>,
}

/// What has come and was not fetched yet.
struct Reader {
    half: ChannelReadHalf,
    standard: Vec<u8>,
    error: Vec<u8>,
    /// The server's answers to requests.
    granted: std::collections::VecDeque<bool>,
    /// The server sends no more data.
    ended: bool,
    /// Nothing at all comes any more.
    closed: bool,
}

impl Session {
    /// Opens a channel.
    ///
    /// # Errors
    /// [`SshError::NotAuthenticated`] before anybody has logged in; [`SshError::Refused`] where
    /// the server wants none.
    pub async fn open_channel(&self) -> Result<Channel, SshError> {
        if !self.authenticated.get() {
            return Err(SshError::NotAuthenticated);
        }
        let common = self.common.clone();
        let opening = async {
            let handle = self.handle.lock().await;
            handle.channel_open_session().await.map_err(|error| match error {
                russh::Error::ChannelOpenFailure(_) => SshError::Refused,
                _ => common.ended(),
            })
        };
        let (half, writer) = self.common.within(opening).await?.split();
        let reader = Reader {
            half,
            standard: Vec::new(),
            error: Vec::new(),
            granted: Default::default(),
            ended: false,
            closed: false,
        };
        Ok(Channel(Rc::new(Inner { common, writer, reader: Mutex::new(reader) })))
    }
}

impl Reader {
    fn take_in(&mut self, message: Option<ChannelMsg>) -> Result<(), SshError> {
        match message {
            Some(ChannelMsg::Data { data }) => self.standard.extend_from_slice(&data),
            Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => {
                self.error.extend_from_slice(&data);
            }
            Some(ChannelMsg::Success) => self.granted.push_back(true),
            Some(ChannelMsg::Failure) => self.granted.push_back(false),
            Some(ChannelMsg::Eof) => self.ended = true,
            Some(ChannelMsg::Close) | None => (self.ended, self.closed) = (true, true),
            Some(_) => {}
        }
        match self.standard.len() + self.error.len() {
            n if n > KEPT => Err(SshError::TooMuchData { limit: KEPT }),
            _ => Ok(()),
        }
    }

    /// Takes in what is there already.
    fn catch_up(&mut self) -> Result<(), SshError> {
        let mut cx = Context::from_waker(Waker::noop());
        while !self.closed {
            let asked = std::pin::pin!(self.half.wait()).poll(&mut cx);
            let Poll::Ready(message) = asked else { break };
            self.take_in(message)?;
        }
        Ok(())
    }

    /// Waits for the next message.
    async fn next(&mut self, common: &Common) -> Result<(), SshError> {
        if self.closed {
            return Err(common.channel_ended());
        }
        let message = self.half.wait().await;
        if message.is_none() && !self.ended {
            self.closed = true;
            return Err(common.channel_ended());
        }
        self.take_in(message)
    }

    fn output(&mut self, which: Output) -> &mut Vec<u8> {
        match which {
            Output::Standard => &mut self.standard,
            Output::Error => &mut self.error,
        }
    }
}

impl Channel {
    /// Runs a command.
    ///
    /// # Errors
    /// [`SshError::Refused`] where the server does not want to.
    pub async fn exec(&self, command: &[u8]) -> Result<(), SshError> {
        self.request(self.0.writer.exec(true, command)).await
    }

    /// Starts the user's shell.
    ///
    /// # Errors
    /// [`SshError::Refused`] where the server does not want to.
    pub async fn shell(&self) -> Result<(), SshError> {
        self.request(self.0.writer.request_shell(true)).await
    }

    /// Starts a subsystem, such as `sftp`.
    ///
    /// # Errors
    /// [`SshError::Refused`] where the server does not want to.
    pub async fn subsystem(&self, name: &str) -> Result<(), SshError> {
        self.request(self.0.writer.request_subsystem(true, name)).await
    }

    /// Asks for a terminal, for the command that comes after.
    ///
    /// # Errors
    /// [`SshError::Refused`] where the server does not want to.
    pub async fn terminal(&self, terminal: &Terminal) -> Result<(), SshError> {
        let modes = terminal_modes(&terminal.modes);
        let ((columns, rows), (width, height)) = (terminal.size, terminal.pixels);
        let term = &terminal.term;
        let asking = self.0.writer.request_pty(true, term, columns, rows, width, height, &modes);
        self.request(asking).await
    }

    async fn request(
        &self,
        sending: impl Future<Output = Result<(), russh::Error>>,
    ) -> Result<(), SshError> {
        let common = &self.0.common;
        let asking = async {
            let mut reader = self.0.reader.lock().await;
            // An answer that somebody else did not wait for is not ours.
            reader.catch_up()?;
            reader.granted.clear();
            if reader.closed {
                return Err(common.channel_ended());
            }
            sending.await.map_err(|_| common.ended())?;
            loop {
                match reader.granted.pop_front() {
                    Some(true) => return Ok(()),
                    Some(false) => return Err(SshError::Refused),
                    None => reader.next(common).await?,
                }
            }
        };
        common.within(asking).await
    }

    /// At most `most` bytes of an output; `None` at its end.
    ///
    /// # Errors
    /// As [`SshError`] has them; [`SshError::TooMuchData`] where too much came of the other one.
    pub async fn read(&self, which: Output, most: usize) -> Result<Option<Vec<u8>>, SshError> {
        let reading = async {
            let mut reader = self.0.reader.lock().await;
            reader.catch_up()?;
            loop {
                let ended = reader.ended;
                let output = reader.output(which);
                if !output.is_empty() {
                    let count = most.min(output.len());
                    return Ok(Some(output.drain(..count).collect()));
                }
                if ended {
                    return Ok(None);
                }
                reader.next(&self.0.common).await?;
            }
        };
        self.0.common.within(reading).await
    }

    /// Sends all of `data` to the command, and goes on taking in what it prints meanwhile.
    ///
    /// # Errors
    /// As [`SshError`] has them.
    pub async fn write(&self, data: Vec<u8>) -> Result<(), SshError> {
        let common = &self.0.common;
        let writing = async {
            let mut reader = self.0.reader.lock().await;
            let mut sending = std::pin::pin!(self.0.writer.data_bytes(data));
            loop {
                tokio::select! {
                    sent = &mut sending => return sent.map_err(|_| common.ended()),
                    more = reader.next(common) => more?,
                }
            }
        };
        common.within(writing).await
    }

    /// Tells the command that nothing more is sent to it.
    ///
    /// # Errors
    /// As [`SshError`] has them.
    pub async fn send_eof(&self) -> Result<(), SshError> {
        let common = &self.0.common;
        common.within(async { self.0.writer.eof().await.map_err(|_| common.ended()) }).await
    }

    /// The command has ended its standard output, and all of it was read. Does not wait.
    ///
    /// # Errors
    /// [`SshError::TooMuchData`] as for [`Channel::read`].
    pub fn is_at_end(&self) -> Result<bool, SshError> {
        // Whoever reads just now has not come to the end.
        let Ok(mut reader) = self.0.reader.try_lock() else { return Ok(false) };
        reader.catch_up()?;
        Ok(reader.ended && reader.standard.is_empty())
    }

    /// Closes the channel; the command is not waited for.
    ///
    /// # Errors
    /// As [`SshError`] has them.
    pub async fn close(&self) -> Result<(), SshError> {
        let common = &self.0.common;
        common.within(async { self.0.writer.close().await.map_err(|_| common.ended()) }).await
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Channel")
    }
}

/// Modes that are not known are left out, and what is not whole.
fn terminal_modes(bytes: &[u8]) -> Vec<(Pty, u32)> {
    let (modes, _) = bytes.as_chunks::<5>();
    modes
        .iter()
        .take_while(|[number, ..]| *number != 0)
        .filter_map(|[number, a, b, c, d]| {
            Some((Pty::from_u8(*number)?, u32::from_be_bytes([*a, *b, *c, *d])))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_pairs() {
        assert!(terminal_modes(b"").is_empty());
        assert!(terminal_modes(&[53, 0, 0]).is_empty());
        let modes = terminal_modes(&[53, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3]);
        assert_eq!(modes.len(), 1);
        assert_eq!(modes[0].1, 1);
    }
}
