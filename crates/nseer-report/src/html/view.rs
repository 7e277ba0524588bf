//! What the templates show: text without control characters, in the order in which it is read.

use std::time::Duration;

use askama::Template;
use nseer_core::event::ScanSummary;
use nseer_core::port_spec::compact_list;
use nseer_core::trace::{Hop, Trace, TraceProbe};
use nseer_core::{
    HostRecord, HostStatus, Phase, PhaseRecord, PortKey, PortState, PortStatus, ScriptOutcome,
    ScriptResult, ScriptRun, ScriptValue, ServiceInfo,
};

use crate::escape::{line_text, message_text};
use crate::normal::{mac_text, port_reason};
use crate::options::ReportOptions;
use crate::service_text::{is_guess, service_info, service_label, version_text};
use crate::shown::{Shown, by_id};
use crate::system_text;
use crate::when;

#[derive(Template)]
#[template(path = "host.html")]
pub(super) struct HostView {
    number: u64,
    address: String,
    name: String,
    status: &'static str,
    timed_out: bool,
    open: usize,
    maybe: usize,
    scripts_count: usize,
    /// Scripts that did not end well; `trouble_count` also counts the host's own time-out.
    failures: usize,
    trouble_count: usize,
    facts: Vec<(&'static str, String)>,
    ports: Vec<PortView>,
    not_listed: Vec<String>,
    hops: Vec<HopView>,
    /// What the way was traced with.
    traced_with: String,
    scripts: Vec<ScriptView>,
    runs: RunsView,
}

/// One router on the way to a host, or the host.
struct HopView {
    ttl: u8,
    round_trip: String,
    address: String,
}

struct PortView {
    port: String,
    state: &'static str,
    class: &'static str,
    is_open: bool,
    service: String,
    version: String,
    reason: String,
    scripts: Vec<ScriptView>,
}

#[derive(Template)]
#[template(path = "script.html")]
pub(super) struct ScriptView {
    id: String,
    output: String,
    value: Option<ValueView>,
}

#[derive(Template)]
#[template(path = "value.html")]
enum ValueView {
    Text(String),
    Table { keyed: Vec<(String, ValueView)>, items: Vec<ValueView> },
}

#[derive(Template)]
#[template(path = "runs.html")]
pub(super) struct RunsView {
    bad: Vec<RunView>,
    silent: String,
}

struct RunView {
    id: String,
    place: String,
    state: &'static str,
    message: String,
    seconds: String,
}

#[derive(Template)]
#[template(path = "phase.html")]
pub(super) struct PhaseView {
    title: &'static str,
    scripts: Vec<ScriptView>,
    runs: RunsView,
}

/// One host.
pub(super) fn host(number: u64, host: &HostRecord, options: &ReportOptions) -> HostView {
    let has_ports = host.status == HostStatus::Up && !options.no_ports;
    let shown = if has_ports { Shown::of(host, options) } else { Shown::default() };
    let count = |wanted: fn(PortState) -> bool| {
        shown.ports.iter().filter(|(_, status)| wanted(status.state)).count()
    };
    let ports: Vec<PortView> =
        shown.ports.iter().map(|(key, status)| port(host, *key, *status, options)).collect();
    let not_listed = shown.groups.iter().flat_map(|group| {
        group.reasons.iter().map(|tally| {
            format!(
                "{} {} {} {} ({}): {}",
                tally.ports.len(),
                group.state,
                tally.protocol,
                tally.protocol.noun(2),
                tally.reason.as_str(),
                compact_list(&tally.ports, tally.protocol)
            )
        })
    });
    let failures = host.runs.iter().filter(|run| is_trouble(&run.outcome)).count();
    HostView {
        number,
        address: host.address.to_string(),
        name: host.display_name().map(line_text).unwrap_or_default(),
        status: host.status.as_str(),
        timed_out: host.timed_out,
        open: count(|state| state == PortState::Open),
        maybe: count(|state| state.is_scriptable() && state != PortState::Open),
        scripts_count: host.scripts.len() + ports.iter().map(|p| p.scripts.len()).sum::<usize>(),
        failures,
        trouble_count: failures + usize::from(host.timed_out),
        facts: facts(host),
        ports,
        not_listed: not_listed.collect(),
        hops: host.trace.iter().flat_map(|trace| &trace.hops).map(hop).collect(),
        traced_with: host.trace.as_ref().map(traced_with).unwrap_or_default(),
        scripts: scripts(&host.scripts),
        runs: runs(&host.runs),
    }
}

fn hop(hop: &Hop) -> HopView {
    HopView {
        ttl: hop.ttl,
        round_trip: hop
            .round_trip
            .map_or_else(|| "--".to_owned(), |trip| format!("{} s", when::latency(trip))),
        address: match &hop.name {
            Some(name) => format!("{} ({})", line_text(name), hop.address),
            None => hop.address.to_string(),
        },
    }
}

fn traced_with(trace: &Trace) -> String {
    match trace.probe {
        Some(TraceProbe::Port(key)) => format!(" by port {key}"),
        Some(TraceProbe::Echo) => " by ICMP echo".to_owned(),
        None => String::new(),
    }
}

fn facts(host: &HostRecord) -> Vec<(&'static str, String)> {
    let mut facts =
        vec![("Status", format!("{} ({})", host.status.as_str(), host.reason.as_str()))];
    let mut add = |term, value: Option<String>| facts.extend(value.map(|value| (term, value)));
    let reverse = host.reverse_name.as_deref().filter(|_| host.target_name.is_some());
    add("Reverse name", reverse.map(line_text));
    add("MAC address", host.mac.map(mac_text));
    add("Made by", host.vendor.as_deref().map(line_text));
    add("Latency", host.times.map(|times| format!("{} s", when::latency(times.srtt))));
    let os = host.os.as_deref();
    add("Operating system", os.and_then(system_text::in_short));
    add("Distance", os.and_then(|os| os.distance).map(|hops| format!("{hops} hops")));
    let uptime = os.and_then(|os| os.uptime);
    add("Up for", uptime.map(|(time, _)| format!("{} (a guess)", system_text::long_time(time))));
    add("Service info", service_info(host.ports.found_services()));
    if host.status == HostStatus::Up {
        let end = host.finished.unwrap_or(host.started);
        let took = end.duration_since(host.started).unwrap_or_default();
        add("Scanned", Some(format!("{} for {}", when::second(host.started), duration(took))));
    }
    facts
}

fn port(host: &HostRecord, key: PortKey, status: PortStatus, options: &ReportOptions) -> PortView {
    let service = host.ports.service(key);
    let guess = is_guess(host, key, status, options);
    let known = service != ServiceInfo::default();
    PortView {
        port: key.to_string(),
        state: status.state.as_str(),
        class: match status.state {
            PortState::Open => "open",
            state if state.is_scriptable() => "maybe",
            _ => "closed",
        },
        is_open: status.state.is_scriptable(),
        service: if known { service_label(&service, guess) } else { "unknown".to_owned() },
        version: version_text(&service),
        reason: port_reason(host, key, status),
        scripts: host.ports.detail(key).map(|d| scripts(&d.scripts)).unwrap_or_default(),
    }
}

fn scripts(results: &[ScriptResult]) -> Vec<ScriptView> {
    let view = |result: &ScriptResult| {
        let output = message_text(&result.output);
        ScriptView {
            id: line_text(&result.id),
            output: output.trim_matches('\n').to_owned(),
            value: result.structured.as_ref().filter(|v| !is_empty(v)).map(value),
        }
    };
    by_id(results).into_iter().map(view).collect()
}

/// Many scripts give an empty table beside their text.
fn is_empty(value: &ScriptValue) -> bool {
    matches!(value, ScriptValue::Table(entries) if entries.is_empty())
}

fn value(of: &ScriptValue) -> ValueView {
    let entries = match of {
        ScriptValue::Scalar(text) => return ValueView::Text(message_text(text)),
        ScriptValue::Table(entries) => entries,
    };
    let (mut keyed, mut items) = (Vec::new(), Vec::new());
    for (key, inner) in entries {
        match key {
            Some(key) => keyed.push((message_text(key), value(inner))),
            None => items.push(value(inner)),
        }
    }
    ValueView::Table { keyed, items }
}

/// True where a script did not end as it should.
pub(super) fn is_trouble(outcome: &ScriptOutcome) -> bool {
    !matches!(outcome, ScriptOutcome::Output | ScriptOutcome::Silent)
}

/// How it ended, for people.
pub(super) fn state(outcome: &ScriptOutcome) -> &'static str {
    match outcome {
        ScriptOutcome::TimedOut => "timed out",
        other => other.state(),
    }
}

