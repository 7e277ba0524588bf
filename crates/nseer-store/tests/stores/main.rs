//! What a store keeps, and that it gives back what it was given.

#![allow(clippy::unwrap_used, reason = "in a test a failed unwrap is a failed test")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nseer_core::event::{RunInfo, RunSummary, ScanSummary};
use nseer_core::trace::{Hop, Trace, TraceProbe};
use nseer_core::{
    Event, ForeignWord, HostRecord, HostStatus, OsClass, OsFindings, OsMatch, Phase, PhaseRecord,
    PortKey, PortState, PortStatus, PortTable, Protocol, Reason, RoundTrip, ScanPorts,
    ScriptOutcome, ScriptResult, ScriptRun, ScriptValue, ServiceInfo, ServiceMethod, ServiceTable,
    Tunnel,
};
use nseer_store::{Beginning, Store, StoreError};

mod others;

fn at(micros: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(micros)
}

/// A host with every field set, many closed ports and a few open ones.
fn full_host(address: &str) -> HostRecord {
    let names = Arc::new(ServiceTable::new(b"ssh\t22/tcp\nhttp\t80/tcp\nx\t7/tcp\n".as_slice()));
    let keys: Vec<PortKey> = (1..=500).map(PortKey::tcp).chain([PortKey::udp(53)]).collect();
    let mut table = PortTable::new(Arc::new(ScanPorts::new(keys.clone(), names)));
    for key in keys {
        let (state, reason) = match (key.protocol, key.number) {
            (Protocol::Tcp, 22 | 80) => (PortState::Open, Reason::SynAck),
            (Protocol::Tcp, 7) => (PortState::Filtered, Reason::NoResponse),
            (Protocol::Tcp, 8) => {
                (PortState::Closed, Reason::Other(ForeignWord::new("odd-word").unwrap()))
            }
            (Protocol::Tcp, _) => (PortState::Closed, Reason::ConnRefused),
            _ => (PortState::OpenFiltered, Reason::NoResponse),
        };
        table.set_status(key, PortStatus { state, reason, ttl: 64 });
    }
    table.detail_mut(PortKey::tcp(80)).unwrap().service = Some(ServiceInfo {
        name: Some("http".into()),
        confidence: 10,
        method: ServiceMethod::Probed,
        tunnel: Tunnel::Ssl,
        product: Some("P".into()),
        version: Some("1".into()),
        extra_info: Some("e".into()),
        hostname: Some("h".into()),
        os_type: Some("o".into()),
        device_type: Some("d".into()),
        fingerprint: Some("f".into()),
        cpe: vec!["cpe:/a:b".into(), "cpe:/o:c".into()],
    });
    let routers = ["10.0.0.254", "fe80::1"].map(|teller| teller.parse().unwrap());
    table.set_teller(PortKey::udp(53), routers[0]);
    for (port, router) in [(7, 1), (8, 0), (300, 0)] {
        table.set_teller(PortKey::tcp(port), routers[router]);
    }
    let mut host = HostRecord::new(address.parse().unwrap(), table, at(1_000_001));
    host.status = HostStatus::Up;
    (host.reason, host.reason_ttl) = (Reason::EchoReply, 63);
    (host.target_name, host.reverse_name) = (Some("typed".into()), Some("ptr".into()));
    host.other_addresses = vec!["::2".parse().unwrap(), "10.0.0.9".parse().unwrap()];
    let micros = Duration::from_micros;
    host.times = Some(RoundTrip { srtt: micros(1), rttvar: micros(2), timeout: micros(3) });
    host.source = Some("10.0.0.8".parse().unwrap());
    (host.interface, host.interface_mtu) = (Some("eth0".into()), 1500);
    (host.directly_connected, host.mac) = (Some(true), Some([1, 2, 3, 4, 5, 6]));
    host.os = Some(Box::new(OsFindings {
        ports: vec![(PortKey::tcp(80), PortState::Open)],
        fingerprint: "T1(R=Y)\n".into(),
        flaw: Some("why".into()),
        matches: vec![OsMatch {
            name: "A system".into(),
            accuracy: 100,
            line: 7,
            classes: vec![OsClass { kind: "router".into(), ..OsClass::default() }],
        }],
        distance: Some(3),
        uptime: Some((Duration::from_secs(9), UNIX_EPOCH + Duration::from_secs(99))),
        ..OsFindings::default()
    }));
    host.trace = Some(Trace {
        probe: Some(TraceProbe::Port(PortKey::tcp(80))),
        hops: vec![
            Hop {
                ttl: 1,
                address: "10.0.0.7".parse().unwrap(),
                name: Some("router".into()),
                round_trip: Some(micros(99)),
            },
            Hop { ttl: 3, address: host.address, name: None, round_trip: None },
        ],
    });
    host.vendor = Some("Maker".into());
    host.finished = Some(at(2_000_002));
    host
}

