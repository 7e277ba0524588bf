//! Hosts that limit their ICMP errors: how far apart UDP probes have to be, so that a closed port is
//! not taken for a silent one. Knows no clock.

use std::time::Duration;

/// The time between two errors of a host that limits them, as Linux does (icmp(7)).
pub(crate) const ERROR_PERIOD: Duration = Duration::from_secs(1);
/// The first delay; each further one is twice as long, up to the period.
const FIRST_DELAY: Duration = Duration::from_millis(50);
/// The share of missed errors that shows a limit, and not a link that loses packets.
const TOLERATED: f64 = 0.25;

/// Counts errors that came, and those that were missed before they came.
#[derive(Clone, Debug)]
pub(crate) struct ErrorLimit {
    delay: Duration,
    told: f64,
    missed: f64,
}

impl ErrorLimit {
    /// Probes are at least `delay` apart from the start.
    pub(crate) fn new(delay: Duration) -> Self {
        ErrorLimit { delay, told: 0.0, missed: 0.0 }
    }

    /// An error came at retransmission number `retries`. Gives the new delay, where it has to grow.
    pub(crate) fn told(&mut self, retries: u32) -> Option<Duration> {
        self.told += 1.0;
        self.missed += f64::from(retries);
        let is_limited = retries > 0 && self.missed > TOLERATED * (self.told + self.missed);
        if !is_limited || self.delay >= ERROR_PERIOD {
            return None;
        }
        (self.told, self.missed) = (0.0, 0.0);
        self.delay = (self.delay * 2).clamp(FIRST_DELAY, ERROR_PERIOD);
        Some(self.delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_with_what_is_missed_and_not_with_a_loss_now_and_then() {
        let mut limit = ErrorLimit::new(Duration::ZERO);
        let lossy = (0..100).find_map(|n| limit.told(u32::from(n % 10 == 9)));
        assert_eq!(lossy, None);
        let mut limit = ErrorLimit::new(Duration::ZERO);
        let delays: Vec<u128> =
            (0..9).filter_map(|_| limit.told(1)).map(|delay| delay.as_millis()).collect();
        assert_eq!(delays, [50, 100, 200, 400, 800, 1000]);
        assert_eq!(ErrorLimit::new(Duration::from_secs(2)).told(3), None);
    }
}
