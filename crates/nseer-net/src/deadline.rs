//! How long an operation may take.
//!
//! Operations are pinned where they begin: an async function that takes one by value has room for it twice.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::NetError;

/// Runs an operation for at most `timeout`.
pub(crate) async fn within<T, E: Into<NetError>>(
    timeout: Option<Duration>,
    operation: Pin<&mut impl Future<Output = Result<T, E>>>,
) -> Result<T, NetError> {
    until(deadline(timeout), operation).await
}

/// A time that the clock cannot express is for ever.
pub(crate) fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Runs an operation until `deadline` at most.
pub(crate) async fn until<T, E: Into<NetError>>(
    deadline: Option<Instant>,
    operation: Pin<&mut impl Future<Output = Result<T, E>>>,
) -> Result<T, NetError> {
    match deadline {
        None => operation.await.map_err(Into::into),
        Some(deadline) => match timeout_at(deadline, operation).await {
            Ok(result) => result.map_err(Into::into),
            Err(_) => Err(NetError::TimedOut),
        },
    }
}
