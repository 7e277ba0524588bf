//! The machine that a replayed script sees: a clock that begins where the recording began, and
//! random numbers that follow from a seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nseer_seam::{Clock, Random, System};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// The clock of the runtime that runs scripts, which may be a virtual one.
#[derive(Debug)]
struct ScriptClock {
    /// What the wall clock says at the beginning.
    start: SystemTime,
    begun: OnceLock<Instant>,
    pace: Pace,
}

/// How far the wall clock is ahead of the time that scripts waited: what they take to compute is no
/// time in a replay, but was some in the recording, and what they say may depend on it.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    microseconds: Arc<AtomicU64>,
}

impl Pace {
    /// The clock is at least so far ahead from now on.
    pub(crate) fn at_least(&self, ahead: Duration) {
        let ahead = u64::try_from(ahead.as_micros()).unwrap_or(0);
        self.microseconds.fetch_max(ahead, Ordering::Relaxed);
    }
}

impl Clock for ScriptClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        // Outside of the runtime time does not pass.
        if tokio::runtime::Handle::try_current().is_err() {
            return self.start;
        }
        let now = self.now();
        let elapsed = now.saturating_duration_since(*self.begun.get_or_init(|| now));
        let ahead = Duration::from_micros(self.pace.microseconds.load(Ordering::Relaxed));
        self.start.checked_add(elapsed + ahead).unwrap_or(self.start)
    }
}

/// Random bytes that follow from a seed.
struct Seeded(Mutex<StdRng>);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }
}

/// The real machine's files, with a clock that begins at `start` (milliseconds since 1970) and random
/// numbers that follow from `seed`. The clock begins when a script first asks for it, and is set ahead
/// by `pace`.
#[must_use]
pub fn machine(start: u64, seed: u64, pace: &Pace) -> System {
    let start = UNIX_EPOCH.checked_add(Duration::from_millis(start)).unwrap_or(UNIX_EPOCH);
    System {
        clock: Arc::new(ScriptClock { start, begun: OnceLock::new(), pace: pace.clone() }),
        random: random(seed),
        ..System::real()
    }
}

/// Random numbers that follow from `seed`.
#[must_use]
pub fn random(seed: u64) -> Arc<dyn Random> {
    Arc::new(Seeded(Mutex::new(StdRng::seed_from_u64(seed))))
}
