//! `nseer script list`, `info` and `help`: what scripts there are, and what they say of themselves.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use nseer_docsite::{Entry, Shelf, library_text, list_text, script_json, script_text};
use nseer_engine::selection::{Request, resolve};
use nseer_nsedoc::{Rule, Script};
use nseer_seam::{FileKind, System};
use serde_json::{Value, json};

use super::sources::{self, Kind, Source};
use super::{DATADIR, Tool, ToolOption, Words};
use crate::options::Complete;
use crate::printing::print;

const FORMAT: ToolOption = ToolOption {
    name: "--format",
    value: "FORMAT",
    short: "text (the usual one) or json",
    complete: Complete::Words(&["text", "json"]),
};

pub(super) const LIST: Tool = Tool {
    name: "script list",
    operands: &["[EXPR]"],
    short: "list scripts with their categories",
    long: "Lists scripts: name, categories and what they do. EXPR chooses them, in the language of --script: names, \
        patterns, categories, files, and what and, or, not and brackets make of them. Without it, all are listed.",
    options: &[FORMAT, DATADIR],
    trouble: 1,
    run: list,
};

pub(super) const INFO: Tool = Tool {
    name: "script info",
    operands: &["NAME"],
    short: "tell the facts of a script",
    long: "Tells where a script is, its categories, rules, dependencies, libraries and arguments. NAME is a script's \
        name or its file.",
    options: &[FORMAT, DATADIR],
    trouble: 1,
    run: info,
};

pub(super) const HELP: Tool = Tool {
    name: "script help",
    operands: &["NAME"],
    short: "show the documentation of a script, library or function",
    long: "Shows everything that a script says of itself: what it does, usage, arguments, output. NAME is a script's name \
        or file, a library's name or a function's (stdnse.get_script_args).",
    options: &[DATADIR],
    trouble: 1,
    run: help,
};

/// Lines of text are not made longer than this, however wide the terminal.
const WIDEST_TEXT: usize = 100;

fn list(words: &Words, system: &System) -> anyhow::Result<u8> {
    let json = is_json(words)?;
    let data = sources::data_dirs(words.value("--datadir"), system)?;
    let rule = words.operands.first().map_or("all".into(), |expr| expr.to_string_lossy());
    let request = Request { scripts: vec![rule.into_owned()], ..Request::default() };
    let selection = resolve(&request, &data)?;
    let mut shelf = Shelf::default();
    for script in &selection.scripts {
        let path = script.display();
        let name = path.rsplit('/').next().unwrap_or(&path);
        let text = script.read().with_context(|| format!("cannot read '{path}'"))?;
        shelf.add_script(name.strip_suffix(".nse").unwrap_or(name), &path, &text);
    }
    for missing in &selection.missing {
        let _ = writeln!(
            io::stderr(),
            "nseer: warning: '{missing}' is in the list of scripts, and not there"
        );
    }
    if json {
        print(pretty(&Value::Array(shelf.scripts().map(row).collect()))?)?;
    } else {
        let scripts: Vec<&Entry<Script>> = shelf.scripts().collect();
        print(list_text(&scripts, terminal_width()))?;
    }
    Ok(0)
}

fn row(entry: &Entry<Script>) -> Value {
    let Script { id, categories, .. } = &entry.doc;
    json!({ "name": id, "path": entry.path, "categories": categories, "summary": entry.doc.summary() })
}

fn info(words: &Words, system: &System) -> anyhow::Result<u8> {
    let json = is_json(words)?;
    let name = words.operands.first().map(|name| name.to_string_lossy()).unwrap_or_default();
    let found = Found::find(&name, words, system)?;
    let Some(entry) = found.shelf.script(&found.name).filter(|_| found.kind == Kind::Script) else {
        bail!("'{name}' is a library: nseer script help {name} shows its documentation");
    };
    if json {
        print(pretty(&script_json(&found.shelf, entry))?)?;
    } else {
        print(facts(&found.shelf, entry))?;
    }
    Ok(0)
}

