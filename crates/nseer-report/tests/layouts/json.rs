//! JSON lines: every line obeys the published schema, made strict so that a field which the schema
//! does not name fails.

use std::sync::OnceLock;
use std::time::Duration;

use nseer_core::progress::Slow;
use nseer_core::trace::{Hop, Trace, TraceProbe};
use nseer_core::{
    Event, HostRecord, Phase, PhaseRecord, PortKey, PortState, Progress, ScriptCost, ScriptOutcome,
    ScriptRun, ScriptValue, ServiceInfo, ServiceMethod, Severity, Stage, Tunnel,
};
use nseer_report::{JSON_SCHEMA, JsonBytes, JsonReport, JsonValue, ReportOptions};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::*;

/// The published schema, with every object closed.
fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
        close(&mut schema);
        jsonschema::validator_for(&schema).unwrap()
    })
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

/// The lines that `events` give, each of them valid.
fn lines(options: ReportOptions, events: &[Event]) -> Vec<Value> {
    let text = render(|out| JsonReport::new(out, options), events);
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let errors: Vec<String> = schema()
                .iter_errors(&value)
                .map(|e| format!("{}: {e}", e.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{line}\n{}", errors.join("\n"));
            value
        })
        .collect()
}

fn only(options: ReportOptions, event: Event) -> Value {
    let mut lines = lines(options, &[event]);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}

fn run(phase: Phase, port: Option<u16>, outcome: ScriptOutcome) -> ScriptRun {
    ScriptRun {
        id: "x".into(),
        phase,
        address: (phase == Phase::Port || phase == Phase::Host).then(|| "::1".parse().unwrap()),
        port: port.map(PortKey::tcp),
        outcome,
        elapsed: Duration::from_micros(1_500),
    }
}

