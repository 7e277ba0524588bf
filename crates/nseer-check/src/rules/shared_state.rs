//! Variables of the file that are no memory between hosts.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::scope::Var;
use crate::syntax::ExprKind;

pub(super) static RULE: Rule = Rule {
    name: "lost-state",
    level: Level::Warning,
    about: "a variable of the file is used as a memory between runs of the script",
    why: "The whole file runs anew for each host and port that the script looks at, and for each rule. A local of the \
        file is therefore never seen by another run: a `postrule` finds it as it was declared. What is to be \
        kept belongs into `nmap.registry`, or `host.registry` for what is about one host.",
    bad: "-- whole\ndescription = \"Counts.\"\nauthor = \"A\"\nlicense = \"MIT\"\ncategories = {\"safe\"}\n\
          local names = {}\nhostrule = function() return true end\npostrule = function() return true end\n\
          action = function(host)\n  if SCRIPT_TYPE == \"postrule\" then return table.concat(names, \" \") end\n  \
          names[#names + 1] = host.name\nend\n",
    good: "-- whole\ndescription = \"Counts.\"\nauthor = \"A\"\nlicense = \"MIT\"\ncategories = {\"safe\"}\n\
           nmap.registry.names = nmap.registry.names or {}\nlocal names = nmap.registry.names\n\
           hostrule = function() return true end\npostrule = function() return true end\n\
           action = function(host)\n  if SCRIPT_TYPE == \"postrule\" then return table.concat(names, \" \") end\n  \
           names[#names + 1] = host.name\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let has = |rule: &str| context.assigned(rule).next().is_some();
    let runs = usize::from(has("hostrule") || has("portrule")) + usize::from(has("prerule"));
    if !context.is_script() || !has("postrule") || runs == 0 {
        return;
    }
    for var in context.names.vars.iter().filter(|var| var.function == 0) {
        let is_fresh = var.init.is_some_and(|(init, _)| {
            matches!(init.literal_type(), Some("table" | "number" | "string" | "boolean"))
        });
        // Functions that both change it and only read it.
        if is_fresh
            && is_changed(context, var)
            && var.reads.iter().any(|(_, function)| *function != 0)
        {
            found
                .add(var.span, format!("'{}' is new for every host, port and rule", var.name))
                .help("keep it in nmap.registry");
        }
    }
}

/// Whether a function assigns to the variable, to its fields, or adds to it.
fn is_changed(context: &Context<'_>, var: &Var<'_>) -> bool {
    let is_table = var
        .init
        .is_some_and(|(init, _)| matches!(&init.kind, ExprKind::Table(items) if items.is_empty()));
    let assigned = var.writes.iter().any(|(_, function)| *function != 0);
    let text = &context.file.source.text;
    let filled = is_table
        && var.reads.iter().filter(|(_, function)| *function != 0).any(|(span, _)| {
            let before = text.get(..span.start).unwrap_or_default().trim_end();
            let after = text.get(span.end..).unwrap_or_default();
            let line = after.lines().next().unwrap_or_default();
            before.ends_with("table.insert(") || before.ends_with("insert(") || {
                line.starts_with('[')
                    && line.split_once("] =").is_some_and(|(_, rest)| !rest.starts_with('='))
            }
        });
    assigned || filled
}
