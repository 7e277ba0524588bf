//! A `try` that leaves sockets open.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "try-without-catch",
    level: Level::Warning,
    about: "nmap.new_try has no function that closes the socket",
    why: "What `nmap.new_try` gives ends the script at the first failure. Whatever the script has open then \
        stays open, unless the function given to `nmap.new_try` closes it.",
    bad: "local function ask(host, port)\n  local socket = nmap.new_socket()\n  \
          local try = nmap.new_try()\n  try(socket:connect(host, port))\n  socket:close()\nend\n",
    good: "local function ask(host, port)\n  local socket = nmap.new_socket()\n  \
           local try = nmap.new_try(function() socket:close() end)\n  try(socket:connect(host, port))\n  \
           socket:close()\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        if context.callee(call) != Some(("nmap", "new_try")) || !call.args.is_empty() {
            continue;
        }
        let sockets = context
            .names
            .vars
            .iter()
            .filter(|var| var.function == call.function && context.is_socket(var));
        if let Some(socket) = sockets.into_iter().next() {
            found
                .add(call.expr.span, format!("a failure leaves the socket '{}' open", socket.name))
                .help(format!("write: nmap.new_try(function() {}:close() end)", socket.name))
                .also(socket.span, "it is made here");
        }
    }
}
