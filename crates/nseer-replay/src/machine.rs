//! The machine that a replayed script sees: a clock that begins where the recording began, and
//! random numbers that follow from a seed.

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
        self.start + now.saturating_duration_since(*self.begun.get_or_init(|| now))
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
/// numbers that follow from `seed`.
#[must_use]
pub fn machine(start: u64, seed: u64) -> System {
    let start = UNIX_EPOCH + Duration::from_millis(start);
    System {
        clock: Arc::new(ScriptClock { start, begun: OnceLock::new() }),
        random: random(seed),
        ..System::real()
    }
}

/// Random numbers that follow from `seed`.
#[must_use]
pub fn random(seed: u64) -> Arc<dyn Random> {
    Arc::new(Seeded(Mutex::new(StdRng::seed_from_u64(seed))))
}
