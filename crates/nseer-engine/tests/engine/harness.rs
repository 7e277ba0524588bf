//! What every engine test needs: a run of some scripts on some hosts.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use nseer_core::{
    Event, EventSink, HostRecord, HostStatus, Levels, Phase, PortKey, PortState, PortStatus,
    PortTable, Reason, RegistryChange, ScanPorts, ScriptCost, ScriptOutcome, ScriptResult,
    ScriptRun, ServiceTable,
};
use nseer_engine::data_dir::{DataDirConfig, DataDirs};
use nseer_engine::selection::{Request, resolve};
use nseer_engine::{
    Engine, EngineConfig, EngineError, KeptRegistries, NewTargets, Workbench, script_args,
};
use nseer_net::{Network, NetworkConfig};
use nseer_seam::{RealFiles, System};

/// A test's scripts and options.
pub(crate) struct Case {
    scripts: Vec<(String, String)>,
    hosts: Vec<(IpAddr, Vec<(u16, PortState)>)>,
    pub(crate) workers: Option<usize>,
    pub(crate) args: String,
    pub(crate) script_timeout: Option<Duration>,
    pub(crate) host_timeout: Option<Duration>,
    pub(crate) compute_limit: Duration,
    pub(crate) debugging: u8,
    pub(crate) slots: usize,
    /// The scripts lie in a data directory.
    pub(crate) in_data_dir: bool,
    /// Data files, by the name under which they are looked for.
    pub(crate) overrides: HashMap<String, PathBuf>,
    /// What scripts take is measured.
    pub(crate) costs: bool,
    pub(crate) past: Past,
}

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) pre: Vec<String>,
    pub(crate) post: Vec<String>,
    /// By `address` or `address:port`: `id: text`, sorted.
    pub(crate) results: BTreeMap<String, Vec<String>>,
    pub(crate) messages: Vec<String>,
    pub(crate) runs: Vec<(String, ScriptOutcome)>,
    pub(crate) targets: Vec<String>,
    pub(crate) costs: Vec<ScriptCost>,
    pub(crate) hosts: Vec<HostRecord>,
    /// What happened; that which belongs together in one.
    pub(crate) events: Vec<Vec<Event>>,
}

/// What an earlier run did before it was broken off.
#[derive(Default)]
pub(crate) struct Past {
    pub(crate) has_pre: bool,
    pub(crate) registry: KeptRegistries,
    pub(crate) hosts: HashMap<IpAddr, PastHost>,
}

/// The same on one host.
#[derive(Default)]
pub(crate) struct PastHost {
    pub(crate) ended: Vec<(ScriptRun, Option<ScriptResult>)>,
    pub(crate) registry: Vec<RegistryChange>,
}

#[derive(Default)]
struct Recorder {
    events: Mutex<Vec<Vec<Event>>>,
    targets: Mutex<VecDeque<String>>,
}

impl EventSink for Recorder {
    fn emit(&self, event: Event) {
        self.emit_together(vec![event]);
    }

    fn emit_together(&self, events: Vec<Event>) {
        self.events.lock().expect("lock").push(events);
    }
}

impl NewTargets for Recorder {
    fn add(&self, target: &str) -> bool {
        self.targets.lock().expect("lock").push_back(target.to_owned());
        target != "refused"
    }
    fn waiting(&self) -> usize {
        self.targets.lock().expect("lock").len()
    }
    fn added(&self) -> usize {
        self.waiting()
    }
}

impl Case {
    /// One script with a body below its head.
    pub(crate) fn new(id: &str, source: &str) -> Case {
        let case = Case {
            scripts: Vec::new(),
            hosts: Vec::new(),
            workers: Some(1),
            args: String::new(),
            script_timeout: None,
            host_timeout: None,
            compute_limit: Duration::from_secs(60),
            debugging: 0,
            slots: 64,
            in_data_dir: false,
            overrides: HashMap::new(),
            costs: false,
            past: Past::default(),
        };
        case.script(id, source)
    }

