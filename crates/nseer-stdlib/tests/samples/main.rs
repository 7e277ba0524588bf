//! The embedded probes against sample answers: each line that can match has a sample, and no earlier
//! line takes it. The samples' format is in `samples/README.md`.

mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use nseer_probes::ProbeDb;

use sample::Sample;

/// What the project promises of its own file.
const LEAST_SERVICES: usize = 60;
const LEAST_LINES: usize = 400;

fn database() -> ProbeDb {
    let (database, problems) =
        ProbeDb::load("the embedded probes", nseer_stdlib::probes::service_probes());
    assert!(problems.is_empty(), "{}", list(&problems));
    database
}

fn list<T: ToString>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[allow(clippy::disallowed_methods, reason = "the samples are files of this crate")]
fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of samples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect();
    files.sort();
    let mut samples = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("samples are text");
        samples.extend(Sample::read(&name, &text).unwrap_or_else(|error| panic!("{error}")));
    }
    samples
}

#[test]
fn every_line_can_be_used() {
    let problems = database().check();
    assert!(problems.is_empty(), "{}", list(&problems));
}

#[test]
fn the_file_is_as_large_as_promised() {
    let database = database();
    let services: BTreeSet<String> = samples().iter().map(Sample::service).collect();
    assert!(services.len() >= LEAST_SERVICES, "{} services", services.len());
    assert!(database.line_count() >= LEAST_LINES, "{} lines", database.line_count());
}

#[test]
fn answers_are_told_by_the_line_meant_for_them() {
    let database = database();
    let mut wrong = Vec::new();
    for sample in samples() {
        let Some(place) = database.place(sample.protocol, &sample.probe) else {
            wrong.push(format!("{}: there is no probe {}", sample.place, sample.probe));
            continue;
        };
        let found = database.find(place, &sample.answer);
        wrong.extend(
            found.problems.iter().filter(|p| !sample::tolerates(p)).map(ToString::to_string),
        );
        let got = found.matched.as_ref().map_or_else(|| "nothing".to_owned(), sample::shown);
        if got != sample.expected {
            let line = found.matched.map_or(0, |matched| matched.line);
            wrong.push(format!(
                "{}: expected {}\n  but got {got} (line {line} of the joined file)",
                sample.place, sample.expected
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), list(&wrong));
}

#[test]
fn every_line_has_a_sample() {
    let database = database();
    let mut used = BTreeSet::new();
    for sample in samples() {
        let place = database.place(sample.protocol, &sample.probe);
        let found = place.and_then(|place| database.find(place, &sample.answer).matched);
        used.extend(found.map(|matched| matched.line));
    }
    let text = String::from_utf8_lossy(nseer_stdlib::probes::service_probes()).into_owned();
    let unused: Vec<String> = (1_u32..)
        .zip(text.lines())
        .filter(|(_, line)| line.starts_with("match ") || line.starts_with("softmatch "))
        .filter(|(number, _)| !used.contains(number))
        .map(|(number, line)| format!("{number}: {line}"))
        .collect();
    assert!(unused.is_empty(), "{} lines without a sample:\n{}", unused.len(), list(&unused));
}

/// An answer as long as one may get: no line may give up on it for want of steps.
#[test]
fn long_answers_are_read_to_their_end() {
    const LONGEST: usize = 4096;
    let database = database();
    let mut tried: Vec<(usize, Vec<u8>)> = Vec::new();
    for sample in samples() {
        let place = database.place(sample.protocol, &sample.probe).expect("a probe of the file");
        tried.push((place, sample.answer.iter().copied().cycle().take(LONGEST).collect()));
    }
    let lines = |head: &str, line: &str| format!("{head}{}", line.repeat(LONGEST)).into_bytes();
    for (place, _) in (0..).zip(database.probes()) {
        for text in [
            lines("", "a"),
            lines("", "\0"),
            lines("0", "\u{2}\u{1}\u{7}d"),
            lines("HTTP/1.1 200 OK\r\n", "X-Name: a b c\r\n"),
            lines("HTTP/1.1 404 Not Found\r\n\r\n", "<title>"),
            lines("220-", "ftp smtp 220-\r\n"),
            lines("<?xml version='1.0'?>", "<GANGLIA_XML VERSION="),
        ] {
            tried.push((place, text.into_iter().take(LONGEST).collect()));
        }
    }
    let mut gave_up = Vec::new();
    for (place, answer) in tried {
        let problems = database.find(place, &answer).problems;
        gave_up.extend(problems.iter().filter(|p| !sample::tolerates(p)).map(ToString::to_string));
    }
    gave_up.sort();
    gave_up.dedup();
    assert!(gave_up.is_empty(), "{}", list(&gave_up));
}

/// Answers come in pieces. What the first lines are told as for sure is no other service than the whole,
/// but where plain text says that TLS is wanted, which shows only in its last lines.
#[test]
fn the_beginning_of_an_answer_is_no_other_service() {
    let database = database();
    let mut wrong = Vec::new();
    for sample in samples().into_iter().filter(|sample| sample.service() != "ssl") {
        let place = database.place(sample.protocol, &sample.probe).expect("a probe of the file");
        for end in (0..sample.answer.len()).filter(|end| sample.answer[*end] == b'\n').take(12) {
            let found = database.find(place, &sample.answer[..=end]).matched;
            if let Some(other) =
                found.filter(|found| !found.soft && found.service != sample.service())
            {
                wrong.push(format!("{}: at {end} as {}", sample.place, sample::shown(&other)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", list(&wrong));
}

#[test]
fn every_sample_says_where_it_is_from() {
    let samples = samples();
    let captured = samples.iter().filter(|sample| sample.source.starts_with("captured ")).count();
    let others: Vec<&str> = samples
        .iter()
        .filter(|sample| {
            !sample.source.starts_with("captured ")
                && sample.source.split(' ').next() != Some("spec")
        })
        .map(|sample| sample.place.as_str())
        .collect();
    assert!(others.is_empty(), "neither captured nor spec:\n{}", list(&others));
    assert!(captured > 100, "only {captured} samples are of real servers");
}

#[test]
fn no_two_probes_share_a_name() {
    let database = database();
    let mut names = BTreeMap::new();
    for probe in database.probes() {
        let other =
            names.insert((probe.protocol().as_str(), probe.name().to_owned()), probe.line());
        assert_eq!(other, None, "{} is there twice", probe.name());
    }
    let null = database.probes().first().expect("a probe");
    assert!(null.is_null() && null.name() == "NULL", "the first probe only listens");
}
