//! Comments that are to allow something, and do not.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};
use crate::suppress::Allowances;

pub(super) static RULE: Rule = Rule {
    name: "bad-allowance",
    level: Level::Warning,
    about: "a comment is to allow something, but cannot be read",
    why: "`-- nseer: allow(rule)` behind a statement, or on the line before it, allows what a rule would complain about there; \
        `-- nseer: allow-file(rule)` allows it in the whole file. Several rules are separated by commas; `all` is \
        every rule.",
    bad: "local function state()\n  total = 1 -- nseer: allow(implicit-globl)\nend\n",
    good: "local function state()\n  total = 1 -- nseer: allow(implicit-global)\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let names = || super::RULES.iter().map(|rule| rule.name);
    let allowances = Allowances::of(context.file, |name| names().any(|known| known == name));
    for (span, message) in allowances.wrong {
        let typed = message.split('\'').nth(1).unwrap_or_default();
        let meant = nearest(typed, names()).map(str::to_owned);
        let finding = found.add(span, message);
        finding.help(match meant {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => "write: -- nseer: allow(rule)".to_owned(),
        });
    }
}
