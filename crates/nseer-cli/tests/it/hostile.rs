//! Every embedded script against servers that do everything wrong. No script raises an error, complains, hangs, or
//! fills the memory.
//!
//! Each server has an address of its own, so that one run meets all of them at the same time. Scripts are made to run
//! at each port, whatever they are for; a new script is in the run by being embedded, a new server by a line in
//! `hostile/frames.rs` or `hostile/datagrams.rs`.
#![allow(clippy::disallowed_methods, reason = "the program is started and looked at from outside")]

mod datagrams;
mod deep;
mod drips;
mod frames;
mod servers;
mod spoken;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::lab::{self, Lab};
use datagrams::DATAGRAMS;
use deep::DEEP;
use frames::FRAMES;
use serde_json::Value;
use servers::{Datagram, Talk, acceptor};

/// No script may take longer against one server, also on a slow machine with all of them at work. A silent server is
/// waited for several times: without TLS and with it, and after a second question.
const TIME: &str = "100s";

/// Scripts at work at the same time, by their sockets.
const PARALLEL: u64 = 400;

/// What the program may need at its peak, in MiB: for each script at work what a page may have, and 100 for itself.
const MEMORY: u64 = 2 * PARALLEL + 100;

/// How often the program is looked at while it runs, and how long it may take for all scripts and servers.
const POLL: Duration = Duration::from_millis(50);
const POLLS: u32 = 3_000;

/// Servers that know no protocol.
const PLAIN: &[(&str, Talk)] = &[
    ("closes", Talk::Closes),
    ("resets", Talk::Resets),
    ("garbage", Talk::Garbage),
    ("lines without end", Talk::Endless(b"", b"again\r\n")),
    ("zeros without end", Talk::Endless(b"", b"\0")),
    ("echo", Talk::Echo),
    ("HTTP", Talk::Says(&[b"HTTP/1.0 400 Bad Request\r\n\r\n"])),
    ("SMTP", Talk::Says(&[b"220 mail.example ESMTP\r\n", b"500 what?\r\n"])),
    ("SSH", Talk::Says(&[b"SSH-2.0-OpenSSH_9.2\r\n"])),
    ("line breaks", Talk::Says(&[b"\r\n\r\n\r\n"])),
    ("half of anything", Talk::Says(&[b"%s%n%d {} ] [ ( \xc3\x28 <stream:stream <a <b"])),
];

/// The scripts that are about a host or a port, by name.
fn scripts() -> Vec<&'static str> {
    let rule = |text: &str| {
        text.lines().any(|line| {
            let line = line.trim_start_matches("function ");
            line.starts_with("portrule") || line.starts_with("hostrule")
        })
    };
    let names = nseer_stdlib::files().iter().filter_map(|(path, text)| {
        let name = path.strip_prefix("scripts/")?.strip_suffix(".nse")?;
        rule(&String::from_utf8_lossy(text)).then_some(name)
    });
    names.collect()
}

fn is_of_hosts(script: &str) -> bool {
    let text = nseer_stdlib::file(&format!("scripts/{script}.nse")).expect("an embedded script");
    !String::from_utf8_lossy(text).contains("portrule")
}

/// The address of a server, by its place in a list.
fn address(index: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(index + 1).expect("fewer servers than addresses"))
}

/// What one run told.
struct Told {
    events: Vec<Value>,
    /// The most memory that it had, in MiB.
    peak: u64,
    /// How it ended, if it did by itself.
    ended: Option<ExitStatus>,
    complaints: String,
}

/// Runs scripts at ports of the first so many addresses.
fn run(_: &Lab, scripts: &[&str], ports: &[&str], servers: usize) -> Told {
    let forced: Vec<String> = scripts.iter().map(|name| format!("+{name}")).collect();
    let (report, errors) = ("/run/lab/work/events.json", "/run/lab/work/stderr");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nseer"));
    command.args(ports).args(["-Pn", "-n", "-T4", "--max-retries=0"]);
    command.args(["--max-parallelism", &PARALLEL.to_string()]);
    command.args(["--script-timeout", TIME, "-oJ", report, "--script", &forced.join(",")]);
    // Without it nothing is sent.
    command.args(["--script-args", "radius-status.secret=s"]);
    command.arg(format!("127.0.1.1-{servers}"));
    command.env("HOME", "/run/lab/home").env_remove("NMAPDIR").env_remove("NSEERDIR");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(File::create(errors).expect("a file for what it complains of"));
    let mut child = command.spawn().expect("nseer can be started");
    let (mut peak, mut ended) = (0, None);
    for _ in 0..POLLS {
        peak = peak_memory().unwrap_or(peak);
        ended = child.try_wait().expect("the state of our own child");
        if ended.is_some() {
            break;
        }
        thread::sleep(POLL);
    }
    let _ = child.kill();
    let text = fs::read_to_string(report).expect("the events");
    let events = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let complaints = fs::read_to_string(errors).expect("what it complains of");
    Told { events: events.collect(), peak, ended, complaints }
}

/// The most memory that the child of this thread has had so far, in MiB (proc(5), `VmHWM`). It is found by its
/// parent, since `/proc` is the outer world's and counts processes as that does.
fn peak_memory() -> Option<u64> {
    let children = fs::read_to_string("/proc/thread-self/children").ok()?;
    let text = fs::read_to_string(format!("/proc/{}/status", children.trim())).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}

