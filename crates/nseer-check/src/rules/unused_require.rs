//! Libraries that are required and not used.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "unused-require",
    level: Level::Note,
    about: "a library is required but not used",
    why: "The file runs anew for each host and port. A library that it does not use is looked up each time and misleads \
        whoever reads the script.",
    bad: "local http = require \"http\"\nlocal stdnse = require \"stdnse\"\nstdnse.debug1(\"hello\")\n",
    good: "local stdnse = require \"stdnse\"\nstdnse.debug1(\"hello\")\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for var in &context.names.vars {
        let Some((init, 0)) = var.init else { continue };
        let is_require = context.calls.iter().any(|call| {
            call.expr.span == init.span
                && call.method.is_none()
                && call.base.name() == Some("require")
        });
        // Loading strict changes how globals behave.
        if is_require && var.reads.is_empty() && var.name != "_" && var.name != "strict" {
            found.add(var.span, format!("'{}' is not used", var.name)).help("take the line out");
        }
    }
}
