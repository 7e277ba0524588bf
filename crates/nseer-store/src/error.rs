//! What can be wrong with a store.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// A store cannot be made, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no file.
    #[error("cannot open '{}': {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is there already.
    #[error(
        "'{path}' already holds something: nseer resume {path} goes on with a scan, or choose \
         another name",
        path = path.display()
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("'{}' is no store of nseer", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another version of nseer made it.
    #[error(
        "'{}' is a store of version {found}, this nseer reads version {ours}: use the nseer that \
         made it",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version of this program.
        ours: i64,
    },
    /// Another process writes to it.
    #[error("'{}' is in use by another nseer: wait until its scan has ended", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It holds no scan.
    #[error("'{}' holds no scan: the one that should be there was killed before it began", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There is no room for more.
    #[error("the disk is full")]
    Full,
    /// SQLite has a complaint. What lies beneath it says nothing more.
    #[error("the store cannot be used: {0}")]
    Sqlite(rusqlite::Error),
    /// What is in it makes no sense.
    #[error("the store is damaged, as one is that was cut off or written over: {0}")]
    Damaged(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error() {
            // The journal's index is mapped, so that its size is set and not written.
            Some(failure)
                if failure.code == ErrorCode::DiskFull
                    || failure.extended_code == SQLITE_IOERR_SHMSIZE =>
            {
                StoreError::Full
            }
            Some(failure)
                if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
            {
                StoreError::Damaged(error.to_string())
            }
            _ => StoreError::Sqlite(error),
        }
    }
}
