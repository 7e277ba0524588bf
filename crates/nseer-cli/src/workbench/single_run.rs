//! One script on one host, without a scan: what `script run` and `script test` have in common.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use nseer_core::{
    Event, EventSink, HostRecord, HostStatus, Levels, Phase, PhaseRecord, PortKey, PortState,
    PortStatus, PortTable, Reason, ScanPorts, ScriptOutcome, ScriptResult, ServiceInfo,
    ServiceTable, Severity, TargetSpec,
};
use nseer_engine::data_dir::{DataDirConfig, DataDirs};
use nseer_engine::selection::SelectedScript;
use nseer_engine::{
    Engine, EngineConfig, KeptRegistries, NewTargets, ScriptInfo, Workbench, script_args,
};
use nseer_net::Network;
use nseer_replay::Way;
use nseer_report::script_lines;
use nseer_seam::{FileKind, System};

use crate::plan::DEFAULT_CPU_LIMIT;
use crate::zones::Zones;

/// Script threads that may hold sockets to the host.
const SLOTS: usize = 64;

/// Where scripts find libraries and data: as in a scan, without the options that only a scan has.
pub(super) fn data_dirs(datadir: Option<&Path>, system: &System) -> anyhow::Result<Arc<DataDirs>> {
    if let Some(path) = datadir
        && system.files.kind(path) != Some(FileKind::Directory)
    {
        bail!("'{}' (--datadir) is not a directory", path.display());
    }
    let config = DataDirConfig {
        datadir: datadir.map(Path::to_owned),
        nmapdir: std::env::var_os("NMAPDIR").map(PathBuf::from),
        home: std::env::var_os("HOME").map(PathBuf::from),
        overrides: HashMap::new(),
        embedded: Some(nseer_stdlib::file),
    };
    Ok(Arc::new(DataDirs::new(config, system.files.clone())))
}

/// A port as it is given to a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenPort {
    pub(super) key: PortKey,
    pub(super) state: PortState,
    pub(super) reason: Reason,
    pub(super) service: Option<String>,
}

/// The host as it is given to a script.
#[derive(Clone, Debug)]
pub(super) struct GivenHost {
    pub(super) address: IpAddr,
    pub(super) name: Option<String>,
    pub(super) ports: Vec<GivenPort>,
    /// The way to it, where it is known.
    pub(super) way: Option<Way>,
}

/// What the kernel says of the way to a host; nothing where it knows of none.
pub(super) fn way(address: IpAddr, system: &System, zones: &Zones) -> Option<Way> {
    let no_ports = PortTable::new(Arc::new(ScanPorts::new(
        Vec::new(),
        Arc::new(ServiceTable::new(b"".as_slice())),
    )));
    let mut host = HostRecord::new(address, no_ports, system.clock.wall());
    nseer_scan::know_way(&mut host, system.files.clone(), zones.lookup()).ok()?;
    Some(Way {
        interface: host.interface?,
        mtu: host.interface_mtu,
        source: host.source?,
        is_direct: host.directly_connected?,
    })
}

impl GivenHost {
    /// The record that a scan would have made.
    fn record(&self, names: Arc<ServiceTable>, started: SystemTime) -> HostRecord {
        let keys = self.ports.iter().map(|port| port.key).collect();
        let mut table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
        for port in &self.ports {
            table.set_status(port.key, PortStatus::new(port.state, port.reason));
            if let (Some(service), Some(detail)) = (&port.service, table.detail_mut(port.key)) {
                detail.service = Some(ServiceInfo::from_table(service));
            }
        }
        let mut host = HostRecord::new(self.address, table, started);
        (host.status, host.reason) = (HostStatus::Up, Reason::UserSet);
        host.target_name = self.name.clone();
        if let Some(way) = &self.way {
            host.interface = Some(way.interface.clone());
            host.interface_mtu = way.mtu;
            host.source = Some(way.source);
            host.directly_connected = Some(way.is_direct);
        }
        host
    }
}

/// Everything that one run needs.
pub(super) struct SingleRun<'a> {
    pub(super) script: &'a Path,
    pub(super) host: &'a GivenHost,
    pub(super) args: Option<&'a [u8]>,
    pub(super) data: Arc<DataDirs>,
    /// Names of services, as `data` has them.
    pub(super) names: Arc<ServiceTable>,
    pub(super) network: Network,
    /// When the host was begun, as a scan would have it.
    pub(super) started: SystemTime,
    pub(super) system: System,
    pub(super) workbench: Workbench,
    /// Rules count as true.
    pub(super) forced: bool,
    /// Raw packets may be sent.
    pub(super) privileged: bool,
    pub(super) debugging: u8,
    pub(super) verbosity: u8,
}

/// What came of it.
pub(super) struct Ran {
    pub(super) script: Arc<ScriptInfo>,
    pub(super) pre: PhaseRecord,
    pub(super) host: HostRecord,
    pub(super) post: PhaseRecord,
    pub(super) messages: Vec<(Severity, Vec<u8>)>,
}

/// Keeps what the engine says.
#[derive(Default)]
struct Ear {
    messages: Mutex<Vec<(Severity, Vec<u8>)>>,
}

impl EventSink for Ear {
    fn emit(&self, event: Event) {
        if let Event::Message { severity, text } = event {
            self.messages.lock().unwrap_or_else(PoisonError::into_inner).push((severity, text));
        }
    }
}

impl NewTargets for Ear {
    fn add(&self, _: &str) -> bool {
        false
    }

    fn waiting(&self) -> usize {
        0
    }

    fn added(&self) -> usize {
        0
    }
}

