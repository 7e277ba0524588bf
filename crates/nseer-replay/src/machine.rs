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
    pace: Pace,
}

/// What the clock of a script shows: the time at which something happened last, or until which it slept.
/// So it is the same in a recording, where computing takes time, and in a replay, where it takes none.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    inner: Arc<PaceInner>,
}

#[derive(Debug, Default)]
struct PaceInner {
    begun: OnceLock<Instant>,
    /// When something happened last, in microseconds after that.
    happened: AtomicU64,
    /// What was shown last, in microseconds: a clock does not go back.
    shown: AtomicU64,
}

/// Whoever computes for longer than this sees it: somebody may compute until the clock shows something.
const STILL: Duration = Duration::from_secs(5);

impl Pace {
    /// Begins at `now`, if it has not begun. Gives when it did.
    pub(crate) fn begin(&self, now: Instant) -> Instant {
        *self.inner.begun.get_or_init(|| now)
    }

    /// Something happens, or was recorded, so long after the beginning.
    pub(crate) fn happened(&self, time: Duration) {
        self.inner.happened.fetch_max(micros(time), Ordering::Relaxed);
    }

    /// How long after the beginning it is.
    fn shown(&self, now: Instant) -> Duration {
        let elapsed = now.saturating_duration_since(self.begin(now));
        let happened = Duration::from_micros(self.inner.happened.load(Ordering::Relaxed));
        let time = if elapsed > happened.saturating_add(STILL) { elapsed } else { happened };
        let last = self.inner.shown.fetch_max(micros(time), Ordering::Relaxed);
        time.max(Duration::from_micros(last))
    }
}

/// Times are written in microseconds.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
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
        self.start.checked_add(self.pace.shown(self.now())).unwrap_or(self.start)
    }

    fn slept_until(&self, wall: SystemTime) {
        if let Ok(time) = wall.duration_since(self.start) {
            self.pace.happened(time);
        }
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
/// numbers that follow from `seed`. The clock begins when a script first asks for it or opens a
/// connection, and goes with `pace`.
#[must_use]
pub fn machine(start: u64, seed: u64, pace: &Pace) -> System {
    let start = UNIX_EPOCH.checked_add(Duration::from_millis(start)).unwrap_or(UNIX_EPOCH);
    System {
        clock: Arc::new(ScriptClock { start, pace: pace.clone() }),
        random: random(seed),
        ..System::real()
    }
}

/// Random numbers that follow from `seed`.
#[must_use]
pub fn random(seed: u64) -> Arc<dyn Random> {
    Arc::new(Seeded(Mutex::new(StdRng::seed_from_u64(seed))))
}
