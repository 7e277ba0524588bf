//! Calls with too few or too many arguments.

use crate::api::Origin;
use crate::context::{Call, Context};
use crate::rule::{Findings, Level, Rule};
use crate::rules::counted;
use crate::syntax::{Expr, ExprKind};

pub(super) static RULE: Rule = Rule {
    name: "argument-count",
    level: Level::Error,
    about: "a function is called with too few or too many arguments",
    why: "A native function that lacks an argument raises an error. Arguments that a function does not take are \
        evaluated and dropped, which is not what was meant; that is a warning.",
    bad: "local function state(host)\n  return nmap.get_port_state(host)\nend\n",
    good: "local function state(host)\n  return nmap.get_port_state(host, {number = 113, protocol = \"tcp\"})\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let Some((module, name, shown)) = called(context, call) else { continue };
        let Some(signature) = context.api.function(module, name) else { continue };
        let is_native = context.api.module(module).is_some_and(|m| m.origin != Origin::Library);
        let least = signature.least();
        let most = signature.params.len();
        let given = call.args.len();
        let is_open = call.args.last().is_some_and(Expr::is_open);
        let names: Vec<&str> = signature.params.iter().map(|param| param.name.as_str()).collect();
        let usage = format!("it is {shown}({})", names.join(", "));
        if is_native && given < least && !is_open {
            let missing = names[given];
            found.add(call.expr.span, format!("{shown} is called without '{missing}'")).help(usage);
        } else if !signature.is_vararg && given > most {
            // `f(g())` passes on whatever g gives.
            let extra = &call.args[most];
            if given == most + 1 && is_open && matches!(extra.kind, ExprKind::Vararg) {
                continue;
            }
            found
                .add(
                    extra.span,
                    format!("{shown} takes {}, not {given}", counted(most, "argument")),
                )
                .level(Level::Warning)
                .help(usage);
        }
    }
}

/// The module and the name of what is called, and how it is written.
fn called<'a>(context: &Context<'a>, call: &Call<'a>) -> Option<(&'a str, &'a str, String)> {
    match call.method {
        None => {
            context.callee(call).map(|(module, name)| (module, name, format!("{module}.{name}")))
        }
        Some(method) => {
            let (_, var) = context.names.var_of(call.base)?;
            let is_plain = context.is_socket(var) && var.writes.is_empty();
            is_plain.then(|| {
                ("nse.Socket", method.text.as_str(), format!("{}:{}", var.name, method.text))
            })
        }
    }
}
