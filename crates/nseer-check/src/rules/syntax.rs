//! The file is no Lua 5.4.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::syntax::hint;

pub(super) static RULE: Rule = Rule {
    name: super::SYNTAX,
    level: Level::Error,
    about: "the text is no Lua 5.4",
    why: "The engine compiles a script before anything else, and refuses the whole run where one cannot be \
        compiled. Every error that can be found is told, the first one with certainty; later ones may \
        follow from it. Jumps without a target, assignments to constants and `...` outside of a function that \
        takes it are refused by the compiler too.",
    bad: "local function greet(host)\n  goto done\n  if host.ip then\n    return \"\\q\"\nend\n",
    good: "local function greet(host)\n  if host.ip then\n    return \"q\"\n  end\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let misplaced: &[_] =
        if context.file.problems.is_empty() { &context.names.misplaced } else { &[] };
    for (span, message) in context.file.problems.iter().chain(misplaced) {
        let finding = found.add(*span, message.clone());
        if let Some(hint) = hint(&context.file.source.text, *span) {
            finding.help(hint);
        }
    }
}
