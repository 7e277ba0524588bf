//! Time: monotonic for durations, wall-clock for people.

use std::time::{Instant, SystemTime};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Monotonic time, for durations.
    fn now(&self) -> Instant;
    /// Wall-clock time, for what is shown to people.
    fn wall(&self) -> SystemTime;
    /// Whoever reads this clock has slept until it shows `wall`. A clock that shows what happened, not how
    /// long a machine computes, goes on by that; others have done so by themselves.
    fn slept_until(&self, _wall: SystemTime) {}
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
