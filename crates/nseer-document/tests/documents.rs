//! Documents written by hand in the form that Nmap and nseer write, whole, cut off and broken.

#![allow(clippy::unwrap_used, reason = "in a test a failed unwrap is a failed test")]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use nseer_core::trace::TraceProbe;
use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PortKey, PortState, Protocol, Reason, ScriptOutcome,
    ScriptValue, ServiceMethod, Tunnel,
};
use nseer_document::{Document, ReadError};
use proptest::prelude::*;

/// A document with everything in it.
const WHOLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="a&amp;b.xsl" type="text/xsl"?>
<!-- a comment -->
<nmaprun scanner="nmap" args="nmap -&#45;open -p 1-5" start="100" version="7.93" xmloutputversion="1.05">
<scaninfo type="connect" protocol="tcp" numservices="5" services="1-5"/>
<scaninfo type="odd" protocol="dccp" numservices="1" services="1"/>
<verbose level="2"/>
<debugging level="1"/>
<taskbegin task="x" time="1"/>
<prescript><script id="pre" output="text"/></prescript><?nseer-script-run id="mute" rule="prerule" state="silent" seconds="0.5"?>
<hosthint><status state="up" reason="x" reason_ttl="0"/><address addr="10.0.0.9" addrtype="ipv4"/></hosthint>
<host starttime="101" endtime="103"><status state="up" reason="host-prohibited" reason_ttl="64"/>
<address addr="10.0.0.1" addrtype="ipv4"/>
<address addr="00:1B:2C:3D:4E:5F" addrtype="mac" vendor="V"/>
<hostnames>
<hostname name="typed" type="user"/>
<hostname name="&lt;ptr&gt;" type="PTR"/>
</hostnames>
<ports><extraports state="closed" count="3">
<extrareasons reason="conn-refused" count="3" proto="tcp" ports="2,4-5"/>
</extraports>
<port protocol="tcp" portid="1"><state state="open" reason="syn-ack" reason_ttl="63"/><service name="http" product="P" version="1" extrainfo="e" hostname="h" ostype="o" devicetype="d" servicefp="SF" tunnel="ssl" method="probed" conf="10"><cpe>cpe:/a:b</cpe><cpe>cpe:/o:c</cpe></service><script id="s" output="a&#xa;\x00"><elem>one</elem>
<table key="t">
<elem key="k">v &amp; &#xa;w</elem>
<table>
</table>
</table>
</script><script id="alone" output="x">x&lt;</script><script id="plain" output=""/></port>
<port protocol="udp" portid="3"><state state="open|filtered" reason="no-response" reason_ttl="0" reason_ip="10.0.0.254"/></port>
<port protocol="dccp" portid="1"><state state="open" reason="echo-reply" reason_ttl="0"/></port>
</ports>
<trace port="80" proto="tcp">
<hop ttl="1" ipaddr="10.0.0.7" rtt="0.25" host="router"/>
<hop ttl="2" rtt="--"/>
<hop ttl="3" ipaddr="10.0.0.1" rtt="--"/>
</trace>
<os><portused state="open" proto="tcp" portid="80"/><portused state="odd" proto="tcp" portid="1"/>
<osmatch name="x" accuracy="100" line="1"><osclass vendor="v" type="t" osfamily="f" osgen="g"><cpe>cpe:/o:x</cpe></osclass><odd/></osmatch>
<osfingerprint fingerprint="OS:SCAN(V=1%G=Y)T1(&#xa;OS:R=Y)&#xa;"/></os>
<uptime seconds="3" lastboot="x"/><distance value="2"/>
<tcpsequence index="9" difficulty="d" values="A,FF,x"/><ipidsequence class="c" values="0"/><tcptssequence class="none"/>
<hostscript><script id="hs" output="o"></script></hostscript><times srtt="296" rttvar="2915" to="100000"/>
<?nseer-script-run id="bad" rule="portrule" protocol="tcp" portid="1" state="failed" message="no &lt;?&gt;" seconds="1.25"?>
<?other thing?>
</host>
<host timedout="true"><status state="down" reason="no-response" reason_ttl="0"/>
<address addr="::1" addrtype="ipv6"/>
</host>
<postscript><script id="post" output="p"/></postscript>
<runstats><finished time="110" timestr="x" elapsed="9.50" summary="s" exit="error" errormsg="why"/><hosts up="1" down="255" total="256"/>
</runstats>
</nmaprun>
"#;

