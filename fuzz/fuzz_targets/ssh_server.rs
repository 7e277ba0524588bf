//! A server that speaks SSH well, and answers whatever the input says to a client that asks
//! whatever the input says.
#![no_main]

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nseer_ssh::{Answer, Channel, Output, PublicKey, Session, SshError, Terminal};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::server::{self, Auth, ChannelOpenHandle, Msg, Response};
use russh::{ChannelId, ChannelOpenFailure, Disconnect, MethodKind, MethodSet, Pty, Sig};
use tokio::io::duplex;

const ROOM: usize = 1 << 18;

/// Bytes that are taken one after another, by both sides; 0 at their end.
#[derive(Clone)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl Bytes {
    fn next(&self) -> u8 {
        self.0.lock().expect("not poisoned").pop().unwrap_or(0)
    }

    fn text(&self) -> String {
        (0..self.next() % 16).map(|_| char::from(self.next())).collect()
    }

    fn data(&self) -> Vec<u8> {
        vec![self.next(); usize::from(self.next()) * usize::from(self.next() % 8)]
    }
}

struct Server(Bytes);

impl Server {
    fn auth(&self) -> Auth {
        let bytes = &self.0;
        match bytes.next() % 8 {
            0 => Auth::reject(),
            1 => Auth::UnsupportedMethod,
            2 => {
                let kinds =
                    [MethodKind::Password, MethodKind::PublicKey, MethodKind::KeyboardInteractive];
                let chosen: Vec<MethodKind> =
                    kinds.into_iter().filter(|_| bytes.next() % 2 == 0).collect();
                Auth::Reject {
                    proceed_with_methods: Some(MethodSet::from(&chosen[..])),
                    partial_success: bytes.next() % 2 == 0,
                }
            }
            3 => {
                let count = usize::from(bytes.next() % 5);
                let prompts = (0..count).map(|_| (Cow::Owned(bytes.text()), false));
                Auth::Partial {
                    name: Cow::Owned(bytes.text()),
                    instructions: Cow::Owned(bytes.text()),
                    prompts: Cow::Owned(prompts.collect()),
                }
            }
            _ => Auth::Accept,
        }
    }

    /// Some messages, in any order.
    fn speak(&self, channel: ChannelId, session: &mut server::Session) -> Result<(), russh::Error> {
        let bytes = &self.0;
        for _ in 0..bytes.next() % 7 {
            match bytes.next() % 16 {
                0 | 1 => session.channel_success(channel)?,
                2 => session.channel_failure(channel)?,
                3..=6 => session.data(channel, bytes.data())?,
                7 => session.extended_data(channel, 1, bytes.data())?,
                8 => session.extended_data(channel, u32::from(bytes.next()), bytes.data())?,
                9 => session.eof(channel)?,
                10 => session.exit_status_request(channel, u32::from(bytes.next()))?,
                11 => session.exit_signal_request(channel, Sig::KILL, true, &bytes.text(), "")?,
                12 => session.close(channel)?,
                13 => session.disconnect(Disconnect::ByApplication, &bytes.text(), "")?,
                14 => return Err(russh::Error::Inconsistent),
                _ => session.request_success(),
            }
        }
        Ok(())
    }
}

impl server::Handler for Server {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        Ok((self.0.next() % 2 == 0).then(|| self.0.text()))
    }

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(self.auth())
    }

    async fn auth_password(&mut self, _: &str, _: &str) -> Result<Auth, russh::Error> {
        Ok(self.auth())
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        _: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        Ok(self.auth())
    }

    async fn channel_open_session(
        &mut self,
        _: russh::Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut server::Session,
    ) -> Result<(), russh::Error> {
        match self.0.next() % 4 {
            0 => reply.reject(ChannelOpenFailure::ResourceShortage).await,
            _ => reply.accept().await,
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut server::Session,
    ) -> Result<(), russh::Error> {
        self.speak(channel, session)
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut server::Session,
    ) -> Result<(), russh::Error> {
        self.speak(channel, session)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut server::Session,
    ) -> Result<(), russh::Error> {
        self.speak(channel, session)
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut server::Session,
    ) -> Result<(), russh::Error> {
        self.speak(channel, session)
    }
}

static CONFIG: LazyLock<Arc<server::Config>> = LazyLock::new(|| {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
    Arc::new(server::Config {
        keys: vec![key],
        auth_rejection_time: Duration::ZERO,
        max_auth_attempts: 4,
        inactivity_timeout: Some(Duration::from_secs(60)),
        ..server::Config::default()
    })
});

/// One thing that a client may do; whatever comes of it is all right.
async fn act(
    session: &Session,
    channel: &mut Option<Channel>,
    bytes: &Bytes,
) -> Result<(), SshError> {
    let which = if bytes.next() % 2 == 0 { Output::Standard } else { Output::Error };
    match (bytes.next() % 14, &channel) {
        (0, _) => session.methods("user").await.map(|_| ()),
        (1 | 2, _) => session.password("user", &bytes.text()).await.map(|_| ()),
        (3, _) => {
            if let Answer::Asked(question) = session.keyboard("user").await? {
                let count = question.prompts.len() + usize::from(bytes.next() % 2);
                session.keyboard_answer(vec![bytes.text(); count]).await?;
            }
            Ok(())
        }
        (4, _) => {
            let blob = session.host_key().unwrap_or_default();
            session.would_accept("user", &PublicKey::from_bytes(&blob)?).await.map(|_| ())
        }
        (5 | 6, _) => {
            *channel = Some(session.open_channel().await?);
            Ok(())
        }
        (7, Some(channel)) => channel.exec(bytes.text().as_bytes()).await,
        (8, Some(channel)) => channel.shell().await,
        (9, Some(channel)) => channel.read(which, usize::from(bytes.next()) * 64).await.map(|_| ()),
        (10, Some(channel)) => channel.write(bytes.data()).await,
        (11, Some(channel)) => channel.terminal(&Terminal::default()).await,
        (12, Some(channel)) => channel.is_at_end().map(|_| ()),
        (13, Some(channel)) => channel.send_eof().await,
        _ => Ok(()),
    }
}

fuzz_target!(|input: &[u8]| {
    let bytes = Bytes(Arc::new(Mutex::new(input.iter().rev().copied().collect())));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let (near, far) = duplex(ROOM);
        let served = tokio::spawn(server::run_stream(CONFIG.clone(), far, Server(bytes.clone())));
        if let Ok(session) = Session::open(near, Some(Duration::from_secs(5))).await {
            session.set_timeout(Some(Duration::from_secs(5)));
            let mut channel = None;
            for _ in 0..12 {
                let _ = act(&session, &mut channel, &bytes).await;
            }
            session.close().await;
            assert!(!session.is_open());
        }
        served.abort();
    });
});
