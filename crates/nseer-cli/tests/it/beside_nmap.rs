//! Which scripts run, with which arguments and in which order, and what they see: answered by the real
//! nmap as well, mostly to random questions.
//!
//! The cases are the same in every run. `NSEER_NMAP_CASES` is how many each test tries and
//! `NSEER_NMAP_SEED` (a number) says which; a failing case is made smaller before it is shown.

mod arguments;
mod calls;
mod choice;
mod heads;
mod lua;
mod order;
mod shelf;

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Where the real nmap's files are installed.
const INSTALLED: &str = "/usr/share/nmap";

fn number(name: &str) -> Option<u32> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// The number of cases, where the caller has not asked for another.
fn cases(default: u32) -> u32 {
    number("NSEER_NMAP_CASES").unwrap_or(default)
}

fn runner(cases: u32) -> TestRunner {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("NSEER_NMAP_SEED").unwrap_or(1).to_le_bytes());
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// Checks `cases` random values of `strategy`.
fn check<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) where
    S::Value: Debug,
{
    if let Err(error) = runner(cases).run(strategy, test) {
        panic!("{error}");
    }
}

/// Writes a file and the folders above it.
#[allow(clippy::disallowed_methods, reason = "the world of the test")]
fn write(path: &str, text: &str) {
    fs::create_dir_all(Path::new(path).parent().expect("a folder")).expect("a new folder");
    fs::write(path, text).expect("a new file");
}

/// A data directory with nmap's engine and libraries, and with these scripts and no others.
#[allow(clippy::disallowed_methods, reason = "the world of the test")]
fn data_directory(path: &str, scripts: &[(&str, String)], script_db: &str) {
    scripts.iter().for_each(|(name, text)| write(&format!("{path}/scripts/{name}.nse"), text));
    write(&format!("{path}/scripts/script.db"), script_db);
    for name in ["nselib", "nse_main.lua"] {
        let there = format!("{INSTALLED}/{name}");
        std::os::unix::fs::symlink(there, format!("{path}/{name}")).expect("a new link");
    }
}
