//! The terminal of whoever waits for the scan: one line at its end that tells how far it is, which goes
//! out of the way of everything else that is printed.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::Term;
use nseer_core::Progress;
use nseer_seam::OutputFile;

/// The line, on standard error. Where that is no terminal there is none, and nothing of it gets into
/// a pipe or a file.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<Line>>);

struct Line {
    term: Term,
    is_shown: bool,
    is_paused: bool,
    colour: bool,
}

/// Where the terminal does not say how wide it is.
const USUAL_WIDTH: usize = 80;

impl Screen {
    /// The terminal of this process, if it has one that can take back what it shows.
    #[must_use]
    pub fn of_this_process() -> Option<Screen> {
        let term = Term::stderr();
        let is_dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
        let colour = console::colors_enabled_stderr();
        let line = Line { is_shown: false, is_paused: false, colour, term };
        (line.term.is_term() && !is_dumb).then(|| Screen(Arc::new(Mutex::new(line))))
    }

    /// Shows how far the scan is, in place of what the line showed.
    pub fn show(&self, progress: &Progress) {
        let mut line = self.lock();
        if line.is_paused {
            return;
        }
        let width = line.term.size_checked().map_or(USUAL_WIDTH, |(_, width)| width.into());
        // A line that fills the last cell would go on in the next.
        let text = nseer_progress::line(progress, width.saturating_sub(1), line.colour);
        // Who does not see it misses nothing else.
        let _ = line.term.clear_line().and_then(|()| line.term.write_str(&text));
        line.is_shown = true;
    }

    /// Takes the line away, before something else is printed.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Takes the line away, until [`Screen::go_on`].
    pub fn pause(&self) {
        let mut line = self.lock();
        line.clear();
        line.is_paused = true;
    }

    /// Lets the line be shown again.
    pub fn go_on(&self) {
        self.lock().is_paused = false;
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = self.term.clear_line();
        }
    }
}

/// Standard output, over which the line is on the same terminal.
pub struct Below {
    out: Box<dyn OutputFile>,
    screen: Option<Screen>,
}

impl Below {
    /// Standard output; the line goes away before it is written to.
    #[must_use]
    pub fn new(out: Box<dyn OutputFile>, screen: Option<Screen>) -> Below {
        Below { out, screen }
    }
}

impl OutputFile for Below {
    fn take_back(&mut self, count: u64) -> io::Result<()> {
        self.out.take_back(count)
    }
}

impl Write for Below {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.screen.iter().for_each(Screen::clear);
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