/// One line for each fact; a list is separated by commas, and what there is not is a dash.
fn facts(shelf: &Shelf, entry: &Entry<Script>) -> String {
    let Script { id, categories, rules, dependencies, requires, authors, license, reads, .. } =
        &entry.doc;
    let list = |words: &[String]| words.join(", ");
    let rules: Vec<&str> = rules.iter().map(|rule: &Rule| rule.name()).collect();
    let arguments = shelf.arguments(&entry.doc);
    let named = |of_library: bool| {
        let names = arguments
            .iter()
            .filter(|a| a.library.is_some() == of_library)
            .map(|a| a.named.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let unsaid: Vec<&str> = reads
        .iter()
        .filter(|read| !arguments.iter().any(|argument| argument.named.name == **read))
        .map(String::as_str)
        .collect();
    let facts = [
        ("Name", id.clone()),
        ("Path", entry.path.clone()),
        ("Summary", entry.doc.summary()),
        ("Categories", list(categories)),
        ("Rules", rules.join(", ")),
        ("Dependencies", list(dependencies)),
        ("Libraries", list(requires)),
        ("Arguments", named(false)),
        ("Of libraries", named(true)),
        ("Not documented", unsaid.join(", ")),
        ("Authors", authors.join("; ")),
        ("Licence", license.clone().unwrap_or_default()),
    ];
    let one_line = |text: &str| {
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if clean.trim().is_empty() { "-".to_owned() } else { clean }
    };
    facts
        .iter()
        .map(|(name, text)| format!("{:<16}{}\n", format!("{name}:"), one_line(text)))
        .collect()
}

fn help(words: &Words, system: &System) -> anyhow::Result<u8> {
    let name = words.operands.first().map(|name| name.to_string_lossy()).unwrap_or_default();
    let found = Found::find(&name, words, system)?;
    let width = text_width();
    let text = match found.kind {
        Kind::Script => {
            found.shelf.script(&found.name).map(|entry| script_text(&found.shelf, entry, width))
        }
        Kind::Library => {
            let member = found.member.as_deref();
            found.shelf.library(&found.name).map(|entry| library_text(entry, member, width))
        }
    };
    print(text.unwrap_or_default())?;
    Ok(0)
}

/// What a name was found to be, with the libraries that it requires.
struct Found {
    shelf: Shelf,
    kind: Kind,
    name: String,
    member: Option<String>,
}

impl Found {
    /// Finds a script's, library's or function's name, or a file.
    fn find(name: &str, words: &Words, system: &System) -> anyhow::Result<Found> {
        let data = sources::data_dirs(words.value("--datadir"), system)?;
        let all = sources::in_data(&data, system)?;
        let here = || system.files.kind(Path::new(name)) == Some(FileKind::File);
        if name.contains('/') || (name.ends_with(".nse") && here()) {
            let mut in_path = sources::in_path(Path::new(name), system)?.into_iter();
            let source = in_path.next().filter(|source| source.path() == name);
            let source = source.with_context(|| format!("'{name}' is a folder, not a script"))?;
            return Found::of(&source, None, &all, system);
        }
        if let Some(source) = named(&all, name) {
            return Found::of(source, None, &all, system);
        }
        let libraries = || all.iter().filter(|source| source.kind == Kind::Library);
        let begins = |library: &&Source| {
            name.strip_prefix(&library.name).is_some_and(|rest| rest.starts_with('.'))
        };
        if let Some(library) = libraries().filter(begins).max_by_key(|library| library.name.len()) {
            let mut found = Found::of(library, None, &all, system)?;
            found.member = Some(found.member(name)?);
            return Ok(found);
        }
        // A method is of a class, whose library its name does not tell.
        for library in libraries().filter(|_| name.contains([':', '.'])) {
            let found = Found::of(library, Some(name.to_owned()), &[], system)?;
            if found.members().any(|member| member == name) {
                return Ok(found);
            }
        }
        bail!(unknown(&all, name))
    }

    /// A source, with those libraries of `all` that it requires.
    fn of(
        source: &Source,
        member: Option<String>,
        all: &[Source],
        system: &System,
    ) -> anyhow::Result<Found> {
        let mut shelf = Shelf::default();
        source.shelve(&mut shelf, system)?;
        add_libraries(source, all, &mut shelf, system)?;
        Ok(Found { shelf, kind: source.kind, name: source.name.clone(), member })
    }

    /// The names of what the library has.
    fn members(&self) -> impl Iterator<Item = &str> {
        let library = self.shelf.library(&self.name).map(|entry| &entry.doc);
        let functions = library.into_iter().flat_map(|doc| &doc.functions).map(|f| f.name.as_str());
        let tables = library.into_iter().flat_map(|doc| &doc.tables).map(|t| t.name.as_str());
        functions.chain(tables)
    }

    /// The function or table of the library that a name means, which may begin with the library's.
    fn member(&self, name: &str) -> anyhow::Result<String> {
        let short = name.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('.'));
        let is_meant = |member: &&str| *member == name || Some(*member) == short;
        if let Some(member) = self.members().find(is_meant) {
            return Ok(member.to_owned());
        }
        let near = nseer_check::rule::nearest(name, self.members());
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        bail!("the library {} documents no '{name}'{hint}", self.name)
    }
}

/// The script of a name, else the library.
fn named<'s>(all: &'s [Source], name: &str) -> Option<&'s Source> {
    let stem = name.strip_suffix(".nse").or(name.strip_suffix(".lua")).unwrap_or(name);
    let of = |kind: Kind| all.iter().find(|source| source.kind == kind && source.name == stem);
    let script = of(Kind::Script).filter(|_| !name.ends_with(".lua"));
    script.or_else(|| of(Kind::Library).filter(|_| !name.ends_with(".nse")))
}

