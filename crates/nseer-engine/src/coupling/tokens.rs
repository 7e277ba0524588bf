//! Lua source text as tokens. Comments and white space are left out.

/// One token. A keyword is a name here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    /// A literal string; escapes are left as they stand.
    Text(&'a str),
    Number,
    Other(u8),
}

impl Token<'_> {
    pub(super) fn is(self, byte: u8) -> bool {
        self == Token::Other(byte)
    }

    pub(super) fn is_name(self, name: &str) -> bool {
        matches!(self, Token::Name(found) if found == name)
    }
}

pub(super) fn tokens(source: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(source.len() / 6);
    let mut at = 0;
    while let Some(byte) = source.get(at) {
        let rest = &source[at..];
        let length_while = |keep: fn(&u8) -> bool| rest.iter().take_while(|b| keep(b)).count();
        match byte {
            b'-' if rest.starts_with(b"--") => {
                at += match long_bracket(&rest[2..]) {
                    Some((_, length)) => 2 + length,
                    None => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                };
            }
            b'[' if let Some((text, length)) = long_bracket(rest) => {
                tokens.push(Token::Text(text));
                at += length;
            }
            b'"' | b'\'' => {
                let (text, length) = quoted(rest);
                tokens.push(Token::Text(text));
                at += length;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = length_while(|b| b.is_ascii_alphanumeric() || *b == b'_');
                tokens.push(Token::Name(text_of(&rest[..length])));
                at += length;
            }
            b'0'..=b'9' => {
                tokens.push(Token::Number);
                at += length_while(|b| b.is_ascii_alphanumeric() || *b == b'.');
            }
            _ => {
                if !byte.is_ascii_whitespace() {
                    tokens.push(Token::Other(*byte));
                }
                at += 1;
            }
        }
    }
    tokens
}

/// A text that is not UTF-8 is no name of anything here.
fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The text of a long bracket at the start of `text`, and how long the whole is.
fn long_bracket(text: &[u8]) -> Option<(&str, usize)> {
    let level = text.strip_prefix(b"[")?.iter().take_while(|b| **b == b'=').count();
    let start = level + 2;
    if text.get(level + 1) != Some(&b'[') {
        return None;
    }
    let close = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
    let body = &text[start..];
    let end = memchr::memmem::find(body, &close).unwrap_or(body.len());
    let whole = (start + end + close.len()).min(text.len());
    Some((text_of(&body[..end]), whole))
}

fn quoted(text: &[u8]) -> (&str, usize) {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            // `\z` skips the white space that follows, newlines included.
            b'\\' if text.get(at + 1) == Some(&b'z') => {
                let rest = text.get(at + 2..).unwrap_or_default();
                at += 2 + rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            }
            b'\\' => at += 2,
            b if *b == text[0] || *b == b'\n' => break,
            _ => at += 1,
        }
    }
    let end = at.min(text.len());
    (text_of(&text[1..end]), (at + 1).min(text.len()).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_and_strings() {
        use Token::{Name, Number, Other, Text};
        let check = |source: &str, want: &[Token<'_>]| assert_eq!(tokens(source.as_bytes()), want);
        check("-- a\nb", &[Name("b")]);
        check("--[[ a ]] b --[==[ ]] ]==] c", &[Name("b"), Name("c")]);
        check("x = [==[ ]] ]==]", &[Name("x"), Other(b'='), Text(" ]] ")]);
        check("'a\\'b' \"c\"", &[Text("a\\'b"), Text("c")]);
        check("'a\\z\n  b'", &[Text("a\\z\n  b")]);
        check("a[1.5e3]", &[Name("a"), Other(b'['), Number, Other(b']')]);
    }

    proptest! {
        #[test]
        fn never_panics(source in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = tokens(&source);
        }

        #[test]
        fn never_panics_on_brackets(source in r#"[-\[\]="'\\\n az]{0,60}"#) {
            let _ = tokens(source.as_bytes());
        }
    }
}
