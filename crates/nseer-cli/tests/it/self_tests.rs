//! The self-tests of the embedded libraries, run as a user runs them.
#![allow(clippy::disallowed_methods, reason = "the program is started")]

use std::process::Command;

/// Fewer tests than this mean that libraries were left out.
const AT_LEAST: usize = 650;

/// The numbers of "all 412 tests of 31 libraries passed".
fn numbers(line: &str) -> Option<(usize, usize)> {
    let (tests, rest) = line.split_once("unittest: all ")?.1.split_once(" tests of ")?;
    let libraries = rest.strip_suffix(" libraries passed")?;
    Some((tests.parse().ok()?, libraries.parse().ok()?))
}

/// Whether a library makes a suite, in its module or in a table.
fn has_tests(source: &str) -> bool {
    source.lines().any(|line| {
        let name = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && (name == "test_suite" || name.ends_with(".test_suite"))
    })
}

#[test]
fn all_libraries_pass_their_tests() {
    let output = Command::new(env!("CARGO_BIN_EXE_nseer"))
        .env_remove("NMAPDIR")
        .env("HOME", "/nonexistent")
        .args(["--script", "unittest", "--script-args", "unittest.run"])
        .output()
        .expect("nseer can be started");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let passed = stdout.lines().find_map(numbers);
    let with_tests = nseer_stdlib::files()
        .iter()
        .filter(|(path, _)| path.starts_with("nselib/") && path.ends_with(".lua"))
        .filter(|(_, text)| has_tests(&String::from_utf8_lossy(text)))
        .count();
    match passed {
        Some((tests, libraries)) => {
            assert!(tests >= AT_LEAST, "only {tests} tests");
            assert_eq!(libraries, with_tests, "some libraries were not tested");
        }
        None => panic!("{stdout}\n{}", String::from_utf8_lossy(&output.stderr)),
    }
}
