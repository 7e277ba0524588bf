//! Documented parameters that a function does not have.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};
use crate::syntax::{Function, Stat, StatKind, Visit, walk_stat};

pub(super) static RULE: Rule = Rule {
    name: "doc-param",
    level: Level::Note,
    about: "a documented parameter is not one of the function's",
    why: "Whoever reads the documentation of a function passes what it names. A `@param` whose name is none of the \
        parameters was renamed in only one place.",
    bad: "--- Greets.\n-- @param name Who is greeted.\nfunction greet(host) return host.ip end\n",
    good: "--- Greets.\n-- @param host Who is greeted.\nfunction greet(host) return host.ip end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let mut functions = Functions { found: Vec::new() };
    functions.block(&context.file.block);
    let source = &context.file.source;
    for (start, function) in functions.found {
        let line = source.line_at(start);
        let doc = context.file.docs.iter().find(|doc| doc.last_line + 1 == line);
        let Some(doc) = doc.filter(|doc| doc.tagged("name").next().is_none()) else { continue };
        let names: Vec<&str> = function.params.iter().map(|param| param.text.as_str()).collect();
        for tag in doc.tagged("param") {
            let name = tag.first_word().trim_end_matches([',', ':', ';', '-', '.']);
            if names.contains(&name) || name.is_empty() || function.is_vararg {
                continue;
            }
            let finding = found
                .add(context.file.tag_span(tag), format!("the function has no parameter '{name}'"));
            let undocumented = names
                .iter()
                .copied()
                .filter(|name| !doc.tagged("param").any(|tag| tag.first_word() == *name));
            if let Some(meant) = nearest(name, undocumented) {
                finding.help(format!("did you mean '{meant}'?"));
            }
        }
    }
}

struct Functions<'a> {
    found: Vec<(usize, &'a Function)>,
}

impl<'a> Visit<'a> for Functions<'a> {
    fn stat(&mut self, stat: &'a Stat) {
        match &stat.kind {
            StatKind::Function { function, .. } | StatKind::LocalFunction { function, .. } => {
                self.found.push((stat.span.start, function));
            }
            StatKind::Assign { values, .. } | StatKind::Local { values, .. } => {
                self.found
                    .extend(values.iter().filter_map(|v| Some((stat.span.start, v.function()?))));
            }
            _ => {}
        }
        walk_stat(self, stat);
    }
}
