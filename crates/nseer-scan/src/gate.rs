//! What all hosts of a scan share: sockets, the congestion window of the whole scan, and the
//! probe rates. Knows no host and no port.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::rate::{Floor, Pace};
use crate::retry::RetryPolicy;
use crate::rtt::CrowdEstimator;
use crate::timing::Timing;
use crate::window::Window;

/// The window of the whole scan: where it starts, and up to where it grows fast. It protects the
/// local link; that of each host protects the host.
const START: usize = 512;
const THRESHOLD: usize = 1024;
const MIN: usize = 16;
/// Most retransmissions to a host because of what other hosts lost: one of them may be a bad case.
const RETRIES_FOR_OTHERS: u32 = 3;

/// Lets probes through.
pub(crate) struct Gate {
    /// Never exceeded.
    sockets: Semaphore,
    /// Exceeded only by the least rate.
    window: Semaphore,
    /// Permits that the window lost while they were in use.
    debt: AtomicUsize,
    congestion: Mutex<Congestion>,
    /// How far away hosts are.
    trips: Mutex<CrowdEstimator>,
    max_rate: Option<Mutex<Pace>>,
    min_rate: Option<Mutex<Floor>>,
}

struct Congestion {
    window: Window,
    retry: RetryPolicy,
    /// The permits that were given out for it.
    limit: usize,
}

/// The right to have one probe in flight.
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    _socket: SemaphorePermit<'a>,
    window: Option<SemaphorePermit<'a>>,
}

impl Gate {
    pub(crate) fn new(timing: &Timing, max_sockets: usize) -> Self {
        let most = timing.max_parallelism.unwrap_or(usize::MAX);
        let sockets = max_sockets.min(most).clamp(1, Semaphore::MAX_PERMITS);
        let least = timing.min_parallelism.unwrap_or(0).max(MIN);
        let window = Window::new(START, THRESHOLD, least, sockets);
        let limit = window.limit();
        Gate {
            sockets: Semaphore::new(sockets),
            window: Semaphore::new(limit),
            debt: AtomicUsize::new(0),
            congestion: Mutex::new(Congestion {
                window,
                retry: RetryPolicy::new(timing.max_retries.min(RETRIES_FOR_OTHERS)),
                limit,
            }),
            trips: Mutex::new(CrowdEstimator::new(timing)),
            max_rate: timing.max_rate.and_then(Pace::at_most).map(Mutex::new),
            min_rate: timing.min_rate.and_then(Floor::at_least).map(Mutex::new),
        }
    }

    /// A permit, if one is free. `forced`: also above the window, not above the sockets.
    pub(crate) fn try_acquire(&self, forced: bool) -> Option<Permit<'_>> {
        let window = self.window.try_acquire().ok();
        if window.is_none() && !forced {
            return None;
        }
        let socket = self.sockets.try_acquire().ok()?;
        Some(Permit { gate: self, _socket: socket, window })
    }

    /// Waits for a permit, first come first served.
    pub(crate) async fn acquire(&self) -> Permit<'_> {
        let window = self.window.acquire().await.expect("the semaphore is never closed");
        let socket = self.sockets.acquire().await.expect("the semaphore is never closed");
        Permit { gate: self, _socket: socket, window: Some(window) }
    }

    /// `count` probes were answered at their first try.
    pub(crate) fn answered(&self, count: usize) {
        let mut congestion = lock(&self.congestion);
        congestion.window.answered(count);
        congestion.retry.answered_at_once(count);
        self.apply(&mut congestion);
    }

    /// A probe was answered after `count` losses.
    pub(crate) fn lost(&self, count: u32) {
        let mut congestion = lock(&self.congestion);
        congestion.window.lost(count);
        congestion.retry.answered_after(count);
        self.apply(&mut congestion);
    }

    /// A port that answers was asked between `count` silent ones, and was answered, or not.
    pub(crate) fn vouched(&self, count: usize, is_answered: bool) {
        let mut congestion = lock(&self.congestion);
        congestion.window.vouched(count, is_answered);
        self.apply(&mut congestion);
    }

    /// The first try of a probe was not answered.
    pub(crate) fn unanswered(&self) {
        lock(&self.congestion).retry.unanswered();
    }

    /// Retransmissions that the loss seen on all hosts asks for.
    pub(crate) fn retries_for_loss(&self) -> u32 {
        lock(&self.congestion).retry.for_loss()
    }

    /// The first round trip of a host.
    pub(crate) fn met(&self, trip: Duration) {
        lock(&self.trips).met(trip);
    }

    /// How long the hosts that have answered would have to be waited for.
    pub(crate) fn usual_timeout(&self) -> Duration {
        lock(&self.trips).timeout()
    }

    /// The machine had no socket for the holder of a permit: the window becomes what the others
    /// have in flight.
    pub(crate) fn crowded(&self) {
        let mut congestion = lock(&self.congestion);
        let out = congestion.limit.saturating_sub(self.window.available_permits());
        congestion.window.crowded(out.saturating_sub(1));
        self.apply(&mut congestion);
    }

    /// Counts a probe that is about to be sent, if the most rate allows it now; else gives the
    /// instant at which to ask again.
    pub(crate) fn take_rate(&self, now: Instant) -> Option<Instant> {
        if let Some(wait) = self.max_rate.as_ref().and_then(|pace| lock(pace).take(now)) {
            return Some(wait);
        }
        if let Some(floor) = &self.min_rate {
            lock(floor).sent(now);
        }
        None
    }

    /// From when on the scan is below the least rate; `None` where there is none.
    pub(crate) fn late_from(&self, now: Instant) -> Option<Instant> {
        self.min_rate.as_ref().map(|floor| lock(floor).due(now))
    }

    /// Makes as many permits as the window allows; those that are in use and too many vanish when
    /// they are given back.
    fn apply(&self, congestion: &mut Congestion) {
        let limit = congestion.window.limit();
        let before = std::mem::replace(&mut congestion.limit, limit);
        if limit > before {
            let paid = self.pay(limit - before);
            self.window.add_permits(limit - before - paid);
        } else if limit < before {
            let cut = before - limit;
            let missing = cut - self.window.forget_permits(cut);
            self.debt.fetch_add(missing, Ordering::Relaxed);
        }
    }

    /// Pays up to `most` of the debt; gives how much it was.
    fn pay(&self, most: usize) -> usize {
        let owed = self.debt.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |debt| {
            (debt > 0).then(|| debt.saturating_sub(most))
        });
        owed.map_or(0, |owed| owed.min(most))
    }
}

