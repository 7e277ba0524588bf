//! The probes in flight of one task: which of them has its answer, and which has waited too long.
//!
//! One timer and one waker per place serve any number of probes, so a probe in flight costs no
//! task and, once as many were in flight before, no allocation here. Knows no ports and no
//! sockets.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

/// A set of futures, each with a tag and the time at which it was added.
pub(crate) struct Flight<P, T> {
    slots: Vec<Slot<P, T>>,
    free: Vec<usize>,
    /// In the order in which they were sent, which is that of their deadlines. Entries whose probe
    /// has its answer stay until they are the first.
    order: VecDeque<(usize, u64)>,
    /// Places to look at, taken from `ready`, first come first served.
    batch: VecDeque<usize>,
    ready: Arc<Ready>,
    serial: u64,
}

struct Slot<P, T> {
    waker: Waker,
    flag: Arc<SlotWaker>,
    entry: Option<Entry<P, T>>,
}

struct Entry<P, T> {
    serial: u64,
    pending: P,
    tag: T,
    sent: Instant,
}

/// A probe that was answered.
pub(crate) struct Landed<O, T> {
    pub(crate) output: O,
    pub(crate) tag: T,
    pub(crate) sent: Instant,
}

/// Places whose future was woken, and the task that waits for them.
#[derive(Default)]
struct Ready {
    state: Mutex<ReadyState>,
}

#[derive(Default)]
struct ReadyState {
    woken: Vec<usize>,
    task: Option<Waker>,
}

struct SlotWaker {
    index: usize,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl<P: Future + Unpin, T> Flight<P, T> {
    pub(crate) fn new() -> Self {
        Flight {
            slots: Vec::new(),
            free: Vec::new(),
            order: VecDeque::new(),
            batch: VecDeque::new(),
            ready: Arc::default(),
            serial: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a probe that was sent at `sent`, which is not before that of the last one.
    pub(crate) fn push(&mut self, pending: P, tag: T, sent: Instant) {
        self.serial += 1;
        let entry = Some(Entry { serial: self.serial, pending, tag, sent });
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index].entry = entry;
                index
            }
            None => {
                let index = self.slots.len();
                let ready = self.ready.clone();
                let flag = Arc::new(SlotWaker { index, queued: AtomicBool::new(false), ready });
                self.slots.push(Slot { waker: flag.clone().into(), flag, entry });
                index
            }
        };
        self.order.push_back((index, self.serial));
        // A future must be polled once before it can wake anybody.
        self.slots[index].flag.wake_by_ref();
    }