fn events(text: &str) -> (Vec<Event>, Document<&[u8]>) {
    let mut document = Document::open(text.as_bytes()).unwrap();
    let events = document.by_ref().map(Result::unwrap).collect();
    (events, document)
}

fn hosts(events: &[Event]) -> Vec<Arc<HostRecord>> {
    let host = |event: &Event| match event {
        Event::HostDone(host) => Some(host.clone()),
        _ => None,
    };
    events.iter().filter_map(host).collect()
}

fn at(seconds: u64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn the_run() {
    let (events, document) = events(WHOLE);
    assert_eq!(document.head().stylesheet.as_deref(), Some("a&b.xsl"));
    assert_eq!(document.broken(), None);
    let Event::RunStarted(run) = &events[0] else { panic!("{events:#?}") };
    assert_eq!((run.program.as_str(), run.version.as_str()), ("Nmap", "7.93"));
    assert_eq!((run.args.as_str(), run.started), ("nmap --open -p 1-5", at(100)));
    assert_eq!((run.verbosity, run.debugging, run.scans.len()), (2, 1, 1));
    let scan = &run.scans[0];
    assert_eq!((scan.kind, scan.protocol, scan.count), ("connect", Protocol::Tcp, 5));
    let Event::PhaseDone { phase: Phase::Pre, record } = &events[1] else { panic!("{events:#?}") };
    assert_eq!(record.results[0].output, b"text");
    assert_eq!(record.runs[0].outcome, ScriptOutcome::Silent);
    let Event::PhaseDone { phase: Phase::Post, record } = &events[4] else { panic!("{events:#?}") };
    assert_eq!((&*record.results[0].id, record.runs.len()), ("post", 0));
    let Event::RunFinished(end) = &events[5] else { panic!("{events:#?}") };
    assert_eq!((end.up, end.down, end.finished), (1, 255, at(110)));
    assert_eq!(
        (end.elapsed, end.interrupted.as_deref()),
        (Duration::from_millis(9500), Some("why"))
    );
    assert_eq!(events.len(), 6);
    let left_out: Vec<_> = document.left_out().iter().copied().collect();
    assert_eq!(left_out, ["ports of other protocols than TCP, UDP, SCTP and IP"]);
}

#[test]
fn the_hosts() {
    let hosts = hosts(&events(WHOLE).0);
    let [host, down] = hosts.as_slice() else { panic!("{hosts:#?}") };
    assert_eq!(host.address.to_string(), "10.0.0.1");
    assert_eq!((host.status, host.reason), (HostStatus::Up, Reason::HostProhibited));
    assert_eq!((host.reason_ttl, host.mac), (64, Some([0, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f])));
    assert_eq!(host.vendor.as_deref(), Some("V"));
    assert_eq!(host.target_name.as_deref(), Some("typed"));
    assert_eq!(host.reverse_name.as_deref(), Some("<ptr>"));
    assert_eq!((host.started, host.finished), (at(101), Some(at(103))));
    assert_eq!(host.times.unwrap().srtt, Duration::from_micros(296));
    assert_eq!((host.scripts.len(), &*host.scripts[0].id), (1, "hs"));
    let os = host.os.as_deref().unwrap();
    assert_eq!(os.ports, [(PortKey::tcp(80), PortState::Open)]);
    assert_eq!((os.fingerprint.as_str(), os.flaw.as_deref()), ("SCAN(V=1%G=Y)\nT1(R=Y)\n", None));
    let [system] = os.matches.as_slice() else { panic!("{os:#?}") };
    assert_eq!((system.name.as_str(), system.accuracy, system.line), ("x", 100, 1));
    assert_eq!(system.classes[0].cpe, ["cpe:/o:x"]);
    assert_eq!(os.distance, Some(2));
    assert_eq!(os.uptime.map(|(time, _)| time.as_secs()), Some(3));
    assert_eq!(os.tcp_sequence.as_ref().map(|tcp| tcp.values.clone()), Some(vec![10, 255]));
    assert_eq!(os.ip_id.as_ref().map(|ids| ids.class.as_str()), Some("c"));
    assert_eq!(os.timestamps.as_ref().map(|stamps| stamps.values.len()), Some(0));
    let trace = host.trace.as_ref().unwrap();
    assert_eq!(trace.probe, Some(TraceProbe::Port(PortKey::tcp(80))));
    let [router, last] = trace.hops.as_slice() else { panic!("{trace:#?}") };
    assert_eq!((router.ttl, router.name.as_deref()), (1, Some("router")));
    assert_eq!(router.round_trip, Some(Duration::from_micros(250)));
    assert_eq!((last.ttl, last.address, last.round_trip), (3, host.address, None));
    let run = &host.runs[0];
    assert_eq!((run.port, run.elapsed), (Some(PortKey::tcp(1)), Duration::from_millis(1250)));
    assert_eq!(run.outcome, ScriptOutcome::Failed("no <?>".to_owned()));
    assert_eq!(run.address, Some(host.address));
    assert_eq!(down.address.to_string(), "::1");
    assert_eq!(
        (down.status, down.timed_out, down.ports.iter().count()),
        (HostStatus::Down, true, 0)
    );
}

#[test]
fn the_ports() {
    let hosts = hosts(&events(WHOLE).0);
    let ports = &hosts[0].ports;
    assert_eq!(ports.teller(PortKey::udp(3)), Some([10, 0, 0, 254].into()));
    assert_eq!(ports.teller(PortKey::tcp(1)), None);
    let states: Vec<_> =
        ports.iter().map(|(key, s)| (key.to_string(), s.state, s.reason)).collect();
    let closed = |port: &str| (port.to_owned(), PortState::Closed, Reason::ConnRefused);
    assert_eq!(
        states,
        [
            ("1/tcp".to_owned(), PortState::Open, Reason::SynAck),
            closed("2/tcp"),
            closed("4/tcp"),
            closed("5/tcp"),
            ("3/udp".to_owned(), PortState::OpenFiltered, Reason::NoResponse),
        ]
    );
    assert_eq!(ports.status(PortKey::tcp(1)).unwrap().ttl, 63);
    let service = ports.service(PortKey::tcp(1));
    assert_eq!((service.name.as_deref(), service.product.as_deref()), (Some("http"), Some("P")));
    assert_eq!((service.method, service.tunnel), (ServiceMethod::Probed, Tunnel::Ssl));
    assert_eq!((service.cpe.len(), service.confidence), (2, 10));
    let text = |text: &str| ScriptValue::Scalar(text.as_bytes().to_vec());
    let scripts = &ports.detail(PortKey::tcp(1)).unwrap().scripts;
    assert_eq!(scripts[0].output, b"a\n\\x00");
    let inner = vec![(Some(b"k".to_vec()), text("v & \nw")), (None, ScriptValue::Table(vec![]))];
    assert_eq!(
        scripts[0].structured,
        Some(ScriptValue::Table(vec![
            (None, text("one")),
            (Some(b"t".to_vec()), ScriptValue::Table(inner)),
        ]))
    );
    assert_eq!(scripts[1].structured, Some(text("x<")));
    assert_eq!(scripts[2].structured, None);
}

#[test]
fn ports_that_are_counted_without_a_list_are_taken_from_the_run() {
    let document = |count: u32, more: &str| {
        format!(
            "<nmaprun args='nmap'><scaninfo type='syn' protocol='tcp' services='1-3,9'/><host>\
             <status state='up'/><address addr='10.0.0.1' addrtype='ipv4'/><ports>\
             <extraports state='filtered' count='{count}'>\
             <extrareasons reason='no-responses' count='{count}'/></extraports>{more}\
             <port protocol='tcp' portid='2'><state state='open' reason='syn-ack'/></port></ports>\
             </host></nmaprun>"
        )
    };
    let clear = document(3, "");
    let (found, read) = events(&clear);
    let hosts = hosts(&found);
    let filtered: Vec<u16> = hosts[0]
        .ports
        .iter()
        .filter(|(_, s)| (s.state, s.reason) == (PortState::Filtered, Reason::NoResponse))
        .map(|(key, _)| key.number)
        .collect();
    assert_eq!(filtered, [1, 3, 9]);
    assert!(read.left_out().is_empty());
    for unclear in [document(4, ""), document(1, "<extraports state='closed' count='2'/>")] {
        let (found, read) = events(&unclear);
        assert_eq!(self::hosts(&found)[0].ports.iter().count(), 1);
        assert!(read.left_out().contains("ports that are only counted"));
    }
}

#[test]
fn what_is_no_scan_is_named() {
    for (text, expected) in [
        ("", "it is empty: the scan that should have written it was killed before it began"),
        (" \n", "it is empty: the scan that should have written it was killed before it began"),
        ("<?xml version='1.0'?>", "it is empty: the scan"),
        ("<html><body/></html>", "it is no scan: its outermost element is <html>"),
        ("# Nmap 7.93 scan initiated", "it is no XML (text before any element); give a file"),
        ("\u{0}\u{1}", "it is no XML"),
        ("<nmaprun", "it is no XML"),
    ] {
        let error = Document::open(text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?}"));
        assert!(error.to_string().starts_with(expected), "{text:?}: {error}");
    }
    let gone = Document::open(std::io::BufReader::new(Gone)).err().unwrap();
    assert!(matches!(gone, ReadError::Io(_)), "{gone}");
}

/// A file on a disk that fails.
struct Gone;

impl std::io::Read for Gone {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("gone"))
    }
}

