//! Makes and opens stores.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use nseer_core::event::RunInfo;
use nseer_core::{HostRecord, KeptRegistry, Phase};
use rusqlite::{Connection, OpenFlags};

use crate::write::{Kept, most_rows};
use crate::{StoreError, registry, system, teller, trace};

/// The version of the tables. It counts changes that an older reader does not understand.
const VERSION: i64 = 1;

/// Tells our files from those of other programs that use SQLite: `nser`.
const APPLICATION: i64 = 0x6e73_6572;

const SCHEMA: &str = include_str!("schema.sql");

/// Tables that came later.
const LATER_SCHEMA: &str = concat!(
    include_str!("trace.sql"),
    include_str!("teller.sql"),
    include_str!("system.sql"),
    include_str!("registry.sql")
);
const LATER_TABLES: [&str; 5] =
    [trace::TABLE, trace::HOPS, teller::TABLE, system::TABLE, registry::TABLE];

/// What a scan begins from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    /// The words of the command line, without the program's name.
    pub words: Vec<OsString>,
    /// The folder that relative paths in them start from.
    pub folder: PathBuf,
}

/// How far a scan has come.
#[derive(Debug)]
pub struct Progress {
    /// What it began from.
    pub beginning: Beginning,
    /// How it was started.
    pub run: RunInfo,
    /// Hosts that are done.
    pub done: HashSet<IpAddr>,
    /// How many of them were up.
    pub up: u64,
    /// Hosts whose ports are known, with the results of the scripts that ended.
    pub scanned: HashMap<IpAddr, HostRecord>,
    /// Phases without hosts that are done.
    pub phases: HashSet<Phase>,
    /// What scripts that ended left in `nmap.registry`.
    pub registry: Vec<KeptRegistry>,
    /// Targets that scripts found.
    pub found_targets: Vec<String>,
    /// Nothing is left to do.
    pub is_finished: bool,
}

/// The store of one scan. What it was given and no [`Store::commit`] has written is gone when it is dropped.
#[derive(Debug)]
pub struct Store {
    pub(crate) database: Connection,
    pub(crate) path: PathBuf,
    /// Numbers of hosts that are not done yet.
    pub(crate) hosts: HashMap<IpAddr, i64>,
    pub(crate) beginning: Beginning,
    /// What is not written yet.
    pub(crate) waiting: Vec<Kept>,
    /// Ports of one state that have a row each.
    pub(crate) most_rows: usize,
    /// The highest number of a host that is or was in the store: who gets a higher one is new.
    pub(crate) newest: Cell<i64>,
    /// Later tables that a store which is only read lacks, as it is older.
    pub(crate) lacks: Vec<&'static str>,
    /// The tables keep who made a host's hardware; those of older stores do not.
    pub(crate) has_vendors: bool,
    /// Held while the store is written to.
    _lock: Option<File>,
}

/// More than are used, so that each is compiled once.
const STATEMENTS: usize = 64;

impl Store {
    /// Makes a store at `path`, where there must be no file, or an empty one.
    ///
    /// # Errors
    /// [`StoreError`] where there is something already or the file cannot be made.
    pub fn create(path: &Path, beginning: Beginning) -> Result<Store, StoreError> {
        let open = |error| StoreError::Open { path: path.to_owned(), error };
        #[allow(clippy::disallowed_methods, reason = "SQLite opens the same file by itself")]
        let file = File::options().read(true).append(true).create(true).open(path).map_err(open)?;
        let metadata = file.metadata().map_err(open)?;
        if !metadata.is_file() {
            return Err(open(std::io::Error::other("it is no regular file")));
        }
        if metadata.len() > 0 {
            return Err(StoreError::Exists { path: path.to_owned() });
        }
        let mut store = Store::over(path, OpenFlags::SQLITE_OPEN_READ_WRITE, Some(file))?;
        store.beginning = beginning;
        match store.make_tables() {
            Ok(()) => Ok(store),
            Err(error) => {
                store.give_up();
                Err(error)
            }
        }
    }

