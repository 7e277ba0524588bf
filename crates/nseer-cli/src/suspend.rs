//! Ctrl-Z: whoever gets the terminal then finds it as it was before the scan, without the line that tells how
//! far that is; `fg` brings both back.

use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::keys::Keys;
use crate::screen::Screen;

/// Listens for Ctrl-Z until it is dropped.
pub struct Suspender(JoinHandle<()>);

impl Suspender {
    /// For a scan that has taken the terminal of these keys. Gives nothing where signals cannot be caught;
    /// then Ctrl-Z does what it always does. Wants a runtime of tokio's around it.
    #[must_use]
    pub fn new(keys: &Keys, screen: Option<Screen>) -> Option<Suspender> {
        let caught = |which: Signal| signal(SignalKind::from_raw(which.as_raw())).ok();
        let mut pressed = caught(Signal::TSTP)?;
        let modes = keys.modes();
        Some(Suspender(tokio::spawn(async move {
            while pressed.recv().await.is_some() {
                screen.iter().for_each(Screen::pause);
                modes.pause();
                // All threads stop, though not at once: what comes next waits for the end of that.
                if let Some(mut woken) = caught(Signal::CONT)
                    && kill_process(getpid(), Signal::STOP).is_ok()
                {
                    woken.recv().await;
                }
                modes.go_on();
                screen.iter().for_each(Screen::go_on);
            }
        })))
    }
}

impl Drop for Suspender {
    fn drop(&mut self) {
        self.0.abort();
    }
}
