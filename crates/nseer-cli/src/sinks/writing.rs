//! The thread that writes: each event goes to every report and to the store, in the order in which
//! they came; between them it tells how far the run is.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant, SystemTime};

use nseer_core::{Event, Levels, Progress, Severity};
use nseer_progress::Tracker;
use nseer_report::{message_text, status_lines};
use nseer_seam::Clock;
use nseer_store::{Store, StoreError};

use super::output::{Outputs, Sink};
use crate::keys::Key;
use crate::screen::Screen;

/// What the writer is sent.
pub(super) enum Item {
    /// Something happened.
    Event(Event),
    /// Things happened that are kept all or not at all.
    Together(Vec<Event>),
    /// Somebody pressed a key.
    Key(Key),
    /// That was all.
    End,
}

/// Where the scan is kept, and whether it holds what an earlier run has done.
pub struct Keeper {
    /// The store.
    pub store: Store,
    /// Where that is, for messages.
    pub name: String,
    /// It does: the outputs get that first.
    pub is_resumed: bool,
}

impl Keeper {
    /// Takes events; of what comes first, the reports get what was done before.
    fn take(
        &mut self,
        events: Vec<Event>,
        outputs: &mut Outputs,
        now: impl Fn() -> (SystemTime, Duration),
    ) -> io::Result<()> {
        let begins = matches!(events[..], [Event::RunStarted(_)]);
        self.store.take_together(events).map_err(io::Error::other)?;
        if begins {
            self.commit()?;
        }
        if begins && self.is_resumed {
            let replayed: Result<(), StoreError> = self.store.replay_results(|event| {
                outputs.take(&event, &now);
                if outputs.hold_much() {
                    outputs.release(&now);
                }
                Ok(())
            });
            replayed.map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> io::Result<()> {
        self.store.commit().map_err(io::Error::other)
    }
}

/// Who wants to know how far the run is.
pub(super) struct Watch {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) begun: Instant,
    pub(super) tracker: Tracker,
    /// The line at the end of the terminal.
    pub(super) line: Option<Screen>,
    pub(super) levels: Arc<Levels>,
    pub(super) stats_every: Option<Duration>,
    /// Normal output goes to standard output, and that is a terminal.
    pub(super) is_shown_on_stdout: bool,
}

impl Watch {
    /// The wall clock, and for how long the run goes on.
    fn now(&self) -> (SystemTime, Duration) {
        (self.clock.wall(), self.clock.now().saturating_duration_since(self.begun))
    }
}

/// How often the line at the end of the terminal changes.
const REDRAWN: Duration = Duration::from_millis(200);

/// After so many hosts the writer lets some gather: to be woken for each costs more than to write it.
const MANY_HOSTS: u32 = 64;

/// How long they gather; nobody sees a line come so much later.
const GATHERING: Duration = Duration::from_millis(2);

/// The same, while the store is going to be written to and nothing can be seen before.
const KEPT_GATHERING: Duration = Duration::from_millis(8);

/// How often the store is written to, at most. A scan that is killed does again what ended in that time.
const KEPT_EVERY: Duration = Duration::from_millis(25);

/// Where more ends, it is written to less often, since a transaction costs more than what is in it: so much
/// later for each script and host that the last one had.
const KEPT_LATER: Duration = Duration::from_millis(12);

/// But that often it is.
const KEPT_LATEST: Duration = Duration::from_millis(250);

pub(super) struct Writing {
    events: Receiver<Item>,
    outputs: Outputs,
    keeper: Option<Keeper>,
    watch: Watch,
    next_stats: Option<Instant>,
    next_line: Option<Instant>,
    /// When the store is written to next, where something waits for it.
    next_commit: Option<Instant>,
    last_commit: Instant,
    /// How long after that at the earliest.
    pace: Duration,
    /// Something came since it was last waited for.
    is_busy: bool,
    /// How many are done, while the run has not ended.
    hosts: u32,
}

impl Writing {
    pub(super) fn new(
        events: Receiver<Item>,
        sinks: Vec<Sink>,
        keeper: Option<Keeper>,
        watch: Watch,
    ) -> Writing {
        let now = watch.clock.now();
        let next_stats = watch.stats_every.and_then(|period| now.checked_add(period));
        let next_line = watch.line.as_ref().and_then(|_| now.checked_add(REDRAWN));
        Writing {
            events,
            outputs: Outputs::new(sinks),
            keeper,
            watch,
            next_stats,
            next_line,
            next_commit: None,
            last_commit: now,
            pace: KEPT_EVERY,
            is_busy: false,
            hosts: 0,
        }
    }

    /// Writes until the end. Goes on after an error, so that the other outputs are complete. Gives what
    /// could not be written, and why.
    pub(super) fn run(mut self) -> Vec<String> {
        let mut ended = false;
        while let Some(item) = self.next() {
            let events = match item {
                Item::Event(event) => vec![event],
                Item::Together(events) => events,
                Item::Key(key) => {
                    self.press(key);
                    continue;
                }
                Item::End => break,
            };
            for event in &events {
                use Severity::{Error, Warning};
                if let Event::Message { severity: Warning | Error, text } = event {
                    if self.watch.is_shown_on_stdout {
                        // A reader sees both, and in the order in which they came.
                        self.flush();
                    }
                    self.tell(text);
                }
            }
            // Scripts that a broken-off run left behind may end after it.
            if ended {
                continue;
            }
            for event in &events {
                ended |= matches!(event, Event::RunFinished(_));
                self.hosts = match event {
                    Event::HostDone(_) => self.hosts.saturating_add(1),
                    Event::RunFinished(_) => 0,
                    _ => self.hosts,
                };
                self.watch.tracker.take(event, self.watch.clock.now());
            }
            self.write(events);
            if self.outputs.hold_much() {
                self.flush();
            }
        }
        self.flush();
        self.watch.line.iter().for_each(Screen::clear);
        self.outputs.failures
    }

