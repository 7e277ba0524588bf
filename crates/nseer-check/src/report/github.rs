//! Commands of GitHub's workflows: each line becomes an annotation.

use std::io::{self, Write};

use crate::Checked;
use crate::rule::Level;

pub(super) fn write(out: &mut dyn Write, checked: &[Checked]) -> io::Result<()> {
    for file in checked {
        for finding in &file.findings {
            let command = match finding.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "notice",
            };
            let (start, end) =
                (file.source.place(finding.span.start), file.source.place(finding.span.end));
            let text = match &finding.help {
                Some(help) => format!("{}\n{help}", finding.message),
                None => finding.message.clone(),
            };
            write!(out, "::{command} file={},line={}", property(&file.source.name), start.line)?;
            // Columns are only taken where both are of one line.
            if start.line == end.line {
                write!(out, ",col={},endColumn={}", start.column, end.column)?;
            } else {
                write!(out, ",endLine={}", end.line)?;
            }
            writeln!(out, ",title={}::{}", property(finding.rule), data(&text))?;
        }
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
