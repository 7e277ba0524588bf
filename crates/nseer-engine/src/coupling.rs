//! Which scripts and libraries share state across hosts, told from their text.
//!
//! The answer is on the safe side: whatever could touch `nmap.registry` beyond its arguments
//! counts.

/// What a source text does with the registry, and what it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryUse {
    /// It may read or write `nmap.registry` other than `nmap.registry.args`.
    pub touches_registry: bool,
    /// The modules that it requires by a literal name.
    pub requires: Vec<String>,
}

/// Looks through Lua source text.
#[must_use]
pub fn registry_use(source: &[u8]) -> RegistryUse {
    let tokens = tokens(source);
    let mut found = RegistryUse::default();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::Name("registry") if !is_host_registry(&tokens, i) => {
                let args = matches!(
                    (tokens.get(i + 1), tokens.get(i + 2)),
                    (Some(Token::Other(b'.')), Some(Token::Name("args")))
                );
                found.touches_registry |= !args;
            }
            Token::Text(text) if text == "registry" => found.touches_registry = true,
            Token::Name("require" | "silent_require") => {
                let next = match tokens.get(i + 1) {
                    Some(Token::Other(b'(')) => tokens.get(i + 2),
                    // `pcall(require, "name")`
                    Some(Token::Other(b',')) => tokens.get(i + 2),
                    other => other,
                };
                if let Some(Token::Text(name)) = next
                    && !found.requires.contains(name)
                {
                    found.requires.push(name.clone());
                }
            }
            _ => {}
        }
    }
    found
}

/// `host.registry` belongs to one host.
fn is_host_registry(tokens: &[Token<'_>], i: usize) -> bool {
    i >= 2
        && matches!(tokens[i - 1], Token::Other(b'.'))
        && matches!(tokens[i - 2], Token::Name(name) if name != "nmap")
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Text(String),
    Other(u8),
}

fn tokens(source: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = source.get(at) {
        let rest = &source[at..];
        if rest.starts_with(b"--") {
            at += match long_bracket(&rest[2..]) {
                Some((_, length)) => 2 + length,
                None => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            };
        } else if let Some((text, length)) = long_bracket(rest) {
            tokens.push(Token::Text(text));
            at += length;
        } else if matches!(byte, b'"' | b'\'') {
            let (text, length) = quoted(rest);
            tokens.push(Token::Text(text));
            at += length;
        } else if byte.is_ascii_alphabetic() || *byte == b'_' {
            let length = rest
                .iter()
                .position(|b| !b.is_ascii_alphanumeric() && *b != b'_')
                .unwrap_or(rest.len());
            tokens.push(Token::Name(std::str::from_utf8(&rest[..length]).unwrap_or_default()));
            at += length;
        } else {
            if !byte.is_ascii_whitespace() {
                tokens.push(Token::Other(*byte));
            }
            at += 1;
        }
    }
    tokens
}

/// The text of a long bracket at the start of `text`, and how long the whole is.
fn long_bracket(text: &[u8]) -> Option<(String, usize)> {
    let level = text.strip_prefix(b"[")?.iter().take_while(|b| **b == b'=').count();
    let start = level + 2;
    if text.get(level + 1) != Some(&b'[') {
        return None;
    }
    let close = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
    let body = &text[start..];
    let end = body.windows(close.len()).position(|w| w == close).unwrap_or(body.len());
    let whole = (start + end + close.len()).min(text.len());
    Some((String::from_utf8_lossy(&body[..end]).into_owned(), whole))
}

fn quoted(text: &[u8]) -> (String, usize) {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b if *b == text[0] || *b == b'\n' => break,
            _ => at += 1,
        }
    }
    let end = at.min(text.len());
    (String::from_utf8_lossy(&text[1..end]).into_owned(), (at + 1).min(text.len()).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(source: &str, touches: bool, requires: &[&str]) {
        let found = registry_use(source.as_bytes());
        assert_eq!(found.touches_registry, touches, "for {source}");
        assert_eq!(found.requires, requires, "for {source}");
    }

    #[test]
    fn registry_and_requires() {
        check("nmap.registry.x = 1", true, &[]);
        check("local r = nmap.registry", true, &[]);
        check("local r = nmap['registry']", true, &[]);
        check("local a = nmap.registry.args.x", false, &[]);
        check("host.registry.x = 1", false, &[]);
        check("-- nmap.registry.x\n", false, &[]);
        check("--[[ nmap.registry.x ]] local s = [==[ nmap.registry ]==]", false, &[]);
        check("print 'nmap.registry'", false, &[]);
        check("local x = require \"a\" local y = require('b.c')", false, &["a", "b.c"]);
        check("stdnse.silent_require 'openssl' pcall(require, 'lpeg')", false, &["openssl", "lpeg"]);
        check("s = \"a\\\"require 'x'\"", false, &[]);
    }

    proptest! {
        #[test]
        fn never_panics(source in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = registry_use(&source);
        }

        #[test]
        fn never_panics_on_brackets(source in r#"[-\[\]="'\\\n a]{0,60}"#) {
            let _ = registry_use(source.as_bytes());
        }
    }
}
