//! How fast a kept scan is written and read back: 10,000 hosts with 5 open ports, 95 closed ones and
//! scripts, into each format. Prints ports (open ones) for each second of CPU time, the size, and the
//! memory in use at its highest.
//!
//! `cargo run --release -p nseer-store --example throughput`
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement on a terminal")]
#![allow(clippy::disallowed_methods, reason = "it makes files of its own")]

use std::io::{BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nseer_core::event::{RunInfo, RunSummary};
use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PortKey, PortState, PortStatus, PortTable, Reason,
    ScanPorts, ScriptOutcome, ScriptResult, ScriptRun, ScriptValue, ServiceTable,
};
use nseer_report::{
    GrepableReport, HtmlReport, JsonReport, NormalReport, Place, Report, ReportOptions, XmlReport,
};
use nseer_store::{Beginning, Store, StoreError};

const HOSTS: u32 = 10_000;
const OPEN: [u16; 5] = [22, 25, 80, 443, 8080];

fn host(number: u32, ports: &Arc<ScanPorts>) -> HostRecord {
    let mut table = PortTable::new(ports.clone());
    for key in ports.keys() {
        let open = OPEN.contains(&key.number);
        let (state, reason) = if open {
            (PortState::Open, Reason::SynAck)
        } else {
            (PortState::Closed, Reason::ConnRefused)
        };
        table.set_status(*key, PortStatus::new(state, reason));
    }
    let address = IpAddr::from(Ipv4Addr::from(0x0a00_0000 + number));
    let text = |text: &str| ScriptValue::Scalar(text.as_bytes().to_vec());
    let mut runs = Vec::new();
    for number in OPEN {
        let port = PortKey::tcp(number);
        let entries = vec![(Some(b"title".to_vec()), text("A <page>")), (None, text("x"))];
        let result = ScriptResult {
            id: "http-title".into(),
            output: b"\n  title: A <page>\n  x".to_vec(),
            structured: Some(ScriptValue::Table(entries)),
        };
        table.detail_mut(port).unwrap().scripts.push(result);
        for (id, outcome) in
            [("http-title", ScriptOutcome::Output), ("banner", ScriptOutcome::Silent)]
        {
            runs.push(ScriptRun {
                id: id.into(),
                phase: Phase::Port,
                address: Some(address),
                port: Some(port),
                outcome,
                elapsed: Duration::from_millis(12),
            });
        }
    }
    let mut host = HostRecord::new(address, table, UNIX_EPOCH + Duration::from_secs(1_795_541_274));
    (host.status, host.reason, host.runs) = (HostStatus::Up, Reason::SynAck, runs);
    host.finished = Some(host.started + Duration::from_secs(3));
    host
}

fn started() -> Event {
    Event::RunStarted(RunInfo {
        program: "nseer".into(),
        args: "nseer".into(),
        version: "0".into(),
        started: SystemTime::UNIX_EPOCH,
        verbosity: 0,
        debugging: 0,
        scans: Vec::new(),
    })
}

fn finished() -> Event {
    Event::RunFinished(RunSummary {
        finished: SystemTime::UNIX_EPOCH,
        elapsed: Duration::from_secs(1),
        up: HOSTS.into(),
        down: 0,
        interrupted: None,
        is_told: false,
    })
}

/// The most memory that the process has had, in megabytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// CPU time of the process in seconds; the kernel counts in hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

fn tell(what: &str, begun: f64, bytes: u64) {
    let seconds = (cpu() - begun).max(0.01);
    let ports = f64::from(HOSTS) * OPEN.len() as f64 / seconds;
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{what:>9}: {seconds:6.2} s  {ports:9.0} ports/s  {megabytes:6.1} MB  peak {} MB",
        peak()
    );
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let names =
        Arc::new(ServiceTable::new(b"ssh\t22/tcp\nsmtp\t25/tcp\nhttp\t80/tcp\n".as_slice()));
    let ports: Vec<PortKey> = (1..=95).chain(OPEN).map(PortKey::tcp).collect();
    let ports = Arc::new(ScanPorts::new(ports, names));
    let beginning = Beginning { words: vec!["x".into()], folder: "/".into() };
    let mut store = Store::create(&path, beginning).unwrap();
    let begun = cpu();
    store.take(started()).unwrap();
    for number in 0..HOSTS {
        store.take(Event::HostDone(Arc::new(host(number, &ports)))).unwrap();
    }
    store.take(finished()).unwrap();
    store.commit().unwrap();
    tell("store", begun, std::fs::metadata(&path).unwrap().len());
    let options = ReportOptions::default();
    for format in ["normal", "xml", "grepable", "json", "html"] {
        let file = folder.path().join(format);
        let out = BufWriter::new(std::fs::File::create(&file).unwrap());
        let mut report = report(format, out, options.clone());
        let begun = cpu();
        store
            .replay(|event| {
                report.event(&event).unwrap();
                Ok::<(), StoreError>(())
            })
            .unwrap();
        drop(report);
        tell(format, begun, std::fs::metadata(&file).unwrap().len());
    }
}

fn report(
    format: &str,
    out: impl Write + Send + 'static,
    options: ReportOptions,
) -> Box<dyn Report> {
    match format {
        "normal" => Box::new(NormalReport::new(out, Place::File, options)),
        "xml" => Box::new(XmlReport::new(out, options)),
        "grepable" => Box::new(GrepableReport::new(out, options)),
        "json" => Box::new(JsonReport::new(out, options)),
        _ => Box::new(HtmlReport::new(out, options)),
    }
}
