//! A loaded script.

use std::sync::Arc;

use mlua::Function;
use nseer_core::Phase;

/// What can be told of a script without running it.
#[derive(Clone, Debug)]
pub struct ScriptInfo {
    /// The ID: its file name without `.nse`.
    pub id: Arc<str>,
    /// Its file.
    pub path: String,
    /// The categories, as the script has them.
    pub categories: Vec<String>,
    /// The description; bytes as the script has them.
    pub description: Option<Vec<u8>>,
    /// IDs of the scripts that must run before it.
    pub dependencies: Vec<String>,
    /// The phases whose rule it has.
    pub phases: Vec<Phase>,
    /// Named by the user, not only by a category.
    pub selected_by_name: bool,
    /// Its rules count as true.
    pub forced: bool,
    /// Found in a data directory that the user chose.
    pub from_data_dir: bool,
    /// 1 + the highest level of its dependencies that are loaded.
    pub level: usize,
}

impl ScriptInfo {
    /// True where the script has the rule of `phase`.
    #[must_use]
    pub fn has(&self, phase: Phase) -> bool {
        self.phases.contains(&phase)
    }
}

/// A script in one Lua state.
pub(crate) struct Script {
    pub(crate) info: Arc<ScriptInfo>,
    /// From an environment to the top level as a function.
    pub(crate) chunk: Function,
    /// The rule for ports, where it was made by a library and looks at host and port alone.
    pub(crate) plain_rule: Option<Function>,
}
