//! The memory that data lands in first, one piece per thread, so that thousands of waiting sockets
//! need no buffers of their own.

use std::cell::RefCell;

/// As much as the largest datagram has (RFC 768: 16 bits of length).
const SIZE: usize = 65_536;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SIZE]);
}

/// Lends the thread's memory, 64 KiB of it. Not to be nested.
pub(crate) fn with<R>(use_it: impl FnOnce(&mut [u8]) -> R) -> R {
    SCRATCH.with_borrow_mut(|buffer| use_it(buffer))
}