fn result(id: &str) -> ScriptResult {
    let entries = vec![
        (None, ScriptValue::Scalar(b"\xff\0".to_vec())),
        (Some(b"z".to_vec()), ScriptValue::Scalar(b"1".to_vec())),
        (Some(b"a".to_vec()), ScriptValue::Table(vec![])),
    ];
    let structured = Some(ScriptValue::Table(entries));
    ScriptResult { id: id.into(), output: b"\n \xff\0".to_vec(), structured }
}

fn run(host: &HostRecord, phase: Phase, port: Option<u16>, outcome: ScriptOutcome) -> ScriptRun {
    ScriptRun {
        id: "s".into(),
        phase,
        address: Some(host.address),
        port: port.map(PortKey::tcp),
        outcome,
        elapsed: Duration::from_micros(7),
    }
}

fn with_scripts(mut host: HostRecord) -> HostRecord {
    host.scripts = vec![result("host")];
    host.ports.detail_mut(PortKey::tcp(22)).unwrap().scripts = vec![result("b"), result("a")];
    host.runs = vec![
        run(&host, Phase::Port, Some(22), ScriptOutcome::Output),
        run(&host, Phase::Host, None, ScriptOutcome::Failed("why".into())),
        run(&host, Phase::Port, None, ScriptOutcome::Skipped("late".into())),
    ];
    host
}

fn started() -> Event {
    Event::RunStarted(RunInfo {
        program: "nseer".into(),
        args: "nseer x".into(),
        version: "1".into(),
        started: at(5),
        verbosity: 1,
        debugging: 2,
        scans: vec![ScanSummary {
            kind: "connect",
            protocol: Protocol::Tcp,
            count: 3,
            services: "1-3".into(),
        }],
    })
}

fn finished(interrupted: Option<&str>) -> Event {
    Event::RunFinished(RunSummary {
        finished: at(9_000_000),
        elapsed: Duration::from_micros(8),
        up: 1,
        down: 2,
        interrupted: interrupted.map(str::to_owned),
        is_told: false,
    })
}

fn phase(phase: Phase) -> Event {
    let run = ScriptRun {
        id: "s".into(),
        phase,
        address: None,
        port: None,
        outcome: ScriptOutcome::Silent,
        elapsed: Duration::ZERO,
    };
    Event::PhaseDone { phase, record: PhaseRecord { results: vec![result("p")], runs: vec![run] } }
}

/// Every status and detail; the list that a table is made over may differ.
fn shown(host: &HostRecord) -> String {
    let ports: Vec<_> = host
        .ports
        .iter()
        .map(|(key, status)| {
            let detail =
                host.ports.detail(key).filter(|d| d.service.is_some() || !d.scripts.is_empty());
            // A closed port of which there are many has lost its name.
            let name = status.state != PortState::Closed;
            let name = name.then(|| host.ports.service(key));
            (key, status, name, detail.cloned(), host.ports.teller(key))
        })
        .collect();
    let mut rest = host.clone();
    rest.ports =
        PortTable::new(Arc::new(ScanPorts::new(vec![], Arc::new(ServiceTable::new(&b""[..])))));
    format!("{rest:#?} {ports:#?}")
}

fn replayed(store: &Store) -> Vec<Event> {
    let mut events = Vec::new();
    store
        .replay(|event| {
            events.push(event);
            Ok::<(), StoreError>(())
        })
        .unwrap();
    events
}

fn text(event: &Event) -> String {
    match event {
        Event::HostDone(host) => shown(host),
        Event::HostCutShort(host) => format!("cut short: {}", shown(host)),
        other => format!("{other:#?}"),
    }
}

