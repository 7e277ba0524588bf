//! The seam between nseer and the machine it runs on: files, clock and random numbers.
//!
//! The rest of the workspace reaches these only through the traits here (`clippy.toml` forbids
//! the standard library's own functions elsewhere), so that a test, a sandbox or a replay can put
//! something else in their place. Sockets have seams of their own: `nseer-net` for scripts,
//! `nseer-scan` for port scans. This crate knows nothing of scans or scripts.
#![allow(
    clippy::disallowed_methods,
    reason = "this crate is the seam: the one place where the real functions are called"
)]

mod clock;
mod files;
mod random;

use std::sync::Arc;

pub use clock::{Clock, RealClock};
pub use files::{FileKind, Files, OutputFile, RealFiles};
pub use random::{Random, RealRandom};

/// Files, clock and random numbers in one handle that is cheap to clone.
#[derive(Clone)]
pub struct System {
    /// The file system.
    pub files: Arc<dyn Files>,
    /// Monotonic and wall-clock time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
}

impl System {
    /// The machine itself.
    #[must_use]
    pub fn real() -> Self {
        System {
            files: Arc::new(RealFiles),
            clock: Arc::new(RealClock),
            random: Arc::new(RealRandom),
        }
    }
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("System")
    }
}
