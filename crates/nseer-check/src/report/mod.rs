//! What was found, written for people and for programs.

mod github;
mod human;
mod json;
mod sarif;

use std::io::{self, Write};

use crate::Checked;
use crate::rule::{Finding, Rule};

pub use human::{explain, human, list};

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal: excerpts with what is wrong drawn into them.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, the static analysis results interchange format of OASIS.
    Sarif,
    /// Commands of GitHub's workflows, which become annotations.
    Github,
}

/// The formats by their names.
pub const FORMATS: &[(&str, Format)] = &[
    ("human", Format::Human),
    ("json", Format::Json),
    ("sarif", Format::Sarif),
    ("github", Format::Github),
];

/// Writes what was found. Colours are only for [`Format::Human`].
///
/// # Errors
/// Those of the output.
pub fn write(
    out: &mut dyn Write,
    format: Format,
    checked: &[Checked],
    colours: bool,
) -> io::Result<()> {
    match format {
        Format::Human => human(out, checked, colours),
        Format::Json => json::write(out, checked),
        Format::Sarif => sarif::write(out, checked),
        Format::Github => github::write(out, checked),
    }
}

/// The rule of a finding.
fn rule_of(finding: &Finding) -> Option<&'static Rule> {
    crate::rule(finding.rule)
}
