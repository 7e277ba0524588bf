//! A scan as it is compared.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use nseer_core::{Event, HostRecord, HostStatus, Phase, ScriptResult};

/// What a scan found, filled event by event.
#[derive(Debug, Default)]
pub struct Scan {
    /// The program, its version and the command line.
    pub(crate) made_by: Option<(String, String, String, SystemTime)>,
    pub(crate) hosts: BTreeMap<IpAddr, Arc<HostRecord>>,
    pub(crate) phases: BTreeMap<Phase, Vec<ScriptResult>>,
}

impl Scan {
    /// Takes what an event tells. Of a host that is told twice, the last counts; hosts that are down
    /// are as good as absent, since outputs mostly leave them out.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => {
                let run = run.clone();
                self.made_by = Some((run.program, run.version, run.args, run.started));
            }
            Event::HostDone(host) | Event::HostCutShort(host)
                if host.status != HostStatus::Down =>
            {
                self.hosts.insert(host.address, host.clone());
            }
            Event::PhaseDone { phase, record } => {
                self.phases.entry(*phase).or_default().extend(record.results.iter().cloned());
            }
            _ => {}
        }
    }
}
