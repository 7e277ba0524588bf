//! XML output. That it is valid against Nmap's document type is for the tests of the command,
//! which have the DTD; here every document must be well-formed.

use std::sync::Arc;
use std::time::Duration;

use nseer_core::event::{RunInfo, RunSummary};
use nseer_core::progress::TaskProgress;
use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PortKey, PortState, Progress, Protocol, Reason,
    ScriptResult, ScriptValue, ServiceInfo, ServiceMethod, Task, Tunnel,
};
use nseer_report::{ReportOptions, XmlReport};
use proptest::collection::vec;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event as XmlEvent;

use crate::fixture::*;

fn check(options: &ReportOptions, events: &[Event], expected: &str) {
    let text = render(|out| XmlReport::new(out, options.clone()), events);
    assert_eq!(text, at_start(expected));
}

fn check_host(options: &ReportOptions, host: HostRecord, expected: &str) {
    check(options, &[Event::HostDone(host.into())], expected);
}

fn plain() -> ReportOptions {
    ReportOptions::default()
}

const ADDRESS: &str = "<address addr=\"127.0.0.1\" addrtype=\"ipv4\"/>\n";
const NO_NAMES: &str = "<hostnames>\n</hostnames>\n";
const UP: &str = "<status state=\"up\" reason=\"user-set\" reason_ttl=\"0\"/>\n";
const TIMES: &str = "<times srtt=\"296\" rttvar=\"2915\" to=\"100000\"/>\n";
const START: &str = "<host starttime=\"1795541274\" endtime=\"1795541276\">";

#[test]
fn a_whole_run() {
    let options = ReportOptions { stylesheet: Some("a&b.xsl".to_owned()), ..plain() };
    let task = Task {
        name: "Connect Scan".into(),
        stage: None,
        at: start(),
        elapsed: Duration::ZERO,
        extent: Some("127.0.0.1 [80 ports]".into()),
    };
    let events = [
        run_started(),
        Event::TaskBegun(task.clone()),
        Event::HostDone(web_host().into()),
        Event::TaskEnded(Task { extent: Some("80 total ports".into()), ..task }),
        run_finished(1, 2, None),
    ];
    check(
        &options,
        &events,
        &format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE nmaprun>\n\
             <?xml-stylesheet href=\"a&amp;b.xsl\" type=\"text/xsl\"?>\n\
             <!-- nseer 0.1.0 scan initiated {{ctime}} as: nseer -&#45;open -p22,80 -->\n\
             <nmaprun scanner=\"nmap\" args=\"nseer -&#45;open -p22,80\" start=\"1795541274\" \
             startstr=\"{{ctime}}\" version=\"0.1.0\" xmloutputversion=\"1.05\">\n\
             <scaninfo type=\"connect\" protocol=\"tcp\" numservices=\"2\" services=\"22,80\"/>\n\
             <verbose level=\"1\"/>\n\
             <debugging level=\"0\"/>\n\
             <taskbegin task=\"Connect Scan\" time=\"1795541274\"/>\n\
             {START}{UP}{ADDRESS}{NO_NAMES}\
             <ports><extraports state=\"closed\" count=\"78\">\n\
             <extrareasons reason=\"conn-refused\" count=\"78\" proto=\"tcp\" \
             ports=\"1-21,23-79\"/>\n\
             </extraports>\n\
             <port protocol=\"tcp\" portid=\"22\"><state state=\"open\" reason=\"syn-ack\" \
             reason_ttl=\"0\"/><service name=\"ssh\" method=\"table\" conf=\"3\"/></port>\n\
             <port protocol=\"tcp\" portid=\"80\"><state state=\"open\" reason=\"syn-ack\" \
             reason_ttl=\"0\"/><service name=\"http\" method=\"table\" conf=\"3\"/></port>\n\
             </ports>\n\
             {TIMES}</host>\n\
             <taskend task=\"Connect Scan\" time=\"1795541274\" extrainfo=\"80 total ports\"/>\n\
             <runstats><finished time=\"1795541274\" timestr=\"{{ctime}}\" \
             summary=\"Nmap done at {{ctime}}; 3 IP addresses (1 host up) scanned in 0.05 \
             seconds\" elapsed=\"0.05\" exit=\"success\"/><hosts up=\"1\" down=\"2\" \
             total=\"3\"/>\n\
             </runstats>\n\
             </nmaprun>\n"
        ),
    );
}

#[test]
fn a_run_that_was_stopped_is_a_whole_document() {
    let events = [run_started(), run_finished(0, 0, Some("stopped by \"Ctrl-C\"\n"))];
    let text = render(|out| XmlReport::new(out, plain()), &events);
    assert_well_formed(&text);
    let exit = "exit=\"error\" errormsg=\"stopped by &quot;Ctrl-C&quot;&#xa;\"/>";
    assert!(text.contains(exit), "{text}");
    assert!(text.ends_with("</runstats>\n</nmaprun>\n"));
}

