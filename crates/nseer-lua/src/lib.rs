//! The Lua side of the script host: how a state is set up, how its threads are scheduled, and how
//! one that computes without end is stopped.
//!
//! Nothing here knows of hosts, ports or scripts, nor opens a socket: natives hand the scheduler a
//! future, and the thread that called them sleeps until it is done. The rules that make this
//! invisible to scripts are in `ARCHITECTURE.md` ("The scheduler").

mod args;
mod basics;
mod construct;
mod frame;
mod interrupt;
mod native;
mod pattern;
mod portable;
mod scheduler;
mod state;
mod strings;
mod sync;
mod tables;
mod thread_table;
mod turns;
mod usage;

pub use args::{Args, type_name};
pub use construct::{Field, construct};
pub use interrupt::{Limits, Overran, Overrun, Watchdog, is_stopping};
pub use native::{Native, Raise, Reply};
pub use portable::{Portable, export, merge};
pub use scheduler::{Hold, Outcome, Scheduler, ThreadEnd, ThreadId};
pub use state::{StateError, StateOptions};
pub use sync::{Circle, SharedLocks};
pub use turns::{LAST_TURN, TURNS_AT_ONCE};
pub use usage::{Usage, processor_time};
