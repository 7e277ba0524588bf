//! Tests that hold the shape of the workspace; see `tests/`.