    /// The next thing to do; what is due in the meantime is done.
    fn next(&mut self) -> Option<Item> {
        loop {
            self.tell_progress();
            if self.next_commit.is_some_and(|due| due <= self.watch.clock.now()) {
                self.flush();
            }
            match self.events.try_recv() {
                Err(TryRecvError::Empty) if self.next_commit.is_some() => {
                    // While more comes, it gathers; else the next thing wakes.
                    if std::mem::take(&mut self.is_busy) {
                        std::thread::sleep(KEPT_GATHERING);
                        continue;
                    }
                }
                Err(TryRecvError::Empty) => {
                    self.flush();
                    if self.hosts > MANY_HOSTS {
                        std::thread::sleep(GATHERING);
                    }
                }
                item => {
                    self.is_busy = true;
                    return item.ok();
                }
            }
            let due = [self.next_stats, self.next_line, self.next_commit];
            let Some(due) = due.into_iter().flatten().min() else {
                return self.events.recv().ok();
            };
            let wait = due.saturating_duration_since(self.watch.clock.now());
            match self.events.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => {}
                item => {
                    self.is_busy = true;
                    return item.ok();
                }
            }
        }
    }

    fn write(&mut self, events: Vec<Event>) {
        let Writing { outputs, keeper, watch, .. } = self;
        events.iter().for_each(|event| outputs.take(event, || watch.now()));
        let Some(kept) = keeper else { return };
        if let Err(error) = kept.take(events, outputs, || watch.now()) {
            outputs.failures.push(format!("{}: {error}", kept.name));
            keeper.take().into_iter().for_each(|kept| kept.store.give_up());
            self.next_commit = None;
        } else if self.next_commit.is_none() && kept.store.is_behind() {
            // At once, where there was nothing to write for a while.
            self.next_commit = self.last_commit.checked_add(self.pace);
        }
    }

    /// Lets be seen what was written, when the store has it.
    fn flush(&mut self) {
        let Writing { outputs, keeper, watch, .. } = self;
        if let (Some(kept), Some(_)) = (&mut *keeper, self.next_commit.take()) {
            self.pace = pace(kept.store.ended());
            if let Err(error) = kept.commit() {
                outputs.failures.push(format!("{}: {error}", kept.name));
                keeper.take().into_iter().for_each(|kept| kept.store.give_up());
            }
            self.last_commit = watch.clock.now();
        }
        outputs.release(|| watch.now());
    }

    /// A line on standard error. Where that is gone there is nobody to tell.
    fn tell(&self, text: &[u8]) {
        self.watch.line.iter().for_each(Screen::clear);
        let _ = writeln!(io::stderr(), "{}", message_text(text));
    }

    fn progress(&self) -> Progress {
        let clock = &self.watch.clock;
        self.watch.tracker.progress(clock.now(), clock.wall())
    }

    /// `--stats-every`, and the line at the end of the terminal.
    fn tell_progress(&mut self) {
        if self.next_stats.is_none() && self.next_line.is_none() {
            return;
        }
        let now = self.watch.clock.now();
        if self.next_stats.is_some_and(|due| due <= now) {
            self.next_stats = self.watch.stats_every.and_then(|period| now.checked_add(period));
            self.write(vec![Event::Progress(self.progress())]);
            self.flush();
        }
        if let (Some(due), Some(line)) = (self.next_line, &self.watch.line)
            && due <= now
        {
            line.show(&self.progress());
            self.next_line = now.checked_add(REDRAWN);
        }
    }

    /// What a key gives goes to the screen; where normal output is no screen, to standard error.
    fn press(&mut self, key: Key) {
        let said = key.apply(&self.watch.levels);
        let (verbosity, debugging) = (self.watch.levels.verbosity(), self.watch.levels.debugging());
        self.outputs.set_levels(verbosity, debugging);
        let text = match said {
            Some(text) => text,
            None if self.watch.is_shown_on_stdout => {
                self.write(vec![Event::Progress(self.progress())]);
                return;
            }
            None => status_lines(&self.progress()).trim_end().to_owned(),
        };
        if self.watch.is_shown_on_stdout {
            let text = text.into_bytes();
            self.write(vec![Event::Message { severity: Severity::Info, text }]);
        } else {
            self.tell(text.as_bytes());
        }
    }
}

/// How long to wait after a transaction that kept so many ends.
fn pace(ended: usize) -> Duration {
    let ended = u32::try_from(ended).unwrap_or(u32::MAX);
    KEPT_LATER.saturating_mul(ended).clamp(KEPT_EVERY, KEPT_LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slow scan loses little when it is killed, a fast one does not pay for that; none waits for long.
    #[test]
    fn the_store_is_written_to_less_often_where_more_happens() {
        assert_eq!((pace(0), pace(1), pace(2)), (KEPT_EVERY, KEPT_EVERY, KEPT_EVERY));
        assert!(pace(10) > KEPT_EVERY && pace(10) < KEPT_LATEST);
        assert_eq!((pace(1000), pace(usize::MAX)), (KEPT_LATEST, KEPT_LATEST));
    }
}
