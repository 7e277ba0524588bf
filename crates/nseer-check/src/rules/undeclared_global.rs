//! Reading a global that nothing defines.

use std::collections::BTreeSet;

use crate::context::Context;
use crate::lua_names;
use crate::rule::{Findings, Level, Rule, nearest};

pub(super) static RULE: Rule = Rule {
    name: "undeclared-global",
    level: Level::Error,
    about: "a global is read that nothing defines",
    why: "Reading a global that was never assigned to raises an error: `variable 'x' is not declared`. Mostly it is a \
        mistyped name, or a library that was not required.",
    bad: "local function greet(host)\n  stdnse.debug1(\"%s\", host.ip)\nend\n",
    good: "local stdnse = require \"stdnse\"\nlocal function greet(host)\n  stdnse.debug1(\"%s\", host.ip)\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if fills_by_other_means(context) {
        return;
    }
    let written: BTreeSet<&str> =
        context.names.globals.iter().filter(|g| g.is_write).map(|g| g.name).collect();
    for global in context.names.globals.iter().filter(|global| !global.is_write) {
        let name = global.name;
        let is_given = lua_names::is_global(name) || lua_names::OF_SCRIPT.contains(&name);
        // A library sees the fields of its module, which is made of what it assigns to.
        let is_module = !context.is_script() && matches!(name, "_M" | "_NAME" | "_PACKAGE");
        if name.is_empty() || is_given || is_module || written.contains(name) {
            continue;
        }
        let finding = found.add(global.span, format!("variable '{name}' is not declared"));
        if !context.is_script() {
            // The engine and other libraries add fields to modules.
            finding.level(Level::Warning);
        }
        if let Some((_, instead)) = lua_names::GONE.iter().find(|(gone, _)| *gone == name) {
            finding.help(format!("older versions of Lua had it; use {instead}"));
        } else if context.api.module(name).is_some() {
            finding.help(format!("write: local {name} = require \"{name}\""));
        } else {
            let locals = context.names.vars.iter().map(|var| var.name);
            let near = nearest(
                name,
                locals.chain(written.iter().copied()).chain(lua_names::BASE.iter().copied()),
            );
            if let Some(meant) = near {
                finding.help(format!("did you mean '{meant}'?"));
            }
        }
    }
}

/// Whether the file has its environment in hand: then it can define anything.
fn fills_by_other_means(context: &Context<'_>) -> bool {
    let text = &context.file.source.text;
    context.names.globals.iter().any(|global| {
        let before = text.get(..global.span.start).unwrap_or_default().trim_end();
        match global.name {
            "_G" | "dofile" => context.is_script(),
            // A library begins with `_ENV = stdnse.module(…)` and ends with `return _ENV`.
            "_ENV" => context.is_script() || !global.is_write && !before.ends_with("return"),
            "_M" => !global.is_write && !before.ends_with("return"),
            _ => false,
        }
    })
}
