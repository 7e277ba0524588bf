//! Ports that are known to answer, asked again between others that do not. Knows no clock and no
//! network.
//!
//! Where next to nothing answers, silence tells nothing: the ports may be filtered, or too many probes at a
//! time may be dropped on the way. A port that has answered before tells which it is. As long as
//! such canaries are answered, silence is that of ports and the window may grow; where they are
//! not, the probes around them were sent in vain and count for nothing.

use std::collections::VecDeque;

use crate::technique::Aim;

/// Canaries in a window's worth of probes.
const IN_A_WINDOW: usize = 4;
/// Fewer probes than this need no canary, and smaller windows have none.
const LEAST: usize = 16;
/// One missed canary in so many is the loss that links have by themselves.
const SELDOM: usize = 10;
/// Ports that are kept for it.
const MOST: usize = 4;

/// One lane's canaries.
#[derive(Debug, Default)]
pub(crate) struct Canaries {
    /// A canary is a connection, which whoever listens notices: there are as few as make the window grow.
    are_connections: bool,
    /// Ports that answered, and how often they were asked in vain since.
    known: VecDeque<(Aim, u32)>,
    /// A port refused.
    has_refused: bool,
    /// Probes without an answer since the last answer.
    silent: usize,
    /// Probes that were sent since the last answer or canary.
    since: usize,
    /// What came of each canary, in the order of sending.
    outcomes: Vec<Option<bool>>,
    /// How many came to an end, and how many of these were not answered.
    told: usize,
    missed: usize,
}

/// A canary that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Canary {
    pub(crate) aim: Aim,
    /// Which try of this port it is, for the connector.
    pub(crate) attempt: u32,
    /// Which canary it is.
    pub(crate) epoch: usize,
    /// Probes before it, of which nothing is known.
    pub(crate) stands_for: usize,
}

impl Canaries {
    pub(crate) fn new(are_connections: bool) -> Canaries {
        Canaries { are_connections, ..Canaries::default() }
    }

    /// The host itself answered at this port. Refusals may be limited, so open ports are preferred; but nobody
    /// notices a connection that is refused.
    pub(crate) fn heard(&mut self, aim: Aim, is_open: bool) {
        (self.silent, self.since) = (0, 0);
        self.has_refused |= !is_open;
        if aim.hops > 0 {
            return;
        }
        if is_open != self.are_connections {
            self.known.push_front((aim, 0));
            self.known.truncate(MOST);
        } else if self.known.len() < MOST {
            self.known.push_back((aim, 0));
        }
    }

    /// A probe was not answered.
    pub(crate) fn silent(&mut self) {
        self.silent += 1;
    }

    /// A probe is sent.
    pub(crate) fn sent(&mut self) {
        self.since += 1;
    }

    /// Which canary will follow what is sent now.
    pub(crate) fn epoch(&self) -> usize {
        self.outcomes.len()
    }

    /// True where there may be one now.
    pub(crate) fn is_ready(&self) -> bool {
        self.silent >= LEAST && self.since >= LEAST && !self.known.is_empty()
    }

    /// The next canary, where there is a port for it and one is due in a window of this size, which may
    /// have to grow. It is taken out until its end is told.
    pub(crate) fn next(&mut self, window: usize, may_grow: bool) -> Option<Canary> {
        let apart = if self.are_connections { window } else { window / IN_A_WINDOW };
        let is_needed = may_grow || !self.are_connections;
        if !self.is_ready() || !is_needed || window < LEAST || self.since < apart {
            return None;
        }
        let (aim, attempt) = self.known.pop_front()?;
        let (epoch, stands_for) = (self.outcomes.len(), std::mem::take(&mut self.since));
        self.outcomes.push(None);
        Some(Canary { aim, attempt, epoch, stands_for })
    }

    /// What came of a canary, which had `tries` in vain since its port answered the last time.
    pub(crate) fn told(&mut self, epoch: usize, aim: Aim, tries: u32, is_answered: bool) {
        if let Some(outcome) = self.outcomes.get_mut(epoch) {
            *outcome = Some(is_answered);
            self.told += 1;
            self.missed += usize::from(!is_answered);
        }
        self.known.push_back((aim, if is_answered { 0 } else { tries }));
    }

    /// Canaries are answered, and nothing else is known of the host: it does not answer only a few times a
    /// second.
    pub(crate) fn are_well(&self) -> bool {
        let last = self.outcomes.iter().rev().flatten().take(IN_A_WINDOW);
        !self.has_refused && last.filter(|is_answered| **is_answered).count() + 1 >= IN_A_WINDOW
    }

    /// Some were not answered, and nothing else is known of the host: what it misses, it may miss because
    /// there was too much at a time.
    pub(crate) fn were_missed(&self) -> bool {
        !self.has_refused && self.missed > 0
    }