#[test]
fn reasons_are_told_apart() {
    let mut ports: Vec<_> = (1..=30).map(filtered).collect();
    ports
        .extend((31..=65).map(|n| (PortKey::udp(n), PortState::Filtered, Reason::AdminProhibited)));
    check_host(
        &plain(),
        host(&ports),
        &format!(
            "{START}{UP}{ADDRESS}{NO_NAMES}\
             <ports><extraports state=\"filtered\" count=\"65\">\n\
             <extrareasons reason=\"admin-prohibited\" count=\"35\" proto=\"udp\" \
             ports=\"31-65\"/>\n\
             <extrareasons reason=\"no-response\" count=\"30\" proto=\"tcp\" ports=\"1-30\"/>\n\
             </extraports>\n\
             </ports>\n\
             {TIMES}</host>\n"
        ),
    );
}

#[test]
fn names_and_addresses() {
    let mut host = host(&[]);
    host.address = "::1".parse().unwrap();
    host.mac = Some([0, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]);
    host.vendor = Some("A & \u{1b}".to_owned());
    host.target_name = Some("multi.example".to_owned());
    host.reverse_name = Some("<ä\u{1b}>".to_owned());
    host.times = None;
    check_host(
        &ReportOptions { no_ports: true, ..plain() },
        host,
        &format!(
            "<host>{UP}<address addr=\"::1\" addrtype=\"ipv6\"/>\n\
             <address addr=\"00:1B:2C:3D:4E:5F\" addrtype=\"mac\" vendor=\"A &amp; \\x1B\"/>\n\
             <hostnames>\n\
             <hostname name=\"multi.example\" type=\"user\"/>\n\
             <hostname name=\"&lt;ä\\x1B&gt;\" type=\"PTR\"/>\n\
             </hostnames>\n\
             </host>\n"
        ),
    );
}

#[test]
fn hosts_without_ports() {
    let pinged = ReportOptions { no_ports: true, ..plain() };
    check_host(&pinged, host(&[]), &format!("<host>{UP}{ADDRESS}{NO_NAMES}{TIMES}</host>\n"));
    let mut listed = host(&[]);
    listed.status = HostStatus::Unknown;
    listed.times = None;
    let unknown = "<status state=\"unknown\" reason=\"user-set\" reason_ttl=\"0\"/>\n";
    check_host(&pinged, listed, &format!("<host>{unknown}{ADDRESS}</host>\n"));
    let gone = "<status state=\"down\" reason=\"no-response\" reason_ttl=\"0\"/>\n";
    let verbose = ReportOptions { verbosity: 1, ..plain() };
    check_host(&verbose, down(), &format!("<host>{gone}{ADDRESS}</host>\n"));
    check_host(&plain(), down(), "");
    let mut slow = host(&[open(22)]);
    slow.timed_out = true;
    let start = START.replace('>', " timedout=\"true\">");
    check_host(&plain(), slow, &format!("{start}{UP}{ADDRESS}{NO_NAMES}{TIMES}</host>\n"));
}

/// As the real nmap has the result of `-sO`.
#[test]
fn protocols() {
    let tcp = PortKey::new(Protocol::Ip, 6);
    let ports = [(tcp, PortState::Open, Reason::ProtoResponse)];
    let mut host = host(&ports);
    set_service(&mut host, tcp, ServiceInfo::from_table("tcp"));
    check_host(
        &plain(),
        host,
        &format!(
            "{START}{UP}{ADDRESS}{NO_NAMES}<ports><port protocol=\"ip\" portid=\"6\">\
             <state state=\"open\" reason=\"proto-response\" reason_ttl=\"0\"/>\
             <service name=\"tcp\" method=\"table\" conf=\"8\"/></port>\n\
             </ports>\n{TIMES}</host>\n"
        ),
    );
}

