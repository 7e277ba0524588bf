//! Tests of the embedded libraries: each Lua file in `tests/stdlib` is run by a script in a real engine, see
//! `runner.nse` there.
#![allow(clippy::disallowed_methods, reason = "peers and files of tests")]

#[path = "engine/harness.rs"]
#[allow(dead_code, reason = "the other tests use the rest of it")]
mod harness;
#[path = "stdlib/peers.rs"]
mod peers;

use std::path::Path;

use harness::Case;
use peers::Peers;

/// Runs one file of checks with script arguments and asserts that they pass.
fn run(file: &str, args: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stdlib").join(file);
    let mut case = Case::new("runner", include_str!("stdlib/runner.nse")).host("127.0.0.1", &[]);
    case.args = format!("checks={},{args}", path.display());
    let outcome = case.run();
    match outcome.at("127.0.0.1").as_slice() {
        [text] if text.starts_with("runner: passed ") && !text.ends_with(" 0 checks") => {}
        texts => panic!("{file}: {}\n{:?}", texts.join("\n"), outcome.messages),
    }
}

#[test]
fn every_file_has_a_test() {
    let source = include_str!("stdlib.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stdlib");
    for entry in std::fs::read_dir(folder).expect("the folder of checks") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name in ASCII");
        if name.ends_with(".lua") {
            assert!(source.contains(&format!("\"{name}\",")), "{name} is not run");
        }
    }
}

#[test]
fn arguments() {
    run(
        "arguments.lua",
        "a=1,flag,s.q=7,empty=\"\",tab={1,b=2},full.flag,own.both=own,both=shared",
    );
}

#[test]
fn buffers() {
    run("buffers.lua", "");
}

#[test]
fn comm() {
    let peers = Peers::start();
    run("comm.lua", &peers.args());
}

#[test]
fn conversions() {
    run("conversions.lua", "");
}

#[test]
fn datetime() {
    run("datetime.lua", "");
}

#[test]
fn ip_addresses() {
    run("ipOps.lua", "");
}

#[test]
fn messages() {
    run("messages.lua", "");
}

#[test]
fn modules() {
    run("modules.lua", "");
}

#[test]
fn output() {
    run("output.lua", "");
}

#[test]
fn shortport() {
    run("shortport.lua", "");
}

#[test]
fn targets_are_refused() {
    run("target.lua", "");
}

#[test]
fn targets_are_added() {
    run("target.lua", "newtargets");
}

#[test]
fn texts_and_tables() {
    run("texts_and_tables.lua", "");
}

#[test]
fn url() {
    run("url.lua", "");
}

#[test]
fn failures_are_told() {
    let folder = tempfile::tempdir().expect("directory");
    let path = folder.path().join("wrong.lua");
    std::fs::write(&path, "return function (check) check('a', {1}, {1.0}) end").expect("checks");
    let mut case = Case::new("runner", include_str!("stdlib/runner.nse")).host("127.0.0.1", &[]);
    case.args = format!("checks={}", path.display());
    let expected = "runner: a\n  gives {[1] = 1}\n  wanted {[1] = 1.0}";
    assert_eq!(case.run().at("127.0.0.1"), [expected]);
}
