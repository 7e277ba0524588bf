//! One probe: connect, send, listen.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nseer_core::{Protocol, Tunnel};
use nseer_net::{NetError, Transport};
use nseer_probes::{Match, Probe, ProbeDb, Problem};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::dialer::{Conversation, Dialer};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TLS_TIMEOUT: Duration = Duration::from_secs(8);
/// With so much of an answer it is not listened on.
const ENOUGH_ANSWER: usize = 4096;
/// More of an answer is not looked at.
const MOST_ANSWER: usize = 16 << 10;

/// What attempts share.
pub(crate) struct Shared<D> {
    pub(crate) db: Arc<ProbeDb>,
    pub(crate) dialer: D,
    /// Bounds the sockets.
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) say: Box<dyn Fn(&str) + Send + Sync>,
    pub(crate) complain: Box<dyn Fn(&Problem) + Send + Sync>,
    /// Lines of the probe file whose trouble was told.
    pub(crate) told: Mutex<HashSet<u32>>,
    pub(crate) traces: bool,
}

/// What an attempt tells while it goes on.
pub(crate) enum Signal {
    /// The probe was sent, or the listening has begun.
    Sent,
    /// The service is half known.
    Soft(Box<Match>),
}

/// A connection, and its place among the sockets.
pub(crate) struct Line<C> {
    conversation: C,
    _permit: OwnedSemaphorePermit,
}

/// How an attempt ended.
pub(crate) struct Report<C> {
    pub(crate) place: usize,
    pub(crate) answer: Vec<u8>,
    /// A match that is certain.
    pub(crate) hard: Option<Match>,
    pub(crate) end: End,
    /// How long it listened.
    pub(crate) listened: Duration,
    /// The connection, where neither side has said anything.
    pub(crate) unused: Option<Line<C>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Certain, or enough bytes.
    Enough,
    /// The time was over.
    Silence,
    /// The peer closed the connection.
    Closed,
    /// The connection was reset, or failed in another way.
    Failed,
    /// The connection was not made.
    NotConnected,
}

/// One attempt to come.
pub(crate) struct Attempt {
    pub(crate) place: usize,
    pub(crate) peer: SocketAddr,
    pub(crate) protocol: Protocol,
    pub(crate) tunnel: Tunnel,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) turns: Arc<Turns>,
}

/// When attempts at one port are given up.
///
/// A server that serves one client at a time lets the others wait until the first has gone. So
/// none is given up before it had a turn of its own, after the one before it.
#[derive(Default)]
pub(crate) struct Turns(Mutex<Option<Instant>>);

impl Turns {
    /// How long a turn is.
    const TURN: Duration = Duration::from_millis(500);

    /// The end of the next attempt, which wants to listen until `wanted`.
    fn next(&self, wanted: Instant) -> Instant {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = last.map_or(wanted, |last| wanted.max(last + Turns::TURN));
        *last = Some(until);
        until
    }

    /// The server serves several clients at a time, or the turns so far are over.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Attempt {
    /// Makes the attempt, over a connection of its own if there is none.
    pub(crate) async fn make<D: Dialer>(
        self,
        line: Option<Line<D::Conversation>>,
        shared: Arc<Shared<D>>,
        signals: UnboundedSender<Signal>,
    ) -> Report<D::Conversation> {
        let mut report = Report {
            place: self.place,
            answer: Vec::new(),
            hard: None,
            end: End::NotConnected,
            listened: Duration::ZERO,
            unused: None,
        };
        let line = match line {
            Some(line) => Ok(line),
            None => self.connect(&shared).await,
        };
        match line {
            Ok(line) => self.ask(line, &shared, &signals, &mut report).await,
            Err(end) => report.end = end,
        }
        report
    }

