//! Probe rates: at most so many, and at least so many, a second. Plain arithmetic on instants.

use std::time::Duration;

use tokio::time::Instant;

/// How far sending may run ahead of an exact rhythm: a timer's grain, so that rates above 1,000
/// a second are reached.
const BURST: Duration = Duration::from_millis(4);
/// How far the least rate may be made up for after a pause.
const CATCH_UP: Duration = Duration::from_millis(100);

/// Keeps probes apart (a leaky bucket).
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    interval: Duration,
    burst: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// At most `rate` probes a second, in small bursts; `None` where the rate is no limit.
    pub(crate) fn at_most(rate: f64) -> Option<Self> {
        interval(rate).map(|interval| Pace { interval, burst: BURST, next: None })
    }

    /// At least `delay` between two probes.
    pub(crate) fn apart(delay: Duration) -> Self {
        Pace { interval: delay, burst: Duration::ZERO, next: None }
    }

    /// At least `interval` between two probes, but for a burst of as many as would be sent in this time.
    pub(crate) fn in_bursts(interval: Duration, burst: Duration) -> Self {
        Pace { interval, burst, next: None }
    }

    /// Twice as fast, in bursts of the same size.
    pub(crate) fn speed_up(&mut self) {
        (self.interval, self.burst) = (self.interval / 2, self.burst / 2);
    }

    /// Half as fast.
    pub(crate) fn slow_down(&mut self) {
        (self.interval, self.burst) = (self.interval * 2, self.burst * 2);
    }

    /// When the next probe may be sent; `None` for now.
    pub(crate) fn wait(&self, now: Instant) -> Option<Instant> {
        self.next.filter(|next| *next > now + self.burst).map(|next| next - self.burst)
    }

    /// Counts a probe that is sent now.
    pub(crate) fn sent(&mut self, now: Instant) {
        // Counted from now at the earliest: an idle time does not pile up rights.
        self.next = Some(self.next.unwrap_or(now).max(now) + self.interval);
    }

    /// Counts a probe, if it may be sent now; else gives the instant at which to ask again.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Instant> {
        let wait = self.wait(now);
        if wait.is_none() {
            self.sent(now);
        }
        wait
    }
}

/// Tells when sending is behind the least rate that the user wants.
#[derive(Clone, Debug)]
pub(crate) struct Floor {
    interval: Duration,
    next: Option<Instant>,
}

impl Floor {
    /// At least `rate` probes a second; `None` where the rate is no limit.
    pub(crate) fn at_least(rate: f64) -> Option<Self> {
        interval(rate).map(|interval| Floor { interval, next: None })
    }

    /// A probe was sent.
    pub(crate) fn sent(&mut self, now: Instant) {
        let behind = now.checked_sub(CATCH_UP).unwrap_or(now);
        self.next = Some(self.next.unwrap_or(now).max(behind) + self.interval);
    }

    /// The instant from which the next probe is late.
    pub(crate) fn due(&self, now: Instant) -> Instant {
        self.next.unwrap_or(now)
    }
}

/// The time between two probes; `None` for a rate that is not a positive number.
fn interval(rate: f64) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    let is_rate = rate > 0.0 && rate.is_finite();
    is_rate.then(|| Duration::try_from_secs_f64(rate.recip()).unwrap_or(LONGEST).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends as fast as allowed for `span` and counts.
    fn count(mut pace: Pace, span: Duration) -> u32 {
        let start = Instant::now();
        let (mut now, mut sent) = (start, 0);
        while now < start + span {
            match pace.take(now) {
                None => sent += 1,
                Some(at) => now = at,
            }
        }
        sent
    }

    fn check(pace: Option<Pace>, span_ms: u64, sent: std::ops::RangeInclusive<u32>) {
        let pace = pace.expect("a rate");
        let got = count(pace.clone(), Duration::from_millis(span_ms));
        assert!(sent.contains(&got), "{pace:?}: {got}");
    }

    #[test]
    fn a_rate_is_kept_and_reached() {
        check(Pace::at_most(1.0), 9_900, 10..=10);
        check(Pace::at_most(0.5), 9_900, 5..=5);
        check(Pace::at_most(10_000.0), 1_000, 10_000..=10_050);
        check(Some(Pace::apart(Duration::from_millis(400))), 4_000, 10..=10);
        check(Pace::at_most(1e-300), 1_000, 1..=1);
    }

    #[test]
    fn nonsense_is_no_limit() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Pace::at_most(rate).is_none() && Floor::at_least(rate).is_none(), "{rate}");
        }
    }

    #[test]
    fn a_pause_does_not_pile_up_rights() {
        let mut pace = Pace::at_most(100.0).expect("a rate");
        let start = Instant::now();
        assert_eq!(pace.take(start), None);
        let later = start + Duration::from_secs(60);
        assert_eq!(pace.take(later), None);
        assert!(pace.take(later).is_some());
    }

    #[test]
    fn a_floor_is_due_until_enough_was_sent() {
        let mut floor = Floor::at_least(10.0).expect("a rate");
        let start = Instant::now();
        assert_eq!(floor.due(start), start);
        floor.sent(start);
        assert_eq!(floor.due(start), start + Duration::from_millis(100));
        let later = start + Duration::from_secs(60);
        floor.sent(later);
        assert!(floor.due(later) <= later, "one probe does not make up for a minute");
        floor.sent(later);
        assert!(floor.due(later) > later, "but an hour of silence is not made up for at once");
    }
}
