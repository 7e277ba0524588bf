//! Rules that talk to the network.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "network-in-rule",
    level: Level::Warning,
    about: "a rule talks to the network",
    why: "Rules are asked for every host and port, whether the script will run or not, so a rule that connects does so \
        to each of them. A rule judges by what the scan knows; ask the service in `action`.",
    bad: "local comm = require \"comm\"\nportrule = function(host, port)\n  \
          return comm.get_banner(host, port) ~= nil\nend\n",
    good: "local shortport = require \"shortport\"\nportrule = shortport.port_or_service(25, \"smtp\")\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    if !context.is_script() {
        return;
    }
    for rule in super::PHASES.iter().filter(|rule| matches!(**rule, "hostrule" | "portrule")) {
        for function in context.functions_of(rule) {
            let number = context.names.function_at(function.span);
            for call in context.calls.iter().filter(|call| Some(call.function) == number) {
                if context.may_wait(call) {
                    found.add(call.expr.span, format!("{rule} talks to the network"));
                }
            }
        }
    }
}
