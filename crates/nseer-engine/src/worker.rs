//! One Lua state on one thread, and the tasks that it takes.

use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use nseer_core::{Event, HostRecord, Phase, PhaseRecord, RegistryChange, Severity};
use nseer_lua::{Portable, SharedLocks, Watchdog};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use crate::config::EngineConfig;
use crate::environment::World;
use crate::error::EngineError;
use crate::host_cell::HostCell;
use crate::host_queue::{HostQueue, Taker};
use crate::placement::Placement;
use crate::registry::Keeper;
use crate::script::{Script, ScriptInfo};
use crate::{jobs, loader, registry};

/// Which of the scripts are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    /// Those that any worker may run.
    Unpinned,
    /// Those that only the first worker may run.
    Pinned,
}

/// What a worker can be asked for.
pub(crate) enum Task {
    Phase {
        phase: Phase,
        reply: oneshot::Sender<PhaseRecord>,
    },
    Host(HostTask),
    /// What was added to the registry.
    Export {
        reply: oneshot::Sender<Vec<RegistryChange>>,
    },
    /// Adds to the registry.
    Merge(Vec<RegistryChange>),
}

/// Scripts on one host.
pub(crate) struct HostTask {
    pub(crate) number: u64,
    pub(crate) record: Arc<Mutex<HostRecord>>,
    /// What another worker could not do: the pinned scripts.
    pub(crate) is_rest: bool,
    pub(crate) placement: Arc<Placement>,
    pub(crate) registry: HostRegistry,
    pub(crate) deadline: Option<Instant>,
    /// Is told when the scripts have ended.
    pub(crate) reply: oneshot::Sender<Done>,
}

/// How far a host is.
pub(crate) enum Done {
    All,
    /// The pinned scripts have to run yet, and find this in `host.registry`.
    Unpinned(Portable),
}

/// What `host.registry` holds at first.
pub(crate) enum HostRegistry {
    /// What scripts left there before the scan was broken off, if anything.
    Kept(Vec<RegistryChange>),
    /// What it holds in another worker.
    Moved(Portable),
}

/// The handle of a running worker. It ends when the sender is dropped.
pub(crate) struct Worker {
    pub(crate) tasks: mpsc::UnboundedSender<Task>,
    pub(crate) thread: JoinHandle<()>,
    /// It has got what the first worker's registry held before the first host.
    pub(crate) is_given: bool,
}

/// Room for Lua's own recursion limits.
const STACK: usize = 16 << 20;

/// Starts a worker. Gives its handle and a promise of what it loaded.
#[allow(clippy::type_complexity, reason = "said once")]
pub(crate) fn start(
    index: usize,
    config: EngineConfig,
    hosts: Arc<HostQueue>,
    watchdog: Arc<Watchdog>,
    locks: SharedLocks,
) -> Result<(Worker, oneshot::Receiver<Result<Vec<Arc<ScriptInfo>>, EngineError>>), EngineError> {
    let (tasks, inbox) = mpsc::unbounded_channel();
    let (loaded, report) = oneshot::channel();
    let events = config.events.clone();
    // Counted from now on, since the others leave it its share of the hosts while it loads the scripts.
    let hosts = Taker::new(hosts);
    let thread = std::thread::Builder::new()
        .name(format!("scripts-{index}"))
        .stack_size(STACK)
        .spawn(move || {
            let prepared = prepare(config, &watchdog, &locks, index);
            match prepared {
                Ok((runtime, world, scripts)) => {
                    let infos = scripts.iter().map(|s| s.info.clone()).collect();
                    // Nobody listens where the engine has already been dropped.
                    let _ = loaded.send(Ok(infos));
                    let serving = serve(world, scripts, index == 0, inbox, hosts);
                    LocalSet::new().block_on(&runtime, serving);
                }
                Err(error) => {
                    if index > 0 {
                        let text = format!(
                            "a script worker could not start, and others do its work: {error}"
                        );
                        events.emit(Event::Message {
                            severity: Severity::Error,
                            text: text.into_bytes(),
                        });
                    }
                    let _ = loaded.send(Err(error));
                }
            }
        })
        .map_err(EngineError::Thread)?;
    Ok((Worker { tasks, thread, is_given: false }, report))
}