fn create(path: &Path) -> Store {
    let beginning =
        Beginning { words: vec!["-p".into(), "".into(), "ä b".into()], folder: "/x".into() };
    Store::create(path, beginning).unwrap()
}

#[test]
fn a_scan_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut store = create(&path);
    let down =
        HostRecord { status: HostStatus::Down, times: None, finished: None, ..full_host("::1") };
    let events = [
        started(),
        phase(Phase::Pre),
        Event::HostDone(Arc::new(with_scripts(full_host("10.0.0.2")))),
        Event::HostDone(Arc::new(down)),
        Event::HostDone(Arc::new(full_host("10.0.0.1"))),
        phase(Phase::Post),
        finished(Some("why")),
    ];
    for event in &events {
        store.take(event.clone()).unwrap();
        store.take(Event::Message { severity: nseer_core::Severity::Info, text: vec![] }).unwrap();
        store.commit().unwrap();
    }
    // While it is still open for writing.
    for store in [Store::read(&path).unwrap(), store] {
        let found = replayed(&store);
        assert_eq!(found.len(), events.len());
        for (found, event) in found.iter().zip(&events) {
            assert_eq!(text(found), text(event));
        }
    }
}

#[test]
fn a_scan_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut store = create(&path);
    let whole = with_scripts(full_host("10.0.0.1"));
    let (done, half) = (full_host("10.0.0.2"), full_host("10.0.0.1"));
    store.take(started()).unwrap();
    store.take(phase(Phase::Pre)).unwrap();
    store.take(Event::TargetFound("new".into())).unwrap();
    store.take(Event::TargetFound("new".into())).unwrap();
    store.take(Event::HostScanned(Arc::new(half))).unwrap();
    store.take(Event::HostDone(Arc::new(done))).unwrap();
    let results: HashMap<_, _> = [("b", result("b")), ("a", result("a"))].into();
    for (run, result) in [(&whole.runs[0], Some(results["b"].clone())), (&whole.runs[1], None)] {
        store.take(Event::ScriptFinished { run: run.clone(), result }).unwrap();
    }
    let told = ServiceInfo { product: Some("told".into()), ..ServiceInfo::default() };
    // One with a row of its own, and one that shares one with others.
    let changed = [PortKey::tcp(22), PortKey::tcp(300)];
    for port in changed {
        let status = PortStatus::new(PortState::Open, Reason::ScriptSet);
        let (address, service) = (whole.address, Box::new(told.clone()));
        let event = Event::PortChanged { address, port, status, service, is_lookup: false };
        store.take(event).unwrap();
    }
    store.commit().unwrap();
    drop(store);
    let (mut store, progress) = Store::resume(&path).unwrap();
    assert!(!progress.is_finished);
    assert_eq!(progress.beginning.words, ["-p", "", "ä b"]);
    assert_eq!(progress.beginning.folder, Path::new("/x"));
    assert_eq!(progress.found_targets, ["new"]);
    assert_eq!(progress.phases, [Phase::Pre].into());
    assert_eq!((progress.done.len(), progress.up), (1, 1));
    let half = &progress.scanned[&"10.0.0.1".parse().unwrap()];
    assert_eq!(half.runs, whole.runs[..2]);
    assert_eq!(half.ports.detail(PortKey::tcp(22)).unwrap().scripts, [result("b")]);
    assert_eq!(half.ports.service(PortKey::tcp(80)).product.as_deref(), Some("P"));
    for port in changed {
        let status = half.ports.status(port).unwrap();
        assert_eq!((status.state, status.reason), (PortState::Open, Reason::ScriptSet), "{port}");
        assert_eq!(half.ports.service(port), told, "{port}");
    }
    assert_eq!(half.ports.iter().count(), whole.ports.iter().count());

    // It goes on: a further script, then the host is done, with everything once.
    store.take(started()).unwrap();
    let event = Event::ScriptFinished { run: whole.runs[2].clone(), result: None };
    store.take(event).unwrap();
    store.take(Event::HostDone(Arc::new(whole.clone()))).unwrap();
    store.take(finished(None)).unwrap();
    store.commit().unwrap();
    drop(store);
    let (store, progress) = Store::resume(&path).unwrap();
    assert!(progress.is_finished);
    let hosts: Vec<String> = replayed(&store)
        .iter()
        .filter(|event| matches!(event, Event::HostDone(_)))
        .map(text)
        .collect();
    assert_eq!(hosts, [shown(&full_host("10.0.0.2")), shown(&whole)]);
}

