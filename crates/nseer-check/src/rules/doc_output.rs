//! Scripts that do not show what they print.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "doc-output",
    level: Level::Note,
    about: "the documentation shows no output",
    why: "Readers of a script's documentation look first at an example of what it prints: the tag `@output`, copied \
        from a run. Scripts of the categories `version`, and those that print nothing, may go without.",
    bad: "-- whole\n--- Says hello.\n-- @usage nseer --script hello host\ndescription = \"Says hello.\"\nauthor = \"A\"\n\
          license = \"MIT\"\ncategories = {\"safe\"}\nprerule = function() return true end\n\
          action = function() return \"hello\" end\n",
    good: "-- whole\n---\n-- @output\n-- | hello: hello\ndescription = \"Says hello.\"\nauthor = \"A\"\n\
           license = \"MIT\"\ncategories = {\"safe\"}\nprerule = function() return true end\n\
           action = function() return \"hello\" end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if !context.is_script() {
        return;
    }
    let is_version = super::strings_of(context, "categories").iter().any(|(c, _)| *c == "version");
    let shows = |doc: &nseer_nsedoc::Comment| {
        doc.tags.iter().any(|tag| matches!(tag.name.as_str(), "output" | "xmloutput"))
    };
    if is_version || context.file.docs.iter().any(shows) {
        return;
    }
    let span =
        context.file.docs.first().map_or(Span::new(0, context.file.source.line(1).len()), |doc| {
            let start = context.file.place_in(doc.line, "---");
            Span::new(start, start + 3)
        });
    found.add(span, "the documentation shows no output").help("add @output with lines from a run");
}
