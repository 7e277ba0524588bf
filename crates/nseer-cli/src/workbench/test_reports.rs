//! What tests came to: for people, as TAP 14 (testanything.org) and as JUnit XML.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::bail;
use nseer_report::xml_text;

use super::test_find::Test;

/// How results are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Human,
    Tap,
}

impl Format {
    pub(super) fn named(word: Option<&OsStr>) -> anyhow::Result<Format> {
        match word.and_then(OsStr::to_str) {
            None if word.is_none() => Ok(Format::Human),
            Some("human") => Ok(Format::Human),
            Some("tap") => Ok(Format::Tap),
            _ => {
                let word = word.unwrap_or_default().display();
                bail!("'{word}' is no format (--format): write human or tap")
            }
        }
    }
}

/// A test that has run.
pub(super) struct Told<'t> {
    pub(super) test: &'t Test,
    pub(super) failures: Vec<String>,
    pub(super) note: Option<String>,
    pub(super) elapsed: Duration,
}

impl Told<'_> {
    fn label(&self) -> String {
        let file = self.test.file.display().to_string();
        match file.ends_with(&self.test.name) {
            true => shown(&file),
            false => shown(&format!("{file}: {}", self.test.name)),
        }
    }

    /// What is wrong, in lines.
    fn lines(&self) -> impl Iterator<Item = String> {
        self.failures.iter().flat_map(|failure| failure.lines()).map(shown)
    }
}

/// Without what would begin a line, or do something to a terminal.
fn shown(text: &str) -> String {
    let plain = |c: char| match c {
        '\t' => c.to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(plain).collect()
}

pub(super) fn head(format: Format, count: usize) -> io::Result<()> {
    match format {
        Format::Human => Ok(()),
        Format::Tap => writeln!(io::stdout(), "TAP version 14\n1..{count}"),
    }
}

/// Tells of one test, the `number`th.
pub(super) fn test(format: Format, number: usize, told: &Told<'_>) -> io::Result<()> {
    let text = match format {
        Format::Human => human(told),
        Format::Tap => tap(number, told),
    };
    io::stdout().write_all(text.as_bytes())
}

fn human(told: &Told<'_>) -> String {
    let note = told.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    if told.failures.is_empty() {
        return format!("ok    {}{note}\n", told.label());
    }
    let mut out = format!("FAIL  {}{note}\n", told.label());
    for line in told.lines() {
        out.push_str(&format!("      {line}\n"));
    }
    out
}

fn tap(number: usize, told: &Told<'_>) -> String {
    let word = if told.failures.is_empty() { "ok" } else { "not ok" };
    // A mark of a directive in a name would be one.
    let label = told.label().replace('\\', "\\\\").replace('#', "\\#");
    let mut out = format!("{word} {number} - {label}\n");
    for line in told.lines() {
        out.push_str(&format!("# {line}\n"));
    }
    out
}

pub(super) fn summary(format: Format, told: &[Told<'_>], elapsed: Duration) -> io::Result<()> {
    if format == Format::Tap {
        return Ok(());
    }
    let failed = told.iter().filter(|told| !told.failures.is_empty()).count();
    let tests = if told.len() == 1 { "1 test".to_owned() } else { format!("{} tests", told.len()) };
    let result = if failed == 0 { "all passed".to_owned() } else { format!("{failed} failed") };
    writeln!(io::stdout(), "{tests}, {result}, in {:.2} s", elapsed.as_secs_f64())
}

/// The results as Jenkins and its kin read them: a suite for each file.
pub(super) fn junit(told: &[Told<'_>], elapsed: Duration) -> String {
    let failed = |told: &[&Told<'_>]| told.iter().filter(|t| !t.failures.is_empty()).count();
    let all: Vec<&Told<'_>> = told.iter().collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!(
        "<testsuites tests=\"{}\" failures=\"{}\" time=\"{:.3}\">\n",
        all.len(),
        failed(&all),
        elapsed.as_secs_f64()
    ));
    let attribute = |text: &str| xml_text(text.as_bytes());
    for suite in all.chunk_by(|a, b| a.test.file == b.test.file) {
        let file = suite.first().map(|t| t.test.file.display().to_string()).unwrap_or_default();
        let time: Duration = suite.iter().map(|t| t.elapsed).sum();
        out.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" time=\"{:.3}\">\n",
            attribute(&file),
            suite.len(),
            failed(suite),
            time.as_secs_f64()
        ));
        for told in suite {
            out.push_str(&format!(
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                attribute(&file),
                attribute(&told.test.name),
                told.elapsed.as_secs_f64()
            ));
            let Some(first) = told.failures.first() else {
                out.push_str("/>\n");
                continue;
            };
            let message = first.lines().next().unwrap_or_default();
            let text: Vec<String> =
                told.failures.iter().flat_map(|failure| failure.lines()).map(attribute).collect();
            out.push_str(&format!(
                ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                attribute(message),
                text.join("\n")
            ));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
