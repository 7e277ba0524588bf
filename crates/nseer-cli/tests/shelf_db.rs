//! The embedded scripts for RPC programs and databases: on real daemons and scripted peers, beside the real nmap
//! where it has the script, and against peers that do everything wrong.

mod lab;

#[path = "shelf_db/daemons.rs"]
mod daemons;
#[path = "shelf_db/hostile.rs"]
mod hostile;
#[path = "shelf_infra/peers.rs"]
mod peers;
#[path = "shelf_db/rpc.rs"]
mod rpc;
#[path = "shelf_db/scripted.rs"]
mod scripted;

use lab::{Lab, Output};

const TARGET: &str = "127.0.0.1";

/// A plain scan of ports (`U:` in front of UDP ones) with more options. It ends well and complains of nothing.
fn ours(lab: &Lab, ports: &str, more: &[&str]) -> Output {
    let output = lab.nseer(&arguments(ports, more));
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
    assert!(!output.stdout.contains("ERROR: Script"), "{output:#?}");
    output
}

fn arguments<'a>(ports: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let kind = match (ports.contains("U:"), ports.contains("T:")) {
        (false, _) => "-sT",
        (true, false) => "-sU",
        (true, true) => "-sTU",
    };
    [&[kind, "-Pn", "-n", "-p", ports][..], more, &[TARGET]].concat()
}
