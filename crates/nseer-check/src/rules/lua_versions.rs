//! What works in one version of Lua and not in another.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::syntax::{Expr, ExprKind, Visit, walk_expr};

pub(super) static RULE: Rule = Rule {
    name: "lua-versions",
    level: Level::Warning,
    about: "this differs between Lua 5.3 and 5.4",
    why: "Scripts run under Lua 5.3 and 5.4. In 5.4 a string as an operand of `& | ~ << >>` raises an error, and \
        `\"10\" + 1` is 11 where it was 11.0. `math.pow`, `math.log10`, `math.ldexp` and their like are only \
        there for old code. Convert with `tonumber`, and use the operators.",
    bad: "local function double(n)\n  return math.pow(n, 2) + (\"1\" | 2)\nend\n",
    good: "local function double(n)\n  return n ^ 2 + (1 | 2)\nend\n",
    check,
};

const OLD: &[(&str, &str)] = &[
    ("pow", "the operator ^"),
    ("log10", "math.log(x, 10)"),
    ("ldexp", "x * 2.0 ^ n"),
    ("frexp", "math.log(x, 2)"),
    ("atan2", "math.atan(y, x)"),
    ("cosh", "math.exp"),
    ("sinh", "math.exp"),
    ("tanh", "math.exp"),
];

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        if let Some(("math", name)) = context.callee(call)
            && let Some((_, instead)) = OLD.iter().find(|(old, _)| *old == name)
        {
            found
                .add(call.base.span, format!("math.{name} is only there for old code"))
                .help(format!("use {instead}"));
        }
    }
    Operators { found }.block(&context.file.block);
}

struct Operators<'f> {
    found: &'f mut Findings,
}

impl<'a> Visit<'a> for Operators<'_> {
    fn expr(&mut self, expr: &'a Expr) {
        if let ExprKind::Binary(operator, left, right) = &expr.kind {
            // Objects may give these operators a meaning of their own with other texts.
            let is_number = |text: &str| text.trim().parse::<f64>().is_ok();
            let text = [left, right].into_iter().find(|o| o.string().is_some_and(is_number));
            if let Some(text) = text {
                match operator.as_str() {
                    "&" | "|" | "~" | "<<" | ">>" => {
                        self.found
                            .add(text.span, "Lua 5.4 does not take a string here")
                            .level(Level::Error)
                            .help("write the number, or use tonumber");
                    }
                    "+" | "-" | "*" | "%" | "//" => {
                        self.found
                            .add(
                                text.span,
                                "whether the result is 1 or 1.0 depends on the version of Lua",
                            )
                            .help("write the number, or use tonumber");
                    }
                    _ => {}
                }
            }
        }
        walk_expr(self, expr);
    }
}