    /// Sends the probe and listens.
    async fn ask<D: Dialer>(
        &self,
        mut line: Line<D::Conversation>,
        shared: &Shared<D>,
        signals: &UnboundedSender<Signal>,
        report: &mut Report<D::Conversation>,
    ) {
        let Some(probe) = shared.db.probes().get(self.place) else { return };
        let begun = Instant::now();
        let until = self.turns.next(begun + probe.wait());
        shared.trace(|| format!("{}: probe {}", self.peer, probe.name()));
        if !probe.is_null()
            && let Err(error) = line.conversation.send(probe.payload(), until).await
        {
            shared.trace(|| format!("{}: probe {}: {error}", self.peer, probe.name()));
            report.end = End::Failed;
            return;
        }
        let _ = signals.send(Signal::Sent);
        let mut has_hint = false;
        report.end = loop {
            match line.conversation.receive(until).await {
                Ok(more) => {
                    report.answer.extend(more);
                    report.answer.truncate(MOST_ANSWER);
                }
                Err(NetError::TimedOut) => {
                    if probe.is_null() && report.answer.is_empty() {
                        report.unused = Some(line);
                    } else {
                        line.give_up();
                    }
                    break End::Silence;
                }
                Err(NetError::Eof) => break End::Closed,
                Err(_) => break End::Failed,
            }
            report.hard = self.look(probe, &report.answer, shared, signals, &mut has_hint);
            if report.hard.is_some() || report.answer.len() >= ENOUGH_ANSWER {
                break End::Enough;
            }
        };
        report.listened = begun.elapsed();
    }

    /// What an answer tells for certain. The first thing that it hints at is told, and noted in `has_hint`.
    fn look<D>(
        &self,
        probe: &Probe,
        answer: &[u8],
        shared: &Shared<D>,
        signals: &UnboundedSender<Signal>,
        has_hint: &mut bool,
    ) -> Option<Match> {
        let found = shared.db.find(self.place, answer);
        shared.tell(&found.problems);
        let matched = found.matched.filter(|matched| !matched.soft || !*has_hint)?;
        shared.trace(|| {
            let how = if matched.soft { "hints at" } else { "tells" };
            let (name, service, line) = (probe.name(), &matched.service, matched.line);
            format!("{}: probe {name} {how} {service}: line {line}", self.peer)
        });
        if !matched.soft {
            return Some(matched);
        }
        *has_hint = true;
        let _ = signals.send(Signal::Soft(Box::new(matched)));
        None
    }

    /// Makes a connection, or says how it came to nothing.
    async fn connect<D: Dialer>(&self, shared: &Shared<D>) -> Result<Line<D::Conversation>, End> {
        // The semaphore is never closed.
        let permit = shared.sockets.clone().acquire_owned().await.map_err(|_| End::NotConnected)?;
        let transport = match (self.protocol, self.tunnel) {
            (Protocol::Udp, _) => Transport::Udp,
            (_, Tunnel::Ssl) => Transport::Tls,
            (_, Tunnel::None) => Transport::Tcp,
        };
        let timeout = if transport == Transport::Tls { TLS_TIMEOUT } else { CONNECT_TIMEOUT };
        let name = self.name.as_deref();
        match shared.dialer.dial(self.peer, transport, name, timeout).await {
            Ok(conversation) => Ok(Line { conversation, _permit: permit }),
            Err(error) => {
                shared.trace(|| format!("{}: no connection: {error}", self.peer));
                let is_failure = transport == Transport::Tcp && is_reset(&error);
                Err(if is_failure { End::Failed } else { End::NotConnected })
            }
        }
    }
}

impl<C: Conversation> Line<C> {
    /// Closes it.
    pub(crate) fn give_up(self) {
        self.conversation.give_up();
    }
}

/// A connection that was made and reset before we could look.
fn is_reset(error: &NetError) -> bool {
    matches!(error, NetError::Io(error) if error.kind() == ErrorKind::ConnectionReset)
}

impl<D> Shared<D> {
    /// Tells of lines that cannot be used, of each once.
    fn tell(&self, problems: &[Problem]) {
        for problem in problems {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.insert(problem.line) {
                (self.complain)(problem);
            }
        }
    }

    pub(crate) fn trace(&self, text: impl FnOnce() -> String) {
        if self.traces {
            (self.say)(&format!("Version: {}", text()));
        }
    }
}
