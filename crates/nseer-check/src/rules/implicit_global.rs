//! Globals that a function makes by accident.

use std::collections::BTreeSet;

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "implicit-global",
    level: Level::Warning,
    about: "a function assigns to a global that the file does not declare",
    why: "A variable that is assigned to without `local` is global: all functions of the script, and its worker threads, \
        share it, and one overwrites what another still needs while that waits for the network. In a library it becomes \
        a field that every script sees.",
    bad: "local function sum(list)\n  total = 0\n  for _, n in ipairs(list) do total = total + n end\n  return total\nend\n",
    good: "local function sum(list)\n  local total = 0\n  for _, n in ipairs(list) do total = total + n end\n  return total\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if !context.is_script() {
        return;
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let globals = &context.names.globals;
    for global in globals.iter().filter(|global| global.is_write && global.function != 0) {
        let name = global.name;
        let declared =
            globals.iter().any(|other| other.is_write && other.function == 0 && other.name == name);
        let is_function =
            global.body.is_some() || global.value.is_some_and(|v| v.function().is_some());
        if declared
            || is_function
            || super::PHASES.contains(&name)
            || name.is_empty()
            || name == "_ENV"
        {
            continue;
        }
        if told.insert(name) {
            found
                .add(global.span, format!("'{name}' is a global"))
                .help(format!("write: local {name}"));
        }
    }
}
