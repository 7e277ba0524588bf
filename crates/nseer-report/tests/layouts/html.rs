//! The HTML report as markup; how it behaves is tested in a browser, with the command.

use std::time::Duration;

use nseer_core::trace::{Hop, Trace, TraceProbe};
use nseer_core::{
    Event, HostRecord, Phase, PortKey, ScriptOutcome, ScriptRun, ScriptValue, ServiceInfo,
};
use nseer_report::{HtmlReport, ReportOptions};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixture::*;

fn page(events: &[Event]) -> String {
    render(|out| HtmlReport::new(out, ReportOptions::default()), events)
}

fn page_of(host: HostRecord) -> String {
    page(&[run_started(), Event::HostDone(host.into()), run_finished(1, 0, None)])
}

fn run(id: &str, outcome: ScriptOutcome) -> ScriptRun {
    ScriptRun {
        id: id.into(),
        phase: Phase::Port,
        address: Some("127.0.0.1".parse().unwrap()),
        port: Some(PortKey::tcp(22)),
        outcome,
        elapsed: Duration::from_millis(1_500),
    }
}

/// The numbers on top.
fn tiles(page: &str) -> Vec<&str> {
    let tiles = page.split("<dl class=\"tiles\">").nth(1).unwrap().split("</dl>").next().unwrap();
    tiles.split("<dd>").skip(1).map(|tile| tile.split('<').next().unwrap()).collect()
}

