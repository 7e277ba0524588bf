//! A session: its beginning, its end, and what all of its operations share.
//!
//! Logging in is in `authentication.rs`, running commands in `channel.rs`.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use russh::client::{DisconnectReason, Handle, Handler};
use russh::keys::PublicKeyOrCertificate;
use russh::{Disconnect, client};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};

use crate::algorithms;
use crate::error::SshError;
use crate::line::{End, Line};

/// How long closing may take where the peer does not read.
const GOODBYE: Duration = Duration::from_secs(2);

/// A session with a server. Dropping it closes the connection at once.
///
/// Must be used inside a tokio runtime. An operation that is dropped half-way while somebody logs
/// in closes the session: nobody could tell what the server's next answer is for.
pub struct Session {
    pub(crate) handle: tokio::sync::Mutex<Handle<Listener>>,
    pub(crate) common: Rc<Common>,
    pub(crate) authenticated: Cell<bool>,
}

/// What a session shares with its channels.
pub(crate) struct Common {
    pub(crate) line: Line,
    timeout: Cell<Option<Duration>>,
    heard: Arc<Mutex<Heard>>,
}

/// What the server said by itself.
#[derive(Default)]
struct Heard {
    host_key: Option<Vec<u8>>,
    banner: Option<String>,
    goodbye: Option<String>,
    trouble: Option<String>,
}

/// Listens to what the server says by itself.
pub(crate) struct Listener(Arc<Mutex<Heard>>);

impl Listener {
    fn note(&self, note: impl FnOnce(&mut Heard)) {
        note(&mut lock(&self.0));
    }
}

/// A panic under the lock leaves values that can still be read.
fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handler for Listener {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        if let PublicKeyOrCertificate::PublicKey { key, .. } = key {
            let blob = key.to_bytes().ok();
            self.note(|heard| heard.host_key = blob);
        }
        Ok(true)
    }

    async fn auth_banner(
        &mut self,
        banner: &str,
        _: &mut client::Session,
    ) -> Result<(), Self::Error> {
        self.note(|heard| heard.banner = Some(banner.to_owned()));
        Ok(())
    }

    async fn disconnected(
        &mut self,
        reason: DisconnectReason<Self::Error>,
    ) -> Result<(), Self::Error> {
        self.note(|heard| match reason {
            DisconnectReason::ReceivedDisconnect(info) => heard.goodbye = Some(info.message),
            DisconnectReason::Error(error) => heard.trouble = Some(error.to_string()),
        });
        Ok(())
    }
}

impl Common {
    /// Runs an operation for no longer than the session's time-out.
    pub(crate) async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, SshError>>,
    ) -> Result<T, SshError> {
        within(self.timeout.get(), operation).await
    }

    /// Why nothing more comes.
    pub(crate) fn ended(&self) -> SshError {
        let (goodbye, trouble) = {
            let mut heard = lock(&self.heard);
            (heard.goodbye.clone(), heard.trouble.take())
        };
        match (goodbye, self.line.end(), trouble) {
            (Some(text), ..) => SshError::Disconnected(text),
            (_, Some(End::Eof), _) => SshError::Eof,
            (_, Some(End::Broken(kind)), _) => SshError::Io(kind.into()),
            (_, Some(End::Cut), _) => SshError::Closed,
            (.., Some(text)) => SshError::Protocol(text),
            _ => SshError::Eof,
        }
    }

    /// Why a channel does nothing more: the server closed it, or the whole session.
    pub(crate) fn channel_ended(&self) -> SshError {
        if self.line.end().is_none() { SshError::Refused } else { self.ended() }
    }
}

async fn within<T>(
    limit: Option<Duration>,
    operation: impl Future<Output = Result<T, SshError>>,
) -> Result<T, SshError> {
    // A time that the clock cannot express is for ever.
    match limit.and_then(|limit| Instant::now().checked_add(limit)) {
        None => operation.await,
        Some(deadline) => timeout_at(deadline, operation).await.unwrap_or(Err(SshError::TimedOut)),
    }
}

