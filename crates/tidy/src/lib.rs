//! The tests in `tests/` hold the shape of the workspace: crate edges, file heads and sizes,
//! licences, and documents that name only what exists. There is no code to call here.
