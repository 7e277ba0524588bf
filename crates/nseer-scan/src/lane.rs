//! One task's share of what is asked of a host: sends probes, takes answers, sends again, gives verdicts.
//!
//! Where the network answers at once (this machine, refused connections on it) a probe is a call
//! of the connector and an entry in a list; the rest of what is here is only for answers that
//! have to be waited for. Knows no sockets and no host record.

mod amid_silence;
mod bench;

use std::collections::VecDeque;
use std::io;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use nseer_core::PortState;
use tokio::time::{Instant, sleep_until};

use crate::back_off::ErrorPace;
use crate::canary::Canaries;
use crate::connector::{Answer, Connector, Started};
use crate::flight::{Flight, Landed};
use crate::gate::{Gate, Permit};
use crate::host_state::HostState;
use crate::order;
use crate::second_look::{Batches, FirstTries};
use crate::shortage::Shortage;
use crate::work::{InFlight, Probe, Verdict, Work};

/// Probes between two looks at what else the runtime has to do.
const BLOCK: usize = 64;

/// What a lane does next.
enum Step {
    Sent,
    /// Nothing can be sent before a probe ends, or one of these comes.
    Wait {
        until: Option<Instant>,
        permit: bool,
    },
    Finished,
}

const FOR_ANSWERS: Step = Step::Wait { until: None, permit: false };

/// One task's scan of its share.
pub(crate) struct Lane<'a, C: Connector> {
    gate: &'a Gate,
    host: &'a HostState,
    work: &'a Work,
    connector: C,
    block: Range<usize>,
    again: VecDeque<Probe>,
    /// Silent ports that had all retransmissions which seemed useful at the time.
    bench: Vec<Probe>,
    /// They may be answered yet: when to look.
    lingers_until: Option<Instant>,
    /// The longest round trip.
    slowest: Duration,
    flight: Flight<C::Pending, InFlight<'a>>,
    /// A permit that is passed from probe to probe while answers come at once.
    permit: Option<Permit<'a>>,
    verdicts: Vec<Verdict>,
    /// Answers to first tries that the windows have not been told of, and a round trip of them.
    answered: usize,
    trip: Option<Duration>,
    shortage: Option<Shortage>,
    /// No round trip of the host has been measured.
    is_stranger: bool,
    /// Known ports among silent ones; `None` where their answers may be limited.
    canaries: Option<Canaries>,
    /// Keeps probes apart that are answered by errors.
    error_pace: Option<ErrorPace>,
    first_tries: FirstTries,
    /// So many tries of a probe were in vain when it was last examined whether there is a limit; and there
    /// is one.
    examined: u32,
    is_limited: bool,
    /// The second look at what was silent, once it has begun.
    second_look: Option<Batches>,
    /// Until then nothing is sent.
    rests_until: Option<Instant>,
    last_sent: Option<Instant>,
}

impl<'a, C: Connector> Lane<'a, C> {
    pub(crate) fn new(
        gate: &'a Gate,
        host: &'a HostState,
        work: &'a Work,
        mut connector: C,
    ) -> Self {
        connector.turn_to(&work.host);
        Lane {
            gate,
            host,
            work,
            connector,
            block: 0..0,
            again: VecDeque::new(),
            bench: Vec::new(),
            lingers_until: None,
            slowest: Duration::ZERO,
            flight: Flight::new(),
            permit: None,
            verdicts: Vec::new(),
            answered: 0,
            trip: None,
            shortage: None,
            is_stranger: !host.is_measured(),
            canaries: work.canaries().filter(|_| host.waits_for_limits()),
            error_pace: work.is_told_by_errors().then(|| ErrorPace::new(work.lanes())),
            first_tries: FirstTries::default(),
            examined: 1,
            is_limited: false,
            second_look: None,
            rests_until: None,
            last_sent: None,
        }
    }

