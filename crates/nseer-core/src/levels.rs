//! How much a run says of itself, which its user may change while it runs.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// The most that verbosity and debugging count to.
pub const MAX_LEVEL: u8 = 10;

/// Verbosity, debugging and packet tracing as they are now. Everybody who says something looks here
/// each time.
#[derive(Debug, Default)]
pub struct Levels {
    verbosity: AtomicU8,
    debugging: AtomicU8,
    scripts: AtomicBool,
    packets: AtomicBool,
}

impl Levels {
    /// The levels that a run begins with; `tracing` shows what scripts send and receive.
    #[must_use]
    pub fn new(verbosity: u8, debugging: u8, tracing: bool) -> Levels {
        Levels {
            verbosity: verbosity.min(MAX_LEVEL).into(),
            debugging: debugging.min(MAX_LEVEL).into(),
            scripts: tracing.into(),
            packets: false.into(),
        }
    }

    /// The same with packets of the scan shown, or not.
    #[must_use]
    pub fn with_packets(self, shown: bool) -> Levels {
        Levels { packets: shown.into(), ..self }
    }

    /// Level of `-v`, 0 to [`MAX_LEVEL`].
    #[must_use]
    pub fn verbosity(&self) -> u8 {
        self.verbosity.load(Ordering::Relaxed)
    }

    /// Level of `-d`, 0 to [`MAX_LEVEL`].
    #[must_use]
    pub fn debugging(&self) -> u8 {
        self.debugging.load(Ordering::Relaxed)
    }

    /// Whether what scripts send and receive is shown.
    #[must_use]
    pub fn tracing(&self) -> bool {
        self.scripts.load(Ordering::Relaxed)
    }

    /// Whether what the scan itself sends and receives is shown.
    #[must_use]
    pub fn packets(&self) -> bool {
        self.packets.load(Ordering::Relaxed)
    }

    /// Sets the verbosity; more than [`MAX_LEVEL`] is that.
    pub fn set_verbosity(&self, level: u8) {
        self.verbosity.store(level.min(MAX_LEVEL), Ordering::Relaxed);
    }

    /// Sets the debugging level; more than [`MAX_LEVEL`] is that.
    pub fn set_debugging(&self, level: u8) {
        self.debugging.store(level.min(MAX_LEVEL), Ordering::Relaxed);
    }

    /// Shows what scripts and scan send and receive, or no longer.
    pub fn set_tracing(&self, on: bool) {
        self.scripts.store(on, Ordering::Relaxed);
        self.packets.store(on, Ordering::Relaxed);
    }
}
