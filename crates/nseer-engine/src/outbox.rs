//! Hosts that are done and whose ends nobody was told yet. Hosts that end one after another are told together:
//! whoever waits for them is on another thread, and to wake it for each would cost more than many a script.

use std::cell::RefCell;

use tokio::sync::{Notify, oneshot};

/// What is to be told, and to whom.
pub(crate) struct Outbox<T> {
    waiting: RefCell<Vec<(oneshot::Sender<T>, T)>>,
    filled: Notify,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Outbox { waiting: RefCell::default(), filled: Notify::new() }
    }
}

impl<T> Outbox<T> {
    /// Tells `whom` of `what`, once all tasks that could go on now had their turn.
    pub(crate) fn put(&self, whom: oneshot::Sender<T>, what: T) {
        self.waiting.borrow_mut().push((whom, what));
        self.filled.notify_one();
    }

    /// Tells what is put in. Never ends.
    pub(crate) async fn deliver(&self) -> std::convert::Infallible {
        loop {
            self.filled.notified().await;
            for (whom, what) in self.waiting.take() {
                // Nobody has to wait for it any more.
                let _ = whom.send(what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    #[tokio::test]
    async fn those_who_end_in_one_round_are_told_after_the_last() {
        let outbox = Rc::<Outbox<u8>>::default();
        let all = async {
            let o = outbox.clone();
            spawn_local(async move { o.deliver().await });
            tokio::task::yield_now().await;
            let (first, mut told_first) = oneshot::channel();
            let (second, mut told_second) = oneshot::channel();
            let o = outbox.clone();
            spawn_local(async move { o.put(first, 1) });
            let o = outbox.clone();
            let seen = spawn_local(async move {
                let early = told_first.try_recv().is_ok();
                o.put(second, 2);
                (early, told_first)
            });
            let (early, told_first) = seen.await.expect("ends");
            assert!(!early, "told before the round was over");
            assert_eq!((told_first.await, told_second.try_recv()), (Ok(1), Ok(2)));
        };
        LocalSet::new().run_until(all).await;
    }
}