/// What is in a store does not tell how its events came together in transactions.
#[test]
fn events_are_kept_alike_one_by_one_and_together() {
    let folder = tempfile::tempdir().unwrap();
    let whole = with_scripts(full_host("10.0.0.1"));
    let script = |i: usize, result: Option<&str>| Event::ScriptFinished {
        run: whole.runs[i].clone(),
        result: result.map(self::result),
    };
    let mut half = full_host("10.0.0.3");
    half.started = at(3);
    let of_half =
        |event: ScriptRun| ScriptRun { address: Some("10.0.0.3".parse().unwrap()), ..event };
    let events = [
        started(),
        phase(Phase::Pre),
        Event::HostScanned(Arc::new(full_host("10.0.0.1"))),
        Event::HostScanned(Arc::new(half)),
        script(0, Some("b")),
        Event::TargetFound("new".into()),
        Event::ScriptFinished { run: of_half(whole.runs[1].clone()), result: None },
        Event::HostDone(Arc::new(full_host("10.0.0.2"))),
        script(1, None),
        Event::HostDone(Arc::new(whole.clone())),
        // Of a host that is done already.
        script(2, None),
    ];
    let kept = |name: &str, is_commit_after: fn(usize) -> bool| {
        let path = folder.path().join(name);
        let mut store = create(&path);
        for (i, event) in events.iter().enumerate() {
            store.take(event.clone()).unwrap();
            assert!(store.is_behind());
            if is_commit_after(i) {
                store.commit().unwrap();
            }
        }
        store.commit().unwrap();
        assert_eq!((store.is_behind(), store.ended()), (false, 0));
        let shown: Vec<String> = replayed(&store).iter().map(text).collect();
        drop(store);
        let (_, mut progress) = Store::resume(&path).unwrap();
        let half = progress.scanned.remove(&"10.0.0.3".parse().unwrap()).unwrap();
        assert!(progress.scanned.is_empty());
        (shown, self::shown(&half), progress.found_targets, progress.up)
    };
    let one_by_one = kept("one", |_| true);
    let [run, _, second, first, unfinished, end] = &one_by_one.0[..] else {
        panic!("{:#?}", one_by_one.0)
    };
    assert!(run.contains("RunStarted") && end.contains("RunFinished"), "{run} {end}");
    assert!(second.contains("10.0.0.2") && first.contains("10.0.0.1"), "{second} {first}");
    // What is known of it comes after the hosts that are done, with the script that had ended.
    assert!(unfinished.starts_with("cut short") && unfinished.contains("10.0.0.3"), "{unfinished}");
    assert!(unfinished.contains(&*whole.runs[1].id), "{unfinished}");
    assert_eq!(kept("all", |_| false), one_by_one);
    assert_eq!(kept("some", |i| i % 3 == 0), one_by_one);
    assert_eq!(kept("others", |i| i % 4 == 2), one_by_one);
}

#[test]
fn what_is_not_committed_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut store = create(&path);
    store.take(started()).unwrap();
    store.commit().unwrap();
    store.take(Event::HostDone(Arc::new(full_host("10.0.0.1")))).unwrap();
    let reader = Store::read(&path).unwrap();
    assert_eq!(replayed(&reader).len(), 2);
    store.commit().unwrap();
    assert_eq!(replayed(&reader).len(), 3);
    // Nobody has to count: what waits is bounded.
    store.take(Event::HostDone(Arc::new(full_host("10.0.0.2")))).unwrap();
    for number in 0..2000 {
        store.take(Event::TargetFound(number.to_string())).unwrap();
    }
    assert_eq!(replayed(&reader).len(), 4);
}

#[test]
fn a_scan_that_was_killed_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut store = create(&path);
    store.take(started()).unwrap();
    store.take(Event::HostDone(Arc::new(full_host("::1")))).unwrap();
    store.commit().unwrap();
    let events = replayed(&Store::read(&path).unwrap());
    let Some(Event::RunFinished(end)) = events.last() else { panic!("{events:#?}") };
    assert_eq!((end.up, end.down, end.finished), (1, 0, at(2_000_002)));
    assert!(end.interrupted.as_deref().unwrap().contains("nseer resume"));
}
