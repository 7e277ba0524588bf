//! Functions that have better successors.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "deprecated-function",
    level: Level::Note,
    about: "a function has a better successor",
    why: "Some functions of `stdnse` are kept for old scripts. `print_debug` does not say which script speaks, and \
        `format_output` makes a text where a table would also be structured in XML and JSON.",
    bad: "local stdnse = require \"stdnse\"\nlocal function hello()\n  stdnse.print_debug(1, \"hello\")\nend\n",
    good: "local stdnse = require \"stdnse\"\nlocal function hello()\n  stdnse.debug1(\"hello\")\nend\n",
    check,
};

const OLD: &[(&str, &str, &str)] = &[
    ("stdnse", "print_debug", "stdnse.debug1 to debug5"),
    ("stdnse", "print_verbose", "stdnse.verbose1 to verbose5"),
    ("stdnse", "format_output", "a table, best from stdnse.output_table()"),
    ("stdnse", "strsplit", "stringaux.strsplit"),
    ("stdnse", "strjoin", "table.concat"),
    ("stdnse", "string_or_blank", "the operator or"),
    ("table", "getn", "the operator #"),
];

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let Some(callee) = context.callee(call) else { continue };
        if let Some((module, name, instead)) = OLD.iter().find(|(m, n, _)| (*m, *n) == callee) {
            found
                .add(call.base.span, format!("{module}.{name} is there for old scripts"))
                .help(format!("use {instead}"));
        }
    }
}
