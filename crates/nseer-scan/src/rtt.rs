//! The round-trip estimator (RFC 6298) with the user's bounds. Knows no clock.

use std::time::Duration;

use nseer_core::RoundTrip;

use crate::timing::Timing;

/// Estimates how long a probe to one host must wait for its answer.
#[derive(Clone, Debug)]
pub(crate) struct RoundTripEstimator {
    measured: Option<(Duration, Duration)>,
    initial: Duration,
    min: Duration,
    max: Duration,
}

impl RoundTripEstimator {
    pub(crate) fn new(timing: &Timing) -> Self {
        let max = timing.max_rtt_timeout.max(Duration::from_millis(1));
        let min = timing.min_rtt_timeout.min(max);
        RoundTripEstimator {
            measured: None,
            initial: timing.initial_rtt_timeout.clamp(min, max),
            min,
            max,
        }
    }

    /// Takes one measured round trip (RFC 6298, section 2). Every try has a socket of its own, so
    /// answers to retransmissions are as good as others.
    pub(crate) fn sample(&mut self, trip: Duration) {
        self.measured = Some(match self.measured {
            None => (trip, trip / 2),
            Some((srtt, var)) => ((srtt * 7 + trip) / 8, (var * 3 + srtt.abs_diff(trip)) / 4),
        });
    }

    /// How long a probe waits.
    pub(crate) fn timeout(&self) -> Duration {
        match self.measured {
            None => self.initial,
            // RFC 6298's margin shrinks to nothing on an even path, where one late answer would
            // then look lost: keep half a round trip.
            Some((srtt, var)) => (srtt + (var * 4).max(srtt / 2)).clamp(self.min, self.max),
        }
    }

    /// The values for the host's record; `None` where nothing was measured.
    pub(crate) fn record(&self) -> Option<RoundTrip> {
        self.measured.map(|(srtt, rttvar)| RoundTrip { srtt, rttvar, timeout: self.timeout() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(samples: &[u64], timeout_ms: std::ops::RangeInclusive<u64>) {
        let mut rtt = RoundTripEstimator::new(&Timing::template(3));
        for &ms in samples {
            rtt.sample(Duration::from_millis(ms));
        }
        let got = rtt.timeout().as_millis();
        assert!(timeout_ms.contains(&u64::try_from(got).unwrap_or(u64::MAX)), "{samples:?}: {got}");
    }

    #[test]
    fn timeout_follows_the_samples_within_bounds() {
        check(&[], 1_000..=1_000);
        check(&[1], 100..=100);
        check(&[100], 300..=300);
        check(&[100; 50], 150..=151);
        check(&[100, 900, 100, 900], 1_000..=2_000);
        check(&[60_000], 10_000..=10_000);
    }

    #[test]
    fn contradictory_bounds_do_not_panic() {
        let timing = Timing {
            max_rtt_timeout: Duration::from_millis(10),
            min_rtt_timeout: Duration::from_millis(500),
            ..Timing::template(3)
        };
        assert_eq!(RoundTripEstimator::new(&timing).timeout(), Duration::from_millis(10));
    }
}
