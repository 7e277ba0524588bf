//! Reports and where they write to, each until it cannot be written any more.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use nseer_core::event::RunSummary;
use nseer_core::{Event, HostStatus};
use nseer_report::Report;
use nseer_seam::OutputFile;

/// An output that several may hold. What a report writes is held back until it may be seen: when no
/// further event is there, so that thousands of hosts a second do not cost a system call each; and with a
/// store not before that has it, so that a scan which is killed and goes on does nothing again that
/// was seen to be done.
#[derive(Clone)]
pub(super) struct Output(Arc<Mutex<Held>>);

struct Held {
    bytes: Vec<u8>,
    out: Box<dyn OutputFile>,
    /// How many went out.
    written: u64,
    /// The ends of the newest events.
    ends: VecDeque<End>,
}

/// Where an event ends.
#[derive(Clone, Copy, Default, PartialEq)]
struct End {
    /// Bytes before it, from the first that went out.
    at: u64,
    /// Hosts before it.
    up: u64,
    down: u64,
}

/// Bytes that are held back before they are written in any case.
const MUCH: usize = 64 * 1024;

/// So far back from what went out ends of events are remembered: what closes a document, a page's script
/// too, needs no more room.
const REMEMBERED: u64 = 64 * 1024;

impl Output {
    pub(super) fn new(out: Box<dyn OutputFile>) -> Output {
        let ends = [End::default()].into();
        Output(Arc::new(Mutex::new(Held { bytes: Vec::new(), out, written: 0, ends })))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds_much(&self) -> bool {
        self.lock().bytes.len() > MUCH
    }

    /// What was given until now is whole, with so many hosts in it.
    fn end_event(&self, up: u64, down: u64) {
        let mut held = self.lock();
        let at = held.written + held.bytes.len() as u64;
        if held.ends.back().is_none_or(|last| last.at < at) {
            held.ends.push_back(End { at, up, down });
        }
        let written = held.written;
        while held.ends.get(1).is_some_and(|second| second.at + REMEMBERED < written) {
            held.ends.pop_front();
        }
    }

    fn release(&self) -> io::Result<()> {
        let mut held = self.lock();
        if held.bytes.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut held.bytes);
        held.put(&bytes)?;
        held.bytes = bytes;
        held.bytes.clear();
        held.bytes.shrink_to(MUCH);
        held.out.flush()
    }

    /// After something could not be written: gives up what is held, and takes back what went out after the last
    /// end of an event, which it gives and forgets.
    fn step_back(&self) -> io::Result<Option<End>> {
        let mut held = self.lock();
        held.bytes.clear();
        while let Some(end) = held.ends.pop_back() {
            if let Some(more) = held.written.checked_sub(end.at) {
                held.out.take_back(more)?;
                held.written = end.at;
                return Ok(Some(end));
            }
        }
        Ok(None)
    }
}

impl Held {
    /// Writes all, and counts also where that fails.
    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count as u64;
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A report and where it writes to.
pub(super) struct Sink {
    /// Where that is, for messages.
    name: String,
    report: Box<dyn Report>,
    output: Output,
    /// Its reader may have seen enough.
    is_stream: bool,
    /// Hosts it was given.
    up: u64,
    down: u64,
}

impl Sink {
    /// `report` writes to `output`, which messages call `name`.
    pub(super) fn new(
        name: String,
        report: Box<dyn Report>,
        output: Output,
        is_stream: bool,
    ) -> Sink {
        Sink { name, report, output, is_stream, up: 0, down: 0 }
    }

    fn take(&mut self, event: &Event) -> io::Result<()> {
        self.report.event(event)?;
        if let Event::HostDone(host) | Event::HostCutShort(host) = event {
            let count = if host.status == HostStatus::Up { &mut self.up } else { &mut self.down };
            *count += 1;
        }
        self.output.end_event(self.up, self.down);
        Ok(())
    }

