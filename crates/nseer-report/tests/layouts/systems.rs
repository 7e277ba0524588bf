//! Operating systems, in all formats.

use std::sync::Arc;

use nseer_core::os::OsFindings;
use nseer_core::{Event, PortKey, PortState, Reason};
use nseer_report::{
    GrepableReport, HtmlReport, JsonReport, JsonSystem, NormalReport, Place, ReportOptions,
    XmlReport,
};
use serde_json::Value;

use crate::fixture::{host, render, system};

fn event(os: OsFindings) -> Event {
    let mut host = host(&[
        (PortKey::tcp(80), PortState::Open, Reason::SynAck),
        (PortKey::tcp(81), PortState::Closed, Reason::Reset),
    ]);
    host.os = Some(Box::new(os));
    Event::HostDone(Arc::new(host))
}

fn normal(os: OsFindings, options: &ReportOptions) -> Vec<String> {
    let text = render(|out| NormalReport::new(out, Place::Screen, options.clone()), &[event(os)]);
    let lines = text.lines().skip_while(|line| !line.starts_with("81/tcp")).skip(1);
    lines.map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

fn exact() -> OsFindings {
    let mut os = system();
    os.matches[0].accuracy = 100;
    os
}

#[test]
fn the_same_is_named() {
    let expected = [
        "Device type: router",
        "Running: Warbler 1.X",
        "OS CPE: cpe:/o:warbler:os:1",
        "OS details: Warbler OS <1>",
        "Network Distance: 2 hops",
    ];
    assert_eq!(normal(exact(), &ReportOptions::default()), expected);
    let lines = normal(exact(), &ReportOptions { verbosity: 1, ..ReportOptions::default() });
    assert!(lines[4].starts_with("Uptime guess: 0.042 days (since "), "{lines:#?}");
    let last = [
        "Network Distance: 2 hops",
        "TCP Sequence Prediction: Difficulty=260 (Good luck!)",
        "IP ID Sequence Generation: All zeros",
    ];
    assert_eq!(lines[5..], last);
}

#[test]
fn a_good_fingerprint_is_shown_and_guesses_are_where_they_are_wanted() {
    let lines = normal(system(), &ReportOptions::default());
    let expected = [
        "No exact OS matches for host.",
        "TCP/IP fingerprint:",
        "OS:SCAN(V=x%G=Y)T1(R=Y)",
        "Network Distance: 2 hops",
    ];
    assert_eq!(lines, expected);
    let lines = normal(system(), &ReportOptions { guesses: true, ..ReportOptions::default() });
    assert_eq!(lines[1], "Running (JUST GUESSING): Warbler 1.X (97%)");
    assert_eq!(lines[3], "Aggressive OS guesses: Warbler OS <1> (97%)");
    let mut flawed = system();
    flawed.flaw = Some("why".to_owned());
    flawed.ports.remove(1);
    let lines = normal(flawed, &ReportOptions::default());
    assert!(lines[0].starts_with("Warning: OSScan results may be unreliable"), "{lines:#?}");
    assert_eq!(lines[5], "No exact OS matches for host (test conditions non-ideal).");
}

#[test]
fn too_many_are_not_named() {
    let mut os = exact();
    for number in 1..9 {
        let mut more = os.matches[0].clone();
        more.name = format!("N{number}");
        os.matches.push(more);
    }
    let lines = normal(os.clone(), &ReportOptions::default());
    assert_eq!(lines[3], "Too many fingerprints match this host to give specific OS details");
    for number in 0..9 {
        os.matches[number].classes[0].kind = format!("kind {number}");
    }
    let lines = normal(os, &ReportOptions::default());
    assert_eq!(lines.len(), 2, "nor are their kinds: {lines:#?}");
}

#[test]
fn nothing_is_said_where_nothing_is_like_it() {
    let nothing = OsFindings { matches: Vec::new(), flaw: Some("x".to_owned()), ..system() };
    let lines = normal(nothing, &ReportOptions::default());
    assert_eq!(lines[0], "OS fingerprint not ideal because: x");
    assert_eq!(lines[1], "No OS matches for host");
}

#[test]
fn xml_is_that_of_the_document_type() {
    let text = render(|out| XmlReport::new(out, ReportOptions::default()), &[event(exact())]);
    let begin = text.find("<os>").expect("an element");
    let end = text.find("<times").expect("what follows");
    let lines: Vec<&str> = text[begin..end].lines().collect();
    assert_eq!(lines[0], "<os><portused state=\"open\" proto=\"tcp\" portid=\"80\"/>");
    assert_eq!(lines[3], "<osmatch name=\"Warbler OS &lt;1&gt;\" accuracy=\"100\" line=\"16\">");
    assert_eq!(
        lines[4],
        "<osclass type=\"router\" vendor=\"Warbler\" osfamily=\"Warbler\" osgen=\"1.X\" \
         accuracy=\"100\"><cpe>cpe:/o:warbler:os:1</cpe></osclass>"
    );
    let numbers = [
        "<distance value=\"2\"/>",
        "<tcpsequence index=\"260\" difficulty=\"Good luck!\" values=\"A,FF\"/>",
        "<ipidsequence class=\"All zeros\" values=\"0,0\"/>",
        "<tcptssequence class=\"zero\"/>",
    ];
    assert_eq!(lines[8..], numbers);
    let text = render(|out| XmlReport::new(out, ReportOptions::default()), &[event(system())]);
    assert!(text.contains("fingerprint=\"OS:SCAN(V=x%G=Y)T1(R=Y)&#xa;\"/>"), "{text}");
}

#[test]
fn lines_pages_and_fields_have_it() {
    let json = render(|out| JsonReport::new(out, ReportOptions::default()), &[event(system())]);
    let line: Value = serde_json::from_str(&json).expect("JSON");
    let schema: Value = serde_json::from_str(nseer_report::JSON_SCHEMA).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&line), "{line}");
    assert_eq!(line["os"]["verdict"], "guesses");
    let read: JsonSystem = serde_json::from_value(line["os"].clone()).expect("what was written");
    assert_eq!(OsFindings::from(read), system());
    let fields =
        render(|out| GrepableReport::new(out, ReportOptions::default()), &[event(exact())]);
    let expected = "\tOS: Warbler OS <1>\tSeq Index: 260\tIP ID Seq: All zeros\n";
    assert!(fields.ends_with(expected), "{fields}");
    let page = render(|out| HtmlReport::new(out, ReportOptions::default()), &[event(exact())]);
    assert!(page.contains("<dt>Operating system</dt><dd>Warbler OS &#60;1&#62;</dd>"), "{page}");
}
