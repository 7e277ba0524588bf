//! Timing settings and the six templates `-T0` to `-T5`.
//! Source of the figures: nmap(1), "Timing and Performance".

use std::time::Duration;

/// Time-outs, retries, rates and parallelism of a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// How long a probe waits before any round trip to the host was measured.
    pub initial_rtt_timeout: Duration,
    /// The shortest wait, however fast the host answers.
    pub min_rtt_timeout: Duration,
    /// The longest wait, however slow the host answers.
    pub max_rtt_timeout: Duration,
    /// Most retransmissions of one probe. Fewer are sent where no loss is seen.
    pub max_retries: u32,
    /// Least time between two probes to one host; zero for none.
    pub scan_delay: Duration,
    /// A host is given up after this time.
    pub host_timeout: Option<Duration>,
    /// Probes a second over all hosts that are sent even where congestion says to wait.
    pub min_rate: Option<f64>,
    /// Most probes a second over all hosts.
    pub max_rate: Option<f64>,
    /// Probes in flight to one host that congestion control always allows.
    pub min_parallelism: Option<usize>,
    /// Most probes in flight, over all hosts.
    pub max_parallelism: Option<usize>,
}

impl Timing {
    /// The template of a level from 0 (paranoid) to 5 (insane); a higher level counts as 5.
    #[must_use]
    pub fn template(level: u8) -> Timing {
        let ms = Duration::from_millis;
        let serial = |wait: u64, initial: u64, max: u64| Timing {
            initial_rtt_timeout: ms(initial),
            max_rtt_timeout: ms(max),
            scan_delay: ms(wait),
            max_parallelism: Some(1),
            ..Timing::template(3)
        };
        match level {
            0 => serial(300_000, 300_000, 300_000),
            1 => serial(15_000, 15_000, 15_000),
            2 => serial(400, 1_000, 10_000),
            3 => Timing {
                initial_rtt_timeout: ms(1_000),
                min_rtt_timeout: ms(100),
                max_rtt_timeout: ms(10_000),
                max_retries: 10,
                scan_delay: Duration::ZERO,
                host_timeout: None,
                min_rate: None,
                max_rate: None,
                min_parallelism: None,
                max_parallelism: None,
            },
            4 => Timing {
                initial_rtt_timeout: ms(500),
                max_rtt_timeout: ms(1_250),
                max_retries: 6,
                ..Timing::template(3)
            },
            _ => Timing {
                initial_rtt_timeout: ms(250),
                min_rtt_timeout: ms(50),
                max_rtt_timeout: ms(300),
                max_retries: 2,
                host_timeout: Some(Duration::from_secs(15 * 60)),
                ..Timing::template(3)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_is_no_slower_than_the_one_below() {
        for level in 1..=5 {
            let (slow, fast) = (Timing::template(level - 1), Timing::template(level));
            assert!(fast.initial_rtt_timeout <= slow.initial_rtt_timeout, "T{level}");
            assert!(fast.max_rtt_timeout <= slow.max_rtt_timeout, "T{level}");
            assert!(fast.max_retries <= slow.max_retries, "T{level}");
            assert!(fast.scan_delay <= slow.scan_delay, "T{level}");
            assert!(fast.min_rtt_timeout <= fast.initial_rtt_timeout, "T{level}");
            assert!(fast.initial_rtt_timeout <= fast.max_rtt_timeout, "T{level}");
        }
    }
}
