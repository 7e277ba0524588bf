//! How often a probe without an answer is sent again. Knows no clock.
//!
//! A port that never answers is filtered or was lost each time; which of them is likelier
//! follows from the loss seen on other ports, and from how many of them answer. Without any loss, one retransmission is
//! enough, and a host full of filtered ports does not take for ever.

/// Chance that a silent port would have answered which is small enough to stop trying.
const ACCEPTED_MISS: f64 = 5e-6;
/// Answers without loss that are assumed before any is seen, so that one loss among the first
/// few answers does not look like a broken link.
const PRIOR_ANSWERS: f64 = 8.0;

/// Decides the number of retransmissions, from what came of the probes it is told of.
#[derive(Clone, Debug)]
pub(crate) struct RetryPolicy {
    max: u32,
    answered: f64,
    lost: f64,
    /// Probes whose first try was not answered.
    unanswered: f64,
    most_needed: u32,
}

impl RetryPolicy {
    pub(crate) fn new(max: u32) -> Self {
        RetryPolicy { max, answered: 0.0, lost: 0.0, unanswered: 0.0, most_needed: 0 }
    }

    /// `count` probes were answered at their first try.
    pub(crate) fn answered_at_once(&mut self, count: usize) {
        self.answered += u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    }

    /// The first try of a probe was not answered.
    pub(crate) fn unanswered(&mut self) {
        self.unanswered += 1.0;
    }

    /// A probe was answered after `retries` retransmissions.
    pub(crate) fn answered_after(&mut self, retries: u32) {
        self.answered += 1.0;
        self.lost += f64::from(retries);
        self.most_needed = self.most_needed.max(retries);
    }

    /// Retransmissions that a probe without an answer gets: one more than was ever needed, as
    /// users of Nmap know it, and as many as the loss asks for.
    pub(crate) fn allowed(&self) -> u32 {
        self.for_loss().max(self.most_needed + 1).min(self.max)
    }

    /// The user's limit.
    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    /// Some probe was answered at a retransmission.
    pub(crate) fn has_been_needed(&self) -> bool {
        self.most_needed > 0
    }

    /// Retransmissions after which a silent port would have answered with the accepted chance only. Where next
    /// to none answers, a silent port is not likely to be one that does.
    pub(crate) fn for_loss(&self) -> u32 {
        let loss = self.lost / (self.answered + self.lost + PRIOR_ANSWERS);
        let odds = (self.answered / self.unanswered.max(1.0)).min(1.0);
        let (mut retries, mut missed) = (0, odds * loss);
        while missed > ACCEPTED_MISS && retries < self.max {
            missed *= loss;
            retries += 1;
        }
        retries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(max: u32, at_once: usize, after: &[u32], allowed: u32) {
        let mut policy = RetryPolicy::new(max);
        policy.answered_at_once(at_once);
        for &retries in after {
            policy.answered_after(retries);
        }
        assert_eq!(policy.allowed(), allowed, "max {max}, {at_once} at once, after {after:?}");
    }

    #[test]
    fn retries_follow_the_loss_that_was_seen() {
        check(10, 0, &[], 1);
        check(10, 1_000, &[], 1);
        check(10, 1_000, &[1], 2);
        check(10, 1_000, &[1; 20], 3);
        check(10, 100, &[1; 30], 7);
        check(10, 0, &[1, 2, 3, 4, 9], 10);
        check(10, 1_000, &[3], 4);
        check(10, 0, &[3], 8);
    }

    #[test]
    fn where_next_to_none_answers_silence_is_believed_sooner() {
        let check = |silent: usize, expected: u32| {
            let mut policy = RetryPolicy::new(10);
            policy.answered_at_once(46);
            (0..silent).for_each(|_| policy.unanswered());
            policy.answered_after(1);
            policy.answered_after(1);
            assert_eq!(policy.for_loss(), expected, "{silent} silent");
        };
        check(2, 3);
        check(1_000, 2);
        check(16_000, 1);
    }

    #[test]
    fn the_users_limit_holds() {
        check(0, 10, &[], 0);
        check(2, 10, &[1; 30], 2);
        check(0, 0, &[5], 0);
    }
}
