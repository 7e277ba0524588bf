//! What errors of threads say, and other calls of scripts outside of base threads, which are watched too.

use std::time::Duration;

use mlua::{Thread, Value};

use super::Scheduler;
use crate::interrupt::Limits;

/// How long an error value may take to say what it is.
const WORDING: Duration = Duration::from_secs(1);

impl<C: 'static> Scheduler<C> {
    /// Runs what calls scripts outside of base threads, in coroutines, and stops them at these limits.
    pub fn watched<R>(&self, limits: Limits, body: impl FnOnce() -> R) -> R {
        if self.current().is_some() {
            return body();
        }
        let watch = self.inner.pulse.begin(None, limits);
        let result = body();
        watch.end();
        result
    }

    /// What an error value says of itself, by its `__tostring` if it has one.
    #[must_use]
    pub fn wording(&self, error: &Value) -> Vec<u8> {
        let limits = Limits { compute: WORDING, elapsed: Some(WORDING) };
        let text = self.watched(limits, || self.inner.shim.wording.call::<mlua::LuaString>(error));
        text.map(|text| text.as_bytes().to_vec()).unwrap_or_default()
    }

    /// The error text with the traceback of the coroutine it ended, for `-d`.
    #[must_use]
    pub fn traceback(&self, thread: &Thread, error: &Value) -> Vec<u8> {
        let text = self.inner.lua.create_string(self.wording(error));
        text.and_then(|text| self.inner.shim.traceback.call::<mlua::LuaString>((thread, text)))
            .map(|s| s.as_bytes().to_vec())
            .unwrap_or_default()
    }
}