impl Session {
    /// Begins a session over `stream`: versions and keys are exchanged. Whatever key the server
    /// has is accepted. `None` waits for ever, here and in [`Session::set_timeout`].
    ///
    /// # Errors
    /// As [`SshError`] has them; [`SshError::Protocol`] where the peer speaks something else, or
    /// both sides have no algorithm in common.
    pub async fn open<S>(stream: S, limit: Option<Duration>) -> Result<Session, SshError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (line, wire) = Line::new(stream);
        let guard = line.guard();
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let common = Common { line, timeout: Cell::new(None), heard: heard.clone() };
        let shaking = async {
            let listener = Listener(heard);
            client::connect_stream(algorithms::config(), wire, listener).await.map_err(|error| {
                match common.line.end() {
                    Some(End::Eof) => SshError::Eof,
                    Some(End::Broken(kind)) => SshError::Io(kind.into()),
                    _ => SshError::Protocol(error.to_string()),
                }
            })
        };
        let handle = within(limit, shaking).await?;
        guard.done();
        Ok(Session {
            handle: tokio::sync::Mutex::new(handle),
            common: Rc::new(common),
            authenticated: Cell::new(false),
        })
    }

    /// How long each operation may take.
    pub fn set_timeout(&self, limit: Option<Duration>) {
        self.common.timeout.set(limit);
    }

    /// The server's public key, in the form in which it travels.
    #[must_use]
    pub fn host_key(&self) -> Option<Vec<u8>> {
        lock(&self.common.heard).host_key.clone()
    }

    /// What the server shows to those who log in.
    #[must_use]
    pub fn banner(&self) -> Option<String> {
        lock(&self.common.heard).banner.clone()
    }

    /// False once the connection has ended, from whichever side.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.common.line.end().is_none()
    }

    /// Closes the connection at once. Operations that wait end with an error.
    pub fn cut(&self) {
        self.common.line.cut();
    }

    /// Says good-bye, if there still is somebody to say it to, and closes the connection.
    pub async fn close(&self) {
        // However this ends, also half-way, the connection does.
        let _guard = self.common.line.guard();
        if !self.is_open() {
            return;
        }
        let leaving = async {
            let mut handle = self.handle.lock().await;
            handle.disconnect(Disconnect::ByApplication, "Normal Shutdown", "").await?;
            (&mut *handle).await
        };
        // The peer may have gone first, or may not listen; that is no concern of ours.
        let _ = timeout(GOODBYE, leaving).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.cut();
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    /// More than both sides say before somebody must read.
    const ROOM: usize = 1 << 16;
    const LIMIT: Option<Duration> = Some(Duration::from_secs(30));

    /// Begins a session with a peer that says `bytes`, and then waits or hangs up.
    async fn met(bytes: &[u8], stays: bool) -> (Result<Session, SshError>, DuplexStream) {
        let (near, mut far) = duplex(ROOM);
        far.write_all(bytes).await.expect("room");
        if !stays {
            far.shutdown().await.expect("an end");
        }
        (Session::open(near, LIMIT).await, far)
    }

    /// Reads what was sent, until the connection is closed.
    async fn rest(mut far: DuplexStream) -> Vec<u8> {
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.expect("an end");
        all
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_costs_the_time_and_is_left() {
        for words in
            [&b""[..], b"220 mail.example\r\n", b"SSH-2.0-x\r\n", b"SSH-2.0-x\r\n\0\0\0\xff"]
        {
            let begun = Instant::now();
            let (result, far) = met(words, true).await;
            assert!(matches!(result, Err(SshError::TimedOut)), "{words:?}: {result:?}");
            assert_eq!(begun.elapsed(), Duration::from_secs(30));
            assert!(rest(far).await.starts_with(b"SSH-2.0-nseer_"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_hangs_up_is_told_from_who_talks_nonsense() {
        for words in [&b""[..], b"SSH-2.0-x\r\n", b"SSH-2.0-x\r\n\0\0"] {
            let (result, _far) = met(words, false).await;
            assert!(matches!(result, Err(SshError::Eof)), "{words:?}: {result:?}");
        }
        let nonsense: [&[u8]; 4] = [
            &b"no\r\n".repeat(4096),
            &b"\xff".repeat(4096),
            b"SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14\0\0\0\0\0\0\0\0\0\0",
        ];
        for words in nonsense {
            let (result, _far) = met(words, true).await;
            assert!(matches!(result, Err(SshError::Protocol(_))), "{words:?}: {result:?}");
        }
    }

    #[tokio::test]
    async fn who_stops_waiting_leaves_no_connection() {
        let (near, mut far) = duplex(ROOM);
        let mut opening = Box::pin(Session::open(near, None));
        let mut greeting = [0; 8];
        tokio::select! {
            result = &mut opening => panic!("opened: {result:?}"),
            read = far.read_exact(&mut greeting) => read.expect("a greeting"),
        };
        far.write_all(b"SSH-2.0-x\r\n").await.expect("room");
        // The key exchange has begun, in a task of its own.
        let mut exchange = [0; 64];
        tokio::select! {
            result = &mut opening => panic!("opened: {result:?}"),
            read = far.read_exact(&mut exchange) => read.expect("key exchange"),
        };
        drop(opening);
        rest(far).await;
    }
}
