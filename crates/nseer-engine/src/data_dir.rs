//! Where scripts, libraries and data files are looked for.
//!
//! A data directory that the user chose (`--datadir`, `NMAPDIR`) is used together with `~/.nmap`,
//! as Nmap's users know it. Without one, the embedded library comes after `~/.nmap`. The two
//! never mix: a script of one origin must not meet libraries of the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nseer_seam::{FileKind, Files};

/// The file of the embedded library under a path such as `nselib/stdnse.lua`.
pub type Embedded = fn(&str) -> Option<&'static [u8]>;

/// What the search order is made of.
#[derive(Clone, Debug, Default)]
pub struct DataDirConfig {
    /// `--datadir`.
    pub datadir: Option<PathBuf>,
    /// The environment variable `NMAPDIR`.
    pub nmapdir: Option<PathBuf>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// Files that an option names, by the name under which they are looked for, such as
    /// `nmap-services`.
    pub overrides: HashMap<String, PathBuf>,
    /// The embedded library.
    pub embedded: Option<Embedded>,
}

/// Finds data files.
pub struct DataDirs {
    directories: Vec<PathBuf>,
    chosen: bool,
    overrides: HashMap<String, PathBuf>,
    embedded: Option<Embedded>,
    files: Arc<dyn Files>,
    /// What was found where, of the files that are no scripts or libraries.
    used: Mutex<BTreeMap<PathBuf, BTreeSet<String>>>,
}

/// A data file that was found.
#[derive(Clone)]
pub struct DataFile {
    place: Place,
    files: Arc<dyn Files>,
}

/// What a name or path was found to be.
#[derive(Clone, Debug)]
pub enum Located {
    /// A file, or something that is read like one.
    File(DataFile),
    /// A directory.
    Directory(PathBuf),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The flag says that a data directory of the search order has it.
    Disk(PathBuf, bool),
    Embedded(String, &'static [u8]),
}

impl DataDirs {
    /// The search order for `config`.
    #[must_use]
    pub fn new(config: DataDirConfig, files: Arc<dyn Files>) -> DataDirs {
        let chosen = config.datadir.is_some() || config.nmapdir.is_some();
        let user = config.home.map(|home| home.join(".nmap"));
        let directories = config.datadir.into_iter().chain(config.nmapdir).chain(user).collect();
        let embedded = if chosen { None } else { config.embedded };
        DataDirs {
            directories,
            chosen,
            overrides: config.overrides,
            embedded,
            files,
            used: Mutex::default(),
        }
    }

    /// True where the user chose a data directory.
    #[must_use]
    pub fn is_chosen(&self) -> bool {
        self.chosen
    }

    /// The directories that are searched, first to last.
    #[must_use]
    pub fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// The directories of the search order in which data files were found, each with these files' names;
    /// scripts and libraries are left out.
    #[must_use]
    pub fn used(&self) -> BTreeMap<PathBuf, BTreeSet<String>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, name: &str, file: &DataFile) {
        if let Place::Disk(path, true) = &file.place
            && let Some(directory) = path.parent().filter(|_| !name.contains('/'))
        {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.entry(directory.to_owned()).or_default().insert(name.to_owned());
        }
    }

    /// The first readable file called `name`, which may contain `/`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<DataFile> {
        if let Some(path) = self.overrides.get(name) {
            return self.file_at(path);
        }
        let mut places = self.on_disk(name);
        let file = places.find_map(|located| match located {
            Located::File(file) => Some(file),
            Located::Directory(_) => None,
        });
        let file = file.or_else(|| self.embedded_file(name));
        if let Some(file) = &file {
            self.note(name, file);
        }
        file
    }

    /// The first thing called `name`, be it file or directory.
    #[must_use]
    pub fn locate(&self, name: &str) -> Option<Located> {
        let first = self.on_disk(name).next();
        first.or_else(|| self.embedded_file(name).map(Located::File))
    }

    /// The first directory called `name`.
    #[must_use]
    pub fn find_directory(&self, name: &str) -> Option<PathBuf> {
        self.on_disk(name).find_map(|located| match located {
            Located::Directory(path) => Some(path),
            Located::File(_) => None,
        })
    }

    /// The file at `path`, wherever it is.
    #[must_use]
    pub fn file_at(&self, path: &Path) -> Option<DataFile> {
        match self.at(path.to_owned(), false)? {
            Located::File(file) => Some(file),
            Located::Directory(_) => None,
        }
    }

    /// What is at `path`, wherever it is.
    #[must_use]
    pub fn locate_at(&self, path: &Path) -> Option<Located> {
        self.at(path.to_owned(), false)
    }

    /// The files of the machine.
    #[must_use]
    pub fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// What is called `name` in each directory of the search order. An absolute name, as a script
    /// may give, is one inside these directories all the same.
    fn on_disk(&self, name: &str) -> impl Iterator<Item = Located> {
        let name = name.trim_start_matches('/');
        self.directories.iter().filter_map(move |dir| self.at(dir.join(name), true))
    }

    fn at(&self, path: PathBuf, data: bool) -> Option<Located> {
        Some(match self.files.kind(&path)? {
            FileKind::Directory => Located::Directory(path),
            // A pipe or device is read like a file: `--script-args-file <(command)`.
            FileKind::File | FileKind::Other => Located::File(DataFile {
                place: Place::Disk(path, data),
                files: self.files.clone(),
            }),
        })
    }

    fn embedded_file(&self, name: &str) -> Option<DataFile> {
        let content = self.embedded.and_then(|embedded| embedded(name))?;
        let place = Place::Embedded(name.to_owned(), content);
        Some(DataFile { place, files: self.files.clone() })
    }
}

