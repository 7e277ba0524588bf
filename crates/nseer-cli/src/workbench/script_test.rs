//! `nseer script test`: runs the tests that lie beside scripts, without a network.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nseer_seam::System;

use super::script_run::SCRIPT_ARGS;
use super::test_coverage::Coverage;
use super::test_find::{self, Test};
use super::test_reports::{self, Format, Told};
use super::test_run::{Settings, Verdict};
use super::{DATADIR, Tool, ToolOption, Words, script_record};
use crate::options::Complete;

pub(super) const TOOL: Tool = Tool {
    name: "script test",
    operands: &["[PATH]..."],
    short: "run the tests beside scripts, without a network",
    long: "Runs the tests that belong to scripts: files of tests (NAME.test.lua) and recorded \
        conversations (NAME.rec, NAME.LABEL.rec), all of a folder with its folders, or those of a \
        script. Nothing reaches the network, and time-outs take no time. With --record, runs the one \
        script that is given against TARGET and writes the conversation down.",
    options: &[
        ToolOption {
            name: "--record",
            value: "TARGET[:PORTS]",
            short: "write down a conversation with TARGET",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "-o",
            value: "FILE",
            short: "write the recording to FILE",
            complete: Complete::Files,
        },
        ToolOption {
            name: "--mask",
            value: "TEXT",
            short: "write no TEXT into the recording; repeatable",
            complete: Complete::Nothing,
        },
        SCRIPT_ARGS,
        ToolOption {
            name: "--service",
            value: "NAME",
            short: "record with NAME as what listens on the ports",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--bless",
            value: "",
            short: "take what is printed as what should be",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--format",
            value: "FORMAT",
            short: "human (the usual one) or tap",
            complete: Complete::Words(&["human", "tap"]),
        },
        ToolOption {
            name: "--junit",
            value: "FILE",
            short: "also write the results as JUnit XML",
            complete: Complete::Files,
        },
        ToolOption {
            name: "--coverage",
            value: "FILE",
            short: "also write which lines ran, as lcov",
            complete: Complete::Files,
        },
        DATADIR,
    ],
    trouble: 2,
    run,
};

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    if let Some(target) = words.value("--record") {
        script_record::record(target, words, system)?;
        return Ok(0);
    }
    for option in ["-o", "--mask", "--service", "--script-args"] {
        if words.has(option) {
            bail!("{option} belongs to a recording: add --record TARGET:PORT");
        }
    }
    let format = Format::named(words.value("--format"))?;
    let mut paths: Vec<PathBuf> = words.operands.iter().map(PathBuf::from).collect();
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    let tests = test_find::find(&paths, system)?;
    if tests.is_empty() {
        let named: Vec<String> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
        bail!(
            "no tests in {}: a test is NAME.test.lua or a recording NAME.rec beside NAME.nse",
            named.join(", ")
        );
    }
    let coverage = words.has("--coverage").then(Coverage::default);
    let data = super::single_run::data_dirs(words.value("--datadir").map(Path::new), system)?;
    let settings = Settings {
        blesses: words.has("--bless"),
        coverage: coverage.clone(),
        ..Settings::new(data, system)?
    };
    let begun = system.clock.now();
    let told = run_all(&tests, &settings, format)?;
    let elapsed = system.clock.now().saturating_duration_since(begun);
    test_reports::summary(format, &told, elapsed)?;
    let write = |option: &str, text: String| -> anyhow::Result<()> {
        let Some(path) = words.value(option).map(Path::new) else { return Ok(()) };
        let written = system.files.write(path, text.as_bytes());
        written.with_context(|| format!("cannot write to '{}' ({option})", path.display()))
    };
    write("--junit", test_reports::junit(&told, elapsed))?;
    if let Some(coverage) = coverage {
        write("--coverage", coverage.lcov(&settings.data))?;
    }
    Ok(u8::from(told.iter().any(|told| !told.failures.is_empty())))
}

/// Runs the tests on all cores; they are told in their order.
fn run_all<'t>(
    tests: &'t [Test],
    settings: &Settings,
    format: Format,
) -> anyhow::Result<Vec<Told<'t>>> {
    // Those that write what they saw into a file that they share take turns.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    // A test that ends waits for its threads, and another one can run meanwhile.
    let threads = if settings.blesses { 1 } else { (2 * cores).min(tests.len()) };
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel::<(usize, Verdict, Duration)>();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(test) = tests.get(index) else { return };
                    let clock = &settings.system.clock;
                    let begun = clock.now();
                    let verdict = settings.run(test);
                    let elapsed = clock.now().saturating_duration_since(begun);
                    // Whoever listens is gone only where the output cannot be written.
                    if sender.send((index, verdict, elapsed)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut told: Vec<Option<Told<'t>>> = tests.iter().map(|_| None).collect();
        let mut shown = 0;
        test_reports::head(format, tests.len())?;
        for (index, verdict, elapsed) in receiver {
            let Verdict { failures, note } = verdict;
            told[index] = Some(Told { test: &tests[index], failures, note, elapsed });
            while let Some(Some(next)) = told.get(shown) {
                shown += 1;
                test_reports::test(format, shown, next)?;
            }
        }
        std::io::stdout().flush()?;
        Ok(told.into_iter().flatten().collect())
    })
}
