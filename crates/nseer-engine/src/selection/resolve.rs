//! From `--script` and its kin to a list of script files.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::data_dir::{DataDirs, DataFile, Located};
use crate::selection::{DbError, Entry, Rule, parse_db};

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The values of `--script`, each a list separated by commas.
    pub scripts: Vec<String>,
    /// `-sC`: the default scripts, unless `--script` names some.
    pub default_scripts: bool,
    /// `-sV`: the scripts of the category `version` as well, where there are any.
    pub version_scripts: bool,
}

/// A rule of a request, and what became of it.
struct Wish {
    rule: Rule,
    /// It was not typed by the user: it may match nothing.
    optional: bool,
    /// It matched a script of the data base.
    used: bool,
}

impl Request {
    fn wishes(&self) -> Vec<Wish> {
        let mut wishes: Vec<Wish> = Vec::new();
        let mut add = |text: &str, optional: bool| {
            let rule = Rule::parse(text);
            // A rule that is repeated keeps its place, and the last one says whether it is forced.
            match wishes.iter_mut().find(|wish| wish.rule.text == rule.text) {
                Some(_) if optional || rule.text.is_empty() => {}
                Some(wish) => wish.rule = rule,
                None => wishes.push(Wish { rule, optional, used: false }),
            }
        };
        self.scripts.iter().flat_map(|list| list.split(',')).for_each(|item| add(item, false));
        if self.scripts.is_empty() && self.default_scripts {
            add("default", false);
        }
        if self.version_scripts {
            add("version", true);
        }
        wishes.retain(|wish| !wish.rule.text.is_empty());
        wishes
    }
}

/// One script of the run.
#[derive(Clone, Debug)]
pub struct SelectedScript {
    file: DataFile,
    /// The user named it, by a pattern or as a file.
    pub selected_by_name: bool,
    /// Its rules count as true.
    pub forced: bool,
    /// How it came into the list, for `-d2`.
    pub by: &'static str,
}

impl SelectedScript {
    /// The script in this file, which somebody named.
    #[must_use]
    pub fn named(file: DataFile) -> SelectedScript {
        SelectedScript { file, selected_by_name: true, forced: false, by: "name" }
    }

    /// Its text.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        self.file.read()
    }

    /// Its path, to show.
    #[must_use]
    pub fn display(&self) -> String {
        self.file.display()
    }

    /// It lies in a directory of the search order, not somewhere else nor in the embedded library.
    #[must_use]
    pub fn from_data_dir(&self) -> bool {
        self.file.is_in_data_dir()
    }
}

/// The file that tells the categories of scripts.
const DATABASE: &str = "scripts/script.db";

/// Scripts in the order in which they are to be loaded.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The scripts.
    pub scripts: Vec<SelectedScript>,
    /// Files that the data base names and that are not there.
    pub missing: Vec<String>,
}

/// A rule means nothing, or the data base cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// Neither a category, nor a name, nor a path.
    #[error("'{rule}' did not match a category, filename, or directory")]
    NoMatch {
        /// The rule.
        rule: String,
    },
    /// No name, and categories are not known.
    #[error(
        "'{rule}' is the name of no script, and which script has which category is not known, since \
         '{}' is missing: write it with --script-updatedb", database.display()
    )]
    NoDatabase {
        /// The rule.
        rule: String,
        /// Where it would be.
        database: PathBuf,
    },
    /// A directory is written with a final slash.
    #[error("directory '{}' found, but will not match without '/'", directory.display())]
    DirectoryWithoutSlash {
        /// The directory that was found.
        directory: PathBuf,
    },
    /// The data base is damaged.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A file or directory cannot be read.
    #[error("cannot read '{path}': {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Finds the scripts that `request` means.
///
/// # Errors
/// Where a rule matches nothing, or a file cannot be read.
pub fn resolve(request: &Request, data: &DataDirs) -> Result<Selection, SelectionError> {
    let mut wishes = request.wishes();
    let mut selection = Selection::default();
    if wishes.is_empty() {
        return Ok(selection);
    }
    let mut seen = HashSet::new();
    for entry in database(data)? {
        by_database(&entry, &mut wishes, data, &mut seen, &mut selection);
    }
    for wish in wishes.iter().filter(|wish| !wish.used && !wish.optional) {
        for script in by_path(&wish.rule, data)? {
            if seen.insert(script.display()) {
                selection.scripts.push(script);
            }
        }
    }
    Ok(selection)
}

/// All scripts of a directory, whatever `script.db` says of them.
///
/// # Errors
/// Where the directory cannot be read.
pub fn in_directory(data: &DataDirs, directory: &Path) -> Result<Selection, SelectionError> {
    Ok(Selection { scripts: all_of(data, directory, false)?, missing: Vec::new() })
}

