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
            Token::Name("nmap") => found.touches_registry |= shares(&tokens[i + 1..]),
            Token::Name("require" | "silent_require") => {
                let Some((name, after)) = required(&tokens[i + 1..]) else { continue };
                if name == "nmap" && !is_own_name(&tokens[..i]) {
                    found.touches_registry |= shares(after);
                }
                if !found.requires.iter().any(|known| known == name) {
                    found.requires.push(name.to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

/// The module that a `require` loads, and what follows the call; `after` begins behind the word.
fn required<'t, 's>(after: &'t [Token<'s>]) -> Option<(&'t str, &'t [Token<'s>])> {
    match after {
        [Token::Other(b'('), Token::Text(name), Token::Other(b')'), rest @ ..] => {
            Some((name, rest))
        }
        // `pcall(require, "name")`
        [Token::Other(b','), Token::Text(name), rest @ ..] => Some((name, rest)),
        [Token::Text(name), rest @ ..] => Some((name, rest)),
        _ => None,
    }
}

/// True where `require "nmap"` stands alone, or gives its result to the name `nmap`, whose uses
/// are judged one by one.
fn is_own_name(before: &[Token<'_>]) -> bool {
    match before {
        [.., Token::Name(name), Token::Other(b'=')] => *name == "nmap",
        [.., Token::Other(b'=' | b'.' | b'(' | b',')] | [.., Token::Name("return")] => false,
        _ => true,
    }
}

/// Whether the module `nmap` is used in a way that may reach its registry; `after` begins behind
/// the module.
fn shares(after: &[Token<'_>]) -> bool {
    match after {
        [
            Token::Other(b'.'),
            Token::Name("registry"),
            Token::Other(b'.'),
            Token::Name("args"),
            rest @ ..,
        ] => is_assigned(rest),
        [Token::Other(b'.'), Token::Name("registry"), ..] => true,
        [Token::Other(b'['), Token::Text(key), Token::Other(b']'), ..] => key == "registry",
        [Token::Other(b'.' | b':'), Token::Name(_), ..] => false,
        // `nmap == x` compares; `nmap = require "nmap"` names it.
        [Token::Other(b'='), Token::Other(b'='), ..] => true,
        [Token::Other(b'='), ..] => false,
        // It goes to another name or into a call, where nobody looks for it.
        _ => true,
    }
}

/// True where fields follow and then an assignment to them.
fn is_assigned(mut after: &[Token<'_>]) -> bool {
    loop {
        after = match after {
            [Token::Other(b'.'), Token::Name(_), rest @ ..] => rest,
            [Token::Other(b'['), rest @ ..] => {
                let end = rest.iter().position(|t| *t == Token::Other(b']'));
                end.map_or(&[], |end| &rest[end + 1..])
            }
            [Token::Other(b'='), Token::Other(b'='), ..] => return false,
            [Token::Other(b'='), ..] => return true,
            _ => return false,
        };
    }
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
        check(
            "stdnse.silent_require 'openssl' pcall(require, 'lpeg')",
            false,
            &["openssl", "lpeg"],
        );
        check("s = \"a\\\"require 'x'\"", false, &[]);
        check("s = 'a\\z\n  require \"x\"'", false, &[]);
        check("local registry = host.registry registry.x = 1", false, &[]);
        check("host['registry'].x = 1", false, &[]);
    }

    #[test]
    fn roundabout_ways_to_the_registry_count() {
        check("local nmap = require 'nmap' nmap.log_write('stdout', 'x')", false, &["nmap"]);
        check("require 'nmap' local c = nmap.clock()", false, &["nmap"]);
        check("local n = require 'nmap' n.registry.x = 1", true, &["nmap"]);
        check("local r = require('nmap').registry", true, &["nmap"]);
        check("local n = nmap n.registry.x = 1", true, &[]);
        check("for k in pairs(nmap) do end", true, &[]);
        check("rawget(nmap, 'registry')", true, &[]);
        check("local k = 'registry' nmap[k].x = 1", true, &[]);
        check("local c = nmap['clock']()", false, &[]);
        check("local t = nmap:clock()", false, &[]);
        check("_G.nmap.registry.x = 1", true, &[]);
    }

    #[test]
    fn arguments_are_shared_only_by_writing_them() {
        check("if nmap.registry.args.x == '1' then end", false, &[]);
        check("local a = nmap.registry.args", false, &[]);
        check("nmap.registry.args.x = 1", true, &[]);
        check("nmap.registry.args['a.b'].c = 1", true, &[]);
        check("local a = nmap.registry.args[name] or {}", false, &[]);
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