    /// The next probe that has its answer. Not to be called while the set is empty.
    pub(crate) async fn next(&mut self) -> Landed<P::Output, T> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The next probe that has its answer already.
    pub(crate) async fn now(&mut self) -> Option<Landed<P::Output, T>> {
        std::future::poll_fn(|cx| {
            Poll::Ready(match self.poll_next(cx) {
                Poll::Ready(landed) => Some(landed),
                Poll::Pending => None,
            })
        })
        .await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Landed<P::Output, T>> {
        self.ready.collect(&mut self.batch, cx.waker());
        // Only what was woken before: a future that the runtime's budget holds back wakes itself
        // at once, and must wait for the next poll.
        while let Some(index) = self.batch.pop_front() {
            let slot = &mut self.slots[index];
            slot.flag.queued.store(false, Ordering::Release);
            let Some(entry) = &mut slot.entry else { continue };
            let mut cx = Context::from_waker(&slot.waker);
            if let Poll::Ready(output) = Pin::new(&mut entry.pending).poll(&mut cx)
                && let Some(entry) = self.remove(index)
            {
                return Poll::Ready(Landed { output, tag: entry.tag, sent: entry.sent });
            }
        }
        Poll::Pending
    }

    /// Removes a probe that was sent `timeout` before `now` or earlier, and gives its tag.
    pub(crate) fn expire(&mut self, now: Instant, timeout: Duration) -> Option<T> {
        if self.deadline(timeout)? > now {
            return None;
        }
        let (index, _) = self.order.pop_front()?;
        self.remove(index).map(|entry| entry.tag)
    }

    /// Does something with the tags of all probes that were sent `age` before `now` or earlier.
    pub(crate) fn each_older(&mut self, now: Instant, age: Duration, mut act: impl FnMut(&mut T)) {
        for &(index, serial) in &self.order {
            let entry = self.slots[index].entry.as_mut().filter(|entry| entry.serial == serial);
            let Some(entry) = entry else { continue };
            if entry.sent + age > now {
                return;
            }
            act(&mut entry.tag);
        }
    }

    /// The tag of the probe that was sent first.
    pub(crate) fn oldest(&mut self) -> Option<&T> {
        let index = self.first()?;
        self.slots[index].entry.as_ref().map(|entry| &entry.tag)
    }

    /// When the next probe will have waited for `timeout`.
    pub(crate) fn deadline(&mut self, timeout: Duration) -> Option<Instant> {
        let index = self.first()?;
        self.slots[index].entry.as_ref().map(|entry| entry.sent + timeout)
    }

    /// The place of the probe that was sent first.
    fn first(&mut self) -> Option<usize> {
        while let Some(&(index, serial)) = self.order.front() {
            match &self.slots[index].entry {
                Some(entry) if entry.serial == serial => return Some(index),
                _ => self.order.pop_front(),
            };
        }
        None
    }

    fn remove(&mut self, index: usize) -> Option<Entry<P, T>> {
        let entry = self.slots[index].entry.take();
        if entry.is_some() {
            self.free.push(index);
        }
        entry
    }
}

impl Ready {
    /// Moves what was woken to `batch`, and remembers whom to wake from now on.
    fn collect(&self, batch: &mut VecDeque<usize>, task: &Waker) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        batch.extend(state.woken.drain(..));
        match &state.task {
            Some(known) if known.will_wake(task) => {}
            _ => state.task = Some(task.clone()),
        }
    }
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = {
            let mut state = self.ready.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.woken.push(self.index);
            state.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::time::sleep_until;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn answers_come_in_the_order_of_the_network_and_silence_in_that_of_sending() {
        let start = Instant::now();
        let mut flight = Flight::new();
        for (tag, delay) in [("slow", 30), ("never", 1_000_000), ("fast", 10), ("mute", 1_000_000)]
        {
            flight.push(Box::pin(sleep_until(start + ms(delay))), tag, start);
        }
        assert!(flight.now().await.is_none());
        assert_eq!(flight.next().await.tag, "fast");
        assert_eq!(flight.next().await.tag, "slow");
        assert_eq!(start.elapsed(), ms(30));
        assert_eq!(flight.len(), 2);
        assert_eq!(flight.deadline(ms(100)), Some(start + ms(100)));
        assert_eq!(flight.expire(start + ms(99), ms(100)), None);
        assert_eq!(flight.expire(start + ms(100), ms(100)), Some("never"));
        assert_eq!(flight.expire(start + ms(100), ms(100)), Some("mute"));
        assert!(flight.is_empty());
        assert_eq!(flight.deadline(ms(100)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn places_are_used_again_and_old_wakers_do_no_harm() {
        let start = Instant::now();
        let mut flight = Flight::new();
        let (old, receiver) = oneshot::channel::<()>();
        flight.push(receiver, 1, start);
        assert!(flight.now().await.is_none());
        assert_eq!(flight.expire(start + ms(1), ms(1)), Some(1));
        let (new, receiver) = oneshot::channel::<()>();
        flight.push(receiver, 2, start + ms(2));
        assert_eq!(flight.slots.len(), 1);
        drop(old);
        assert!(flight.now().await.is_none());
        drop(new);
        assert_eq!(flight.next().await.tag, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn more_answers_than_the_runtime_gives_at_once() {
        let (sender, receiver) = tokio::sync::watch::channel(false);
        let start = Instant::now();
        let mut flight = Flight::new();
        for tag in 0..1000 {
            let mut receiver = receiver.clone();
            let wait = async move { receiver.wait_for(|done| *done).await.is_ok() };
            flight.push(Box::pin(wait), tag, start);
        }
        assert!(flight.now().await.is_none());
        sender.send(true).expect("receivers");
        for _ in 0..1000 {
            assert!(flight.next().await.output);
        }
        assert!(flight.is_empty());
    }
}