#[test]
fn the_summary_counts_what_the_hosts_have() {
    let mut host = web_host();
    let service = ServiceInfo {
        name: Some("http".to_owned()),
        product: Some("nginx".to_owned()),
        method: nseer_core::ServiceMethod::Probed,
        ..ServiceInfo::default()
    };
    set_service(&mut host, PortKey::tcp(80), service);
    add_script(&mut host, PortKey::tcp(22), script("a", b"text"));
    host.scripts = vec![table_script("t")];
    host.runs = vec![
        run("a", ScriptOutcome::Output),
        run("mute", ScriptOutcome::Silent),
        run("bad", ScriptOutcome::Failed("why <b>".to_owned())),
        run("bad", ScriptOutcome::Failed("other".to_owned())),
        run("slow", ScriptOutcome::TimedOut),
    ];
    let mut late = host.clone();
    (late.timed_out, late.runs) = (true, Vec::new());
    let page = page(&[
        run_started(),
        Event::HostDone(host.into()),
        Event::HostDone(late.into()),
        phase(Phase::Post, vec![script("p", b"after")]),
        run_finished(2, 3, Some("stopped")),
    ]);
    assert_eq!(tiles(&page), ["2", "5", "4", "2", "5", "4", "0.05 s"]);
    for part in [
        "The scan ended early: stopped",
        "aria-label=\"States of ports: 4 open, 156 closed\"",
        "1 with a result, 1 with nothing to say, 1 out of time, 2 failed or stopped",
        "<td class=\"mono\">bad</td><td>2</td><td>failed</td><td><a href=\"#host-1\">127.0.0.1, 22/tcp</a></td>\
         <td class=\"version\">why &#60;b&#62;</td>",
        "<a href=\"#host-2\">127.0.0.1</a>",
        "<span class=\"chip bad\">3 script failures</span>",
        "Nothing to say: mute (22/tcp)",
        "78 closed tcp ports (conn-refused): 1-21,23-79",
        "<h2>Scripts after the scan</h2>",
        "data-pick=\"http\"",
        "<dt>k&#60;</dt><dd>",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(page.ends_with("</html>\n") || page.ends_with("</html>"), "{page}");
}

#[test]
fn a_page_is_written_host_by_host() {
    let pipe = Pipe::default();
    let mut report = HtmlReport::new(pipe.clone(), ReportOptions::default());
    use nseer_report::Report as _;
    report.event(&run_started()).unwrap();
    report.event(&Event::HostDone(web_host().into())).unwrap();
    assert_eq!(pipe.flushes(), 2);
    assert!(pipe.text().contains("22/tcp") && !pipe.text().contains("</body>"));
}

#[test]
fn an_empty_scan_is_a_page() {
    let page = page(&[run_started(), run_finished(0, 1, None)]);
    assert!(page.contains("No host was found."), "{page}");
    assert!(!page.contains("<svg class=\"stack\""), "nothing to draw");
}

/// Everything that a page may hold of tags: those of the templates, seen in a page without strangers'
/// text.
fn tags(page: &str) -> Vec<String> {
    let body = page.split("</style>").nth(1).unwrap().split("<script>").next().unwrap();
    body.split('<')
        .skip(1)
        .map(|tag| tag.split(['>', ' ', '\n']).next().unwrap().to_owned())
        .collect()
}

proptest! {
    #[test]
    fn nothing_that_strangers_say_becomes_markup(
        texts in vec("[<>\"'&;=/a\u{0}\u{1b}\u{2028} -]{1,12}", 9),
        bytes in vec(prop_oneof![any::<u8>(), Just(b'<'), Just(b'"')], 1..12),
    ) {
        // Blanks alone are no output: such a page has a place less.
        prop_assume!(!bytes.trim_ascii().is_empty());
        let fill = |text: &dyn Fn(usize) -> String, bytes: &[u8]| {
            let mut host = host(&[open(22)]);
            (host.target_name, host.reverse_name) = (Some(text(0)), Some(text(1)));
            let service = ServiceInfo {
                name: Some(text(2)),
                product: Some(text(3)),
                hostname: Some(text(4)),
                method: nseer_core::ServiceMethod::Probed,
                ..ServiceInfo::default()
            };
            set_service(&mut host, PortKey::tcp(22), service);
            let mut result = script(&text(5), bytes);
            let scalar = ScriptValue::Scalar(bytes.to_vec());
            let entries = vec![(Some(bytes.to_vec()), scalar.clone()), (None, scalar)];
            result.structured = Some(ScriptValue::Table(entries));
            add_script(&mut host, PortKey::tcp(22), result);
            host.runs = vec![run(&text(6), ScriptOutcome::Failed(text(7)))];
            page(&[run_started(), Event::HostDone(host.into()), run_finished(1, 0, Some(&text(8)))])
        };
        let harmless = fill(&|_| "x".to_owned(), b"x");
        let hostile = fill(&|at| texts[at].clone(), &bytes);
        prop_assert_eq!(tags(&hostile), tags(&harmless));
        prop_assert!(!hostile.contains(['\0', '\x1b']));
    }
}

#[test]
fn deep_structures_end() {
    let mut value = ScriptValue::Scalar(b"deep".to_vec());
    for _ in 0..128 {
        value = ScriptValue::Table(vec![(None, value)]);
    }
    let mut host = host(&[open(22)]);
    host.scripts = vec![script("x", b"")];
    host.scripts[0].structured = Some(value);
    assert!(page_of(host).contains("deep"));
}

#[test]
fn a_host_with_nothing_open_says_so() {
    let chip = "<span class=\"chip\">nothing open</span>";
    assert!(page_of(host(&[closed(1)])).contains(chip), "listed");
    let many: Vec<_> = (1..80).map(closed).collect();
    assert!(page_of(host(&many)).contains(chip), "counted");
    assert!(!page_of(web_host()).contains(chip));
    assert!(!page_of(host(&[])).contains(chip), "no port was scanned");
}

#[test]
fn the_way_to_a_host_is_a_table() {
    let mut host = web_host();
    let hop = Hop {
        ttl: 2,
        address: [192, 0, 2, 9].into(),
        name: Some("<r>".to_owned()),
        round_trip: Some(Duration::from_micros(1500)),
    };
    host.trace = Some(Trace { probe: Some(TraceProbe::Echo), hops: vec![hop] });
    let page = page_of(host);
    assert!(page.contains("<h4>Way to the host by ICMP echo</h4>"), "{page}");
    let row = "<tr><th scope=\"row\">2</th><td>0.0015 s</td>\
               <td class=\"mono\">&#60;r&#62; (192.0.2.9)</td></tr>";
    assert!(page.contains(row), "{page}");
    assert!(!page_of(web_host()).contains("Way to the host"));
}