#[test]
fn the_schema_is_a_schema() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    for wrong in
        [json!({}), json!({"type": "host"}), json!({"type": "message", "severity": "info"})]
    {
        assert!(!self::schema().is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn costs_of_scripts_stand_before_the_end() {
    let cost = |id: &str, elapsed| {
        Event::ScriptCosted(ScriptCost {
            id: id.into(),
            phase: Phase::Host,
            address: Some("127.0.0.1".parse().unwrap()),
            port: None,
            has_run: true,
            elapsed: Duration::from_millis(elapsed),
            running: Duration::from_millis(2),
            connections: 1,
            sent: 3,
            received: 4,
            peak_memory: 5,
        })
    };
    let events =
        [cost("fast", 250), cost("slow", 1_002), cost("fast", 250), run_finished(1, 0, None)];
    let lines = lines(ReportOptions::default(), &events);
    assert_eq!(
        lines.iter().map(|line| &line["type"]).collect::<Vec<_>>(),
        ["script_cost", "script_cost", "run_finished"]
    );
    assert_eq!(
        lines[0],
        json!({
            "type": "script_cost", "id": "slow", "runs": 1, "seconds": 1.002, "running_seconds": 0.002,
            "waiting_seconds": 1.0, "connections": 1, "bytes_sent": 3, "bytes_received": 4,
            "peak_memory_bytes": 5,
        })
    );
    assert_eq!((&lines[1]["id"], &lines[1]["runs"]), (&json!("fast"), &json!(2)));
}

#[test]
fn a_whole_run() {
    let found = Event::PortFound {
        address: "127.0.0.1".parse().unwrap(),
        port: PortKey::tcp(22),
        state: PortState::Open,
    };
    let events =
        [run_started(), found, Event::HostDone(web_host().into()), run_finished(1, 2, Some("why"))];
    let lines = lines(ReportOptions::default(), &events);
    assert_eq!(
        lines[0],
        json!({
            "type": "run_started",
            "schema": "https://example.org/nseer/schema/events-1.json",
            "program": "nseer",
            "version": "0.1.0",
            "args": "nseer --open -p22,80",
            "started": "2026-11-24T17:27:54.000Z",
            "verbosity": 1,
            "debugging": 0,
            "scans": [{"kind": "connect", "protocol": "tcp", "count": 2, "ports": "22,80"}],
        })
    );
    assert_eq!(
        lines[1],
        json!({"type": "port_found", "address": "127.0.0.1", "protocol": "tcp", "port": 22,
            "state": "open"})
    );
    let port = |number: u16, name: &str| {
        json!({"protocol": "tcp", "port": number, "state": "open", "reason": "syn-ack",
            "service": {"name": name, "method": "table", "confidence": 3}, "scripts": []})
    };
    assert_eq!(
        lines[2],
        json!({
            "type": "host",
            "address": "127.0.0.1",
            "status": "up",
            "reason": "user-set",
            "round_trip": {"smoothed_seconds": 0.000_296, "deviation_seconds": 0.002_915,
                "timeout_seconds": 0.1},
            "started": "2026-11-24T17:27:54.000Z",
            "finished": "2026-11-24T17:27:56.000Z",
            "timed_out": false,
            "ports": [port(22, "ssh"), port(80, "http")],
            "ports_not_listed": [{"protocol": "tcp", "state": "closed", "reason": "conn-refused",
                "count": 78, "ports": "1-21,23-79"}],
            "scripts": [],
            "script_runs": [],
        })
    );
    assert_eq!(
        lines[3],
        json!({"type": "run_finished", "finished": "2026-11-24T17:27:54.000Z", "seconds": 0.05,
            "up": 1, "down": 2, "interrupted": "why"})
    );
}

#[test]
fn script_results_keep_their_structure_and_their_bytes() {
    let mut host = host(&[open(22)]);
    host.mac = Some([0, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]);
    host.vendor = Some("A <b>".to_owned());
    (host.target_name, host.reverse_name) = (Some("a".to_owned()), Some("<b>\u{1b}".to_owned()));
    host.other_addresses = vec!["::2".parse().unwrap()];
    add_script(&mut host, PortKey::tcp(22), table_script("t"));
    host.scripts = vec![script("b", b"\xff"), script("a", "ä\n".as_bytes())];
    let service = ServiceInfo {
        name: Some("ssh".to_owned()),
        tunnel: Tunnel::Ssl,
        product: Some("p".to_owned()),
        cpe: vec!["cpe:/a:b".to_owned()],
        method: ServiceMethod::Probed,
        confidence: 10,
        ..ServiceInfo::default()
    };
    set_service(&mut host, PortKey::tcp(22), service);
    let line = only(ReportOptions::default(), Event::HostDone(host.into()));
    assert_eq!(line["reverse_name"], "<b>\u{1b}");
    assert_eq!(line["mac"], "00:1B:2C:3D:4E:5F");
    assert_eq!(line["mac_vendor"], "A <b>");
    assert_eq!(line["other_addresses"], json!(["::2"]));
    assert_eq!(
        line["scripts"],
        json!([{"id": "a", "output": "ä\n"}, {"id": "b", "output": {"$base64": "/w=="}}])
    );
    let port = &line["ports"][0];
    assert_eq!(
        port["service"],
        json!({"name": "ssh", "tunnel": "ssl", "product": "p", "cpe": ["cpe:/a:b"],
            "method": "probed", "confidence": 10})
    );
    assert_eq!(
        port["scripts"][0]["structured"],
        json!({"$pairs": [
            [null, "seq"],
            ["k<", {"$pairs": [[null, "x"], ["sub", []]]}],
            ["bin", {"$base64": "YS0tAP8="}],
        ]})
    );
}

#[test]
fn every_end_of_a_script_has_a_state() {
    let outcomes = [
        (ScriptOutcome::Output, json!({"state": "output"})),
        (ScriptOutcome::Silent, json!({"state": "silent"})),
        (ScriptOutcome::Failed("no".into()), json!({"state": "failed", "message": "no"})),
        (ScriptOutcome::TimedOut, json!({"state": "timed_out"})),
        (ScriptOutcome::Killed("cpu".into()), json!({"state": "killed", "message": "cpu"})),
        (ScriptOutcome::Skipped("late".into()), json!({"state": "skipped", "message": "late"})),
    ];
    for (outcome, expected) in outcomes {
        let mut expected = expected;
        expected["id"] = json!("x");
        expected["seconds"] = json!(0.0015);
        let mut on_port = expected.clone();
        on_port["rule"] = json!("portrule");
        on_port["protocol"] = json!("tcp");
        on_port["port"] = json!(80);
        let mut host = host(&[open(80)]);
        host.runs = vec![run(Phase::Port, Some(80), outcome.clone())];
        let line = only(ReportOptions::default(), Event::HostDone(host.into()));
        assert_eq!(line["script_runs"], json!([on_port]));
        let event = Event::ScriptFinished {
            run: run(Phase::Port, Some(80), outcome.clone()),
            result: None,
        };
        on_port["type"] = json!("script_finished");
        on_port["address"] = json!("::1");
        assert_eq!(only(ReportOptions::default(), event), on_port);
        expected["rule"] = json!("postrule");
        let record = PhaseRecord {
            results: vec![script("x", b"y")],
            runs: vec![run(Phase::Post, None, outcome)],
        };
        let line = only(ReportOptions::default(), Event::PhaseDone { phase: Phase::Post, record });
        assert_eq!(
            line,
            json!({"type": "phase", "rule": "postrule", "scripts": [{"id": "x", "output": "y"}],
                "script_runs": [expected]})
        );
    }
}

#[test]
fn the_way_to_a_host_is_told() {
    let mut host = web_host();
    let hop = |ttl, name: Option<&str>, micros: Option<u64>| Hop {
        ttl,
        address: [192, 0, 2, ttl].into(),
        name: name.map(str::to_owned),
        round_trip: micros.map(Duration::from_micros),
    };
    let hops = vec![hop(1, Some("a.example"), Some(50)), hop(3, None, None)];
    host.trace = Some(Trace { probe: Some(TraceProbe::Port(PortKey::tcp(80))), hops });
    let line = only(ReportOptions::default(), Event::HostDone(host.clone().into()));
    let expected = json!({"protocol": "tcp", "port": 80, "hops": [
        {"ttl": 1, "address": "192.0.2.1", "name": "a.example", "round_trip_seconds": 0.000_05},
        {"ttl": 3, "address": "192.0.2.3"},
    ]});
    assert_eq!(line["trace"], expected);
    for (probe, expected) in [
        (Some(TraceProbe::Echo), json!({"protocol": "icmp", "hops": []})),
        (None, json!({"hops": []})),
    ] {
        host.trace = Some(Trace { probe, hops: Vec::new() });
        let line = only(ReportOptions::default(), Event::HostDone(host.clone().into()));
        assert_eq!(line["trace"], expected);
    }
}

#[test]
fn progress_is_told() {
    let progress = Progress {
        now: start(),
        elapsed: Duration::from_millis(1500),
        done: 2,
        up: 1,
        expected: 4,
        at_work: vec![(Stage::Scripts, 2)],
        fraction: Some(0.5),
        remaining: Some(Duration::from_secs(2)),
        tasks: Vec::new(),
        slowest: vec![Slow { what: "x on ::1".into(), since: Duration::from_secs(1) }],
    };
    let line = only(ReportOptions::default(), Event::Progress(progress.clone()));
    assert_eq!((&line["type"], &line["fraction"]), (&json!("progress"), &json!(0.5)));
    assert_eq!(line["at_work"], json!([{"stage": "Script Scan", "hosts": 2}]));
    assert_eq!(line["slowest"], json!([{"what": "x on ::1", "seconds": 1.0}]));
    let unknown = Progress { fraction: None, remaining: None, ..progress };
    let line = only(ReportOptions::default(), Event::Progress(unknown));
    assert!(line["fraction"].is_null() && line["remaining_seconds"].is_null(), "{line}");
}

#[test]
fn messages_are_told_whatever_their_bytes() {
    for (severity, name) in
        [(Severity::Info, "info"), (Severity::Warning, "warning"), (Severity::Error, "error")]
    {
        let event = |text: &[u8]| Event::Message { severity, text: text.to_vec() };
        assert_eq!(
            only(ReportOptions::default(), event(b"a\nb")),
            json!({"type": "message", "severity": name, "text": "a\nb"})
        );
        let line = only(ReportOptions::default(), event(b"\xff"));
        assert_eq!(line["text"], json!({"$base64": "/w=="}));
    }
}

#[test]
fn hosts_are_chosen_as_in_the_other_formats() {
    let told = |options: &ReportOptions, host: HostRecord| {
        lines(options.clone(), &[Event::HostDone(host.into())])
    };
    let plain = ReportOptions::default();
    let loud = ReportOptions { verbosity: 1, ..plain.clone() };
    let open_only = ReportOptions { open_only: true, ..plain.clone() };
    assert!(told(&plain, down()).is_empty());
    assert_eq!(told(&loud, down())[0]["status"], "down");
    assert!(told(&open_only, host(&[closed(1)])).is_empty());
    let mut late = host(&[open(22)]);
    late.timed_out = true;
    let line = &told(&plain, late)[0];
    assert_eq!((&line["timed_out"], &line["ports"][0]["port"]), (&json!(true), &json!(22)));
}

fn script_value() -> impl Strategy<Value = ScriptValue> {
    let bytes = proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'$'), Just(b'a')], 0..4);
    let leaf = bytes.clone().prop_map(ScriptValue::Scalar);
    leaf.prop_recursive(3, 20, 4, move |inner| {
        let entry = (proptest::option::of(bytes.clone()), inner);
        proptest::collection::vec(entry, 0..4).prop_map(ScriptValue::Table)
    })
}

