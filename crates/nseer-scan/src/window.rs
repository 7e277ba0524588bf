//! How many probes may be in flight: a congestion window in the manner of RFC 5681, counted in
//! probes. Knows no clock and no sockets.
//!
//! It differs from TCP's in what it takes for congestion. A probe without an answer tells
//! nothing, because filtered ports never answer; only an answer that needed a retransmission
//! shows a loss. And one loss is no congestion: links lose a percent by themselves, so the window
//! shrinks when more than a tenth of what was answered had been lost.

/// The share of lost probes that counts as congestion.
const TOLERATED_LOSS: f64 = 0.1;
/// Fewest answers and losses from which that share is computed.
const MIN_EVIDENCE: f64 = 16.0;
/// Silence alone lets the window grow to this size; a port that answers in the midst of it, further.
const SILENT_LIMIT: f64 = 128.0;

/// As many ports that stand for silent ones are looked at together: a bit for each.
const VOUCHERS: u8 = 0b1111;

/// A congestion window.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    size: f64,
    threshold: f64,
    /// The same where answers stand for silent probes as well.
    vouched_threshold: f64,
    min: f64,
    max: f64,
    answered: f64,
    lost: f64,
    /// Which of the last ports that stand for silent ones were missed.
    missed: u8,
}

impl Window {
    /// A window that starts at `start`, grows by one an answer up to `threshold`, slower above
    /// it, and stays within `min..=max`.
    pub(crate) fn new(start: usize, threshold: usize, min: usize, max: usize) -> Self {
        let max = float(max.max(1));
        let min = float(min.max(1)).min(max);
        let size = float(start).clamp(min, max);
        let threshold = float(threshold);
        let (answered, lost) = (0.0, 0.0);
        Window { size, threshold, vouched_threshold: max, min, max, answered, lost, missed: 0 }
    }

    /// Probes that may be in flight; at least 1.
    pub(crate) fn limit(&self) -> usize {
        // The size is within 1..=max, which was a usize.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive float below a former usize"
        )]
        let limit = self.size as usize;
        limit.max(1)
    }

    /// It is not as large as it can be.
    pub(crate) fn may_grow(&self) -> bool {
        self.size < self.max
    }

    /// `count` probes were answered.
    pub(crate) fn answered(&mut self, count: usize) {
        let count = float(count);
        self.answered += count;
        let fast = count.min((self.threshold - self.size).max(0.0));
        self.grow(fast + (count - fast) / self.size);
        self.judge();
    }

    /// A port that is known to answer was asked among `count` silent ones. Where it answers they have
    /// arrived; where such ports are missed one time in two, they have not.
    pub(crate) fn vouched(&mut self, count: usize, is_answered: bool) {
        self.missed = (self.missed << 1 | u8::from(!is_answered)) & VOUCHERS;
        if is_answered {
            let count = float(count);
            let fast = count.min((self.vouched_threshold - self.size).max(0.0));
            self.grow(fast + (count - fast) / 4.0);
        } else if self.missed.count_ones() * 2 >= VOUCHERS.count_ones() {
            self.shrink_to(self.size / 2.0);
            self.missed = 0;
        }
    }

    /// `count` probes were lost: a retransmission of them was answered.
    pub(crate) fn lost(&mut self, count: u32) {
        self.lost += f64::from(count);
        self.judge();
    }

    /// A probe was not answered. Where answers are limited errors, silence may be such a limit and lets the
    /// window grow more slowly.
    pub(crate) fn silent(&mut self, may_be_limit: bool) {
        if self.size < self.threshold.min(SILENT_LIMIT) {
            self.grow(if may_be_limit { 0.25 } else { 1.0 });
        }
    }

    /// The machine cannot have more than `in_flight` sockets now: the one limit that comes before
    /// the least size.
    pub(crate) fn crowded(&mut self, in_flight: usize) {
        self.size = float(in_flight).min(self.size).max(1.0);
        self.set_thresholds();
    }

    fn grow(&mut self, by: f64) {
        self.size = (self.size + by).min(self.max);
    }

    /// Once a window's worth of evidence is there, decides whether it shows congestion.
    fn judge(&mut self) {
        let evidence = self.answered + self.lost;
        if evidence < self.size.max(MIN_EVIDENCE) {
            return;
        }
        if self.lost > evidence * TOLERATED_LOSS {
            self.shrink_to(self.size / 2.0);
        }
        self.answered = 0.0;
        self.lost = 0.0;
    }

    fn shrink_to(&mut self, size: f64) {
        self.size = size.max(self.min);
        self.set_thresholds();
    }

    fn set_thresholds(&mut self) {
        self.threshold = self.size;
        self.vouched_threshold = self.size;
    }
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps: `a` answer, `l` loss, `s` silence, `e` silence instead of an error, `v` an answer that stands
    /// for 32 probes, `x` the loss of such.
    fn check(steps: &str, repeat: usize, limit: std::ops::RangeInclusive<usize>) {
        let mut window = Window::new(16, 64, 2, 256);
        for step in steps.repeat(repeat).chars() {
            match step {
                'a' => window.answered(1),
                'l' => window.lost(1),
                's' => window.silent(false),
                'v' => window.vouched(32, true),
                'x' => window.vouched(32, false),
                _ => window.silent(true),
            }
        }
        let got = window.limit();
        assert!(limit.contains(&got), "{steps} x {repeat}: {got}");
    }

    #[test]
    fn answers_grow_it_fast_then_slowly() {
        check("", 1, 16..=16);
        check("a", 48, 64..=64);
        check("a", 48 + 64, 64..=66);
        check("a", 100_000, 256..=256);
    }

    #[test]
    fn silence_grows_it_up_to_the_threshold_and_never_shrinks_it() {
        check("s", 4, 20..=20);
        check("e", 4, 17..=17);
        check("s", 10_000, 64..=64);
    }

    #[test]
    fn answers_amid_silence_grow_it_further_and_their_loss_shrinks_it() {
        check("v", 7, 240..=240);
        check("v", 100, 256..=256);
        check("vvvvvvvvxvvvx", 1, 256..=256);
        check("vvvvvvvvxx", 1, 128..=128);
        check("vvvvvvvvxxvv", 1, 144..=144);
        check("vvvvvvvvvx", 50, 256..=256);
        check("vvx", 100, 2..=32);
    }

    #[test]
    fn few_losses_are_no_congestion_and_many_are() {
        check("aaaaaaaaaaaaaaaaaaal", 500, 100..=256);
        check("aal", 500, 2..=8);
    }

    #[test]
    fn a_crowded_machine_shrinks_it_to_what_fits() {
        let mut window = Window::new(100, 64, 2, 256);
        window.crowded(40);
        assert_eq!(window.limit(), 40);
        window.crowded(0);
        assert_eq!(window.limit(), 1);
    }
}
