//! What people write who know another language, and how Lua writes it.

use crate::source::Span;

/// What to write instead of what stands where the parser stopped; `None` where that is no habit from
/// elsewhere.
pub(crate) fn hint(text: &str, span: Span) -> Option<String> {
    let rest = text.get(span.start..)?;
    // Of two equal signs the parser may stop at the second.
    let doubled = rest.chars().next().filter(|sign| matches!(sign, '&' | '|' | '+'));
    let rest = match doubled {
        Some(sign) if text[..span.start].ends_with(sign) => text.get(span.start - 1..)?,
        _ => rest,
    };
    let write = |instead: &str| Some(format!("write {instead}"));
    match rest.as_bytes() {
        [b'`', ..] => write("strings in single or double quotes"),
        [b'!', b'=', ..] => write("~="),
        [b'!', ..] => write("not"),
        [b'&', b'&', ..] => write("and"),
        [b'|', b'|', ..] => write("or"),
        [b'?', ..] => write("a and b or c for a ? b : c"),
        [sign @ (b'+' | b'-' | b'*' | b'/' | b'%'), b'=', ..] => {
            let sign = char::from(*sign);
            Some(format!("Lua has no {sign}=: write x = x {sign} y"))
        }
        [b'.', b'.', b'=', ..] => Some("Lua has no ..=: write x = x .. y".to_owned()),
        [b'+', b'+', ..] => Some("Lua has no ++: write x = x + 1".to_owned()),
        [b'=', ..] => write("== to compare, and assignments as statements of their own"),
        [b'{', ..] => Some("blocks begin with do or then, and end with end".to_owned()),
        [b'e', b'l', b's', b'e', b' ', b'i', b'f', b' ', ..] => write("elseif in one word"),
        _ => None,
    }
}
