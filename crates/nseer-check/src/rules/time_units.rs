//! Seconds where milliseconds are meant, and the other way round.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::syntax::ExprKind;

pub(super) static RULE: Rule = Rule {
    name: "time-unit",
    level: Level::Warning,
    about: "a time is probably in the wrong unit",
    why: "`set_timeout` takes milliseconds and `stdnse.sleep` takes seconds. A timeout of a few milliseconds ends before most \
        peers can answer, and a sleep of hundreds of seconds is longer than scripts usually may run.",
    bad: "local stdnse = require \"stdnse\"\nlocal function wait(socket)\n  socket:set_timeout(5)\n  stdnse.sleep(1000)\nend\n",
    good: "local stdnse = require \"stdnse\"\nlocal function wait(socket)\n  socket:set_timeout(5000)\n  stdnse.sleep(1)\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let Some(arg) = call.args.first() else { continue };
        let ExprKind::Number(text) = &arg.kind else { continue };
        let Ok(value) = text.parse::<f64>() else { continue };
        if call.method.is_some_and(|method| method.text == "set_timeout")
            && value > 0.0
            && value < 50.0
        {
            found
                .add(arg.span, format!("this is a timeout of {text} milliseconds"))
                .help(format!("for seconds, write {}", value * 1000.0));
        }
        if context.callee(call) == Some(("stdnse", "sleep")) && value >= 300.0 {
            found
                .add(arg.span, format!("this waits for {text} seconds"))
                .help(format!("for milliseconds, write {}", value / 1000.0));
        }
    }
}
