//! What an earlier run of the same scan has done, for one that goes on.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use nseer_core::{HostRecord, KeptRegistry, Phase, PortTable, ScanPorts};
use nseer_store::Progress;

/// Nothing, in a scan that begins.
#[derive(Debug, Default)]
pub struct Past {
    done: HashSet<IpAddr>,
    scanned: Mutex<HashMap<IpAddr, HostRecord>>,
    phases: HashSet<Phase>,
    registry: Arc<[KeptRegistry]>,
    up: u64,
}

impl Past {
    /// What a store tells.
    #[must_use]
    pub fn of(progress: Progress) -> Past {
        Past {
            done: progress.done,
            scanned: Mutex::new(progress.scanned),
            // Before the prerules have ended nothing has, and they begin with an empty one.
            registry: match progress.phases.contains(&Phase::Pre) {
                true => progress.registry.into(),
                false => Arc::default(),
            },
            phases: progress.phases,
            up: progress.up,
        }
    }

    /// Nothing is left to do for this host.
    #[must_use]
    pub fn is_done(&self, address: IpAddr) -> bool {
        self.done.contains(&address)
    }

    /// All scripts of this phase have ended.
    #[must_use]
    pub fn has_phase(&self, phase: Phase) -> bool {
        self.phases.contains(&phase)
    }

    /// What scripts that ended left in `nmap.registry`.
    #[must_use]
    pub fn registry(&self) -> Arc<[KeptRegistry]> {
        self.registry.clone()
    }

    /// A host whose ports are known and whose scripts were broken off, over the list of ports of this
    /// run. Only once.
    #[must_use]
    pub fn take_scanned(&self, address: IpAddr, ports: &Arc<ScanPorts>) -> Option<HostRecord> {
        let mut scanned = self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut host = scanned.remove(&address)?;
        let mut table = PortTable::new(ports.clone());
        for (key, status) in host.ports.iter() {
            table.set_status(key, status);
            if let (Some(detail), Some(slot)) = (host.ports.detail(key), table.detail_mut(key)) {
                *slot = detail.clone();
            }
        }
        host.ports.tellers().for_each(|(key, teller)| table.set_teller(key, teller));
        host.ports = table;
        Some(host)
    }

    /// Hosts that are done: up, and not.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let down = (self.done.len() as u64).saturating_sub(self.up);
        (self.up, down)
    }
}
