//! Functions that a module does not have.

use crate::api::Origin;
use crate::context::Context;
use crate::lua_names;
use crate::rule::{Findings, Level, Rule, nearest};

pub(super) static RULE: Rule = Rule {
    name: "unknown-function",
    level: Level::Error,
    about: "a module has no function of this name",
    why: "A call of a function that a native module does not have raises an error. What a library lacks is a \
        warning: another version of the library may have it.",
    bad: "local function random()\n  return nmap.get_random_byte(8)\nend\n",
    good: "local function random()\n  return nmap.get_random_bytes(8)\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let Some((module, name)) = context.callee(call) else { continue };
        let Some(known) = context.api.module(module) else { continue };
        let has = known.functions.contains_key(name) || known.fields.contains(name);
        if has || known.parts.contains(name) || name.is_empty() {
            continue;
        }
        // `pcall(nmap.maybe)` and `if nmap.maybe then` are no calls of it; a file that adds to a module may call it.
        let is_added =
            context.names.globals.iter().any(|global| global.is_write && global.name == module);
        if is_added
            || adds_to(context, module, name)
            || is_guarded(context, call.base.span.start, name)
        {
            continue;
        }
        let finding = found.add(call.base.span, format!("{module} has no function '{name}'"));
        if known.origin == Origin::Library {
            finding.level(Level::Warning);
        }
        let full = format!("{module}.{name}");
        if let Some((_, instead)) = lua_names::GONE.iter().find(|(gone, _)| *gone == full) {
            finding.help(format!("older versions of Lua had it; use {instead}"));
        } else {
            let names = known.functions.keys().chain(&known.fields).map(String::as_str);
            if let Some(meant) = nearest(name, names) {
                finding.help(format!("did you mean '{module}.{meant}'?"));
            }
        }
    }
}

/// Whether the file assigns to this field of the module.
fn adds_to(context: &Context<'_>, module: &str, name: &str) -> bool {
    let text = &context.file.source.text;
    text.contains(&format!("function {module}.{name}"))
        || text.contains(&format!("{module}.{name} ="))
}

/// Whether the line, or the one before, also asks whether the function is there.
fn is_guarded(context: &Context<'_>, at: usize, name: &str) -> bool {
    let line = context.file.source.line_at(at);
    let lines = [line.saturating_sub(1), line].map(|number| context.file.source.line(number));
    lines.iter().map(|text| text.matches(name).count()).sum::<usize>() > 1
}
