//! The sources of scripts and libraries: those of a file or folder that somebody names, or those that a scan
//! would find.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use nseer_docsite::Shelf;
use nseer_engine::data_dir::DataDirs;
use nseer_seam::{FileKind, System};

use super::single_run;

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Script,
    Library,
}

/// A source that has not been read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) kind: Kind,
    /// The script's or library's name.
    pub(super) name: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    File(PathBuf),
    Embedded(&'static str, &'static [u8]),
    /// The definition of a module that the engine has itself.
    Native(&'static str),
}

/// Folders within folders are looked into so far; a link may lead back to where it is.
const DEEPEST: usize = 8;

impl Source {
    /// Its path, to show.
    pub(super) fn path(&self) -> String {
        match &self.content {
            Content::File(path) => path.display().to_string(),
            Content::Embedded(path, _) => format!("embedded:/{path}"),
            Content::Native(_) => "built in".to_owned(),
        }
    }

    /// Reads it and puts it on a shelf. What is there already under its name stays.
    pub(super) fn shelve(&self, shelf: &mut Shelf, system: &System) -> anyhow::Result<()> {
        let path = self.path();
        let read;
        let text = match &self.content {
            Content::Embedded(_, text) => *text,
            Content::Native(text) => {
                shelf.add_definitions(&self.name, &path, text.as_bytes());
                return Ok(());
            }
            Content::File(file) => {
                read = system.files.read(file).with_context(|| format!("cannot read '{path}'"))?;
                read.as_slice()
            }
        };
        match self.kind {
            Kind::Script => shelf.add_script(&self.name, &path, text),
            Kind::Library => shelf.add_library(&self.name, &path, text),
        };
        Ok(())
    }
}

/// Where a scan with this `--datadir` would look.
pub(super) fn data_dirs(datadir: Option<&OsStr>, system: &System) -> anyhow::Result<Arc<DataDirs>> {
    single_run::data_dirs(datadir.map(Path::new), system)
}

/// All sources of the search order; of two with the same name, the one that a scan would find.
pub(super) fn in_data(data: &DataDirs, system: &System) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for directory in data.directories() {
        if system.files.kind(directory) == Some(FileKind::Directory) {
            in_data_directory(directory, system, &mut sources)?;
        }
    }
    if !data.is_chosen() {
        let embedded = nseer_stdlib::files().iter();
        sources.extend(embedded.filter_map(|(path, content)| embedded_source(path, content)));
    }
    sources.extend(native());
    let mut seen = HashSet::new();
    sources.retain(|source| seen.insert((source.kind, source.name.clone())));
    Ok(sources)
}

/// The modules that the engine has itself.
fn native() -> impl Iterator<Item = Source> {
    let modules = nseer_check::api::DEFINITIONS.iter().filter(|(file, _)| *file != "script.lua");
    modules.filter_map(|(file, text)| {
        let name = file.strip_suffix(".lua")?.to_owned();
        Some(Source { kind: Kind::Library, name, content: Content::Native(text) })
    })
}

fn embedded_source(path: &'static str, content: &'static [u8]) -> Option<Source> {
    let script = path.strip_prefix("scripts/").and_then(|name| name.strip_suffix(".nse"));
    let library = path.strip_prefix("nselib/").and_then(|name| name.strip_suffix(".lua"));
    let (kind, name) = match (script, library) {
        (Some(name), _) => (Kind::Script, name.to_owned()),
        (None, Some(name)) => (Kind::Library, name.replace('/', ".")),
        (None, None) => return None,
    };
    Some(Source { kind, name, content: Content::Embedded(path, content) })
}

/// The sources of a file, a data directory, or any folder.
///
/// # Errors
/// Where there is nothing, or nothing with documentation.
pub(super) fn in_path(path: &Path, system: &System) -> anyhow::Result<Vec<Source>> {
    let shown = path.display();
    let mut sources = Vec::new();
    match system.files.kind(path) {
        None => bail!("cannot read '{shown}': no such file or directory"),
        Some(FileKind::Directory) => {
            let has = |name| system.files.kind(&path.join(name)) == Some(FileKind::Directory);
            if has("scripts") || has("nselib") {
                in_data_directory(path, system, &mut sources)?;
                if !sources.is_empty() {
                    sources.extend(native());
                }
            } else {
                in_folder(path, "", DEEPEST, system, &mut sources)?;
            }
            if sources.is_empty() {
                bail!("no scripts (.nse) and no libraries (.lua) are in '{shown}'");
            }
        }
        Some(_) => match file_source(path, "") {
            Some(source) => sources.push(source),
            None => bail!("'{shown}' is neither a script (.nse) nor a library (.lua)"),
        },
    }
    Ok(sources)
}

fn in_data_directory(
    path: &Path,
    system: &System,
    sources: &mut Vec<Source>,
) -> anyhow::Result<()> {
    for (folder, kind) in [("scripts", Kind::Script), ("nselib", Kind::Library)] {
        let folder = path.join(folder);
        if system.files.kind(&folder) == Some(FileKind::Directory) {
            let mut found = Vec::new();
            in_folder(&folder, "", DEEPEST, system, &mut found)?;
            found.retain(|source| source.kind == kind && !source.name.starts_with("data."));
            sources.append(&mut found);
        }
    }
    Ok(())
}

/// The sources below a folder. `prefix` is what their names begin with.
fn in_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    system: &System,
    sources: &mut Vec<Source>,
) -> anyhow::Result<()> {
    let entries = system.files.list(folder);
    for path in entries.with_context(|| format!("cannot read '{}'", folder.display()))? {
        match system.files.kind(&path) {
            Some(FileKind::File) => sources.extend(file_source(&path, prefix)),
            Some(FileKind::Directory) if depth > 0 => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if !name.starts_with('.') {
                    in_folder(&path, &format!("{prefix}{name}."), depth - 1, system, sources)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A script keeps the bare name of its file; a library has those of the folders before its own. Tests of
/// scripts are neither.
fn file_source(path: &Path, prefix: &str) -> Option<Source> {
    let name = path.file_name()?.to_string_lossy();
    let (kind, name) = match (name.strip_suffix(".nse"), name.strip_suffix(".lua")) {
        (Some(stem), _) => (Kind::Script, stem.to_owned()),
        (None, Some(stem)) if !stem.ends_with(".test") => {
            (Kind::Library, format!("{prefix}{stem}"))
        }
        _ => return None,
    };
    Some(Source { kind, name, content: Content::File(path.to_owned()) })
}
