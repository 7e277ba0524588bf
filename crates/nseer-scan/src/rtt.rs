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

    /// True once a round trip was measured.
    pub(crate) fn is_measured(&self) -> bool {
        self.measured.is_some()
    }

    /// The values for the host's record; `None` where nothing was measured.
    pub(crate) fn record(&self) -> Option<RoundTrip> {
        self.measured.map(|(srtt, rttvar)| RoundTrip { srtt, rttvar, timeout: self.timeout() })
    }
}

/// What is to be expected of a host that has not answered yet, from the first round trips of others.
#[derive(Clone, Debug)]
pub(crate) struct CrowdEstimator {
    trips: RoundTripEstimator,
    hosts: u32,
    initial: Duration,
}

impl CrowdEstimator {
    /// So many hosts tell how far away another one may be.
    const ENOUGH: u32 = 4;

    pub(crate) fn new(timing: &Timing) -> Self {
        let trips = RoundTripEstimator::new(timing);
        CrowdEstimator { initial: trips.timeout(), trips, hosts: 0 }
    }

    /// Another host has answered for the first time, after `trip`.
    pub(crate) fn met(&mut self, trip: Duration) {
        self.hosts = self.hosts.saturating_add(1);
        self.trips.sample(trip);
    }

    /// How long to wait for such a host before it is asked once more; never longer than without the others.
    pub(crate) fn timeout(&self) -> Duration {
        if self.hosts < Self::ENOUGH {
            return self.initial;
        }
        self.trips.timeout().min(self.initial)
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
    fn a_crowd_tells_how_far_away_a_stranger_is() {
        let check = |trips: &[u64], timeout: std::ops::RangeInclusive<u64>| {
            let mut crowd = CrowdEstimator::new(&Timing::template(3));
            trips.iter().for_each(|trip| crowd.met(Duration::from_millis(*trip)));
            let got = u64::try_from(crowd.timeout().as_millis()).expect("short");
            assert!(timeout.contains(&got), "{trips:?}: {got}");
        };
        check(&[50; 3], 1_000..=1_000);
        check(&[50; 4], 100..=125);
        check(&[50; 40], 100..=100);
        check(&[50, 50, 50, 400, 50, 400], 500..=1_000);
        check(&[3_000; 40], 1_000..=1_000);
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
