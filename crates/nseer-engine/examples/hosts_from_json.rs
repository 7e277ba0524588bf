//! Runs scripts on hosts and ports that another program found: a list of them in JSON goes in, what the scripts
//! say comes out, one JSON object a line.
//!
//! ```sh
//! echo '[{"address": "127.0.0.1", "ports": [{"number": 22, "service": "ssh"}]}]' |
//!     cargo run -p nseer-engine --example hosts_from_json -- banner,auth-owners
//! ```

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use nseer_core::{
    Event, EventSink, HostRecord, HostStatus, Levels, PortKey, PortState, PortStatus, PortTable,
    Protocol, Reason, ScanPorts, ScriptResult, ServiceInfo,
};
use nseer_engine::data_dir::{DataDirConfig, DataDirs};
use nseer_engine::selection::{Request, resolve};
use nseer_engine::{Engine, EngineConfig, KeptRegistries, NewTargets, Workbench, script_args};
use nseer_net::{Network, NetworkConfig};
use nseer_seam::System;
use serde_json::{Value, json};

/// Takes what happens while scripts run. This program prints results when a host is done, and wants neither
/// messages nor further targets.
struct Quiet;

impl EventSink for Quiet {
    fn emit(&self, _: Event) {}
}

impl NewTargets for Quiet {
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

/// Runs the scripts that `rule` means (the language of `--script`) on `hosts`. Gives one object for each result.
///
/// # Errors
/// Where the list or the rule makes no sense, or a script does not load.
pub(crate) async fn run(hosts: &Value, rule: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    let system = System::real();
    // The embedded library; `datadir` names an installed Nmap instead.
    let config = DataDirConfig { embedded: Some(nseer_stdlib::file), ..DataDirConfig::default() };
    let data = Arc::new(DataDirs::new(config, system.files.clone()));
    let request = Request { scripts: vec![rule.to_owned()], ..Request::default() };
    let records: Vec<HostRecord> = hosts
        .as_array()
        .ok_or("a list of hosts is needed")?
        .iter()
        .map(|host| record(host, &system))
        .collect::<Result<_, _>>()?;
    let engine = Engine::start(EngineConfig {
        scripts: resolve(&request, &data)?.scripts,
        script_args: script_args::parse(None, None)?.table,
        network: Network::new(NetworkConfig::default()),
        events: Arc::new(Quiet),
        new_targets: Arc::new(Quiet),
        many_hosts: records.len() > 1,
        system,
        data,
        workers: None,
        levels: Arc::new(Levels::new(0, 0, false)),
        timing_level: 3,
        version_intensity: 7,
        excluded_ports: Arc::default(),
        script_timeout: Some(Duration::from_secs(60)),
        compute_limit: Duration::from_secs(10),
        ipv6: false,
        privileged: false,
        interface: None,
        ttl: None,
        payload_length: 0,
        slots_per_host: 64,
        registry: KeptRegistries::default(),
        process_ends: false,
        workbench: Workbench::default(),
    })
    .await?;
    let engine = Arc::new(engine);
    // All hosts at once: the engine has its own bounds.
    let running: Vec<_> = records
        .into_iter()
        .map(|mut record| {
            let engine = engine.clone();
            tokio::spawn(async move {
                engine.run_host(&mut record, None).await;
                record
            })
        })
        .collect();
    let mut results = Vec::new();
    for host in running {
        results.extend(told(&host.await?));
    }
    Ok(results)
}

/// A host as a scan would have found it.
fn record(host: &Value, system: &System) -> Result<HostRecord, Box<dyn Error>> {
    let address: IpAddr = host["address"].as_str().ok_or("a host needs an address")?.parse()?;
    let ports = host["ports"].as_array().ok_or("a host needs a list of ports")?;
    let keys: Vec<PortKey> = ports.iter().map(key).collect::<Result<_, _>>()?;
    let names = Arc::new(nseer_stdlib::services::table());
    let mut table = PortTable::new(Arc::new(ScanPorts::new(keys.clone(), names)));
    for (key, port) in keys.into_iter().zip(ports) {
        table.set_status(key, PortStatus::new(PortState::Open, Reason::UserSet));
        if let (Some(service), Some(detail)) = (port["service"].as_str(), table.detail_mut(key)) {
            detail.service = Some(ServiceInfo::from_table(service));
        }
    }
    let mut record = HostRecord::new(address, table, system.clock.wall());
    (record.status, record.reason) = (HostStatus::Up, Reason::UserSet);
    Ok(record)
}

fn key(port: &Value) -> Result<PortKey, Box<dyn Error>> {
    let number = port["number"].as_u64().ok_or("a port needs a number")?;
    let protocol = match port["protocol"].as_str() {
        None | Some("tcp") => Protocol::Tcp,
        Some("udp") => Protocol::Udp,
        Some(other) => return Err(format!("'{other}' is no protocol: write tcp or udp").into()),
    };
    Ok(PortKey::new(protocol, number.try_into()?))
}

/// What scripts said of a host and of its ports.
fn told(host: &HostRecord) -> Vec<Value> {
    let line = |port: Option<u16>, result: &ScriptResult| {
        let output = String::from_utf8_lossy(&result.output).into_owned();
        json!({ "address": host.address, "port": port, "script": *result.id, "output": output })
    };
    let mut told: Vec<Value> = host.scripts.iter().map(|result| line(None, result)).collect();
    for (key, _) in host.ports.iter() {
        let results = host.ports.detail(key).into_iter().flat_map(|detail| &detail.scripts);
        told.extend(results.map(|result| line(Some(key.number), result)));
    }
    told
}

#[tokio::main]
#[allow(dead_code, reason = "a test takes this file as a module and calls `run`")]
async fn main() -> Result<(), Box<dyn Error>> {
    let rule = std::env::args().nth(1).unwrap_or_else(|| "default".to_owned());
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let mut out = std::io::stdout();
    for result in run(&serde_json::from_str(&text)?, &rule).await? {
        writeln!(out, "{result}")?;
    }
    Ok(())
}
