//! Results that are not shown as meant.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, Function, Item, Stat, StatKind, Visit, walk_stat};

pub(super) static RULE: Rule = Rule {
    name: "result-form",
    level: Level::Warning,
    about: "action gives a result that is not shown as meant",
    why: "What `action` gives is printed: nothing for nil, a string as it is, a table by its list items and its string \
        keys, and everything else by `tostring`. `return false` prints the word false, an error is no status \
        and a text, and an empty string or table leaves a line without content. Keys of a table that are numbers \
        outside of the list are not shown.",
    bad: "action = function(host)\n  if host.name == \"\" then\n    return false, \"no name\"\n  end\n  \
          return host.name\nend\n",
    good: "action = function(host)\n  if host.name == \"\" then\n    return nil\n  end\n  return host.name\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for function in context.functions_of("action") {
        let mut returns = Returns { found: Vec::new() };
        returns.block(&function.body);
        for (values, span) in returns.found {
            judge(values, span, found);
        }
    }
}

fn judge(values: &[Expr], span: Span, found: &mut Findings) {
    let Some(first) = values.first() else { return };
    let second = values.get(1);
    match (&first.kind, second) {
        (ExprKind::False | ExprKind::True, None) => {
            found
                .add(span, "the word of a boolean is printed as the result")
                .help("return nil where there is no result");
        }
        // `true` and a text is a result for programs and one for people.
        (ExprKind::False, Some(second)) if second.literal_type() != Some("nil") => {
            found
                .add(span, "action gives a result, not a status and a result")
                .help("return the result alone, or stdnse.format_output(status, result)");
        }
        (ExprKind::String(text), None) if text.is_empty() => {
            found
                .add(first.span, "an empty result leaves a line without content")
                .help("return nil");
        }
        (ExprKind::Table(items), None) => {
            if items.is_empty() {
                found
                    .add(first.span, "an empty result leaves a line without content")
                    .help("return nil");
            }
            for item in items {
                if let Item::Keyed(key, _) = item
                    && key.literal_type() == Some("boolean")
                {
                    found.add(key.span, "this key is not shown").help("use a string as the key");
                }
            }
        }
        _ => {}
    }
}

struct Returns<'a> {
    found: Vec<(&'a [Expr], Span)>,
}

impl<'a> Visit<'a> for Returns<'a> {
    fn stat(&mut self, stat: &'a Stat) {
        match &stat.kind {
            StatKind::Return(values) => self.found.push((values, stat.span)),
            _ => walk_stat(self, stat),
        }
    }

    fn function(&mut self, _: &'a Function) {}
}
