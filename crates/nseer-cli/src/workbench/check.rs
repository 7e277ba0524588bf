//! `nseer script check`: what is wrong with scripts, without running them; and `nseer script types`,
//! which writes the same knowledge down for editors.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nseer_check::api::Api;
use nseer_check::report::{self, FORMATS, Format};
use nseer_check::rule::{Level, nearest};
use nseer_check::rules::RULES;
use nseer_check::{Checked, Checker, types};
use nseer_seam::{FileKind, System};

use super::{DATADIR, OUT, Tool, ToolOption, Words, documents};
use crate::complaint::complain;
use crate::options::Complete;
use crate::printing::print;

pub(super) const TOOL: Tool = Tool {
    name: "script check",
    operands: &["[PATH]..."],
    short: "tell what is wrong with scripts and libraries, without running them",
    long: "Reads scripts (.nse) and libraries (.lua) and tells what is wrong with them: what is no Lua, what \
        fails when it is run, what is doubtful, and what is missing from the documentation. A PATH is a \
        file, a folder with everything below it, or - for a script on standard input; without one, the \
        current folder is read. A comment -- nseer: allow(RULE) behind a line allows what a rule \
        complains about there. The exit code is 0 where there is no error, 1 where there is one, and 2 \
        where a path cannot be read.",
    options: &[
        ToolOption {
            name: "--format",
            value: "FORMAT",
            short: "human (the usual one), json, sarif or github",
            complete: Complete::Words(&["human", "json", "sarif", "github"]),
        },
        ToolOption {
            name: "--level",
            value: "LEVEL",
            short: "tell nothing below note (the usual one), warning or error",
            complete: Complete::Words(&["note", "warning", "error"]),
        },
        ToolOption {
            name: "--strict",
            value: "",
            short: "exit with 1 for warnings too",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--explain",
            value: "RULE",
            short: "print what a rule is about, with examples, and end",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--rules",
            value: "",
            short: "list all rules, and end",
            complete: Complete::Nothing,
        },
        ToolOption { short: "know the libraries of this data folder too", ..DATADIR },
        OUT,
    ],
    trouble: TROUBLE,
    run: check,
};

pub(super) const TYPES: Tool = Tool {
    name: "script types",
    operands: &[],
    short: "write definitions of the whole API for the language servers of editors",
    long: "Writes what scripts can use as definition files for lua-language-server and EmmyLua: completion, \
        documentation and type errors while you type. -o DIR names the folder with the scripts: the \
        definitions go to nse-types in it, the settings of the language servers to .luarc.json and \
        .emmyrc.json. A line ---@param host nse.Host before a rule or an action names the type of its \
        parameter; nse.Port and nse.Socket are the others. Settings that are there already are left as they are, and what to add is told. \
        With --datadir, the libraries of an installed Nmap are written too.",
    options: &[
        ToolOption {
            name: "-o",
            value: "DIR",
            short: "the folder with the scripts",
            complete: Complete::Folders,
        },
        ToolOption { short: "write the libraries of this data folder too", ..DATADIR },
    ],
    trouble: 1,
    run: write_types,
};

const CLEAN: u8 = 0;
const ERRORS: u8 = 1;
const TROUBLE: u8 = 2;

/// Folders in folders that are read; a loop of links ends here.
const DEPTH: usize = 16;

fn check(words: &Words, system: &System) -> anyhow::Result<u8> {
    let mut out = documents::output(words.value("-o"), system)?;
    if words.has("--rules") {
        out.write_all(report::list().as_bytes())?;
        return Ok(CLEAN);
    }
    if let Some(name) = words.value("--explain") {
        out.write_all(explain(name)?.as_bytes())?;
        return Ok(CLEAN);
    }
    let format = one_of(words.value("--format"), "--format", FORMATS, Format::Human)?;
    let levels = [Level::Note, Level::Warning, Level::Error].map(|level| (level.word(), level));
    let least = one_of(words.value("--level"), "--level", &levels, Level::Note)?;
    let (mut checked, is_whole) = checked(words, system)?;
    if checked.is_empty() && !is_whole {
        return Ok(TROUBLE);
    }
    for file in &mut checked {
        file.findings.retain(|finding| finding.level >= least);
    }
    let to_terminal = words.value("-o").is_none_or(|to| to == "-") && io::stdout().is_terminal();
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let written = report::write(&mut out, format, &checked, to_terminal && !is_plain);
    written.and_then(|()| out.flush()).context("cannot write the output")?;
    let worst = checked.iter().flat_map(|file| &file.findings).map(|finding| finding.level).max();
    if !is_whole {
        return Ok(TROUBLE);
    }
    let limit = if words.has("--strict") { Level::Warning } else { Level::Error };
    Ok(if worst.is_some_and(|worst| worst >= limit) { ERRORS } else { CLEAN })
}

fn explain(name: &OsStr) -> anyhow::Result<String> {
    let name = name.to_string_lossy();
    match nseer_check::rule(&name) {
        Some(rule) => Ok(report::explain(rule)),
        None => match nearest(&name, RULES.iter().map(|rule| rule.name)) {
            Some(meant) => bail!("there is no rule '{name}' (--explain); did you mean '{meant}'?"),
            None => bail!("there is no rule '{name}' (--explain); --rules lists them"),
        },
    }
}

fn one_of<T: Copy>(
    word: Option<&OsStr>,
    option: &str,
    known: &[(&str, T)],
    usual: T,
) -> anyhow::Result<T> {
    let Some(word) = word else { return Ok(usual) };
    match known.iter().find(|(name, _)| OsStr::new(name) == word) {
        Some((_, value)) => Ok(*value),
        None => {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            bail!("'{}' is nothing for {option}: write one of {}", word.display(), names.join(", "))
        }
    }
}

