//! What the watchdog sees of one resume.

use std::time::{Duration, Instant};

use super::{Limits, Overrun, PERIOD};

/// A resume may sleep for so many times its limit of processor time before it counts as one that waits for a file
/// that gives nothing.
const STALL: u32 = 10;

/// Who takes less processor time than this between two looks is asleep; who takes more computes, on a processor that
/// others want too.
const ASLEEP: Duration = Duration::from_micros(2_500);

/// A worker's present resume: when it was first seen, and what it did since.
pub(super) struct Sample {
    pub(super) step: u64,
    since: Instant,
    cpu_before: Duration,
    cpu: Duration,
    /// Looks that found it asleep. Unlike the clock these stand still while the whole program is stopped.
    asleep: u32,
}

impl Sample {
    /// The first look at a resume. `cpu` is its thread's processor time.
    pub(super) fn new(step: u64, since: Instant, cpu: Duration) -> Sample {
        Sample { step, since, cpu_before: cpu, cpu, asleep: 0 }
    }

    /// A further look. Gives what the resume has overrun by now.
    pub(super) fn look(&mut self, limits: &Limits, now: Instant, cpu: Duration) -> Option<Overrun> {
        let is_asleep = cpu.saturating_sub(self.cpu) < ASLEEP;
        self.asleep = self.asleep.saturating_add(is_asleep.into());
        self.cpu = cpu;
        let elapsed = now.saturating_duration_since(self.since);
        if limits.elapsed.is_some_and(|most| elapsed >= most) {
            Some(Overrun::Elapsed)
        } else if cpu.saturating_sub(self.cpu_before) >= limits.compute {
            Some(Overrun::Compute)
        } else if PERIOD * self.asleep >= limits.compute.saturating_mul(STALL) {
            Some(Overrun::Stalled)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use nseer_seam::{Clock as _, RealClock};

    use super::*;

    /// What is told of a resume that takes so much processor time between two looks, and after how many looks.
    fn told(cpu_per_look: Duration, elapsed: Option<Duration>) -> (u32, Overrun) {
        let limits = Limits { compute: Duration::from_millis(100), elapsed };
        let begin = RealClock.now();
        let mut sample = Sample::new(1, begin, Duration::from_secs(7));
        (1..1000)
            .find_map(|n| {
                let cpu = Duration::from_secs(7) + cpu_per_look * n;
                Some((n, sample.look(&limits, begin + PERIOD * n, cpu)?))
            })
            .expect("it is stopped")
    }

    #[test]
    fn whoever_computes_is_told_so_however_little_of_the_processor_it_gets() {
        assert_eq!(told(PERIOD, None), (2, Overrun::Compute));
        assert_eq!(told(PERIOD / 20, None), (40, Overrun::Compute));
    }

    #[test]
    fn whoever_sleeps_is_told_so_after_ten_times_the_limit() {
        assert_eq!(told(Duration::ZERO, None), (20, Overrun::Stalled));
        assert_eq!(told(Duration::from_millis(2), None), (20, Overrun::Stalled));
    }

    #[test]
    fn a_deadline_comes_first() {
        assert_eq!(told(PERIOD, Some(PERIOD * 2)), (2, Overrun::Elapsed));
        assert_eq!(told(Duration::ZERO, Some(PERIOD * 3)), (3, Overrun::Elapsed));
    }
}
