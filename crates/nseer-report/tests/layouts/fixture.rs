//! Hosts, runs and the one helper that feeds events to a format.

use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nseer_core::event::{RunInfo, RunSummary, ScanSummary};
use nseer_core::os::{NumberSequence, TcpSequence};
use nseer_core::{
    Event, HostRecord, HostStatus, OsClass, OsFindings, OsMatch, Phase, PhaseRecord, PortKey,
    PortState, PortStatus, PortTable, Protocol, Reason, RoundTrip, ScanPorts, ScriptResult,
    ScriptValue, ServiceInfo, ServiceNames,
};
use nseer_report::Report;

/// A few names; port 31,999 has none.
struct Names;

impl ServiceNames for Names {
    fn name(&self, port: PortKey) -> Option<&str> {
        match (port.protocol, port.number) {
            (Protocol::Tcp, 22) => Some("ssh"),
            (Protocol::Tcp, 25) => Some("smtp"),
            (Protocol::Tcp, 80) => Some("http"),
            (Protocol::Tcp, 113) => Some("ident"),
            (Protocol::Udp, 53) => Some("domain"),
            (_, 31_999) => None,
            _ => Some("unknown"),
        }
    }
}

/// When everything in these tests happens.
pub(crate) fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_541_274)
}

/// A host that is up, with these ports.
pub(crate) fn host(ports: &[(PortKey, PortState, Reason)]) -> HostRecord {
    let keys = ports.iter().map(|(key, _, _)| *key).collect();
    let mut table = PortTable::new(Arc::new(ScanPorts::new(keys, Arc::new(Names))));
    for (key, state, reason) in ports {
        assert!(table.set_status(*key, PortStatus::new(*state, *reason)));
    }
    let address: IpAddr = "127.0.0.1".parse().unwrap();
    let mut host = HostRecord::new(address, table, start());
    host.status = HostStatus::Up;
    host.reason = Reason::UserSet;
    host.times = Some(RoundTrip {
        srtt: Duration::from_micros(296),
        rttvar: Duration::from_micros(2_915),
        timeout: Duration::from_millis(100),
    });
    host.finished = Some(start() + Duration::from_secs(2));
    host
}

/// A system that one known one is like.
pub(crate) fn system() -> OsFindings {
    OsFindings {
        ports: vec![
            (PortKey::tcp(80), PortState::Open),
            (PortKey::tcp(81), PortState::Closed),
            (PortKey::new(Protocol::Udp, 40_000), PortState::Closed),
        ],
        fingerprint: "SCAN(V=x%G=Y)\nT1(R=Y)\n".to_owned(),
        flaw: None,
        matches: vec![OsMatch {
            name: "Warbler OS <1>".to_owned(),
            accuracy: 97,
            line: 16,
            classes: vec![OsClass {
                vendor: "Warbler".to_owned(),
                family: "Warbler".to_owned(),
                generation: Some("1.X".to_owned()),
                kind: "router".to_owned(),
                cpe: vec!["cpe:/o:warbler:os:1".to_owned()],
            }],
        }],
        uptime: Some((Duration::from_secs(3600), start() - Duration::from_secs(3600))),
        distance: Some(2),
        tcp_sequence: Some(TcpSequence {
            index: 260,
            difficulty: "Good luck!".to_owned(),
            values: vec![0xA, 0xFF],
        }),
        ip_id: Some(NumberSequence { class: "All zeros".to_owned(), values: vec![0, 0] }),
        timestamps: Some(NumberSequence { class: "zero".to_owned(), values: vec![] }),
    }
}

/// A host that does not answer.
pub(crate) fn down() -> HostRecord {
    HostRecord { status: HostStatus::Down, reason: Reason::NoResponse, times: None, ..host(&[]) }
}

pub(crate) fn open(number: u16) -> (PortKey, PortState, Reason) {
    (PortKey::tcp(number), PortState::Open, Reason::SynAck)
}

pub(crate) fn closed(number: u16) -> (PortKey, PortState, Reason) {
    (PortKey::tcp(number), PortState::Closed, Reason::ConnRefused)
}

