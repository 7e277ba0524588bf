//! Cuts the text of a filter into words, numbers, addresses and signs. It does not know which
//! words there are.

use std::net::Ipv6Addr;

use super::FilterError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word in lower or upper case, as it was written.
    Word(String),
    Number(u32),
    /// Two to four numbers with dots between them; a number alone is [`Token::Number`].
    Dotted(Vec<u8>),
    V6(Ipv6Addr),
    Mac([u8; 6]),
    /// `1-1024`
    Range(u32, u32),
    /// An operator, always in its shortest form (`=` for `==`, `and` for `&&`).
    Sign(&'static str),
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        match self {
            Token::Word(word) => word == text,
            Token::Sign(sign) => *sign == text,
            _ => false,
        }
    }
}

/// What is written, and what it is taken for; longer ones first.
const SIGNS: &[(&str, &str)] = &[
    ("&&", "and"),
    ("||", "or"),
    ("<<", "<<"),
    (">>", ">>"),
    ("==", "="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("(", "("),
    (")", ")"),
    ("[", "["),
    ("]", "]"),
    (":", ":"),
    ("/", "/"),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("%", "%"),
    ("&", "&"),
    ("|", "|"),
    ("^", "^"),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("!", "not"),
];

/// Cuts `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    // Within brackets a colon separates, elsewhere it may be part of an address.
    let mut brackets = 0_usize;
    while let Some(first) = rest.chars().next() {
        let (token, length) = next(rest, first, brackets > 0)?;
        if token.is("[") {
            brackets += 1;
        } else if token.is("]") {
            brackets = brackets.saturating_sub(1);
        }
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn next(rest: &str, first: char, in_brackets: bool) -> Result<(Token, usize), FilterError> {
    if !in_brackets && let Some(found) = address(rest) {
        return Ok(found);
    }
    if first.is_ascii_digit() {
        return number(rest);
    }
    if first.is_ascii_alphabetic() || first == '\\' {
        // A word after a backslash is a name even where it is a keyword too.
        let from = usize::from(first == '\\');
        let length = from + run(&rest[from..], |c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        let word = rest[from..length].trim_end_matches(['-', '_']);
        return match word {
            "" => Err(FilterError::Syntax(first.to_string())),
            "and" => Ok((Token::Sign("and"), length)),
            "or" => Ok((Token::Sign("or"), length)),
            "not" => Ok((Token::Sign("not"), length)),
            word => Ok((Token::Word(word.to_owned()), from + word.len())),
        };
    }
    let sign = SIGNS.iter().find(|(written, _)| rest.starts_with(written));
    match sign {
        Some((written, meant)) => Ok((Token::Sign(meant), written.len())),
        None => Err(FilterError::Syntax(first.to_string())),
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// An Ethernet or IPv6 address; both have colons (or hyphens, or nothing, between an Ethernet
/// address's digits).
fn address(rest: &str) -> Option<(Token, usize)> {
    let length = run(rest, |c| c.is_ascii_hexdigit() || ":.-".contains(c));
    let text = &rest[..length];
    if let Some(mac) = mac(text) {
        return Some((Token::Mac(mac), length));
    }
    let length = run(rest, |c| c.is_ascii_hexdigit() || ":.".contains(c));
    let text = &rest[..length];
    if !text.contains(':') {
        return None;
    }
    text.parse().ok().map(|v6| (Token::V6(v6), length))
}

fn mac(text: &str) -> Option<[u8; 6]> {
    let parts: Vec<&str> = match text.find([':', '-', '.']) {
        Some(at) => text.split(text[at..].chars().next()?).collect(),
        // Twelve digits without anything between them.
        None if text.len() == 12 => (0..6).map(|i| &text[i * 2..i * 2 + 2]).collect(),
        None => return None,
    };
    let bytes: Option<Vec<u8>> = parts
        .iter()
        .map(|part| if part.len() > 2 { None } else { u8::from_str_radix(part, 16).ok() })
        .collect();
    bytes?.try_into().ok()
}

fn number(rest: &str) -> Result<(Token, usize), FilterError> {
    let length = run(rest, |c| c.is_ascii_alphanumeric() || c == '.');
    let text = &rest[..length];
    let wrong = || FilterError::Syntax(text.to_owned());
    if text.contains('.') {
        let bytes: Result<Vec<u8>, _> = text.split('.').map(str::parse).collect();
        let bytes = bytes.map_err(|_| wrong())?;
        return if bytes.len() > 4 { Err(wrong()) } else { Ok((Token::Dotted(bytes), length)) };
    }
    let from = value(text).ok_or_else(wrong)?;
    let after = &rest[length..];
    if let Some(after) = after.strip_prefix('-') {
        let more = run(after, |c| c.is_ascii_digit());
        if let (Some(to), false) = (value(&after[..more]), after[more..].starts_with('.')) {
            return Ok((Token::Range(from, to), length + 1 + more));
        }
    }
    Ok((Token::Number(from), length))
}

/// Decimal, hexadecimal with `0x`, octal with `0`.
fn value(text: &str) -> Option<u32> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).ok();
    }
    match text.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => u32::from_str_radix(octal, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_told_apart() {
        let word = |text: &str| Token::Word(text.to_owned());
        let cases: &[(&str, Vec<Token>)] = &[
            (
                "ip6[6:1]",
                vec![
                    word("ip6"),
                    Token::Sign("["),
                    Token::Number(6),
                    Token::Sign(":"),
                    Token::Number(1),
                    Token::Sign("]"),
                ],
            ),
            ("10.1", vec![Token::Dotted(vec![10, 1])]),
            ("0x88a2 && 010", vec![Token::Number(0x88a2), Token::Sign("and"), Token::Number(8)]),
            (
                "fe80::1/64",
                vec![
                    Token::V6("fe80::1".parse().expect("an address")),
                    Token::Sign("/"),
                    Token::Number(64),
                ],
            ),
            ("::", vec![Token::V6(Ipv6Addr::UNSPECIFIED)]),
            ("0:1:a:B:c:ff", vec![Token::Mac([0, 1, 10, 11, 12, 255])]),
            ("020000009901", vec![Token::Mac([2, 0, 0, 0, 0x99, 1])]),
            ("00-11-22-33-44-55", vec![Token::Mac([0, 0x11, 0x22, 0x33, 0x44, 0x55])]),
            ("1-1024", vec![Token::Range(1, 1024)]),
            ("!icmp-echo", vec![Token::Sign("not"), word("icmp-echo")]),
        ];
        for (text, expected) in cases {
            assert_eq!(tokens(text).as_ref(), Ok(expected), "{text}");
        }
        for text in ["$", "1.2.3.4.5", "300.1", "9z", "\\", "ä"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
