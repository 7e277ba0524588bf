//! The shape of the workspace, as tests: each failure names the file or crate and what to do.
#![allow(
    clippy::disallowed_methods,
    reason = "these tests read the source tree itself; no seam is involved"
)]

mod documents;
mod edges;
mod licences;
mod sources;
mod tree;
mod unsafe_code;
