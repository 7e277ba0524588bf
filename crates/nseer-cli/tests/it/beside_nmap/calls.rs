//! What scripts see of the engine's functions and objects, and two of Nmap's libraries that are made
//! with them: the same lines are told.

use super::INSTALLED;
use crate::lab::{self, Lab, Output, Peer};

/// The names in `nmap` that scripts may count on, whatever is installed.
const NAMES: &[&str] = &[
    "add_targets",
    "address_family",
    "clock",
    "clock_ms",
    "condvar",
    "debugging",
    "dnet",
    "fetchfile",
    "get_dns_servers",
    "get_interface",
    "get_interface_info",
    "get_payload_length",
    "get_port_state",
    "get_ports",
    "get_random_bytes",
    "get_ttl",
    "have_ssl",
    "is_privileged",
    "list_interfaces",
    "log_write",
    "mutex",
    "new_dnet",
    "new_socket",
    "new_targets_num",
    "new_try",
    "port_is_excluded",
    "registry",
    "resolve",
    "set_port_state",
    "set_port_version",
    "socket",
    "timing_level",
    "verbosity",
    "version_intensity",
];

/// What a script tells under both programs, ours first.
fn told(lab: &Lab, script: &str) -> (Vec<String>, Vec<String>) {
    let script = lab.script(script);
    told_with(lab, &["-sL", "-n", "--script", &script])
}

fn told_with(lab: &Lab, args: &[&str]) -> (Vec<String>, Vec<String>) {
    let args = [&["--datadir", INSTALLED], args].concat();
    let [ours, theirs] = [lab.nseer(&args), lab.nmap(&args)].map(|output| {
        let lines = output.stdout.lines().filter_map(|line| line.strip_prefix("NSE: told: "));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        assert!(lines.len() > 20, "{output:#?}");
        lines
    });
    (ours, theirs)
}

fn same_is_told(lab: &Lab, script: &str) {
    alike(&told(lab, script));
}

fn alike((ours, theirs): &(Vec<String>, Vec<String>)) {
    for (our_line, their_line) in ours.iter().zip(theirs) {
        assert_eq!(our_line, their_line, "ours and nmap's");
    }
    assert_eq!(ours.len(), theirs.len(), "lines of ours and nmap's");
}

#[test]
fn every_name_of_nmap_is_there() {
    lab::run("beside_nmap::calls::every_name_of_nmap_is_there", |lab| {
        let (ours, theirs) = told(lab, "names");
        let missing: Vec<&String> = theirs.iter().filter(|line| !ours.contains(line)).collect();
        assert!(missing.is_empty(), "not here: {missing:#?}");
        for name in NAMES {
            let start = format!("nmap.{name} ");
            assert!(ours.iter().any(|line| line.starts_with(&start)), "no {start}");
            assert!(theirs.iter().any(|line| line.starts_with(&start)), "nmap has no {start}");
        }
        assert!(!theirs.iter().any(|line| line.ends_with(" nil")), "{theirs:#?}");
    });
}

#[test]
fn errors_say_where_in_the_script() {
    lab::run("beside_nmap::calls::errors_say_where_in_the_script", |lab| {
        same_is_told(lab, "positions")
    });
}

#[test]
fn objects_look_the_same() {
    lab::run("beside_nmap::calls::objects_look_the_same", |lab| same_is_told(lab, "metatables"));
}

#[test]
fn json_and_re_work_the_same() {
    lab::run("beside_nmap::calls::json_and_re_work_the_same", |lab| {
        same_is_told(lab, "json-and-re")
    });
}

#[test]
fn ports_are_walked_in_the_same_order() {
    lab::run("beside_nmap::calls::ports_are_walked_in_the_same_order", |lab| {
        let script = lab.script("walks-ports");
        for ports in ["T:1-3,U:1-7", "T:5,9,U:5,7", "T:1-7", "U:1-7"] {
            let scans: &[&str] = match (ports.contains("T:"), ports.contains("U:")) {
                (true, true) => &["-sT", "-sU"],
                (true, false) => &["-sT"],
                _ => &["-sU"],
            };
            let args = ["-Pn", "-n", "-p", ports, "--script", &script, "127.0.0.1"];
            alike(&told_with(lab, &[scans, &args].concat()));
        }
    });
}

#[test]
fn datagrams_have_the_same_ends() {
    lab::run("beside_nmap::calls::datagrams_have_the_same_ends", |lab| {
        same_is_told(lab, "datagrams")
    });
}

#[test]
fn sockets_say_the_same_in_every_state() {
    lab::run("beside_nmap::calls::sockets_say_the_same_in_every_state", |lab| {
        lab.peer(7001, Peer::Says(b"hello\nworld\n"));
        lab.peer(7002, Peer::Silent);
        same_is_told(lab, "sockets");
    });
}

