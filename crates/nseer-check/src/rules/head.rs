//! The fields without which a script is none.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "missing-entry",
    level: Level::Error,
    about: "the script has no action or no rule",
    why: "A script says what it does in `action`, and when in at least one of `prerule`, `hostrule`, `portrule` and \
        `postrule`. The engine refuses the whole run where a script lacks one of them. They are globals: a \
        local function of that name does not count.",
    bad: "-- whole\nlocal shortport = require \"shortport\"\ndescription = \"Says hello.\"\nauthor = \"A\"\n\
          license = \"MIT\"\ncategories = {\"safe\"}\nportrule = shortport.http\n\
          local function action() return \"hello\" end\n",
    good: "-- whole\nlocal shortport = require \"shortport\"\ndescription = \"Says hello.\"\nauthor = \"A\"\n\
           license = \"MIT\"\ncategories = {\"safe\"}\nportrule = shortport.http\n\
           function action() return \"hello\" end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    // What builds its globals some other way cannot be judged.
    let is_odd = context.names.globals.iter().any(|g| matches!(g.name, "_ENV" | "dofile" | "load"))
        || context.calls.iter().any(|call| call.base.name() == Some("rawset"));
    if !context.is_script() || is_odd {
        return;
    }
    let first = Span::new(0, context.file.source.line(1).len());
    if context.assigned("action").next().is_none() {
        let local = context.names.vars.iter().find(|var| var.name == "action" && var.function == 0);
        let finding = found.add(local.map_or(first, |var| var.span), "the script has no action");
        finding.help(match local {
            Some(_) => "take away the word local: the engine looks for a global",
            None => "write: action = function(host, port) … end",
        });
    }
    if super::PHASES.iter().all(|rule| context.assigned(rule).next().is_none()) {
        found
            .add(first, "the script has no rule")
            .help("define prerule, hostrule, portrule or postrule");
    }
}
