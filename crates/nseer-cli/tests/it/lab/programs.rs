//! nseer and the real nmap, run in the lab, and what they printed.

use std::ffi::OsStr;
use std::process::Command;

use super::{HOME, Lab};

/// Seconds that a program may take, before it counts as hung.
const PATIENCE: &str = "100";

/// What `timeout` exits with when it had to stop the program.
const HUNG: i32 = 124;

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Output {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The exit code.
    pub(crate) code: i32,
}

impl Lab {
    /// Runs nseer with only its embedded library at hand.
    pub(crate) fn nseer(&self, args: &[impl AsRef<OsStr>]) -> Output {
        program(env!("CARGO_BIN_EXE_nseer"), args)
    }

    /// Runs nseer, which ends well and complains of nothing.
    pub(crate) fn clean(&self, args: &[impl AsRef<OsStr>]) -> Output {
        let output = self.nseer(args);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
        assert!(!output.stdout.contains("ERROR: Script"), "{output:#?}");
        output
    }

    /// Runs the real nmap.
    pub(crate) fn nmap(&self, args: &[impl AsRef<OsStr>]) -> Output {
        program("nmap", args)
    }
}

/// The type of scan for a port list: with connections, datagrams or both.
pub(crate) fn scan_type(ports: &str) -> &'static str {
    match (ports.contains("U:"), ports.contains("T:")) {
        (false, _) => "-sT",
        (true, false) => "-sU",
        (true, true) => "-sTU",
    }
}

/// Runs a program in the lab, with little of the caller's environment that could change what it prints.
pub(crate) fn program(path: &str, args: &[impl AsRef<OsStr>]) -> Output {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", PATIENCE, path]).args(args);
    command.current_dir(format!("{HOME}/work")).env("HOME", format!("{HOME}/home"));
    command.env("LC_ALL", "C").env("TZ", "UTC").env("NO_COLOR", "1");
    command.env_remove("NMAPDIR").env_remove("NSEERDIR");
    let output = command.output().expect("timeout (Debian package coreutils) can be started");
    let output = Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(HUNG),
    };
    assert_ne!(output.code, HUNG, "{command:?} hung: {output:#?}");
    output
}

impl Output {
    /// The script lines below the line of a port (`22/tcp`), or below `Host script results`.
    pub(crate) fn under(&self, heading: &str) -> Vec<&str> {
        let mut lines = self.stdout.lines();
        let found = lines.by_ref().any(|line| {
            line.strip_prefix(heading).is_some_and(|rest| rest.starts_with([' ', ':']))
        });
        assert!(found, "no {heading:?} in {self:#?}");
        lines.take_while(|line| line.starts_with('|')).collect()
    }

    /// The state of a port (`22/tcp`) in the port table.
    pub(crate) fn state(&self, port: &str) -> Option<&str> {
        let mut lines = self.stdout.lines().map(str::split_whitespace);
        lines.find_map(|mut words| if words.next() == Some(port) { words.next() } else { None })
    }

    /// Everything printed, for what may stand on either stream.
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}
