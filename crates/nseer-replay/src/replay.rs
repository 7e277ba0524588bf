//! A network that says what a recording says.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nseer_net::stand_in::{Line, Opening, Pause, StandIn, Turn};
use nseer_net::{ConnectOptions, Family, NetError, Transport};
use tokio::sync::Notify;

use crate::line::ReplayLine;
use crate::machine::Pace;
use crate::mismatch::Mismatch;
use crate::order::{Event, Order};
use crate::recording::{Answer, Conversation, Failure, Pattern, Recording, Said};

/// So much before its time is over a connect has to be open.
const TICK: Duration = Duration::from_millis(1);

/// Stands in for the network with a recording. A clone is the same.
#[derive(Clone)]
pub struct Replay {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) conversations: Vec<Conversation>,
    names: Vec<Answer>,
    state: Mutex<State>,
    pace: Pace,
    /// Something has come true, and it may be another's turn.
    passed: Arc<Notify>,
}

#[derive(Default)]
struct State {
    used: Vec<bool>,
    mismatches: Vec<Mismatch>,
    /// The conversations of lines over which nothing was said yet.
    seats: Vec<Option<usize>>,
    order: Order,
}

impl Replay {
    /// A network that says what `recording` says.
    #[must_use]
    pub fn new(recording: Recording) -> Replay {
        Replay::paced(recording, &Pace::default())
    }

    /// The same, for a script whose clock goes with `pace`.
    #[must_use]
    pub fn paced(recording: Recording, pace: &Pace) -> Replay {
        let state = State {
            used: vec![false; recording.conversations.len()],
            order: Order::new(&recording.conversations),
            ..State::default()
        };
        let shared = Shared {
            conversations: recording.conversations,
            names: recording.names,
            state: Mutex::new(state),
            pace: pace.clone(),
            passed: Arc::default(),
        };
        Replay { shared: Arc::new(shared) }
    }

    /// Where the script and the recording parted ways, once all scripts have ended: also what was
    /// recorded and never asked for.
    #[must_use]
    pub fn finish(&self) -> Vec<Mismatch> {
        let state = self.shared.lock();
        let mut mismatches = state.mismatches.clone();
        let unused = self.shared.conversations.iter().zip(&state.used).filter(|(_, used)| !**used);
        for (conversation, _) in unused {
            let what = format!("the script never opened the {}", label(conversation));
            mismatches.push(Mismatch::new(Some(conversation.line), what));
        }
        mismatches
    }

    fn open(&self, transport: Transport, peer: Option<SocketAddr>) -> Option<usize> {
        self.shared.take_unused(|c| c.transport == transport && c.peer == peer)
    }
}

