//! Recorded conversations and scripted peers: what scripts talk to where there is no network.
//!
//! A [`Recorder`] listens to the sockets of a run and gives a [`Recording`], which is text that is
//! easily read and edited; a [`Replay`] of it stands in for the network, and tells where a script
//! does something else ([`Mismatch`]). This crate knows no engine and opens no socket and no file.

mod code_lines;
mod desk;
mod line;
mod literal;
pub mod machine;
mod mask;
mod mismatch;
mod order;
mod peers;
mod read;
mod recorder;
mod recording;
mod replay;
mod snapshots;
mod test_file;
mod write;

pub use code_lines::code_lines;
pub use mismatch::Mismatch;
pub use peers::ScriptedPeers;
pub use read::RecordingError;
pub use recorder::{Conversations, Recorder};
pub use recording::{
    Answer, Conversation, Failure, Pattern, Port, Recording, Said, Stage, Turn, Way,
};
pub use replay::Replay;
pub use snapshots::Snapshots;
pub use test_file::{Expected, Source, TestCase, TestFileError, read_tests};
