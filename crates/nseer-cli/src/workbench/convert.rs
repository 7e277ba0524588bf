//! `nseer convert`: a finished scan in another format.

use std::ffi::OsStr;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use nseer_seam::System;

use super::{Tool, ToolOption, Words, documents};
use crate::options::Complete;
use crate::settings::Format;
use crate::sinks::report;

const FORMATS: &[(&str, Format)] = &[
    ("json", Format::Json),
    ("html", Format::Html),
    ("xml", Format::Xml),
    ("normal", Format::Normal),
    ("grepable", Format::Grepable),
];

pub(super) const TOOL: Tool = Tool {
    name: "convert",
    operands: &["FILE"],
    short: "write a finished scan in another format",
    long: "Reads the XML of a scan, Nmap's or nseer's, and writes it in another format. Of a scan that \
        was killed, every host that was done is there; that the file ends early is told, and the exit \
        code is 1. With - as FILE, standard input is read.",
    options: &[
        ToolOption {
            name: "--to",
            value: "FORMAT",
            short: "json (the usual one), html, xml, normal or grepable",
            complete: Complete::Words(&["json", "html", "xml", "normal", "grepable"]),
        },
        ToolOption {
            name: "-o",
            value: "FILE",
            short: "write to FILE instead of standard output",
            complete: Complete::Files,
        },
    ],
    trouble: 1,
    run,
};

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    let format = format(words.value("--to"))?;
    let [file] = words.operands.as_slice() else { bail!("convert takes one file") };
    if words.value("-o").is_some_and(|out| out == file && out != "-") {
        bail!("'{}' cannot be read and written at once: give -o another name", file.display());
    }
    let mut document = documents::open(file, system)?;
    let options = documents::report_options(&document);
    let out = documents::output(words.value("-o"), system)?;
    let mut report = report(format, out, options);
    for event in document.by_ref() {
        let event = event.with_context(|| format!("cannot read '{}'", file.display()))?;
        report.event(&event).context("cannot write the output")?;
    }
    std::io::stdout().flush().context("cannot write the output")?;
    Ok(u8::from(!documents::tell_of_gaps(file, &document)))
}

fn format(word: Option<&OsStr>) -> anyhow::Result<Format> {
    let Some(word) = word else { return Ok(Format::Json) };
    match FORMATS.iter().find(|(name, _)| OsStr::new(name) == word) {
        Some((_, format)) => Ok(*format),
        None => {
            let names: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
            bail!("'{}' is no format (--to): write one of {}", word.display(), names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_offered_as_they_are_understood() {
        let Complete::Words(offered) = TOOL.options[0].complete else { panic!("words") };
        let names: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, offered);
        let wrong = format(Some(OsStr::new("pdf"))).expect_err("no format").to_string();
        assert!(wrong.starts_with("'pdf' is no format (--to): write one of json, html"), "{wrong}");
    }
}
