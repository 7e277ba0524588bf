//! Hosts that answer a burst of probes and then only a few a second. Knows no clock and no network.
//!
//! Such a limit looks like ports that do not answer, and retransmissions in quick succession fare no
//! better. What gives it away is *when* probes were not answered: ports are tried in a random order, so
//! silent ones are spread evenly over it, while a limit answers the first ones and not the last ones.
//! Then silent ports get a second look, a few at a time with a pause before each: at a limit some of
//! them answer. Where nobody does, it costs a few packets.

use std::time::Duration;

/// How much likelier a limit must be than chance, as a logarithm: one scan in some 10,000 gets a second
/// look without need.
const SURE: f64 = 12.0;
/// Fewer ports than this cannot show as much: of their scans one in 800 gets a second look without need.
const FEW: usize = 20;
const SURE_OF_FEW: f64 = 8.0;
/// Probes of the first batch.
const FIRST_BATCH: usize = 8;
/// How long a host is left alone before a batch at first and at most, when a limit of a few answers a second
/// lets some through, and at least.
const LONGEST_REST: Duration = Duration::from_millis(1100);
const SHORTEST_REST: Duration = Duration::from_millis(50);
/// Answers to a batch that make it unlikely that the next one gets none because of the limit.
const GENEROUS: usize = 4;
/// Batches without an answer that end it, where none has had one.
const MOST_IN_VAIN: u32 = 2;

/// What came of first tries, in the order in which they were sent.
#[derive(Debug, Default)]
pub(crate) struct FirstTries {
    /// `None` while it is not known.
    answered: Vec<Option<bool>>,
    /// The canary after each.
    epochs: Vec<usize>,
}

impl FirstTries {
    /// A first try is sent in this epoch; gives its place.
    pub(crate) fn sent(&mut self, epoch: usize) -> usize {
        self.answered.push(None);
        self.epochs.push(epoch);
        self.answered.len() - 1
    }

    /// The one at this place was answered, however late, or was not in its time.
    pub(crate) fn told(&mut self, place: usize, is_answered: bool) {
        if let Some(answered) = self.answered.get_mut(place) {
            *answered = Some(is_answered);
        }
    }

    /// True where, from some try on, fewer were answered than chance explains (a likelihood-ratio test).
    /// Those of epochs in doubt may not have arrived, and say nothing.
    pub(crate) fn fall_silent(&self, doubts: impl Fn(usize) -> bool) -> bool {
        let all = || self.answered.iter().zip(&self.epochs);
        let known =
            || all().filter(|(_, epoch)| !doubts(**epoch)).filter_map(|(told, _)| told.as_ref());
        let hits = known().filter(|answered| **answered).count();
        let all = Share { of: known().count(), hits };
        let sure = if all.of < FEW { SURE_OF_FEW } else { SURE };
        let mut before = Share { of: 0, hits: 0 };
        known().any(|answered| {
            before.of += 1;
            before.hits += usize::from(*answered);
            let after = Share { of: all.of - before.of, hits: all.hits - before.hits };
            let gain = all.surprise() - before.surprise() - after.surprise();
            before.ratio() > after.ratio() && gain > sure
        })
    }
}

/// So many of so many.
#[derive(Clone, Copy)]
struct Share {
    of: usize,
    hits: usize,
}

impl Share {
    fn ratio(self) -> f64 {
        float(self.hits) / float(self.of.max(1))
    }

    /// The negative logarithm of how likely these hits are, given their ratio.
    fn surprise(self) -> f64 {
        let part = |count: usize| {
            if count == 0 { 0.0 } else { -float(count) * (float(count) / float(self.of)).ln() }
        };
        part(self.hits) + part(self.of - self.hits)
    }
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// The batches of a second look.
#[derive(Debug)]
pub(crate) struct Batches {
    size: usize,
    asked: usize,
    answered: usize,
    /// Batches, and probes in them, since the last answer.
    in_vain: (u32, usize),
    /// There is a limit: something was answered.
    is_sure: bool,
    is_alone: bool,
    /// The host answers several after a pause.
    is_generous: bool,
    rest: Rest,
}

/// How long the host is left alone before each batch: as short as it can be without fewer answers.
#[derive(Debug)]
struct Rest {
    length: Duration,
    /// The answers to the last batch, after a longer rest.
    longer: Option<usize>,
    /// A shorter one was too short.
    is_found: bool,
}

impl Rest {
    fn is_longest(&self) -> bool {
        self.length == LONGEST_REST
    }

    /// Takes how many of a batch were answered after a rest of this length.
    fn told(&mut self, asked: usize, answered: usize) {
        let is_less = |before: usize| answered * 4 < before.min(asked) * 3;
        if answered == 0 || self.longer.is_some_and(is_less) {
            self.length = if answered == 0 { LONGEST_REST } else { self.length * 2 };
            self.is_found = !self.is_longest() || self.longer.is_some();
        }
        if !self.is_found && self.length > SHORTEST_REST && answered > 0 {
            self.length /= 2;
            self.longer = Some(answered);
        } else {
            self.longer = None;
        }
    }
}

impl Batches {
    /// `is_sure`: retransmissions have been answered, so that not all silence is that of ports.
    /// `is_alone`: nobody else asks the host, and uses up its answers.
    pub(crate) fn new(is_sure: bool, is_alone: bool) -> Self {
        Batches {
            is_alone,
            size: FIRST_BATCH,
            asked: 0,
            answered: 0,
            in_vain: (0, 0),
            is_sure,
            is_generous: false,
            rest: Rest { length: LONGEST_REST, longer: None, is_found: false },
        }
    }

