//! Waiting where Lua cannot wait.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::source::Span;
use crate::syntax::Expr;

pub(super) static RULE: Rule = Rule {
    name: "yield-in-callback",
    level: Level::Error,
    about: "something waits inside of a function that string.gsub, table.sort or receive_buf calls",
    why: "Whatever waits for the network or the clock lets other scripts run meanwhile, by yielding. `string.gsub`, \
        `table.sort`, and the matcher of `receive_buf` call their function from C code, through which Lua cannot \
        yield: `attempt to yield across a C-call boundary`.",
    bad: "local stdnse = require \"stdnse\"\nlocal function slow(list)\n  \
          table.sort(list, function(a, b) stdnse.sleep(1) return a < b end)\nend\n",
    good: "local stdnse = require \"stdnse\"\nlocal function slow(list)\n  stdnse.sleep(1)\n  \
           table.sort(list, function(a, b) return a < b end)\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let (callback, caller): (Option<&Expr>, &str) = match (context.callee(call), call.method) {
            (Some(("string", "gsub")), _) => (call.args.get(2), "string.gsub"),
            (Some(("table", "sort")), _) => (call.args.get(1), "table.sort"),
            (None, Some(name)) if name.text == "gsub" => (call.args.get(1), "string.gsub"),
            (None, Some(name)) if name.text == "receive_buf" => (call.args.first(), "receive_buf"),
            _ => continue,
        };
        let Some(function) = callback.and_then(|callback| context.function(callback)) else {
            continue;
        };
        let number = context.names.function_at(function.span);
        let waiting = context
            .calls
            .iter()
            .find(|inner| Some(inner.function) == number && context.may_wait(inner));
        if let Some(inner) = waiting {
            let head = Span::new(call.expr.span.start, call.base.span.end);
            found
                .add(inner.expr.span, format!("this waits, but {caller} cannot be interrupted"))
                .help("do what waits before, and look the results up in the function")
                .also(head, "called from here");
        }
    }
}
