//! Hosts that limit how often they answer: how far apart probes have to be, so that a port is not
//! taken for a silent one. Knows no clock.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::rate::Pace;

/// The time between two errors of a host that limits them, as Linux does (icmp(7)).
pub(crate) const ERROR_PERIOD: Duration = Duration::from_secs(1);
/// The first delay; each further one is twice as long.
const FIRST_DELAY: Duration = Duration::from_millis(50);

/// Answers that came, and those that were missed before they came.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    told: f64,
    missed: f64,
}

impl Tally {
    /// The share of what was missed is above this one.
    fn is_above(self, share: f64) -> bool {
        self.missed > share * (self.told + self.missed)
    }

    fn add(&mut self, answers: u32, retries: u32) {
        self.told += f64::from(answers);
        self.missed += f64::from(retries);
    }
}

fn longer(delay: Duration, longest: Duration) -> Duration {
    (delay * 2).max(FIRST_DELAY).min(longest).max(delay)
}

/// For the ICMP errors of closed UDP ports, which hosts limit (RFC 1812, section 4.3.2.8).
#[derive(Clone, Debug)]
pub(crate) struct ErrorLimit {
    delay: Duration,
    least: Duration,
    longest: Duration,
    tally: Tally,
    /// The times between the last errors.
    apart: VecDeque<Duration>,
    /// Errors since one was missed.
    in_a_row: u32,
}

impl ErrorLimit {
    /// The share of missed errors that shows a limit, and not a link that loses packets.
    const TOLERATED: f64 = 0.25;
    /// Errors that are this many probes apart are not kept apart by a silent port here and there.
    const SELDOM: u32 = 5;
    /// A host that sends errors as often as this does not limit them to a few.
    const NOT_SLOW: Duration = Duration::from_millis(10);
    /// Errors from which it is computed how often they come, and after which, where none was missed, it is
    /// tried whether they come more often.
    const ENOUGH: u32 = 8;

    /// Probes are at least `delay` apart from the start; that grows to `longest`.
    pub(crate) fn new(delay: Duration, longest: Duration) -> Self {
        let (least, tally, apart) = (delay, Tally::default(), VecDeque::new());
        ErrorLimit { delay, least, longest, tally, apart, in_a_row: 0 }
    }

    /// How far apart probes are to be.
    pub(crate) fn delay(&self) -> Duration {
        self.delay
    }

    /// An error came after so many tries in vain, `missed` of them at the present delay, and so long after the
    /// error before it. Errors that come as close together as probes show that the host sends them
    /// fast enough; where they are far apart, there may just be silent ports between them, unless one of
    /// them was missed.
    pub(crate) fn told(&mut self, retries: u32, missed: u32, apart: Duration) {
        self.tally.add(1, retries);
        let is_slower = apart > self.delay + self.delay / 5 && apart >= Self::NOT_SLOW;
        let is_seldom = apart > self.delay * Self::SELDOM;
        let is_limited = (missed > 0 && is_slower) || (retries > 0 && is_slower && is_seldom);
        self.in_a_row = if retries == 0 { self.in_a_row + 1 } else { 0 };
        self.apart.push_back(apart);
        if self.apart.len() > Self::ENOUGH as usize {
            self.apart.pop_front();
        }
        if is_limited && self.tally.is_above(Self::TOLERATED) {
            self.tally = Tally::default();
            self.delay = longer(self.delay, self.longest).min(self.needed());
        } else if self.in_a_row >= Self::ENOUGH && self.delay > FIRST_DELAY {
            self.in_a_row = 0;
            self.delay = (self.delay * 9 / 10).max(self.least);
        }
    }

    /// As far apart as errors are, and somewhat farther than now.
    fn needed(&self) -> Duration {
        let most = Duration::MAX;
        if self.apart.len() < Self::ENOUGH as usize || self.apart.contains(&most) {
            return most;
        }
        (self.apart.iter().sum::<Duration>() / Self::ENOUGH).max(self.delay * 5 / 4)
    }
}

