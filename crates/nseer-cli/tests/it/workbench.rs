//! The commands that do not scan: finished scans converted and compared, ours and Nmap's.

use std::process::Command;

use crate::lab::{self, Lab, Output, Peer};
use serde_json::Value;

const TARGET: &str = "127.0.0.1";

fn read(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn write(path: &str, text: &str) {
    #[allow(clippy::disallowed_methods, reason = "a test makes its own input")]
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
}

/// Without what a run says of itself: only the results. XML rounds times to microseconds, so the
/// latency may differ in its last digit.
fn results(text: &str) -> Vec<&str> {
    let of_run = |line: &&str| ["# ", "<!-- ", "<task"].iter().all(|head| !line.starts_with(head));
    let without_latency = |line| match str::rsplit_once(line, " (") {
        Some((rest, end)) if end.ends_with("s latency).") => rest,
        _ => line,
    };
    text.lines().filter(of_run).map(without_latency).collect()
}

fn convert(lab: &Lab, file: &str, to: &str) -> Output {
    let output = lab.nseer(&["convert", file, "--to", to]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
    output
}

/// A scan of services with odd bytes and structured results.
fn services(lab: &Lab) {
    lab.oidentd();
    lab.sshd(22);
    lab.tls(443);
    lab.peer(7001, Peer::Says(b"\x00\xff <&>\"' --\r\n\x1b[31m"));
}

#[test]
fn our_xml_becomes_what_the_scan_itself_wrote() {
    lab::run("workbench::our_xml_becomes_what_the_scan_itself_wrote", |lab| {
        services(lab);
        let scripts = ["odd-bytes", "structured", "raises", "yields"].map(|name| lab.script(name));
        let scripts = format!("auth-owners,banner,{}", scripts.join(","));
        for (i, args) in [
            &["-n", "-p1-200,443,7001", "--script", &scripts, TARGET][..],
            &["-n", "-p22", "--open", "--reason", "-vv", "127.0.0.1-2"],
            &["-n", "-sn", "127.0.0.1-2"],
            &["-n", "-sL", "127.0.0.0/30"],
            &["-6", "-n", "-p22", "--script", &scripts, "::1"],
            &["-n", "-p1-50", "--host-timeout", "1ms", "--scan-delay", "50ms", TARGET],
        ]
        .iter()
        .enumerate()
        {
            let base = format!("/run/lab/{i}");
            lab.nseer(&[*args, &["-oA", &base]].concat());
            let xml = format!("{base}.xml");
            for (format, ending) in [("normal", "nmap"), ("grepable", "gnmap"), ("xml", "xml")] {
                let converted = convert(lab, &xml, format).stdout;
                let written = read(&format!("{base}.{ending}"));
                assert_eq!(results(&converted), results(&written), "{args:?} to {format}");
                assert!(converted.lines().count() > 2, "{converted}");
            }
        }
    });
}

#[test]
fn nmaps_xml_becomes_what_nmap_itself_wrote() {
    lab::run("workbench::nmaps_xml_becomes_what_nmap_itself_wrote", |lab| {
        services(lab);
        for (i, args) in [
            &["-n", "-Pn", "-sV", "-p22,80,443", "--script", "ssl-cert,banner", TARGET][..],
            &["-n", "-sT", "-p1-200,7001", "--script", "banner", "127.0.0.1-2"],
            &["-n", "-sn", "127.0.0.1-3"],
            &["-n", "-sL", "127.0.0.0/30"],
            &["-6", "-n", "-sT", "-p1-100", "--reason", "::1"],
        ]
        .iter()
        .enumerate()
        {
            let base = format!("/run/lab/{i}");
            let nmap = lab.nmap(&[*args, &["-oA", &base]].concat());
            assert_eq!(nmap.code, 0, "{nmap:#?}");
            let converted = convert(lab, &format!("{base}.xml"), "normal").stdout;
            let written = read(&format!("{base}.nmap"));
            // Advice is not in XML; and this script of the category version now and then gets hold of
            // the server that serves one client at a time, and then may stand before or after others.
            let left_out = ["Service detection performed", "|_http-trane-info"];
            let compared = |text: &str| -> String {
                let lines = results(text).into_iter();
                let lines = lines.filter(|line| left_out.iter().all(|l| !line.starts_with(l)));
                lines.collect::<Vec<_>>().join("\n").trim().to_owned()
            };
            assert_eq!(compared(&converted), compared(&written), "{args:?}");
            assert!(converted.starts_with("# Nmap 7"), "{converted}");
            let json = convert(lab, &format!("{base}.xml"), "json").stdout;
            let hosts = json.lines().filter(|line| line.contains("\"type\":\"host\"")).count();
            let reports = written.lines().filter(|line| line.contains("scan report")).count();
            assert_eq!(hosts, reports, "{json}");
        }
    });
}

#[test]
fn what_is_not_carried_over_is_told() {
    lab::run("workbench::what_is_not_carried_over_is_told", |lab| {
        lab.sshd(22);
        let nmap = lab.nmap(&["-n", "-Pn", "-p22,23", "-oX", "/run/lab/scan.xml", TARGET]);
        assert_eq!(nmap.code, 0, "{nmap:#?}");
        #[allow(clippy::disallowed_methods, reason = "a test changes what a program wrote")]
        {
            let text = std::fs::read_to_string("/run/lab/scan.xml").expect("what nmap wrote");
            let text = text.replace("<times", "<smurf responses=\"3\"/><times");
            std::fs::write("/run/lab/scan.xml", text).expect("the lab's own file");
        }
        let output = lab.nseer(&["convert", "/run/lab/scan.xml"]);
        assert_eq!(output.code, 0, "{output:#?}");
        assert!(
            output.stderr.starts_with("nseer: warning: '/run/lab/scan.xml' has"),
            "{output:#?}"
        );
        assert!(output.stderr.contains("smurf responses"), "{output:#?}");
        assert_eq!(output.stderr.lines().count(), 1, "{output:#?}");
    });
}

#[test]
fn a_scan_that_was_killed_is_read_as_far_as_it_goes() {
    lab::run("workbench::a_scan_that_was_killed_is_read_as_far_as_it_goes", |lab| {
        lab.sshd(22);
        lab.nseer(&["-n", "-Pn", "-p22", "-oX", "/run/lab/x.xml", "127.0.0.1-3"]);
        let whole = read("/run/lab/x.xml");
        let cut = whole.rfind("<service").expect("the service of the last host");
        // Hosts come in the order in which they were done.
        let last = whole[..cut].rsplit("<address addr=\"").next().and_then(|r| r.split('"').next());
        let last = last.expect("the address of the last host");
        write("/run/lab/cut.xml", &whole[..cut]);
        let output = lab.nseer(&["convert", "/run/lab/cut.xml", "-o", "/run/lab/cut.jsonl"]);
        assert_eq!(output.code, 1, "{output:#?}");
        let warning = format!(
            "nseer: warning: '/run/lab/cut.xml' ends early, in the middle of host {last}, which is \
             left out\n"
        );
        assert_eq!(output.stderr, warning);
        let text = read("/run/lab/cut.jsonl");
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.iter().filter(|line| line["type"] == "host").count(), 2, "{text}");
        assert_eq!(lines.last().map(|line| &line["type"]), Some(&"run_finished".into()));
        let output = lab.nseer(&["diff", "/run/lab/x.xml", "/run/lab/cut.xml"]);
        assert_eq!(output.code, 2, "{output:#?}");
        assert!(output.stdout.contains(&format!("\n{last}\n- host up\n")), "{output:#?}");
    });
}

#[test]
fn bad_input_is_one_clear_line() {
    lab::run("workbench::bad_input_is_one_clear_line", |lab| {
        write("/run/lab/x.html", "<html></html>");
        write("/run/lab/x.txt", "# Nmap 7.93 scan");
        write("/run/lab/empty", "");
        write("/run/lab/x.xml", "<nmaprun args='nmap'><runstats/></nmaprun>");
        for (args, told) in [
            (&["convert"][..], "convert takes one operand: nseer convert FILE"),
            (&["convert", "/run/lab/none"], "cannot read '/run/lab/none': No such file"),
            (&["convert", "/run/lab/x.html"], "cannot read '/run/lab/x.html': it is no scan"),
            (&["convert", "/run/lab/x.txt"], "cannot read '/run/lab/x.txt': it is no XML"),
            (&["convert", "/run/lab/empty"], "cannot read '/run/lab/empty': it is empty"),
            (&["convert", "/run/lab/x.xml", "--to", "pdf"], "'pdf' is no format (--to)"),
            (
                &["convert", "/run/lab/x.xml", "-o", "/run/lab/x.xml"],
                "'/run/lab/x.xml' cannot be read and written at once",
            ),
            (&["convert", "/run/lab/x.xml", "-o", "/none/x"], "cannot write to '/none/x'"),
            (&["convert", "/run/lab/x.xml", "-o", "/dev/full"], "cannot write to '/dev/full': No"),
            (&["diff", "/run/lab/x.xml"], "diff takes 2 operands"),
            (&["diff", "/run/lab/x.xml", "/run/lab/x.txt"], "cannot read '/run/lab/x.txt'"),
            (&["diff", "-", "-"], "standard input holds one scan"),
        ] {
            let output = lab.nseer(args);
            assert_eq!(output.code, if args[0] == "diff" { 2 } else { 1 }, "{args:?}: {output:#?}");
            let line = output.stderr.strip_prefix("nseer: ").unwrap_or_default();
            assert!(line.starts_with(told), "{args:?}: {output:#?}");
            assert_eq!(output.stderr.lines().count(), 1, "{args:?}: {output:#?}");
        }
    });
}

/// Other programs write less than Nmap does, and whoever wrote a file may mean ill.
#[test]
fn documents_of_other_programs_keep_their_ports() {
    lab::run("workbench::documents_of_other_programs_keep_their_ports", |lab| {
        let document = "<nmaprun scanner='x' start='1' version='7'><host><status state='up' reason='r'/>\
            <address addr='192.0.2.1' addrtype='ipv4'/><ports><port protocol='tcp' portid='80'>\
            <state state='open' reason='r'/><script id='s&#x9b;[31m' output='fine'/></port></ports></host>\
            <runstats><finished time='1' elapsed='1' exit='success'/><hosts up='1' down='0' total='1'/>\
            </runstats></nmaprun>";
        write("/run/lab/x.xml", document);
        for to in ["normal", "xml", "grepable", "json", "html"] {
            let output = lab.nseer(&["convert", "/run/lab/x.xml", "--to", to]);
            assert!(output.stdout.contains("80"), "{to}: {output:#?}");
            let is_moving = |c: char| c.is_control() && !"\n\t".contains(c);
            // JSON is for programs, which are to have it as it is.
            assert!(to == "json" || !output.stdout.contains(is_moving), "{to}: {output:#?}");
        }
        let output = lab.nseer(&["convert", "/run/lab/x.xml", "--to", "normal"]);
        assert!(output.stdout.contains("80/tcp open"), "{output:#?}");
        let output = lab.nseer(&["--datadir", "a\u{1b}[31m", "--frob\u{1b}[31m"]);
        assert!(output.code != 0 && !output.stderr.contains('\u{1b}'), "{output:#?}");
    });
}

#[test]
fn two_scans_are_compared() {
    lab::run("workbench::two_scans_are_compared", |lab| {
        lab.sshd(22);
        let scan = |lab: &Lab, path: &str| {
            let structured = lab.script("structured");
            let args = ["-n", "-Pn", "-p22,113", "--script", &structured, "-oX", path, TARGET];
            assert_eq!(lab.nseer(&args).code, 0);
        };
        scan(lab, "/run/lab/a.xml");
        let same = lab.nseer(&["diff", "/run/lab/a.xml", "/run/lab/a.xml"]);
        assert_eq!((same.code, same.all().trim()), (0, ""), "{same:#?}");
        lab.oidentd();
        scan(lab, "/run/lab/b.xml");
        let changed = read("/run/lab/b.xml").replace(">5.0<", ">6.0<");
        write("/run/lab/b.xml", &changed);
        let text = lab.nseer(&["diff", "/run/lab/a.xml", "/run/lab/b.xml"]);
        let expected = format!(
            "--- /run/lab/a.xml\n+++ /run/lab/b.xml\n\n{TARGET}\n- 113/tcp closed ident\n\
             + 113/tcp open ident\n  structured:\n-     number: 5.0\n+     number: 6.0\n"
        );
        let service = text.stdout.replace("auth", "ident");
        assert_eq!((text.code, service.as_str()), (1, expected.as_str()), "{text:#?}");
        let json = lab.nseer(&["diff", "--to=json", "/run/lab/a.xml", "/run/lab/b.xml"]);
        let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
        assert_eq!(json["hosts"][0]["scripts"][0]["structured"][0]["path"][0], "number");
    });
}

#[test]
fn a_reader_of_a_conversion_may_go_away() {
    lab::run("workbench::a_reader_of_a_conversion_may_go_away", |lab| {
        lab.nseer(&["-n", "-sL", "-oX", "/run/lab/x.xml", "10.0.0.0/20"]);
        let nseer = env!("CARGO_BIN_EXE_nseer");
        let line = format!("set -o pipefail; '{nseer}' convert /run/lab/x.xml | head -n 1");
        let output = Command::new("bash").args(["-c", &line]).output().expect("bash");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    });
}
