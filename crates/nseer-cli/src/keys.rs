//! Keys that are pressed during a scan, after "Runtime interaction" in nmap(1). The terminal gives each
//! key at once and does not show it, for as long as [`Keys`] lives.

use std::io::{self, IsTerminal as _};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nseer_core::Levels;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `v` (up) and `V`.
    Verbosity(bool),
    /// `d` (up) and `D`.
    Debugging(bool),
    /// `p` (on) and `P`.
    Tracing(bool),
    /// `?`.
    Help,
    /// Any other.
    Status,
}

/// What `?` tells.
pub const HELP: &str = "Keys during a scan:\n\
    ?              this list\n\
    v / V          more / less verbosity\n\
    d / D          more / less debugging\n\
    p / P          show / do not show what is sent and received\n\
    any other key  how far the scan is";

impl Key {
    /// What these bytes ask for, which came at once. A key that sends several begins with an escape and
    /// is one key.
    fn of(bytes: &[u8]) -> Vec<Key> {
        if bytes.first() == Some(&0x1b) {
            return vec![Key::Status];
        }
        bytes.iter().map(|byte| Key::of_byte(*byte)).collect()
    }

    fn of_byte(byte: u8) -> Key {
        match byte {
            b'v' => Key::Verbosity(true),
            b'V' => Key::Verbosity(false),
            b'd' => Key::Debugging(true),
            b'D' => Key::Debugging(false),
            b'p' => Key::Tracing(true),
            b'P' => Key::Tracing(false),
            b'?' => Key::Help,
            _ => Key::Status,
        }
    }

    /// Does to the levels what the key asks for; gives what is to be said of that.
    #[must_use]
    pub fn apply(self, levels: &Levels) -> Option<String> {
        let step = |level: u8, up: bool| {
            if up { level.saturating_add(1) } else { level.saturating_sub(1) }
        };
        let way = |up: bool| if up { "Increased" } else { "Decreased" };
        match self {
            Key::Verbosity(up) => {
                levels.set_verbosity(step(levels.verbosity(), up));
                Some(format!("Verbosity {} to {}.", way(up), levels.verbosity()))
            }
            Key::Debugging(up) => {
                levels.set_debugging(step(levels.debugging(), up));
                Some(format!("Debugging {} to {}.", way(up), levels.debugging()))
            }
            Key::Tracing(on) => {
                levels.set_tracing(on);
                Some(format!("Packet Tracing {}.", if on { "enabled" } else { "disabled" }))
            }
            Key::Help => Some(HELP.to_owned()),
            Key::Status => None,
        }
    }
}

/// Listens for keys until it is dropped, which puts the terminal back as it was.
pub struct Keys(SharedModes);

/// The modes of the terminal that keys come from.
#[derive(Clone)]
pub struct SharedModes(Arc<Mutex<Modes>>);

/// How a terminal was and how it is meant to be.
struct Modes {
    terminal: BorrowedFd<'static>,
    before: Termios,
    ours: Termios,
    is_over: bool,
    is_paused: bool,
}

/// How long the thread waits before it looks whether the scan is over.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

impl Keys {
    /// True where somebody may press a key: standard input is a terminal.
    #[must_use]
    pub fn may_come() -> bool {
        io::stdin().is_terminal()
    }

    /// Listens on standard input; gives nothing where that is no terminal.
    #[must_use]
    pub fn of_stdin(pressed: impl Fn(Key) + Send + 'static) -> Option<Keys> {
        Keys::may_come().then(|| Keys::of(rustix::stdio::stdin(), pressed))?
    }

    fn of(terminal: BorrowedFd<'static>, pressed: impl Fn(Key) + Send + 'static) -> Option<Keys> {
        let before = tcgetattr(terminal).ok()?;
        let mut ours = before.clone();
        // Signals (Ctrl-C) and line ends stay as they are.
        ours.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        let modes = Modes { terminal, before, ours, is_over: false, is_paused: false };
        modes.take();
        let keys = Keys(SharedModes(Arc::new(Mutex::new(modes))));
        let shared = keys.modes();
        let thread = std::thread::Builder::new().name("keys".to_owned());
        thread.spawn(move || listen(&shared, pressed)).ok()?;
        Some(keys)
    }

    /// The modes of the terminal.
    #[must_use]
    pub fn modes(&self) -> SharedModes {
        self.0.clone()
    }
}

impl SharedModes {
    fn lock(&self) -> MutexGuard<'_, Modes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the terminal back as it was, until [`SharedModes::go_on`].
    pub fn pause(&self) {
        let mut modes = self.lock();
        modes.is_paused = true;
        modes.give_back();
    }

    /// Takes the terminal again.
    pub fn go_on(&self) {
        let mut modes = self.lock();
        modes.is_paused = false;
        if !modes.is_over {
            modes.take();
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let mut modes = self.0.lock();
        modes.is_over = true;
        modes.give_back();
    }
}

impl Modes {
    /// A process in the background would be stopped for touching the terminal.
    fn is_in_foreground(&self) -> bool {
        tcgetpgrp(self.terminal).is_ok_and(|group| group == rustix::process::getpgrp())
    }

    fn take(&self) {
        if self.is_in_foreground() {
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.ours);
        }
    }

    fn give_back(&self) {
        if self.is_in_foreground() {
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        }
    }

    /// After the scan was stopped and went on (Ctrl-Z, `fg`), the shell has its own modes there.
    fn take_again(&self) {
        let now = tcgetattr(self.terminal).map(|now| now.local_modes);
        if now.is_ok_and(|now| now != self.ours.local_modes) {
            self.take();
        }
    }
}

fn listen(modes: &SharedModes, pressed: impl Fn(Key)) {
    loop {
        let (terminal, is_ours) = {
            let modes = modes.lock();
            if modes.is_over {
                return;
            }
            let is_ours = modes.is_in_foreground();
            if is_ours && !modes.is_paused {
                modes.take_again();
            }
            (modes.terminal, is_ours)
        };
        let mut asked = [PollFd::from_borrowed_fd(terminal, PollFlags::IN)];
        let asked = if is_ours { &mut asked[..] } else { &mut [] };
        match poll(asked, Some(&PAUSE)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return,
        }
        let mut bytes = [0; 64];
        match rustix::io::read(terminal, &mut bytes) {
            // The terminal is gone.
            Ok(0) | Err(_) => return,
            Ok(count) => Key::of(&bytes[..count]).into_iter().for_each(&pressed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_nmaps() {
        assert_eq!(Key::of(b"vVx"), [Key::Verbosity(true), Key::Verbosity(false), Key::Status]);
        assert_eq!(Key::of(b"\x1b[A"), [Key::Status], "an arrow is one key");
        assert_eq!(Key::of(b" "), [Key::Status]);
    }

    #[test]
    fn levels_stay_within_their_bounds() {
        let levels = Levels::new(9, 0, false);
        let say = |key: Key| key.apply(&levels).unwrap_or_default();
        assert_eq!(say(Key::Verbosity(true)), "Verbosity Increased to 10.");
        assert_eq!(say(Key::Verbosity(true)), "Verbosity Increased to 10.");
        assert_eq!(say(Key::Debugging(false)), "Debugging Decreased to 0.");
        assert_eq!(say(Key::Tracing(true)), "Packet Tracing enabled.");
        assert!(levels.tracing());
        assert_eq!(Key::Status.apply(&levels), None);
    }
}
