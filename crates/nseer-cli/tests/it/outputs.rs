//! What a run leaves behind: valid documents whatever ends it, an exit code that tells, and the
//! same results with any number of Lua states.

mod full_disk;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::{self, Lab, Peer, must};
use serde_json::{Value, json};

const TARGET: &str = "127.0.0.1";

/// The document type that readers of Nmap's XML know.
const DTD: &str = "/usr/share/nmap/nmap.dtd";

/// Asserts that a file is XML, valid against the document type.
fn assert_valid(path: &str) {
    let output = Command::new("xmllint")
        .args(["--noout", "--dtdvalid", DTD, path])
        .output()
        .expect("xmllint (Debian package libxml2-utils) can be started");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {text}\n{}", read(path));
}

/// Asserts that a file is JSON lines of a whole run, each valid against the schema that the command
/// prints. Gives the lines.
fn assert_valid_lines(path: &str) -> Vec<Value> {
    let schema: Value = serde_json::from_str(&nseer_cli::page::Page::JsonSchema.text())
        .expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    let lines: Vec<Value> = read(path)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{path}: {e}: {line}")))
        .collect();
    for line in &lines {
        if let Some(error) = schema.iter_errors(line).next() {
            panic!("{path}: {error}: {line}");
        }
    }
    let types: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(types.first(), Some(&"run_started"), "{path}");
    assert_eq!(types.last(), Some(&"run_finished"), "{path}");
    lines
}