/// Keeps a burst of probes below what hosts let out at once: Linux sends no more than 50 errors at once and 1,000 a
/// second, to whomever (`icmp_msgs_burst`, `icmp_msgs_per_sec`: ip-sysctl). A host that does not miss any
/// is asked faster and faster.
#[derive(Clone, Debug)]
pub(crate) struct ErrorPace {
    pace: Pace,
    /// The divisor of the time between two probes.
    times: u32,
    in_a_row: u32,
}

impl ErrorPace {
    const INTERVAL: Duration = Duration::from_micros(1_100);
    const BURST: u32 = 40;
    /// So many errors in a row show that the host sends as many as it is asked for.
    const ENOUGH: u32 = 400;
    const FASTEST: u32 = 64;

    /// For one of so many lanes.
    pub(crate) fn new(lanes: usize) -> ErrorPace {
        let lanes = u32::try_from(lanes).unwrap_or(1).max(1);
        let pace = Pace::in_bursts(Self::INTERVAL * lanes, Self::INTERVAL * Self::BURST);
        ErrorPace { pace, times: 1, in_a_row: 0 }
    }

    /// When the next probe may be sent; `None` for now.
    pub(crate) fn wait(&self, now: Instant) -> Option<Instant> {
        self.pace.wait(now)
    }

    /// A probe is sent now.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.pace.sent(now);
    }

    /// An error came after so many tries in vain.
    pub(crate) fn told(&mut self, retries: u32) {
        self.in_a_row += 1;
        if retries > 0 && self.times > 1 {
            self.times /= 2;
            self.pace.slow_down();
        } else if self.in_a_row >= Self::ENOUGH && self.times < Self::FASTEST {
            self.times *= 2;
            self.pace.speed_up();
        } else if retries == 0 {
            return;
        }
        self.in_a_row = 0;
    }
}

/// For answers of all kinds, which few hosts limit and many links lose. Retransmissions cope with
/// loss; with a limit only patience does. Which of them it is shows when probes are sent more slowly:
/// then a limit is felt less.
#[derive(Clone, Debug)]
pub(crate) struct AnswerLimit {
    least: Duration,
    delay: Duration,
    longest: Duration,
    /// Of the last answers, or of those since probes have been slowed down the last time.
    tally: Tally,
    trial: Trial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    /// Nothing was tried, or what was tried is enough.
    None,
    /// It is being tried what another delay does; so many answers have come since.
    Running(u32),
    /// Delays do not help here.
    Futile,
}

impl AnswerLimit {
    /// What an answer leaves of the weight of those before it, outside of trials.
    const MEMORY: f64 = 0.85;
    /// So many retransmissions of one probe, together with such a share of missed answers, begin
    /// a trial.
    const HARD: u32 = 4;
    const MUCH: f64 = 0.4;
    /// A delay is right where less than this is missed.
    const LITTLE: f64 = 0.1;
    /// Answers of a trial.
    const ENOUGH: u32 = 16;
    /// A limit that lets through more than this leaves little to miss at this delay.
    const CLEAR: Duration = Duration::from_millis(200);

    /// Probes are at least `delay` apart from the start; that grows to `longest`.
    pub(crate) fn new(delay: Duration, longest: Duration) -> Self {
        let tally = Tally::default();
        AnswerLimit { least: delay, delay, longest, tally, trial: Trial::None }
    }

    /// How far apart probes are to be.
    pub(crate) fn delay(&self) -> Duration {
        self.delay
    }

