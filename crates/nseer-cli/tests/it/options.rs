//! Options beside the real nmap: help and database of scripts, traces, arguments from a file, lists
//! of targets, IPv6.

use std::fs;

use crate::lab::{self, Lab, Output, Peer};

const TARGET: &str = "127.0.0.1";
const INSTALLED: &str = "/usr/share/nmap";

fn write(path: &str, text: &str) {
    #[allow(clippy::disallowed_methods, reason = "the test plays the user")]
    fs::write(path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
}

fn read(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Standard output without the line in which a program introduces itself.
fn body(output: &Output) -> Vec<&str> {
    output.stdout.lines().filter(|line| !line.starts_with("Starting ")).collect()
}

#[test]
fn scripts_are_described_as_nmap_does() {
    lab::run("options::scripts_are_described_as_nmap_does", |lab| {
        for expression in ["auth-owners", "(safe or intrusive) and finger*,http-date"] {
            let theirs = lab.nmap(&["--script-help", expression]);
            let ours = lab.nseer(&["--datadir", INSTALLED, "--script-help", expression]);
            assert_eq!(body(&ours), body(&theirs), "{expression}");
            assert_eq!((ours.code, theirs.code), (0, 0));
        }
    });
}

/// A data directory with the installed libraries and a few scripts, ours and installed ones.
fn data_directory(lab: &Lab, path: &str) {
    #[allow(clippy::disallowed_methods, reason = "the test plays the user")]
    let copy = |from: &str, name: &str| {
        fs::copy(from, format!("{path}/scripts/{name}.nse"))
            .unwrap_or_else(|e| panic!("{from}: {e}"))
    };
    fs::create_dir_all(format!("{path}/scripts")).expect("a folder");
    for file in ["nselib", "nse_main.lua", "nmap-services", "nmap-protocols"] {
        let (there, here) = (format!("{INSTALLED}/{file}"), format!("{path}/{file}"));
        std::os::unix::fs::symlink(there, here).expect("a link");
    }
    for name in ["auth-owners", "finger", "http-date"] {
        copy(&format!("{INSTALLED}/scripts/{name}.nse"), name);
    }
    copy(&lab.script("structured"), "structured");
}

#[test]
fn the_database_of_scripts_is_the_same() {
    lab::run("options::the_database_of_scripts_is_the_same", |lab| {
        let (ours, theirs) = ("/run/lab/ours", "/run/lab/theirs");
        for path in [ours, theirs] {
            data_directory(lab, path);
        }
        let output = lab.nmap(&["--datadir", theirs, "--script-updatedb"]);
        assert_eq!(output.code, 0, "{output:#?}");
        let output = lab.nseer(&["--datadir", ours, "-n", "-Pn", "-p9", "-sC", TARGET]);
        let told = "'/run/lab/ours/scripts/script.db' is missing: write it with --script-updatedb";
        assert!(output.code == 1 && output.stderr.contains(told), "{output:#?}");
        // What stands in it makes no difference.
        write(&format!("{ours}/scripts/script.db"), "garbage (");
        let output = lab.nseer(&["--datadir", ours, "--script-updatedb"]);
        assert_eq!(output.code, 0, "{output:#?}");
        assert!(output.stdout.contains("Script Database updated successfully"), "{output:#?}");
        let database = |path: &str| read(&format!("{path}/scripts/script.db"));
        assert_eq!(database(ours), database(theirs));
        // What was written is what is chosen from.
        let chosen = lab.nseer(&["--datadir", ours, "--script-help", "default and not finger"]);
        assert!(chosen.stdout.contains("\nauth-owners\n"), "{chosen:#?}");
        assert!(!chosen.stdout.contains("\nhttp-date\n"), "{chosen:#?}");
    });
}

/// Trace lines, with local ports, which differ, as `N`.
fn trace(output: &Output) -> Vec<String> {
    let lines = output.stdout.lines().filter(|line| line.starts_with("NSE: TCP"));
    lines
        .map(|line| {
            let words = line.split(' ').map(|word| match word.rsplit_once(':') {
                Some((address, port)) if address == TARGET && port != "7001" => {
                    format!("{address}:N")
                }
                _ => word.to_owned(),
            });
            words.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn a_trace_shows_what_nmaps_shows() {
    lab::run("options::a_trace_shows_what_nmaps_shows", |lab| {
        lab.peer(7001, Peer::Says(b"220 hello\r\n"));
        let script = lab.script("first-line");
        let args = ["-sT", "-Pn", "-n", "-p7001", "--script-trace", "--script", &script, TARGET];
        let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
        assert_eq!(trace(&ours), trace(&theirs), "{ours:#?}");
        assert!(trace(&ours).len() >= 3, "{ours:#?}");
    });
}

#[test]
fn arguments_come_from_a_file_and_the_command_line() {
    lab::run("options::arguments_come_from_a_file_and_the_command_line", |lab| {
        lab.peer(7001, Peer::Silent);
        write("/run/lab/args", "told.a=from the file,told.b={1,2},\ntold.c=\"x,y\"\n");
        let script = lab.script("told");
        let args = ["-sT", "-Pn", "-n", "-p7001", "--script", &script];
        let more =
            ["--script-args-file", "/run/lab/args", "--script-args", "told.a=mine,d", TARGET];
        let args = [&args[..], &more].concat();
        let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
        assert_eq!(ours.under("7001/tcp"), theirs.under("7001/tcp"), "{ours:#?}");
        assert!(ours.under("7001/tcp").join(" ").contains("mine"), "{ours:#?}");
    });
}

/// The first line of each host's report, in order.
fn hosts(output: &Output) -> Vec<&str> {
    output.stdout.lines().filter(|line| line.contains("report for")).collect()
}

#[test]
fn lists_of_targets_are_read_alike() {
    lab::run("options::lists_of_targets_are_read_alike", |lab| {
        write("/run/lab/targets", "127.0.0.7 127.0.0.9-10\n# nobody\n\t127.0.1.0/30\n");
        write("/run/lab/not", "127.0.1.1 # this one\n127.0.0.9");
        let lines = ["-sL", "-n", "-iL", "/run/lab/targets", "--excludefile", "/run/lab/not"];
        for args in [
            &lines[..],
            &["-sL", "-n", "127.0.0,1.1-3,9", "--exclude", "127.0.1.0/30,127.0.0.9"],
            &["-sL", "-n", "-6", "::1", "2001:db8::/126"],
            &["-sL", "-n", "127.1", "127.0.1/31", "127.9.300"],
        ] {
            let (ours, theirs) = (lab.nseer(args), lab.nmap(args));
            assert_eq!(hosts(&ours), hosts(&theirs), "{args:?}: {ours:#?}");
            assert!(hosts(&ours).len() > 2, "{args:?}");
        }
    });
}

#[test]
fn what_scripts_find_before_a_list_is_listed() {
    lab::run("options::what_scripts_find_before_a_list_is_listed", |lab| {
        let script = lab.script("finds-two-targets");
        for targets in [&[][..], &["127.0.0.7"]] {
            let args = [&["-sL", "-n", "--script", &script], targets].concat();
            let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
            assert_eq!(hosts(&ours), hosts(&theirs), "{ours:#?}");
            assert_eq!(hosts(&ours).len(), targets.len() + 2, "{ours:#?}");
        }
    });
}

#[test]
fn scripts_run_over_ipv6() {
    lab::run("options::scripts_run_over_ipv6", |lab| {
        lab.sshd(22);
        let args = ["-6", "-sT", "-Pn", "-n", "-p22", "--script", "banner", "::1"];
        let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
        assert_eq!(ours.under("22/tcp"), theirs.under("22/tcp"), "{ours:#?}");
        assert!(ours.stdout.contains("scan report for ::1"), "{ours:#?}");
    });
}

#[test]
fn three_files_are_written_and_added_to() {
    lab::run("options::three_files_are_written_and_added_to", |lab| {
        lab.sshd(22);
        let args = ["-sT", "-Pn", "-n", "-p22", "-oA", "/run/lab/out", "--append-output", TARGET];
        for runs in 1..=2 {
            let output = lab.nseer(&args);
            assert_eq!(output.code, 0, "{output:#?}");
            for (ending, line) in
                [("nmap", "22/tcp open  ssh"), ("gnmap", "22/open/tcp//ssh"), ("xml", "</nmaprun>")]
            {
                let text = read(&format!("/run/lab/out.{ending}"));
                assert_eq!(text.matches(line).count(), runs, "{ending}: {text}");
            }
        }
    });
}

#[test]
fn files_of_another_kind_are_refused() {
    lab::run("options::files_of_another_kind_are_refused", |lab| {
        write("/run/lab/nmap-services", "\u{7f}ELF\nno services\n");
        let senseless = "'/run/lab/nmap-services' is no table of services";
        for (option, value, told) in [
            ("--servicedb", "/run/lab/nmap-services", senseless),
            ("--datadir", "/run/lab", senseless),
            ("--servicedb", "/run/lab", "'/run/lab' (--servicedb) is a directory, not a file"),
            ("--versiondb", "/run/lab", "'/run/lab' (--versiondb) is a directory, not a file"),
            ("--servicedb", "/run/none", "cannot read '/run/none' (--servicedb): no such file"),
        ] {
            let output = lab.nseer(&[option, value, "-n", "-Pn", "-sV", "-p9", TARGET]);
            assert!(output.code == 1 && output.stderr.contains(told), "{output:#?}");
            assert!(!output.stdout.contains("Nmap scan report"), "{output:#?}");
        }
        write("/run/lab/nmap-services", "# nothing has a name\n");
        let output = lab.nseer(&["--datadir", "/run/lab", "-n", "-Pn", "-p9", TARGET]);
        assert!(output.code == 0 && output.stdout.contains("9/tcp closed unknown"), "{output:#?}");
    });
}

#[test]
fn a_few_descriptors_are_enough_or_not() {
    let run = |limit: u32| {
        let args = "-n -Pn -sT -p1 --script banner 127.0.0.1";
        let nseer = env!("CARGO_BIN_EXE_nseer");
        let command = format!("ulimit -n {limit}; exec '{nseer}' {args}");
        std::process::Command::new("sh").args(["-c", &command]).output().expect("a shell")
    };
    for limit in [5, 6, 7, 8, 12, 23] {
        let told = format!(
            "nseer: no more than {limit} files may be open at a time here, and 24 are the least: \
             raise that limit (ulimit -n)\n"
        );
        let run = run(limit);
        assert_eq!(String::from_utf8_lossy(&run.stderr), told);
        assert_eq!(run.status.code(), Some(1));
    }
    let run = run(24);
    assert!(run.status.success(), "{run:?}");
}

#[test]
fn nothing_is_sent_before_the_scripts_are_ready() {
    lab::run("options::nothing_is_sent_before_the_scripts_are_ready", |lab| {
        let head = "description = 'x'\ncategories = {'safe'}\n";
        let args = ["-n", "-Pn", "-p9", "--packet-trace", TARGET, "--script"];
        write("/run/lab/bad.nse", &format!("{head}hostrule = function() return true end\n"));
        let output = lab.nseer(&[&args[..], &["/run/lab/bad.nse"]].concat());
        assert!(output.stderr.contains("missing required field: 'action'"), "{output:#?}");
        assert_eq!(output.code, 1);
        assert!(!output.stdout.contains("SENT"), "{output:#?}");
        let slow = "local stdnse = require 'stdnse'\nprerule = function() return true end\n\
            action = function() stdnse.sleep(0.3) io.write('it ', 'ended\\n') end\n";
        write("/run/lab/slow.nse", &format!("{head}{slow}"));
        let output = lab.nseer(&[&args[..], &["/run/lab/slow.nse"]].concat());
        let place = |text: &str| output.stdout.find(text).unwrap_or_else(|| panic!("{output:#?}"));
        assert!(place("it ended") < place("SENT"), "{output:#?}");
        assert!(place("SENT") < place("Nmap scan report"), "{output:#?}");
    });
}

/// What a scan is called does not follow from the flags that it sends.
#[test]
fn scans_are_called_as_they_were_asked_for() {
    lab::run("options::scans_are_called_as_they_were_asked_for", |lab| {
        for kind in ["-sF --scanflags SYN", "-sN --scanflags ACK", "-sX --scanflags FIN", "-sSU"] {
            let args: Vec<&str> = kind.split(' ').chain(["-n", "-Pn", "-v", "-p9"]).collect();
            let args = [&args[..], &["-oX", "-", "127.0.0.1"]].concat();
            let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
            let names = |output: &Output| -> Vec<String> {
                let named = |line: &str| {
                    let name = line.strip_prefix("<scaninfo type=\"");
                    name.or(line.strip_prefix("<taskbegin task=\""))?
                        .split('"')
                        .next()
                        .map(str::to_owned)
                };
                output.stdout.lines().filter_map(named).collect()
            };
            assert_eq!(names(&ours), names(&theirs), "{kind}: {ours:#?}");
            assert!(names(&ours).len() >= 2, "{ours:#?}");
        }
    });
}
