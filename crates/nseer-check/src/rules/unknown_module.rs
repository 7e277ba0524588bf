//! Libraries whose names are misspelled.

use crate::context::Context;
use crate::lua_names;
use crate::rule::{Findings, Level, Rule, nearest};

pub(super) static RULE: Rule = Rule {
    name: "unknown-module",
    level: Level::Warning,
    about: "a library is required that nobody knows, but one has nearly its name",
    why: "A script that requires a library that is not there cannot be loaded. Only names that look misspelled are \
        told: a library of your own needs none of ours beside it.",
    bad: "local stdnse = require \"stdnes\"\nstdnse.debug1(\"hello\")\n",
    good: "local stdnse = require \"stdnse\"\nstdnse.debug1(\"hello\")\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for (module, call) in context.required() {
        // Classes of the engine are among them, with names such as `nse.Host`.
        let known = context.api.modules().map(|(name, _)| name);
        let libraries = known.filter(|name| !name.starts_with("nse.") && is_near(module, name));
        if context.api.module(module).is_some()
            || lua_names::GONE.iter().any(|(gone, _)| *gone == module)
            || lua_names::ELSEWHERE.contains(&module)
        {
            continue;
        }
        if let Some(meant) = nearest(module, libraries) {
            found
                .add(call.expr.span, format!("there is no library '{module}'"))
                .help(format!("did you mean '{meant}'?"));
        }
    }
}

/// Nearer than for other names: libraries of others have short names too.
fn is_near(module: &str, name: &str) -> bool {
    strsim::damerau_levenshtein(module, name) <= if module.len() < 8 { 1 } else { 2 }
}
