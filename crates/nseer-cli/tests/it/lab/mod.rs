//! A private world for one test: its own loopback, processes and `/run`, with real daemons in it.
//!
//! [`run`] starts the test program a second time under `unshare` (as process 1 of new network,
//! process and mount namespaces) and asks it for the one test by name; there the body runs. So
//! daemons are plain children, misbehaving peers are plain threads, every port is free, and
//! whatever way the test ends the kernel ends everything that it started.
//!
//! Without root a user namespace is made as well (it needs newuidmap and sub-ids for the user).
//! Where that is refused, the test fails and says so. What is needed from Debian is listed in `.ci/debian.sh`.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

mod browser;
mod cable;
mod daemons;
mod folder;
mod peers;
mod poor_link;
mod programs;
mod ssh;
mod terminal;
mod web;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

pub(crate) use folder::{ASKS, Folder, script};
pub(crate) use peers::Peer;
pub(crate) use programs::{Output, program, scan_type};
pub(crate) use ssh::{PASSPHRASE, PASSWORD, USER};
pub(crate) use terminal::Terminal;

/// Set for the second start; holds the name of the test.
const INSIDE: &str = "NSEER_LAB_TEST";

/// All that a test writes lies here, on a file system that dies with the test.
const HOME: &str = "/run/lab";

/// The private world, from inside.
pub(crate) struct Lab(());

/// Runs `body` in a world of its own. `name` is the name of the calling test, with its modules.
pub(crate) fn run(name: &str, body: impl FnOnce(&Lab)) {
    if std::env::var(INSIDE).as_deref() == Ok(name) {
        body(&Lab::enter());
        return;
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child"]);
    if !is_root {
        // The caller becomes root, and its sub-ids (subuid(5)) the users that daemons turn into.
        unshare.args(["--user", "--map-root-user", "--map-auto"]);
    }
    let program = std::env::current_exe().expect("the path of this test program");
    unshare.arg(program).args(["--exact", name, "--nocapture"]).env(INSIDE, name);
    let output = unshare.output().expect("unshare (Debian package util-linux) can be started");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !stderr.contains("unshare: ") && !stderr.contains("newuidmap: "),
        "no private namespace: run the tests as root, or allow user namespaces and install \
         the Debian package uidmap\n{stderr}"
    );
    assert!(!stdout.contains("running 0 tests"), "this program has no test named {name:?}");
    assert!(output.status.success(), "in the lab:\n{stdout}\n{stderr}");
}

impl Lab {
    fn enter() -> Self {
        ip(&["link set lo up"]);
        must(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/run"]));
        for folder in ["sshd", "lab/home", "lab/work"] {
            fs::create_dir_all(format!("/run/{folder}")).expect("a folder in /run");
        }
        Lab(())
    }

    /// The path of a script of `tests/it/lab/scripts`, named without its ending.
    pub(crate) fn script(&self, name: &str) -> String {
        let path = format!("{}/tests/it/lab/scripts/{name}.nse", env!("CARGO_MANIFEST_DIR"));
        assert!(fs::exists(&path).unwrap_or_default(), "{path} is missing");
        path
    }

    /// Packets to this TCP port vanish: a port scan finds it filtered.
    pub(crate) fn drop_packets_to(&self, port: u16) {
        let chain = format!("type filter hook input priority 0; tcp dport {port} drop;");
        let rules = format!("table inet lab_{port} {{ chain in {{ {chain} }}; }}");
        must(Command::new("nft").arg(rules));
    }
}

/// Runs commands of ip(8), each in a line, that must succeed.
pub(crate) fn ip(lines: &[&str]) {
    for line in lines {
        must(Command::new("ip").args(line.split(' ')));
    }
}

/// Runs a command of the system that must succeed.
pub(crate) fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
}
