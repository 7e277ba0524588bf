//! How far a run has come.

use std::time::{Duration, SystemTime};

/// A part of the work on one host. A host goes through those that the run has, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Whether it is up, and nothing else.
    Ping,
    /// Whether it is up, and its ports.
    Ports,
    /// What runs on its ports.
    Versions,
    /// Its scripts.
    Scripts,
}

impl Stage {
    /// Its name, as status lines have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Ping => "Ping Scan",
            Stage::Ports => "Port Scan",
            Stage::Versions => "Service Scan",
            Stage::Scripts => "Script Scan",
        }
    }
}

/// How far a run has come, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The moment.
    pub now: SystemTime,
    /// Since the run began.
    pub elapsed: Duration,
    /// Hosts that are done.
    pub done: u64,
    /// Of these, the ones that were up.
    pub up: u64,
    /// Hosts that there are to scan, as far as is known; never fewer than were begun.
    pub expected: u64,
    /// Hosts at work by stage, without stages that have none.
    pub at_work: Vec<(Stage, usize)>,
    /// The part of the work that is done, 0 to 1; `None` where nothing tells.
    pub fraction: Option<f64>,
    /// How long the rest takes if it goes on like this; `None` where nothing tells.
    pub remaining: Option<Duration>,
    /// What has been running for longest, the longest first.
    pub slowest: Vec<Slow>,
}

/// Something that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slow {
    /// A script and where it runs, or a host and what is done there.
    pub what: String,
    /// For how long.
    pub since: Duration,
}
