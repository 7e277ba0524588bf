//! The round-trip estimator (RFC 6298).

use std::time::Duration;

use nseer_core::RoundTrip;

use crate::timing::Timing;

/// Estimates how long answers of one host take.
#[derive(Clone, Debug)]
pub(crate) struct RttEstimator {
    srtt: Option<Duration>,
    rttvar: Duration,
    initial: Duration,
    min: Duration,
    max: Duration,
}

impl RttEstimator {
    pub(crate) fn new(timing: &Timing) -> Self {
        RttEstimator {
            srtt: None,
            rttvar: Duration::ZERO,
            initial: timing.initial_rtt_timeout,
            min: timing.min_rtt_timeout,
            max: timing.max_rtt_timeout,
        }
    }

    /// Takes one measured round trip, of a probe that was not repeated.
    pub(crate) fn sample(&mut self, rtt: Duration) {
        match self.srtt {
            None => {
                self.srtt = Some(rtt);
                // A lone sample says little about the spread.
                self.rttvar = rtt.clamp(Duration::from_millis(5), Duration::from_secs(2));
            }
            Some(srtt) => {
                let deviation = srtt.abs_diff(rtt);
                self.rttvar = (self.rttvar * 3 + deviation) / 4;
                self.srtt = Some((srtt * 7 + rtt) / 8);
            }
        }
    }

    /// How long the next probe waits.
    pub(crate) fn timeout(&self) -> Duration {
        let estimate = self.srtt.map_or(self.initial, |srtt| srtt + self.rttvar * 4);
        estimate.clamp(self.min, self.max.max(self.min))
    }

    /// What is known, where something was measured.
    pub(crate) fn round_trip(&self) -> Option<RoundTrip> {
        let srtt = self.srtt?;
        Some(RoundTrip { srtt, rttvar: self.rttvar, timeout: self.timeout() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_samples_within_bounds() {
        let ms = Duration::from_millis;
        let mut rtt = RttEstimator::new(&Timing::default());
        assert_eq!(rtt.timeout(), ms(1000));
        for _ in 0..100 {
            rtt.sample(ms(300));
        }
        let timeout = rtt.timeout();
        assert!(timeout >= ms(300) && timeout < ms(400), "{timeout:?}");
        rtt.sample(ms(900));
        assert!(rtt.timeout() > timeout, "a late answer makes it more patient");
        for _ in 0..100 {
            rtt.sample(Duration::from_micros(20));
        }
        assert_eq!(rtt.timeout(), ms(100), "the least time-out holds");
    }
}
