//! Programs that read Nmap's output read nseer's: each is run on scans of the lab with scripts, IPv6
//! hosts and odd bytes, and what it saw is compared with what is there.
//!
//! Those from PyPI are in an environment that `.ci/clients` makes (`./test` runs it); the others are
//! Debian packages and a crate. Metasploit and DefectDojo cannot be installed here: what their readers
//! need is in [`attributes`].

mod attributes;
mod readers;
mod runners;
mod tools;

use crate::lab::{self, Lab, Output};
use serde_json::Value;

/// Made by `.ci/clients`.
const ENVIRONMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/clients/venv/bin");

/// Programs of ours that ask a client what it sees.
const QUESTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/clients");

/// The first bytes of what the script `odd-bytes` gives, as XML and all other text have them.
const ODD: &str = "\\x00\\x01\\x1B[31m\\x7F\\x80\\xFF <&>\"' ]]> --> ?> ";

/// The scan of [`scan`], without its ending.
const SCAN: &str = "/run/lab/scan";

/// The same over IPv6.
const SCAN6: &str = "/run/lab/scan6";

/// Scans services with versions, names, structured results and odd bytes; one host is named, one has
/// nothing open, one is IPv6.
fn scan(lab: &Lab) {
    lab.sshd(22);
    lab.dns();
    lab.drop_packets_to(9);
    for (base, args) in [
        (SCAN, &["-sV", "-p9,22,80", "-R", "lab.test", "127.0.0.2"][..]),
        (SCAN6, &["-6", "-n", "-p22,80", "::1"]),
    ] {
        let scripts = scripts(lab);
        let output = lab.nseer(&[args, &["-v", "--script", &scripts, "-oA", base]].concat());
        assert_eq!(output.code, 0, "{output:#?}");
    }
}

/// Two scripts: odd bytes for ports and hosts, a structure for hosts.
fn scripts(lab: &Lab) -> String {
    [lab.script("odd-bytes-here"), lab.script("structured")].join(",")
}

/// Runs a program of the environment.
fn client(name: &str, args: &[&str]) -> Output {
    let path = format!("{ENVIRONMENT}/{name}");
    #[allow(clippy::disallowed_methods, reason = "a test looks at the machine")]
    let is_there = std::fs::exists(&path).unwrap_or_default();
    assert!(is_there, "{path} is missing: .ci/clients makes it, as ./test does");
    lab::program(&path, args)
}

/// Asks a Python client, by a program of ours; gives the JSON that it printed.
fn asked(question: &str, args: &[&str]) -> Value {
    let path = format!("{QUESTIONS}/{question}");
    json(&client("python", &[&[path.as_str()], args].concat()))
}

fn json(output: &Output) -> Value {
    assert_eq!(output.code, 0, "{output:#?}");
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:#?}"))
}

/// The element of a list whose field has this value.
fn find<'a>(list: &'a Value, field: &str, value: &str) -> &'a Value {
    let all = list.as_array().unwrap_or_else(|| panic!("no list: {list:#}"));
    let found = all.iter().find(|item| item[field] == value);
    found.unwrap_or_else(|| panic!("no {field} {value} in {list:#}"))
}

/// Asserts that a value is text that begins with `start`, after blanks.
fn assert_begins(value: &Value, start: &str) {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value:#}"));
    assert!(text.trim_start().starts_with(start), "{text:?} does not begin with {start:?}");
}

fn read(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
