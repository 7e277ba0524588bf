//! What is asked of one host: the ports that its lanes share, and what each lane keeps of a probe.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::canary::{Canaries, Canary};
use crate::connector::{Answer, Destination};
use crate::gate::Permit;
use crate::technique::Aim;

/// Ports that a lane takes at a time.
const BLOCK: usize = 64;

/// What is asked of one host, shared by its lanes.
pub(crate) struct Work {
    pub(crate) host: Destination,
    pub(crate) aims: Vec<Aim>,
    taken: AtomicUsize,
    lanes: usize,
}

impl Work {
    /// `aims` at `host` for this many lanes.
    pub(crate) fn new(host: Destination, aims: Vec<Aim>, lanes: usize) -> Self {
        Work { host, aims, taken: AtomicUsize::new(0), lanes: lanes.max(1) }
    }

    /// Ports that answer may be asked again to learn of the network; not where errors answer, which are
    /// limited.
    pub(crate) fn canaries(&self) -> Option<Canaries> {
        let technique = self.aims.first()?.technique;
        (!technique.is_told_by_errors()).then(|| Canaries::new(!technique.is_raw()))
    }

    /// True where closed ports are told by errors.
    pub(crate) fn is_told_by_errors(&self) -> bool {
        self.aims.first().is_some_and(|aim| aim.technique.is_told_by_errors())
    }

    /// How many lanes share the work.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// The positions of the next aims; empty at the end.
    pub(crate) fn take(&self) -> Range<usize> {
        // Stays far below usize::MAX: each lane asks a few times in vain.
        let start = self.taken.fetch_add(BLOCK, Ordering::Relaxed).min(self.aims.len());
        start..(start + BLOCK).min(self.aims.len())
    }
}

/// What came out.
pub(crate) type Verdict = (Aim, Answer);

/// An aim and how often it was sent a probe already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) aim: Aim,
    pub(crate) tries: u32,
    /// The place of its first try among those that were sent in a random order.
    pub(crate) place: Option<usize>,
    /// The host's pace at which the last try was sent, and tries in vain at that pace.
    pub(crate) pace: u32,
    pub(crate) missed: u32,
    /// How long the last try was waited for.
    pub(crate) waited: Duration,
    /// The canary after its last try.
    pub(crate) epoch: usize,
    /// It is that canary, and stands for so many probes.
    pub(crate) stands_for: Option<usize>,
}

impl Probe {
    /// A probe that was not sent yet.
    pub(crate) fn new(aim: Aim, place: Option<usize>) -> Probe {
        let waited = Duration::ZERO;
        Probe { aim, tries: 0, place, pace: 0, missed: 0, waited, epoch: 0, stands_for: None }
    }

    /// A port that has answered and is asked again.
    pub(crate) fn canary(canary: Canary) -> Probe {
        Probe {
            tries: canary.attempt,
            epoch: canary.epoch,
            stands_for: Some(canary.stands_for),
            ..Probe::new(canary.aim, None)
        }
    }
}

/// A probe that waits for its answer.
pub(crate) struct InFlight<'a> {
    pub(crate) probe: Probe,
    /// Given back when the probe ends, however it does.
    pub(crate) permit: Permit<'a>,
}