/// The script in this file, wherever the file is.
fn select(path: &Path, data: &DataDirs, system: &System) -> anyhow::Result<SelectedScript> {
    match system.files.kind(path) {
        Some(FileKind::File) => {}
        Some(FileKind::Other) => bail!("cannot read '{}': it is no regular file", path.display()),
        Some(FileKind::Directory) => bail!("cannot read '{}': it is a folder", path.display()),
        None => bail!("cannot read '{}': there is no such file", path.display()),
    }
    let Some(data_file) = data.file_at(path) else {
        bail!("cannot read '{}': there is no such file", path.display());
    };
    Ok(SelectedScript::named(data_file))
}

impl SingleRun<'_> {
    /// Runs the script in all its phases.
    ///
    /// # Errors
    /// Where it cannot be loaded; what it does is in the result.
    pub(super) async fn go(self) -> anyhow::Result<Ran> {
        let ear = Arc::new(Ear::default());
        let mut script = select(self.script, &self.data, &self.system)?;
        script.forced = self.forced;
        let script_args = script_args::parse(None, self.args)?.table;
        let mut host = self.host.record(self.names, self.started);
        let config = EngineConfig {
            system: self.system.clone(),
            data: self.data,
            network: self.network,
            events: ear.clone(),
            new_targets: ear.clone(),
            scripts: vec![script],
            script_args,
            // One host alone has one worker, and nothing needs to be known of the scripts for that.
            workers: None,
            many_hosts: false,
            levels: Arc::new(Levels::new(self.verbosity, self.debugging, false)),
            timing_level: 3,
            version_intensity: 7,
            excluded_ports: Arc::default(),
            script_timeout: None,
            compute_limit: DEFAULT_CPU_LIMIT,
            ipv6: self.host.address.is_ipv6(),
            privileged: self.privileged,
            interface: None,
            ttl: None,
            payload_length: 0,
            slots_per_host: SLOTS,
            registry: KeptRegistries::default(),
            process_ends: false,
            workbench: self.workbench,
        };
        let engine = Engine::start(config).await?;
        let Some(script) = engine.scripts().first().cloned() else {
            let ear = ear.messages.lock().unwrap_or_else(PoisonError::into_inner);
            let why = ear.last().map(|(_, text)| String::from_utf8_lossy(text).into_owned());
            bail!("'{}' was not loaded: {}", self.script.display(), why.unwrap_or_default());
        };
        let pre = engine.run_phase(Phase::Pre).await;
        engine.run_host(&mut host, None).await;
        let post = engine.run_phase(Phase::Post).await;
        drop(engine);
        let messages =
            std::mem::take(&mut *ear.messages.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Ran { script, pre, host, post, messages })
    }
}

impl Ran {
    /// All results with the place that each belongs to.
    fn results(&self) -> Vec<(String, &[ScriptResult])> {
        let mut results = vec![("pre-scan".to_owned(), self.pre.results.as_slice())];
        for (key, _) in self.host.ports.iter() {
            if let Some(detail) = self.host.ports.detail(key) {
                results.push((key.to_string(), &detail.scripts));
            }
        }
        results.push(("host".to_owned(), &self.host.scripts));
        results.push(("post-scan".to_owned(), &self.post.results));
        results.retain(|(_, results)| results.iter().any(|result| !result.output.is_empty()));
        results
    }

    /// The results as lines of normal output. Where they belong is said where that is more than one
    /// place.
    pub(super) fn text(&self) -> String {
        let results = self.results();
        let mut out = String::new();
        for (place, of_place) in &results {
            if results.len() > 1 {
                out.push_str(&format!("{place}:\n"));
            }
            out.push_str(&script_lines(of_place));
        }
        out
    }

    /// How the script ended wherever it did not end well.
    pub(super) fn failures(&self) -> Vec<String> {
        let runs = self.pre.runs.iter().chain(&self.host.runs).chain(&self.post.runs);
        runs.filter_map(|run| match &run.outcome {
            ScriptOutcome::Output | ScriptOutcome::Silent => None,
            other => {
                let place = run.port.map(|port| format!(" on {port}")).unwrap_or_default();
                let why = other.message().map(|why| format!(": {why}")).unwrap_or_default();
                Some(format!("the script {}{place}{why}", other.state().replace('_', " ")))
            }
        })
        .collect()
    }

    /// The action was called somewhere.
    pub(super) fn has_run(&self) -> bool {
        !(self.pre.runs.is_empty() && self.host.runs.is_empty() && self.post.runs.is_empty())
    }

    /// The longest time that the script took somewhere.
    pub(super) fn elapsed(&self) -> Duration {
        let runs = self.pre.runs.iter().chain(&self.host.runs).chain(&self.post.runs);
        runs.map(|run| run.elapsed).max().unwrap_or_default()
    }
}

/// Looks up a target, and notes on which link it is where that matters.
///
/// # Errors
/// Where the name has no address, or it is not clear on which link it is.
pub(super) async fn address(
    target: &str,
    network: &Network,
    zones: &Zones,
) -> anyhow::Result<IpAddr> {
    let typed = target.parse::<TargetSpec>().ok().filter(|spec| spec.zone().is_some());
    let spec = match typed {
        Some(spec) => spec,
        None => resolved(target, network).await?.into(),
    };
    let zone = zones.of(&spec)?;
    let address = spec.addresses().at(0).context("no address")?;
    zones.note(address, zone)?;
    Ok(address)
}

async fn resolved(target: &str, network: &Network) -> anyhow::Result<IpAddr> {
    let found = network.resolve(target, None).await;
    let found = found.map_err(|error| match error {
        nseer_net::NetError::Resolve { text, .. } => {
            anyhow::anyhow!("cannot find the target '{target}': {text}")
        }
        other => other.into(),
    })?;
    found.first().copied().with_context(|| format!("the target '{target}' has no address"))
}
