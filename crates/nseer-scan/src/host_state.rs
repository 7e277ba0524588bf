//! What is learnt of one host while it is scanned, shared by the tasks that scan it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nseer_core::{PortState, Reason, RoundTrip};
use tokio::time::Instant;

use crate::back_off::{AnswerLimit, ERROR_PERIOD, ErrorLimit};
use crate::connector::Answer;
use crate::rate::Pace;
use crate::retry::RetryPolicy;
use crate::rtt::RoundTripEstimator;
use crate::technique::Technique;
use crate::timing::{Defeats, Timing};
use crate::window::Window;

/// A host's window: where it starts, up to where it grows fast, and where it ends.
const START: usize = 16;
const THRESHOLD: usize = 128;
const MAX: usize = 512;
/// Losses do not make it smaller than this.
const MIN: usize = 2;

/// Round trips, window, retries and pace of one host.
#[derive(Debug)]
pub(crate) struct HostState {
    inner: Mutex<Inner>,
    /// `--scan-delay`, or what a host that limits its answers asks for.
    pace: Mutex<Option<Pace>>,
    /// There is a pace; where there is none, that costs no lock.
    has_pace: AtomicBool,
    /// Counts the changes of the pace.
    pace_number: AtomicU32,
    /// The host tells of closed ports by errors.
    sends_errors: AtomicBool,
    /// Answers that may come late without slowing the scan down.
    defeats: Defeats,
}

#[derive(Debug)]
struct Inner {
    trips: RoundTripEstimator,
    /// Those of errors from others about the host.
    told_by_others: RoundTripEstimator,
    window: Window,
    retry: RetryPolicy,
    errors: ErrorLimit,
    /// When the last error came.
    last_error: Option<Instant>,
    answers: AnswerLimit,
    delay: Duration,
}

impl HostState {
    pub(crate) fn new(timing: &Timing) -> Self {
        let max = timing.max_parallelism.unwrap_or(MAX);
        let least = timing.min_parallelism.unwrap_or(MIN);
        let delay = timing.scan_delay;
        HostState {
            inner: Mutex::new(Inner {
                trips: RoundTripEstimator::new(timing),
                told_by_others: RoundTripEstimator::new(timing),
                window: Window::new(START, THRESHOLD, least, max.max(least)),
                retry: RetryPolicy::new(timing.max_retries),
                errors: ErrorLimit::new(delay, timing.max_udp_scan_delay),
                last_error: None,
                answers: AnswerLimit::new(delay, timing.max_scan_delay),
                delay,
            }),
            pace: Mutex::new((!delay.is_zero()).then(|| Pace::apart(delay))),
            has_pace: AtomicBool::new(!delay.is_zero()),
            pace_number: AtomicU32::new(0),
            sends_errors: AtomicBool::new(false),
            defeats: timing.defeats,
        }
    }

    /// `count` probes were answered at their first try; one of them after `trip`.
    pub(crate) fn answered(&self, count: usize, trip: Option<Duration>) {
        let mut inner = self.lock();
        inner.window.answered(count);
        inner.retry.answered_at_once(count);
        inner.answers.told(count, 0);
        self.keep_apart(&mut inner);
        if let Some(trip) = trip {
            inner.trips.sample(trip);
        }
    }

    /// A probe was answered at its retransmission number `retries`, after `trip`; `is_excused` where
    /// that is known not to be a limit of the host's.
    pub(crate) fn answered_late(&self, retries: u32, trip: Option<Duration>, is_excused: bool) {
        let mut inner = self.lock();
        inner.window.lost(retries);
        inner.retry.answered_after(retries);
        if let Some(trip) = trip {
            inner.trips.sample(trip);
        }
        if !is_excused {
            inner.answers.told(1, retries);
        }
        self.keep_apart(&mut inner);
    }

    /// A round trip, of which nothing else is to be learnt.
    pub(crate) fn sample(&self, trip: Duration) {
        self.lock().trips.sample(trip);
    }

    /// The round trip of an error from somebody else, who may be nearer.
    pub(crate) fn told_by_others(&self, trip: Duration) {
        self.lock().told_by_others.sample(trip);
    }

    /// True where such an answer, if it comes late, says nothing of the network: the user does not wait
    /// for answers that the host limits.
    pub(crate) fn defeats(&self, reason: Reason) -> bool {
        match reason {
            Reason::Reset => self.defeats.resets,
            Reason::PortUnreach => self.defeats.errors,
            _ => false,
        }
    }

