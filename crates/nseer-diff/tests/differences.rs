//! Two scans made by hand, and what is said of them as text and as JSON.

#![allow(clippy::unwrap_used, reason = "in a test a failed unwrap is a failed test")]

use std::sync::Arc;
use std::time::SystemTime;

use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PhaseRecord, PortKey, PortState, PortStatus, PortTable,
    Reason, ScanPorts, ScriptResult, ScriptValue, ServiceInfo, ServiceTable,
};
use nseer_diff::{DIFF_SCHEMA, Scan, compare, write_json, write_text};
use serde_json::{Value, json};

fn host(address: &str, ports: &[(u16, PortState)]) -> HostRecord {
    let names = Arc::new(ServiceTable::new(b"ssh\t22/tcp\nhttp\t80/tcp\n".as_slice()));
    let keys = ports.iter().map(|(number, _)| PortKey::tcp(*number)).collect();
    let mut table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
    for (number, state) in ports {
        table.set_status(PortKey::tcp(*number), PortStatus::new(*state, Reason::Unknown));
    }
    let mut host = HostRecord::new(address.parse().unwrap(), table, SystemTime::UNIX_EPOCH);
    host.status = HostStatus::Up;
    host
}

fn script(id: &str, output: &str, structured: Option<ScriptValue>) -> ScriptResult {
    ScriptResult { id: id.into(), output: output.as_bytes().to_vec(), structured }
}

fn table(entries: &[(&str, &str)]) -> Option<ScriptValue> {
    let entry = |(key, value): &(&str, &str)| {
        let key = (!key.is_empty()).then(|| key.as_bytes().to_vec());
        (key, ScriptValue::Scalar(value.as_bytes().to_vec()))
    };
    Some(ScriptValue::Table(entries.iter().map(entry).collect()))
}

fn on_port(host: &mut HostRecord, port: u16, result: ScriptResult) {
    host.ports.detail_mut(PortKey::tcp(port)).unwrap().scripts.push(result);
}

fn version(host: &mut HostRecord, port: u16, name: &str, version: &str) {
    let service = ServiceInfo {
        name: Some(name.to_owned()),
        version: Some(version.to_owned()),
        ..ServiceInfo::default()
    };
    host.ports.detail_mut(PortKey::tcp(port)).unwrap().service = Some(service);
}

fn scan(hosts: Vec<HostRecord>) -> Scan {
    let mut scan = Scan::default();
    for host in hosts {
        scan.take(&Event::HostDone(Arc::new(host)));
    }
    scan
}

fn text(before: &Scan, after: &Scan) -> String {
    let mut out = Vec::new();
    write_text(&mut out, ["a.xml", "b.xml"], &compare(before, after)).unwrap();
    String::from_utf8(out).unwrap()
}