pub(crate) fn filtered(number: u16) -> (PortKey, PortState, Reason) {
    (PortKey::tcp(number), PortState::Filtered, Reason::NoResponse)
}

/// A host with ports 22 and 80 open, 1 to 21 and 23 to 79 closed.
pub(crate) fn web_host() -> HostRecord {
    let ports: Vec<_> =
        (1..=80).map(|n| if n == 22 || n == 80 { open(n) } else { closed(n) }).collect();
    host(&ports)
}

pub(crate) fn set_service(host: &mut HostRecord, key: PortKey, service: ServiceInfo) {
    host.ports.detail_mut(key).unwrap().service = Some(service);
}

pub(crate) fn add_script(host: &mut HostRecord, key: PortKey, result: ScriptResult) {
    host.ports.detail_mut(key).unwrap().scripts.push(result);
}

pub(crate) fn script(id: &str, output: &[u8]) -> ScriptResult {
    ScriptResult { id: id.into(), output: output.to_vec(), structured: None }
}

/// The result that a script has which returns a table.
pub(crate) fn table_script(id: &str) -> ScriptResult {
    let text = |s: &str| ScriptValue::Scalar(s.as_bytes().to_vec());
    let inner = vec![(None, text("x")), (Some(b"sub".to_vec()), ScriptValue::Table(Vec::new()))];
    ScriptResult {
        id: id.into(),
        output: b"\n  seq\n  k<: \n    x\n    sub: \n  bin: a--\0\xff".to_vec(),
        structured: Some(ScriptValue::Table(vec![
            (None, text("seq")),
            (Some(b"k<".to_vec()), ScriptValue::Table(inner)),
            (Some(b"bin".to_vec()), ScriptValue::Scalar(b"a--\0\xff".to_vec())),
        ])),
    }
}

pub(crate) fn phase(phase: Phase, results: Vec<ScriptResult>) -> Event {
    Event::PhaseDone { phase, record: PhaseRecord { results, runs: Vec::new() } }
}

pub(crate) fn run_started() -> Event {
    Event::RunStarted(RunInfo {
        program: "nseer".to_owned(),
        args: "nseer --open -p22,80".to_owned(),
        version: "0.1.0".to_owned(),
        started: start(),
        verbosity: 1,
        debugging: 0,
        scans: vec![ScanSummary {
            kind: "connect",
            protocol: Protocol::Tcp,
            count: 2,
            services: "22,80".to_owned(),
        }],
    })
}

pub(crate) fn run_finished(up: u64, down: u64, interrupted: Option<&str>) -> Event {
    Event::RunFinished(RunSummary {
        finished: start(),
        elapsed: Duration::from_millis(50),
        up,
        down,
        interrupted: interrupted.map(str::to_owned),
        is_told: false,
    })
}

/// A writer that can be read while a report owns it, and that counts flushes.
#[derive(Clone, Default)]
pub(crate) struct Pipe(Arc<Mutex<(Vec<u8>, usize)>>);

impl Pipe {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap()
    }

    pub(crate) fn flushes(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().1 += 1;
        Ok(())
    }
}

/// What a format writes for `events`.
pub(crate) fn render<R: Report>(make: impl FnOnce(Pipe) -> R, events: &[Event]) -> String {
    let pipe = Pipe::default();
    let mut report = make(pipe.clone());
    for event in events {
        report.event(event).unwrap();
    }
    pipe.text()
}

/// `template` with the time of the run put in for `{ctime}`, `{minute}` and `{second}`; the
/// formats show the local zone, which the machine that runs the tests chooses.
pub(crate) fn at_start(template: &str) -> String {
    let zone = jiff::tz::TimeZone::system();
    let time = jiff::Timestamp::try_from(start()).unwrap().to_zoned_datetime(zone);
    template
        .replace("{ctime}", &time.strftime("%a %b %e %H:%M:%S %Y").to_string())
        .replace("{minute}", &time.strftime("%Y-%m-%d %H:%M %Z").to_string())
        .replace("{second}", &time.strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
}
