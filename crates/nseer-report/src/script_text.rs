//! Script results in normal output: bars at the left, the ID on the first line.

use std::io::{self, Write};

use nseer_core::ScriptResult;

use crate::escape::{line_text, screened};
use crate::options::ReportOptions;
use crate::shown::in_order;

/// The results; those without text leave no line.
pub(crate) fn write_results(
    out: &mut impl Write,
    results: &[ScriptResult],
    options: &ReportOptions,
) -> io::Result<()> {
    for result in in_order(results, options).into_iter().filter(|r| !r.output.is_empty()) {
        let text = screened(&result.output);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let mut lines = text.split('\n').peekable();
        let mut head = format!("{}: ", line_text(&result.id));
        while let Some(line) = lines.next() {
            let bar = if lines.peek().is_some() { "| " } else { "|_" };
            writeln!(out, "{bar}{head}{line}")?;
            head.clear();
        }
    }
    Ok(())
}

/// The results as normal output has them, in the order of their IDs: `|_ID: text`, a line each.
#[must_use]
pub fn script_lines(results: &[ScriptResult]) -> String {
    let mut out = Vec::new();
    // Writing to memory does not fail, and what is screened is text.
    let _ = write_results(&mut out, results, &ReportOptions::default());
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outputs: &[(&str, &[u8])], expected: &str) {
        let results: Vec<ScriptResult> = outputs
            .iter()
            .map(|(id, output)| ScriptResult {
                id: (*id).into(),
                output: output.to_vec(),
                structured: None,
            })
            .collect();
        let mut out = Vec::new();
        write_results(&mut out, &results, &ReportOptions::default()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn lines_get_bars() {
        check(&[("id", b"single")], "|_id: single\n");
        check(&[("id", b"first\nmiddle\nlast")], "| id: first\n| middle\n|_last\n");
        check(&[("id", b"\n  key: value")], "| id: \n|_  key: value\n");
        check(&[("id", b"\n")], "|_id: \n");
        check(&[("id", b"l1\n")], "|_id: l1\n");
        check(&[("id", b"l1\n\n")], "| id: l1\n|_\n");
        check(&[("id", b"")], "");
    }

    #[test]
    fn bytes_are_screened() {
        check(
            &[("str", b"a \x01\x02\x7f\x80\xff\r\n\ttab--d\n\nend\n")],
            "| str: a \\x01\\x02\\x7F\\x80\\xFF\\x0D\n| \ttab--d\n| \n|_end\n",
        );
    }

    #[test]
    fn results_are_sorted_by_id_and_none_is_lost() {
        check(
            &[("b", b"1"), ("a", b"2"), ("b", b"3"), ("b", b"0")],
            "|_a: 2\n|_b: 1\n|_b: 3\n|_b: 0\n",
        );
    }
}