/// What the schema says a reader is to do.
fn read(value: &Value) -> ScriptValue {
    let bytes = |value: &Value| match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Object(map) => {
            let text = map.get("$base64")?.as_str()?;
            Some(data_encoding::BASE64.decode(text.as_bytes()).unwrap())
        }
        _ => None,
    };
    if let Some(bytes) = bytes(value) {
        return ScriptValue::Scalar(bytes);
    }
    ScriptValue::Table(match value {
        Value::Array(items) => items.iter().map(|item| (None, read(item))).collect(),
        Value::Object(map) if map.contains_key("$pairs") => {
            let pairs = map["$pairs"].as_array().unwrap();
            pairs.iter().map(|pair| (bytes(&pair[0]), read(&pair[1]))).collect()
        }
        Value::Object(map) => {
            map.iter().map(|(key, value)| (Some(key.as_bytes().to_vec()), read(value))).collect()
        }
        other => panic!("{other}"),
    })
}

/// Objects come back sorted from this reader.
fn sorted(value: &ScriptValue) -> ScriptValue {
    let ScriptValue::Table(entries) = value else { return value.clone() };
    let mut entries: Vec<_> = entries.iter().map(|(key, v)| (key.clone(), sorted(v))).collect();
    if entries.iter().all(|(key, _)| key.is_some()) {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
    }
    ScriptValue::Table(entries)
}

proptest! {
    #[test]
    fn nothing_of_a_result_is_lost(value in script_value()) {
        let text = serde_json::to_string(&JsonValue(&value)).unwrap();
        prop_assert_eq!(sorted(&read(&serde_json::from_str(&text).unwrap())), sorted(&value));
        let ours: nseer_report::OwnedJsonValue = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&ours.0, &value, "our own reader keeps the order too");
        let mut host = host(&[]);
        host.scripts = vec![script("x", b"")];
        host.scripts[0].structured = Some(value);
        only(ReportOptions::default(), Event::HostDone(host.into()));
    }

    #[test]
    fn any_bytes_are_valid(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        let text = serde_json::to_string(&JsonBytes(&bytes)).unwrap();
        prop_assert_eq!(read(&serde_json::from_str(&text).unwrap()), ScriptValue::Scalar(bytes));
    }
}