    /// Scans until no port is left, or `report` breaks. Each port is reported at most once.
    ///
    /// # Errors
    /// This machine could not open sockets for a minute.
    pub(crate) async fn run(
        mut self,
        mut report: impl FnMut(&mut Vec<Verdict>) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let mut sent = 0;
        loop {
            if !self.flight.is_empty() {
                while let Some(landed) = self.flight.now().await {
                    self.landed(landed);
                }
                self.expire();
            }
            let step = self.step(Instant::now())?;
            if matches!(step, Step::Sent) && sent < BLOCK && self.verdicts.len() < BLOCK {
                sent += 1;
                continue;
            }
            sent = 0;
            if self.flush(&mut report).is_break() {
                return Ok(());
            }
            match step {
                Step::Sent => tokio::task::yield_now().await,
                Step::Wait { until, permit } => self.wait(until, permit).await,
                Step::Finished => return Ok(()),
            }
        }
    }

    /// Sends one probe, if there is one and it may be sent.
    fn step(&mut self, now: Instant) -> io::Result<Step> {
        let pause_ends = self.shortage.as_ref().map(Shortage::until);
        if pause_ends.is_some_and(|until| now < until) {
            return Ok(Step::Wait { until: pause_ends, permit: false });
        }
        if !self.has_next(now) {
            return Ok(match self.lingers_until {
                _ if !self.flight.is_empty() => FOR_ANSWERS,
                None => Step::Finished,
                until => Step::Wait { until, permit: false },
            });
        }
        if let Some(wait) = self.obstacle(now) {
            return Ok(wait);
        }
        let (Some(permit), Some(mut probe)) = (self.permit.take(), self.pop()) else {
            return Ok(FOR_ANSWERS);
        };
        self.host.sent(now);
        if let Some(pace) = &mut self.error_pace {
            pace.sent(now);
        }
        self.last_sent = Some(now);
        let pace = self.host.pace_number();
        if probe.pace != pace {
            (probe.pace, probe.missed) = (pace, 0);
        }
        if let (None, Some(canaries)) = (probe.stands_for, &mut self.canaries) {
            probe.epoch = canaries.epoch();
            canaries.sent();
        }
        let started = match probe.stands_for {
            None => self.connector.start(probe.aim, probe.tries),
            Some(_) => self.connector.ask_again(probe.aim, probe.tries),
        };
        match started {
            Started::Done(answer) => {
                self.permit = Some(permit);
                self.answered_at_once(probe, answer, now);
            }
            Started::Pending(pending) => {
                self.flight.push(pending, InFlight { probe, permit }, now);
            }
            Started::Shortage(error) => {
                self.again.push_front(probe);
                return self.pause(error, now);
            }
        }
        self.shortage = None;
        Ok(Step::Sent)
    }

    /// Why no probe may be sent now; otherwise there is a permit for one.
    fn obstacle(&mut self, now: Instant) -> Option<Step> {
        let late_from = self.gate.late_from(now);
        let forced = late_from.is_some_and(|late| late <= now);
        // One probe is always allowed, so that answers which come at once cost no look at it.
        if !forced && !self.flight.is_empty() && self.flight.len() >= self.share() {
            return Some(Step::Wait { until: late_from, permit: false });
        }
        if let Some(until) = self.rests_until.filter(|until| now < *until) {
            return Some(Step::Wait { until: Some(until), permit: false });
        }
        let error_pace = self.error_pace.as_ref().filter(|_| !forced);
        if let Some(until) = error_pace.and_then(|pace| pace.wait(now)) {
            return Some(Step::Wait { until: Some(until), permit: false });
        }
        if let Some(until) = self.host.delayed_until(now) {
            return Some(Step::Wait { until: Some(until), permit: false });
        }
        if self.permit.is_none() {
            self.permit = self.gate.try_acquire(forced);
        }
        if self.permit.is_none() {
            // With all sockets in use no rate helps; a time in the past would make this spin.
            let until = late_from.filter(|late| *late > now);
            return Some(Step::Wait { until, permit: true });
        }
        let until = self.gate.take_rate(now)?;
        Some(Step::Wait { until: Some(until), permit: false })
    }

    /// This lane's part of the host's window.
    fn share(&self) -> usize {
        (self.host.window() / self.work.lanes()).max(1)
    }

    fn is_told_by_errors(&self) -> bool {
        self.work.is_told_by_errors()
    }