/// The object, valid against its schema with every object closed that the schema describes.
fn json_of(before: &Scan, after: &Scan) -> Value {
    let mut out = Vec::new();
    write_json(&mut out, ["a", "b"], [before, after], &compare(before, after)).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    let mut schema: Value = serde_json::from_str(DIFF_SCHEMA).unwrap();
    close(&mut schema);
    let schema = jsonschema::validator_for(&schema).unwrap();
    if let Some(error) = schema.iter_errors(&value).next() {
        panic!("{error} at {}: {value:#}", error.instance_path());
    }
    value
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(close);
            if map.contains_key("properties") && map.get("type") == Some(&json!("object")) {
                map.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

const OPEN: PortState = PortState::Open;
const CLOSED: PortState = PortState::Closed;
const FILTERED: PortState = PortState::Filtered;

/// Two scans in which everything differs that can.
fn pair() -> (Scan, Scan) {
    let mut old = host(
        "10.0.0.1",
        &[(1, CLOSED), (2, CLOSED), (3, CLOSED), (22, OPEN), (80, OPEN), (81, OPEN)],
    );
    let mut new = host(
        "10.0.0.1",
        &[(1, FILTERED), (2, FILTERED), (3, CLOSED), (22, OPEN), (80, CLOSED), (99, OPEN)],
    );
    (old.reverse_name, new.reverse_name) = (Some("old".to_owned()), Some("new\u{1b}".to_owned()));
    version(&mut old, 22, "ssh", "1.0");
    version(&mut new, 22, "ssh", "2.0\n");
    on_port(&mut old, 22, script("keys", "", table(&[("type", "rsa"), ("", "x"), ("", "y")])));
    on_port(&mut new, 22, script("keys", "", table(&[("type", "dsa"), ("", "y"), ("", "z")])));
    on_port(&mut old, 22, script("motd", "hello\nworld\x1b[31m", None));
    on_port(&mut new, 22, script("motd", "hello\nmars", None));
    on_port(&mut old, 80, script("title", "\n  t: Home", table(&[("t", "Home")])));
    new.scripts = vec![script("fresh", "one\n\ntwo", None)];
    let gone = host("10.0.0.2", &[(22, OPEN)]);
    let come = host("fe80::1", &[(80, OPEN), (81, CLOSED)]);
    let mut before = scan(vec![old, gone, host("10.0.0.3", &[(22, OPEN)])]);
    let after = scan(vec![new, come, host("10.0.0.3", &[(22, OPEN)])]);
    let results = vec![script("post", "seen 3", None)];
    let record = PhaseRecord { results, runs: Vec::new() };
    before.take(&Event::PhaseDone { phase: Phase::Post, record });
    (before, after)
}

#[test]
fn everything_as_text() {
    let (before, after) = pair();
    assert_eq!(
        text(&before, &after),
        "--- a.xml\n\
         +++ b.xml\n\
         \n\
         10.0.0.1 (new\\x1B)\n\
         - name old\n\
         + name new\\x1B\n\
         - 22/tcp open ssh 1.0\n\
         + 22/tcp open ssh 2.0\\x0A\n\
         \x20 22/tcp keys:\n\
         -     type: rsa\n\
         +     type: dsa\n\
         -     []: x\n\
         +     []: z\n\
         \x20 22/tcp motd:\n\
         -     world\\x1B[31m\n\
         +     mars\n\
         - 80/tcp open http\n\
         + 80/tcp closed http\n\
         - 80/tcp title:\n\
         -       t: Home\n\
         - 81/tcp open\n\
         + 99/tcp open\n\
         \x20 2 tcp ports closed are now filtered: 1-2\n\
         + fresh:\n\
         +     one\n\
         +     two\n\
         \n\
         10.0.0.2\n\
         - host up\n\
         - 22/tcp open ssh\n\
         \n\
         fe80::1\n\
         + host up\n\
         + 80/tcp open http\n\
         \n\
         Post-scan scripts\n\
         - post:\n\
         -     seen 3\n"
    );
    assert_eq!(text(&before, &before), "");
    assert!(compare(&after, &after).is_empty());
}

#[test]
fn everything_as_json() {
    let (before, after) = pair();
    let value = json_of(&before, &after);
    assert_eq!(value["differs"], true);
    let host = &value["hosts"][0];
    assert_eq!((&host["address"], &host["change"]), (&json!("10.0.0.1"), &json!("changed")));
    assert_eq!(host["name"], json!({"before": "old", "after": "new\u{1b}"}));
    let port = &host["ports"][0];
    assert_eq!((&port["port"], &port["change"]), (&json!(22), &json!("changed")));
    assert_eq!(port["service"]["after"]["version"], "2.0\n");
    assert_eq!(
        port["scripts"][0],
        json!({"id": "keys", "change": "changed", "structured": [
            {"path": ["type"], "before": "rsa", "after": "dsa"},
            {"path": [null], "before": "x"},
            {"path": [null], "after": "z"},
        ]})
    );
    assert_eq!(
        port["scripts"][1]["output"],
        json!({"before": "hello\nworld\u{1b}[31m", "after": "hello\nmars"})
    );
    assert_eq!(host["ports"][1]["state"], json!({"before": "open", "after": "closed"}));
    assert_eq!(
        host["ports"][1]["scripts"][0]["structured"],
        json!([{"path": [], "before": {"t": "Home"}}])
    );
    assert_eq!(host["ports"][3]["change"], "added");
    assert_eq!(
        host["ports_not_open"],
        json!([{"protocol": "tcp", "before": "closed", "after": "filtered", "count": 2,
            "ports": "1-2"}])
    );
    assert_eq!(value["hosts"][1]["change"], "removed");
    assert_eq!(value["phases"][0]["rule"], "postrule");
    let same = json_of(&before, &before);
    assert_eq!((&same["differs"], &same["hosts"]), (&json!(false), &json!([])));
}

#[test]
fn what_is_no_difference() {
    let mut old = host("::1", &[(22, OPEN), (80, CLOSED)]);
    let mut new = host("::1", &[(22, OPEN), (81, CLOSED)]);
    old.reason = Reason::SynAck;
    new.times = Some(nseer_core::RoundTrip::default());
    version(&mut new, 81, "guess", "");
    assert_eq!(text(&scan(vec![old]), &scan(vec![new])), "", "neither port was ever open");
    let down = HostRecord { status: HostStatus::Down, ..host("::1", &[]) };
    assert_eq!(text(&scan(vec![down]), &scan(vec![])), "", "outputs leave such hosts out");
}

#[test]
fn a_host_that_ran_out_of_time_is_not_compared_further() {
    let old = host("::1", &[(22, OPEN)]);
    let new = HostRecord { timed_out: true, ..host("::1", &[]) };
    assert_eq!(
        text(&scan(vec![old]), &scan(vec![new])),
        "--- a.xml\n+++ b.xml\n\n::1\n- host up\n+ host timed out\n"
    );
}