fn runs(runs: &[ScriptRun]) -> RunsView {
    let bad = runs.iter().filter(|run| is_trouble(&run.outcome)).map(|run| RunView {
        id: line_text(&run.id),
        place: run.port.map(|port| port.to_string()).unwrap_or_default(),
        state: state(&run.outcome),
        message: run.outcome.message().map(|why| message_text(why.as_bytes())).unwrap_or_default(),
        seconds: when::seconds(run.elapsed),
    });
    let silent = runs.iter().filter(|run| run.outcome == ScriptOutcome::Silent);
    let mut silent: Vec<String> = silent
        .map(|run| match run.port {
            Some(port) => format!("{} ({port})", line_text(&run.id)),
            None => line_text(&run.id),
        })
        .collect();
    silent.sort_unstable();
    RunsView { bad: bad.collect(), silent: silent.join(", ") }
}

/// The scripts of a phase; `None` where there is nothing to show.
pub(super) fn phase(phase: Phase, record: &PhaseRecord) -> Option<PhaseView> {
    let title = match phase {
        Phase::Pre => "Scripts before the scan",
        _ => "Scripts after the scan",
    };
    let view = PhaseView { title, scripts: scripts(&record.results), runs: runs(&record.runs) };
    (!view.scripts.is_empty() || !view.runs.bad.is_empty()).then_some(view)
}

/// What was scanned, in words.
pub(super) fn scan(scan: &ScanSummary) -> String {
    /// A longer list says nothing to anybody.
    const MOST: usize = 120;
    let count = scan.count;
    let what = format!("{count} {} {}", scan.protocol, scan.protocol.noun(count));
    let list = if scan.services.chars().count() <= MOST {
        format!(": {}", line_text(&scan.services))
    } else {
        String::new()
    };
    format!("{what} for each host ({} scan){list}", line_text(scan.kind))
}

/// `0.05 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn duration(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{} s", when::seconds(time)),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (millis, text) in [
            (50, "0.05 s"),
            (9_999, "10.00 s"),
            (12_345, "12 s"),
            (200_000, "3 min 20 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