type Prepared = (tokio::runtime::Runtime, Rc<World>, Vec<Rc<Script>>);

fn prepare(
    config: EngineConfig,
    watchdog: &Watchdog,
    locks: &SharedLocks,
    index: usize,
) -> Result<Prepared, EngineError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(config.workbench.virtual_time)
        .build()
        .map_err(EngineError::Thread)?;
    let world = World::new(config, watchdog, locks)?;
    let is_first = index == 0;
    if is_first {
        // `_VERSION` is a text such as "Lua 5.4".
        let version: String = world.lua().globals().raw_get("_VERSION")?;
        world.debug(1, || format!("Using {version}."));
    }
    if world.config.registry.is_told {
        // Set once, here.
        let _ = world.keeper.set(Keeper::new(&world, index)?);
    }
    let scripts = loader::load_all(&world, is_first)?;
    // What scripts leave while they are loaded, they leave in every worker.
    registry::take_given(&world)?;
    match world.keeper.get() {
        Some(keeper) if is_first => keeper.restore(&world)?,
        Some(keeper) => keeper.take_given()?,
        None => {}
    }
    Ok((runtime, world, scripts))
}

/// What all tasks of a worker have.
#[derive(Clone)]
struct Service {
    world: Rc<World>,
    scripts: Rc<[Rc<Script>]>,
    is_first: bool,
    /// Ends of hosts and who waits for them; see [`tell`].
    ends: mpsc::UnboundedSender<(oneshot::Sender<Done>, Done)>,
}

async fn serve(
    world: Rc<World>,
    scripts: Vec<Rc<Script>>,
    is_first: bool,
    mut inbox: mpsc::UnboundedReceiver<Task>,
    hosts: Taker,
) {
    let (ends, ended) = mpsc::unbounded_channel();
    let service = Service { world, scripts: scripts.into(), is_first, ends };
    tokio::task::spawn_local(tell(ended));
    let take_tasks = async {
        loop {
            let next_hosts = async {
                service.world.scheduler.turn(nseer_lua::LAST_TURN).await;
                hosts.next().await
            };
            tokio::select! {
                biased;
                task = inbox.recv() => match task {
                    Some(task) => service.take(task),
                    None => return,
                },
                hosts = next_hosts => {
                    hosts.into_iter().for_each(|host| service.take(Task::Host(host)));
                    // They ask for their turn before this asks for one again.
                    tokio::task::yield_now().await;
                }
            }
        }
    };
    tokio::select! {
        () = service.world.scheduler.run() => {}
        () = take_tasks => {}
    }
    let Service { world, scripts, .. } = service;
    world.scheduler.kill_all("the run has ended");
    drop(scripts);
    if !world.config.process_ends {
        world.forget();
    }
}

impl Service {
    fn take(&self, task: Task) {
        let service = self.clone();
        let world = &self.world;
        match task {
            Task::Phase { phase, reply } => {
                world.targets_closed.set(phase == Phase::Post);
                tokio::task::spawn_local(async move {
                    let Service { world, scripts, .. } = service;
                    let record = jobs::run_phase(&world, &scripts, phase).await;
                    // After the postrules nothing needs the registry any more.
                    if let (Phase::Pre, Some(keeper)) = (phase, world.keeper.get()) {
                        keeper.tell(&world);
                    }
                    let _ = reply.send(record);
                });
            }
            Task::Host(task) => {
                // In a box, since the runtime moves a task several times before and after it runs.
                tokio::task::spawn_local(Box::pin(service.run_host(task)));
            }
            Task::Export { reply } => {
                let _ = reply.send(registry::export(world).unwrap_or_default());
            }
            Task::Merge(changes) => {
                if let Err(error) = merge(world, &changes) {
                    world.debug(1, || format!("cannot merge the registry: {error}"));
                }
            }
        }
    }

