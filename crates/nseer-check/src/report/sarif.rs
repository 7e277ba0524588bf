//! SARIF 2.1.0, as OASIS publishes it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::rule_of;
use crate::Checked;
use crate::rule::{Finding, Level};
use crate::rules::RULES;
use crate::source::Span;

pub(super) fn write(out: &mut dyn Write, checked: &[Checked]) -> io::Result<()> {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            json!({
                "id": rule.name,
                "shortDescription": { "text": rule.about },
                "fullDescription": { "text": rule.why },
                "defaultConfiguration": { "level": level(rule.level) },
            })
        })
        .collect();
    let results: Vec<Value> = checked
        .iter()
        .flat_map(|file| file.findings.iter().map(move |finding| result(file, finding)))
        .collect();
    let document = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "nseer script check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn level(level: Level) -> &'static str {
    // SARIF has the same words.
    level.word()
}

fn result(file: &Checked, finding: &Finding) -> Value {
    let text = match &finding.help {
        Some(help) => format!("{}: {help}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.level),
        "message": { "text": text },
        "locations": [location(file, finding.span, None)],
    });
    if let Some(rule) = rule_of(finding) {
        let index = RULES.iter().position(|known| known.name == rule.name);
        result["ruleIndex"] = json!(index);
    }
    if !finding.related.is_empty() {
        let related = finding.related.iter().map(|(span, text)| location(file, *span, Some(text)));
        result["relatedLocations"] = related.collect();
    }
    result
}

fn location(file: &Checked, span: Span, text: Option<&str>) -> Value {
    let (start, end) = (file.source.place(span.start), file.source.place(span.end));
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&file.source.name) },
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        },
    });
    if let Some(text) = text {
        location["message"] = json!({ "text": text });
    }
    location
}

/// A path as a relative or absolute URI (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