    /// `count` answers came, each at its retransmission number `retries`.
    pub(crate) fn told(&mut self, count: usize, retries: u32) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match self.trial {
            Trial::Futile => {}
            Trial::None => {
                let left = Self::MEMORY.powi(i32::try_from(count).unwrap_or(i32::MAX));
                self.tally.told *= left;
                self.tally.missed *= left;
                self.tally.add(count, retries);
                if retries >= Self::HARD && self.tally.is_above(Self::MUCH) {
                    self.slow_down();
                }
            }
            Trial::Running(answers) => {
                self.tally.add(count, retries);
                self.trial = Trial::Running(answers.saturating_add(count));
                if answers.saturating_add(count) >= Self::ENOUGH {
                    self.judge();
                }
            }
        }
    }

    fn judge(&mut self) {
        if !self.tally.is_above(Self::LITTLE) {
            self.trial = Trial::None;
        } else if self.delay >= self.longest
            || (self.delay >= Self::CLEAR && !self.tally.is_above(Self::MUCH))
        {
            self.trial = Trial::Futile;
            self.delay = self.least;
        } else {
            self.slow_down();
        }
    }

    fn slow_down(&mut self) {
        self.delay = longer(self.delay, self.longest);
        self.trial = Trial::Running(0);
        self.tally = Tally::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_delay_of_errors_grows_with_what_is_missed_and_not_with_a_loss_now_and_then() {
        let mut limit = ErrorLimit::new(Duration::ZERO, SECOND);
        (0..100).for_each(|n| limit.told(u32::from(n % 10 == 9), 0, SECOND));
        assert_eq!(limit.delay(), Duration::ZERO);
        let mut limit = ErrorLimit::new(Duration::ZERO, SECOND);
        let told = std::iter::repeat_with(|| {
            limit.told(1, 1, SECOND);
            limit.delay().as_millis()
        });
        assert_eq!(told.take(7).collect::<Vec<_>>(), [50, 100, 200, 400, 800, 1000, 1000]);
        let mut limit = ErrorLimit::new(Duration::ZERO, SECOND);
        (0..100).for_each(|_| limit.told(1, 1, Duration::from_millis(60)));
        assert_eq!(limit.delay(), Duration::from_millis(50), "as fast as the host");
        let mut limit = ErrorLimit::new(Duration::ZERO, SECOND);
        (0..100).for_each(|_| limit.told(1, 1, Duration::from_millis(1)));
        assert_eq!(limit.delay(), Duration::ZERO, "bursts");
        let mut limit = ErrorLimit::new(2 * SECOND, SECOND);
        limit.told(3, 3, 3 * SECOND);
        assert_eq!(limit.delay(), 2 * SECOND);
    }

    /// Asks a host that misses so much of what it is sent, which may depend on the delay.
    fn after(mut limit: AnswerLimit, answers: u32, retries: impl Fn(u32, u128) -> u32) -> u128 {
        for n in 0..answers {
            let retries = retries(n, limit.delay().as_millis());
            limit.told(1, retries);
        }
        limit.delay().as_millis()
    }

    #[test]
    fn a_limit_is_met_and_loss_is_not() {
        let limit = AnswerLimit::new(Duration::ZERO, SECOND);
        assert_eq!(after(limit.clone(), 1000, |n, _| u32::from(n % 2 == 0)), 0);
        assert_eq!(after(limit.clone(), 1000, |_, ms| if ms < 100 { 4 } else { 0 }), 100);
        assert_eq!(after(limit.clone(), 1000, |_, ms| if ms < 800 { 4 } else { 0 }), 800);
        assert_eq!(after(limit.clone(), 30, |n, _| [0, 5][n as usize % 2]), 100);
        assert_eq!(after(limit, 1000, |n, _| [0, 5][n as usize % 2]), 0, "it does not help");
    }

    #[test]
    fn the_longest_delay_is_kept() {
        let most = |longest: Duration| {
            let limit = AnswerLimit::new(Duration::ZERO, longest);
            (0..99).map(|n| after(limit.clone(), n, |_, _| 5)).max()
        };
        assert_eq!(most(Duration::from_millis(10)), Some(10));
        assert_eq!(most(Duration::ZERO), Some(0));
        assert_eq!(most(SECOND), Some(1000));
    }
}
