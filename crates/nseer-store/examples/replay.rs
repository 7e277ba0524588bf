//! How fast a large scan is kept, and written from its store in every format, and in how much memory.
//! `cargo run --release -p nseer-store --example replay [HOSTS]`; 10,000 hosts with five open ports and
//! two scripts each, if nothing is said.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement for a person")]
#![allow(clippy::disallowed_methods, reason = "it measures time, and reads what the kernel counts")]

use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use nseer_core::event::{RunInfo, RunSummary, ScanSummary};
use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PortKey, PortState, PortStatus, PortTable, Protocol,
    Reason, ScanPorts, ScriptOutcome, ScriptResult, ScriptRun, ScriptValue, ServiceTable,
};
use nseer_report::{
    GrepableReport, HtmlReport, JsonReport, NormalReport, Place, Report, ReportOptions, XmlReport,
};
use nseer_store::{Beginning, Store, StoreError};

const PORTS: [u16; 5] = [22, 25, 80, 443, 8080];

/// Counts what is written.
#[derive(Clone, Default)]
struct Counted(Arc<std::sync::atomic::AtomicU64>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn host(number: u32, ports: &Arc<ScanPorts>) -> HostRecord {
    let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
    let mut host = HostRecord::new(address, PortTable::new(ports.clone()), SystemTime::UNIX_EPOCH);
    (host.status, host.reason) = (HostStatus::Up, Reason::SynAck);
    host.finished = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(9));
    for port in PORTS {
        let key = PortKey::tcp(port);
        let status = PortStatus { state: PortState::Open, reason: Reason::SynAck, ttl: 64 };
        host.ports.set_status(key, status);
        let entries = vec![
            (Some(b"subject".to_vec()), ScriptValue::Scalar(b"CN=www.example".to_vec())),
            (Some(b"number".to_vec()), ScriptValue::Scalar(number.to_string().into_bytes())),
        ];
        let table = ScriptResult {
            id: "structured".into(),
            output: format!("\n  subject: CN=www.example\n  number: {number}").into_bytes(),
            structured: Some(ScriptValue::Table(entries)),
        };
        let banner = ScriptResult {
            id: "banner".into(),
            output: b"220 host.example ready <\xff>".to_vec(),
            structured: None,
        };
        host.ports.detail_mut(key).unwrap().scripts = vec![banner, table];
        host.runs.extend(["banner", "structured"].map(|id| ScriptRun {
            id: id.into(),
            phase: Phase::Port,
            address: Some(address),
            port: Some(key),
            outcome: ScriptOutcome::Output,
            elapsed: Duration::from_millis(3),
        }));
    }
    host
}

/// The most memory that the process has had, in KiB (proc(5), `VmHWM`).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn main() {
    let hosts: u32 = std::env::args().nth(1).map_or(10_000, |text| text.parse().unwrap());
    let all = f64::from(hosts) * PORTS.len() as f64;
    let tell = |what: &str, took: Duration, bytes: u64| {
        println!(
            "{what:<9} {:>9.0} ports/s  {:>6.2} s  {:>8} KiB  peak {:>7} KiB",
            all / took.as_secs_f64(),
            took.as_secs_f64(),
            bytes / 1024,
            peak()
        );
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan");
    let names = Arc::new(ServiceTable::new(&b"ssh\t22/tcp\nhttp\t80/tcp\nhttps\t443/tcp\n"[..]));
    let ports = Arc::new(ScanPorts::new(PORTS.map(PortKey::tcp).to_vec(), names));
    let mut store =
        Store::create(&path, Beginning { words: vec!["x".into()], folder: "/".into() }).unwrap();
    let scan = ScanSummary {
        kind: "syn",
        protocol: Protocol::Tcp,
        count: PORTS.len(),
        services: "22,25,80,443,8080".into(),
    };
    let begun = Instant::now();
    store
        .take(Event::RunStarted(RunInfo {
            program: "nseer".into(),
            args: "nseer".into(),
            version: "1".into(),
            started: SystemTime::UNIX_EPOCH,
            verbosity: 0,
            debugging: 0,
            scans: vec![scan],
        }))
        .unwrap();
    for number in 0..hosts {
        store.take(Event::HostDone(Arc::new(host(number, &ports)))).unwrap();
    }
    store
        .take(Event::RunFinished(RunSummary {
            finished: SystemTime::UNIX_EPOCH,
            elapsed: Duration::ZERO,
            up: hosts.into(),
            down: 0,
            interrupted: None,
            is_told: false,
        }))
        .unwrap();
    store.commit().unwrap();
    tell("store", begun.elapsed(), std::fs::metadata(&path).unwrap().len());
    drop(store);
    let store = Store::read(&path).unwrap();
    let options = ReportOptions::default();
    for name in ["(read)", "normal", "grepable", "xml", "json", "html"] {
        let out = Counted::default();
        let mut report: Option<Box<dyn Report>> = match name {
            "normal" => {
                Some(Box::new(NormalReport::new(out.clone(), Place::File, options.clone())))
            }
            "grepable" => Some(Box::new(GrepableReport::new(out.clone(), options.clone()))),
            "xml" => Some(Box::new(XmlReport::new(out.clone(), options.clone()))),
            "json" => Some(Box::new(JsonReport::new(out.clone(), options.clone()))),
            "html" => Some(Box::new(HtmlReport::new(out.clone(), options.clone()))),
            _ => None,
        };
        let begun = Instant::now();
        store
            .replay(|event| {
                report.iter_mut().for_each(|report| report.event(&event).unwrap());
                Ok::<(), StoreError>(())
            })
            .unwrap();
        tell(name, begun.elapsed(), out.0.load(std::sync::atomic::Ordering::Relaxed));
    }
}
