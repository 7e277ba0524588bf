//! Patterns that Lua cannot use.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "bad-pattern",
    level: Level::Error,
    about: "a pattern is malformed",
    why: "`string.find`, `match`, `gmatch` and `gsub` raise an error where a set is not closed, a `%` ends the pattern, \
        or a bracket has no partner. Lua's patterns are no regular expressions: `\\d` is `%d`, and `|` and `{2}` have \
        no meaning.",
    bad: "local function code(line)\n  return string.match(line, \"^([0-9+)\")\nend\n",
    good: "local function code(line)\n  return string.match(line, \"^([0-9]+)\")\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let pattern = match (context.callee(call), call.method) {
            (Some(("string", "find" | "match" | "gmatch" | "gsub")), _) => call.args.get(1),
            (_, Some(name)) if matches!(name.text.as_str(), "match" | "gmatch" | "gsub") => {
                call.args.first()
            }
            _ => continue,
        };
        // A fourth argument of find asks for the text as it is.
        let is_plain = matches!(context.callee(call), Some((_, "find"))) && call.args.len() > 3;
        let Some(pattern) = pattern.filter(|_| !is_plain) else { continue };
        let is_string = call.method.is_none() || call.base.string().is_some();
        // Another object may have a method of this name: only what no pattern can be is told.
        let Some(text) = pattern.string().filter(|_| is_string || call.method.is_some()) else {
            continue;
        };
        if let Err(what) = valid(text.as_bytes()) {
            let finding = found.add(pattern.span, what);
            if !is_string {
                finding.level(Level::Warning);
            }
        }
    }
}

/// Checks a pattern as Lua reads it (section 6.4.1 of its manual).
fn valid(pattern: &[u8]) -> Result<(), String> {
    let mut open: Vec<usize> = Vec::new();
    let mut captures: Vec<bool> = Vec::new();
    let mut at = usize::from(pattern.first() == Some(&b'^'));
    while let Some(&byte) = pattern.get(at) {
        match byte {
            b'(' => {
                if pattern.get(at + 1) == Some(&b')') {
                    captures.push(true);
                    at += 1;
                } else {
                    open.push(captures.len());
                    captures.push(false);
                }
                at += 1;
            }
            b')' => {
                let capture = open.pop().ok_or("this pattern closes a capture that is not open")?;
                captures[capture] = true;
                at += 1;
            }
            b'%' => at = escape(pattern, at, &captures)?,
            b'[' => at = set(pattern, at)?,
            _ => at += 1,
        }
        if captures.len() > 32 {
            return Err("this pattern has more than 32 captures".into());
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err("this pattern has a capture that is not closed".into())
    }
}

fn escape(pattern: &[u8], at: usize, captures: &[bool]) -> Result<usize, String> {
    match pattern.get(at + 1) {
        None => Err("this pattern ends with %".into()),
        Some(b'b') if pattern.len() < at + 4 => Err("%b needs two characters".into()),
        Some(b'b') => Ok(at + 4),
        Some(b'f') if pattern.get(at + 2) != Some(&b'[') => {
            Err("%f needs a set in brackets".into())
        }
        Some(b'f') => set(pattern, at + 2),
        Some(digit @ b'0'..=b'9') => {
            let number = usize::from(digit - b'0');
            let is_closed = number.checked_sub(1).and_then(|n| captures.get(n)).copied();
            match is_closed {
                Some(true) => Ok(at + 2),
                _ => Err(format!("%{number} refers to no capture")),
            }
        }
        Some(_) => Ok(at + 2),
    }
}

/// Gives the end of a set that begins here.
fn set(pattern: &[u8], start: usize) -> Result<usize, String> {
    let mut at = start + 1 + usize::from(pattern.get(start + 1) == Some(&b'^'));
    // A bracket right after the beginning is one of the set.
    let mut is_first = true;
    loop {
        match pattern.get(at) {
            None => return Err("this pattern has a set that is not closed: ']' is missing".into()),
            Some(b']') if !is_first => return Ok(at + 1),
            Some(b'%') if at + 1 >= pattern.len() => return Err("this pattern ends with %".into()),
            Some(b'%') => at += 2,
            Some(_) => at += 1,
        }
        is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_are_judged_as_lua_does() {
        for good in [
            "",
            "^%s*(.-)%s*$",
            "[]]",
            "[^]]",
            "%b()",
            "%f[%w]",
            "()",
            "(a)%1",
            "[%]a]",
            "a|b{2}",
            "[a-]",
        ] {
            assert_eq!(valid(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in ["(", ")", "%", "[", "[^", "[]", "[%]", "%b(", "%f", "%1", "(%1)", "a)", "[a%"] {
            assert!(valid(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes in "[()%\\[\\]^bf0-9a$-]{0,12}") {
            let _ = valid(bytes.as_bytes());
        }
    }
}
