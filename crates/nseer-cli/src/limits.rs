//! How much may be in flight, from what the machine allows.

use std::num::NonZeroUsize;

use anyhow::bail;

use crate::plan::TimingPlan;

/// Bounds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sockets of the port scan.
    pub scan_sockets: usize,
    /// Connections of the port scan that may wait for a script.
    pub offers: usize,
    /// Script threads that may hold sockets.
    pub script_slots: usize,
    /// The same, to one host.
    pub slots_per_host: usize,
    /// Sockets of version detection.
    pub version_sockets: usize,
    /// Ports of one host whose versions are found out at a time.
    pub version_ports_per_host: usize,
    /// Hosts on their way.
    pub hosts_in_flight: usize,
}

/// With fewer descriptors the event loops do not start; two script workers among them.
const LEAST: u64 = 24;

/// Descriptors for files, libraries and the event loops.
const RESERVED: usize = 64;

/// More in flight costs memory and wins nothing.
const MOST_SLOTS: usize = 1024;
const MOST_SCAN_SOCKETS: usize = 2048;
const MOST_HOSTS: usize = 1024;
const MOST_OFFERS: usize = 1024;
const MOST_SLOTS_PER_HOST: usize = 64;
const MOST_VERSION_SOCKETS: usize = 1024;
const MOST_VERSION_PORTS_PER_HOST: usize = 40;

impl Limits {
    /// The bounds for this process, whose soft limit of descriptors is raised to the hard one.
    ///
    /// # Errors
    /// Where that is too low for a run of any kind.
    pub fn of_this_process(plan: &TimingPlan) -> anyhow::Result<Limits> {
        let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(256);
        if descriptors < LEAST {
            bail!(
                "no more than {descriptors} files may be open at a time here, and {LEAST} are the \
                 least: raise that limit (ulimit -n)"
            );
        }
        Ok(Limits::new(usize::try_from(descriptors).unwrap_or(usize::MAX), plan))
    }

    /// The bounds for so many descriptors. Half goes to the scan, to version detection and to what the
    /// scan leaves to scripts; a script thread is counted as two sockets. `--max-parallelism P` gives P + 1 script threads, as Nmap does.
    #[must_use]
    pub fn new(descriptors: usize, plan: &TimingPlan) -> Limits {
        let usable = descriptors.saturating_sub(RESERVED).max(8);
        let asked = plan.max_parallelism.map(|p| NonZeroUsize::get(p).saturating_add(1));
        let slots = (usable / 4).min(MOST_SLOTS);
        Limits {
            scan_sockets: (usable / 4).min(MOST_SCAN_SOCKETS),
            offers: (usable / 8).min(MOST_OFFERS),
            script_slots: asked.unwrap_or(slots).min(usable / 2),
            slots_per_host: asked.unwrap_or(MOST_SLOTS_PER_HOST).min(usable / 2),
            version_sockets: (usable / 8).min(MOST_VERSION_SOCKETS),
            version_ports_per_host: asked.unwrap_or(MOST_VERSION_PORTS_PER_HOST),
            hosts_in_flight: MOST_HOSTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(max_parallelism: Option<usize>) -> TimingPlan {
        TimingPlan {
            template: 3,
            min_rate: None,
            max_rate: None,
            min_parallelism: None,
            max_parallelism: max_parallelism.and_then(NonZeroUsize::new),
            initial_rtt: None,
            min_rtt: None,
            max_rtt: None,
            max_retries: None,
            host_timeout: None,
            scan_delay: None,
            max_scan_delay: None,
            defeat_resets: false,
            defeat_errors: false,
        }
    }

    #[test]
    fn descriptors_bound_everything() {
        for descriptors in [0, 64, 100, 1024, 20_000, usize::MAX] {
            let limits = Limits::new(descriptors, &plan(None));
            let together = limits.scan_sockets
                + limits.version_sockets
                + limits.offers
                + 2 * limits.script_slots;
            assert!(together <= descriptors.saturating_sub(RESERVED).max(8), "{descriptors}");
            assert!(limits.scan_sockets > 0 && limits.script_slots > 0);
        }
        assert_eq!(Limits::new(20_000, &plan(Some(5))).script_slots, 6);
    }
}
