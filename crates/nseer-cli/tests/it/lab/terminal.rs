//! A terminal with a program in it: what the program writes is kept and drawn, keys are pressed.
#![allow(clippy::disallowed_methods, reason = "the lab bounds how long it waits")]

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long something may take to be shown.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than any test fills.
const ROWS: u16 = 200;

/// A terminal emulator and the program that runs in it.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    written: Arc<Mutex<Vec<u8>>>,
    columns: u16,
    before: String,
}

impl Terminal {
    /// Starts a program in a new terminal, with these variables besides `TERM`.
    pub(crate) fn start(
        program: &str,
        args: &[&str],
        columns: u16,
        variables: &[(&str, &str)],
    ) -> Terminal {
        let size = PtySize { rows: ROWS, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env_remove("CLICOLOR");
        command.env_remove("CLICOLOR_FORCE");
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let keyboard = pair.master.take_writer().expect("a keyboard");
        let mut reader = pair.master.try_clone_reader().expect("what is written");
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = written.clone();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&bytes[..count]);
            }
        });
        Terminal { master: pair.master, keyboard, child, written, columns, before }
    }

    /// All bytes that were written.
    pub(crate) fn bytes(&self) -> String {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&written).into_owned()
    }

    /// What a person sees, without empty lines at the end.
    pub(crate) fn screen(&self) -> String {
        let size = (NonZero::new(ROWS), NonZero::new(self.columns));
        let (Some(rows), Some(columns)) = size else { panic!("a terminal has room") };
        let mut parser = vt100::Parser::new(rows, columns, 0);
        parser.process(self.bytes().as_bytes());
        parser.screen().contents().trim_end().to_owned()
    }

    /// Waits until a text is on the screen.
    pub(crate) fn wait_for(&self, text: &str) {
        let begun = Instant::now();
        while !self.screen().contains(text) {
            assert!(begun.elapsed() < PATIENCE, "no {text:?} in\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until something is so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Terminal) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "not so: {what}\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is there");
        self.keyboard.flush().expect("the terminal is there");
    }

    /// True where the terminal is in the modes in which the program found it.
    pub(crate) fn is_as_before(&self) -> bool {
        modes(&*self.master) == self.before
    }

    /// Waits for the end of the program; gives its exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status.exit_code();
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// All settings of the terminal, as text to compare.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("the settings of the terminal"))
}
