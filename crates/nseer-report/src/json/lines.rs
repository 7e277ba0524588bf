//! The objects of JSON lines, borrowed from what they tell. A field that has nothing to say is left
//! out; a list is there even when it is empty.

use std::net::IpAddr;
use std::time::Duration;

use nseer_core::event::{RunInfo, RunSummary, ScanSummary};
use nseer_core::port_spec::compact_list;
use nseer_core::trace::{Hop, Trace, TraceProbe};
use nseer_core::{
    HostRecord, Phase, PhaseRecord, PortKey, PortState, PortStatus, Progress, RoundTrip,
    ScriptResult, ScriptRun, ServiceInfo, Severity, Tunnel,
};
use serde::Serialize;

use super::{JsonBytes, JsonSystem, JsonValue, SCHEMA_ID};
use crate::normal::mac_text;
use crate::options::ReportOptions;
use crate::shown::{Group, Shown, by_id};
use crate::when;

#[derive(Serialize)]
#[serde(tag = "type", rename = "run_started")]
pub(super) struct RunStarted<'a> {
    schema: &'static str,
    program: &'a str,
    version: &'a str,
    args: &'a str,
    started: String,
    verbosity: u8,
    debugging: u8,
    scans: Vec<Scan<'a>>,
}

#[derive(Serialize)]
struct Scan<'a> {
    kind: &'static str,
    protocol: &'static str,
    count: usize,
    ports: &'a str,
}

impl<'a> RunStarted<'a> {
    pub(super) fn of(run: &'a RunInfo) -> Self {
        RunStarted {
            schema: SCHEMA_ID,
            program: &run.program,
            version: &run.version,
            args: &run.args,
            started: when::rfc3339(run.started),
            verbosity: run.verbosity,
            debugging: run.debugging,
            scans: run.scans.iter().map(Scan::of).collect(),
        }
    }
}

impl<'a> Scan<'a> {
    fn of(scan: &'a ScanSummary) -> Self {
        Scan {
            kind: scan.kind,
            protocol: scan.protocol.as_str(),
            count: scan.count,
            ports: &scan.services,
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "port_found")]
pub(super) struct PortFound {
    address: IpAddr,
    protocol: &'static str,
    port: u16,
    state: &'static str,
}

impl PortFound {
    pub(super) fn of(address: IpAddr, port: PortKey, state: PortState) -> Self {
        let (protocol, port) = (port.protocol.as_str(), port.number);
        PortFound { address, protocol, port, state: state.as_str() }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "progress")]
pub(super) struct Told<'a> {
    time: String,
    elapsed_seconds: f64,
    hosts_done: u64,
    hosts_up: u64,
    hosts_expected: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fraction: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<f64>,
    at_work: Vec<AtWork>,
    slowest: Vec<Slowest<'a>>,
}

#[derive(Serialize)]
struct AtWork {
    stage: &'static str,
    hosts: usize,
}

#[derive(Serialize)]
struct Slowest<'a> {
    what: &'a str,
    seconds: f64,
}

impl<'a> Told<'a> {
    pub(super) fn of(progress: &'a Progress) -> Self {
        let at_work = progress.at_work.iter();
        let slowest = progress.slowest.iter();
        Told {
            time: when::rfc3339(progress.now),
            elapsed_seconds: seconds(progress.elapsed),
            hosts_done: progress.done,
            hosts_up: progress.up,
            hosts_expected: progress.expected,
            fraction: progress.fraction,
            remaining_seconds: progress.remaining.map(seconds),
            at_work: at_work
                .map(|(stage, hosts)| AtWork { stage: stage.as_str(), hosts: *hosts })
                .collect(),
            slowest: slowest
                .map(|slow| Slowest { what: &slow.what, seconds: seconds(slow.since) })
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "script_finished")]
pub(super) struct ScriptFinished<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(flatten)]
    run: Run<'a>,
}