/// What can be told of a document that was cut off: whole hosts, in order, and an end.
fn check_cut(text: &str, whole: &[Arc<HostRecord>]) {
    let Ok(mut document) = Document::open(text.as_bytes()) else { return };
    let events: Vec<Event> = document.by_ref().map(Result::unwrap).collect();
    let found = hosts(&events);
    assert!(found.len() <= whole.len());
    for (found, whole) in found.iter().zip(whole) {
        assert_eq!(format!("{found:?}"), format!("{whole:?}"));
    }
    assert!(matches!(events.first(), Some(Event::RunStarted(_))));
    let Some(Event::RunFinished(end)) = events.last() else { panic!("{events:#?}") };
    if text.contains("</runstats>") {
        assert_eq!(end.interrupted.as_deref(), Some("why"));
    } else {
        assert!(end.interrupted.as_deref().unwrap().contains("ends early"));
        assert!(document.broken().is_some());
    }
}

#[test]
fn a_document_cut_off_anywhere_gives_its_whole_hosts() {
    let whole = hosts(&events(WHOLE).0);
    for end in 0..WHOLE.len() {
        check_cut(&WHOLE[..end], &whole);
    }
    let cut = WHOLE.find("<hostscript>").unwrap();
    let (events, document) = events(&WHOLE[..cut]);
    assert_eq!(hosts(&events).len(), 0);
    assert_eq!(document.broken(), Some("in the middle of host 10.0.0.1, which is left out"));
}

