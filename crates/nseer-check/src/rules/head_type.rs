//! Fields of the head that have the wrong type.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::syntax::{Expr, ExprKind, Item};

pub(super) static RULE: Rule = Rule {
    name: "head-type",
    level: Level::Error,
    about: "a field of the head has the wrong type",
    why: "The engine refuses the run where `action` or a rule is no function, or where `categories` or \
        `dependencies` is no table of strings. A description that is no string is an error only for those who \
        ask for the script's help.",
    bad: "-- whole\ndescription = \"Says hello.\"\nauthor = \"A\"\nlicense = \"MIT\"\ncategories = \"safe\"\n\
          portrule = true\naction = function() return \"hello\" end\n",
    good: "-- whole\ndescription = \"Says hello.\"\nauthor = \"A\"\nlicense = \"MIT\"\ncategories = {\"safe\"}\n\
           portrule = function() return true end\naction = function() return \"hello\" end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if !context.is_script() {
        return;
    }
    let rules = super::PHASES.iter().map(|rule| (*rule, "function"));
    let fields = [
        ("action", "function"),
        ("categories", "table"),
        ("dependencies", "table"),
        ("description", "string"),
    ];
    for (field, expected) in rules.chain(fields) {
        for value in context.assigned(field).filter_map(|global| global.value) {
            let wrong = value.literal_type().filter(|kind| *kind != expected && *kind != "nil");
            if let Some(kind) = wrong {
                let finding =
                    found.add(value.span, format!("'{field}' is a {kind}, not a {expected}"));
                match expected {
                    "table" => finding.help(format!("write: {field} = {{\"…\"}}")),
                    "string" => finding.level(Level::Warning),
                    _ => finding,
                };
            }
            if expected == "table" {
                strings_only(field, value, found);
            }
        }
    }
}

fn strings_only(field: &str, value: &Expr, found: &mut Findings) {
    let ExprKind::Table(items) = &value.kind else { return };
    for item in items {
        let Item::Value(value) = item else { continue };
        if let Some(kind) = value.literal_type().filter(|kind| !matches!(*kind, "string" | "nil")) {
            found.add(value.span, format!("'{field}' has a {kind} among its strings"));
        }
    }
}
