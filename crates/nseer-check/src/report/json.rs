//! One JSON document: an array of findings, and counts.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::Checked;
use crate::rule::Level;
use crate::source::Span;

pub(super) fn write(out: &mut dyn Write, checked: &[Checked]) -> io::Result<()> {
    let mut findings = Vec::new();
    for file in checked {
        for finding in &file.findings {
            let mut entry = place(file, finding.span);
            entry["file"] = json!(file.source.name);
            entry["rule"] = json!(finding.rule);
            entry["level"] = json!(finding.level.word());
            entry["message"] = json!(finding.message);
            if let Some(help) = &finding.help {
                entry["help"] = json!(help);
            }
            if !finding.related.is_empty() {
                let related = finding.related.iter().map(|(span, text)| {
                    let mut entry = place(file, *span);
                    entry["message"] = json!(text);
                    entry
                });
                entry["related"] = related.collect();
            }
            findings.push(entry);
        }
    }
    let count = |level| checked.iter().map(|file| file.count(level)).sum::<usize>();
    let document = json!({
        "version": 1,
        "files": checked.len(),
        "errors": count(Level::Error),
        "warnings": count(Level::Warning),
        "notes": count(Level::Note),
        "findings": findings,
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn place(file: &Checked, span: Span) -> Value {
    let (start, end) = (file.source.place(span.start), file.source.place(span.end));
    json!({
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    })
}
