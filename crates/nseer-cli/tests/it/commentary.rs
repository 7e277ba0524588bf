//! What a run says of itself: the lines of `-v`, `-d` and `--packet-trace` beside the real nmap's, on the
//! screen and in files, and mistakes, which are told once.

use crate::lab::{self, Lab, Output, Peer};

const TARGET: &str = "127.0.0.1";
const FAR: &str = "10.99.0.2";
const DATA: [&str; 2] = ["--datadir", "/usr/share/nmap"];

/// Lines of the commentary with what differs from run to run taken out: times, ports of our own, numbers of
/// packets, and where the data files are.
fn commentary(text: &str) -> Vec<String> {
    let told = ["Initiating ", "Scanning ", "Completed ", "Discovered ", "NSE: Script scanning"];
    let told = text.lines().filter(|line| {
        told.iter().any(|start| line.starts_with(start))
            || line.starts_with("Read data files from:")
    });
    told.map(|line| {
        let line = line.split(" at ").next().unwrap_or_default();
        let folder = line.starts_with("Read data").then_some("Read data files from: ...");
        folder.unwrap_or(line).to_owned()
    })
    .collect()
}

/// What a task is said to have done, which [`commentary`] leaves out.
fn done(text: &str) -> Vec<String> {
    let ends = text.lines().filter(|line| line.starts_with("Completed "));
    ends.map(|line| line.split_once("s elapsed").map_or("", |(_, end)| end).to_owned()).collect()
}