fn unknown(all: &[Source], name: &str) -> String {
    match nseer_check::rule::nearest(name, all.iter().map(|source| source.name.as_str())) {
        Some(near) => format!("no script or library is called '{name}'; did you mean {near}?"),
        None => {
            format!("no script or library is called '{name}'; nseer script list lists the scripts")
        }
    }
}

/// Puts the libraries on the shelf that a source requires, and those that they require.
fn add_libraries(
    source: &Source,
    all: &[Source],
    shelf: &mut Shelf,
    system: &System,
) -> anyhow::Result<()> {
    let requires = |shelf: &Shelf, kind: Kind, name: &str| match kind {
        Kind::Script => shelf.script(name).map(|entry| entry.doc.requires.clone()),
        Kind::Library => shelf.library(name).map(|entry| entry.doc.requires.clone()),
    };
    let mut next = requires(shelf, source.kind, &source.name).unwrap_or_default();
    while let Some(name) = next.pop() {
        let library = all.iter().find(|other| other.kind == Kind::Library && other.name == name);
        if let Some(library) = library.filter(|_| shelf.library(&name).is_none()) {
            library.shelve(shelf, system)?;
            next.extend(requires(shelf, Kind::Library, &name).unwrap_or_default());
        }
    }
    Ok(())
}

pub(super) fn is_json(words: &Words) -> anyhow::Result<bool> {
    match words.value("--format").map(|format| (format, format.to_str())) {
        None | Some((_, Some("text"))) => Ok(false),
        Some((_, Some("json"))) => Ok(true),
        Some((other, _)) => {
            bail!("'{}' is no format (--format): write text or json", other.display())
        }
    }
}

fn pretty(value: &Value) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// The columns of the terminal that is written to, if it is one.
fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    let size = rustix::termios::tcgetwinsize(&stdout).ok().filter(|_| stdout.is_terminal())?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// The columns of a text: those of the terminal, else what `COLUMNS` says.
fn text_width() -> usize {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal_width().or_else(said).unwrap_or(crate::help::WIDTH).min(WIDEST_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_checked() {
        let read = |format: &str| {
            let words = ["--format", format].map(std::ffi::OsString::from);
            is_json(&LIST.read(&words).expect("good words"))
        };
        assert!(read("json").expect("a format") && !read("text").expect("a format"));
        let error = read("xml").expect_err("no format").to_string();
        assert_eq!(error, "'xml' is no format (--format): write text or json");
    }
}
