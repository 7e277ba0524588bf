//! Arguments that a script reads and does not document.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};

pub(super) static RULE: Rule = Rule {
    name: "argument-undocumented",
    level: Level::Warning,
    about: "a script argument is read but not documented",
    why: "Users learn from the tag `@args` which arguments a script takes. What it does not name, nobody gives.",
    bad: "--- Greets.\n-- @args hello.nam Who is greeted.\n-- @output\n-- | hello: x\n\
          local stdnse = require \"stdnse\"\nlocal name = stdnse.get_script_args(\"hello.name\")\n\
          stdnse.debug1(\"%s\", name)\n",
    good: "--- Greets.\n-- @args hello.name Who is greeted.\n-- @output\n-- | hello: x\n\
           local stdnse = require \"stdnse\"\n\
           local name = stdnse.get_script_args({\"hello.name\", \"whom\"})\n\
           stdnse.debug1(\"%s\", name)\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let documented = super::documented_arguments(context);
    // The arguments of a part of a library are documented with the library.
    if !context.is_script() && documented.is_empty() {
        return;
    }
    let own = context.script_name();
    let is_known = |name: &str| {
        let bare = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
        documented.iter().any(|(known, _)| {
            *known == name || known.ends_with(&format!(".{name}")) || bare(known) == bare(name)
        })
    };
    for names in super::read_arguments(context) {
        // One of several that do the same is enough, and the others are mostly older names of it.
        if names.len() > 1 && names.iter().any(|name| name.is_none_or(|(name, _)| is_known(name))) {
            continue;
        }
        for (name, span) in names.into_iter().flatten() {
            // Without the script's name an argument is one that scripts share.
            let is_own = name
                .split_once('.')
                .is_none_or(|(script, _)| script == own || !context.is_script());
            // Those of libraries are documented there.
            let is_shared = context.api.documents_argument(name);
            if is_known(name) || is_shared || !is_own && context.file.docs.is_empty() {
                continue;
            }
            let finding = found.add(span, format!("the argument '{name}' is not documented"));
            finding.help(match nearest(name, documented.iter().map(|(known, _)| *known)) {
                Some(meant) => format!("the documentation has '{meant}'"),
                None => format!("add: -- @args {name} What it does."),
            });
        }
    }
}