    fn timeout(&mut self) -> Duration {
        // The pauses of a second look are longer than an error takes.
        let waits_for_errors = self.is_told_by_errors() && self.second_look.is_none();
        let timeout =
            if waits_for_errors { self.host.error_timeout() } else { self.host.timeout() };
        if !self.is_stranger {
            return timeout;
        }
        // It is asked again as if it were as near as others are. Before it is called silent, it gets the
        // time that it had without them.
        let oldest = self.flight.oldest().map(|in_flight| in_flight.probe.tries);
        match oldest {
            Some(tries) if tries < self.allowed_retries() => timeout.min(self.gate.usual_timeout()),
            _ => timeout,
        }
    }

    fn has_next(&mut self, now: Instant) -> bool {
        if !self.again.is_empty() {
            return true;
        }
        if self.block.is_empty() {
            self.block = self.work.take();
        }
        if self.block.is_empty() && self.flight.is_empty() {
            self.judge_bench(now);
        }
        !self.again.is_empty() || !self.block.is_empty()
    }

    fn pop(&mut self) -> Option<Probe> {
        let canary = self.canary();
        canary.or_else(|| self.again.pop_front()).or_else(|| {
            let aim = *self.work.aims.get(self.block.next()?)?;
            // Likely ports are not in the random order.
            let place = (!order::is_likely(aim)).then(|| self.first_tries.sent(self.epoch()));
            Some(Probe::new(aim, place))
        })
    }

    fn allowed_retries(&self) -> u32 {
        self.host.allowed_retries().max(self.gate.retries_for_loss())
    }

    fn answered_at_once(&mut self, probe: Probe, answer: Answer, begun: Instant) {
        // The clock is not free, and one sample for each report is enough (RFC 6298, section 3).
        if self.trip.is_none() && answer.is_from_host && answer.to.is_none() {
            self.trip = Some(begun.elapsed());
        }
        self.answered(probe, answer, None);
    }

    fn landed(&mut self, landed: Landed<Answer, InFlight<'a>>) {
        let answer = landed.output;
        let trip = landed.sent.elapsed();
        // Hops of a trace tell of themselves.
        if !answer.is_from_host && landed.tag.probe.aim.hops == 0 {
            self.host.told_by_others(trip);
        }
        let trip = answer.is_from_host.then_some(trip);
        self.answered(landed.tag.probe, answer, trip);
    }

    /// `trip` counts from the last try, where the answer does not tell which one it is to.
    fn answered(&mut self, probe: Probe, answer: Answer, trip: Option<Duration>) {
        if self.is_canary(&probe, answer.is_from_host) {
            let trip = answer.to.map_or(trip, |(_, trip)| Some(trip));
            return trip.into_iter().for_each(|trip| self.host.sample(trip));
        }
        self.verdicts.push((probe.aim, answer));
        if let Some(canaries) = self.canaries.as_mut().filter(|_| answer.is_from_host) {
            canaries.heard(probe.aim, answer.status.state == PortState::Open);
        }
        let (lost, trip) = match answer.to {
            Some((attempt, trip)) => (attempt, answer.is_from_host.then_some(trip)),
            // An answer that takes longer than the tries before it were waited for: these came to nothing
            // because they were given up, not because they were lost.
            None if trip.is_some_and(|trip| trip > probe.waited) => (0, trip),
            None => (probe.tries, trip),
        };
        self.slowest = self.slowest.max(trip.unwrap_or_default());
        if let Some(trip) = trip.filter(|_| self.is_stranger) {
            self.is_stranger = false;
            self.gate.met(trip);
        }
        if let (0, Some(place)) = (lost, probe.place) {
            self.first_tries.told(place, true);
        }
        if let Some(batches) = &mut self.second_look {
            // What the limit kept back says nothing of loss.
            batches.answered();
            return trip.into_iter().for_each(|trip| self.host.sample(trip));
        }
        if lost > 0 && self.host.defeats(answer.status.reason) {
            return trip.into_iter().for_each(|trip| self.host.sample(trip));
        }
        if answer.is_limited_error() && self.is_told_by_errors() {
            let is_of_this_pace = probe.pace == self.host.pace_number();
            let missed = if is_of_this_pace { probe.missed } else { 0 };
            if let Some(pace) = &mut self.error_pace {
                pace.told(lost);
            }
            self.host.error(lost, missed, Instant::now());
        }
        match (lost, trip) {
            (0, None) => self.answered += 1,
            (0, Some(_)) => {
                self.host.answered(1, trip);
                self.gate.answered(1);
            }
            (retries, _) => {
                let is_excused = self.canaries.as_ref().is_some_and(Canaries::were_missed);
                self.host.answered_late(retries, trip, is_excused);
                self.gate.lost(retries);
            }
        }
    }

