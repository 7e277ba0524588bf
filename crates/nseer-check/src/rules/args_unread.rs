//! Arguments that a script documents and does not read.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "argument-unread",
    level: Level::Warning,
    about: "a script argument is documented but never read",
    why: "An argument that the script does not read does nothing, whatever the documentation promises. Arguments whose \
        names begin with another name than the script's are those of libraries.",
    bad: "--- Greets.\n-- @args SCRIPT.name Who is greeted.\n-- @output\n-- | hello: x\n\
          local stdnse = require \"stdnse\"\nlocal who = stdnse.get_script_args(\"SCRIPT.who\")\n\
          stdnse.debug1(\"%s\", who)\n",
    good: "--- Greets.\n-- @args SCRIPT.who Who is greeted.\n-- @output\n-- | hello: x\n\
           local stdnse = require \"stdnse\"\nlocal who = stdnse.get_script_args(\"SCRIPT.who\")\n\
           stdnse.debug1(\"%s\", who)\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if !context.is_script() {
        return;
    }
    // The crawler reads arguments in the name of the script that uses it.
    if context.required().any(|(module, _)| module == "httpspider") {
        return;
    }
    let own = context.script_name();
    for (name, span) in super::documented_arguments(context) {
        let Some((script, rest)) = name.split_once('.') else { continue };
        if script != own {
            continue;
        }
        // Whoever mentions the name anywhere outside of comments may read it by any means.
        let text = &context.file.source.text;
        let quoted = |name: &str| {
            text.match_indices(name).any(|(at, _)| {
                !context.file.comments.iter().any(|c| c.span.start <= at && at < c.span.end)
            })
        };
        if !quoted(rest) {
            found.add(span, format!("nothing reads the argument '{name}'"));
        }
    }
}
