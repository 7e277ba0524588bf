//! From `--script` and its kin to a list of script files.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use nseer_seam::FileKind;

use crate::data_dir::{DataDirs, DataFile};
use crate::selection::{DbError, Entry, Rule, parse_db};

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The values of `--script`, each a list separated by commas.
    pub scripts: Vec<String>,
    /// `-sC`: the default scripts, unless `--script` names some.
    pub default_scripts: bool,
}

impl Request {
    fn rules(&self) -> Vec<Rule> {
        let items = self.scripts.iter().flat_map(|list| list.split(','));
        let rules: Vec<Rule> =
            items.map(Rule::parse).filter(|rule| !rule.text.is_empty()).collect();
        if self.scripts.is_empty() && self.default_scripts {
            return vec![Rule::parse("default")];
        }
        rules
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
    /// A directory is written with a final slash.
    #[error("directory '{rule}' found, but will not match without '/'")]
    DirectoryWithoutSlash {
        /// The rule.
        rule: String,
    },
    /// The data base is damaged.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A file or directory cannot be read.
    #[error("cannot read '{path}': {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Finds the scripts that `request` means.
///
/// # Errors
/// Where a rule matches nothing, or a file cannot be read.
pub fn resolve(request: &Request, data: &DataDirs) -> Result<Selection, SelectionError> {
    let rules = request.rules();
    let mut selection = Selection::default();
    if rules.is_empty() {
        return Ok(selection);
    }
    let mut seen = HashSet::new();
    let mut used = vec![false; rules.len()];
    for entry in database(data)? {
        by_database(&entry, &rules, &mut used, data, &mut seen, &mut selection);
    }
    for (rule, _) in rules.iter().zip(used).filter(|(_, used)| !used) {
        for script in by_path(rule, data)? {
            if seen.insert(script.display()) {
                selection.scripts.push(script);
            }
        }
    }
    Ok(selection)
}

/// The entries of `script.db`; where there is none, those of the scripts directory, whose
/// categories are then unknown.
fn database(data: &DataDirs) -> Result<Vec<Entry>, SelectionError> {
    let Some(file) = data.find("scripts/script.db") else {
        let Some(directory) = data.find_directory("scripts") else { return Ok(Vec::new()) };
        let entries = scripts_in(data, &directory)?.into_iter().filter_map(|path| {
            let file_name = path.file_name()?.to_str()?.to_owned();
            Some(Entry { file_name, categories: Vec::new() })
        });
        return Ok(entries.collect());
    };
    let text = file
        .read()
        .map_err(|source| SelectionError::Read { path: file.display().into(), source })?;
    Ok(parse_db(&text, &file.display())?)
}

fn by_database(
    entry: &Entry,
    rules: &[Rule],
    used: &mut [bool],
    data: &DataDirs,
    seen: &mut HashSet<String>,
    selection: &mut Selection,
) {
    let mut chosen: Option<SelectedScript> = None;
    for (rule, used) in rules.iter().zip(used) {
        let Some(matched) = rule.matches(entry) else { continue };
        *used = true;
        if chosen.is_some() || selection.missing.contains(&entry.file_name) {
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
                    forced: rule.forced,
                    by: if matched.by_name { "name" } else { "category" },
                });
            }
            None => selection.missing.push(entry.file_name.clone()),
        }
    }
    if let Some(script) = chosen.filter(|s| seen.insert(s.display())) {
        selection.scripts.push(script);
    }
}

/// Takes the whole text of a rule for a path, with and without `.nse`.
fn by_path(rule: &Rule, data: &DataDirs) -> Result<Vec<SelectedScript>, SelectionError> {
    let script = |file: DataFile| SelectedScript {
        file,
        selected_by_name: true,
        forced: rule.forced,
        by: "file path",
    };
    for name in [rule.text.clone(), format!("{}.nse", rule.text)] {
        let path = Path::new(&name);
        if path.is_relative()
            && let Some(file) = data.find(&format!("scripts/{name}"))
        {
            return Ok(vec![script(file)]);
        }
        if let Some(file) = data.file_at(path) {
            return Ok(vec![script(file)]);
        }
        let directory = match path.is_relative() {
            true => data.find_directory(&format!("scripts/{name}")),
            false => None,
        };
        let here = || {
            (data.files().kind(path) == Some(FileKind::Directory)).then(|| path.to_owned())
        };
        if let Some(directory) = directory.or_else(here) {
            return by_directory(rule, data, &directory);
        }
    }
    Err(SelectionError::NoMatch { rule: rule.text.clone() })
}

fn by_directory(
    rule: &Rule,
    data: &DataDirs,
    directory: &Path,
) -> Result<Vec<SelectedScript>, SelectionError> {
    if !rule.text.ends_with('/') {
        return Err(SelectionError::DirectoryWithoutSlash { rule: rule.text.clone() });
    }
    let paths = scripts_in(data, directory)?;
    let scripts = paths.iter().filter_map(|path| data.file_at(path)).map(|file| SelectedScript {
        file,
        selected_by_name: false,
        forced: rule.forced,
        by: "directory",
    });
    Ok(scripts.collect())
}

/// The `.nse` files of a directory, sorted.
fn scripts_in(data: &DataDirs, directory: &Path) -> Result<Vec<PathBuf>, SelectionError> {
    let mut paths = data
        .files()
        .list(directory)
        .map_err(|source| SelectionError::Read { path: directory.to_owned(), source })?;
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
            let scripts = dir.path().join("data/scripts");
            std::fs::create_dir_all(&scripts).expect("directory");
            std::fs::create_dir_all(dir.path().join("own")).expect("directory");
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
            ] {
                RealFiles.write(&dir.path().join(path), text.as_bytes()).expect("write");
            }
            Fixture { dir }
        }

        fn check(&self, scripts: &[&str], default_scripts: bool, expected: &str) {
            let root = self.dir.path().display().to_string();
            let request = Request {
                scripts: scripts.iter().map(|s| s.replace("ROOT", &root)).collect(),
                default_scripts,
            };
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
            assert_eq!(got, expected, "for {scripts:?}");
        }
    }

    #[test]
    fn selection() {
        let f = Fixture::new();
        f.check(&[], true, "a.nse:category");
        f.check(&["b"], true, "b.nse:name");
        f.check(&[""], true, "");
        f.check(&["safe"], false, "a.nse:category gone.nse:missing");
        f.check(&["vuln,default"], false, "a.nse:category b.nse:category");
        f.check(&["b", "a"], false, "a.nse:name b.nse:name");
        f.check(&["+b"], false, "+b.nse:name");
        f.check(&["ROOT/own/c.nse"], false, "c.nse:file path");
        f.check(&["ROOT/own/c"], false, "c.nse:file path");
        f.check(&["ROOT/own/"], false, "c.nse:directory d.nse:directory");
        f.check(
            &["ROOT/own"],
            false,
            "directory 'ROOT/own' found, but will not match without '/'",
        );
        f.check(&["nosuch"], false, "'nosuch' did not match a category, filename, or directory");
        f.check(
            &["all and not all"],
            false,
            "'all and not all' did not match a category, filename, or directory",
        );
    }
}
