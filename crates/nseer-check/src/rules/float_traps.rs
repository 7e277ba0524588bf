//! Divisions whose results are used as whole numbers.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::syntax::{Expr, ExprKind};

pub(super) static RULE: Rule = Rule {
    name: "float-as-integer",
    level: Level::Warning,
    about: "the result of / is used where a whole number is needed",
    why: "Since Lua 5.3 `/` always gives a float. `string.rep`, `string.char`, `string.sub`, `receive_bytes` and `%d` raise an \
        error where it has a fraction, and a port number that is a float is refused even where it is whole. \
        `//` divides whole numbers.",
    bad: "local function bar(done, all)\n  return string.rep(\"#\", done * 40 / all)\nend\n",
    good: "local function bar(done, all)\n  return string.rep(\"#\", done * 40 // all)\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let (first, shown) = match (context.callee(call), call.method) {
            (Some(("string", name @ ("rep" | "sub" | "byte"))), _) => (1, name),
            (Some(("string", name @ "char")), _) => (0, name),
            (_, Some(name)) if matches!(name.text.as_str(), "receive_bytes" | "rep" | "sub") => {
                (0, name.text.as_str())
            }
            _ => continue,
        };
        for arg in call.args.iter().skip(first).filter(|arg| divides(arg)) {
            found
                .add(arg.span, format!("{shown} needs a whole number, and / gives a float"))
                .help("use //, or math.floor");
        }
    }
}

fn divides(expr: &Expr) -> bool {
    match &expr.without_parens().kind {
        // 0.5 and the like are floats by intention.
        ExprKind::Binary(operator, ..) if operator == "/" => true,
        ExprKind::Binary(operator, left, right) if matches!(operator.as_str(), "+" | "-" | "*") => {
            divides(left) || divides(right)
        }
        _ => false,
    }
}