#[test]
fn services() {
    let mut host = host(&[open(22), open(80), open(31_999)]);
    let ssh = ServiceInfo {
        name: Some("ssh".to_owned()),
        confidence: 10,
        method: ServiceMethod::Probed,
        tunnel: Tunnel::Ssl,
        product: Some("A\"B".to_owned()),
        version: Some("1".to_owned()),
        extra_info: Some("x--y".to_owned()),
        hostname: Some("h".to_owned()),
        os_type: Some("Linux".to_owned()),
        device_type: Some("router".to_owned()),
        fingerprint: Some("SF-\\xff".to_owned()),
        cpe: vec!["cpe:/a:x".to_owned(), "cpe:/o:y".to_owned()],
    };
    let nameless = ServiceInfo { tunnel: Tunnel::Ssl, confidence: 200, ..ServiceInfo::default() };
    set_service(&mut host, PortKey::tcp(22), ssh);
    set_service(&mut host, PortKey::tcp(80), nameless.clone());
    set_service(&mut host, PortKey::tcp(31_999), nameless);
    let port = |number| {
        format!(
            "<port protocol=\"tcp\" portid=\"{number}\"><state state=\"open\" \
             reason=\"syn-ack\" reason_ttl=\"0\"/>"
        )
    };
    let (ssh, http, other) = (port(22), port(80), port(31_999));
    check_host(
        &plain(),
        host,
        &format!(
            "{START}{UP}{ADDRESS}{NO_NAMES}<ports>{ssh}\
             <service name=\"ssh\" product=\"A&quot;B\" version=\"1\" extrainfo=\"x-&#45;y\" \
             hostname=\"h\" ostype=\"Linux\" devicetype=\"router\" servicefp=\"SF-\\xff\" \
             tunnel=\"ssl\" method=\"probed\" conf=\"10\"><cpe>cpe:/a:x</cpe>\
             <cpe>cpe:/o:y</cpe></service></port>\n\
             {http}<service name=\"http\" tunnel=\"ssl\" method=\"table\" conf=\"10\"/>\
             </port>\n\
             {other}<service name=\"unknown\" tunnel=\"ssl\" method=\"table\" conf=\"10\"/>\
             </port>\n\
             </ports>\n{TIMES}</host>\n"
        ),
    );
}

/// What [`table_script`] looks like.
fn table_element(id: &str) -> String {
    format!(
        "<script id=\"{id}\" output=\"&#xa;  seq&#xa;  k&lt;: &#xa;    x&#xa;    sub: &#xa;  \
         bin: a-&#45;\\x00\\xFF\"><elem>seq</elem>\n\
         <table key=\"k&lt;\">\n\
         <elem>x</elem>\n\
         <table key=\"sub\">\n\
         </table>\n\
         </table>\n\
         <elem key=\"bin\">a-&#45;\\x00\\xFF</elem>\n\
         </script>"
    )
}

#[test]
fn scripts() {
    let mut host = host(&[open(22)]);
    add_script(&mut host, PortKey::tcp(22), table_script("out"));
    add_script(&mut host, PortKey::tcp(22), script("empty", b""));
    host.scripts.push(ScriptResult {
        structured: Some(ScriptValue::Scalar(b"t&f".to_vec())),
        ..script("scalar", b"t&f")
    });
    let port = table_element("out");
    check(
        &plain(),
        &[
            phase(Phase::Pre, vec![table_script("b"), script("a", b"l1\r\n\tl2\n")]),
            Event::HostDone(host.into()),
            phase(Phase::Post, vec![script("late", b"--- -")]),
            phase(Phase::Post, Vec::new()),
        ],
        &format!(
            "<prescript><script id=\"a\" output=\"l1&#xd;&#xa;&#x9;l2&#xa;\"/>{}</prescript>\
             {START}{UP}{ADDRESS}{NO_NAMES}<ports><port protocol=\"tcp\" portid=\"22\">\
             <state state=\"open\" reason=\"syn-ack\" reason_ttl=\"0\"/>\
             <service name=\"ssh\" method=\"table\" conf=\"3\"/>\
             <script id=\"empty\" output=\"\"/>{port}</port>\n\
             </ports>\n\
             <hostscript><script id=\"scalar\" output=\"t&amp;f\">t&amp;f</script></hostscript>\
             {TIMES}</host>\n\
             <postscript><script id=\"late\" output=\"-&#45;&#45; -\"/></postscript>",
            table_element("b")
        ),
    );
}

#[test]
fn scripts_of_a_host_that_was_only_pinged() {
    let mut host = host(&[]);
    host.scripts.push(script("one", b"single"));
    check_host(
        &ReportOptions { no_ports: true, ..plain() },
        host,
        &format!(
            "{START}{UP}{ADDRESS}{NO_NAMES}<hostscript><script id=\"one\" \
             output=\"single\"/></hostscript>{TIMES}</host>\n"
        ),
    );
}

