//! One pass over a port: its probes outside of TLS, or those inside.
//!
//! The first attempt only listens. Whenever nothing was heard for half a second the next probe
//! goes out on a connection of its own, up to a bound; what is certain first ends them all. A
//! service that is half known leaves only the probes that can tell more of it. Who refuses others while it
//! has a client is asked over one connection at a time, the first probe over the one that was listened to.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use nseer_core::{PortKey, Protocol, Tunnel};
use nseer_probes::Match;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::attempt::{Attempt, End, Line, Report, Shared, Signal, Turns};
use crate::dialer::Dialer;
use crate::order::{self, ALL};

/// A silence after which the next probe goes out.
const SILENCE: Duration = Duration::from_millis(500);
/// Attempts at one port at a time.
const MOST_ATTEMPTS: usize = 8;

/// What a pass is about.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) peer: SocketAddr,
    pub(crate) port: PortKey,
    pub(crate) tunnel: Tunnel,
    /// The server name to ask for in TLS.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) intensity: u8,
}

/// What a pass found.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) hard: Option<Match>,
    pub(crate) soft: Option<Match>,
    /// The peer hung up at once, or on every probe without waiting for the end of its time.
    pub(crate) is_wrapped: bool,
    /// Something came back.
    pub(crate) answered: bool,
    /// By place of the probe in the order of sending. What was cut off by an error is no whole answer.
    pub(crate) answers: BTreeMap<usize, (usize, Vec<u8>)>,
}

pub(crate) struct Pass<D: Dialer> {
    shared: Arc<Shared<D>>,
    subject: Subject,
    queue: VecDeque<usize>,
    sent: Vec<usize>,
    running: JoinSet<Report<D::Conversation>>,
    signals: (UnboundedSender<Signal>, UnboundedReceiver<Signal>),
    /// When the next attempt may begin; `None` while one is being started.
    next: Option<Instant>,
    turns: Arc<Turns>,
    /// Attempts at a time.
    most: usize,
    /// Probes that the peer cut off, without an answer, while there were others.
    cut_off: Vec<usize>,
    /// The peer hung up on all connections together. Probes that it has cut off so are sent once more.
    begins_anew: bool,
    again: Vec<usize>,
    /// A connection over which nothing was said yet, for the next probe.
    line: Option<Line<D::Conversation>>,
    /// The peer has hung up, and it has let the time of a probe go by.
    hung_up: bool,
    let_wait: bool,
    outcome: Outcome,
}

impl<D: Dialer> Pass<D> {
    pub(crate) fn new(shared: Arc<Shared<D>>, subject: Subject) -> Self {
        let Subject { port, tunnel, intensity, .. } = subject;
        let null = order::null(&shared.db, port.protocol);
        let sending = order::sending(&shared.db, port, tunnel, intensity);
        Pass {
            queue: null.into_iter().chain(sending).collect(),
            shared,
            subject,
            sent: Vec::new(),
            running: JoinSet::new(),
            signals: unbounded_channel(),
            next: Some(Instant::now()),
            turns: Arc::default(),
            most: MOST_ATTEMPTS,
            cut_off: Vec::new(),
            begins_anew: false,
            again: Vec::new(),
            line: None,
            hung_up: false,
            let_wait: false,
            outcome: Outcome::default(),
        }
    }

    /// Runs to its end. Attempts that still go on then are given up.
    pub(crate) async fn run(mut self) -> Outcome {
        while !(self.queue.is_empty() && self.running.is_empty()) {
            let may_start = !self.queue.is_empty() && self.running.len() < self.most;
            let next = self.next.filter(|_| may_start);
            tokio::select! {
                biased;
                Some(signal) = self.signals.1.recv() => self.heed(signal),
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => {
                    self.next = Some(Instant::now());
                    // An attempt that panicked has said so on standard error.
                    if let Ok(report) = ended
                        && self.take(report)
                    {
                        break;
                    }
                }
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => self.start(),
            }
        }
        let only_hung_up = self.hung_up && !self.let_wait && !self.outcome.answered;
        self.outcome.is_wrapped |= only_hung_up && self.subject.port.protocol == Protocol::Tcp;
        self.outcome
    }

