//! Fields of the head that readers and tools look for.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};
use crate::source::Span;

const FIELDS: &[&str] = &["description", "categories", "author", "license"];

pub(super) static RULE: Rule = Rule {
    name: "head-incomplete",
    level: Level::Warning,
    about: "a field of the head is missing or mistyped",
    why: "The engine runs a script without `description`, `categories`, `author` and `license`, but nobody finds it, \
        knows what it does, or may pass it on. A global whose name is nearly that of a field, and that nothing \
        reads, is that field mistyped.",
    bad: "-- whole\ndescription = \"Says hello.\"\nauthor = \"A\"\nlicense = \"MIT\"\ncatagories = {\"safe\"}\n\
          prerule = function() return true end\naction = function() return \"hello\" end\n",
    good: "-- whole\ndescription = \"Says hello.\"\nauthor = \"A\"\nlicense = \"MIT\"\ncategories = {\"safe\"}\n\
           prerule = function() return true end\naction = function() return \"hello\" end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if !context.is_script() {
        return;
    }
    let globals = &context.names.globals;
    let mut mistyped = Vec::new();
    let known = FIELDS.iter().chain(super::PHASES).chain(&["action", "dependencies"]);
    let known: Vec<&str> = known.copied().collect();
    for global in globals.iter().filter(|global| global.is_write && global.function == 0) {
        let is_read = globals.iter().any(|other| !other.is_write && other.name == global.name);
        let meant = nearest(global.name, known.iter().copied());
        if let Some(meant) = meant.filter(|meant| *meant != global.name && !is_read)
            && context.assigned(meant).next().is_none()
        {
            found
                .add(global.span, format!("'{}' is no field of the head", global.name))
                .help(format!("did you mean '{meant}'?"));
            mistyped.push(meant);
        }
    }
    let first = Span::new(0, context.file.source.line(1).len());
    for field in FIELDS.iter().filter(|field| !mistyped.contains(*field)) {
        if context.assigned(field).next().is_none() {
            found.add(first, format!("the script has no '{field}'"));
        }
    }
}
