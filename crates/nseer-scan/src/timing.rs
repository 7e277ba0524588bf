//! The timing templates `-T0` to `-T5` and what can be set one by one.

use std::str::FromStr;
use std::time::Duration;

/// How fast and how patiently a scan goes. The templates' figures are those of the nmap(1) manual
/// page, "Timing and performance".
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The template, 0 to 5.
    pub level: u8,
    /// How long the first probe of a host waits for its answer.
    pub initial_rtt_timeout: Duration,
    /// The shortest wait, however fast the host answers.
    pub min_rtt_timeout: Duration,
    /// The longest wait, however slow the host answers.
    pub max_rtt_timeout: Duration,
    /// Most retransmissions of one probe. Fewer are sent where no loss is seen.
    pub max_retries: u32,
    /// Least time between two probes to one host.
    pub scan_delay: Duration,
    /// Up to where that time grows where a host limits its answers.
    pub max_scan_delay: Duration,
    /// The same for ICMP errors that tell of closed UDP ports.
    pub max_udp_scan_delay: Duration,
    /// Answers of hosts that limit them, for which a scan does not slow down.
    pub defeats: Defeats,
    /// A host may take this long, scripts included. The caller turns it into a deadline.
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

/// Limits that are not waited for: where such an answer is missed, its port seems silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defeats {
    /// TCP resets.
    pub resets: bool,
    /// ICMP errors that tell of closed UDP ports. A silent UDP port may then be closed.
    pub errors: bool,
}

/// Not a timing template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a timing template: use 0 to 5, or paranoid, sneaky, polite, normal, aggressive, \
     insane"
)]
pub struct UnknownTemplate(pub String);

const NAMES: [&str; 6] = ["paranoid", "sneaky", "polite", "normal", "aggressive", "insane"];

impl Timing {
    /// The template `level`; levels above 5 count as 5.
    #[must_use]
    pub fn template(level: u8) -> Timing {
        let ms = Duration::from_millis;
        let normal = Timing {
            level: level.min(5),
            initial_rtt_timeout: ms(1000),
            min_rtt_timeout: ms(100),
            max_rtt_timeout: ms(10_000),
            max_retries: 10,
            scan_delay: Duration::ZERO,
            max_scan_delay: ms(1000),
            max_udp_scan_delay: ms(1000),
            defeats: Defeats::default(),
            host_timeout: None,
            min_rate: None,
            max_rate: None,
            min_parallelism: None,
            max_parallelism: None,
        };
        let one_at_a_time = |delay, initial, max| Timing {
            scan_delay: delay,
            initial_rtt_timeout: initial,
            max_rtt_timeout: max,
            max_parallelism: Some(1),
            ..normal.clone()
        };
        match level {
            0 => one_at_a_time(ms(300_000), ms(300_000), ms(300_000)),
            1 => one_at_a_time(ms(15_000), ms(15_000), ms(15_000)),
            2 => one_at_a_time(ms(400), ms(1000), ms(10_000)),
            3 => normal,
            4 => Timing {
                initial_rtt_timeout: ms(500),
                max_rtt_timeout: ms(1250),
                max_retries: 6,
                max_scan_delay: ms(10),
                ..normal
            },
            _ => Timing {
                initial_rtt_timeout: ms(250),
                min_rtt_timeout: ms(50),
                max_rtt_timeout: ms(300),
                max_retries: 2,
                max_scan_delay: ms(5),
                host_timeout: Some(Duration::from_secs(900)),
                ..normal
            },
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Timing::template(3)
    }
}

impl FromStr for Timing {
    type Err = UnknownTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let by_name = NAMES.iter().position(|name| name.eq_ignore_ascii_case(text));
        let level = by_name.or_else(|| text.parse().ok()).filter(|level| *level <= 5);
        let level = level.and_then(|level| u8::try_from(level).ok());
        level.map(Timing::template).ok_or_else(|| UnknownTemplate(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_by_number_and_name() {
        for (text, level) in [("0", 0), ("5", 5), ("Aggressive", 4), ("polite", 2)] {
            assert_eq!(text.parse::<Timing>().map(|t| t.level), Ok(level));
        }
        for text in ["6", "-1", "", "fast"] {
            assert_eq!(text.parse::<Timing>(), Err(UnknownTemplate(text.to_owned())));
        }
    }
}
