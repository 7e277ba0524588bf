//! Fields that hosts and ports do not have.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};
use crate::scope::VarKind;
use crate::syntax::{Expr, ExprKind, Stat, StatKind, Visit, walk_expr, walk_stat};

pub(super) static RULE: Rule = Rule {
    name: "unknown-field",
    level: Level::Warning,
    about: "a host or a port has no field of this name",
    why: "Reading a field that a table does not have gives nil, silently. Hosts and ports have the fields that the \
        definitions of `nseer script types` list.",
    bad: "action = function(host, port)\n  return host.adress .. \" \" .. port.protcol\nend\n",
    good: "action = function(host, port)\n  return host.ip .. \" \" .. port.protocol\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if !context.is_script() {
        return;
    }
    // The parameters of rules and action, and what they are.
    let mut tables: Vec<(usize, &str)> = Vec::new();
    for name in super::PHASES.iter().chain(&["action"]) {
        for function in context.functions_of(name) {
            for (param, class) in function.params.iter().zip(["nse.Host", "nse.Port"]) {
                let vars = context.names.vars.iter().enumerate();
                let at = vars
                    .filter(|(_, var)| var.span == param.span && var.kind == VarKind::Parameter);
                tables
                    .extend(at.filter(|(_, var)| var.writes.is_empty()).map(|(at, _)| (at, class)));
            }
        }
    }
    let mut fields = Fields { context, tables, written: Vec::new(), read: Vec::new() };
    fields.block(&context.file.block);
    for (class, name, span) in &fields.read {
        let Some(known) = context.api.module(class) else { continue };
        if name.is_empty() || known.fields.contains(*name) || fields.written.contains(name) {
            continue;
        }
        let kind = if *class == "nse.Host" { "host" } else { "port" };
        let finding = found.add(*span, format!("a {kind} has no field '{name}'"));
        if let Some(meant) = nearest(name, known.fields.iter().map(String::as_str)) {
            finding.help(format!("did you mean '{meant}'?"));
        }
    }
}

struct Fields<'c, 'a> {
    context: &'c Context<'a>,
    tables: Vec<(usize, &'c str)>,
    written: Vec<&'a str>,
    read: Vec<(&'c str, &'a str, crate::source::Span)>,
}

impl<'a> Visit<'a> for Fields<'_, 'a> {
    fn stat(&mut self, stat: &'a Stat) {
        if let StatKind::Assign { targets, .. } = &stat.kind {
            for target in targets {
                if let ExprKind::Field(_, name) = &target.kind {
                    self.written.push(&name.text);
                }
            }
        }
        walk_stat(self, stat);
    }

    fn expr(&mut self, expr: &'a Expr) {
        if let ExprKind::Field(base, name) = &expr.kind
            && let Some((at, _)) = self.context.names.var_of(base)
        {
            let table = self.tables.iter().find(|(known, _)| *known == at);
            self.read.extend(table.map(|(_, class)| (*class, name.text.as_str(), name.span)));
        }
        walk_expr(self, expr);
    }
}
