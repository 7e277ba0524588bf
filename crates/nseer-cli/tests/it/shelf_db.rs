//! The embedded scripts for RPC programs and databases: on real daemons and scripted peers, beside the real nmap
//! where it has the script, and against peers that do everything wrong.

mod daemons;
mod hostile;
mod rpc;
mod scripted;

use crate::lab::{Lab, Output, scan_type};

const TARGET: &str = "127.0.0.1";

/// A plain scan of ports (`U:` in front of UDP ones) with more options. It ends well and complains of nothing.
fn ours(lab: &Lab, ports: &str, more: &[&str]) -> Output {
    lab.clean(&arguments(ports, more))
}

fn arguments<'a>(ports: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[scan_type(ports), "-Pn", "-n", "-p", ports][..], more, &[TARGET]].concat()
}
