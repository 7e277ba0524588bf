//! Files: what is read, listed and written.

use std::fs;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file (or a link to one).
    File,
    /// A directory (or a link to one).
    Directory,
    /// A device, pipe or socket.
    Other,
}

/// What output goes to. Only of a file can something be taken back.
pub trait OutputFile: Write + Send {
    /// Takes back the last `count` bytes that were written, so that the next ones take their place.
    ///
    /// # Errors
    /// `Unsupported` where this is no regular file, or another program has written behind them; else as the
    /// operating system says. Nothing is taken back then.
    fn take_back(&mut self, count: u64) -> io::Result<()>;
}

impl OutputFile for fs::File {
    fn take_back(&mut self, count: u64) -> io::Result<()> {
        let (end, known) = (self.stream_position()?, self.metadata()?);
        if !known.is_file() || known.len() != end {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let left = end.checked_sub(count).ok_or(io::ErrorKind::InvalidInput)?;
        self.set_len(left)?;
        self.seek(SeekFrom::Start(left)).map(drop)
    }
}

impl OutputFile for io::Stdout {
    fn take_back(&mut self, _count: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Reads and writes files.
pub trait Files: Send + Sync {
    /// The whole content of a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Opens a file, or standard input's like, for reading in pieces.
    ///
    /// # Errors
    /// As the operating system says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>>;

    /// What `path` names; `None` where there is nothing or it may not be looked at.
    fn kind(&self, path: &Path) -> Option<FileKind>;

    /// The paths of a directory's entries, sorted by bytes.
    ///
    /// # Errors
    /// As the operating system says.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;

    /// Opens a file for writing: emptied first, or continued where `append` is true.
    ///
    /// # Errors
    /// As the operating system says.
    fn create(&self, path: &Path, append: bool) -> io::Result<Box<dyn OutputFile>>;

    /// Standard output.
    fn standard_output(&self) -> Box<dyn OutputFile>;

    /// Replaces a file's content in one step: a reader sees the old or the new content.
    ///
    /// # Errors
    /// As the operating system says; the old content is then still there.
    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Makes a directory.
    ///
    /// # Errors
    /// As the operating system says.
    fn make_directory(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;

    /// Makes `new` another name of `old`; where `symbolic` is true, a link that names `old`.
    ///
    /// # Errors
    /// As the operating system says.
    fn link(&self, old: &Path, new: &Path, symbolic: bool) -> io::Result<()>;
}

/// The machine's file system.
#[derive(Clone, Copy, Debug)]
pub struct RealFiles;

impl Files for RealFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(fs::File::open(path)?))
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        let kind = fs::metadata(path).ok()?.file_type();
        Some(if kind.is_file() {
            FileKind::File
        } else if kind.is_dir() {
            FileKind::Directory
        } else {
            FileKind::Other
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths = fs::read_dir(path)?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths
            .sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        Ok(paths)
    }

    fn create(&self, path: &Path, append: bool) -> io::Result<Box<dyn OutputFile>> {
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .append(append)
            .truncate(!append)
            .open(path)?;
        Ok(Box::new(file))
    }

    fn standard_output(&self) -> Box<dyn OutputFile> {
        let stdout = io::stdout();
        let file = stdout.as_fd().try_clone_to_owned().map(fs::File::from);
        match file {
            Ok(file) if file.metadata().is_ok_and(|known| known.is_file()) => Box::new(file),
            _ => Box::new(stdout),
        }
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let written = fs::write(&partial, content).and_then(|()| fs::rename(&partial, path));
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o755).create(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn link(&self, old: &Path, new: &Path, symbolic: bool) -> io::Result<()> {
        if symbolic { symlink(old, new) } else { fs::hard_link(old, new) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_replaces_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("db");
        RealFiles.write(&path, b"one").expect("first write");
        RealFiles.write(&path, b"two").expect("second write");
        assert_eq!(RealFiles.read(&path).expect("read"), b"two");
        assert_eq!(RealFiles.list(dir.path()).expect("list"), [path]);
    }

    #[test]
    fn the_end_of_a_file_is_taken_back() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("log");
        for append in [false, true] {
            fs::write(&path, "before ").expect("write");
            let mut file = RealFiles.create(&path, append).expect("create");
            file.write_all(b"one two").expect("write");
            file.take_back(3).expect("taken back");
            file.write_all(b"2 3").expect("write");
            let before = if append { "before " } else { "" };
            assert_eq!(fs::read_to_string(&path).expect("read"), format!("{before}one 2 3"));
            // What somebody else wrote stays.
            let mut other = RealFiles.create(&path, true).expect("create");
            other.write_all(b"!").expect("write");
            let error = file.take_back(1).expect_err("not the end");
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            assert_eq!(fs::read_to_string(&path).expect("read"), format!("{before}one 2 3!"));
        }
    }

    #[test]
    fn directories_and_links() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (inner, file) = (dir.path().join("d"), dir.path().join("d/f"));
        RealFiles.make_directory(&inner).expect("made");
        assert!(RealFiles.make_directory(&inner).is_err());
        RealFiles.write(&file, b"x").expect("write");
        assert!(RealFiles.remove_directory(&inner).is_err());
        let (hard, soft) = (dir.path().join("h"), dir.path().join("s"));
        RealFiles.link(&file, &hard, false).expect("linked");
        RealFiles.link(Path::new("nowhere"), &soft, true).expect("linked");
        assert_eq!(RealFiles.read(&hard).expect("read"), b"x");
        assert_eq!(RealFiles.kind(&soft), None);
        assert_eq!(RealFiles.list(dir.path()).expect("list"), [inner, hard, soft]);
    }

    #[test]
    fn create_appends_or_empties() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("log");
        for (append, want) in [(false, "a"), (true, "aa"), (false, "a")] {
            let mut file = RealFiles.create(&path, append).expect("create");
            file.write_all(b"a").expect("write");
            drop(file);
            assert_eq!(RealFiles.read(&path).expect("read"), want.as_bytes());
        }
    }
}
