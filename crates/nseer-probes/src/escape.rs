//! Strings with the escapes of C, as probes send them.

use crate::error::LineError;

/// The bytes that `text` stands for.
pub(crate) fn unescape(text: &[u8]) -> Result<Vec<u8>, LineError> {
    let bad = || LineError::Escape(String::from_utf8_lossy(text).into_owned());
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        out.push(match bytes.next().ok_or_else(bad)? {
            quoted @ (b'\\' | b'"') => *quoted,
            b'0' => 0,
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'x' => {
                let mut digit = || bytes.next().and_then(|b| hex(*b)).ok_or_else(bad);
                digit()? << 4 | digit()?
            }
            _ => return Err(bad()),
        });
    }
    Ok(out)
}

/// The value of a hexadecimal digit.
pub(crate) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        assert_eq!(unescape(br"a\r\n\0\x41\xfF\\").as_deref(), Ok(&b"a\r\n\0A\xff\\"[..]));
        for bad in [r"\", r"\x", r"\x4", r"\xg0", r"\q"] {
            assert!(unescape(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
