//! Keys that stand twice in one table.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, Item, Visit, walk_expr};

pub(super) static RULE: Rule = Rule {
    name: "duplicate-key",
    level: Level::Warning,
    about: "a key stands twice in one table",
    why: "The later value of a key replaces the earlier one, which is then never seen.",
    bad: "local names = {http = 80, https = 443, http = 8080}\nlocal function port(name) return names[name] end\n",
    good: "local names = {http = 80, https = 443, proxy = 8080}\nlocal function port(name) return names[name] end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    Tables { found }.block(&context.file.block);
}

struct Tables<'f> {
    found: &'f mut Findings,
}

impl<'a> Visit<'a> for Tables<'_> {
    fn expr(&mut self, expr: &'a Expr) {
        if let ExprKind::Table(items) = &expr.kind {
            let mut seen: std::collections::HashMap<String, Span> =
                std::collections::HashMap::new();
            for item in items {
                let (key, span) = match item {
                    Item::Named(name, _) => (format!("s{}", name.text), name.span),
                    Item::Keyed(key, _) => match &key.kind {
                        ExprKind::String(text) if !text.contains('\u{fffd}') => {
                            (format!("s{text}"), key.span)
                        }
                        ExprKind::Number(text) => (format!("n{}", text.to_lowercase()), key.span),
                        _ => continue,
                    },
                    Item::Value(_) => continue,
                };
                if let Some(first) = seen.insert(key, span) {
                    self.found
                        .add(span, "this key stands in the table already")
                        .also(first, "its first value is lost");
                }
            }
        }
        walk_expr(self, expr);
    }
}
