//! Methods that a socket does not have.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule, nearest};

pub(super) static RULE: Rule = Rule {
    name: "unknown-method",
    level: Level::Error,
    about: "a socket has no method of this name",
    why: "A call of a method that a socket does not have raises an error.",
    bad: "local function hello(host, port)\n  local socket = nmap.new_socket()\n  socket:connect(host, port)\n  \
          socket:recieve()\n  socket:close()\nend\n",
    good: "local function hello(host, port)\n  local socket = nmap.new_socket()\n  socket:connect(host, port)\n  \
           socket:receive()\n  socket:close()\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let Some(socket) = context.api.module("nse.Socket") else { return };
    for call in &context.calls {
        let (Some(method), Some((_, var))) = (call.method, context.names.var_of(call.base)) else {
            continue;
        };
        let is_socket = context.is_socket(var) && var.writes.is_empty();
        if is_socket && !method.text.is_empty() && !socket.functions.contains_key(&method.text) {
            let finding =
                found.add(method.span, format!("a socket has no method '{}'", method.text));
            if let Some(meant) = nearest(&method.text, socket.functions.keys().map(String::as_str))
            {
                finding.help(format!("did you mean '{meant}'?"));
            }
        }
    }
}
