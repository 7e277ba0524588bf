//! Every embedded script has a test of `nseer script test`, and all of them pass. The tests lie in
//! `crates/nseer-stdlib/tests/scripts`.
#![allow(clippy::disallowed_methods, reason = "the program is started, and a folder is listed")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../nseer-stdlib/tests/scripts");

/// Where no real server was at hand to record.
const PLAYED: &str = "a scripted server plays it in shelf_db";

/// Scripts that a recording or a scripted peer cannot show, and why. Each is run by a test elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("amqp-info", PLAYED),
    ("broadcast-dns-service-discovery", "what is sent to a group of hosts is not recorded"),
    ("cassandra-info", PLAYED),
    ("clock-skew", "it is about what other scripts found out before"),
    ("couchdb-databases", PLAYED),
    ("couchdb-stats", PLAYED),
    ("docker-version", PLAYED),
    ("elasticsearch-info", PLAYED),
    ("etcd-info", PLAYED),
    ("fingerprint-strings", "it is about an answer that version detection got"),
    ("https-redirect", "it changes what version detection found"),
    ("iscsi-info", "a real target answers it in shelf_db"),
    ("kubernetes-version", PLAYED),
    ("mongodb-databases", PLAYED),
    ("mongodb-info", PLAYED),
    ("ms-sql-info", PLAYED),
    ("rpc-grind", "it is about what version detection found"),
    ("smtp-strangeport", "it is about what version detection found"),
    ("ssh-auth-methods", "what goes through libssh2 is not recorded"),
    ("unittest", "it runs the tests of the libraries, as a test of its own does"),
];

/// The names of all embedded scripts.
fn scripts() -> BTreeSet<&'static str> {
    let names = nseer_stdlib::files().iter().filter_map(|(path, _)| path.strip_prefix("scripts/"));
    names.filter_map(|name| name.strip_suffix(".nse")).collect()
}

/// The scripts that the tests of the folder belong to: those that a file `….test.lua` names, and that of
/// `NAME.rec` or `NAME.LABEL.rec`, where `NAME` may have dots itself.
fn tested(scripts: &BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let mut tested = BTreeSet::new();
    let mut note = |file: &str, names: &[&str]| {
        let script = names.iter().find_map(|name| scripts.iter().find(|known| *known == name));
        tested.insert(*script.unwrap_or_else(|| panic!("{file}: {names:?} is no embedded script")));
    };
    for entry in fs::read_dir(FOLDER).expect("the folder of the tests") {
        let path = entry.expect("a file of the folder").path();
        let file = path.file_name().and_then(|name| name.to_str()).expect("a name in ASCII");
        if let Some(name) = file.strip_suffix(".rec") {
            note(file, &[name, name.rsplit_once('.').map_or(name, |(name, _)| name)]);
        } else if file.ends_with(".test.lua") {
            let text = fs::read_to_string(&path).expect("a file of tests");
            let named: Vec<&str> = text.lines().filter_map(named_script).collect();
            assert!(!named.is_empty(), "{file} names no script");
            named.iter().for_each(|name| note(file, &[*name]));
        } else {
            assert!(file.ends_with(".test.snap"), "{file} is no test");
        }
    }
    tested
}

/// The script of a test, from the line that names it.
fn named_script(line: &str) -> Option<&str> {
    line.trim().strip_prefix(r#"script = "../../scripts/"#)?.strip_suffix(r#".nse","#)
}

#[test]
fn every_script_has_a_test() {
    let scripts = scripts();
    let tested = tested(&scripts);
    for (script, why) in ELSEWHERE {
        assert!(scripts.contains(script), "{script} is no embedded script");
        assert!(!tested.contains(script), "{script} has a test, so this is not so: {why}");
    }
    let is_elsewhere = |script: &str| ELSEWHERE.iter().any(|(name, _)| *name == script);
    let missing: Vec<_> =
        scripts.difference(&tested).filter(|script| !is_elsewhere(script)).collect();
    assert!(missing.is_empty(), "without a test in {FOLDER}: {missing:?}");
}

#[test]
fn all_tests_pass() {
    let output = Command::new(env!("CARGO_BIN_EXE_nseer"))
        .args(["script", "test", FOLDER])
        .env_remove("NMAPDIR")
        .env_remove("NSEERDIR")
        .env("HOME", "/nonexistent")
        .output()
        .expect("nseer can be started");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let failed: Vec<&str> = stdout.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(output.status.success(), "{}\n{stderr}", failed.join("\n"));
    assert!(stderr.is_empty() && stdout.trim_end().contains("all passed"), "{stdout}\n{stderr}");
}
