//! Categories that do not exist, or stand twice.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};
use crate::source::Span;

/// The documented categories.
pub const CATEGORIES: &[&str] = &[
    "auth",
    "broadcast",
    "brute",
    "default",
    "discovery",
    "dos",
    "exploit",
    "external",
    "fuzzer",
    "intrusive",
    "malware",
    "safe",
    "version",
    "vuln",
];

pub(super) static RULE: Rule = Rule {
    name: "unknown-category",
    level: Level::Warning,
    about: "a category does not exist or is given twice",
    why: "Scripts are selected by their categories. The engine takes any word, so a mistyped one only means that \
        the script is not selected where it should be. The categories are auth, broadcast, brute, default, \
        discovery, dos, exploit, external, fuzzer, intrusive, malware, safe, version and vuln.",
    bad: "categories = {\"discovry\", \"safe\", \"safe\"}\n",
    good: "categories = {\"discovery\", \"safe\"}\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let mut seen: Vec<(String, Span)> = Vec::new();
    for (category, span) in super::strings_of(context, "categories") {
        let lower = category.to_lowercase();
        if !CATEGORIES.contains(&lower.as_str()) {
            let finding = found.add(span, format!("there is no category '{category}'"));
            finding.help(match nearest(&lower, CATEGORIES.iter().copied()) {
                Some(meant) => format!("did you mean '{meant}'?"),
                None => format!("the categories are {}", CATEGORIES.join(", ")),
            });
        }
        match seen.iter().find(|(known, _)| *known == lower) {
            Some((_, first)) => {
                found
                    .add(span, format!("the category '{category}' is given twice"))
                    .also(*first, "it was given here");
            }
            None => seen.push((lower, span)),
        }
    }
}
