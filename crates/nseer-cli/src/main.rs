//! The `nseer` command.

fn main() {}
