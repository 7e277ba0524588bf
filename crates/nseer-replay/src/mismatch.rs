//! Where a script and a recording part ways, told so that a reader sees the difference.

use std::fmt::Write as _;

use crate::literal::{hexadecimal, quoted};
use crate::recording::Pattern;

/// A script did something else than the recording or the peer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The line of the recording; `None` where there is none.
    pub line: Option<usize>,
    /// What happened.
    pub what: String,
    /// The bytes that were expected, and those that the script sent.
    pub sides: Option<(Pattern, Vec<u8>)>,
}

/// Characters of one side.
const WIDTH: usize = 36;
/// Rows that are shown.
const ROWS: usize = 24;

impl Mismatch {
    pub(crate) fn new(line: Option<usize>, what: impl Into<String>) -> Mismatch {
        Mismatch { line: line.filter(|line| *line > 0), what: what.into(), sides: None }
    }

    /// What happened in lines: first what and where, then both sides.
    #[must_use]
    pub fn text(&self, file: &str) -> String {
        let mut out = match self.line {
            Some(line) => format!("{file}:{line}: {}", self.what),
            // What a file of tests says itself names it.
            None if self.what.contains(&format!("{file}:")) => self.what.clone(),
            None => format!("{file}: {}", self.what),
        };
        if let Some((expected, sent)) = &self.sides {
            out.push('\n');
            out.push_str(&side_by_side(expected, sent));
        }
        out
    }
}

/// Both sides in columns; rows that differ have a bar between them.
fn side_by_side(expected: &Pattern, sent: &[u8]) -> String {
    let sent = Pattern::of(sent);
    let is_text = |pattern: &Pattern| {
        let plain = |b: &&Option<u8>| matches!(b, Some(0x20..0x7f | b'\r' | b'\n' | b'\t') | None);
        pattern.bytes.iter().filter(plain).count() * 3 >= pattern.bytes.len() * 2
    };
    let rows = if is_text(expected) && is_text(&sent) { text_rows } else { binary_rows };
    let (left, right) = (rows(&expected.bytes), rows(&sent.bytes));
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "    {:WIDTH$}   sent", "expected");
    let count = left.len().max(right.len());
    let first = left.iter().zip(&right).take_while(|(a, b)| same(a, b)).count();
    let skipped = first.saturating_sub(2);
    if skipped > 0 {
        let _ = writeln!(out, "    … {skipped} equal lines");
    }
    let row = |rows: &[Row], at: usize| rows.get(at).map(|r| r.text.clone()).unwrap_or_default();
    for at in skipped..count.min(skipped + ROWS) {
        let equal = matches!((left.get(at), right.get(at)), (Some(a), Some(b)) if same(a, b));
        let bar = if equal { ' ' } else { '|' };
        let text = format!("    {:WIDTH$} {bar} {}", row(&left, at), row(&right, at));
        let _ = writeln!(out, "{}", text.trim_end());
    }
    if count > skipped + ROWS {
        let _ = writeln!(out, "    … {} further lines", count - skipped - ROWS);
    }
    out.truncate(out.trim_end().len());
    out
}

/// One row of a side.
struct Row {
    bytes: Vec<Option<u8>>,
    text: String,
}

fn same(a: &Row, b: &Row) -> bool {
    let sent: Option<Vec<u8>> = b.bytes.iter().copied().collect();
    sent.is_some_and(|sent| Pattern::matches(&a.bytes, &sent))
}

fn text_rows(bytes: &[Option<u8>]) -> Vec<Row> {
    let lines = bytes.split_inclusive(|b| *b == Some(b'\n'));
    lines.flat_map(narrow).collect()
}

/// One line in rows that are no wider than a side.
fn narrow(line: &[Option<u8>]) -> Vec<Row> {
    let mut rows = vec![Row { bytes: Vec::new(), text: String::new() }];
    for byte in line {
        let text = quoted(&[*byte]);
        let text = &text[1..text.len() - 1];
        if rows.last().is_some_and(|row| row.text.len() + text.len() > WIDTH) {
            rows.push(Row { bytes: Vec::new(), text: String::new() });
        }
        if let Some(row) = rows.last_mut() {
            row.bytes.push(*byte);
            row.text.push_str(text);
        }
    }
    rows
}

fn binary_rows(bytes: &[Option<u8>]) -> Vec<Row> {
    let text = |row: &[Option<u8>]| {
        let shown = row.iter().map(|b| match b {
            Some(b) if b.is_ascii_graphic() => char::from(*b),
            _ => '.',
        });
        let digits = hexadecimal(row);
        format!("{:24} {}", &digits[2..digits.len() - 1], shown.collect::<String>())
    };
    bytes.chunks(8).map(|row| Row { bytes: row.to_vec(), text: text(row) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_stand_beside_each_other() {
        let mismatch = Mismatch {
            line: Some(12),
            what: "the script sent something else".to_owned(),
            sides: Some((Pattern::of(b"EHLO a\r\nMAIL\r\n"), b"EHLO a\r\nQUIT\r\n".to_vec())),
        };
        let text = mismatch.text("x.rec");
        let column = |s: &str| format!("    {s:WIDTH$}");
        let want = [
            "x.rec:12: the script sent something else".to_owned(),
            format!("{}   sent", column("expected")),
            format!("{}   EHLO a\\r\\n", column("EHLO a\\r\\n")),
            format!("{} | QUIT\\r\\n", column("MAIL\\r\\n")),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), want);
    }

    #[test]
    fn bytes_are_shown_in_hexadecimal() {
        let sides = Some((Pattern { bytes: vec![Some(0), None, Some(2)] }, vec![0, 1, 3]));
        let text = Mismatch { line: None, what: "no".to_owned(), sides }.text("x");
        let want = "00 ?? 02                 ...         | 00 01 03                 ...";
        assert!(text.contains(want), "{text}");
    }
}
