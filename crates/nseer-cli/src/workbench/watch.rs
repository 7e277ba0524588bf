//! Waits until a file is saved.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::Context as _;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Changes of one file.
pub(super) struct Changes {
    /// Its end would end the watch.
    _watcher: RecommendedWatcher,
    changes: Receiver<()>,
}

/// Editors write in several steps; after the first one they get this long.
const SETTLED: Duration = Duration::from_millis(80);

impl Changes {
    /// Watches the folder of `file`: editors put a new file in the place of the old one.
    ///
    /// # Errors
    /// Where the system cannot watch it.
    pub(super) fn of(file: &Path) -> anyhow::Result<Changes> {
        let cannot = || format!("cannot watch '{}'", file.display());
        let file = std::path::absolute(file).with_context(cannot)?;
        let folder: PathBuf = file.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
        let name: Option<OsString> = file.file_name().map(ToOwned::to_owned);
        let (sender, changes) = channel();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let Ok(event) = event else { return };
                let is_change = !matches!(event.kind, EventKind::Access(_) | EventKind::Remove(_));
                if is_change && event.paths.iter().any(|path| path.file_name() == name.as_deref()) {
                    // Nobody listens where the program is about to end.
                    let _ = sender.send(());
                }
            })
            .with_context(cannot)?;
        watcher.watch(&folder, RecursiveMode::NonRecursive).with_context(cannot)?;
        Ok(Changes { _watcher: watcher, changes })
    }

    /// Waits for the next change, and until it seems to be over.
    ///
    /// # Errors
    /// Where the watch has ended.
    pub(super) fn wait(&self) -> anyhow::Result<()> {
        self.changes.recv().context("the watch has ended")?;
        while self.changes.recv_timeout(SETTLED).is_ok() {}
        Ok(())
    }
}
