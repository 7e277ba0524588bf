//! In which order things come true. What several connections say was recorded in one order, and scripts
//! whose threads share something do the same again only where it comes in that order again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::recording::{Conversation, Said};

/// What happens: that a conversation is opened, or one of its turns.
pub(crate) type Event = (usize, Option<usize>);

/// So late may come what comes first; then the others do not wait for it any more.
const GRACE: Duration = Duration::from_millis(5);

/// So long others wait for what is known to come first and is late.
const LATENESS: Duration = Duration::from_millis(500);

/// What comes within this time without that the script does anything comes together.
const TOGETHER: Duration = Duration::from_millis(20);

/// All that happens in a recording, in its order.
#[derive(Debug, Default)]
pub(crate) struct Order {
    events: Vec<State>,
    places: HashMap<Event, usize>,
    /// All before this one are over.
    head: usize,
    /// How many are over.
    over: usize,
    /// How many were when somebody last asked, and since when.
    noted: Option<(usize, Instant)>,
}

#[derive(Debug, Default)]
struct State {
    /// It has happened, or nobody waits for it any more.
    is_over: bool,
    /// Somebody waits for it, and it is due then.
    due: Option<Instant>,
    /// See [`Order::behind`].
    behind: Duration,
}

impl Order {
    pub(crate) fn new(conversations: &[Conversation]) -> Order {
        let mut all: Vec<(Duration, Event, bool)> = Vec::new();
        for (index, conversation) in conversations.iter().enumerate() {
            let mut at = conversation.at;
            all.push((at, (index, None), true));
            for (turn, what) in conversation.turns.iter().enumerate() {
                at = at.saturating_add(what.after);
                // That nothing came is the script's own clock.
                if what.said != Said::Silence {
                    let is_heard =
                        matches!(what.said, Said::Received(_) | Said::Eof | Said::Failed(_));
                    all.push((at, (index, Some(turn)), is_heard));
                }
            }
        }
        // What was written by hand may have no times, and then stays in the order of the file.
        all.sort_by_key(|(at, ..)| *at);
        let mut events: Vec<State> = all.iter().map(|_| State::default()).collect();
        for place in (1..all.len()).rev() {
            let [(before, _, true), (at, _, true)] = all[place - 1..=place] else { continue };
            let together = at.saturating_sub(before) + events[place].behind;
            if together <= TOGETHER {
                events[place - 1].behind = together;
            }
        }
        let places = all.iter().enumerate().map(|(place, (_, what, _))| (*what, place)).collect();
        Order { events, places, ..Order::default() }
    }

    /// How long after `what` the last thing came that came before the script did anything more: its
    /// threads went on together then.
    pub(crate) fn behind(&self, what: Event) -> Duration {
        let place = self.places.get(&what).copied();
        place.and_then(|place| self.events.get(place)).map(|e| e.behind).unwrap_or_default()
    }

    /// The script waits for `what`, which is due then.
    pub(crate) fn expect(&mut self, what: Event, due: Instant) {
        if let Some(event) = self.places.get(&what).and_then(|place| self.events.get_mut(*place)) {
            event.due = Some(due);
        }
    }

    /// Until when something else comes before `what`, which could have come `since`; `None` where it is
    /// its turn.
    pub(crate) fn held(&mut self, what: Event, since: Instant, now: Instant) -> Option<Instant> {
        let place = self.places.get(&what).copied()?;
        // As long as one thing follows the other, also what is late still comes.
        let moved = match self.noted {
            Some((over, at)) if over == self.over => at,
            _ => now,
        };
        self.noted = Some((self.over, moved));
        let ready = since.max(moved);
        while self.head < place {
            let first = &mut self.events[self.head];
            if !first.is_over {
                // What nobody waits for comes only where a thread has something to do before, and that
                // takes no time here.
                let limit = first.due.map_or(ready, |due| due.clamp(since, since + LATENESS));
                let limit = limit.max(ready);
                if now <= limit + GRACE {
                    return Some(limit + GRACE + Duration::from_millis(1));
                }
                first.is_over = true;
            }
            self.head += 1;
        }
        None
    }

    /// `what` has happened, or never will.
    pub(crate) fn pass(&mut self, what: Event) {
        if let Some(event) = self.places.get(&what).and_then(|place| self.events.get_mut(*place))
            && !event.is_over
        {
            event.is_over = true;
            self.over += 1;
        }
    }
}
