//! Tables of the protocols that IP carries, one line for each: name, blanks, number, in the way of
//! `/etc/protocols`, with comments from `#` on.
//!
//! Where a table comes from is not known here.

use std::collections::HashMap;

/// A table of protocols.
#[derive(Debug, Default)]
pub struct ProtocolTable {
    numbers: HashMap<Vec<u8>, u8>,
    names: HashMap<u8, Vec<u8>>,
}

impl ProtocolTable {
    /// Reads a table. Lines that make no sense are left out; the first line for a name, and the first
    /// for a number, counts.
    #[must_use]
    pub fn new(text: &[u8]) -> ProtocolTable {
        let mut table = ProtocolTable::default();
        for line in text.split(|byte| *byte == b'\n') {
            if let Some((name, number)) = row(line) {
                table.numbers.entry(name.to_vec()).or_insert(number);
                table.names.entry(number).or_insert_with(|| name.to_vec());
            }
        }
        table
    }

    /// The name of a protocol.
    #[must_use]
    pub fn name(&self, number: u8) -> Option<&[u8]> {
        self.names.get(&number).map(Vec::as_slice)
    }

    /// The numbers of the protocols whose names `matches` likes, sorted. A protocol may have several
    /// names.
    #[must_use]
    pub fn numbers_named(&self, matches: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let found = self.numbers.iter().filter(|(name, _)| matches(name));
        let mut numbers: Vec<u8> = found.map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The number of a protocol. The case of letters matters.
    #[must_use]
    pub fn number(&self, name: &[u8]) -> Option<u8> {
        self.numbers.get(name).copied()
    }
}

fn row(line: &[u8]) -> Option<(&[u8], u8)> {
    let line = line.split(|byte| *byte == b'#').next()?;
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (name, number) = (words.next()?, words.next()?);
    Some((name, std::str::from_utf8(number).ok()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_numbers() {
        let text =
            b"# comment\nip 0 IP # pseudo\n\n  tcp\t6\ntcp 7\nsix 6\nbig 256\nnone\nhopopt 0\n";
        let table = ProtocolTable::new(text);
        assert_eq!(table.name(0), Some(&b"ip"[..]));
        assert_eq!(table.name(6), Some(&b"tcp"[..]));
        assert_eq!(table.name(7), Some(&b"tcp"[..]));
        assert_eq!(table.name(8), None);
        assert_eq!(table.number(b"hopopt"), Some(0));
        assert_eq!(table.number(b"six"), Some(6));
        assert_eq!(table.numbers_named(|name| name.ends_with(b"p")), [0, 6]);
        assert_eq!(table.numbers_named(|name| name.len() == 3), [6]);
        assert_eq!(table.number(b"tcp"), Some(6));
        assert_eq!((table.number(b"TCP"), table.number(b"big")), (None, None));
    }

    proptest! {
        #[test]
        fn any_text(text in "[a-c0-9 #\\n]{0,200}") {
            let table = ProtocolTable::new(text.as_bytes());
            for number in 0..=u8::MAX {
                prop_assert!(table.name(number).is_none_or(|name| !name.is_empty()));
            }
        }
    }
}
