//! What datagrams to well-known ports carry, in the format of `nmap-payloads`: `udp PORTS "DATA"…`,
//! where data is written with C's escapes and pieces in quotes are put together.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Datagrams by port.
#[derive(Clone, Debug, Default)]
pub struct PayloadTable {
    data: Vec<Arc<[u8]>>,
    ports: BTreeMap<u16, Vec<usize>>,
}

impl PayloadTable {
    /// Reads a file. What makes no sense is passed over, to the next entry.
    #[must_use]
    pub fn parse(text: &[u8]) -> PayloadTable {
        let mut table = PayloadTable::default();
        let mut entry: Option<(Vec<u16>, Vec<u8>)> = None;
        let tokens = Tokens { rest: text };
        for token in tokens {
            match token {
                Token::Data(bytes) => {
                    if let Some((_, data)) = &mut entry {
                        data.extend(bytes);
                    }
                }
                Token::Word(b"udp") => {
                    table.close(entry.take());
                    entry = Some((Vec::new(), Vec::new()));
                }
                // The list of ports follows "udp"; "source N" follows the data.
                Token::Word(word) => {
                    if let Some((ports, data)) = &mut entry
                        && ports.is_empty()
                        && data.is_empty()
                    {
                        *ports = port_list(word);
                    }
                }
            }
        }
        table.close(entry);
        table
    }

    /// Adds one datagram.
    pub fn add(&mut self, ports: impl IntoIterator<Item = u16>, data: &[u8]) {
        let index = self.data.len();
        self.data.push(data.into());
        for port in ports {
            self.ports.entry(port).or_default().push(index);
        }
    }

    /// The datagrams for a port; none where an empty one must do.
    pub fn of(&self, port: u16) -> impl Iterator<Item = &[u8]> {
        let indices = self.ports.get(&port).into_iter().flatten();
        indices.filter_map(|index| self.data.get(*index).map(|data| &**data))
    }

    fn close(&mut self, entry: Option<(Vec<u16>, Vec<u8>)>) {
        if let Some((ports, data)) = entry.filter(|(_, data)| !data.is_empty()) {
            self.add(ports, &data);
        }
    }
}

/// `53,1000-1003`.
fn port_list(word: &[u8]) -> Vec<u16> {
    let Ok(word) = std::str::from_utf8(word) else { return Vec::new() };
    let mut ports = Vec::new();
    for item in word.split(',') {
        let (from, to) = item.split_once('-').unwrap_or((item, item));
        if let (Ok(from), Ok(to)) = (from.parse::<u16>(), to.parse::<u16>()) {
            ports.extend(from..=to);
        }
    }
    ports
}

enum Token<'a> {
    Word(&'a [u8]),
    Data(Vec<u8>),
}

struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.rest = self.rest.trim_ascii_start();
            match self.rest.first()? {
                b'#' => {
                    let end = self.rest.iter().position(|byte| *byte == b'\n');
                    self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
                }
                b'"' => {
                    let (data, length) = quoted(&self.rest[1..]);
                    self.rest = &self.rest[1 + length..];
                    return Some(Token::Data(data));
                }
                _ => {
                    let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'"';
                    let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
                    let (word, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    return Some(Token::Word(word));
                }
            }
        }
    }
}

/// The bytes up to the closing quote, and how much text they took.
fn quoted(text: &[u8]) -> (Vec<u8>, usize) {
    let mut data = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => break,
            b'\\' => at += escape(&text[at..], &mut data),
            byte => data.push(byte),
        }
    }
    (data, at)
}

/// One escape after its backslash; gives its length.
fn escape(text: &[u8], data: &mut Vec<u8>) -> usize {
    let Some(&kind) = text.first() else { return 0 };
    let number = |digits: &[u8], radix| {
        let text = std::str::from_utf8(digits).ok()?;
        u8::from_str_radix(text, radix).ok()
    };
    match kind {
        b'x' => match text.get(1..3).and_then(|digits| number(digits, 16)) {
            Some(byte) => {
                data.push(byte);
                3
            }
            None => 1,
        },
        b'0'..=b'7' => {
            let is_octal = |byte: &&u8| (b'0'..=b'7').contains(*byte);
            let length = text.iter().take(3).take_while(is_octal).count();
            data.extend(number(&text[..length], 8));
            length
        }
        _ => {
            data.push(match kind {
                b'a' => 7,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 11,
                other => other,
            });
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, port: u16, data: &[&[u8]]) {
        let table = PayloadTable::parse(text.as_bytes());
        assert_eq!(table.of(port).collect::<Vec<_>>(), data, "{text}");
    }

    #[test]
    fn entries_are_read() {
        let text = "# comment\nudp 7 \"\\x0D\\x0a\\r\\n\\\\\\\"\\0\\101\"\n\
            udp 53,100-102\n  \"a\" # more\n  \"b\" source 500\nudp 53 \"c\"\n";
        check(text, 7, &[b"\r\n\r\n\\\"\0A"]);
        check(text, 53, &[b"ab", b"c"]);
        check(text, 102, &[b"ab"]);
        check(text, 103, &[]);
        check("udp 9 \"never closed", 9, &[b"never closed"]);
        check("udp x \"y\" udp 9 \"z\"", 9, &[b"z"]);
        check("\"a\" 9 udp", 9, &[]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[ud p0-9,\\-\"\\\\x#\n]{0,60}") {
            let _ = PayloadTable::parse(text.as_bytes());
        }
    }
}