#[test]
fn of_several_runs_the_first_is_read_and_the_others_are_told() {
    let twice = WHOLE.repeat(2);
    let (events, document) = events(&twice);
    assert_eq!(events.len(), 6);
    assert!(document.broken().unwrap().contains("it holds several"), "{:?}", document.broken());
    let with_space = format!("{WHOLE}\n<!-- the end -->\n");
    assert_eq!(self::events(&with_space).1.broken(), None);
}

#[test]
fn nesting_is_bounded() {
    let deep = "<table>".repeat(100_000);
    let text = format!(
        "<nmaprun><host><address addr='::1' addrtype='ipv6'/><hostscript><script id='x' output=''>{deep}"
    );
    let (events, _) = events(&text);
    assert_eq!(events.len(), 2);
}

#[test]
fn entities_of_a_document_are_not_replaced() {
    let text = "<!DOCTYPE nmaprun [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><nmaprun args='&b;'><host>\
         <address addr='::1' addrtype='ipv6'/><hostscript><script id='x' output=''><elem>&b;</elem>\
         </script></hostscript></host></nmaprun>";
    let (events, document) = events(text);
    assert_eq!(document.head().run.args, "&b;");
    let expected = ScriptValue::Table(vec![(None, ScriptValue::Scalar(b"&b;".to_vec()))]);
    assert_eq!(hosts(&events)[0].scripts[0].structured, Some(expected));
}

proptest! {
    #[test]
    fn any_damage_is_survived(
        at in 0..WHOLE.len(),
        bytes in proptest::collection::vec(any::<u8>(), 0..8),
        drop in 0..40_usize,
    ) {
        let mut text = WHOLE.as_bytes().to_vec();
        let end = (at + drop).min(text.len());
        text.splice(at..end, bytes);
        if let Ok(mut document) = Document::open(text.as_slice()) {
            let events: Vec<_> = document.by_ref().take(100).collect();
            prop_assert!(events.iter().all(Result::is_ok));
            prop_assert!(events.len() < 100);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(document) = Document::open(bytes.as_slice()) {
            prop_assert!(document.take(100).count() < 100);
        }
    }
}