impl Permit<'_> {
    /// The probe has left the local link, answered or not: it no longer counts for the window.
    pub(crate) fn leave(&mut self) {
        if self.window.is_some()
            && self.gate.pay(1) == 1
            && let Some(window) = self.window.take()
        {
            window.forget();
        }
        self.window = None;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks in the middle of a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(max_sockets: usize, timing: Timing) -> Gate {
        Gate::new(&timing, max_sockets)
    }

    fn free(gate: &Gate, forced: bool) -> usize {
        std::iter::from_fn(|| gate.try_acquire(forced)).collect::<Vec<_>>().len()
    }

    #[test]
    fn the_limits_hold() {
        let one = Timing { max_parallelism: Some(1), ..Timing::default() };
        assert_eq!(free(&gate(100, one), false), 1);
        assert_eq!(free(&gate(0, Timing::default()), false), 1);
        assert_eq!(free(&gate(100, Timing::default()), false), 100);
        assert_eq!(free(&gate(5000, Timing::default()), false), START);
        assert_eq!(free(&gate(5000, Timing::default()), true), 5000);
    }

    #[test]
    fn the_window_grows_and_shrinks_while_permits_are_out() {
        let gate = gate(5000, Timing::default());
        let out: Vec<_> = std::iter::from_fn(|| gate.try_acquire(false)).collect();
        gate.lost(1000);
        assert_eq!(free(&gate, false), 0);
        drop(out);
        assert_eq!(free(&gate, false), START / 2);
        gate.answered(10);
        assert_eq!(free(&gate, false), START / 2);
        gate.answered(5 * START);
        assert!(free(&gate, false) > START / 2);
    }

    #[test]
    fn growth_pays_the_debt_first() {
        let gate = gate(5000, Timing::default());
        let out: Vec<_> = std::iter::from_fn(|| gate.try_acquire(false)).collect();
        gate.lost(1000);
        gate.answered(40_000);
        let limit = lock(&gate.congestion).limit;
        let more = free(&gate, false);
        assert_eq!(more, limit.saturating_sub(out.len()));
        drop(out);
        assert_eq!(free(&gate, false), limit);
    }

    #[test]
    fn a_crowded_machine_leaves_permits_for_what_it_can_hold() {
        let gate = gate(5000, Timing::default());
        let mut out: Vec<_> = std::iter::from_fn(|| gate.try_acquire(false)).take(12).collect();
        for _ in 0..2 {
            gate.crowded();
            out.pop();
        }
        assert_eq!(free(&gate, false), 0);
        out.truncate(4);
        assert_eq!(free(&gate, false), 6);
    }
}
