//! What can be told without a parser: comments, and how deep a text is nested.
//!
//! The parser is recursive. A text that would exhaust its stack is found here, before it is parsed.

use crate::source::Span;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// All of it, with its dashes.
    pub span: Span,
    /// Whether it is one that ends with its line.
    pub is_line: bool,
    /// Whether it ends with the text, without a line end.
    pub is_last: bool,
}

/// What a scan over a text finds.
#[derive(Debug, Default)]
pub struct Scan {
    /// All comments, in order.
    pub comments: Vec<Comment>,
    /// Where the word `break` stands.
    pub breaks: Vec<usize>,
    /// The first place that is nested deeper than Lua allows.
    pub too_deep: Option<usize>,
    /// The first place where an expression is longer than the checker takes.
    pub too_long: Option<usize>,
}

/// Lua's limit on nested syntax (`LUAI_MAXCCALLS`).
const DEPTH: usize = 200;
/// Operators of one expression. Lua sets no limit to most; what people write has a hundred or so.
const OPERATORS: usize = 1000;

/// Looks over a text.
#[must_use]
pub fn scan(text: &str) -> Scan {
    let bytes = text.as_bytes();
    let mut scan = Scan::default();
    let (mut at, mut depth, mut operators) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        if rest.starts_with(b"--") {
            let long = long_bracket(&rest[2..]).map(|length| length + 2);
            let length = long.unwrap_or_else(|| line_length(rest));
            let end = at + length;
            scan.comments.push(Comment {
                span: Span::new(at, end),
                is_line: long.is_none(),
                is_last: long.is_none() && end == bytes.len(),
            });
            at = end;
        } else if byte == b'"' || byte == b'\'' {
            at += quoted_length(rest);
        } else if let Some(length) = long_bracket(rest) {
            at += length;
        } else if byte.is_ascii_alphabetic() || byte == b'_' {
            let length =
                rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            match &rest[..length] {
                b"function" | b"if" | b"do" | b"repeat" => {
                    depth += 1;
                    operators = 0;
                }
                b"end" | b"until" => {
                    depth = depth.saturating_sub(1);
                    operators = 0;
                }
                b"local" | b"return" | b"then" | b"else" | b"elseif" | b"while" | b"for" => {
                    operators = 0;
                }
                b"and" | b"or" | b"not" => operators += 1,
                b"break" => scan.breaks.push(at),
                _ => {}
            }
            at += length;
        } else {
            match byte {
                b'(' | b'{' | b'[' => depth += 1,
                b')' | b'}' | b']' => depth = depth.saturating_sub(1),
                b',' | b';' => operators = 0,
                _ if byte.is_ascii_punctuation() => operators += 1,
                _ => {}
            }
            at += 1;
        }
        if depth > DEPTH {
            scan.too_deep.get_or_insert(at);
        }
        if operators > OPERATORS {
            scan.too_long.get_or_insert(at);
        }
    }
    scan
}

fn line_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len())
}

/// The length of a string in quotes that begins here.
fn quoted_length(bytes: &[u8]) -> usize {
    let quote = bytes.first().copied();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            // A line end after the backslash goes on with the string, and `\z` skips line ends.
            b'\\' if bytes.get(at + 1) == Some(&b'z') => {
                at += 2;
                at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
            }
            b'\\' => at += 2,
            b'\n' => return at,
            _ if Some(byte) == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The length of `[[…]]` or `[=[…]=]`, if one begins here; to the end where it is not closed.
fn long_bracket(bytes: &[u8]) -> Option<usize> {
    let level = bytes.strip_prefix(b"[")?.iter().take_while(|byte| **byte == b'=').count();
    if bytes.get(level + 1) != Some(&b'[') {
        return None;
    }
    let close: Vec<u8> = [&b"]"[..], &vec![b'='; level], b"]"].concat();
    let body = bytes.get(level + 2..).unwrap_or_default();
    let end = body.windows(close.len()).position(|window| window == close);
    Some(end.map_or(bytes.len(), |end| level + 2 + end + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_strings() {
        let text =
            "x = '--no' -- yes\ny = [[--no]] --[[ yes\nyes ]] z = \"\\\"--no\" --[=[x]]]=] --";
        let found: Vec<&str> =
            scan(text).comments.iter().map(|c| &text[c.span.start..c.span.end]).collect();
        assert_eq!(found, ["-- yes", "--[[ yes\nyes ]]", "--[=[x]]]=]", "--"]);
        assert!(scan(text).comments.last().expect("comments").is_last);
        assert!(!scan("-- x\n").comments[0].is_last);
    }

    #[test]
    fn nesting_is_measured() {
        let deep = |n| format!("x = {}1{}", "(".repeat(n), ")".repeat(n));
        assert_eq!(scan(&deep(200)).too_deep, None);
        assert!(scan(&deep(201)).too_deep.is_some());
        assert_eq!(scan(&"f(1)\n".repeat(5000)).too_deep, None);
        let long = |n| format!("x = 1{}", "..1".repeat(n));
        assert_eq!(scan(&long(400)).too_long, None);
        assert!(scan(&long(501)).too_long.is_some());
        assert!(scan(&format!("x = {}1", "not ".repeat(2000))).too_long.is_some());
        assert_eq!(scan(&format!("x = {{{}}}", "a.b, ".repeat(2000))).too_long, None);
    }
}
