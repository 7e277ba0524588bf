//! Lua's words: names, strings, symbols and comments, each with its line (Lua 5.4 manual, section 3.1).
//!
//! There are no errors: a string that is not closed ends with its line, a long one with the text, and a
//! byte that is no word of Lua's is a symbol.

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A comment, without the two dashes that begin it; long ones are marked.
    Comment(&'a str, bool),
    /// A name or keyword.
    Name(&'a str),
    /// A string's value.
    Text(String),
    /// A number; which one is of no interest.
    Number,
    /// An operator or a bracket.
    Symbol(&'a str),
}

/// A word and its lines, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) line: usize,
    pub(crate) last_line: usize,
}

impl Token<'_> {
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind, Kind::Symbol(s) if s == symbol)
    }

    pub(crate) fn is_name(&self, name: &str) -> bool {
        matches!(self.kind, Kind::Name(n) if n == name)
    }

    pub(crate) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::Comment(..))
    }
}

/// Operators of more than one byte, long ones first.
const LONG_SYMBOLS: [&str; 11] =
    ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>", "->"];

/// Cuts a source into words.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, at: 0, line: 1 };
    if source.starts_with('#') {
        lexer.at = source.find('\n').unwrap_or(source.len());
    }
    std::iter::from_fn(|| lexer.token()).collect()
}

