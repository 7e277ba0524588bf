//! Finds the tests that belong to paths.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use nseer_replay::{Recording, TestCase, read_tests};
use nseer_seam::{FileKind, System};

/// One test.
pub(super) struct Test {
    /// The file that it is in.
    pub(super) file: PathBuf,
    /// What it shows; a recording has its file's name.
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What a test is.
pub(super) enum Kind {
    Recording(Box<Recording>),
    Case {
        case: Box<TestCase>,
        text: Arc<Vec<u8>>,
    },
    /// A file that cannot be read fails as a test would.
    Broken(String),
}

/// The end of the name of a file of tests.
pub(super) const TESTS: &str = ".test.lua";
/// The end of the name of a recording.
pub(super) const RECORDING: &str = ".rec";

/// Folders are not followed deeper.
const DEPTH: usize = 32;

/// The tests of these paths, by file and in the order in which they stand there.
pub(super) fn find(paths: &[PathBuf], system: &System) -> anyhow::Result<Vec<Test>> {
    let mut files = Vec::new();
    for path in paths {
        match system.files.kind(path) {
            None => bail!("cannot read '{}': there is no such file or folder", path.display()),
            Some(FileKind::Directory) => walk(path, DEPTH, system, &mut files)?,
            Some(_) if is_test(path) => files.push(path.clone()),
            Some(_) if path.extension().is_some_and(|ending| ending == "nse") => {
                beside(path, system, &mut files)?;
            }
            Some(_) => bail!(
                "'{}' is no test: a test is NAME{TESTS} or a recording NAME{RECORDING}",
                path.display()
            ),
        }
    }
    files.dedup();
    let mut tests = Vec::new();
    for file in files {
        load(file, system, &mut tests);
    }
    Ok(tests)
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn is_test(path: &Path) -> bool {
    name_of(path).ends_with(TESTS) || name_of(path).ends_with(RECORDING)
}

fn list(folder: &Path, system: &System) -> anyhow::Result<Vec<PathBuf>> {
    let listed = system.files.list(folder);
    let listed =
        listed.with_context(|| format!("cannot read the folder '{}'", folder.display()))?;
    // Nobody wants to read that a file is here.
    let plain = |path: PathBuf| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
    Ok(listed.into_iter().map(plain).collect())
}

fn walk(
    folder: &Path,
    depth: usize,
    system: &System,
    files: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    for path in list(folder, system)? {
        match system.files.kind(&path) {
            // Hidden folders, `.git` among them, hold no tests.
            Some(FileKind::Directory) if depth > 0 && !name_of(&path).starts_with('.') => {
                walk(&path, depth - 1, system, files)?;
            }
            Some(FileKind::File) if is_test(&path) => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// The tests beside a script.
fn beside(script: &Path, system: &System, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let stem = name_of(script).trim_end_matches(".nse").to_owned();
    let folder = match script.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let before = files.len();
    for path in list(folder, system)? {
        let name = name_of(&path);
        let is_own = name.strip_prefix(&stem).is_some_and(|rest| rest.starts_with('.'));
        if is_own && is_test(&path) {
            files.push(path);
        }
    }
    if files.len() == before {
        bail!(
            "'{}' has no tests: write {stem}{TESTS}, or record one with --record TARGET:PORT",
            script.display()
        );
    }
    Ok(())
}

fn load(file: PathBuf, system: &System, tests: &mut Vec<Test>) {
    let name = name_of(&file).to_owned();
    let shown = file.display().to_string();
    let text = match system.files.read(&file) {
        Ok(text) => text,
        Err(error) => {
            let kind = Kind::Broken(format!("cannot read {shown}: {error}"));
            return tests.push(Test { file, name, kind });
        }
    };
    if name.ends_with(RECORDING) {
        let kind = match std::str::from_utf8(&text).map(Recording::read) {
            Ok(Ok(recording)) => Kind::Recording(Box::new(recording)),
            Ok(Err(error)) => Kind::Broken(format!("{shown}:{}: {}", error.line, error.text)),
            Err(error) => {
                let before = &text[..error.valid_up_to()];
                let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
                Kind::Broken(format!("{shown}:{line}: this is no recording: it is not text"))
            }
        };
        return tests.push(Test { file, name, kind });
    }
    let text = Arc::new(text);
    match read_tests(&text, &shown) {
        Ok(cases) if cases.is_empty() => {
            let kind = Kind::Broken(format!("{shown} has no test: test(\"what it shows\", {{…}})"));
            tests.push(Test { file, name, kind });
        }
        Ok(cases) => tests.extend(cases.into_iter().map(|case| Test {
            file: file.clone(),
            name: case.name.clone(),
            kind: Kind::Case { case: Box::new(case), text: text.clone() },
        })),
        Err(error) => tests.push(Test { file, name, kind: Kind::Broken(error.to_string()) }),
    }
}
