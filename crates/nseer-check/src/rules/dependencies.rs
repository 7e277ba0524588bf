//! Names of scripts in `dependencies`.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "dependency-name",
    level: Level::Warning,
    about: "a dependency is not the name of a script",
    why: "`dependencies` holds names of scripts as users select them: without folder and without `.nse`. The engine \
        ignores a name that no loaded script has, so the order that was asked for is not kept. A script that \
        depends on itself cannot be ordered.",
    bad: "dependencies = {\"scripts/broadcast-names.nse\"}\n",
    good: "dependencies = {\"broadcast-names\"}\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for (name, span) in super::strings_of(context, "dependencies") {
        let bare = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".nse");
        if bare != name {
            found.add(span, format!("'{name}' is a file")).help(format!("write \"{bare}\""));
        } else if name == context.script_name() {
            found.add(span, "the script depends on itself").level(Level::Error);
        }
    }
}