/// Reads the document to its end: tags match, attributes and references are right, every
/// character is legal (XML 1.0, section 2.2), and nothing stands outside the one root element.
fn assert_well_formed(text: &str) {
    let legal = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}'
            | '\u{10000}'..='\u{10ffff}')
    };
    let check_text = |text: &str| assert!(text.chars().all(legal), "{text:?}");
    check_text(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    reader.config_mut().check_end_names = true;
    let (mut depth, mut roots) = (0, 0);
    loop {
        let event = reader.read_event().unwrap_or_else(|e| panic!("{e} in {text}"));
        match &event {
            XmlEvent::Eof => break,
            XmlEvent::Start(tag) | XmlEvent::Empty(tag) => {
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap();
                    let value = attribute
                        .normalized_value(quick_xml::XmlVersion::Explicit1_0)
                        .unwrap_or_else(|e| panic!("{e} in {text}"));
                    check_text(&value);
                }
                roots += usize::from(depth == 0);
                depth += usize::from(matches!(event, XmlEvent::Start(_)));
            }
            XmlEvent::End(_) => depth -= 1,
            XmlEvent::Text(text) if depth == 0 => assert!(text.trim().is_empty()),
            XmlEvent::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(c) => assert!(legal(c)),
                None => assert!(
                    ["amp", "lt", "gt", "quot", "apos"].iter().any(|name| *name == &reference[..])
                ),
            },
            _ => {}
        }
    }
    assert_eq!((depth, roots), (0, 1), "{text}");
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let any_bytes = vec(any::<u8>(), 0..20);
    let nasty = vec(prop::sample::select(b"<>&-'\"]\n\0?!".to_vec()), 0..20);
    prop_oneof![any_bytes, nasty]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[<>&'\"\\-\\]!?\n\u{0}\u{fffe}\u{85}]{0,12}",]
}

fn value() -> impl Strategy<Value = ScriptValue> {
    bytes().prop_map(ScriptValue::Scalar).prop_recursive(4, 20, 4, |inner| {
        vec((prop::option::of(bytes()), inner), 0..4).prop_map(ScriptValue::Table)
    })
}

fn result() -> impl Strategy<Value = ScriptResult> {
    (text(), bytes(), prop::option::of(value())).prop_map(|(id, output, structured)| ScriptResult {
        id: id.into(),
        output,
        structured,
    })
}

proptest! {
    #[test]
    fn whatever_is_found_the_document_is_well_formed(
        texts in vec(text(), 12),
        results in vec(result(), 0..4),
        verbosity in 0..3_u8,
    ) {
        let one = |i: usize| Some(texts[i].clone());
        let mut host = host(&[open(22), closed(80)]);
        host.target_name = one(0);
        host.reverse_name = one(1);
        host.scripts = results.clone();
        let service = ServiceInfo {
            name: one(2),
            product: one(3),
            version: one(4),
            extra_info: one(5),
            hostname: one(6),
            fingerprint: one(7),
            cpe: vec![texts[8].clone()],
            ..ServiceInfo::default()
        };
        set_service(&mut host, PortKey::tcp(22), service);
        for result in &results {
            add_script(&mut host, PortKey::tcp(22), result.clone());
        }
        let events = [
            Event::RunStarted(RunInfo {
                program: texts[9].clone(),
                args: texts[9].clone(),
                version: texts[10].clone(),
                started: start(),
                verbosity,
                debugging: 0,
                scans: Vec::new(),
            }),
            phase(Phase::Pre, results.clone()),
            Event::HostDone(Arc::new(host)),
            phase(Phase::Post, results),
            Event::RunFinished(RunSummary {
                finished: start(),
                elapsed: std::time::Duration::ZERO,
                up: u64::MAX,
                down: 1,
                interrupted: one(11),
                is_told: false,
            }),
        ];
        let options = ReportOptions { verbosity, stylesheet: one(0), ..plain() };
        let text = render(|out| XmlReport::new(out, options), &events);
        assert_well_formed(&text);
    }
}

/// As readers of progress expect it; nothing where nothing tells how long it takes.
#[test]
fn progress_is_told_where_it_is_known() {
    let known = Progress {
        now: start(),
        elapsed: Duration::from_secs(1),
        done: 1,
        up: 1,
        expected: 3,
        at_work: Vec::new(),
        fraction: Some(1.0 / 3.0),
        remaining: Some(Duration::from_secs(2)),
        tasks: vec![TaskProgress {
            name: "SYN Stealth Scan".into(),
            fraction: Some(1.0 / 3.0),
            remaining: Some(Duration::from_secs(2)),
        }],
        slowest: Vec::new(),
    };
    let task = TaskProgress { remaining: None, ..known.tasks[0].clone() };
    let unknown = Progress { tasks: vec![task], ..known.clone() };
    check(
        &plain(),
        &[Event::Progress(unknown), Event::Progress(known)],
        "<taskprogress task=\"SYN Stealth Scan\" time=\"1795541274\" percent=\"33.33\" remaining=\"2\" \
         etc=\"1795541276\"/>\n",
    );
}