/// Interfaces with several addresses and with none, of both families, up and down.
#[test]
fn interfaces_are_listed_alike() {
    lab::run("beside_nmap::calls::interfaces_are_listed_alike", |lab| {
        lab.far_host();
        lab.odd_interfaces();
        same_is_told(lab, "interfaces");
    });
}

#[test]
fn ends_of_sockets_are_told_alike() {
    lab::run("beside_nmap::calls::ends_of_sockets_are_told_alike", |lab| {
        lab.peer(7001, Peer::Says(b"hello\nworld\n"));
        lab.peer(7002, Peer::Silent);
        same_is_told(lab, "socket-ends");
    });
}

#[test]
fn odd_arguments_are_answered_alike() {
    lab::run("beside_nmap::calls::odd_arguments_are_answered_alike", |lab| {
        let answers = told(lab, "odd-arguments");
        assert!(answers.0.len() > 20_000, "only {} calls", answers.0.len());
        alike(&answers);
    });
}

#[test]
fn scripts_are_told_of_options_for_packets() {
    lab::run("beside_nmap::calls::scripts_are_told_of_options_for_packets", |lab| {
        let script = lab.script("packet-options");
        for (options, told) in [
            (&[][..], "ttl 64, 0 bytes more"),
            (&["--ttl", "33", "--data-length", "5"], "ttl 33, 5 bytes more"),
            (&["--data", "0xc0ffee"], "ttl 64, 3 bytes more"),
        ] {
            let args = ["-sS", "-Pn", "-n", "-p7", "--script", &script, "127.0.0.1"];
            let args = [&args[..], options].concat();
            for output in [lab.nseer(&args), lab.nmap(&args)] {
                assert!(
                    output.stdout.contains(&format!("|_packet-options: {told}\n")),
                    "{output:#?}"
                );
            }
        }
    });
}

/// The hosts that were scanned.
fn scanned(output: &Output) -> Vec<&str> {
    let lines = output.stdout.lines();
    let mut hosts: Vec<&str> =
        lines.filter_map(|line| line.strip_prefix("Nmap scan report for ")).collect();
    hosts.sort_unstable();
    hosts
}

#[test]
fn targets_of_scripts_are_taken_alike() {
    lab::run("beside_nmap::calls::targets_of_scripts_are_taken_alike", |lab| {
        let script = lab.script("finds-targets");
        for phase in ["prerule", "hostrule", "postrule"] {
            let phase = format!("finds-targets.phase={phase}");
            let args = ["--datadir", INSTALLED, "-n", "-sn", "--exclude", "127.0.0.3,127.0.1.1"];
            let more = ["--script", &script, "--script-args", &phase, "127.0.0.1"];
            let args = [&args[..], &more].concat();
            let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
            let tell = |output: &Output| -> Vec<String> {
                let lines = output.stdout.lines().filter(|line| line.starts_with("NSE: told: "));
                lines.map(str::to_owned).collect()
            };
            assert_eq!(tell(&ours), tell(&theirs), "{ours:#?} {theirs:#?}");
            assert_eq!(scanned(&ours), scanned(&theirs), "{ours:#?} {theirs:#?}");
            assert!(tell(&ours).len() > 40, "{ours:#?}");
            // What is wrong with a target is said when its turn comes.
            let complains = ours.stderr.contains("'300.1.1.1'");
            assert_eq!(complains, !phase.contains("postrule"), "{ours:#?}");
        }
    });
}

/// The lines of a trace, without ports that the system chose. Those that tell what became of a wait are ours alone.
fn traced(output: &Output) -> Vec<String> {
    let is_end = |line: &&str| {
        !["TIMEOUT", "EOF", "ERROR"].iter().any(|end| line.ends_with(&format!("| {end}")))
    };
    let chosen = |word: &str| match word.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port > 30_000) => {
            format!("{host}:chosen")
        }
        _ => word.to_owned(),
    };
    let lines = output.stdout.lines().filter(|line| line.starts_with("NSE: ")).filter(is_end);
    lines.map(|line| line.split(' ').map(chosen).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn traces_have_the_same_lines() {
    lab::run("beside_nmap::calls::traces_have_the_same_lines", |lab| {
        lab.peer(7001, Peer::Says(b"hello\nworld\n"));
        lab.peer(7002, Peer::Silent);
        let script = lab.script("traced");
        let args = ["--datadir", INSTALLED, "-sL", "-n", "--script-trace", "--script", &script];
        let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
        assert_eq!(traced(&ours), traced(&theirs), "{ours:#?} {theirs:#?}");
        assert!(traced(&theirs).len() > 30, "{theirs:#?}");
        assert!(ours.stdout.contains(" < 127.0.0.1:7002 | TIMEOUT\n"), "{ours:#?}");
    });
}
