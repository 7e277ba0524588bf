//! What ends a run from outside: Ctrl-C, `kill`, a terminal that goes away.

use std::path::Path;

use nseer_seam::System;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits until the run is to end, and gives why. With `hears_hangup` a terminal that goes away ends it too.
pub async fn told_to_stop(hears_hangup: bool) -> String {
    let ended = signal(SignalKind::terminate()).ok();
    let hung_up = if hears_hangup { signal(SignalKind::hangup()).ok() } else { None };
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => match pressed {
            Ok(()) => "interrupted by the user".to_owned(),
            Err(_) => std::future::pending().await,
        },
        () = received(ended) => "told to end".to_owned(),
        () = received(hung_up) => "its terminal went away".to_owned(),
    }
}

async fn received(signal: Option<Signal>) {
    match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// False where the program that started this one said that a terminal that goes away is no matter, as nohup(1)
/// does. By proc(5), field `SigIgn`; where that cannot be read, nothing is changed.
#[must_use]
pub fn hears_hangup(system: &System) -> bool {
    const SIGHUP_BIT: u64 = 1;
    let status = system.files.read(Path::new("/proc/self/status")).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & SIGHUP_BIT == 0)
}