    /// Lets the output, which could not be written, end behind as many events as there is room for with what
    /// closes it. What cannot be taken back, as that of a pipe, stays as it is.
    fn close(&mut self, why: &str, (finished, elapsed): (SystemTime, Duration)) -> io::Result<()> {
        let mut first = None;
        while let Some(end) = self.output.step_back()? {
            // What did not begin cannot be closed.
            if end.at == 0 {
                return Ok(());
            }
            first = Some(end);
            let interrupted = Some(why.to_owned());
            let End { up, down, .. } = end;
            let end = RunSummary { finished, elapsed, up, down, interrupted, is_told: false };
            self.report.event(&Event::RunFinished(end))?;
            if self.output.release().is_ok() {
                return Ok(());
            }
        }
        self.output.lock().ends.extend(first);
        self.output.step_back().map(drop)
    }
}

/// All reports that can still be written.
pub(super) struct Outputs {
    sinks: Vec<Sink>,
    /// What could not be written, and why.
    pub(super) failures: Vec<String>,
}

impl Outputs {
    pub(super) fn new(sinks: Vec<Sink>) -> Outputs {
        Outputs { sinks, failures: Vec::new() }
    }

    /// Gives all of them an event. `now` is the wall clock and for how long the run goes on.
    pub(super) fn take(&mut self, event: &Event, now: impl Fn() -> (SystemTime, Duration)) {
        self.each(now, |sink| sink.take(event));
    }

    /// Lets be seen what was written.
    pub(super) fn release(&mut self, now: impl Fn() -> (SystemTime, Duration)) {
        self.each(now, |sink| sink.output.release());
    }

    /// Some hold more than they should.
    pub(super) fn hold_much(&self) -> bool {
        self.sinks.iter().any(|sink| sink.output.holds_much())
    }

    pub(super) fn set_levels(&mut self, verbosity: u8, debugging: u8) {
        self.sinks.iter_mut().for_each(|sink| sink.report.set_levels(verbosity, debugging));
    }

    fn each(
        &mut self,
        now: impl Fn() -> (SystemTime, Duration),
        mut act: impl FnMut(&mut Sink) -> io::Result<()>,
    ) {
        let failures = &mut self.failures;
        self.sinks.retain_mut(|sink| match act(sink) {
            Ok(()) => true,
            // A reader that has seen enough is no failure, but gets no more.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && sink.is_stream => false,
            Err(error) => {
                let why = format!("{}: {error}", sink.name);
                // That it failed is told already.
                let _ = sink.close(&format!("cannot write to {why}"), now());
                failures.push(why);
                false
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file on a disk that has so much room.
    struct Small(Arc<Mutex<Vec<u8>>>, usize);

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut file = self.0.lock().expect("the file");
            let room = self.1 - file.len();
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let count = bytes.len().min(room);
            file.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl OutputFile for Small {
        fn take_back(&mut self, count: u64) -> io::Result<()> {
            let mut file = self.0.lock().expect("the file");
            let rest = file.len() - usize::try_from(count).expect("not that long");
            file.truncate(rest);
            Ok(())
        }
    }

    #[test]
    fn much_that_was_held_back_does_not_hide_where_it_could_end() {
        let file = Arc::new(Mutex::new(Vec::new()));
        let mut output = Output::new(Box::new(Small(file.clone(), 5000)));
        let event = [b'e'; 1000];
        for number in 1..=4 {
            output.write_all(&event).expect("held");
            output.end_event(number, 0);
        }
        output.release().expect("room for four");
        // More than is remembered of what went out, in one go.
        for number in 5..=200 {
            output.write_all(&event).expect("held");
            output.end_event(number, 0);
        }
        output.release().expect_err("no room");
        let mut hosts = Vec::new();
        while let Some(end) = output.step_back().expect("taken back") {
            assert_eq!(file.lock().expect("the file").len() as u64, end.at);
            hosts.push(end.up);
        }
        assert_eq!(hosts, [5, 4, 3, 2, 1, 0]);
    }
}
