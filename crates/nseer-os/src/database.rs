//! The file of known fingerprints, in Nmap's format: `MatchPoints` says what each result weighs, then comes one
//! block for each `Fingerprint`, with `Class` and `CPE` lines and the tests.
//!
//! A file has thousands of them and a run may need none, so loading only finds where they begin; what is in
//! them is read when they are compared.

use std::borrow::Cow;
use std::ops::Range;

use nseer_core::OsClass;

use crate::print::{Test, pairs, test_line};

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub what: String,
}

/// Problems that are told; a file with more is none of this format.
const MOST_PROBLEMS: usize = 5;

/// Known fingerprints.
#[derive(Debug, Default)]
pub struct OsDb {
    text: Cow<'static, str>,
    known: Vec<Known>,
    points: Vec<(Test, String, u32)>,
}

/// Where a fingerprint is in the text.
#[derive(Clone, Debug)]
struct Known {
    line: u32,
    name: Range<usize>,
    body: Range<usize>,
}

/// A known fingerprint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference<'a> {
    pub(crate) line: u32,
    pub(crate) name: &'a str,
    body: &'a str,
}

impl OsDb {
    /// Reads a file, which messages call `file`. Lines that cannot be used are told; the others count.
    #[must_use]
    pub fn load(file: &str, text: Cow<'static, [u8]>) -> (OsDb, Vec<Problem>) {
        let text: Cow<'static, str> = match text {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
        };
        let mut loader = Loader { file, ..Loader::default() };
        let (mut at, mut number) = (0, 0);
        for whole in text.split_inclusive('\n') {
            number += 1;
            loader.line(whole, at, number);
            at += whole.len();
        }
        let Loader { known, points, mut problems, .. } = loader;
        if points.is_empty() && !known.is_empty() {
            let what = "no MatchPoints line says what results weigh, so nothing can be compared";
            problems.push(Problem { file: file.to_owned(), line: 1, what: what.to_owned() });
        }
        (OsDb { text, known, points }, problems)
    }

    /// How many fingerprints it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// It has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(crate) fn references(&self) -> impl Iterator<Item = Reference<'_>> {
        let piece = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        self.known.iter().map(move |known| Reference {
            line: known.line,
            name: piece(&known.name),
            body: piece(&known.body),
        })
    }

    /// What the sameness of a result weighs.
    pub(crate) fn points(&self, test: Test, name: &str) -> u32 {
        let mut of = self.points.iter().filter(|(of, known, _)| *of == test && known == name);
        of.next().map_or(0, |(_, _, points)| *points)
    }
}

/// What is being read.
#[derive(Debug, Default)]
struct Loader<'a> {
    file: &'a str,
    known: Vec<Known>,
    points: Vec<(Test, String, u32)>,
    problems: Vec<Problem>,
    in_points: bool,
}

impl Loader<'_> {
    fn line(&mut self, whole: &str, at: usize, number: u32) {
        let line = whole.trim_end();
        let end = at + line.len();
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        if let Some(name) = line.strip_prefix("Fingerprint ") {
            self.in_points = false;
            let start = end - name.trim_start().len();
            let next = at + whole.len();
            self.known.push(Known { line: number, name: start..end, body: next..next });
        } else if line == "MatchPoints" {
            self.in_points = true;
        } else if let Some((test, values)) = test_line(line) {
            self.test(test, values, end, number);
        } else if ["Class ", "CPE "].iter().any(|word| line.starts_with(word)) {
            match self.known.last_mut() {
                Some(known) => known.body.end = end,
                None => self.problem(number, "it stands before the first Fingerprint line"),
            }
        } else {
            self.problem(
                number,
                "this is none of MatchPoints, Fingerprint, Class, CPE and a test such as T1(R=Y)",
            );
        }
    }

    fn test(&mut self, test: Test, values: &str, end: usize, number: u32) {
        if self.in_points {
            for (name, points) in pairs(values) {
                match points.parse() {
                    Ok(points) if points <= 10_000 => {
                        self.points.push((test, name.to_owned(), points));
                    }
                    _ => self.problem(number, "points are numbers up to 10000"),
                }
            }
        } else if let Some(known) = self.known.last_mut() {
            known.body.end = end;
        } else {
            self.problem(number, "a test stands before the first Fingerprint line");
        }
    }

    fn problem(&mut self, line: u32, what: &str) {
        if self.problems.len() < MOST_PROBLEMS {
            let file = self.file.to_owned();
            self.problems.push(Problem { file, line, what: what.to_owned() });
        }
    }
}

impl<'a> Reference<'a> {
    /// Its tests, with what it says of their results.
    pub(crate) fn tests(self) -> impl Iterator<Item = (Test, &'a str)> {
        self.body.lines().filter_map(test_line)
    }

    /// What kinds of systems have it.
    pub(crate) fn classes(self) -> Vec<OsClass> {
        let mut classes: Vec<OsClass> = Vec::new();
        for line in self.body.lines() {
            if let Some(text) = line.strip_prefix("Class ") {
                classes.push(class(text));
            } else if let (Some(name), Some(class)) =
                (line.strip_prefix("CPE "), classes.last_mut())
            {
                // After the name may stand how it was made.
                let name = name.split_whitespace().next().unwrap_or_default();
                class.cpe.push(name.to_owned());
            }
        }
        classes
    }
}

/// `vendor | family | generation | kind`.
fn class(text: &str) -> OsClass {
    let mut parts = text.split('|').map(|part| part.trim().to_owned());
    let mut next = || parts.next().unwrap_or_default();
    let (vendor, family, generation, kind) = (next(), next(), next(), next());
    let generation = Some(generation).filter(|generation| !generation.is_empty());
    OsClass { vendor, family, generation, kind, cpe: Vec::new() }
}
