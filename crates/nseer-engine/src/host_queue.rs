//! Hosts that wait for a worker. Whichever has nothing to do takes the next one, so that none is idle
//! while another one has hosts that it has not begun.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nseer_lua::TURNS_AT_ONCE;
use tokio::sync::Notify;

use crate::worker::HostTask;

/// Of the hosts that wait, a worker takes no more than its share divided by this, so that all workers end at the
/// same time.
const PARTS_OF_SHARE: usize = 2;

/// The hosts, in the order in which they came.
#[derive(Default)]
pub(crate) struct HostQueue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    hosts: VecDeque<HostTask>,
    /// Workers that wait for a host.
    idle: VecDeque<Arc<Notify>>,
    workers: usize,
}

impl HostQueue {
    /// Adds a host. Where no worker is left it is dropped, and with it the reply that somebody waits for.
    pub(crate) fn push(&self, host: HostTask) {
        let mut waiting = self.lock();
        if waiting.workers == 0 {
            return;
        }
        waiting.hosts.push_back(host);
        let woken = waiting.idle.pop_front();
        drop(waiting);
        if let Some(woken) = woken {
            woken.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a worker at the queue.
pub(crate) struct Taker {
    queue: Arc<HostQueue>,
    woken: Arc<Notify>,
}

impl Taker {
    pub(crate) fn new(queue: Arc<HostQueue>) -> Taker {
        queue.lock().workers += 1;
        Taker { queue, woken: Arc::default() }
    }

    /// Waits for the next hosts for which somebody still waits. May be dropped half-way.
    pub(crate) async fn next(&self) -> Vec<HostTask> {
        loop {
            let hosts = self.take();
            if !hosts.is_empty() {
                return hosts;
            }
            self.woken.notified().await;
        }
    }

    /// Takes hosts: one, or some where many wait. Where there is none, a place among those who wait.
    fn take(&self) -> Vec<HostTask> {
        let mut waiting = self.queue.lock();
        let share = waiting.hosts.len() / waiting.workers.max(1);
        let most = (share / PARTS_OF_SHARE).clamp(1, TURNS_AT_ONCE);
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(host) = waiting.hosts.pop_front()
        {
            if !host.reply.is_closed() {
                taken.push(host);
            }
        }
        if taken.is_empty() && !waiting.idle.iter().any(|idle| Arc::ptr_eq(idle, &self.woken)) {
            waiting.idle.push_back(self.woken.clone());
        }
        taken
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        waiting.workers -= 1;
        waiting.idle.retain(|idle| !Arc::ptr_eq(idle, &self.woken));
        if waiting.workers == 0 {
            waiting.hosts.clear();
        } else if !waiting.hosts.is_empty()
            && let Some(next) = waiting.idle.pop_front()
        {
            // It may have been woken for a host that it leaves behind.
            next.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::SystemTime;

    use nseer_core::{HostRecord, PortTable, ScanPorts, ServiceTable};
    use tokio::sync::oneshot;

    use super::*;
    use crate::placement::Placement;
    use crate::worker::{Done, HostRegistry};

    async fn next(taker: &Taker) -> Vec<u64> {
        taker.next().await.iter().map(|task| task.number).collect()
    }

    fn host(number: u64) -> (HostTask, oneshot::Receiver<Done>) {
        let names = Arc::new(ServiceTable::new(b"".as_slice()));
        let ports = PortTable::new(Arc::new(ScanPorts::new(Vec::new(), names)));
        let address = IpAddr::from([192, 0, 2, 1]);
        let record = HostRecord::new(address, ports, SystemTime::UNIX_EPOCH);
        let (reply, done) = oneshot::channel();
        let task = HostTask {
            number,
            record: Arc::new(Mutex::new(record)),
            is_rest: false,
            placement: Arc::new(Placement::single()),
            registry: HostRegistry::Kept(Vec::new()),
            deadline: None,
            reply,
        };
        (task, done)
    }

    #[tokio::test]
    async fn hosts_come_in_their_order_but_for_those_that_nobody_waits_for() {
        let queue = Arc::<HostQueue>::default();
        let taker = Taker::new(queue.clone());
        let mut waiting = Vec::new();
        for number in 1..=3 {
            let (task, done) = host(number);
            queue.push(task);
            waiting.push(done);
        }
        drop(waiting.remove(1));
        assert_eq!([next(&taker).await, next(&taker).await], [[1], [3]]);
    }

    #[tokio::test]
    async fn of_many_hosts_some_are_taken_together() {
        let queue = Arc::<HostQueue>::default();
        let (taker, _other) = (Taker::new(queue.clone()), Taker::new(queue.clone()));
        let mut waiting = Vec::new();
        for (task, done) in (1..=13).map(host) {
            queue.push(task);
            waiting.push(done);
        }
        let taken =
            [next(&taker).await, next(&taker).await, next(&taker).await, next(&taker).await];
        assert_eq!(taken, [vec![1, 2, 3], vec![4, 5], vec![6, 7], vec![8]]);
    }

    #[tokio::test]
    async fn a_host_goes_to_whoever_is_left() {
        let queue = Arc::<HostQueue>::default();
        let (first, second) = (Taker::new(queue.clone()), Taker::new(queue.clone()));
        assert!(first.take().is_empty() && second.take().is_empty(), "both wait");
        let (task, mut done) = host(1);
        queue.push(task);
        drop(first);
        assert_eq!(next(&second).await, [1], "the one that was woken is gone");
        let (task, mut late) = host(2);
        queue.push(task);
        drop(second);
        let (task, mut refused) = host(3);
        queue.push(task);
        for done in [&mut done, &mut late, &mut refused] {
            assert!(matches!(done.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
        }
    }
}