    /// A probe of the batch was answered.
    pub(crate) fn answered(&mut self) {
        self.answered += 1;
    }

    /// How long to wait before the next batch.
    pub(crate) fn rest(&self) -> Duration {
        self.rest.length
    }

    /// How many to ask next, now that the last batch is over: as many as the host seems to answer after
    /// a pause, and some more, which finds the limit. 0 where it has turned out to be none, or all that are
    /// left were asked once more in vain.
    pub(crate) fn next(&mut self, left: usize) -> usize {
        if self.asked > 0 {
            self.is_sure |= self.answered > 0;
            let (batches, probes) = self.in_vain;
            self.in_vain = match self.answered {
                // After a short rest that says little.
                0 if !self.rest.is_longest() => self.in_vain,
                0 => (batches + 1, probes + self.asked),
                _ => (0, 0),
            };
            // Silent ports use up no answers.
            let is_free = self.answered == 0 && self.is_sure;
            if is_free || self.answered * 4 >= self.asked * 3 {
                self.size *= 2;
            } else if self.answered > 0 && self.answered * 2 < self.asked {
                self.size = self.answered + 1;
            }
            if self.answered > 0 {
                self.is_generous = self.answered >= GENEROUS;
            }
            self.rest.told(self.asked, self.answered);
        }
        let (batches, probes) = self.in_vain;
        let enough = if self.is_generous && self.is_alone { 1 } else { MOST_IN_VAIN };
        if batches >= enough && (!self.is_sure || probes >= left) {
            return 0;
        }
        self.asked = self.size.min(left);
        self.answered = 0;
        self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.` silent, `a` answered, each so often.
    fn falls_silent(tries: &[(char, usize)]) -> bool {
        let mut first = FirstTries::default();
        for (kind, count) in tries {
            for _ in 0..*count {
                let place = first.sent(0);
                first.told(place, *kind == 'a');
            }
        }
        // What is still on its way tells nothing.
        (0..1000).for_each(|_| _ = first.sent(0));
        first.fall_silent(|_| false)
    }

    #[test]
    fn a_burst_and_then_little_is_seen() {
        assert!(falls_silent(&[('a', 100), ('.', 50)]));
        assert!(falls_silent(&[('a', 20), ('.', 10)]));
        assert!(falls_silent(&[('a', 100), ('.', 20), ('a', 1), ('.', 20), ('a', 1), ('.', 9)]));
        let mixed = [('a', 3), ('.', 1)].repeat(20);
        assert!(falls_silent(&[mixed.as_slice(), &[('.', 40)]].concat()));
    }

    #[test]
    fn silent_ports_everywhere_are_nothing() {
        assert!(!falls_silent(&[]));
        assert!(!falls_silent(&[('.', 1000)]));
        assert!(!falls_silent(&[('a', 1000)]));
        assert!(!falls_silent(&[('a', 2), ('.', 3)]));
        assert!(!falls_silent(&[('a', 7), ('.', 2)]));
        assert!(!falls_silent(&[('.', 50), ('a', 100)]), "the other way round is no limit");
        assert!(!falls_silent(&[('a', 1), ('.', 9)].repeat(100)));
        assert!(!falls_silent(&[('a', 9), ('.', 1)].repeat(100)));
        assert!(!falls_silent(&[('.', 300), ('a', 3), ('.', 700)]));
    }

    /// Batches at a host of so many answering ports, that answers so many of a batch.
    fn batches(mut ports: usize, silent: usize, limit: usize) -> (usize, Vec<usize>) {
        let (mut batches, mut sizes) = (Batches::new(false, true), Vec::new());
        loop {
            let size = batches.next(ports + silent);
            if size == 0 || sizes.len() > 100 {
                return (ports, sizes);
            }
            sizes.push(size);
            for _ in 0..size.min(limit).min(ports) {
                batches.answered();
                ports -= 1;
            }
        }
    }

    #[test]
    fn batches_are_as_large_as_the_host_answers() {
        assert_eq!(batches(0, 50, 9), (0, vec![8, 8]));
        let (left, sizes) = batches(30, 20, 7);
        assert!(left == 0 && sizes.len() < 20, "{sizes:?}");
        assert_eq!(batches(50, 0, 7).0, 0);
        let (left, sizes) = batches(20, 0, 1);
        assert_eq!(left, 0);
        assert!(sizes[1..].iter().all(|size| *size <= 2), "{sizes:?}");
        let (left, sizes) = batches(500, 0, 60);
        assert!(left == 0 && sizes.len() < 15, "{sizes:?}");
        assert_eq!(batches(0, 0, 1), (0, vec![]));
    }
}
