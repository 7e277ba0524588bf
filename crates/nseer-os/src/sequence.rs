//! What the answers to the six SYNs tell together: initial sequence numbers, identifications, time stamps.

use std::time::Duration;

use nseer_core::os::{NumberSequence, TcpSequence};

use crate::series::IdRule;

/// One of the SYNs that was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// When it was sent, from the first one on.
    pub(crate) sent: Duration,
    /// The number that the host chose.
    pub(crate) sequence: u32,
    /// The identification of its packet.
    pub(crate) ip_id: u16,
    /// Its time stamp.
    pub(crate) timestamp: Option<u32>,
}

/// What is seen of a host's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    /// Initial sequence numbers.
    pub tcp: Option<TcpSequence>,
    /// Identification numbers of IP.
    pub ip_id: Option<NumberSequence>,
    /// Time stamps.
    pub timestamps: Option<NumberSequence>,
    /// How long the host's clock of time stamps has run when the first SYN was sent.
    pub uptime: Option<Duration>,
}

/// Samples that make a fingerprint of sequence numbers.
const ENOUGH: usize = 4;

/// What the numbers of fingerprints are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) divisor: u32,
    /// Eight times the binary logarithm of the increments a second.
    pub(crate) rate: u32,
    /// The same of how much that varies.
    pub(crate) index: u32,
}

/// Seconds from one sample to the next; never 0.
fn seconds(two: &[Sample]) -> f64 {
    two[1].sent.saturating_sub(two[0].sent).as_secs_f64().max(1e-6)
}

/// Greatest common divisor, rate and predictability of the initial sequence numbers.
pub(crate) fn numbers(samples: &[Sample]) -> Option<Numbers> {
    if samples.len() < ENOUGH {
        return None;
    }
    let step = |two: &[Sample]| shorter(two[0].sequence, two[1].sequence);
    let steps: Vec<u32> = samples.windows(2).map(step).collect();
    let divisor = steps.iter().copied().fold(0, common_divisor);
    let rates: Vec<f64> =
        samples.windows(2).zip(&steps).map(|(two, step)| f64::from(*step) / seconds(two)).collect();
    let count = rates.iter().map(|_| 1.0).sum::<f64>();
    let mean = rates.iter().sum::<f64>() / count;
    // A counter by 64,000 is as predictable as one by 1; small divisors may be chance.
    let scale = if divisor > 9 { f64::from(divisor) } else { 1.0 };
    let squares: f64 = rates.iter().map(|rate| ((rate - mean) / scale).powi(2)).sum();
    let deviation = (squares / (count - 1.0)).sqrt();
    Some(Numbers { divisor, rate: eighths(mean), index: eighths(deviation) })
}

