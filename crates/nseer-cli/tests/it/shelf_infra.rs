//! The embedded scripts for infrastructure (names, directories, files, databases, queues, industry): on real
//! daemons and scripted peers, beside the real nmap where it has the script, and against peers that do everything
//! wrong.

mod daemons;
mod hostile;
mod mixed;
pub(crate) mod peers;
mod scripted;

use crate::lab::{Lab, Output, scan_type};

const TARGET: &str = "127.0.0.1";

/// One script, the heading below which it shows something (`53/udp`, `Host script results`), and the ports to scan.
struct Case {
    script: &'static str,
    heading: &'static str,
    ports: &'static str,
}

fn arguments<'a>(scripts: &'a str, ports: &'a str) -> Vec<&'a str> {
    vec![scan_type(ports), "-Pn", "-n", "-p", ports, "--script", scripts, TARGET]
}

/// Runs scripts of the embedded shelf. It ends well and complains of nothing.
fn ours(lab: &Lab, scripts: &str, ports: &str) -> Output {
    lab.clean(&arguments(scripts, ports))
}

/// The lines below a heading, without what changes from one second or one connection to the next, in a fixed
/// order: nmap shows some lists in none.
fn settled<'a>(output: &'a Output, heading: &str) -> Vec<&'a str> {
    let changing = [
        "System uptime:",
        "snmpEngineTime:",
        "Uptime:",
        "Used CPU",
        "Used memory:",
        "Server time:",
        "System time:",
        "Traffic stats:",
        "date:",
        "Total connections:",
        "Process ID:",
    ];
    let lines = output.under(heading).into_iter();
    let mut lines: Vec<&str> = lines
        .map(|line| line.trim_start_matches(['|', '_', ' ']).trim_end())
        .filter(|line| !line.is_empty() && *line != "Domain name:")
        .filter(|line| !changing.iter().any(|name| line.contains(name)))
        .collect();
    lines.sort_unstable();
    lines
}

/// What scripts of the shelf show is what nmap's of the same name show, and that is something.
fn same_as_nmap(lab: &Lab, cases: &[Case]) {
    for case in cases {
        let theirs = lab.nmap(&arguments(case.script, case.ports));
        let ours = ours(lab, case.script, case.ports);
        let expected = settled(&theirs, case.heading);
        assert!(!expected.is_empty(), "nmap shows nothing for {}: {theirs:#?}", case.script);
        assert_eq!(settled(&ours, case.heading), expected, "{}", case.script);
    }
}