/// The entries of `script.db`; where there is none, those of the scripts directory, whose
/// categories are then unknown.
fn database(data: &DataDirs) -> Result<Vec<Entry>, SelectionError> {
    let Some(file) = data.find(DATABASE) else {
        let Some(directory) = data.find_directory("scripts") else { return Ok(Vec::new()) };
        let entries = scripts_in(data, &directory)?.into_iter().filter_map(|path| {
            let file_name = path.file_name()?.to_str()?.to_owned();
            Some(Entry { file_name, categories: Vec::new() })
        });
        return Ok(entries.collect());
    };
    let text =
        file.read().map_err(|error| SelectionError::Read { path: file.display().into(), error })?;
    Ok(parse_db(&text, &file.display())?)
}

fn by_database(
    entry: &Entry,
    wishes: &mut [Wish],
    data: &DataDirs,
    seen: &mut HashSet<String>,
    selection: &mut Selection,
) {
    let mut chosen: Option<SelectedScript> = None;
    for wish in wishes {
        let Some(matched) = wish.rule.matches(entry) else { continue };
        wish.used = true;
        if chosen.is_some() {
            continue;
        }
        let file = data
            .find(&format!("scripts/{}", entry.file_name))
            .or_else(|| data.file_at(Path::new(&entry.file_name)));
        match file {
            Some(file) => {
                chosen = Some(SelectedScript {
                    file,
                    selected_by_name: matched.by_name,
                    forced: wish.rule.forced,
                    by: if matched.by_name { "name" } else { "category" },
                });
            }
            // Further rules do not see what is not there.
            None => return selection.missing.push(entry.file_name.clone()),
        }
    }
    if let Some(script) = chosen.filter(|s| seen.insert(s.display())) {
        selection.scripts.push(script);
    }
}

/// Takes the whole text of a rule for a path, with and without `.nse`; a relative one is looked
/// for among the scripts of the data directories before it is in the current directory.
fn by_path(rule: &Rule, data: &DataDirs) -> Result<Vec<SelectedScript>, SelectionError> {
    for name in [rule.text.clone(), format!("{}.nse", rule.text)] {
        let path = Path::new(&name);
        let among_scripts =
            if path.is_relative() { data.locate(&format!("scripts/{name}")) } else { None };
        match among_scripts.or_else(|| data.locate_at(path)) {
            Some(Located::File(file)) => {
                return Ok(vec![SelectedScript {
                    file,
                    selected_by_name: true,
                    forced: rule.forced,
                    by: "file path",
                }]);
            }
            Some(Located::Directory(directory)) => return by_directory(rule, data, directory),
            None => {}
        }
    }
    let rule = rule.text.clone();
    Err(match data.find_directory("scripts").filter(|_| data.find(DATABASE).is_none()) {
        Some(scripts) => SelectionError::NoDatabase { rule, database: scripts.join("script.db") },
        None => SelectionError::NoMatch { rule },
    })
}

fn by_directory(
    rule: &Rule,
    data: &DataDirs,
    directory: PathBuf,
) -> Result<Vec<SelectedScript>, SelectionError> {
    if !rule.text.ends_with('/') {
        return Err(SelectionError::DirectoryWithoutSlash { directory });
    }
    all_of(data, &directory, rule.forced)
}

fn all_of(
    data: &DataDirs,
    directory: &Path,
    forced: bool,
) -> Result<Vec<SelectedScript>, SelectionError> {
    let paths = scripts_in(data, directory)?;
    let script = |file| SelectedScript { file, selected_by_name: false, forced, by: "directory" };
    Ok(paths.iter().filter_map(|path| data.file_at(path)).map(script).collect())
}

