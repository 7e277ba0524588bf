//! Locks that are taken and not given back.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "mutex-kept",
    level: Level::Warning,
    about: "a mutex is locked but never given back",
    why: "All threads that want a mutex wait until its owner gives it back with `mutex \"done\"`, or ends. A script that locks \
        one and never says done makes all others wait as long as it runs.",
    bad: "local function count(host)\n  local mutex = nmap.mutex(host.ip)\n  mutex(\"lock\")\n  \
          nmap.registry.count = (nmap.registry.count or 0) + 1\nend\n",
    good: "local function count(host)\n  local mutex = nmap.mutex(host.ip)\n  mutex(\"lock\")\n  \
           nmap.registry.count = (nmap.registry.count or 0) + 1\n  mutex(\"done\")\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for (at, var) in context.names.vars.iter().enumerate() {
        let is_mutex =
            var.init.is_some_and(|(init, _)| context.callee_of(init) == Some(("nmap", "mutex")));
        if !is_mutex || !var.writes.is_empty() {
            continue;
        }
        let orders: Vec<_> = context
            .calls
            .iter()
            .filter(|call| call.method.is_none())
            .filter(|call| context.names.var_of(call.base).is_some_and(|(known, _)| known == at))
            .collect();
        // Whoever passes it on may have it given back elsewhere.
        let is_passed_on = var.reads.len() > orders.len();
        let says = |word: &str| {
            orders.iter().find(|call| call.args.first().and_then(|a| a.string()) == Some(word))
        };
        if let (Some(lock), None, false) = (says("lock"), says("done"), is_passed_on) {
            found
                .add(lock.expr.span, format!("'{}' is never given back", var.name))
                .help(format!("call {}(\"done\") when the work is done", var.name));
        }
    }
}
