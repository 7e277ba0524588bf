//! `nseer convert` and `nseer show`: a scan that lies in a file, in any format.

use std::ffi::OsStr;

use anyhow::{Context as _, bail};
use nseer_seam::System;

use super::{OUT, Tool, ToolOption, Words, documents};
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
    long: "Reads the XML of a scan, Nmap's or nseer's, or a store, and writes it in another format. Of a scan that \
        was killed, every host that was done is there; that the file ends early is told, and the exit \
        code is 1. With - as FILE, standard input is read.",
    options: &[
        ToolOption {
            name: "--to",
            value: "FORMAT",
            short: "json (the usual one), html, xml, normal or grepable",
            complete: Complete::Words(&["json", "html", "xml", "normal", "grepable"]),
        },
        OUT,
    ],
    trouble: 1,
    run,
};

pub(super) const SHOW: Tool = Tool {
    name: "show",
    operands: &["STORE"],
    short: "print the scan that a store keeps, also while it runs",
    long: "Prints the scan that --store keeps in STORE, in any format, also while the scan runs or after \
        it was killed. Every host that is done is there.",
    options: &[
        ToolOption {
            name: "--to",
            value: "FORMAT",
            short: "normal (the usual one), json, html, xml or grepable",
            complete: Complete::Words(&["json", "html", "xml", "normal", "grepable"]),
        },
        OUT,
    ],
    trouble: 1,
    run: show,
};

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    Ok(u8::from(!write(words, Format::Json, system)?))
}

/// A scan that is not finished may be shown all the same.
fn show(words: &Words, system: &System) -> anyhow::Result<u8> {
    write(words, Format::Normal, system).map(|_| 0)
}

/// Writes a scan. Gives true where it was whole.
fn write(words: &Words, usual: Format, system: &System) -> anyhow::Result<bool> {
    let format = format(words.value("--to"), usual)?;
    let [file] = words.operands.as_slice() else { bail!("one file is needed") };
    if words.value("-o").is_some_and(|out| out == file && out != "-") {
        bail!("'{}' cannot be read and written at once: give -o another name", file.display());
    }
    let mut source = documents::open(file, system)?;
    let options = source.report_options();
    let out = documents::output(words.value("-o"), system)?;
    let name = documents::output_name(words.value("-o"));
    let mut report = report(format, out, options);
    source.each(|event| report.event(event).with_context(|| format!("cannot write to {name}")))
}

fn format(word: Option<&OsStr>, usual: Format) -> anyhow::Result<Format> {
    let Some(word) = word else { return Ok(usual) };
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
        let wrong =
            format(Some(OsStr::new("pdf")), Format::Json).expect_err("no format").to_string();
        assert!(wrong.starts_with("'pdf' is no format (--to): write one of json, html"), "{wrong}");
    }
}
