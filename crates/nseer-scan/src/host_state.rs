//! What the tasks that scan one host share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::rtt::RttEstimator;
use crate::timing::Timing;
use crate::window::Window;

/// Round trips, window and retries of one host.
#[derive(Debug)]
pub(crate) struct HostState {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    rtt: RttEstimator,
    window: Window,
    max_retries: u32,
    /// The highest try that ever brought an answer.
    useful_try: u32,
}

/// Where a host's window begins, and how far it may grow.
const START: usize = 64;
const MOST: usize = 1024;

impl HostState {
    pub(crate) fn new(timing: &Timing) -> Self {
        let most = timing.max_parallelism.unwrap_or(MOST);
        let least = timing.min_parallelism.unwrap_or(4).min(most);
        let inner = Inner {
            rtt: RttEstimator::new(timing),
            window: Window::new(START, least, most),
            max_retries: timing.max_retries,
            useful_try: 0,
        };
        HostState { inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Probes that may wait, and how long the next one does.
    pub(crate) fn allowance(&self) -> (usize, Duration) {
        let inner = self.lock();
        (inner.window.size(), inner.rtt.timeout())
    }

    /// An answer came after `rtt`, on try number `attempt` (from 0).
    pub(crate) fn answered(&self, rtt: Duration, attempt: u32) {
        let mut inner = self.lock();
        inner.useful_try = inner.useful_try.max(attempt);
        if attempt == 0 {
            inner.rtt.sample(rtt);
            inner.window.grow();
        } else {
            inner.window.shrink();
        }
    }

    /// Whether a port that was silent on try `attempt` is asked again. One repetition is always
    /// worth it; more are where repetitions have brought answers.
    pub(crate) fn try_again(&self, attempt: u32) -> bool {
        let inner = self.lock();
        attempt < inner.max_retries.min(inner.useful_try + 1)
    }

    pub(crate) fn rtt(&self) -> RttEstimator {
        self.lock().rtt.clone()
    }
}
