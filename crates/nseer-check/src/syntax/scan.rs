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
/// The height of the tree of one expression. Lua sets no limit to most; what people write has a dozen
/// levels.
const HEIGHT: usize = 1000;

/// How high the tree of what stands between two brackets, or in a block, can be.
#[derive(Clone, Copy, Default)]
struct Level {
    /// The operators and calls of the expression so far.
    now: usize,
    /// The most of any expression.
    most: usize,
}

/// The levels that are open.
#[derive(Default)]
struct Levels {
    open: Vec<Level>,
    current: Level,
}

impl Levels {
    fn add(&mut self, count: usize) {
        self.current.now += count;
        self.current.most = self.current.most.max(self.current.now);
    }

    fn enter(&mut self) {
        self.open.push(std::mem::take(&mut self.current));
    }

    /// What was inside is a part of what goes on.
    fn leave(&mut self) {
        if let Some(outer) = self.open.pop() {
            let inner = std::mem::replace(&mut self.current, outer);
            self.add(inner.most + 1);
        }
    }

    fn next_expression(&mut self) {
        self.current.now = 0;
    }
}

/// Looks over a text.
#[must_use]
pub fn scan(text: &str) -> Scan {
    let bytes = text.as_bytes();
    let mut scan = Scan::default();
    let mut levels = Levels::default();
    // Whether an operand has just ended: a name that follows begins a new statement.
    let mut is_after_operand = false;
    let mut at = 0;
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
            // `f"x"` is a call.
            levels.add(usize::from(is_after_operand));
            is_after_operand = true;
        } else if let Some(length) = long_bracket(rest) {
            at += length;
            levels.add(usize::from(is_after_operand));
            is_after_operand = true;
        } else if byte.is_ascii_alphanumeric() || byte == b'_' {
            let length =
                rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            let word = &rest[..length];
            if word == b"break" {
                scan.breaks.push(at);
            }
            is_after_operand = take_word(word, is_after_operand, &mut levels);
            at += length;
        } else {
            if !byte.is_ascii_whitespace() {
                is_after_operand = take_sign(rest, &mut levels);
            }
            // What is two signs is counted as two.
            at += 1;
        }
        if levels.open.len() > DEPTH {
            scan.too_deep.get_or_insert(at);
        }
        if levels.current.now > HEIGHT {
            scan.too_long.get_or_insert(at);
        }
    }
    while !levels.open.is_empty() {
        levels.leave();
    }
    if levels.current.most > HEIGHT {
        scan.too_long.get_or_insert(at);
    }
    scan
}

/// Takes a word or a number. Gives whether it ends an operand.
fn take_word(word: &[u8], is_after_operand: bool, levels: &mut Levels) -> bool {
    match word {
        b"function" | b"if" | b"do" | b"repeat" => {
            // A function may be an operand, unless one has just ended.
            if word != b"function" || is_after_operand {
                levels.next_expression();
            }
            levels.enter();
            false
        }
        b"end" | b"until" => {
            levels.leave();
            word == b"end"
        }
        b"local" | b"return" | b"then" | b"else" | b"elseif" | b"while" | b"for" | b"in"
        | b"goto" | b"break" => {
            levels.next_expression();
            false
        }
        b"and" | b"or" | b"not" => {
            levels.add(1);
            false
        }
        _ => {
            if is_after_operand {
                levels.next_expression();
            }
            true
        }
    }
}

/// Takes a sign. Gives whether it ends an operand.
fn take_sign(rest: &[u8], levels: &mut Levels) -> bool {
    match rest[0] {
        b'(' | b'{' | b'[' => levels.enter(),
        b')' | b'}' | b']' => {
            levels.leave();
            return true;
        }
        b',' | b';' => levels.next_expression(),
        _ => levels.add(1),
    }
    false
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
        assert!(scan(&format!("x = a{}", "(1, 2)".repeat(2000))).too_long.is_some());
        assert!(scan(&format!("x = a{}", "'b'".repeat(2000))).too_long.is_some());
        // A tree that grows to the left, through brackets.
        let sum = "+1".repeat(300);
        assert!(scan(&format!("x = (((1{sum}){sum}){sum}){sum}")).too_long.is_some());
    }

    #[test]
    fn many_statements_are_no_long_expression() {
        let function = "function a() return b.c .. d end\n";
        for statement in [
            function,
            "a.b()\n",
            "a.b = c.d + 1\n",
            "a = {b = 1, c = 'd'}\n",
            "f{1}\n",
            "a = 'b'\n",
        ] {
            assert_eq!(scan(&statement.repeat(5000)).too_long, None, "{statement}");
        }
        let rows = "{a.b + c.d, 'e'}, ".repeat(5000);
        assert_eq!(scan(&format!("x = {{{rows}}}")).too_long, None);
    }
}
