//! Formats that do not fit their values.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::rules::counted;
use crate::syntax::Expr;

pub(super) static RULE: Rule = Rule {
    name: "bad-format",
    level: Level::Error,
    about: "a format does not fit its values",
    why: "`string.format` raises an error where it has fewer values than the format asks for, or where a conversion does not \
        exist. So do `stdnse.debug1` and its like, but only when the user asks for messages, so nobody notices \
        until then. Values that no conversion shows are a warning.",
    bad: "local function greet(host)\n  return string.format(\"%s has %d ports and %y\", host.ip)\nend\n",
    good: "local function greet(host)\n  return string.format(\"%s has %d ports\", host.ip, 3)\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let format_at = match (context.callee(call), call.method) {
            (Some(("string", "format")), _) => 0,
            (Some(("stdnse", name)), _) => match name {
                "debug" | "verbose" | "print_debug" | "print_verbose" => {
                    // The level may be left out.
                    usize::from(call.args.first().is_some_and(|arg| arg.string().is_none()))
                }
                "debug1" | "debug2" | "debug3" | "debug4" | "debug5" | "verbose1" | "verbose2"
                | "verbose3" | "verbose4" | "verbose5" => 0,
                _ => continue,
            },
            (_, Some(name)) if name.text == "format" && call.base.string().is_some() => {
                let Some(text) = call.base.string() else { continue };
                judge(text, call.base, call.args, found);
                continue;
            }
            _ => continue,
        };
        let Some(format) = call.args.get(format_at) else { continue };
        if let Some(text) = format.string() {
            judge(text, format, &call.args[format_at + 1..], found);
        }
    }
}

fn judge(text: &str, format: &Expr, values: &[Expr], found: &mut Findings) {
    match conversions(text) {
        Err(what) => {
            found.add(format.span, what);
        }
        Ok(needed) => {
            let is_open = values.last().is_some_and(Expr::is_open);
            if values.len() < needed && !is_open {
                let needed = counted(needed, "value");
                let message = format!("the format asks for {needed} and gets {}", values.len());
                found.add(format.span, message);
            } else if values.len() > needed && !(is_open && values.len() == needed + 1) {
                let message = format!("the format shows only {needed} of {} values", values.len());
                found.add(values[needed].span, message).level(Level::Warning);
            }
        }
    }
}

/// The number of values that a format takes (section 6.4 of Lua's manual).
fn conversions(format: &str) -> Result<usize, String> {
    let mut count = 0;
    let mut rest = format;
    while let Some((_, after)) = rest.split_once('%') {
        if let Some(after) = after.strip_prefix('%') {
            rest = after;
            continue;
        }
        let spec = after.trim_start_matches(['-', '+', ' ', '#', '0']);
        let spec = spec.trim_start_matches(|c: char| c.is_ascii_digit());
        let spec = spec
            .strip_prefix('.')
            .map_or(spec, |spec| spec.trim_start_matches(|c: char| c.is_ascii_digit()));
        match spec.chars().next() {
            Some(
                'd' | 'i' | 'u' | 'c' | 'x' | 'X' | 'o' | 'e' | 'E' | 'f' | 'g' | 'G' | 'a' | 'A'
                | 'q' | 's' | 'p',
            ) => {
                count += 1;
                rest = &spec[1..];
            }
            Some(letter) => {
                return Err(format!(
                    "a format has no conversion %{letter}; a percent sign is written %%"
                ));
            }
            None => return Err("this format ends with %; a percent sign is written %%".into()),
        }
    }
    Ok(count)
}