    pub(crate) fn script(mut self, id: &str, source: &str) -> Case {
        self.scripts.push((id.to_owned(), source.to_owned()));
        self
    }

    pub(crate) fn host(mut self, address: &str, ports: &[(u16, PortState)]) -> Case {
        self.hosts.push((address.parse().expect("address"), ports.to_vec()));
        self
    }

    pub(crate) fn run(self) -> Outcome {
        self.try_run().expect("the scripts load")
    }

    pub(crate) fn try_run(self) -> Result<Outcome, EngineError> {
        let folder = tempfile::tempdir().expect("directory");
        let scripts = folder.path().join(".nmap/scripts");
        std::fs::create_dir_all(&scripts).expect("directory");
        for (id, source) in &self.scripts {
            std::fs::write(scripts.join(format!("{id}.nse")), source).expect("script");
        }
        let recorder = Arc::new(Recorder::default());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("runtime");
        let mut outcome = runtime.block_on(self.drive(folder.path(), recorder.clone()))?;
        let events = std::mem::take(&mut *recorder.events.lock().expect("lock"));
        for event in events.iter().flatten().cloned() {
            match event {
                Event::Message { text, .. } => {
                    outcome.messages.push(String::from_utf8_lossy(&text).into_owned());
                }
                Event::ScriptFinished { run, .. } => {
                    outcome.runs.push((run.id.to_string(), run.outcome))
                }
                Event::ScriptCosted(cost) => outcome.costs.push(cost),
                _ => {}
            }
        }
        outcome.events = events;
        outcome.costs.sort_by(|a, b| a.id.cmp(&b.id));
        outcome.runs.sort_by(|a, b| a.0.cmp(&b.0));
        outcome.targets = recorder.targets.lock().expect("lock").drain(..).collect();
        Ok(outcome)
    }

    async fn drive(
        &self,
        folder: &std::path::Path,
        recorder: Arc<Recorder>,
    ) -> Result<Outcome, EngineError> {
        let data = Arc::new(DataDirs::new(
            DataDirConfig {
                embedded: Some(nseer_stdlib::file),
                overrides: self.overrides.clone(),
                home: self.in_data_dir.then(|| folder.to_path_buf()),
                ..DataDirConfig::default()
            },
            Arc::new(RealFiles),
        ));
        let scripts = match self.in_data_dir {
            true => self.scripts.iter().map(|(id, _)| id.clone()).collect(),
            false => vec![format!("{}/.nmap/scripts/", folder.display())],
        };
        let request = Request { scripts, ..Request::default() };
        let network = NetworkConfig { slots: self.slots, ..NetworkConfig::default() };
        let config = EngineConfig {
            system: System::real(),
            scripts: resolve(&request, &data)?.scripts,
            data,
            network: Network::new(network),
            events: recorder.clone(),
            new_targets: recorder.clone(),
            script_args: script_args::parse(None, Some(self.args.as_bytes()))
                .expect("arguments")
                .table,
            workers: self.workers.and_then(NonZeroUsize::new),
            many_hosts: self.hosts.len() > 3,
            levels: Arc::new(Levels::new(0, self.debugging, false)),
            timing_level: 3,
            version_intensity: 7,
            excluded_ports: Arc::default(),
            script_timeout: self.script_timeout,
            compute_limit: self.compute_limit,
            ipv6: false,
            privileged: false,
            interface: None,
            ttl: None,
            payload_length: 0,
            slots_per_host: 64,
            registry: self.past.registry.clone(),
            process_ends: false,
            workbench: Workbench { costs: self.costs, ..Workbench::default() },
        };
        let engine = Arc::new(Engine::start(config).await?);
        let mut pre = Vec::new();
        if !self.past.has_pre {
            let record = engine.run_phase(Phase::Pre).await;
            pre = texts(&record.results);
            recorder.emit(Event::PhaseDone { phase: Phase::Pre, record });
        }
        let mut outcome = Outcome { pre, ..Outcome::default() };
        let mut running = Vec::new();
        for (address, ports) in &self.hosts {
            let (engine, mut record) = (engine.clone(), self.record(*address, ports));
            // This is the tests' own clock.
            #[allow(clippy::disallowed_methods, reason = "the deadline of the host")]
            let deadline = self.host_timeout.map(|time| std::time::Instant::now() + time);
            running.push(tokio::spawn(async move {
                engine.run_host(&mut record, deadline).await;
                record
            }));
        }
        for task in running {
            let host = task.await.expect("host task");
            collect(&mut outcome, &host);
            outcome.hosts.push(host);
        }
        outcome.post = texts(&engine.run_phase(Phase::Post).await.results);
        Ok(outcome)
    }
}

