//! How a plan sends packets: everything of it that is known before an output is open, so that a mistake
//! leaves the outputs of an earlier run alone.

use std::sync::Arc;
use std::time::Instant;

use nseer_core::progress::PortScan;
use nseer_core::{PortKey, ScanPorts, ServiceNames as _, ServiceTable};
use nseer_engine::data_dir::DataDirs;
use nseer_net::Network;
use nseer_probes::PayloadTable;
use nseer_scan::{Heir, Scanner, Technique, Timing};
use nseer_seam::System;

use crate::limits::Limits;
use crate::pings::pings;
use crate::plan::Plan;
use crate::scanner::{self, Methods};
use crate::settings::PingType;
use crate::setup;
use crate::tap::PacketTap;
use crate::timing::timing;
use crate::troubles::Troubles;
use crate::versions::ProbeFile;
use crate::zones::Zones;

const NO_RAW_PACKETS: &str =
    "nseer: warning: raw packets may not be sent here: connecting to ports instead (as -sT does)";

/// A scanner that is ready to go, and what was decided on the way.
pub struct Sending {
    /// What is sent.
    pub methods: Methods,
    /// How fast.
    pub timing: Timing,
    /// The scanner.
    pub scanner: Scanner,
    /// The ports that every host is asked for.
    pub ports: ScanPorts,
    /// The probe file, which may have been read.
    pub probes: ProbeFile,
    /// Is told what keeps packets from being sent.
    pub troubles: Troubles,
    /// Counts what is sent.
    pub tap: PacketTap,
    /// What the user should know of it.
    pub warnings: Vec<String>,
}

impl Sending {
    /// What `plan` asks for; the run began at `begun`.
    ///
    /// # Errors
    /// Where something needs rights that are not there, or a list or a file of the plan is wrong.
    pub fn new(
        plan: &Plan,
        limits: &Limits,
        (system, begun): (&System, Instant),
        (data, network, zones): (&DataDirs, &Network, &Zones),
    ) -> anyhow::Result<Sending> {
        let methods = scanner::methods(plan)?;
        let mut timing = timing(&plan.timing);
        timing.defeats.resets = methods.defeats_resets;
        let table = setup::service_table(data, names_protocols(plan))?;
        let mut probes = ProbeFile::default();
        let payloads = match methods.techniques().any(|technique| technique == Technique::Udp) {
            true => setup::payloads(data, &mut probes)?,
            false => PayloadTable::default(),
        };
        let troubles = Troubles::default();
        let tap = PacketTap::new(system.clock.clone(), begun, methods.privileged);
        let (discovery, mut warnings) = pings(plan, methods.privileged, &table)?;
        let scanner = scanner::scanner(
            plan,
            (&methods, discovery),
            timing.clone(),
            limits,
            payloads,
            system,
            (heir(plan, network), &troubles, tap.tap(), zones.lookup()),
        )?;
        let protocols: Vec<_> = methods.techniques().filter_map(Technique::protocol).collect();
        if plan.runs_scripts() {
            make_ready(table.clone());
        }
        let (ports, of_ports) = setup::ports(&plan.ports, &protocols, table)?;
        warnings.extend(of_ports);
        if methods.falls_back {
            warnings.push(NO_RAW_PACKETS.to_owned());
        }
        warnings.extend(scanner::warnings(&plan.scan.packets, &methods));
        let no_versions = |why| format!("nseer: warning: {why}: -sV is left out");
        warnings.extend(plan.versions.left_out.map(no_versions));
        Ok(Sending { methods, timing, scanner, ports, probes, troubles, tap, warnings })
    }
}

/// Who takes over the connections of the port scan, where anybody does.
fn heir(plan: &Plan, network: &Network) -> Option<Heir> {
    let network = plan.runs_scripts().then(|| network.clone())?;
    Some(Heir::new(move |peer, connection| network.offer(peer, connection)))
}

/// Scripts ask for names at once; the table is made ready while they load.
fn make_ready(table: Arc<ServiceTable>) {
    tokio::task::spawn_blocking(move || table.name(PortKey::tcp(1)).is_some());
}

/// True where names of IP protocols are to be read or shown.
fn names_protocols(plan: &Plan) -> bool {
    plan.scan.types.contains(&PortScan::Protocol)
        || plan.discovery.pings.iter().any(|(kind, _)| *kind == PingType::Protocol)
}
