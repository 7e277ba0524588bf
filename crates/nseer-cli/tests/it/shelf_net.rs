//! The embedded library where services begin with TLS by a command, where they stay silent, and for printers,
//! desktops and other things of the network: on real daemons and scripted peers, beside the real nmap.

mod library;
mod printers;
mod silent;
mod starttls;

use crate::lab::{Lab, Output, scan_type};

fn arguments<'a>(
    scripts: &'a str,
    ports: &'a str,
    more: &[&'a str],
    target: &'a str,
) -> Vec<&'a str> {
    let plain = [scan_type(ports), "-Pn", "-p", ports, "--script", scripts];
    [&plain[..], more, &[target]].concat()
}

/// Runs scripts of the embedded shelf. It ends well and complains of nothing.
fn ours(lab: &Lab, scripts: &str, ports: &str, more: &[&str], target: &str) -> Output {
    lab.clean(&arguments(scripts, ports, more, target))
}

/// The same with the real nmap and its scripts.
fn theirs(lab: &Lab, scripts: &str, ports: &str, more: &[&str], target: &str) -> Output {
    let output = lab.nmap(&arguments(scripts, ports, more, target));
    assert_eq!(output.code, 0, "{output:#?}");
    output
}