    fn start(&mut self) {
        let Some(place) = self.queue.pop_front() else { return };
        self.sent.push(place);
        let attempt = Attempt {
            place,
            peer: self.subject.peer,
            protocol: self.subject.port.protocol,
            tunnel: self.subject.tunnel,
            name: self.subject.name.clone(),
            turns: self.turns.clone(),
        };
        self.next = None;
        let line = self.line.take();
        self.running.spawn(attempt.make(line, self.shared.clone(), self.signals.0.clone()));
    }

    fn heed(&mut self, signal: Signal) {
        match signal {
            Signal::Sent => self.next = Some(Instant::now() + SILENCE),
            Signal::Soft(soft) => {
                // The first hint counts.
                if self.outcome.soft.is_none() {
                    let Subject { port, tunnel, intensity, .. } = self.subject;
                    if intensity < ALL {
                        let db = &self.shared.db;
                        let service = &soft.service;
                        self.queue = order::narrowed(db, port, tunnel, service, &self.sent).into();
                    }
                    self.outcome.soft = Some(*soft);
                }
            }
        }
    }

    /// The peer refuses others while it has a client: what it cut off is sent again.
    fn serve_one_at_a_time(&mut self) {
        self.most = 1;
        for place in std::mem::take(&mut self.cut_off).into_iter().rev() {
            self.sent.retain(|sent| *sent != place);
            self.queue.push_front(place);
            if self.begins_anew {
                self.again.push(place);
            }
        }
    }

    /// The peer hung up on a probe and has told nothing so far. True where that is all it does.
    fn is_wrapped(&mut self, place: usize, at_once: bool) -> bool {
        if at_once && self.sent.len() > 1 {
            // Something was said meanwhile: so does a server that begins anew when a client leaves it.
            self.begins_anew = true;
        } else if at_once || self.again.contains(&place) {
            return true;
        } else if self.begins_anew {
            self.cut_off.push(place);
        }
        if self.begins_anew {
            self.serve_one_at_a_time();
        }
        false
    }

    /// Takes what an attempt gave. True where the pass is over.
    fn take(&mut self, report: Report<D::Conversation>) -> bool {
        let Report { place, answer, hard, end, listened, unused } = report;
        match unused {
            Some(line) if self.most == 1 => self.line = Some(line),
            Some(line) => line.give_up(),
            None => {}
        }
        let heard = !answer.is_empty();
        self.outcome.answered |= heard;
        if heard && end != End::Failed {
            let order = self.sent.iter().position(|sent| *sent == place).unwrap_or(usize::MAX);
            self.outcome.answers.insert(order, (place, answer));
        }
        if hard.is_some() {
            self.outcome.hard = hard;
            return true;
        }
        let Some(probe) = self.shared.db.probes().get(place) else { return false };
        let hung_up = matches!(end, End::Closed | End::Failed);
        self.hung_up |= hung_up;
        self.let_wait |= end == End::Silence;
        let (is_null, at_once) = (probe.is_null(), probe.is_null() && listened < probe.wrapped());
        if hung_up && !self.outcome.answered && self.is_wrapped(place, at_once) {
            self.outcome.is_wrapped = true;
            return true;
        }
        // Without TLS there is nothing to be said inside it; and who refuses the first connection
        // will refuse the next.
        if end == End::NotConnected && self.sent.len() == 1 {
            return true;
        }
        let is_beside_others = !self.running.is_empty() && self.most > 1;
        if is_beside_others && hung_up && !heard && !is_null {
            self.cut_off.push(place);
        }
        if is_beside_others && end == End::NotConnected {
            self.cut_off.push(place);
            self.serve_one_at_a_time();
        }
        // Whoever was served while somebody else was still there did not have to wait for a turn.
        if end != End::Silence || self.running.is_empty() {
            self.turns.forget();
        }
        false
    }
}
