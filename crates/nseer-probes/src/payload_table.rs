//! What datagrams to well-known ports carry, in the format of `nmap-payloads`: `udp PORTS "DATA"…`,
//! where data is written with C's escapes and pieces in quotes are put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::escape::unescape;
use crate::port_set::PortSet;

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
        let mut entry: Option<(PortSet, Vec<u8>)> = None;
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
                    entry = Some((PortSet::default(), Vec::new()));
                }
                // The list of ports follows "udp"; "source N" follows the data.
                Token::Word(word) => {
                    if let Some((ports, data)) = &mut entry
                        && ports.is_empty()
                        && data.is_empty()
                    {
                        *ports = PortSet::parse(word).unwrap_or_default();
                    }
                }
            }
        }
        table.close(entry);
        table
    }

    /// Adds one datagram.
    pub fn add(&mut self, ports: &PortSet, data: &[u8]) {
        let index = self.data.len();
        self.data.push(data.into());
        for port in ports.ranges().flat_map(|(from, to)| from..=to) {
            self.ports.entry(port).or_default().push(index);
        }
    }

    /// The datagrams for a port; none where an empty one must do.
    pub fn of(&self, port: u16) -> impl Iterator<Item = &[u8]> {
        let indices = self.ports.get(&port).into_iter().flatten();
        indices.filter_map(|index| self.data.get(*index).map(|data| &**data))
    }

    fn close(&mut self, entry: Option<(PortSet, Vec<u8>)>) {
        if let Some((ports, data)) = entry.filter(|(_, data)| !data.is_empty()) {
            self.add(&ports, &data);
        }
    }
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

/// The bytes up to the closing quote, and how much text they took. What makes no sense is no data.
fn quoted(text: &[u8]) -> (Vec<u8>, usize) {
    let mut end = 0;
    while let Some(byte) = text.get(end).filter(|byte| **byte != b'"') {
        end += if *byte == b'\\' { 2 } else { 1 };
    }
    let inner = text.get(..end).unwrap_or(text);
    (unescape(inner).unwrap_or_default(), (end + 1).min(text.len()))
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
        let text = "# comment\nudp 7 \"\\x0D\\x0a\\r\\n\\\\\\\"\\0\"\n\
            udp 53,100-102\n  \"a\" # more\n  \"b\" source 500\nudp 53 \"c\"\n";
        check(text, 7, &[b"\r\n\r\n\\\"\0"]);
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
