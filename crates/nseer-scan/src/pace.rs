//! `--max-rate`: when the next probe of the whole scan may leave.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Spaces probes evenly.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most `rate` probes per second; `None` and nonsense do not limit.
    pub(crate) fn new(rate: Option<f64>) -> Self {
        let gap = rate
            .filter(|rate| *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Pace { gap, next: Mutex::new(None) }
    }

    /// True where there is nothing to wait for.
    pub(crate) fn is_free(&self) -> bool {
        self.gap.is_none()
    }

    /// Waits for this probe's turn.
    pub(crate) async fn turn(&self) {
        let Some(gap) = self.gap else { return };
        let mine = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let mine = next.map_or(now, |next| next.max(now));
            *next = mine.checked_add(gap);
            mine
        };
        sleep_until(mine).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn spaces_probes() {
        let pace = Pace::new(Some(10.0));
        let start = Instant::now();
        for _ in 0..21 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        assert!(Pace::new(None).is_free() && Pace::new(Some(0.0)).is_free());
    }
}
