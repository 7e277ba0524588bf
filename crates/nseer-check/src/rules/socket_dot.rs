//! Methods that are called with a dot.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::syntax::ExprKind;

pub(super) static RULE: Rule = Rule {
    name: "method-dot",
    level: Level::Error,
    about: "a method of a socket is called with a dot",
    why: "`socket.send(data)` passes the data in place of the socket, which raises an error; `socket:send(data)` passes \
        both. And `try(socket.close)` passes a function without calling it.",
    bad: "local function hello(host, port)\n  local socket = nmap.new_socket()\n  socket.connect(host, port)\n  socket:close()\nend\n",
    good: "local function hello(host, port)\n  local socket = nmap.new_socket()\n  socket:connect(host, port)\n  socket:close()\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in context.calls.iter().filter(|call| call.method.is_none()) {
        let ExprKind::Field(base, name) = &call.base.kind else { continue };
        let Some((at, var)) = context.names.var_of(base) else { continue };
        let passes_itself = call
            .args
            .first()
            .is_some_and(|first| context.names.var_of(first).is_some_and(|(known, _)| known == at));
        let is_method = context.api.function("nse.Socket", &name.text).is_some();
        if is_method && context.is_socket(var) && var.writes.is_empty() && !passes_itself {
            found
                .add(call.base.span, format!("'{}' is called without the socket", name.text))
                .help(format!("write {}:{}(…)", var.name, name.text));
        }
    }
}