impl Told {
    /// All that a script may not do, one line each.
    fn faults(&self, names: &[&str]) -> Vec<String> {
        let mut faults: Vec<String> = self.complaints.lines().map(str::to_owned).collect();
        for event in &self.events {
            match event["type"].as_str() {
                Some("message") if event["severity"] != "info" => {
                    faults.push(event["text"].to_string());
                }
                Some("script_finished") if !is_fine(event) => faults.push(format!(
                    "{} {}: {} after {} s: {}",
                    server(names, event),
                    event["id"],
                    event["state"],
                    event["seconds"],
                    event["message"]
                )),
                _ => {}
            }
        }
        faults
    }

    /// Each script ran at each port of each server.
    fn is_complete(&self, scripts: &[&str], protocols: &[&str], servers: usize) {
        let ran: BTreeSet<String> = self
            .events
            .iter()
            .filter(|event| event["type"] == "script_finished" && event["state"] != "skipped")
            .map(|e| format!("{} {} {}", e["address"], e["id"], e["protocol"]))
            .collect();
        for index in 0..servers {
            for script in scripts {
                for protocol in protocols {
                    let protocol =
                        if is_of_hosts(script) { Value::Null } else { Value::from(*protocol) };
                    let address = Value::from(address(index).to_string());
                    let run = format!("{address} {} {protocol}", Value::from(*script));
                    assert!(ran.contains(&run), "{run} did not run");
                }
            }
        }
    }
}

fn is_fine(event: &Value) -> bool {
    event["state"] == "output" || event["state"] == "silent"
}

/// The name of the server of an event.
fn server<'a>(names: &[&'a str], event: &Value) -> &'a str {
    let last = event["address"].as_str().and_then(|text| text.rsplit('.').next()?.parse().ok());
    last.and_then(|last: usize| names.get(last - 1).copied()).unwrap_or("nobody")
}

/// Runs all scripts and says what they did that they may not.
fn check(lab: &Lab, ports: &[&str], protocols: &[&str], names: &[&str]) {
    check_some(lab, &scripts(), ports, protocols, names);
}

fn check_some(lab: &Lab, scripts: &[&str], ports: &[&str], protocols: &[&str], names: &[&str]) {
    let told = run(lab, scripts, ports, names.len());
    let faults = told.faults(names);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(told.ended.is_some_and(|status| status.success()), "it ended with {:?}", told.ended);
    told.is_complete(scripts, protocols, names.len());
    assert!(told.peak > 0 && told.peak < MEMORY, "{} MiB at the peak", told.peak);
}

/// Puts servers behind TLS.
fn inside_tls(lab: &Lab, servers: &[frames::Server]) {
    let acceptor = acceptor();
    for (index, (_, talk)) in servers.iter().enumerate() {
        talk.inside_tls(lab, address(index), &acceptor);
    }
}

fn names<T>(servers: &[(&'static str, T)]) -> Vec<&'static str> {
    servers.iter().map(|(name, _)| *name).collect()
}

#[test]
fn no_protocol_or_another_one() {
    lab::run("hostile::no_protocol_or_another_one", |lab| {
        for (index, (_, talk)) in PLAIN.iter().enumerate() {
            talk.plain(lab, address(index));
        }
        inside_tls(lab, PLAIN);
        check(lab, &["-sT", "-p443,445"], &["tcp"], &names(PLAIN));
    });
}

#[test]
fn silence() {
    lab::run("hostile::silence", |lab| {
        let servers = &[("silent", Talk::Silent)];
        Talk::Silent.plain(lab, address(0));
        inside_tls(lab, servers);
        check(lab, &["-sT", "-p443,445"], &["tcp"], &names(servers));
    });
}

/// Servers that answer with valid frames of absurd lengths.
fn absurd(lab: &Lab, servers: &[frames::Server]) {
    for (index, (_, talk)) in servers.iter().enumerate() {
        talk.plain(lab, address(index));
    }
    check(lab, &["-sT", "-p445"], &["tcp"], &names(servers));
}

#[test]
fn frames_with_absurd_lengths() {
    lab::run("hostile::frames_with_absurd_lengths", |lab| absurd(lab, &FRAMES[..FRAMES.len() / 2]));
}

// All scripts at all servers take more time than a test has on a busy machine.
#[test]
fn more_frames_with_absurd_lengths() {
    lab::run("hostile::more_frames_with_absurd_lengths", |lab| {
        absurd(lab, &FRAMES[FRAMES.len() / 2..])
    });
}

// Only the scripts that speak one of these protocols meet them: the others have met as much above.
#[test]
fn answers_that_fit_their_requests() {
    lab::run("hostile::answers_that_fit_their_requests", |lab| {
        let names: Vec<&str> = DEEP.iter().map(|(name, _, _)| *name).collect();
        let scripts: BTreeSet<&str> =
            DEEP.iter().flat_map(|(_, scripts, _)| scripts.iter().copied()).collect();
        for (index, (_, _, talk)) in DEEP.iter().enumerate() {
            talk.plain(lab, address(index));
        }
        let scripts: Vec<&str> = scripts.into_iter().collect();
        check_some(lab, &scripts, &["-sT", "-p445"], &["tcp"], &names);
    });
}

#[test]
fn datagrams() {
    lab::run("hostile::datagrams", |lab| {
        let plain = [("silent", Datagram::Silent), ("garbage", Datagram::Garbage)];
        let servers = [&plain[..], DATAGRAMS].concat();
        for (index, (_, datagram)) in servers.iter().enumerate() {
            datagram.on(lab, address(index));
        }
        check(lab, &["-sU", "-p137"], &["udp"], &names(&servers));
    });
}
