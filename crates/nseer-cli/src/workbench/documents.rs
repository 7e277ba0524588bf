//! Finished scans, and ones that are not finished, in files: XML or stores.

use std::ffi::OsStr;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use nseer_core::Event;
use nseer_core::event::RunInfo;
use nseer_document::Document;
use nseer_report::ReportOptions;
use nseer_seam::System;
use nseer_store::{Store, StoreError, is_store};

use crate::complaint::complain;

/// A scan in a file.
pub(super) struct Source {
    file: String,
    kind: Kind,
}

enum Kind {
    Xml(Box<Document<Box<dyn io::BufRead + Send>>>),
    Store(Box<Store>, RunInfo),
}

/// Opens a scan; `-` is XML on standard input.
pub(super) fn open(file: &OsStr, system: &System) -> anyhow::Result<Source> {
    let name = file.display().to_string();
    let cannot_read = || format!("cannot read '{name}'");
    let input: Box<dyn io::BufRead + Send> = if file == "-" {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let opened = system.files.open(Path::new(file)).with_context(cannot_read)?;
        let mut input = BufReader::new(opened);
        let mut beginning = Vec::new();
        input.by_ref().take(16).read_to_end(&mut beginning).with_context(cannot_read)?;
        if is_store(&beginning) {
            let named = |error| named(error, &name);
            let store = Store::read(Path::new(file)).map_err(named)?;
            let run = store.run().map_err(named)?;
            return Ok(Source { file: name, kind: Kind::Store(Box::new(store), run) });
        }
        Box::new(BufReader::new(io::Cursor::new(beginning).chain(input)))
    };
    let document = Document::open(input).with_context(cannot_read)?;
    Ok(Source { file: name, kind: Kind::Xml(Box::new(document)) })
}

/// What is wrong with a store, with its name.
pub(super) fn named(error: StoreError, file: &str) -> anyhow::Error {
    match error {
        StoreError::Sqlite(_) | StoreError::Damaged(_) => anyhow!("cannot read '{file}': {error}"),
        named => named.into(),
    }
}

impl Source {
    /// Hands out the events of the scan. What there is no place for, and that the scan is not whole,
    /// is told on standard error. Gives true where it is whole.
    pub(super) fn each(
        &mut self,
        mut take: impl FnMut(&Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        let mut is_whole = true;
        match &mut self.kind {
            Kind::Store(store, _) => {
                let replayed = store.replay(|event| {
                    if let Event::RunFinished(end) = &event {
                        is_whole = end.interrupted.is_none();
                    }
                    take(&event)
                });
                let of_store = |error: StoreError| named(error, &self.file);
                replayed.map_err(|error: anyhow::Error| {
                    error.downcast().map_or_else(|e| e, of_store)
                })?;
                if !is_whole {
                    self.say("holds a scan that is not finished: nseer resume goes on with it");
                }
            }
            Kind::Xml(document) => {
                for event in document.by_ref() {
                    take(&event.with_context(|| format!("cannot read '{}'", self.file))?)?;
                }
                let left_out: Vec<&str> = document.left_out().iter().copied().collect();
                let broken = document.broken().map(str::to_owned);
                if !left_out.is_empty() {
                    self.say(&format!("has what is not carried over: {}", left_out.join(", ")));
                }
                if let Some(how) = &broken {
                    self.say(&format!("ends early, {how}"));
                }
                is_whole = broken.is_none();
            }
        }
        Ok(is_whole)
    }

    fn say(&self, text: &str) {
        complain(&format!("warning: '{}' {text}", self.file));
    }

    /// Of a run that tells of no scan of ports: whether it made none. Documents of other programs may leave that
    /// out.
    fn scanned_no_ports(&self, args: &str) -> bool {
        let is_list_or_ping = |word: &str| {
            let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            let scans = letters.and_then(|letters| letters.split_once('s'));
            scans.is_some_and(|(_, letters)| letters.contains(['n', 'L', 'P']))
        };
        matches!(self.kind, Kind::Store(..)) || args.split(' ').any(is_list_or_ping)
    }

    /// What the scan's own outputs were to show, as far as its command line tells.
    pub(super) fn report_options(&self) -> ReportOptions {
        let (run, stylesheet) = match &self.kind {
            Kind::Xml(document) => (&document.head().run, document.head().stylesheet.clone()),
            Kind::Store(_, run) => (run, None),
        };
        let has = |options: &[&str]| run.args.split(' ').any(|word| options.contains(&word));
        ReportOptions {
            colour: false,
            verbosity: run.verbosity,
            debugging: run.debugging,
            open_only: has(&["--open", "-open"]),
            reason: has(&["--reason", "-reason"]),
            versions: has(&["-sV", "-A"]),
            stylesheet,
            list_only: has(&["-sL"]),
            no_ports: run.scans.is_empty() && self.scanned_no_ports(&run.args),
            // Where ports are scanned by SYN, --open implies it.
            ignores_resets: has(&["--defeat-rst-ratelimit"])
                || run.scans.iter().any(|scan| scan.kind == "syn") && has(&["--open", "-open"]),
            systems: has(&["-O", "-A"]),
            guesses: has(&["--osscan-guess", "--fuzzy"]),
            keeps_script_order: matches!(self.kind, Kind::Xml(_)),
        }
    }
}

/// The name in messages of where a result goes.
pub(super) fn output_name(file: Option<&OsStr>) -> String {
    match file.filter(|name| *name != "-") {
        None => "standard output".to_owned(),
        Some(path) => format!("'{}'", path.display()),
    }
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
