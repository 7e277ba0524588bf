//! For people: the line, with what is wrong drawn under it.

use std::io::{self, Write};
use std::ops::Range;

use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind, Source};

use crate::Checked;
use crate::rule::{Finding, Level, Rule};
use crate::rules::RULES;

/// Writes what was found, and a last line that counts it.
///
/// # Errors
/// Those of the output.
pub fn human(out: &mut dyn Write, checked: &[Checked], colours: bool) -> io::Result<()> {
    for file in checked.iter().filter(|file| !file.findings.is_empty()) {
        // What a terminal would take as an order is shown as a mark.
        let shown: String = file.source.text.chars().map(harmless).collect();
        let mut cache = (file.source.name.clone(), Source::from(shown));
        for finding in &file.findings {
            draw(out, file, finding, &mut cache, colours)?;
        }
    }
    let count = |level| checked.iter().map(|file| file.count(level)).sum::<usize>();
    let (errors, warnings, notes) =
        (count(Level::Error), count(Level::Warning), count(Level::Note));
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    writeln!(
        out,
        "{}: {}, {}, {}",
        plural(checked.len(), "file"),
        plural(errors, "error"),
        plural(warnings, "warning"),
        plural(notes, "note"),
    )
}

/// Characters of the same length in bytes that do nothing to a terminal.
fn harmless(c: char) -> char {
    match c {
        '\n' | '\t' | '\r' => c,
        c if c.is_ascii_control() => '?',
        // Two bytes, as the control characters U+0080 to U+009F.
        c if c.is_control() => '\u{b7}',
        c => c,
    }
}

/// What a message quotes of a file does nothing to a terminal either.
fn said(text: &str) -> String {
    let said = |c: char| match c {
        '\n' => c.to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(said).collect()
}

fn draw(
    out: &mut dyn Write,
    file: &Checked,
    finding: &Finding,
    cache: &mut (String, Source<String>),
    colours: bool,
) -> io::Result<()> {
    let (word, colour) = match finding.level {
        Level::Error => ("error", Color::Red),
        Level::Warning => ("warning", Color::Yellow),
        Level::Note => ("note", Color::Cyan),
    };
    let name = file.source.name.clone();
    let span =
        |span: crate::source::Span| (name.clone(), range(&file.source.text, span.start, span.end));
    let config = Config::default()
        .with_color(colours)
        .with_char_set(CharSet::Unicode)
        .with_index_type(IndexType::Byte);
    let mut label = Label::new(span(finding.span)).with_color(colour);
    // Without words the place would not be marked.
    label = label.with_message(said(finding.help.as_deref().unwrap_or("here")));
    let mut report = Report::build(ReportKind::Custom(word, colour), span(finding.span))
        .with_config(config)
        .with_code(finding.rule)
        .with_message(said(&finding.message))
        .with_label(label);
    for (other, text) in &finding.related {
        report.add_label(Label::new(span(*other)).with_message(said(text)).with_color(Color::Blue));
    }
    let mut drawn = Vec::new();
    report.finish().write(cache, &mut drawn)?;
    if colours { out.write_all(&drawn) } else { out.write_all(&uncoloured(&drawn)) }
}

/// Without the sequences that colour: the kind of a report is coloured in any case.
fn uncoloured(drawn: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(drawn.len());
    let mut is_sequence = false;
    for &byte in drawn {
        match byte {
            b'\x1b' => is_sequence = true,
            b'm' if is_sequence => is_sequence = false,
            _ if is_sequence => {}
            _ => plain.push(byte),
        }
    }
    plain
}

/// A range that begins and ends between characters, within the first line of the span.
fn range(text: &str, start: usize, end: usize) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(start);
    let line = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..floor(end).clamp(start, line.max(start))
}

/// The page on a rule.
#[must_use]
pub fn explain(rule: &Rule) -> String {
    let indent = |text: &str| {
        let lines = text.lines().filter(|line| *line != "-- whole");
        lines
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") })
            .collect::<String>()
    };
    format!(
        "{} ({}): {}\n\n{}\n\nComplains about:\n\n{}\nWrite:\n\n{}\nTo allow it in one place: -- nseer: allow({})\n",
        rule.name,
        rule.level.word(),
        rule.about,
        wrapped(rule.why),
        indent(rule.bad),
        indent(rule.good),
        rule.name
    )
}

/// One line for each rule.
#[must_use]
pub fn list() -> String {
    let line =
        |rule: &&Rule| format!("{:<22} {:<8} {}\n", rule.name, rule.level.word(), rule.about);
    RULES.iter().map(line).collect()
}

fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
