//! The `nseer` command: its options and pages, and the wiring of scanner, scripts and output.
//!
//! Nothing depends on this crate. A command line becomes [`settings::Settings`] (what was typed),
//! and these become a [`plan::Command`] (what is to be done); neither step does anything. What does not
//! scan is in [`workbench`].

pub mod command;
pub mod complaint;
pub mod completions;
pub mod early;
pub mod help;
pub mod interfaces;
pub mod keys;
pub mod limits;
pub mod man;
pub mod options;
pub mod page;
pub mod parse;
pub mod past;
pub mod permutation;
pub mod pings;
pub mod plan;
pub mod printing;
pub mod run;
pub mod scanner;
pub mod screen;
pub mod scripts;
pub mod sending;
pub mod settings;
pub mod setup;
pub mod share;
pub mod sinks;
pub mod stop;
pub mod suspend;
pub mod systems;
pub mod tap;
pub mod target_source;
pub mod tasks;
pub mod timing;
pub mod troubles;
pub mod vendors;
pub mod versions;
pub mod workbench;
pub mod zones;
