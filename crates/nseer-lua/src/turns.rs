//! Who may begin next. New work waits until what has begun has nothing to do, so that as much is
//! begun as keeps the thread busy, and no more lives in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use tokio::sync::oneshot;

/// Those who wait for their turn, in their order.
#[derive(Default)]
pub(crate) struct Turns {
    waiting: RefCell<BTreeMap<(u64, u64), oneshot::Sender<()>>>,
    next: Cell<u64>,
    held: Cell<usize>,
}

/// So many may wait for something scarce before nobody else begins.
const MOST_HELD: usize = 64;

/// So many begin together. What they all do first, they do one after another while the processor still has the
/// code at hand.
pub const TURNS_AT_ONCE: usize = 8;

/// The order of whoever brings new work in: it begins after all others, and never together with them, since one of
/// them may compute for long.
pub const LAST_TURN: u64 = u64::MAX;

impl Turns {
    /// Joins the queue: lower orders first, then whoever came first.
    pub(crate) fn join(&self, order: u64) -> oneshot::Receiver<()> {
        let (turn, given) = oneshot::channel();
        let number = self.next.get();
        self.next.set(number + 1);
        self.waiting.borrow_mut().insert((order, number), turn);
        given
    }

    /// Lets the first few begin, if anybody may; tells whether one did.
    pub(crate) fn give(&self) -> bool {
        if self.held.get() >= MOST_HELD {
            return false;
        }
        let mut waiting = self.waiting.borrow_mut();
        let mut begun = 0;
        while begun < TURNS_AT_ONCE
            && let Some(first) = waiting.first_entry()
            && (begun == 0 || first.key().0 < LAST_TURN)
        {
            // Whoever has gone meanwhile is passed over.
            begun += usize::from(first.remove().send(()).is_ok());
        }
        begun > 0
    }

    pub(crate) fn hold(&self) {
        self.held.set(self.held.get() + 1);
    }

    /// Tells whether others may begin again.
    pub(crate) fn let_go(&self) -> bool {
        self.held.set(self.held.get() - 1);
        self.held.get() < MOST_HELD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_in_order_and_pass_over_whoever_has_gone() {
        let turns = Turns::default();
        assert!(!turns.give());
        let mut late = turns.join(2);
        drop(turns.join(1));
        let mut first: Vec<_> = (0..TURNS_AT_ONCE).map(|_| turns.join(1)).collect();
        let mut second = turns.join(1);
        let took = |turn: &mut oneshot::Receiver<()>| turn.try_recv().is_ok();
        assert!(turns.give() && first.iter_mut().all(took) && !took(&mut second));
        assert!(turns.give() && took(&mut second) && took(&mut late));
        assert!(!turns.give());
    }

    #[test]
    fn whoever_brings_new_work_in_waits_for_those_who_begin() {
        let turns = Turns::default();
        let (mut last, mut first) = (turns.join(LAST_TURN), turns.join(1));
        assert!(turns.give() && first.try_recv().is_ok() && last.try_recv().is_err());
        assert!(turns.give() && last.try_recv().is_ok());
    }

    #[test]
    fn nobody_begins_while_too_many_wait_for_something_scarce() {
        let turns = Turns::default();
        let _waiting = turns.join(0);
        (0..MOST_HELD).for_each(|_| turns.hold());
        assert!(!turns.give());
        assert!(turns.let_go());
        assert!(turns.give());
    }
}
