//! The script engine: selects scripts, loads them, decides by their rules where they run, runs
//! them over the network and turns what they return into results.
//!
//! The engine never depends on the scanner. It takes a [`nseer_core::HostRecord`], whoever filled
//! it, and gives it back with results; what happens on the way goes to an
//! [`nseer_core::EventSink`].

mod chunks;
mod compression;
mod config;
mod context;
mod costs;
mod coupling;
pub mod data_dir;
mod engine;
mod environment;
mod error;
mod host_cell;
mod host_queue;
mod host_tables;
mod jobs;
mod link_addresses;
mod loader;
mod modules;
mod placement;
mod registry;
mod results;
mod scout;
mod script;
pub mod script_args;
pub mod script_help;
pub mod selection;
mod workbench;
mod worker;

pub use chunks::Chunks;
pub use config::{EngineConfig, KeptRegistries, NewTargets};
pub use engine::Engine;
pub use error::EngineError;
pub use script::ScriptInfo;
pub use workbench::{Lines, Workbench};
