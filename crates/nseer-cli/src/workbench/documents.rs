//! Scans that lie in files.

use std::ffi::OsStr;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context as _;
use nseer_document::Document;
use nseer_report::ReportOptions;
use nseer_seam::System;

/// A document that lies in a file, or comes from standard input.
pub(super) type FileDocument = Document<BufReader<Box<dyn Read + Send>>>;

/// Opens the XML of a scan; `-` is standard input.
pub(super) fn open(file: &OsStr, system: &System) -> anyhow::Result<FileDocument> {
    let shown = file.display();
    let input: Box<dyn Read + Send> = if file == "-" {
        Box::new(io::stdin())
    } else {
        let opened = system.files.open(Path::new(file));
        opened.with_context(|| format!("cannot read '{shown}'"))?
    };
    Document::open(BufReader::new(input)).with_context(|| format!("cannot read '{shown}'"))
}

/// Tells, when a document has been read, what of it there is no place for, and whether it ends
/// early. Gives true where it was whole.
pub(super) fn tell_of_gaps(file: &OsStr, document: &FileDocument) -> bool {
    let say = |text: &str| {
        // Where standard error is gone there is nobody to tell.
        let _ = writeln!(io::stderr(), "nseer: warning: '{}' {text}", file.display());
    };
    if !document.left_out().is_empty() {
        let what: Vec<&str> = document.left_out().iter().copied().collect();
        say(&format!("has what is not carried over: {}", what.join(", ")));
    }
    if let Some(how) = document.broken() {
        say(&format!("ends early, {how}"));
    }
    document.broken().is_none()
}

/// Where a result goes: a file, or standard output where none is named.
pub(super) fn output(
    file: Option<&OsStr>,
    system: &System,
) -> anyhow::Result<BufWriter<Box<dyn Write + Send>>> {
    let out: Box<dyn Write + Send> = match file {
        None => Box::new(io::stdout()),
        Some(dash) if dash == "-" => Box::new(io::stdout()),
        Some(path) => {
            let opened = system.files.create(Path::new(path), false);
            opened.with_context(|| format!("cannot write to '{}'", path.display()))?
        }
    };
    Ok(BufWriter::new(out))
}

/// What the scan's own outputs were to show, as far as its command line tells.
pub(super) fn report_options(document: &FileDocument) -> ReportOptions {
    let head = document.head();
    let run = &head.run;
    let has = |options: &[&str]| run.args.split(' ').any(|word| options.contains(&word));
    ReportOptions {
        verbosity: run.verbosity,
        debugging: run.debugging,
        open_only: has(&["--open", "-open"]),
        reason: has(&["--reason", "-reason"]),
        versions: has(&["-sV", "-A"]),
        stylesheet: head.stylesheet.clone(),
        list_only: has(&["-sL"]),
        no_ports: run.scans.is_empty(),
    }
}