    fn expire(&mut self) {
        let now = Instant::now();
        self.leave_old(now);
        let mut timeout = self.timeout();
        let mut allowed = None;
        while let Some(InFlight { mut probe, .. }) = self.flight.expire(now, timeout) {
            if self.is_canary(&probe, false) {
                continue;
            }
            self.host.silent(self.is_told_by_errors());
            if let Some(canaries) = &mut self.canaries {
                canaries.silent();
            }
            if probe.tries == 0 {
                self.host.unanswered();
                self.gate.unanswered();
            }
            if let (0, Some(place)) = (probe.tries, probe.place) {
                self.first_tries.told(place, false);
            }
            probe.tries += 1;
            probe.missed += 1;
            probe.waited = timeout;
            if !self.is_limited(probe.tries)
                && probe.tries <= *allowed.get_or_insert_with(|| self.allowed_retries())
            {
                self.again.push_back(probe);
            } else {
                self.bench.push(probe);
            }
            if self.is_stranger {
                timeout = self.timeout();
            }
        }
    }

    /// True where retransmissions in quick succession are of no use. It is examined whenever one more has
    /// been in vain than before.
    fn is_limited(&mut self, tries: u32) -> bool {
        if !self.is_limited && tries > self.examined {
            self.examined = tries;
            self.is_limited = self.falls_silent();
            if self.is_limited {
                self.bench.extend(self.again.drain(..));
            }
        }
        self.is_limited
    }

    fn falls_silent(&self) -> bool {
        let is_well = self.canaries.as_ref().is_some_and(Canaries::are_well);
        self.host.waits_for_limits()
            && !is_well
            && self.first_tries.fall_silent(|epoch| self.doubts(epoch))
    }

    /// Backs off, since this machine has no sockets left. It says nothing of the port.
    fn pause(&mut self, error: io::Error, now: Instant) -> io::Result<Step> {
        self.gate.crowded();
        let shortage = Shortage::goes_on(self.shortage.take(), now).ok_or(error)?;
        let until = Some(shortage.until());
        self.shortage = Some(shortage);
        Ok(Step::Wait { until, permit: false })
    }

    /// Sends what was kept back, and tells the windows and the caller what came out.
    fn flush(
        &mut self,
        report: &mut impl FnMut(&mut Vec<Verdict>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.connector.flush();
        let answered = std::mem::take(&mut self.answered);
        if answered > 0 {
            self.is_stranger &= self.trip.is_none();
            self.host.answered(answered, self.trip.take());
            self.gate.answered(answered);
        }
        if self.verdicts.is_empty() {
            ControlFlow::Continue(())
        } else {
            report(&mut self.verdicts)
        }
    }

    /// Waits for the next answer or the end of the next probe's time, for `until`, or for a
    /// permit. Others use this lane's permit and spare socket meanwhile.
    async fn wait(&mut self, until: Option<Instant>, permit: bool) {
        self.permit = None;
        self.connector.rest();
        let timeout = self.timeout();
        let expires = self.flight.deadline(timeout);
        // By then other hosts may have told how far away they are, and what they lost.
        let looks = self.is_stranger.then(|| self.next_look(Instant::now())).flatten();
        let expires = looks.or(expires);
        let until = [until, expires].into_iter().flatten().min();
        let gate = self.gate;
        tokio::select! {
            biased;
            landed = self.flight.next(), if !self.flight.is_empty() => self.landed(landed),
            acquired = gate.acquire(), if permit => self.permit = Some(acquired),
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() || !permit => {}
        }
    }
}