impl<'a> ScriptFinished<'a> {
    pub(super) fn of(run: &'a ScriptRun) -> Self {
        ScriptFinished { address: run.address, run: Run::of(run) }
    }
}

/// How a script ended.
#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    seconds: f64,
}

impl<'a> Run<'a> {
    fn of(run: &'a ScriptRun) -> Self {
        Run {
            id: &run.id,
            rule: run.phase.rule_name(),
            protocol: run.port.map(|port| port.protocol.as_str()),
            port: run.port.map(|port| port.number),
            state: run.outcome.state(),
            message: run.outcome.message(),
            seconds: seconds(run.elapsed),
        }
    }
}

/// Seconds, to the microsecond.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e6
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "phase")]
pub(super) struct PhaseDone<'a> {
    rule: &'static str,
    scripts: Vec<Script<'a>>,
    script_runs: Vec<Run<'a>>,
}

impl<'a> PhaseDone<'a> {
    pub(super) fn of(phase: Phase, record: &'a PhaseRecord) -> Self {
        PhaseDone {
            rule: phase.rule_name(),
            scripts: scripts(&record.results),
            script_runs: record.runs.iter().map(Run::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Script<'a> {
    id: &'a str,
    output: JsonBytes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured: Option<JsonValue<'a>>,
}

fn scripts(results: &[ScriptResult]) -> Vec<Script<'_>> {
    by_id(results).into_iter().map(Script::of).collect()
}

impl<'a> Script<'a> {
    fn of(result: &'a ScriptResult) -> Self {
        Script {
            id: &result.id,
            output: JsonBytes(&result.output),
            structured: result.structured.as_ref().map(JsonValue),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "message")]
pub(super) struct Message<'a> {
    severity: &'static str,
    text: JsonBytes<'a>,
}

impl<'a> Message<'a> {
    pub(super) fn of(severity: Severity, text: &'a [u8]) -> Self {
        let severity = match severity {
            Severity::Info | Severity::Note => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        Message { severity, text: JsonBytes(text) }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "run_finished")]
pub(super) struct RunFinished<'a> {
    finished: String,
    seconds: f64,
    up: u64,
    down: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<&'a str>,
}

impl<'a> RunFinished<'a> {
    pub(super) fn of(run: &'a RunSummary) -> Self {
        RunFinished {
            finished: when::rfc3339(run.finished),
            seconds: seconds(run.elapsed),
            up: run.up,
            down: run.down,
            interrupted: run.interrupted.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "host")]
pub(super) struct Host<'a> {
    address: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverse_name: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    other_addresses: &'a [IpAddr],
    status: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_ttl: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac_vendor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip: Option<Trip>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Way<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<JsonSystem>,
    started: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<String>,
    timed_out: bool,
    ports: Vec<Port<'a>>,
    ports_not_listed: Vec<NotListed>,
    scripts: Vec<Script<'a>>,
    script_runs: Vec<Run<'a>>,
}

impl<'a> Host<'a> {
    /// A host; its ports are shown where there are options for them.
    pub(super) fn of(host: &'a HostRecord, ports: Option<&ReportOptions>) -> Self {
        let shown = ports.map(|options| Shown::of(host, options)).unwrap_or_default();
        let port = |(key, status): &(PortKey, PortStatus)| Port::of(host, *key, *status);
        Host {
            address: host.address,
            target_name: host.target_name.as_deref(),
            reverse_name: host.reverse_name.as_deref(),
            other_addresses: &host.other_addresses,
            status: host.status.as_str(),
            reason: host.reason.as_str(),
            reason_ttl: Some(host.reason_ttl).filter(|ttl| *ttl > 0),
            mac: host.mac.map(mac_text),
            mac_vendor: host.vendor.as_deref(),
            round_trip: host.times.map(Trip::of),
            trace: host.trace.as_ref().map(Way::of),
            os: host.os.as_deref().map(JsonSystem::from),
            started: when::rfc3339(host.started),
            finished: host.finished.map(when::rfc3339),
            timed_out: host.timed_out,
            ports: shown.ports.iter().map(port).collect(),
            ports_not_listed: shown.groups.iter().flat_map(NotListed::of).collect(),
            scripts: scripts(&host.scripts),
            script_runs: host.runs.iter().map(Run::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Trip {
    smoothed_seconds: f64,
    deviation_seconds: f64,
    timeout_seconds: f64,
}

impl Trip {
    fn of(times: RoundTrip) -> Self {
        Trip {
            smoothed_seconds: seconds(times.srtt),
            deviation_seconds: seconds(times.rttvar),
            timeout_seconds: seconds(times.timeout),
        }
    }
}

/// The way to a host.
#[derive(Serialize)]
struct Way<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    hops: Vec<WayHop<'a>>,
}

#[derive(Serialize)]
struct WayHop<'a> {
    ttl: u8,
    address: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip_seconds: Option<f64>,
}

impl<'a> Way<'a> {
    fn of(trace: &'a Trace) -> Self {
        let (protocol, port) = trace.probe.map(TraceProbe::parts).unzip();
        let hop = |hop: &'a Hop| WayHop {
            ttl: hop.ttl,
            address: hop.address,
            name: hop.name.as_deref(),
            round_trip_seconds: hop.round_trip.map(seconds),
        };
        Way { protocol, port: port.flatten(), hops: trace.hops.iter().map(hop).collect() }
    }
}

#[derive(Serialize)]
struct Port<'a> {
    protocol: &'static str,
    port: u16,
    state: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_ttl: Option<u8>,
    /// Who told it, where that was not the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<JsonService>,
    scripts: Vec<Script<'a>>,
}

impl<'a> Port<'a> {
    fn of(host: &'a HostRecord, key: PortKey, status: PortStatus) -> Self {
        let service = host.ports.service(key);
        Port {
            protocol: key.protocol.as_str(),
            port: key.number,
            state: status.state.as_str(),
            reason: status.reason.as_str(),
            reason_ttl: Some(status.ttl).filter(|ttl| *ttl > 0),
            reason_ip: host.ports.teller(key),
            service: (service != ServiceInfo::default()).then(|| JsonService::of(service)),
            scripts: host.ports.detail(key).map(|d| scripts(&d.scripts)).unwrap_or_default(),
        }
    }
}

/// A service.
#[derive(Serialize)]
pub struct JsonService {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cpe: Vec<String>,
    method: &'static str,
    confidence: u8,
}

impl JsonService {
    /// All that is known of it.
    #[must_use]
    pub fn of(service: ServiceInfo) -> Self {
        JsonService {
            name: service.name,
            tunnel: (service.tunnel == Tunnel::Ssl).then_some("ssl"),
            product: service.product,
            version: service.version,
            extra_info: service.extra_info,
            hostname: service.hostname,
            os_type: service.os_type,
            device_type: service.device_type,
            fingerprint: service.fingerprint,
            cpe: service.cpe,
            method: service.method.as_str(),
            confidence: service.confidence.min(10),
        }
    }
}

/// Ports that are only counted.
#[derive(Serialize)]
struct NotListed {
    protocol: &'static str,
    state: &'static str,
    reason: &'static str,
    count: usize,
    ports: String,
}

impl NotListed {
    fn of(group: &Group) -> impl Iterator<Item = NotListed> + '_ {
        group.reasons.iter().map(|tally| NotListed {
            protocol: tally.protocol.as_str(),
            state: group.state.as_str(),
            reason: tally.reason.as_str(),
            count: tally.ports.len(),
            ports: compact_list(&tally.ports, tally.protocol),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn times_are_in_utc() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_541_274_056);
        assert_eq!(when::rfc3339(time), "2026-11-24T17:27:54.056Z");
        assert!((seconds(Duration::from_nanos(1_234_567)) - 0.001_235).abs() < f64::EPSILON);
    }
}
