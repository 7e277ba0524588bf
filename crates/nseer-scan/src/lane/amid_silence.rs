//! What a lane does where next to nothing answers: known ports are asked among the others.

use tokio::time::Instant;

use super::Lane;
use crate::canary::Canaries;
use crate::connector::Connector;
use crate::work::Probe;

/// A part of the time that a host gets which has not answered yet: then it is seen what others did.
const SOON: u32 = 8;
/// The same until its probes no longer count for what the scan has in flight: they have long left the local link.
const LEFT: u32 = 4;

impl<C: Connector> Lane<'_, C> {
    /// A port that answers, where it is time to ask one.
    pub(super) fn canary(&mut self) -> Option<Probe> {
        if self.second_look.is_some() || self.is_limited || !self.canaries.as_ref()?.is_ready() {
            return None;
        }
        let (share, may_grow) = (self.share(), self.host.may_grow());
        self.canaries.as_mut()?.next(share, may_grow).map(Probe::canary)
    }

    /// When it is time to see whether a host that has not answered is to be treated otherwise.
    pub(super) fn next_look(&mut self, now: Instant) -> Option<Instant> {
        let timeout = self.host.timeout();
        let looks = [SOON, LEFT].map(|part| self.flight.deadline(timeout / part));
        looks.into_iter().flatten().find(|at| *at > now)
    }

    /// Takes probes to a host that has not answered out of the window of the scan.
    pub(super) fn leave_old(&mut self, now: Instant) {
        if self.is_stranger {
            let age = self.host.timeout() / LEFT;
            self.flight.each_older(now, age, |old| old.permit.leave());
        }
    }

    pub(super) fn epoch(&self) -> usize {
        self.canaries.as_ref().map_or(0, Canaries::epoch)
    }

    /// True where what was sent in an epoch may not have arrived.
    pub(super) fn doubts(&self, epoch: usize) -> bool {
        self.canaries.as_ref().is_some_and(|known| known.doubts(epoch))
    }

    /// True where a probe is to be sent once more because its last try may not have arrived.
    pub(super) fn is_in_doubt(&self, probe: &Probe) -> bool {
        let doubts = self.second_look.is_none() && self.doubts(probe.epoch);
        doubts && probe.tries <= self.host.most_retries()
    }

    /// Takes the end of a probe that is a canary; false for others.
    pub(super) fn is_canary(&mut self, probe: &Probe, is_answered: bool) -> bool {
        let (Some(stands_for), Some(canaries)) = (probe.stands_for, &mut self.canaries) else {
            return false;
        };
        canaries.told(probe.epoch, probe.aim, probe.tries + 1, is_answered);
        self.host.vouched(stands_for, is_answered);
        self.gate.vouched(stands_for, is_answered);
        true
    }
}
