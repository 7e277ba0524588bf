//! How long to leave a machine alone that has no sockets left. Knows no sockets.

use std::time::Duration;

use tokio::time::Instant;

/// The first and the longest pause, and the time after which it is an error.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const STARVED_AFTER: Duration = Duration::from_secs(60);

/// This machine has no sockets left.
pub(crate) struct Shortage {
    since: Instant,
    pause: Duration,
    until: Instant,
}

impl Shortage {
    /// There is no socket now either; `None` where that has been so for too long.
    pub(crate) fn goes_on(before: Option<Shortage>, now: Instant) -> Option<Shortage> {
        let (since, pause) = match before {
            Some(known) => (known.since, (known.pause * 2).min(LONGEST_PAUSE)),
            None => (now, FIRST_PAUSE),
        };
        let is_short = now.duration_since(since) <= STARVED_AFTER;
        is_short.then(|| Shortage { since, pause, until: now + pause })
    }

    /// When to try again.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }
}