impl Case {
    /// A host, with what an earlier run left of it.
    fn record(&self, address: IpAddr, ports: &[(u16, PortState)]) -> HostRecord {
        let mut host = record(address, ports);
        let Some(past) = self.past.hosts.get(&address) else { return host };
        for (run, result) in &past.ended {
            host.runs.push(run.clone());
            let Some(result) = result.clone() else { continue };
            match run.port {
                None => host.scripts.push(result),
                Some(port) => host.ports.detail_mut(port).expect("a port").scripts.push(result),
            }
        }
        host.registry = past.registry.clone();
        host
    }
}

fn record(address: IpAddr, ports: &[(u16, PortState)]) -> HostRecord {
    let names = Arc::new(ServiceTable::new(b"http\t80/tcp\nssh\t22/tcp\n".as_slice()));
    let keys = ports.iter().map(|(n, _)| PortKey::tcp(*n)).collect();
    let mut table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
    for (number, state) in ports {
        table.set_status(PortKey::tcp(*number), PortStatus::new(*state, Reason::SynAck));
    }
    let mut host = HostRecord::new(address, table, SystemTime::UNIX_EPOCH);
    (host.status, host.reason) = (HostStatus::Up, Reason::UserSet);
    host
}

fn texts(results: &[ScriptResult]) -> Vec<String> {
    let mut texts: Vec<String> = results
        .iter()
        .map(|r| format!("{}: {}", r.id, String::from_utf8_lossy(&r.output)))
        .collect();
    texts.sort();
    texts
}

fn collect(outcome: &mut Outcome, host: &HostRecord) {
    if !host.scripts.is_empty() {
        outcome.results.insert(host.address.to_string(), texts(&host.scripts));
    }
    for (key, _) in host.ports.iter() {
        if let Some(detail) = host.ports.detail(key).filter(|d| !d.scripts.is_empty()) {
            let place = format!("{}:{}", host.address, key.number);
            outcome.results.insert(place, texts(&detail.scripts));
        }
    }
}

impl Outcome {
    /// The results at one place.
    pub(crate) fn at(&self, place: &str) -> Vec<&str> {
        self.results.get(place).into_iter().flatten().map(String::as_str).collect()
    }
}

pub(crate) const OPEN: PortState = PortState::Open;

/// Runs `body` as the action of a host script on one host and gives its only result.
pub(crate) fn action(body: &str) -> String {
    let source = format!(
        "local stdnse = require 'stdnse'\nhostrule = function() return true end\n\
         action = function(host) {body} end\n"
    );
    let ports = [(22, OPEN), (80, OPEN), (81, PortState::Closed)];
    let outcome = Case::new("x", &source).host("127.0.0.1", &ports).run();
    let texts = outcome.at("127.0.0.1");
    match texts.as_slice() {
        [text] => text.trim_start_matches("x: ").to_owned(),
        _ => format!("{texts:?} {:?}", outcome.messages),
    }
}

/// Asserts what an action gives.
pub(crate) fn check(body: &str, expected: &str) {
    assert_eq!(action(body), expected, "for {body}");
}