    /// A canary next to a probe of this epoch was not answered, so that the probe may not have arrived
    /// either. Where canaries are missed one by one and seldom, the loss is that of single packets.
    pub(crate) fn doubts(&self, epoch: usize) -> bool {
        let around = epoch.saturating_sub(1)..self.outcomes.len().min(epoch + 2);
        let missed = self.outcomes.get(around).unwrap_or_default().iter();
        match missed.filter(|outcome| **outcome == Some(false)).count() {
            0 => false,
            1 => self.missed * SELDOM >= self.told,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::technique::Technique;

    fn aim(port: u16) -> Aim {
        Aim::new(Technique::SYN, port)
    }

    fn send(canaries: &mut Canaries, count: usize) -> usize {
        (0..count).for_each(|_| canaries.silent());
        (0..count).for_each(|_| canaries.sent());
        canaries.epoch()
    }

    #[test]
    fn one_is_due_after_much_silence_in_a_large_window() {
        let mut canaries = Canaries::default();
        send(&mut canaries, 1000);
        assert_eq!(canaries.next(512, true), None, "nothing has answered");
        canaries.heard(aim(22), true);
        assert_eq!(canaries.next(512, true), None, "it has just answered");
        send(&mut canaries, 40);
        assert_eq!((canaries.next(8, true), canaries.next(512, true)), (None, None));
        let canary = canaries.next(64, true).expect("due");
        assert_eq!((canary.aim, canary.attempt, canary.stands_for), (aim(22), 0, 40));
        send(&mut canaries, 1000);
        assert_eq!(canaries.next(64, true), None, "the only one is on its way");
        canaries.told(canary.epoch, canary.aim, 1, true);
        assert_eq!(canaries.next(64, true).map(|next| (next.aim, next.epoch)), Some((aim(22), 1)));
    }

    #[test]
    fn there_are_few_connections() {
        let mut canaries = Canaries::new(true);
        canaries.heard(aim(22), true);
        canaries.heard(aim(23), false);
        send(&mut canaries, 127);
        assert_eq!(canaries.next(128, true), None);
        send(&mut canaries, 1);
        assert_eq!(canaries.next(128, false), None);
        assert_eq!(canaries.next(128, true).map(|next| next.aim), Some(aim(23)));
    }

    #[test]
    fn they_tell_that_a_host_goes_on_answering() {
        let check = |first_is_open: bool, fates: &[bool], are_well: bool| {
            let mut canaries = Canaries::default();
            canaries.heard(aim(1), first_is_open);
            canaries.heard(aim(2), true);
            for is_answered in fates {
                send(&mut canaries, 32);
                let canary = canaries.next(32, true).expect("due");
                canaries.told(canary.epoch, canary.aim, 1, *is_answered);
            }
            assert_eq!(canaries.were_missed(), first_is_open && fates.contains(&false));
            assert_eq!(canaries.are_well(), are_well, "{first_is_open} {fates:?}");
        };
        check(true, &[], false);
        check(true, &[true, true], false);
        check(true, &[false, true, true, false, true], true);
        check(true, &[true, true, true, true, false, false], false);
        check(false, &[true; 8], false);
    }

    #[test]
    fn what_is_next_to_a_lost_one_is_doubted() {
        let mut canaries = Canaries::default();
        (1..=4).for_each(|port| canaries.heard(aim(port), false));
        let fates = [true, true, false, true, true, true];
        let mut epochs = Vec::new();
        for is_answered in fates {
            epochs.push(send(&mut canaries, 32));
            let canary = canaries.next(32, true).expect("due");
            canaries.told(canary.epoch, canary.aim, canary.attempt + 1, is_answered);
        }
        epochs.push(send(&mut canaries, 1));
        let doubted: Vec<_> = epochs.into_iter().filter(|epoch| canaries.doubts(*epoch)).collect();
        assert_eq!(doubted, [1, 2, 3]);
        assert_eq!(canaries.known.iter().map(|(_, tries)| tries).sum::<u32>(), 1);
    }

    #[test]
    fn one_that_is_missed_now_and_then_raises_no_doubt() {
        let check = |missed: &[usize], doubted: &[usize]| {
            let mut canaries = Canaries::default();
            canaries.heard(aim(22), true);
            for epoch in 0..30 {
                send(&mut canaries, 32);
                let canary = canaries.next(32, true).expect("due");
                canaries.told(epoch, canary.aim, 1, !missed.contains(&epoch));
            }
            let got: Vec<_> = (0..30).filter(|epoch| canaries.doubts(*epoch)).collect();
            assert_eq!(got, doubted, "{missed:?}");
        };
        check(&[3, 20], &[]);
        check(&[3, 20, 21], &[2, 3, 4, 19, 20, 21, 22]);
    }
}