fn read(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn xml_and_json_are_valid_in_every_case() {
    lab::run("outputs::xml_and_json_are_valid_in_every_case", |lab| {
        lab.oidentd();
        lab.sshd(22);
        lab.dns();
        lab.tls(443);
        lab.peer(7001, Peer::Says(b"\x00\xff <&>\"' --\r\n\x1b[31m"));
        let structured = lab.script("structured");
        let (odd, waits) = (lab.script("odd-bytes"), lab.script("waits"));
        let trouble = ["raises", "fails-oddly", "never-returns", "yields"];
        let trouble = trouble.map(|name| lab.script(name)).join(",");
        let cases: &[&[&str]] = &[
            &["-p22,113", "--script", "auth-owners,banner", TARGET],
            &["-p7001", "--script", "banner", TARGET],
            &["-p22", "--script", &structured, TARGET],
            &["-F", TARGET, "127.0.0.2", "lab.test"],
            &["-p1-2000", "--reason", "-vv", TARGET],
            &["-p443", "--datadir", "/usr/share/nmap", "--script", "ssl-cert,http-title", TARGET],
            &["-sn", "127.0.0.1-3"],
            &["-sL", "127.0.0.0/30"],
            &["-p22", "--open", TARGET, "127.0.0.9"],
            &["-p22", "no-such-name.invalid"],
            &["-p22", "--script", "no-such-script", TARGET],
            &["-p22,80", "--host-timeout", "1ms", "--scan-delay", "50ms", TARGET],
            &["-p22", "--script", &odd, "--stylesheet", "a&b.xsl", TARGET],
            &["-p22", "--script", &odd, "-Pn", "--exclude", TARGET, TARGET],
            &["-p22", "--script", &trouble, "--script-cpu-limit", "200ms", TARGET],
            &["-p7001", "--script", &waits, "--script-timeout", "300ms", TARGET],
            &["-p7001", "--script", &waits, "--host-timeout", "1s", TARGET],
            &["-6", "-p22", "--script", &odd, "--webxml", "::1"],
        ];
        for (i, args) in cases.iter().enumerate() {
            let (path, lines) = (format!("/run/lab/{i}.xml"), format!("/run/lab/{i}.jsonl"));
            let output = lab.nseer(&[*args, &["-oX", &path, "-oJ", &lines]].concat());
            assert!(!output.stdout.is_empty(), "{args:?}: {output:#?}");
            assert_valid(&path);
            assert_valid_lines(&lines);
        }
    });
}

/// Who opens the document in a browser sees it laid out, as with nmap: by the data folder's stylesheet.
#[test]
fn the_stylesheet_is_that_of_the_data_folder() {
    lab::run("outputs::the_stylesheet_is_that_of_the_data_folder", |lab| {
        let line = |output: lab::Output| {
            output.stdout.lines().find(|line| line.starts_with("<?xml-style")).map(str::to_owned)
        };
        for more in [&[][..], &["--no-stylesheet"], &["--webxml"], &["--stylesheet", "a b.xsl"]] {
            let args =
                [&["-n", "-sL", "-oX", "-", "--datadir", "/usr/share/nmap", TARGET], more].concat();
            assert_eq!(line(lab.nseer(&args)), line(lab.nmap(&args)), "{more:?}");
        }
        assert_eq!(line(lab.nseer(&["-n", "-sL", "-oX", "-", TARGET])), None);
    });
}

/// A program that reads what another writes to a pipe gets a whole document, however early it ends; files are
/// left alone.
#[test]
fn a_run_that_fails_before_its_outputs_are_open_leaves_a_document() {
    lab::run("outputs::a_run_that_fails_before_its_outputs_are_open_leaves_a_document", |lab| {
        let cases: &[(&[&str], &str)] = &[
            (&["-p", "99999999", TARGET], "bad port '99999999'"),
            (&["-p22", "-e", "none0", TARGET], "'none0' (-e)"),
            (&["-p22", "-sC", "--datadir", "/none", TARGET], "'/none' (--datadir)"),
            (&["-p22", "--store", "/none/x", TARGET], "cannot open '/none/x'"),
            (&["-p22"], "no targets were given"),
            (&["-sS", "-sT", TARGET], "-sS does not go together with -sT"),
        ];
        #[allow(clippy::disallowed_methods, reason = "a test writes what it looks at")]
        let write = |path: &str, text: &str| std::fs::write(path, text).expect("a file");
        for (args, told) in cases {
            let output = lab.nseer(&[*args, &["-oX", "-"]].concat());
            assert_ne!(output.code, 0, "{args:?}");
            assert!(output.stderr.contains(told), "{args:?}: {output:#?}");
            assert_eq!(output.stderr.lines().count(), 1, "{args:?}: {output:#?}");
            write("/run/lab/early.xml", &output.stdout);
            assert_valid("/run/lab/early.xml");
            assert!(output.stdout.contains("exit=\"error\" errormsg=\""), "{output:#?}");
            let lines = lab.nseer(&[*args, &["-oJ", "-"]].concat());
            write("/run/lab/early.jsonl", &lines.stdout);
            let lines = assert_valid_lines("/run/lab/early.jsonl");
            let why = lines.last().and_then(|line| line["interrupted"].as_str()).expect("why");
            assert!(why.contains(told), "{args:?}: {why}");
            // What an earlier run found is not lost to a slip of the finger.
            write("/run/lab/old.xml", "old");
            let output = lab.nseer(&[*args, &["-oX", "/run/lab/old.xml"]].concat());
            assert_eq!(
                (output.stdout.as_str(), &*read("/run/lab/old.xml")),
                ("", "old"),
                "{args:?}"
            );
        }
    });
}

#[test]
fn an_interrupted_run_leaves_what_it_knows() {
    lab::run("outputs::an_interrupted_run_leaves_what_it_knows", |lab| {
        lab.sshd(22);
        lab.peer(7001, Peer::Silent);
        let waits = lab.script("waits");
        let mut child = Command::new(env!("CARGO_BIN_EXE_nseer"))
            .args(["-sT", "-Pn", "-n", "-p22,7001", "--script", &waits, "-oA", "/run/lab/out"])
            .args(["-oJ", "/run/lab/out.jsonl"])
            .args(["127.0.0.2", TARGET])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nseer starts");
        // 127.0.0.2 has no silent peer, so it is done soon; the other host never is.
        wait_until(|| read_if_there("/run/lab/out.nmap").contains("report for 127.0.0.2"));
        must(Command::new("kill").args(["-INT", &child.id().to_string()]));
        let status = child.wait().expect("nseer ends");
        assert!(!status.success(), "the exit code tells");
        assert_valid("/run/lab/out.xml");
        let xml = read("/run/lab/out.xml");
        assert!(xml.contains("127.0.0.2") && xml.contains("exit=\"error\""), "{xml}");
        let normal = read("/run/lab/out.nmap");
        assert!(normal.contains("# Stopped early: interrupted by the user"), "{normal}");
        // What was known of the host that was not done.
        let known = normal.split("Nmap scan report").last().expect("a part");
        assert!(known.contains("22/tcp   open") && known.contains("7001/tcp open"), "{normal}");
        assert!(known.contains(&format!("Stopped before all was done on {TARGET}")), "{normal}");
        assert!(xml.contains(&format!("addr=\"{TARGET}\"")), "{xml}");
        let grepable = read("/run/lab/out.gnmap");
        assert!(grepable.contains("Host: 127.0.0.2") && grepable.contains(TARGET), "{grepable}");
        let lines = assert_valid_lines("/run/lab/out.jsonl");
        let host = |address| {
            let mut lines = lines.iter().filter(|line| line["type"] == "host");
            lines.find(|line| line["address"] == address).expect("the host")
        };
        assert!(host("127.0.0.2")["finished"].is_string(), "{lines:#?}");
        assert!(host(TARGET)["finished"].is_null(), "{lines:#?}");
        let last = lines.last().expect("a line");
        assert_eq!(last["interrupted"], "interrupted by the user", "{last}");
    });
}

/// A terminal that goes away ends the run as Ctrl-C does, but not one that was told not to mind (nohup).
#[test]
fn a_terminal_that_goes_away_loses_nothing() {
    lab::run("outputs::a_terminal_that_goes_away_loses_nothing", |lab| {
        lab.peer(7001, Peer::Silent);
        let waits = lab.script("waits");
        for (trap, signals, why) in [
            ("", &["-HUP"][..], "its terminal went away"),
            ("trap '' HUP;", &["-HUP", "-INT"], "interrupted by the user"),
        ] {
            let args = format!("-sT -Pn -n -p7001 --script {waits} 127.0.0.2 {TARGET}");
            let out = "/run/lab/hangup";
            let nseer = env!("CARGO_BIN_EXE_nseer");
            let command = format!("{trap} exec '{nseer}' -oN {out} {args} > /dev/null 2>&1");
            let mut child = Command::new("sh").args(["-c", &command]).spawn().expect("a shell");
            wait_until(|| read_if_there(out).contains("report for 127.0.0.2"));
            for signal in signals {
                must(Command::new("kill").args([*signal, &child.id().to_string()]));
            }
            assert!(!child.wait().expect("nseer ends").success());
            let normal = read(out);
            assert!(normal.contains(&format!("# Stopped early: {why}")), "{normal}");
            assert!(normal.contains("7001/tcp open"), "{normal}");
            must(Command::new("rm").arg(out));
        }
    });
}

#[test]
fn pages_that_cannot_be_written_are_a_failure() {
    for (to, fails) in [("/dev/full", true), ("/dev/null", false)] {
        let pages = [
            "-h",
            "--help",
            "-V",
            "--iflist",
            "--script-help banner",
            "--script-help banner -oX -",
            "convert --help",
            "script",
            "script --help",
            "script list",
            "script info banner",
        ];
        for page in pages {
            let command = format!("exec '{}' {page} > {to}", env!("CARGO_BIN_EXE_nseer"));
            let run = Command::new("sh").args(["-c", &command]).output().expect("a shell");
            let told = String::from_utf8_lossy(&run.stderr).contains("standard output");
            assert_eq!((run.status.success(), told), (!fails, fails), "{page} {run:?}");
        }
    }
}

#[test]
fn the_end_counts_hosts_as_the_progress_did() {
    lab::run("outputs::the_end_counts_hosts_as_the_progress_did", |lab| {
        lab.drop_packets_to(7);
        let out = "/run/lab/out";
        let args = "-sT -n -p7 --max-retries 10 --stats-every 50ms -oX /run/lab/x.xml 127.0.0.1-40";
        let command = format!("exec '{}' {args} > {out}", env!("CARGO_BIN_EXE_nseer"));
        let mut child = Command::new("sh").args(["-c", &command]).spawn().expect("a shell");
        wait_until(|| read_if_there(out).contains(" 0 hosts completed (40 up), 40 undergoing"));
        must(Command::new("kill").args(["-INT", &child.id().to_string()]));
        assert!(!child.wait().expect("nseer ends").success());
        let normal = read(out);
        assert!(normal.contains("Nmap done: 40 IP addresses (40 hosts up) scanned in"), "{normal}");
        assert!(read("/run/lab/x.xml").contains("<hosts up=\"40\" down=\"0\" total=\"40\"/>"));
    });
}

#[test]
fn how_each_script_ended_is_told() {
    lab::run("outputs::how_each_script_ended_is_told", |lab| {
        lab.sshd(22);
        lab.peer(7001, Peer::Silent);
        let names = ["raises", "never-returns", "yields", "waits", "odd-bytes"];
        let scripts = names.map(|name| lab.script(name)).join(",");
        let args = ["-n", "-Pn", "-p22,7001", "--script", &scripts, "--script-timeout", "6s"];
        let more = ["--script-cpu-limit", "300ms", "-oX", "/run/lab/x.xml", "-oJ", "-", TARGET];
        let output = lab.nseer(&[&args[..], &more].concat());
        let lines: Vec<Value> = output
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        let host = lines.iter().find(|line| line["type"] == "host").expect("the host");
        let runs = host["script_runs"].as_array().expect("runs");
        let state = |id: &str, port: Option<u64>| {
            let of_port = |run: &&Value| run["id"] == id && run["port"].as_u64() == port;
            runs.iter().find(of_port).map(|run| run["state"].clone()).unwrap_or_default()
        };
        assert_eq!(state("raises", Some(22)), "failed", "{runs:#?}");
        assert_eq!(state("never-returns", Some(22)), "killed", "{runs:#?}");
        assert_eq!(state("waits", Some(7001)), "timed_out", "{runs:#?}");
        assert_eq!(state("odd-bytes", Some(22)), "output", "{runs:#?}");
        let streamed = lines.iter().filter(|line| line["type"] == "script_finished");
        assert_eq!(streamed.filter(|line| line["address"] == TARGET).count(), runs.len());
        let odd = host["scripts"].as_array().expect("results");
        let odd = odd.iter().find(|script| script["id"] == "odd-bytes").expect("its result");
        let bytes = "AAEbWzMxbX+A/yA8Jj4iJyBdXT4gLS0+ID8+IA0KCe+/vg==";
        assert_eq!(odd["structured"]["$pairs"][0], json!([null, {"$base64": bytes}]));
        let xml = read("/run/lab/x.xml");
        let told =
            |words: &str| xml.lines().any(|l| l.contains("?nseer-script-run") && l.contains(words));
        assert!(
            told("id=\"raises\" rule=\"portrule\" protocol=\"tcp\" portid=\"22\" state=\"failed\""),
            "{xml}"
        );
        assert!(told("portid=\"7001\" state=\"timed_out\""), "{xml}");
        assert_valid("/run/lab/x.xml");
    });
}

fn read_if_there(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    std::fs::read_to_string(path).unwrap_or_default()
}

fn wait_until(done: impl Fn() -> bool) {
    #[allow(clippy::disallowed_methods, reason = "a bound for the whole wait")]
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    lab::run("outputs::a_reader_that_goes_away_is_no_failure", |_| {
        let nseer = env!("CARGO_BIN_EXE_nseer");
        let script = format!("set -o pipefail; '{nseer}' -n -Pn -p1-3 127.0.0.0/26 | head -n 1");
        let output = Command::new("bash").args(["-c", &script]).output().expect("bash");
        assert!(output.status.success(), "{output:?}");
        assert!(output.stdout.starts_with(b"Starting nseer"), "{output:?}");
    });
}

#[test]
fn any_number_of_lua_states_gives_the_same() {
    lab::run("outputs::any_number_of_lua_states_gives_the_same", |lab| {
        lab.oidentd();
        lab.sshd(22);
        let counts = lab.script("counts-hosts");
        let run = |lab: &Lab, workers: &str| {
            let scripts = format!("banner,{counts}");
            let args = ["-sT", "-Pn", "-n", "-p22", "--script", &scripts];
            let hosts = ["--script-workers", workers, "127.0.0.1-4"];
            let output = lab.nseer(&[args.as_slice(), &hosts].concat());
            assert_eq!(output.code, 0, "{output:#?}");
            let mut lines: Vec<String> =
                output.stdout.lines().filter(|l| l.starts_with('|')).map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let one = run(lab, "1");
        assert_eq!(one.len(), 5, "{one:#?}");
        assert!(one.iter().any(|line| line.contains("4 hosts")), "{one:#?}");
        for workers in ["2", "4"] {
            assert_eq!(run(lab, workers), one, "with {workers} workers");
        }
    });
}

/// Nmap's own scripts: what they gather on all hosts is brought together after the last.
#[test]
fn nmaps_scripts_give_the_same_with_any_number_of_lua_states() {
    lab::run("outputs::nmaps_scripts_give_the_same_with_any_number_of_lua_states", |lab| {
        lab.sshd(22);
        let run = |lab: &Lab, workers: &str| {
            let scripts = ["--datadir", "/usr/share/nmap", "-sC", "--script-workers", workers];
            let hosts = ["-sT", "-Pn", "-n", "-p22", "127.0.0.1-4"];
            let output = lab.nseer(&[scripts.as_slice(), &hosts].concat());
            assert_eq!(output.code, 0, "{output:#?}");
            let mut lines: Vec<String> =
                output.stdout.lines().filter(|l| l.starts_with('|')).map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let one = run(lab, "1");
        let all_hosts = (1..=4).all(|i| one.iter().any(|l| l.ends_with(&format!(" 127.0.0.{i}"))));
        assert!(all_hosts, "the postrule tells who shares a key: {one:#?}");
        for workers in ["2", "4"] {
            assert_eq!(run(lab, workers), one, "with {workers} workers");
        }
    });
}

#[test]
fn every_script_of_nmap_loads() {
    lab::run("outputs::every_script_of_nmap_loads", |lab| {
        let output = lab.nseer(&["--datadir", "/usr/share/nmap", "--script-help", "all"]);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
        let loaded = output.stdout.lines().filter(|l| l.starts_with("Categories:")).count();
        #[allow(clippy::disallowed_methods, reason = "the truth to compare with")]
        let installed = std::fs::read_dir("/usr/share/nmap/scripts")
            .expect("Nmap's scripts (Debian package nmap)")
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|e| e == "nse"))
            .count();
        assert_eq!(loaded, installed);
    });
}

/// Nmap's own tests of its libraries.
#[test]
fn nmaps_libraries_pass_their_own_tests() {
    lab::run("outputs::nmaps_libraries_pass_their_own_tests", |lab| {
        let args =
            ["-d", "--script", "unittest", "--script-args", "unittest.run", "-sL", "-n", TARGET];
        let ours = lab.nseer(&[&["--datadir", "/usr/share/nmap"], &args[..]].concat());
        let theirs = lab.nmap(&args);
        let verdict = "All tests passed";
        assert!(theirs.stdout.contains(verdict), "{theirs:#?}");
        assert!(ours.stdout.contains(verdict), "{ours:#?}");
        let run = |output: &lab::Output| {
            let lines = output.stdout.lines().filter_map(|line| line.split_once("[unittest"));
            let lines = lines.filter_map(|(_, line)| line.split_once("] ").map(|(_, what)| what));
            let of_interest = |line: &&str| line.contains("Testing ") || line.contains("passed");
            lines.filter(of_interest).map(str::to_owned).collect()
        };
        let (mut ours, mut theirs): (Vec<String>, Vec<String>) = (run(&ours), run(&theirs));
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs);
        assert!(!ours.is_empty());
    });
}