    fn make_tables(&self) -> Result<(), StoreError> {
        // Nothing is there yet that a failure of the machine could take: the disk is not waited for.
        self.database.execute_batch(&format!(
            "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL;
             BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};
             {SCHEMA} {LATER_SCHEMA} COMMIT;
             PRAGMA synchronous = NORMAL;"
        ))?;
        Ok(())
    }

    /// Closes a store that cannot be written any more. One that holds no scan is removed.
    pub fn give_up(self) {
        let is_empty =
            matches!(self.check(), Err(StoreError::Empty { .. } | StoreError::Foreign { .. }));
        let Store { path, database, _lock: lock, .. } = self;
        drop(database);
        if is_empty {
            for end in ["", "-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(end);
                // It may not be there.
                let _ = std::fs::remove_file(name);
            }
        }
        drop(lock);
    }

    /// Opens a store to read it, also while a scan writes to it.
    ///
    /// # Errors
    /// [`StoreError`] where it is no store, or holds no scan.
    pub fn read(path: &Path) -> Result<Store, StoreError> {
        let file = existing(path)?;
        drop(file);
        let checked = |store: Store| store.check().map(|()| store);
        // Reading a journal of a killed scan writes to its index.
        let opened = Store::over(path, OpenFlags::SQLITE_OPEN_READ_WRITE, None)
            .or_else(|_| Store::over(path, OpenFlags::SQLITE_OPEN_READ_ONLY, None))
            .and_then(checked);
        let mut store = match opened {
            Err(StoreError::Sqlite(_)) if !has_journal(path) => {
                Store::over_at_rest(path).and_then(checked)?
            }
            opened => opened?,
        };
        for table in LATER_TABLES {
            if !has_table(&store.database, table)? {
                store.lacks.push(table);
            }
        }
        store.has_vendors = store.knows_vendors()?;
        Ok(store)
    }

    /// Opens a store to go on with its scan.
    ///
    /// # Errors
    /// [`StoreError`] where it is no store, holds no scan, or another process writes to it.
    pub fn resume(path: &Path) -> Result<(Store, Progress), StoreError> {
        let file = existing(path)?;
        let mut store = Store::over(path, OpenFlags::SQLITE_OPEN_READ_WRITE, Some(file))?;
        store.check()?;
        store.database.execute_batch(&format!("PRAGMA synchronous = NORMAL; {LATER_SCHEMA}"))?;
        if !store.knows_vendors()? {
            store.database.execute_batch("ALTER TABLE host ADD COLUMN vendor TEXT;")?;
        }
        let sql = "SELECT coalesce(max(id), 0) FROM host";
        store.newest = Cell::new(store.database.query_row(sql, [], |row| row.get(0))?);
        let progress = store.progress()?;
        store.beginning = progress.beginning.clone();
        Ok((store, progress))
    }

    /// A connection to a store that nobody writes to: SQLite then makes no index beside it, for which a folder
    /// that cannot be written has no room (<https://sqlite.org/uri.html>, `immutable`).
    fn over_at_rest(path: &Path) -> Result<Store, StoreError> {
        let name = path.to_string_lossy();
        let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let store = Store::over(Path::new(&format!("file:{name}?immutable=1")), flags, None)?;
        Ok(Store { path: path.to_owned(), ..store })
    }

    /// A connection; with a lock where it is going to write.
    fn over(path: &Path, flags: OpenFlags, lock: Option<File>) -> Result<Store, StoreError> {
        if let Some(file) = &lock {
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse { path: path.to_owned() });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::Open { path: path.to_owned(), error });
                }
            }
        }
        // A connection is one thread's at a time, whichever; it needs no locks of its own.
        let database = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        database.busy_timeout(std::time::Duration::from_secs(10))?;
        // Each row of a host is written right after the host: nothing has to be looked up again.
        database.execute_batch("PRAGMA foreign_keys = OFF;")?;
        database.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Store {
            database,
            path: path.to_owned(),
            hosts: HashMap::new(),
            beginning: Beginning::default(),
            waiting: Vec::new(),
            most_rows: most_rows(0, 0),
            newest: Cell::new(0),
            lacks: Vec::new(),
            has_vendors: true,
            _lock: lock,
        })
    }

    /// False where the store is older than this table.
    pub(crate) fn keeps(&self, table: &str) -> bool {
        !self.lacks.contains(&table)
    }

    fn knows_vendors(&self) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM pragma_table_info('host') WHERE name = 'vendor'";
        Ok(self.database.query_row(sql, [], |row| row.get::<_, i64>(0))? > 0)
    }

    /// The header says that it is ours, whatever became of the rest.
    fn was_ours(&self) -> Result<bool, StoreError> {
        let mut header = Vec::new();
        let file = existing(&self.path)?;
        let error = |error| StoreError::Open { path: self.path.clone(), error };
        file.take(APPLICATION_AT as u64 + 4).read_to_end(&mut header).map_err(error)?;
        let number = header.get(APPLICATION_AT..).and_then(|number| number.try_into().ok());
        Ok(is_store(&header) && number.map(i32::from_be_bytes).map(i64::from) == Some(APPLICATION))
    }

    /// Is it ours, of this version, and is there a scan?
    fn check(&self) -> Result<(), StoreError> {
        let path = || self.path.clone();
        let number = |pragma: &str| {
            self.database.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
        };
        match number("application_id") {
            Ok(APPLICATION) => {}
            Err(error) if self.was_ours()? => return Err(error.into()),
            Ok(_) | Err(rusqlite::Error::SqliteFailure(..)) => {
                return Err(StoreError::Foreign { path: path() });
            }
            Err(error) => return Err(error.into()),
        }
        let found = number("user_version")?;
        if found != VERSION {
            return Err(StoreError::Version { path: path(), found, ours: VERSION });
        }
        let tables: i64 = self.database.query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'run'",
            [],
            |row| row.get(0),
        )?;
        let runs: i64 = match tables {
            0 => 0,
            _ => self.database.query_row("SELECT count(*) FROM run", [], |row| row.get(0))?,
        };
        if runs == 0 { Err(StoreError::Empty { path: path() }) } else { Ok(()) }
    }
}

/// Where the header of a file of SQLite's has the number that tells whose it is, in bytes. (The SQLite
/// documentation, "Database File Format", 1.3.)
const APPLICATION_AT: usize = 68;

fn existing(path: &Path) -> Result<File, StoreError> {
    let open = |error| StoreError::Open { path: path.to_owned(), error };
    #[allow(clippy::disallowed_methods, reason = "SQLite opens the same file by itself")]
    let file = File::options().read(true).open(path).map_err(open)?;
    let metadata = file.metadata().map_err(open)?;
    if !metadata.is_file() {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if metadata.len() == 0 {
        return Err(StoreError::Empty { path: path.to_owned() });
    }
    Ok(file)
}

/// True where something is in the file beside a store that SQLite writes ahead.
fn has_journal(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).is_ok_and(|metadata| metadata.len() > 0)
}

/// True where a file begins like a store, or any other file of SQLite's.
#[must_use]
pub fn is_store(beginning: &[u8]) -> bool {
    beginning.starts_with(b"SQLite format 3\0")
}

fn has_table(database: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?1 AND type = 'table'";
    database.query_row(sql, [name], |row| row.get::<_, i64>(0)).map(|count| count == 1)
}