/// What is checked, and whether all of it could be read: what could not is told, and the rest checked.
fn checked(words: &Words, system: &System) -> anyhow::Result<(Vec<Checked>, bool)> {
    let mut found = Found::default();
    if words.operands.is_empty() {
        found.folder(Path::new("."), system)?;
    }
    for operand in &words.operands {
        let path = Path::new(operand);
        if operand == "-" {
            let mut text = Vec::new();
            io::stdin().read_to_end(&mut text).context("cannot read standard input")?;
            found.files.push(("standard input".to_owned(), text));
        } else if system.files.kind(path) == Some(FileKind::Directory) {
            found.folder(path, system)?;
        } else {
            found.file(path, system);
        }
    }
    for trouble in &found.unread {
        complain(&format!("{trouble:#}"));
    }
    if found.files.is_empty() {
        return Ok((Vec::new(), false));
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let checked = Checker::new(api(words, system)?).check(&found.files, threads);
    Ok((checked, found.unread.is_empty()))
}

/// Scripts and libraries that were found, and what of them cannot be read.
#[derive(Default)]
struct Found {
    files: Vec<(String, Vec<u8>)>,
    unread: Vec<anyhow::Error>,
}

impl Found {
    fn file(&mut self, path: &Path, system: &System) {
        let shown = path.strip_prefix(".").unwrap_or(path);
        match read(shown, system) {
            Ok(text) => self.files.push((shown.display().to_string(), text)),
            Err(error) => self.unread.push(error),
        }
    }

    /// Adds the scripts and libraries of a folder, and of those in it whose names begin with no dot.
    fn folder(&mut self, folder: &Path, system: &System) -> anyhow::Result<()> {
        let (before, unread) = (self.files.len(), self.unread.len());
        let mut open: Vec<(PathBuf, usize)> = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            let entries = system.files.list(&folder);
            let entries = entries.with_context(|| format!("cannot read '{}'", folder.display()));
            let entries = match entries {
                Ok(entries) => entries,
                Err(error) => {
                    self.unread.push(error);
                    continue;
                }
            };
            for path in entries {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if name.starts_with('.') || name == types::FOLDER {
                    continue;
                }
                match system.files.kind(&path) {
                    Some(FileKind::Directory) if depth < DEPTH => open.push((path, depth + 1)),
                    Some(FileKind::File) if is_ours(&name) => self.file(&path, system),
                    _ => {}
                }
            }
        }
        if self.files.len() == before && self.unread.len() == unread {
            bail!("'{}' has no scripts (.nse) and no libraries (.lua)", folder.display());
        }
        self.files[before..].sort();
        Ok(())
    }
}

fn read(path: &Path, system: &System) -> anyhow::Result<Vec<u8>> {
    system.files.read(path).with_context(|| format!("cannot read '{}'", path.display()))
}

/// Tests of scripts are Lua, but no libraries.
fn is_ours(name: &str) -> bool {
    name.ends_with(".nse") || name.ends_with(".lua") && !name.ends_with(".test.lua")
}

fn write_types(words: &Words, system: &System) -> anyhow::Result<u8> {
    let Some(folder) = words.value("-o") else {
        bail!("where to? Write: nseer script types -o DIR, with the folder of the scripts")
    };
    let folder = Path::new(folder);
    let api = api(words, system)?;
    let types = folder.join(types::FOLDER);
    for folder in [folder, &types] {
        match system.files.kind(folder) {
            Some(FileKind::Directory) => {}
            Some(_) => bail!("'{}' (-o) is not a folder", folder.display()),
            None => {
                let made = system.files.make_directory(folder);
                made.with_context(|| format!("cannot make '{}' (-o)", folder.display()))?;
            }
        }
    }
    let mut count = 0;
    for (name, text) in types::files(&api) {
        let path = folder.join(&name);
        let is_settings = !name.contains('/');
        if is_settings && system.files.kind(&path).is_some() {
            if system.files.read(&path).is_ok_and(|there| there == text.as_bytes()) {
                continue;
            }
            complain(&format!(
                "'{}' is left as it is; add '{}' to its workspace.library",
                path.display(),
                types::FOLDER
            ));
            continue;
        }
        let written = system.files.write(&path, text.as_bytes());
        written.with_context(|| format!("cannot write '{}'", path.display()))?;
        count += usize::from(!is_settings);
    }
    print(format!("{count} definition files are in '{}'\n", types.display()))?;
    Ok(CLEAN)
}

/// What scripts can use: the embedded libraries, and those of a data folder.
fn api(words: &Words, system: &System) -> anyhow::Result<Api> {
    let mut api = Api::embedded();
    let Some(data) = words.value("--datadir") else { return Ok(api) };
    let folder = Path::new(data).join("nselib");
    let entries = system.files.list(&folder);
    let entries =
        entries.with_context(|| format!("cannot read '{}' (--datadir)", folder.display()))?;
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(module) = name.strip_suffix(".lua") {
            api.add_library(module, &read(&path, system)?);
        }
    }
    Ok(api)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_offered_as_they_are_understood() {
        let Complete::Words(formats) = TOOL.options[0].complete else { panic!("words") };
        assert_eq!(FORMATS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), formats);
        let wrong = one_of(Some(OsStr::new("xml")), "--format", FORMATS, Format::Json);
        assert_eq!(
            wrong.expect_err("no format").to_string(),
            "'xml' is nothing for --format: write one of human, json, sarif, github"
        );
        let wrong = explain(OsStr::new("bad-fromat")).expect_err("no rule").to_string();
        assert_eq!(wrong, "there is no rule 'bad-fromat' (--explain); did you mean 'bad-format'?");
    }
}