/// The shorter way from one number to another, round the end or not.
fn shorter(from: u32, to: u32) -> u32 {
    let up = to.wrapping_sub(from);
    up.min(up.wrapping_neg())
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Eight times the binary logarithm, rounded; 0 for what is not above 1.
fn eighths(value: f64) -> u32 {
    if value <= 1.0 {
        return 0;
    }
    // Below 8 × 1024 for any number.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let eighths = (value.log2() * 8.0).round() as u32;
    eighths
}

/// Increments of the time stamps a second, on the average; `None` where they cannot be told.
fn clock_rate(samples: &[Sample]) -> Option<f64> {
    let mut rates = Vec::new();
    for two in samples.windows(2) {
        let step = shorter(two[0].timestamp?, two[1].timestamp?);
        rates.push(f64::from(step) / seconds(two));
    }
    let count = rates.iter().map(|_| 1.0).sum::<f64>();
    (count > 0.0).then(|| rates.iter().sum::<f64>() / count)
}

/// The `TS` test: `U` where a sample has no time stamp, `0` where one is 0; common clocks have a code of
/// their own, others the binary logarithm of their rate.
pub(crate) fn clock_code(samples: &[Sample]) -> Option<String> {
    if samples.is_empty() {
        return None;
    }
    if samples.iter().any(|sample| sample.timestamp.is_none()) {
        return Some("U".to_owned());
    }
    if samples.iter().any(|sample| sample.timestamp == Some(0)) {
        return Some("0".to_owned());
    }
    let rate = clock_rate(samples)?;
    Some(match rate {
        ..=5.66 => "1".to_owned(),
        70.0..=150.0 => "7".to_owned(),
        150.0..=350.0 => "8".to_owned(),
        _ => {
            // A positive number of at most 52.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
            let power = rate.log2().round() as u32;
            format!("{power:X}")
        }
    })
}

impl Sequences {
    /// What people are shown.
    pub(crate) fn of(samples: &[Sample]) -> Sequences {
        let Some(first) = samples.first() else { return Sequences::default() };
        let tcp = numbers(samples).map(|numbers| TcpSequence {
            index: numbers.index,
            difficulty: difficulty(numbers.index).to_owned(),
            values: samples.iter().map(|sample| sample.sequence).collect(),
        });
        let ids: Vec<u16> = samples.iter().map(|sample| sample.ip_id).collect();
        let ip_id = (ids.len() > 2).then(|| NumberSequence {
            class: IdRule::words(IdRule::of(&ids)).to_owned(),
            values: ids.iter().map(|id| u32::from(*id)).collect(),
        });
        let values: Vec<u32> = samples.iter().filter_map(|sample| sample.timestamp).collect();
        let class = clock_words(clock_code(samples).as_deref()).to_owned();
        let runs = !matches!(class.as_str(), NO_CLOCK | STOPPED);
        let rate = clock_rate(samples).filter(|rate| runs && *rate > 0.0).map(common_rate);
        let uptime = rate.zip(first.timestamp).map(|(rate, stamp)| f64::from(stamp) / rate);
        let values = if class == NO_CLOCK { Vec::new() } else { values };
        Sequences {
            tcp,
            ip_id,
            timestamps: (samples.len() > 1).then_some(NumberSequence { class, values }),
            uptime: uptime.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        }
    }
}

/// The rate that a clock is meant to have, where it is near a common one.
fn common_rate(rate: f64) -> f64 {
    match rate {
        ..=5.66 => 2.0,
        70.0..=150.0 => 100.0,
        150.0..=350.0 => 200.0,
        850.0..=1150.0 => 1000.0,
        other => other,
    }
}

const NO_CLOCK: &str = "none returned (unsupported)";
const STOPPED: &str = "zero";

fn clock_words(code: Option<&str>) -> &'static str {
    match code {
        None | Some("U") => NO_CLOCK,
        Some("0") => STOPPED,
        Some("1") => "2HZ",
        Some("7") => "100HZ",
        Some("8") => "200HZ",
        Some("A") => "1000HZ",
        Some(_) => "other",
    }
}

fn difficulty(index: u32) -> &'static str {
    match index {
        0..=2 => "Trivial joke",
        3..=5 => "Easy",
        6..=10 => "Medium",
        11 => "Formidable",
        12..=15 => "Worthy challenge",
        _ => "Good luck!",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(of: impl IntoIterator<Item = (u32, u32)>) -> Vec<Sample> {
        let mut sent = Duration::ZERO;
        let mut list = Vec::new();
        for (sequence, stamp) in of {
            list.push(Sample { sent, sequence, ip_id: 0, timestamp: Some(stamp) });
            sent += Duration::from_millis(100);
        }
        list
    }

    #[test]
    fn a_counter_is_no_challenge() {
        let list = samples((0..6).map(|i| (i * 64_000, 100 + i * 10)));
        let numbers = numbers(&list).expect("enough");
        assert_eq!((numbers.divisor, numbers.index), (64_000, 0));
        // 640,000 a second: log2 is 19.29.
        assert_eq!(numbers.rate, 154);
        assert_eq!(clock_code(&list).as_deref(), Some("7"));
        let told = Sequences::of(&list);
        assert_eq!(told.tcp.expect("enough").difficulty, "Trivial joke");
        assert_eq!(told.uptime, Some(Duration::from_secs(1)));
    }

    #[test]
    fn steps_are_the_shorter_way_round() {
        let list = samples([0, u32::MAX, 0, 1].map(|n| (n, 0)));
        assert_eq!(numbers(&list).expect("enough").divisor, 1);
        assert_eq!(clock_code(&list).as_deref(), Some("0"));
        assert!(numbers(&list[..3]).is_none(), "three are too few");
    }

    /// The numbers that a real kernel gave, and what was printed of them.
    #[test]
    fn a_real_kernel_is_told_as_it_is() {
        let seen: [u32; 6] =
            [0x0617_7FE3, 0xF280_74EB, 0x0842_8752, 0x0909_875E, 0x058E_37DC, 0xD6AC_C792];
        let numbers = numbers(&samples(seen.map(|n| (n, 1)))).expect("enough");
        assert_eq!((numbers.divisor, numbers.rate, numbers.index), (1, 252, 252));
    }
}
