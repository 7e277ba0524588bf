//! Tables of the vendors of network hardware, one line for a range of hardware addresses: the first 6, 7
//! or 9 hexadecimal digits (IEEE's MA-L, MA-M and MA-S blocks), a blank, the name. A line that begins
//! with `#` is a comment.
//!
//! Where a table comes from is not known here.

use std::ops::Range;

/// Lengths of prefixes, in digits; the longest match wins.
const LENGTHS: [u8; 3] = [9, 7, 6];

/// How many digits an address has.
const ADDRESS_DIGITS: u8 = 12;

/// A table of vendors.
pub struct VendorTable {
    text: Vec<u8>,
    /// Sorted by prefix, one for each.
    rows: Vec<Row>,
    broken: Option<usize>,
}

struct Row {
    prefix: Prefix,
    /// Where in the text the name stands.
    name: Range<usize>,
}

/// How many digits, and their value.
type Prefix = (u8, u64);

impl VendorTable {
    /// Reads a table. It ends at the first line that makes no sense.
    #[must_use]
    pub fn new(text: Vec<u8>) -> VendorTable {
        let (mut rows, mut broken, mut start) = (Vec::new(), None, 0);
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let next = start + line.len() + 1;
            // Nothing follows the last line's end.
            let is_over = line.is_empty() && next > text.len();
            if !line.starts_with(b"#") && !is_over {
                let Some((prefix, name)) = row(line) else {
                    broken = Some(number + 1);
                    break;
                };
                rows.push(Row { prefix, name: start + name.start..start + name.end });
            }
            start = next;
        }
        // The first of equal ones stays: the sort is stable.
        rows.sort_by_key(|row| row.prefix);
        rows.dedup_by_key(|row| row.prefix);
        VendorTable { text, rows, broken }
    }

    /// The number of the line that makes no sense, if there is one; it and those after it are left out.
    #[must_use]
    pub fn broken_line(&self) -> Option<usize> {
        self.broken
    }

    /// Who makes the hardware with this address.
    #[must_use]
    pub fn vendor(&self, address: [u8; 6]) -> Option<&[u8]> {
        let value = address.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        LENGTHS.into_iter().find_map(|digits| {
            let prefix = (digits, value >> (4 * (ADDRESS_DIGITS - digits)));
            let at = self.rows.binary_search_by_key(&prefix, |row| row.prefix).ok()?;
            self.text.get(self.rows.get(at)?.name.clone())
        })
    }
}

impl std::fmt::Debug for VendorTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VendorTable").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

/// The prefix of a line, and where its name stands.
fn row(line: &[u8]) -> Option<(Prefix, Range<usize>)> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (text, rest) = line.split_at(digits);
    let length = LENGTHS.into_iter().find(|length| usize::from(*length) == digits)?;
    let value = u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()?;
    let name = rest.trim_ascii_start();
    if name.len() == rest.len() || name.is_empty() {
        return None;
    }
    let start = line.len() - name.len();
    Some(((length, value), start..start + name.trim_ascii_end().len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vendor(table: &str, address: [u8; 6]) -> Option<String> {
        let table = VendorTable::new(table.into());
        table.vendor(address).map(|name| String::from_utf8_lossy(name).into_owned())
    }

    #[test]
    fn the_longest_prefix_wins() {
        let table =
            "# blocks\nABCDEF Large One\nabcdef1 Medium\nABCDEF123 Small\r\nABCDEF Second\n";
        let check = |address, want: Option<&str>| {
            assert_eq!(vendor(table, address).as_deref(), want, "{address:02x?}");
        };
        check([0xab, 0xcd, 0xef, 0x12, 0x34, 0x56], Some("Small"));
        check([0xab, 0xcd, 0xef, 0x12, 0x44, 0x56], Some("Medium"));
        check([0xab, 0xcd, 0xef, 0x22, 0x34, 0x56], Some("Large One"));
        check([0xab, 0xcd, 0xee, 0x22, 0x34, 0x56], None);
    }

    #[test]
    fn a_line_that_makes_no_sense_ends_the_table() {
        for line in [
            "",
            "ABCD Short",
            "ABCDEF12 Eight",
            "ABCDEG None",
            "ABCDEF",
            "ABCDEF  ",
            " ABCDEF Late",
        ] {
            let table = VendorTable::new(format!("000001 A\n{line}\n000002 B\n").into());
            assert_eq!(table.broken_line(), Some(2), "{line:?}");
            assert!(table.vendor([0, 0, 1, 0, 0, 0]).is_some());
            assert_eq!(table.vendor([0, 0, 2, 0, 0, 0]), None, "{line:?}");
        }
        for whole in ["", "000001 A", "000001 A\n", "# only\n"] {
            assert_eq!(VendorTable::new(whole.into()).broken_line(), None, "{whole:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in "[0-9A-F #\\r\\n]{0,200}", address in any::<[u8; 6]>()) {
            let table = VendorTable::new(text.into());
            prop_assert!(table.vendor(address).is_none_or(|name| !name.is_empty()));
        }
    }
}
