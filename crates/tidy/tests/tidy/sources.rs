//! Source files: a head that says what each is for, a size that can be read, an honest name.

use crate::tree;

const MOST_LINES: usize = 500;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["helper", "helpers", "manager", "util", "utils"];

/// Tables and generated files are read by programs, so their length does not matter.
fn is_data(file: &str, text: &str) -> bool {
    file.contains("/data/") || text.lines().take(5).any(|line| line.contains("@generated"))
}

/// Whether the first line that is not blank is a module head with something in it.
fn has_head(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let head = first.and_then(|line| line.strip_prefix("//!"));
    head.is_some_and(|words| words.split_whitespace().count() > 1)
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let complaints: Vec<String> = tree::texts(&["rs"])
        .into_iter()
        .filter(|(_, text)| !has_head(text))
        .map(|(file, _)| file)
        .collect();
    tree::report(
        "Begin each file with `//!`: what it is for and what it does not know.",
        &complaints,
    );
}

#[test]
fn every_source_file_can_be_read_in_one_sitting() {
    let complaints: Vec<String> = tree::texts(&["rs", "lua", "nse"])
        .into_iter()
        .filter(|(file, text)| !is_data(file, text) && text.lines().count() > MOST_LINES)
        .map(|(file, text)| format!("{file}: {} lines", text.lines().count()))
        .collect();
    tree::report(
        "Split these by topic; 500 lines are the most. Tables belong in a `data` folder.",
        &complaints,
    );
}

#[test]
fn every_name_says_something() {
    let complaints: Vec<String> = tree::files()
        .into_iter()
        .filter(|file| {
            file.split('/').any(|part| {
                let stem = part.split('.').next().unwrap_or_default();
                EMPTY_NAMES.contains(&stem)
            })
        })
        .collect();
    tree::report("Name these after what they hold.", &complaints);
}

#[test]
fn heads_are_told_apart() {
    let cases = [
        ("//! What it is for.\n", true),
        ("\n//! What it is for.\n", true),
        ("//!\n", false),
        ("//! Placeholder.\n", false),
        ("// a comment\n", false),
        ("use std::io;\n//! late\n", false),
        ("", false),
    ];
    for (text, expected) in cases {
        assert_eq!(has_head(text), expected, "{text:?}");
    }
}