fn read(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn both(lab: &Lab, args: &[&str]) -> (Output, Output) {
    (lab.nseer(&[&DATA, args].concat()), lab.nmap(args))
}

#[test]
fn verbose_lines_are_nmaps() {
    lab::run("commentary::verbose_lines_are_nmaps", |lab| {
        lab.far_host();
        lab.far_dns();
        lab.sshd(22);
        let cases: &[&[&str]] = &[
            &["-v", "-n", "-sT", "-p22,80", TARGET],
            &["-v", "-n", "-sS", "-p22,80", TARGET],
            &["-v", "-n", "-sU", "-p53,54", FAR],
            &["-v", "-n", "-sn", FAR],
            &["-v", "-n", "-sn", "--disable-arp-ping", "-PE", "-PS22", FAR],
            &["-v", "-n", "-sS", "-p53", FAR],
            &["-v", "-n", "-6", "-sS", "-p53", "fd99::2"],
            &["-v", "-n", "-sT", "--unprivileged", "-p53", FAR],
            &["-v", "-n", "-sV", "-p22", TARGET],
            &["-v", "-n", "-sSU", "-p22", TARGET],
            &["-v", "-n", "-sX", "-p22", TARGET],
            &["-v", "-n", "-sO", "-p6", TARGET],
            &["-n", "-sT", "-p22", TARGET],
        ];
        for args in cases {
            let files = (format!("{}/ours.nmap", "/run/lab"), "/run/lab/theirs.nmap");
            let ours = lab.nseer(&[&DATA[..], args, &["-oN", &files.0]].concat());
            let theirs = lab.nmap(&[args, &["-oN", files.1][..]].concat());
            let scripts = |line: &String| line.contains("NSE");
            let expected: Vec<String> =
                commentary(&theirs.stdout).into_iter().filter(|line| !scripts(line)).collect();
            let told: Vec<String> =
                commentary(&ours.stdout).into_iter().filter(|line| !scripts(line)).collect();
            assert_eq!(told, expected, "{args:?}: {ours:#?}\n{theirs:#?}");
            let tasks = |text: &str| -> Vec<String> {
                done(text).into_iter().filter(|end| !end.is_empty()).collect()
            };
            assert_eq!(tasks(&ours.stdout), tasks(&theirs.stdout), "{args:?}: {ours:#?}");
            // In files there is less of it.
            assert_eq!(commentary(&read(&files.0)), commentary(&read(files.1)), "{args:?}");
        }
    });
}

#[test]
fn tasks_are_told_in_xml_under_one_name_from_begin_to_end() {
    lab::run("commentary::tasks_are_told_in_xml_under_one_name_from_begin_to_end", |lab| {
        lab.sshd(22);
        let args = ["-v", "-n", "-sT", "-p1-400", "--max-rate", "100", "--stats-every", "300ms"];
        let (ours, theirs) = both(lab, &[&args[..], &["-oX", "-", TARGET]].concat());
        let tasks = |output: &Output| -> Vec<String> {
            let tasks = output.stdout.lines().filter(|line| line.starts_with("<task"));
            let mut tasks: Vec<String> = tasks
                .map(|line| {
                    let (element, rest) = line.split_once(" time=").unwrap_or((line, ""));
                    let extra = rest.split_once(" extrainfo=").map_or("", |(_, extra)| extra);
                    format!("{element} {extra}")
                })
                .collect();
            tasks.dedup();
            tasks
        };
        assert_eq!(tasks(&ours), tasks(&theirs), "{ours:#?}");
        assert!(ours.stdout.contains("<taskprogress task=\"Connect Scan\""), "{ours:#?}");
        // The status on a screen has the same words.
        let (ours, theirs) = both(lab, &[&args[1..], &[TARGET]].concat());
        for output in [&ours, &theirs] {
            let text = &output.stdout;
            let undergoing = "0 hosts completed (1 up), 1 undergoing Connect Scan";
            assert!(text.contains(undergoing), "{text}");
            assert!(text.contains("Connect Scan Timing: About "), "{text}");
        }
    });
}

/// A packet trace without times, ports of our own, and numbers that are chosen at random.
fn trace(text: &str) -> Vec<String> {
    let told =
        text.lines().filter(|line| ["SENT", "RCVD", "CONN"].iter().any(|w| line.starts_with(w)));
    let chosen = ["id=", "seq=", "recv=", "trans=", "ttl=", "flow=", "hopl=", "("];
    let mut lines: Vec<String> = told
        .map(|line| {
            let words = line.split(' ').map(|word| {
                let is_own = word
                    .rsplit_once(':')
                    .is_some_and(|(host, _)| host == "10.99.0.1" || host == "fd99::1");
                match chosen.iter().find(|start| word.trim_start_matches('[').starts_with(*start)) {
                    Some(start) => *start,
                    None if is_own => "us",
                    None if word.contains(':') && word.len() == 17 => "MAC",
                    None => word,
                }
            });
            // The port that an error is about is not always told by the real one.
            words.collect::<Vec<_>>().join(" ").replace("Port 9 unreachable", "Port unreachable")
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
fn packet_traces_have_nmaps_form() {
    lab::run("commentary::packet_traces_have_nmaps_form", |lab| {
        lab.far_host();
        lab.far_dns();
        let cases: &[&[&str]] = &[
            &["-n", "-sS", "-p53,81", FAR],
            &["-n", "-sT", "-Pn", "--disable-arp-ping", "-p53,81", FAR],
            &["-n", "-sU", "-Pn", "--disable-arp-ping", "-p9", FAR],
            &["-n", "-sX", "-Pn", "--disable-arp-ping", "-p81", FAR],
            &["-n", "-sn", "-PE", "--disable-arp-ping", FAR],
            &["-n", "-sn", "-PP", "--disable-arp-ping", FAR],
            &["-n", "-6", "-sS", "-Pn", "--disable-arp-ping", "-p81", "fd99::2"],
        ];
        for args in cases {
            let args = [args, &["--packet-trace", "-oN", "/run/lab/file"][..]].concat();
            let ours = lab.nseer(&[&DATA[..], &args].concat());
            let file = read("/run/lab/file");
            let theirs = lab.nmap(&args);
            // Neighbours that are looked for meanwhile are the kernel's affair.
            let ours_traced: Vec<String> =
                trace(&ours.stdout).into_iter().filter(|line| !line.contains("ICMPv6 (")).collect();
            let expected: Vec<String> = trace(&theirs.stdout)
                .into_iter()
                .filter(|line| !line.contains("ICMPv6 ("))
                .collect();
            assert_eq!(ours_traced, expected, "{args:?}: {ours:#?}\n{theirs:#?}");
            assert_eq!(trace(&file), trace(&ours.stdout), "a file has the same");
        }
        let untraced = lab.nseer(&["-n", "-sS", "-p53", FAR]);
        assert_eq!(trace(&untraced.stdout), [""; 0]);
    });
}

#[test]
fn what_keeps_a_run_from_beginning_is_told_once() {
    lab::run("commentary::what_keeps_a_run_from_beginning_is_told_once", |lab| {
        lab.peer(7001, Peer::Silent);
        let broken = "/run/lab/broken.nse";
        #[allow(clippy::disallowed_methods, reason = "a test writes a script")]
        std::fs::write(broken, "this is no Lua").expect("a file");
        let cases: &[(&[&str], &str)] = &[
            (&["-n", "192.0.2.0/99"], "bad CIDR '192.0.2.0/99'"),
            (&["-n", "-iL", "/run/lab/none"], "/run/lab/none"),
            (&["-n", "--script", "no-such", TARGET], "no-such"),
            (&["-n", "--exclude", "1/99", TARGET], "1/99"),
            (&["-n", "-p7001", "--script", broken, TARGET], "broken.nse"),
        ];
        for (args, wrong) in cases {
            let args =
                [args, &["-oX", "/run/lab/out.xml", "-oN", "/run/lab/out.nmap"][..]].concat();
            let output = lab.nseer(&args);
            assert_ne!(output.code, 0, "{args:?}");
            let whole = format!("{}{}", output.stdout, output.stderr);
            assert_eq!(whole.matches(wrong).count(), 1, "{args:?}: {output:#?}");
            assert!(output.stderr.starts_with("nseer: "), "{args:?}: {output:#?}");
            assert!(!output.stdout.contains("Stopped early"), "{args:?}: {output:#?}");
            let normal = read("/run/lab/out.nmap");
            assert_eq!(
                normal.lines().filter(|line| line.contains("nseer: ")).count(),
                1,
                "{normal}"
            );
            let xml = read("/run/lab/out.xml");
            assert!(xml.contains("exit=\"error\" errormsg=\""), "{xml}");
            let valid = ["--noout", "--dtdvalid", "/usr/share/nmap/nmap.dtd", "/run/lab/out.xml"];
            assert_eq!(lab::program("xmllint", &valid).code, 0, "{xml}");
        }
    });
}

#[test]
fn what_scripts_say_moves_no_cursor() {
    lab::run("commentary::what_scripts_say_moves_no_cursor", |lab| {
        let script = "/run/lab/says.nse";
        let text = r#"local nmap = require "nmap"
categories = {"safe"}
prerule = function() return true end
action = function()
  nmap.log_write("stderr", "err a\0b\27[31mc")
  nmap.log_write("stdout", "out a\0b\27[31mc")
end
"#;
        #[allow(clippy::disallowed_methods, reason = "a test writes a script")]
        std::fs::write(script, text).expect("a file");
        let scan = lab.nseer(&["-n", "-sn", "--script", script, TARGET]);
        let alone = lab.nseer(&["script", "run", script, TARGET]);
        for output in [scan, alone] {
            for (stream, what) in [(&output.stderr, "err"), (&output.stdout, "out")] {
                assert!(stream.contains(&format!("{what} a\\x00b\\x1B[31mc")), "{output:#?}");
                assert!(!stream.contains(['\0', '\x1b']), "{output:#?}");
            }
        }
    });
}