/// The `.nse` files of a directory, sorted.
fn scripts_in(data: &DataDirs, directory: &Path) -> Result<Vec<PathBuf>, SelectionError> {
    let mut paths = data
        .files()
        .list(directory)
        .map_err(|error| SelectionError::Read { path: directory.to_owned(), error })?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "nse"));
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDirConfig;
    use nseer_seam::{Files as _, RealFiles};
    use std::sync::Arc;

    struct Fixture {
        dir: tempfile::TempDir,
    }

    impl Fixture {
        fn new() -> Fixture {
            let dir = tempfile::tempdir().expect("directory");
            let db = "Entry { filename = \"a.nse\", categories = { \"safe\", \"default\", } }\n\
                      Entry { filename = \"b.nse\", categories = { \"vuln\", } }\n\
                      Entry { filename = \"gone.nse\", categories = { \"safe\", } }\n";
            for (path, text) in [
                ("data/scripts/script.db", db),
                ("data/scripts/a.nse", ""),
                ("data/scripts/b.nse", ""),
                ("own/c.nse", ""),
                ("own/d.nse", ""),
                ("own/readme", ""),
                ("own/e.nse/f.nse", ""),
                ("data/scripts/sub/in.nse", ""),
            ] {
                let parent = dir.path().join(path).parent().map(Path::to_owned).expect("parent");
                std::fs::create_dir_all(parent).expect("directory");
                RealFiles.write(&dir.path().join(path), text.as_bytes()).expect("write");
            }
            Fixture { dir }
        }

        fn check(&self, scripts: &[&str], default_scripts: bool, expected: &str) {
            let scripts = scripts.iter().map(|s| (*s).to_owned()).collect();
            self.check_request(
                Request { scripts, default_scripts, version_scripts: false },
                expected,
            );
        }

        fn check_request(&self, mut request: Request, expected: &str) {
            let root = self.dir.path().display().to_string();
            for list in &mut request.scripts {
                *list = list.replace("ROOT", &root);
            }
            let config = DataDirConfig {
                datadir: Some(self.dir.path().join("data")),
                ..DataDirConfig::default()
            };
            let data = DataDirs::new(config, Arc::new(RealFiles));
            let got = match resolve(&request, &data) {
                Ok(selection) => selection
                    .scripts
                    .iter()
                    .map(|s| {
                        let name = s.display().rsplit('/').next().unwrap_or("").to_owned();
                        let forced = if s.forced { "+" } else { "" };
                        format!("{forced}{name}:{}", s.by)
                    })
                    .chain(selection.missing.iter().map(|m| format!("{m}:missing")))
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(error) => error.to_string().replace(&root, "ROOT"),
            };
            assert_eq!(got, expected, "for {request:?}");
        }
    }

    #[test]
    fn selection() {
        let f = Fixture::new();
        f.check(&[], true, "a.nse:category");
        f.check(&["b"], true, "b.nse:name");
        f.check(&[""], true, "");
        f.check(&[" \t\u{b}"], true, "");
        f.check(&["\u{a0}"], false, "'\u{a0}' did not match a category, filename, or directory");
        f.check(&["safe"], false, "a.nse:category gone.nse:missing");
        f.check(&["vuln,default"], false, "a.nse:category b.nse:category");
        f.check(&["b", "a"], false, "a.nse:name b.nse:name");
        f.check(&["+b"], false, "+b.nse:name");
        f.check(&["ROOT/own/c.nse"], false, "c.nse:file path");
        f.check(&["ROOT/own/c"], false, "c.nse:file path");
        f.check(&["ROOT/own/"], false, "c.nse:directory d.nse:directory");
        f.check(&["ROOT/own"], false, "directory 'ROOT/own' found, but will not match without '/'");
        f.check(&["nosuch"], false, "'nosuch' did not match a category, filename, or directory");
        f.check(
            &["all and not all"],
            false,
            "'all and not all' did not match a category, filename, or directory",
        );
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let f = Fixture::new();
        f.check(&["a,default"], false, "a.nse:name");
        f.check(&["default,a"], false, "a.nse:category");
        f.check(&["+default,a"], false, "+a.nse:category");
        f.check(&["default,+a"], false, "a.nse:category");
        // The same rule again says the last word on force, and keeps its place.
        f.check(&["a,+a"], false, "+a.nse:name");
        f.check(&["+a", "a"], false, "a.nse:name");
        f.check(&["a,default,+a"], false, "+a.nse:name");
        f.check(&["+ROOT/own/c,ROOT/own/c"], false, "c.nse:file path");
        f.check(&["default,+DEFAULT"], false, "a.nse:category");
        f.check(&["a, ,+,b,"], false, "a.nse:name b.nse:name");
        f.check(&["gone,safe"], false, "a.nse:category gone.nse:missing");
        let hidden = "'gone' did not match a category, filename, or directory";
        f.check(&["safe,gone"], false, hidden);
    }

    #[test]
    fn version_scripts() {
        let f = Fixture::new();
        let version = |scripts: &[&str], default_scripts, expected: &str| {
            let scripts = scripts.iter().map(|s| (*s).to_owned()).collect();
            f.check_request(Request { scripts, default_scripts, version_scripts: true }, expected);
        };
        version(&[], false, "");
        version(&[], true, "a.nse:category");
        version(&["b"], false, "b.nse:name");
        let typed = "'version' did not match a category, filename, or directory";
        version(&["version"], false, typed);
    }

    #[test]
    fn paths() {
        let f = Fixture::new();
        f.check(&["sub/in"], false, "in.nse:file path");
        f.check(&["sub/"], false, "in.nse:directory");
        f.check(&["sub//"], false, "in.nse:directory");
        f.check(&["./sub/"], false, "in.nse:directory");
        let sub = "directory 'ROOT/data/scripts/sub' found, but will not match without '/'";
        f.check(&["sub"], false, sub);
        let e = "directory 'ROOT/own/e.nse' found, but will not match without '/'";
        f.check(&["ROOT/own/e"], false, e);
        f.check(&["ROOT/own/e.nse/"], false, "f.nse:directory");
        f.check(&["ROOT/own/readme"], false, "readme:file path");
        f.check(&["+ROOT/own/c"], false, "+c.nse:file path");
        f.check(&["ROOT/own/c,a"], false, "a.nse:name c.nse:file path");
        f.check(&["a,ROOT/data/scripts/a.nse"], false, "a.nse:name");
        f.check(&["/dev/null"], false, "null:file path");
        let both = "'ROOT/own/c.nse and safe' did not match a category, filename, or directory";
        f.check(&["ROOT/own/c.nse and safe"], false, both);
        f.check(&["b,nosuch"], false, "'nosuch' did not match a category, filename, or directory");
    }
}
