//! Tags that NSEDoc does not have.

use nseer_nsedoc::TAGS;

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};

/// Tags that are not of NSEDoc but that many files have, and that do no harm.
const TOLERATED: &[&str] = &["data", "description", "note", "summary"];

pub(super) static RULE: Rule = Rule {
    name: "doc-tag",
    level: Level::Warning,
    about: "NSEDoc has no such tag",
    why: "What follows a tag that NSEDoc does not know is lost. The tags are @args, @author, @class, @copyright, \
        @field, @name, @output, @param, @release, @return, @see, @usage and @xmloutput.",
    bad: "--- Greets.\n-- @parm host Host table.\n-- @return Text.\nfunction greet(host) return host.ip end\n",
    good: "--- Greets.\n-- @param host Host table.\n-- @return Text.\nfunction greet(host) return host.ip end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for tag in context.file.docs.iter().flat_map(|doc| &doc.tags) {
        let name = tag.name.as_str();
        if TAGS.contains(&name) || TOLERATED.contains(&name) {
            continue;
        }
        let finding = found.add(context.file.tag_span(tag), format!("NSEDoc has no tag @{name}"));
        if let Some(meant) = nearest(name, TAGS.iter().copied()) {
            finding.help(format!("did you mean @{meant}?"));
        }
    }
}