/// `connection to 127.0.0.1:22 (tcp)`.
pub(crate) fn label(conversation: &Conversation) -> String {
    let transport = match conversation.transport {
        Transport::Udp => "udp",
        Transport::Tls => "tls",
        Transport::Dtls => "dtls",
        Transport::Tcp | Transport::Raw => "tcp",
    };
    match conversation.peer {
        Some(peer) => format!("connection to {peer} ({transport})"),
        None => format!("socket for datagrams ({transport})"),
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happens that was recorded at `recorded`.
    pub(crate) fn happens(&self, recorded: Duration) {
        self.pace.happened(recorded);
    }

    /// When `what` is due, which was recorded at `recorded`.
    pub(crate) fn due(&self, what: Event, recorded: Duration, now: Instant) -> Instant {
        let behind = self.lock().order.behind(what);
        let due = recorded.checked_add(behind);
        due.and_then(|due| self.pace.begin(now).checked_add(due)).unwrap_or(now)
    }

    /// What there is to wait for before `what`, which is due then; `None` where it comes true now.
    /// `since` keeps when it could have.
    pub(crate) fn hold(
        &self,
        what: Event,
        due: Instant,
        since: &mut Option<Instant>,
        now: Instant,
    ) -> Option<Pause> {
        let mut state = self.lock();
        state.order.expect(what, due);
        if due > now {
            return Some(Pause::until(due));
        }
        if let Some(until) = state.order.held(what, *since.get_or_insert(now), now) {
            return Some(Pause { until, others: Some(self.passed.clone()) });
        }
        *since = None;
        drop(state);
        self.pass(what);
        None
    }

    /// `what` has come true, or nobody waits for it any more.
    pub(crate) fn pass(&self, what: Event) {
        self.lock().order.pass(what);
        self.passed.notify_waiters();
    }

    /// Nobody waits for any more of this conversation.
    pub(crate) fn pass_all(&self, index: usize) {
        let turns = self.conversations.get(index).map_or(0, |c| c.turns.len());
        let mut state = self.lock();
        (0..turns).map(Some).chain([None]).for_each(|turn| state.order.pass((index, turn)));
        drop(state);
        self.passed.notify_waiters();
    }

    /// Holds up a connect until it was recorded, and until what came before has come; but not for
    /// longer than the script waits.
    fn opening(self: &Arc<Self>, index: usize, took: Duration, patience: Option<Duration>) -> Turn {
        let shared = self.clone();
        let recorded = shared.conversations.get(index).map(|c| c.at).unwrap_or_default();
        let (mut begun, mut since) = (None, None);
        Box::new(move |now| {
            let begun = *begun.get_or_insert(now);
            let last = patience.and_then(|p| begun.checked_add(p.saturating_sub(TICK)));
            let open = begun.checked_add(took).unwrap_or(begun);
            let open = last.map_or(open, |last| last.min(open));
            let due = shared.due((index, None), recorded, open).max(open);
            let pause = shared.hold((index, None), due, &mut since, now);
            match (pause, last) {
                (Some(_), Some(last)) if now >= last => shared.pass((index, None)),
                (Some(pause), Some(last)) => {
                    return Some(Pause { until: pause.until.min(last), ..pause });
                }
                (Some(pause), None) => return Some(pause),
                (None, _) => {}
            }
            shared.happens(recorded);
            None
        })
    }

    pub(crate) fn tell(&self, mismatch: Mismatch) {
        self.lock().mismatches.push(mismatch);
    }

    /// Takes the first conversation that is not in use and fits.
    fn take_unused(&self, fits: impl Fn(&Conversation) -> bool) -> Option<usize> {
        let mut state = self.lock();
        let index = self
            .conversations
            .iter()
            .zip(&state.used)
            .position(|(conversation, used)| !used && fits(conversation))?;
        state.used[index] = true;
        Some(index)
    }

    /// A new line for a conversation.
    pub(crate) fn seat(&self, index: usize) -> usize {
        let mut state = self.lock();
        state.seats.push(Some(index));
        state.seats.len() - 1
    }

    /// The conversation of a line; from now on it keeps that.
    pub(crate) fn keep(&self, seat: usize) -> Option<usize> {
        self.lock().seats.get_mut(seat)?.take()
    }

    /// The conversation of a line that may still get another one.
    pub(crate) fn present(&self, seat: usize) -> Option<usize> {
        self.lock().seats.get(seat).copied().flatten()
    }

    /// Gives a line another conversation with the same peer, one that begins with `data`: a free
    /// one, or that of a line over which nothing was said yet, which gets this one's.
    pub(crate) fn swap(&self, seat: usize, data: &[u8]) {
        let mut state = self.lock();
        let Some(index) = state.seats.get(seat).copied().flatten() else { return };
        let Some(mine) = self.conversations.get(index) else { return };
        let fits = |other: &Conversation| {
            other.transport == mine.transport && other.peer == mine.peer && begins(other, data)
        };
        let free = self
            .conversations
            .iter()
            .zip(&state.used)
            .position(|(conversation, used)| !used && fits(conversation));
        if let Some(better) = free {
            // It is open from now on.
            state.order.pass((better, None));
            (state.used[index], state.used[better]) = (false, true);
            state.seats[seat] = Some(better);
            return;
        }
        let held = (0..state.seats.len()).find_map(|other| {
            let index = state.seats[other]?;
            fits(self.conversations.get(index)?).then_some((other, index))
        });
        if let Some((other, better)) = held {
            state.seats[other] = Some(index);
            state.seats[seat] = Some(better);
        }
    }
}

/// True where the first thing that the script sends in a conversation begins like `data`, or the
/// other way round.
pub(crate) fn begins(conversation: &Conversation, data: &[u8]) -> bool {
    let first = conversation.turns.iter().find_map(|turn| match &turn.said {
        Said::Sent(pattern, _) => Some(pattern),
        _ => None,
    });
    first.is_some_and(|first| {
        let length = first.bytes.len().min(data.len());
        Pattern::matches(&first.bytes[..length], &data[..length])
    })
}

impl StandIn for Replay {
    fn connect(&self, transport: Transport, peer: SocketAddr, options: &ConnectOptions) -> Opening {
        let Some(index) = self.open(transport, Some(peer)) else {
            let what =
                format!("the script connects to {peer}, which the recording does not have (again)");
            self.shared.tell(Mismatch::new(None, what));
            return Opening::at_once(Err(Failure::Refused.error()));
        };
        let conversation = &self.shared.conversations[index];
        // Nobody is asked whether datagrams may come, so no time-out is too short for that.
        let took = match transport {
            Transport::Udp => Duration::ZERO,
            _ => conversation.took,
        };
        let never = conversation.failed == Some(Failure::TimedOut);
        if never {
            // That is the script's own clock.
            self.shared.happens(conversation.at);
            self.shared.pass((index, None));
        }
        Opening {
            after: (!never).then_some(Duration::ZERO),
            line: match &conversation.failed {
                None => Ok(Box::new(ReplayLine::new(self.shared.clone(), index))),
                Some(failure) => Err(failure.error()),
            },
            turn: Some(self.shared.opening(index, took, options.timeout)),
        }
    }

    fn datagrams(&self, _: bool, _: Option<SocketAddr>) -> Result<Box<dyn Line>, NetError> {
        match self.open(Transport::Udp, None) {
            Some(index) => {
                self.shared.pass((index, None));
                Ok(Box::new(ReplayLine::new(self.shared.clone(), index)))
            }
            None => {
                let what = "the script opens a UDP socket that the recording does not have";
                self.shared.tell(Mismatch::new(None, what));
                Err(Failure::Other("not recorded".to_owned()).error())
            }
        }
    }

    fn resolve(&self, name: &str, family: Option<Family>) -> Result<Vec<IpAddr>, NetError> {
        let failed =
            |text: &str| NetError::Resolve { name: name.to_owned(), text: text.to_owned() };
        if let Ok(address) = name.parse::<IpAddr>() {
            return match family.is_none_or(|family| family.has(&address)) {
                true => Ok(vec![address]),
                false => Err(failed("Address family for hostname not supported")),
            };
        }
        let known = self.shared.names.iter().find_map(|answer| match answer {
            Answer::Name { name: known, family: asked, found }
                if known == name && (asked.is_none() || *asked == family) =>
            {
                Some(found)
            }
            _ => None,
        });
        match known {
            Some(Ok(addresses)) => Ok(addresses.clone()),
            Some(Err(why)) => Err(failed(why)),
            None => {
                let what =
                    format!("the script looks up '{name}', which the recording does not answer");
                self.shared.tell(Mismatch::new(None, what));
                Err(failed("Name or service not known"))
            }
        }
    }

    fn reverse(&self, address: IpAddr) -> Option<String> {
        self.shared.names.iter().find_map(|answer| match answer {
            Answer::Address { address: known, name } if *known == address => name.clone(),
            _ => None,
        })
    }
}
