//! Every layout of every format, over events made by hand. The expected texts were compared with
//! what the real program writes for such hosts.

#![allow(clippy::unwrap_used, reason = "in a test a failed unwrap is a failed test")]

mod ends;
mod fixture;
mod grepable;
mod html;
mod json;
mod normal;
mod systems;
mod xml;
