//! The engine puts a text around every script, and some beginnings and ends do not fit into it.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: super::FRAME,
    level: Level::Error,
    about: "the script begins or ends with what the engine cannot take",
    why: "A script is compiled as the body of a function: text is put before its first line and after its last. A \
        `#!` line or a byte order mark at the beginning is therefore an error, and a comment at the very end \
        without a line end swallows what follows it.",
    bad: "#!/usr/bin/env lua\nlocal stdnse = require \"stdnse\"\nstdnse.debug1(\"hello\")\n",
    good: "local stdnse = require \"stdnse\"\nstdnse.debug1(\"hello\")\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let text = &context.file.source.text;
    if text.starts_with("#!") {
        let end = text.find('\n').unwrap_or(text.len());
        found.add(Span::new(0, end), "a script has no #! line").help("take the line out");
    }
    if text.starts_with('\u{feff}') {
        found
            .add(Span::new(0, 3), "the file begins with a byte order mark")
            .help("save it without one");
    }
    if !context.is_script() {
        return;
    }
    if let Some(comment) = context.file.comments.last().filter(|comment| comment.is_last) {
        found
            .add(comment.span, "the last line is a comment without a line end")
            .help("end the line: the engine's text that follows would be part of the comment");
    }
}