    /// False where the user does not wait for limits of any kind.
    pub(crate) fn waits_for_limits(&self) -> bool {
        !self.defeats.resets && !self.defeats.errors
    }

    /// The user's limit on retransmissions.
    pub(crate) fn most_retries(&self) -> u32 {
        self.lock().retry.max()
    }

    /// What silence means: without waiting for limited errors, a closed UDP port is silent too.
    pub(crate) fn silence(&self, technique: Technique) -> Answer {
        let mut answer = Answer::silence(technique);
        if technique == Technique::Udp && self.defeats.errors {
            answer.status.state = PortState::ClosedFiltered;
        }
        answer
    }

    fn keep_apart(&self, inner: &mut Inner) {
        let delay = inner.errors.delay().max(inner.answers.delay());
        if delay != inner.delay {
            inner.delay = delay;
            *self.lock_pace() = (!delay.is_zero()).then(|| Pace::apart(delay));
            self.has_pace.store(!delay.is_zero(), Ordering::Relaxed);
            self.pace_number.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Which pace it is, counted from 0.
    pub(crate) fn pace_number(&self) -> u32 {
        self.pace_number.load(Ordering::Relaxed)
    }

    /// An ICMP error told of a closed UDP port or protocol, at retransmission number `retries`; `missed` tries
    /// were in vain at the present pace. Hosts limit such errors (RFC 1812, section 4.3.2.8), Linux to one a second: where many of them are missed,
    /// probes go out no faster than errors come.
    pub(crate) fn error(&self, retries: u32, missed: u32, now: Instant) {
        self.sends_errors.store(true, Ordering::Relaxed);
        let mut inner = self.lock();
        let last = inner.last_error.replace(now);
        let apart = last.map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        inner.errors.told(retries, missed, apart);
        self.keep_apart(&mut inner);
    }

    /// How long a probe waits whose answer may be such an error: the next error of a host that limits them comes
    /// after a second.
    pub(crate) fn error_timeout(&self) -> Duration {
        let timeout = self.timeout();
        if self.sends_errors.load(Ordering::Relaxed) { timeout.max(ERROR_PERIOD) } else { timeout }
    }

    /// A probe was not answered.
    pub(crate) fn silent(&self, may_be_limit: bool) {
        self.lock().window.silent(may_be_limit);
    }

    /// A port that answers was asked between `count` silent ones, and was answered, or not.
    pub(crate) fn vouched(&self, count: usize, is_answered: bool) {
        self.lock().window.vouched(count, is_answered);
    }

    /// The first try of a probe was not answered.
    pub(crate) fn unanswered(&self) {
        self.lock().retry.unanswered();
    }

    /// Retransmissions that a probe without an answer gets, as far as the host is known now.
    pub(crate) fn allowed_retries(&self) -> u32 {
        self.lock().retry.allowed()
    }

    /// Some probe was answered at a retransmission.
    pub(crate) fn has_answered_late(&self) -> bool {
        self.lock().retry.has_been_needed()
    }

    /// Probes that may be in flight.
    pub(crate) fn window(&self) -> usize {
        self.lock().window.limit()
    }

    /// More of them may be allowed later.
    pub(crate) fn may_grow(&self) -> bool {
        self.lock().window.may_grow()
    }

    /// How long a probe waits for its answer.
    pub(crate) fn timeout(&self) -> Duration {
        self.lock().trips.timeout()
    }

    /// When `--scan-delay` lets the next probe out; `None` for now.
    pub(crate) fn delayed_until(&self, now: Instant) -> Option<Instant> {
        if !self.has_pace.load(Ordering::Relaxed) {
            return None;
        }
        self.lock_pace().as_ref()?.wait(now)
    }

    /// A probe is sent now.
    pub(crate) fn sent(&self, now: Instant) {
        if self.has_pace.load(Ordering::Relaxed)
            && let Some(pace) = &mut *self.lock_pace()
        {
            pace.sent(now);
        }
    }

    /// True once a round trip was measured.
    pub(crate) fn is_measured(&self) -> bool {
        self.lock().trips.is_measured()
    }

    /// The values for the host's record. Where only others told of it, theirs are what is known.
    pub(crate) fn round_trip(&self) -> Option<RoundTrip> {
        let inner = self.lock();
        inner.trips.record().or_else(|| inner.told_by_others.record())
    }

    fn lock_pace(&self) -> MutexGuard<'_, Option<Pace>> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
