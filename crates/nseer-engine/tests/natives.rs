//! Tests of the native modules that libraries are built on: each Lua file in `tests/natives` is run by a script in
//! a real engine, see `runner.nse` in `tests/stdlib`.
#![allow(clippy::disallowed_methods, reason = "files of tests")]

#[path = "engine/harness.rs"]
#[allow(dead_code, reason = "the other tests use the rest of it")]
mod harness;

use std::path::Path;

use harness::Case;

/// Runs one file of checks with script arguments and asserts that they pass.
fn run(file: &str, args: &str) {
    run_with(file, args, &[]);
}

/// The same with data files, each a name and a content.
fn run_with(file: &str, args: &str, data: &[(&str, &str)]) {
    let folder = tempfile::tempdir().expect("directory");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/natives").join(file);
    let mut case = Case::new("runner", include_str!("stdlib/runner.nse")).host("127.0.0.1", &[]);
    case.args = format!("checks={},{args}", path.display());
    for (name, content) in data {
        let place = folder.path().join(name);
        std::fs::write(&place, content).expect("data file");
        case.overrides.insert((*name).to_owned(), place);
    }
    let outcome = case.run();
    match outcome.at("127.0.0.1").as_slice() {
        [text] if text.starts_with("runner: passed ") && !text.ends_with(" 0 checks") => {}
        texts => panic!("{file}: {}\n{:?}", texts.join("\n"), outcome.messages),
    }
}

#[test]
fn openssl() {
    run("openssl.lua", "");
}

#[test]
fn big_numbers() {
    run("bignum.lua", "");
}

#[test]
fn certificates() {
    run("certificate.lua", "");
}

#[test]
fn lfs() {
    let folder = tempfile::tempdir().expect("directory");
    run("lfs.lua", &format!("folder={}", folder.path().display()));
}

#[test]
fn zlib() {
    run("zlib.lua", "");
}

#[test]
fn hostile_arguments() {
    run("hostile.lua", "");
}

#[test]
fn nmapdb() {
    let data = [
        ("nmap-mac-prefixes", "# vendors\nABCDEF Large One\nABCDEF1 Medium\nABCDEF123 Small\n"),
        ("nmap-services", "one\t7/tcp\t0.5\ntwo\t7/udp\nunknown\t8/tcp\t0.1\nthree 9/sctp\n"),
        ("nmap-protocols", "ip 0 IP # pseudo\ntcp 6\n"),
    ];
    run_with("nmapdb.lua", "", &data);
}
