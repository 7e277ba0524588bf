//! The embedded scripts for TLS, SSH, mail and text protocols: on real daemons and scripted peers, beside the
//! real nmap where it has the script, and against servers that do everything wrong.

pub(crate) mod daemons;
mod hostile;
mod talk;
mod text;

use crate::lab::{Lab, Output};

const TARGET: &str = "127.0.0.1";

/// A plain connect scan of one host with scripts of the embedded shelf. It ends well and complains of nothing.
fn ours(lab: &Lab, scripts: &str, ports: &str, more: &[&str], target: &str) -> Output {
    lab.clean(&arguments(scripts, ports, more, target))
}

/// The same with the real nmap and its scripts.
fn theirs(lab: &Lab, scripts: &str, ports: &str, more: &[&str], target: &str) -> Output {
    let output = lab.nmap(&arguments(scripts, ports, more, target));
    assert_eq!(output.code, 0, "{output:#?}");
    output
}

fn arguments<'a>(
    scripts: &'a str,
    ports: &'a str,
    more: &[&'a str],
    target: &'a str,
) -> Vec<&'a str> {
    let plain = ["-sT", "-Pn", "-n", "-p", ports, "--script", scripts];
    [&plain[..], more, &[target]].concat()
}

/// Both print the same below a port of this host, and something at all.
fn same(lab: &Lab, script: &str, port: &str, more: &[&str]) {
    let heading = format!("{port}/tcp");
    let (theirs, ours) =
        (theirs(lab, script, port, more, TARGET), ours(lab, script, port, more, TARGET));
    let expected = theirs.under(&heading);
    assert!(!expected.is_empty(), "nmap shows nothing for {script}: {theirs:#?}");
    assert_eq!(ours.under(&heading), expected, "{script}: {ours:#?}");
}
