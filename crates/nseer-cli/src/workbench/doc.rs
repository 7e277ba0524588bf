//! `nseer doc`: the documentation of scripts and libraries as a web site, Markdown or JSON.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nseer_docsite::{Shelf, json, markdown, site};
use nseer_seam::{FileKind, System};

use super::{DATADIR, Tool, ToolOption, Words, documents, sources};
use crate::options::Complete;

pub(super) const TOOL: Tool = Tool {
    name: "doc",
    operands: &["[PATH]..."],
    short: "write the documentation of scripts and libraries",
    long: "Reads the documentation (NSEDoc) of scripts and libraries, without running them, and writes it as a web site \
        that can be read from its files, with a search that needs no server; or as Markdown or JSON. A PATH is \
        a script (.nse), a library (.lua), a data directory such as /usr/share/nmap, or a folder with any of these. Without \
        one, it is what a scan would find: the embedded library, or what --datadir names.",
    options: &[
        ToolOption {
            name: "-o",
            value: "DIR",
            short: "write to this folder; JSON goes to a file of this name, or to standard output",
            complete: Complete::Folders,
        },
        ToolOption {
            name: "--format",
            value: "FORMAT",
            short: "html (the usual one), markdown or json",
            complete: Complete::Words(&["html", "markdown", "json"]),
        },
        DATADIR,
    ],
    trouble: 1,
    run,
};

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    let out = words.value("-o");
    let format = words.value("--format").unwrap_or(OsStr::new("html"));
    match (format.to_str(), out) {
        (Some("json"), out) => {
            let text = serde_json::to_string_pretty(&json(&shelf(words, system)?))?;
            let mut out = documents::output(out, system)?;
            writeln!(out, "{text}")
                .and_then(|()| out.flush())
                .context("cannot write the output")?;
        }
        (Some("html" | "markdown"), None) => {
            bail!("the documentation is many files: name a folder for them (-o DIR)")
        }
        (Some(format @ ("html" | "markdown")), Some(out)) => {
            write_all(&shelf(words, system)?, format == "html", Path::new(out), system)?;
        }
        _ => bail!(
            "'{}' is no format (--format): write one of html, markdown, json",
            format.display()
        ),
    }
    Ok(0)
}

fn shelf(words: &Words, system: &System) -> anyhow::Result<Shelf> {
    let mut sources = Vec::new();
    if words.operands.is_empty() {
        let data = sources::data_dirs(words.value("--datadir"), system)?;
        sources = sources::in_data(&data, system)?;
        if sources.is_empty() {
            bail!("no scripts and no libraries are in the data directory");
        }
    } else if words.has("--datadir") {
        bail!("--datadir goes with no PATH: name the data directory as one");
    }
    for path in &words.operands {
        sources.extend(sources::in_path(Path::new(path), system)?);
    }
    let mut shelf = Shelf::default();
    for source in sources {
        source.shelve(&mut shelf, system)?;
    }
    Ok(shelf)
}

fn write_all(shelf: &Shelf, html: bool, out: &Path, system: &System) -> anyhow::Result<()> {
    if system.files.kind(out).is_some_and(|kind| kind != FileKind::Directory) {
        bail!("'{}' (-o) is a file, and a folder is needed", out.display());
    }
    let mut folders = HashSet::new();
    let mut failed: Option<(PathBuf, &str)> = None;
    let mut write = |path: &str, content: &str| -> io::Result<()> {
        let file = out.join(path);
        let folder = file.parent().unwrap_or(out).to_owned();
        let mut done = Ok(());
        if folders.insert(folder.clone()) {
            done = make(&folder, system);
        }
        let done =
            done.and_then(|()| system.files.create(&file, false)?.write_all(content.as_bytes()));
        if done.is_err() {
            failed = Some((file, "cannot write"));
        }
        done
    };
    let written = if html { site(shelf, &mut write) } else { markdown(shelf, &mut write) };
    written.with_context(|| match &failed {
        Some((file, what)) => format!("{what} '{}'", file.display()),
        None => "cannot make a page".to_owned(),
    })?;
    let first = out.join(if html { "index.html" } else { "README.md" });
    let count = |number: usize, word: &str, words: &str| {
        if number == 1 { format!("1 {word}") } else { format!("{number} {words}") }
    };
    let told = writeln!(
        io::stdout(),
        "{} and {}: {}",
        count(shelf.scripts().len(), "script", "scripts"),
        count(shelf.libraries().len(), "library", "libraries"),
        first.display()
    );
    Ok(told?)
}

/// Makes a folder and those that it lies in.
fn make(folder: &Path, system: &System) -> io::Result<()> {
    if system.files.kind(folder) == Some(FileKind::Directory) {
        return Ok(());
    }
    if let Some(outer) = folder.parent().filter(|outer| !outer.as_os_str().is_empty()) {
        make(outer, system)?;
    }
    system.files.make_directory(folder)
}