    async fn run_host(self, task: HostTask) {
        let Service { world, scripts, is_first, ends } = self;
        let part = match (task.is_rest, is_first || task.placement.pinned.is_empty()) {
            (true, _) => Part::Pinned,
            (false, true) => Part::All,
            (false, false) => Part::Unpinned,
        };
        let chosen: Vec<Rc<Script>> = scripts
            .iter()
            .filter(|s| match part {
                Part::All => true,
                Part::Unpinned => !task.placement.pinned.contains_key(&s.info.id),
                Part::Pinned => task.placement.pinned.contains_key(&s.info.id),
            })
            .cloned()
            .collect();
        let Ok(registry) = world.lua().create_table() else { return };
        let filled = match &task.registry {
            HostRegistry::Kept(kept) => registry::restore(world.lua(), kept, &registry),
            HostRegistry::Moved(graph) => nseer_lua::merge(world.lua(), graph, &registry),
        };
        if let Err(error) = filled {
            world.debug(1, || format!("cannot fill host.registry: {error}"));
        }
        let slots = world.config.slots_per_host;
        let cell = Rc::new(HostCell::new(task.number, task.record, registry, slots));
        world.hosts.borrow_mut().insert(task.number, cell.clone());
        if let Some(keeper) = world.keeper.get() {
            keeper.host_begins(&world, &cell, &task.placement.memos);
        }
        jobs::run_host(&world, &chosen, &cell, task.deadline).await;
        if let Some(keeper) = world.keeper.get() {
            keeper.settled().await;
        }
        world.hosts.borrow_mut().remove(&task.number);
        let done = match part {
            Part::Unpinned => Done::Unpinned(nseer_lua::export(&cell.registry).unwrap_or_default()),
            Part::All | Part::Pinned => Done::All,
        };
        drop(cell);
        // The other side outlives all hosts.
        let _ = ends.send((task.reply, done));
    }
}

/// Tells who waits of ends. Being a task of its own it has its turn after all that could go on when the first came,
/// so that hosts that end one after another are told together: whoever waits is on another thread, and to wake it
/// for each would cost more than many a script.
async fn tell<T>(mut ends: mpsc::UnboundedReceiver<(oneshot::Sender<T>, T)>) {
    while let Some((whom, what)) = ends.recv().await {
        // Perhaps nobody waits any more.
        let _ = whom.send(what);
    }
}

fn merge(world: &World, changes: &[RegistryChange]) -> mlua::Result<()> {
    registry::merge(world, changes)?;
    registry::take_given(world)?;
    // What comes to the first worker is that of the others, at the end.
    match world.keeper.get() {
        Some(keeper) if !keeper.is_of_first() => keeper.take_given(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::spawn_local;

    use super::*;

    #[tokio::test]
    async fn those_who_end_in_one_round_are_told_after_the_last() {
        let all = async {
            let (ends, ended) = mpsc::unbounded_channel();
            spawn_local(tell(ended));
            tokio::task::yield_now().await;
            let (first, mut told_first) = oneshot::channel();
            let (second, mut told_second) = oneshot::channel();
            let to = ends.clone();
            spawn_local(async move { to.send((first, 1)) });
            let seen = spawn_local(async move {
                let early = told_first.try_recv().is_ok();
                (early, told_first, ends.send((second, 2)))
            });
            let (early, told_first, _) = seen.await.expect("ends");
            assert!(!early, "told before the round was over");
            assert_eq!((told_first.await, told_second.try_recv()), (Ok(1), Ok(2)));
        };
        LocalSet::new().run_until(all).await;
    }
}
