//! What a lane does at the end: probes that had all retransmissions wait for the verdict.

use std::time::Duration;

use tokio::time::Instant;

use super::Lane;
use crate::connector::Connector;
use crate::second_look::Batches;
use crate::work::Probe;

/// So much longer than its first time-out a host gets that has not answered at all, since that time-out is a guess:
/// as long as nmap takes beyond two of them.
const GRACE: Duration = Duration::from_secs(1);

/// How often it is seen whether an answer came meanwhile.
const LOOKS: Duration = Duration::from_millis(250);

impl<C: Connector> Lane<'_, C> {
    /// At the end: silent ports get another chance where retransmissions have turned out to be
    /// more useful than it seemed; for the others silence is the answer.
    pub(super) fn judge_bench(&mut self, now: Instant) {
        let allowed = self.allowed_retries();
        let mut silent = Vec::new();
        for probe in std::mem::take(&mut self.bench) {
            if let Some(answer) = self.connector.late(probe.aim) {
                self.answered(probe, answer, None);
            } else if !self.is_limited && (probe.tries <= allowed || self.is_in_doubt(&probe)) {
                self.again.push_back(probe);
            } else {
                silent.push(probe);
            }
        }
        if self.again.is_empty() {
            self.lingers_until = self.lingers(&silent, now);
            if self.lingers_until.is_none() {
                self.look_again(&mut silent);
            }
        }
        if self.again.is_empty() && self.lingers_until.is_none() {
            let verdict = |probe: Probe| (probe.aim, self.host.silence(probe.aim.technique));
            self.verdicts.extend(silent.into_iter().map(verdict));
        } else {
            self.bench = silent;
        }
    }

    /// Takes some of the silent ones for another try, where a limit may be why they are silent.
    fn look_again(&mut self, silent: &mut Vec<Probe>) {
        if self.second_look.is_none() {
            self.is_limited = self.is_limited || (!silent.is_empty() && self.falls_silent());
            if !self.is_limited {
                return;
            }
            let is_alone = self.work.lanes() == 1;
            self.second_look = Some(Batches::new(self.host.has_answered_late(), is_alone));
        }
        let most = self.host.most_retries();
        let may_be_asked = silent.iter().filter(|probe| probe.tries <= most).count();
        let size = self.second_look.as_mut().map_or(0, |batches| batches.next(may_be_asked));
        // Those that were asked least come first.
        silent.sort_by_key(|probe| probe.tries);
        self.again.extend(silent.drain(..size));
        let rest = self.second_look.as_ref().map_or(Duration::ZERO, Batches::rest);
        // It has been left alone since it was asked the last time.
        self.rests_until = self.last_sent.map(|last| last + rest);
    }

    /// When to look again whether silent ones were answered, as long as that is likely: the host may be farther away
    /// than any probe waited.
    fn lingers(&self, silent: &[Probe], now: Instant) -> Option<Instant> {
        // Hops of a trace are nothing to wait for.
        silent.iter().find(|p| p.aim.hops == 0 && p.aim.technique.hears_late_answers())?;
        let longest =
            if self.is_stranger { self.host.timeout() + GRACE } else { self.slowest * 5 / 4 };
        let until = self.last_sent? + longest;
        (now < until).then(|| until.min(now + LOOKS))
    }
}
