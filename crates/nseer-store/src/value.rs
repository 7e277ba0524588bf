//! Values between the tables and the scan.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nseer_core::{PortState, ScriptValue};
use nseer_report::{JsonValue, OwnedJsonValue};

use crate::StoreError;

/// Microseconds since 1970; before it, 0.
pub(crate) fn micros(time: SystemTime) -> i64 {
    length(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A duration in microseconds.
pub(crate) fn length(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn time(micros: i64) -> SystemTime {
    UNIX_EPOCH.checked_add(duration(micros)).unwrap_or(UNIX_EPOCH)
}

pub(crate) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

/// A count as SQLite has it.
pub(crate) fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn structured(value: &ScriptValue) -> Result<String, StoreError> {
    serde_json::to_string(&JsonValue(value)).map_err(|error| StoreError::Damaged(error.to_string()))
}

pub(crate) fn read_structured(text: &str) -> Result<ScriptValue, StoreError> {
    let value: Result<OwnedJsonValue, _> = serde_json::from_str(text);
    value.map(|value| value.0).map_err(|error| StoreError::Damaged(error.to_string()))
}

pub(crate) fn state(word: &str) -> Result<PortState, StoreError> {
    let found = PortState::ALL.into_iter().find(|state| state.as_str() == word);
    found.ok_or_else(|| StoreError::Damaged(format!("'{word}' is no state of a port")))
}
