//! A difference for programs: one JSON object, described by `crates/nseer-diff/schema/diff-1.json`.

use std::io::{self, Write};
use std::net::IpAddr;

use nseer_core::port_spec::compact_list;
use nseer_core::{Phase, ScriptValue};
use nseer_report::{JsonBytes, JsonService, JsonValue, mac_text};
use serde::Serialize;

use crate::change::{
    Difference, GroupChange, HostChange, Pair, PortChange, ScriptChange, ScriptChangeKind, Step,
    ValueChange,
};
use crate::scan::Scan;

/// The schema of the object, as text.
pub const DIFF_SCHEMA: &str = include_str!("../schema/diff-1.json");

/// Writes a difference, also an empty one, and a line end. `files` are the names of both sides.
///
/// # Errors
/// Where the writer fails.
pub fn write_json(
    out: &mut impl Write,
    files: [&str; 2],
    scans: [&Scan; 2],
    difference: &Difference,
) -> io::Result<()> {
    let [before, after] = [0, 1].map(|side| Side::of(files[side], scans[side]));
    let whole = Whole {
        schema: "https://example.org/nseer/schema/diff-1.json",
        differs: !difference.is_empty(),
        before,
        after,
        hosts: difference.hosts.iter().map(Host::of).collect(),
        phases: difference
            .phases
            .iter()
            .map(|(phase, scripts)| PhaseJson::of(*phase, scripts))
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Whole<'a> {
    schema: &'static str,
    differs: bool,
    before: Side<'a>,
    after: Side<'a>,
    hosts: Vec<Host<'a>>,
    phases: Vec<PhaseJson<'a>>,
}

#[derive(Serialize)]
struct Side<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
}

impl<'a> Side<'a> {
    fn of(file: &'a str, scan: &'a Scan) -> Self {
        let made_by = scan.made_by.as_ref();
        Side {
            file,
            program: made_by.map(|(program, ..)| program.as_str()),
            version: made_by.map(|(_, version, ..)| version.as_str()),
            args: made_by.map(|(_, _, args, _)| args.as_str()),
            started: made_by.map(|(.., started)| nseer_report::rfc3339(*started)),
        }
    }
}

/// Two values; the one that is absent is left out.
#[derive(Serialize)]
struct Both<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<T>,
}

/// `None` where both are the same.
fn both<'a, T: PartialEq, J>(pair: &'a Pair<T>, json: impl Fn(&'a T) -> J) -> Option<Both<J>> {
    let (before, after) = (pair.before.as_ref().map(&json), pair.after.as_ref().map(&json));
    pair.differs().then_some(Both { before, after })
}

#[derive(Serialize)]
struct PhaseJson<'a> {
    rule: &'static str,
    scripts: Vec<Script<'a>>,
}

impl<'a> PhaseJson<'a> {
    fn of(phase: Phase, scripts: &'a [ScriptChange]) -> Self {
        PhaseJson { rule: phase.rule_name(), scripts: scripts.iter().map(Script::of).collect() }
    }
}

#[derive(Serialize)]
struct Host<'a> {
    address: IpAddr,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Both<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Both<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Both<String>>,
    ports: Vec<Port<'a>>,
    ports_not_open: Vec<Group>,
    scripts: Vec<Script<'a>>,
}

/// `added`, `removed` or `changed`.
fn change<T>(pair: &Pair<T>) -> &'static str {
    match (&pair.before, &pair.after) {
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        _ => "changed",
    }
}

impl<'a> Host<'a> {
    fn of(host: &'a HostChange) -> Self {
        Host {
            address: host.address,
            change: change(&host.status),
            status: both(&host.status, |status| *status),
            name: both(&host.names, String::as_str),
            mac: both(&host.mac, |mac| mac_text(*mac)),
            ports: host.ports.iter().map(Port::of).collect(),
            ports_not_open: host.groups.iter().map(Group::of).collect(),
            scripts: host.scripts.iter().map(Script::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Port<'a> {
    protocol: &'static str,
    port: u16,
    /// A port that was not scanned has no state.
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Both<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Both<JsonService>>,
    scripts: Vec<Script<'a>>,
}

impl<'a> Port<'a> {
    fn of(port: &'a PortChange) -> Self {
        Port {
            protocol: port.key.protocol.as_str(),
            port: port.key.number,
            change: change(&port.state),
            state: both(&port.state, |state| state.as_str()),
            service: both(&port.service, |service| JsonService::of(service.clone())),
            scripts: port.scripts.iter().map(Script::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Group {
    protocol: &'static str,
    before: &'static str,
    after: &'static str,
    count: usize,
    ports: String,
}

impl Group {
    fn of(group: &GroupChange) -> Self {
        Group {
            protocol: group.protocol.as_str(),
            before: group.before.as_str(),
            after: group.after.as_str(),
            count: group.ports.len(),
            ports: compact_list(&group.ports, group.protocol),
        }
    }
}

#[derive(Serialize)]
struct Script<'a> {
    id: &'a str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Both<JsonBytes<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured: Option<Vec<Value<'a>>>,
}

impl<'a> Script<'a> {
    fn of(script: &'a ScriptChange) -> Self {
        let whole = |value: &'a Option<ScriptValue>, is_new: bool| {
            let value = Some(JsonValue(value.as_ref()?));
            let (before, after) = if is_new { (None, value) } else { (value, None) };
            Some(vec![Value { path: Vec::new(), values: Both { before, after } }])
        };
        let text = |before: Option<&'a [u8]>, after: Option<&'a [u8]>| {
            Some(Both { before: before.map(JsonBytes), after: after.map(JsonBytes) })
        };
        let (change, output, structured) = match &script.kind {
            ScriptChangeKind::Added { output, structured } => {
                ("added", text(None, Some(output)), whole(structured, true))
            }
            ScriptChangeKind::Removed { output, structured } => {
                ("removed", text(Some(output), None), whole(structured, false))
            }
            ScriptChangeKind::Structure(changes) => {
                ("changed", None, Some(changes.iter().map(Value::of).collect()))
            }
            ScriptChangeKind::Text { before, after } => {
                ("changed", text(Some(before), Some(after)), None)
            }
        };
        Script { id: &script.id, change, output, structured }
    }
}

/// A value in a structure: the keys that lead to it, `null` for an item of a list.
#[derive(Serialize)]
struct Value<'a> {
    path: Vec<Option<JsonBytes<'a>>>,
    #[serde(flatten)]
    values: Both<JsonValue<'a>>,
}

impl<'a> Value<'a> {
    fn of(change: &'a ValueChange) -> Self {
        let step = |step: &'a Step| match step {
            Step::Key(key) => Some(JsonBytes(key)),
            Step::Item => None,
        };
        let value = &change.value;
        Value {
            path: change.path.iter().map(step).collect(),
            values: Both {
                before: value.before.as_ref().map(JsonValue),
                after: value.after.as_ref().map(JsonValue),
            },
        }
    }
}
