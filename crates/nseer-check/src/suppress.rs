//! Comments that allow what a rule would complain about: `-- nseer: allow(rule, rule)`.
//!
//! Behind a statement one is for its line, on a line of its own for the next line with code, and
//! `allow-file(rule)` is for the file.

use crate::context::File;
use crate::rule::Finding;
use crate::source::Span;

/// The name that allows every rule.
const ALL: &str = "all";

/// One comment.
#[derive(Debug)]
struct Allowed<'a> {
    rules: Vec<&'a str>,
    /// The line it is for; none for the whole file.
    line: Option<usize>,
}

/// What the comments of a file allow.
#[derive(Debug)]
pub struct Allowances<'a> {
    allowed: Vec<Allowed<'a>>,
    /// Rules named that do not exist, and comments that could not be read.
    pub wrong: Vec<(Span, String)>,
}

impl<'a> Allowances<'a> {
    /// Reads the comments of a file.
    #[must_use]
    pub fn of(file: &'a File, is_rule: impl Fn(&str) -> bool) -> Allowances<'a> {
        let mut found = Allowances { allowed: Vec::new(), wrong: Vec::new() };
        for comment in &file.comments {
            let text = file.source.piece(comment.span);
            let words = text.trim_start_matches('-').trim();
            let Some(order) = words.strip_prefix("nseer:").map(str::trim) else { continue };
            let whole = order.strip_prefix("allow-file(").map(|rest| (rest, true));
            let read = whole.or_else(|| order.strip_prefix("allow(").map(|rest| (rest, false)));
            let Some((list, is_whole)) =
                read.and_then(|(rest, whole)| Some((rest.split_once(')')?.0, whole)))
            else {
                found.wrong.push((comment.span, "this comment allows nothing".to_owned()));
                continue;
            };
            let rules: Vec<&str> = list.split(',').map(str::trim).collect();
            for rule in rules.iter().filter(|rule| **rule != ALL && !is_rule(rule)) {
                found.wrong.push((comment.span, format!("there is no rule '{rule}'")));
            }
            let line = (!is_whole).then(|| line_of(file, comment.span));
            found.allowed.push(Allowed { rules, line });
        }
        found
    }

    /// Whether something is allowed.
    #[must_use]
    pub fn covers(&self, file: &File, finding: &Finding) -> bool {
        let line = file.source.line_at(finding.span.start);
        self.allowed.iter().any(|allowed| {
            allowed.line.is_none_or(|known| known == line)
                && allowed.rules.iter().any(|rule| *rule == finding.rule || *rule == ALL)
        })
    }
}

/// The line that a comment is for.
fn line_of(file: &File, comment: Span) -> usize {
    let line = file.source.line_at(comment.start);
    if !file.source.line(line).trim_start().starts_with("--") {
        return line;
    }
    let is_code = |text: &str| !text.trim().is_empty() && !text.trim_start().starts_with("--");
    (line + 1..=file.source.line_count()).find(|n| is_code(file.source.line(*n))).unwrap_or(line)
}
