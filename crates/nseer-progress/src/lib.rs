//! How far a run has come: what it is at, how much is done, how long the rest may take, and what has
//! been running for longest, all from its events ([`Tracker`]); and that as one line for a terminal of
//! any width ([`line`]).
//!
//! Nothing is printed here and no clock is read: who asks says what time it is.

mod line;
mod tracker;

pub use line::line;
pub use tracker::Tracker;