struct Lexer<'a> {
    source: &'a str,
    /// Always at the border of a character.
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Takes so many bytes; they end at the border of a character.
    fn take(&mut self, length: usize) -> &'a str {
        let taken = self.rest().get(..length).unwrap_or_default();
        self.line += taken.bytes().filter(|b| *b == b'\n').count();
        self.at += taken.len();
        taken
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        self.take(rest.find(|c| !fits(c)).unwrap_or(rest.len()))
    }

    fn token(&mut self) -> Option<Token<'a>> {
        self.take_while(char::is_whitespace);
        let line = self.line;
        let first = self.rest().chars().next()?;
        let kind = match first {
            _ if self.rest().starts_with("--") => self.comment(),
            'a'..='z' | 'A'..='Z' | '_' => {
                Kind::Name(self.take_while(|c| c.is_ascii_alphanumeric() || c == '_'))
            }
            '0'..='9' => self.number(),
            '"' | '\'' => Kind::Text(self.quoted(first)),
            '[' if self.long_level().is_some() => {
                let text = self.long();
                // A line end right after the bracket is not part of the string.
                Kind::Text(
                    text.strip_prefix("\r\n").or(text.strip_prefix('\n')).unwrap_or(text).into(),
                )
            }
            _ => self.symbol(first),
        };
        Some(Token { kind, line, last_line: self.line })
    }

    fn comment(&mut self) -> Kind<'a> {
        self.take(2);
        if self.long_level().is_some() {
            return Kind::Comment(self.long(), true);
        }
        Kind::Comment(self.take_while(|c| c != '\n').trim_end_matches('\r'), false)
    }

    fn number(&mut self) -> Kind<'a> {
        // Two dots after a digit are an operator's.
        let rest = self.rest();
        let mut length = 0;
        for (at, c) in rest.char_indices() {
            let dots = rest.get(at..).is_some_and(|r| r.starts_with(".."));
            if !(c.is_ascii_alphanumeric() || c == '.') || dots {
                break;
            }
            length = at + 1;
        }
        self.take(length);
        Kind::Number
    }

    fn symbol(&mut self, first: char) -> Kind<'a> {
        let rest = self.rest();
        let long = LONG_SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        Kind::Symbol(self.take(long.map_or(first.len_utf8(), |symbol| symbol.len())))
    }

    /// How many equals signs a long bracket has, where one begins here.
    fn long_level(&self) -> Option<usize> {
        let rest = self.rest().strip_prefix('[')?;
        let after = rest.trim_start_matches('=');
        after.starts_with('[').then(|| rest.len() - after.len())
    }

    /// What a long bracket holds.
    fn long(&mut self) -> &'a str {
        let level = self.long_level().unwrap_or(0);
        self.take(level + 2);
        let close = format!("]{}]", "=".repeat(level));
        let rest = self.rest();
        let length = rest.find(&close).unwrap_or(rest.len());
        let text = self.take(length);
        self.take(close.len());
        text
    }

    /// The value of a string between quotes.
    fn quoted(&mut self, quote: char) -> String {
        self.take(1);
        let mut value: Vec<u8> = Vec::new();
        loop {
            let plain = self.take_while(|c| c != quote && c != '\\' && c != '\n');
            value.extend_from_slice(plain.as_bytes());
            let Some(c) = self.rest().chars().next() else { break };
            if c != '\\' {
                // The end, or a line end that is in no string.
                self.take(usize::from(c == quote));
                break;
            }
            self.take(1);
            self.escape(&mut value);
        }
        String::from_utf8_lossy(&value).into_owned()
    }

    /// What follows a backslash.
    fn escape(&mut self, value: &mut Vec<u8>) {
        let Some(c) = self.rest().chars().next() else { return };
        if c.is_ascii_digit() {
            let digits = self.rest().bytes().take(3).take_while(u8::is_ascii_digit).count();
            value.extend(self.take(digits).parse::<u8>().ok());
            return;
        }
        self.take(c.len_utf8());
        let byte = match c {
            'n' | '\n' => b'\n',
            't' => b'\t',
            'r' => b'\r',
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'v' => 11,
            'z' => {
                self.take_while(char::is_whitespace);
                return;
            }
            'x' => {
                let digits = self.rest().bytes().take(2).take_while(u8::is_ascii_hexdigit).count();
                return value.extend(u8::from_str_radix(self.take(digits), 16).ok());
            }
            'u' => {
                let inside = self.take_while(|c| c == '{' || c.is_ascii_hexdigit());
                let code = u32::from_str_radix(inside.trim_start_matches('{'), 16).ok();
                let closed = self.rest().starts_with('}');
                self.take(usize::from(closed));
                let text = code.and_then(char::from_u32).map(String::from).unwrap_or_default();
                return value.extend(text.into_bytes());
            }
            other => return value.extend(other.to_string().into_bytes()),
        };
        value.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(source: &str) -> Vec<Kind<'_>> {
        tokens(source).into_iter().map(|token| token.kind).collect()
    }

    fn text(source: &str) -> String {
        match kinds(source).as_slice() {
            [Kind::Text(text)] => text.clone(),
            other => panic!("{source:?} is no string: {other:?}"),
        }
    }

    #[test]
    fn words_are_told_apart() {
        assert_eq!(
            kinds("#!/x\nlocal a_1 = 1..b--c\n--[[d\ne]]f==g"),
            [
                Kind::Name("local"),
                Kind::Name("a_1"),
                Kind::Symbol("="),
                Kind::Number,
                Kind::Symbol(".."),
                Kind::Name("b"),
                Kind::Comment("c", false),
                Kind::Comment("d\ne", true),
                Kind::Name("f"),
                Kind::Symbol("=="),
                Kind::Name("g"),
            ]
        );
        let lines: Vec<_> =
            tokens("a\n\n--[[b\n]] c").iter().map(|t| (t.line, t.last_line)).collect();
        assert_eq!(lines, [(1, 1), (3, 4), (4, 4)]);
    }

    #[test]
    fn strings_have_their_values() {
        for (source, value) in [
            (r#""a\"b""#, "a\"b"),
            (r"'\65\x42\u{43}\z  D\n'", "ABCD\n"),
            ("[[\na]b]]", "a]b"),
            ("[==[a]]b]==]", "a]]b"),
            ("'é\\\nü'", "é\nü"),
            ("\"not closed", "not closed"),
            ("[[not closed", "not closed"),
            (r"'\", ""),
            (r"'\999'", ""),
            (r"'\u{110000}\q'", "q"),
        ] {
            assert_eq!(text(source), value, "{source:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_end(source in r#"([-=\[\]"'\\zxu{}0-9a. \n]|\PC){0,120}"#) {
            let tokens = tokens(&source);
            prop_assert!(tokens.len() <= source.len());
            let lines = source.matches('\n').count() + 1;
            prop_assert!(tokens.windows(2).all(|pair| pair[0].last_line <= pair[1].line));
            prop_assert!(tokens.iter().all(|t| t.line <= t.last_line && t.last_line <= lines));
        }
    }
}