impl DataFile {
    /// Its content.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        match &self.place {
            Place::Disk(path, _) => self.files.read(path),
            Place::Embedded(_, content) => Ok(content.to_vec()),
        }
    }

    /// Its path, to show; that of an embedded file begins with `embedded:/`.
    #[must_use]
    pub fn display(&self) -> String {
        match &self.place {
            Place::Disk(path, _) => path.display().to_string(),
            Place::Embedded(name, _) => format!("embedded:/{name}"),
        }
    }

    /// True for a file of the embedded library.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.place, Place::Embedded(..))
    }

    /// True for a file of a directory of the search order.
    #[must_use]
    pub fn is_in_data_dir(&self) -> bool {
        matches!(self.place, Place::Disk(_, true))
    }
}

impl std::fmt::Debug for DataDirs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataDirs").field("directories", &self.directories).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DataFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nseer_seam::RealFiles;

    fn embedded(name: &str) -> Option<&'static [u8]> {
        (name == "nselib/stdnse.lua").then_some(b"own".as_slice())
    }

    fn dirs(datadir: Option<PathBuf>, home: Option<PathBuf>) -> DataDirs {
        let config =
            DataDirConfig { datadir, home, embedded: Some(embedded), ..DataDirConfig::default() };
        DataDirs::new(config, Arc::new(RealFiles))
    }

    fn write(dir: &Path, name: &str, content: &str) {
        std::fs::create_dir_all(dir.join(name).parent().expect("parent")).expect("directory");
        RealFiles.write(&dir.join(name), content.as_bytes()).expect("write");
    }

    #[test]
    fn origins_do_not_mix() {
        let (data, home) =
            (tempfile::tempdir().expect("directory"), tempfile::tempdir().expect("directory"));
        write(data.path(), "nselib/a.lua", "data");
        write(home.path(), ".nmap/nselib/b.lua", "home");
        let without = dirs(None, Some(home.path().into()));
        let read = |dirs: &DataDirs, name: &str| {
            dirs.find(name).map(|f| String::from_utf8(f.read().expect("read")).expect("text"))
        };
        assert_eq!(read(&without, "nselib/stdnse.lua").as_deref(), Some("own"));
        assert_eq!(read(&without, "nselib/b.lua").as_deref(), Some("home"));
        assert_eq!(read(&without, "nselib/a.lua"), None);
        let with = dirs(Some(data.path().into()), Some(home.path().into()));
        assert_eq!(read(&with, "nselib/stdnse.lua"), None);
        assert_eq!(read(&with, "nselib/a.lua").as_deref(), Some("data"));
        assert_eq!(read(&with, "nselib/b.lua").as_deref(), Some("home"));
        assert_eq!(read(&with, "nselib"), None, "directories are not files");
    }

    #[test]
    fn the_chosen_directory_comes_before_the_user_s() {
        let (data, home) =
            (tempfile::tempdir().expect("directory"), tempfile::tempdir().expect("directory"));
        write(data.path(), "a", "data");
        write(home.path(), ".nmap/a", "home");
        std::fs::create_dir_all(data.path().join("b")).expect("directory");
        write(home.path(), ".nmap/b", "home");
        let dirs = dirs(Some(data.path().into()), Some(home.path().into()));
        let shown = |name: &str| dirs.find(name).map(|file| file.display());
        assert_eq!(shown("a"), Some(data.path().join("a").display().to_string()));
        assert_eq!(shown("b"), Some(home.path().join(".nmap/b").display().to_string()));
        assert!(matches!(dirs.locate("b"), Some(Located::Directory(_))));
        let outside = home.path().join(".nmap/a").display().to_string();
        assert_eq!(shown(&outside), None, "absolute names stay inside the directories");
    }

    #[test]
    fn a_file_named_by_an_option_is_the_only_one() {
        let data = tempfile::tempdir().expect("directory");
        write(data.path(), "nmap-services", "data");
        write(data.path(), "mine", "mine");
        let find = |path: PathBuf| {
            let overrides = HashMap::from([("nmap-services".to_owned(), path)]);
            let datadir = Some(data.path().to_owned());
            let config = DataDirConfig { datadir, overrides, ..DataDirConfig::default() };
            let found = DataDirs::new(config, Arc::new(RealFiles)).find("nmap-services");
            found.map(|file| file.read().expect("read"))
        };
        assert_eq!(find(data.path().join("mine")).as_deref(), Some(b"mine".as_slice()));
        assert_eq!(find(data.path().join("nosuch")), None);
        assert_eq!(find("/dev/null".into()).as_deref(), Some(b"".as_slice()));
    }
}
