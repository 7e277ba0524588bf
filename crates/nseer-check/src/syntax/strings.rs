//! The values of strings as they are written in Lua.

/// The value of what stands between two quotes. Bytes that are no UTF-8 become replacement
/// characters.
///
/// # Errors
/// The offset of an escape that Lua does not know, and what is wrong with it.
pub fn unescape(text: &str) -> Result<String, (usize, String)> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        at += escape(bytes, at, &mut out).map_err(|what| (at, what))?;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Reads one escape. Gives its length.
fn escape(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, String> {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let Some(&letter) = rest.first() else { return Err("the string ends within an escape".into()) };
    let plain = match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        b'\\' | b'"' | b'\'' | b'\n' => letter,
        b'\r' => {
            out.push(b'\n');
            return Ok(if rest.get(1) == Some(&b'\n') { 3 } else { 2 });
        }
        b'z' => {
            let blanks = rest[1..].iter().take_while(|b| b.is_ascii_whitespace()).count();
            return Ok(2 + blanks);
        }
        b'x' => {
            let digits = rest.get(1..3).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
            let value = digits.and_then(|d| u8::from_str_radix(str::from_utf8(d).ok()?, 16).ok());
            out.push(value.ok_or("\\x needs two hexadecimal digits")?);
            return Ok(4);
        }
        b'u' => return unicode(rest, out),
        b'0'..=b'9' => {
            let digits = rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
            let value = rest[..digits].iter().fold(0_u32, |sum, b| sum * 10 + u32::from(b - b'0'));
            out.push(u8::try_from(value).map_err(|_| format!("\\{value} is more than a byte"))?);
            return Ok(1 + digits);
        }
        _ => {
            let shown = String::from_utf8_lossy(rest).chars().next().unwrap_or_default();
            return Err(format!("Lua has no escape \\{shown}"));
        }
    };
    out.push(plain);
    Ok(2)
}

/// `\u{20AC}`; Lua also allows what Unicode does not have.
fn unicode(rest: &[u8], out: &mut Vec<u8>) -> Result<usize, String> {
    let wrong = "\\u needs a hexadecimal number in braces";
    let close = rest.iter().position(|b| *b == b'}').ok_or(wrong)?;
    let digits = rest.get(2..close).filter(|_| rest.get(1) == Some(&b'{')).ok_or(wrong)?;
    let digits = str::from_utf8(digits).map_err(|_| wrong)?;
    let value = u32::from_str_radix(digits, 16).map_err(|_| wrong)?;
    if value >= 1 << 31 {
        return Err("\\u is too large".into());
    }
    let shown = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(shown.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(close + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_read() {
        for (text, expected) in [
            ("a\\n\\x41\\65\\0651\\z  \n b", "a\nAAA1b"),
            ("\\u{20AC}\\\\\\\"", "€\\\""),
            ("\\\n", "\n"),
        ] {
            assert_eq!(unescape(text).expect("good escapes"), expected);
        }
        for (text, at, what) in [
            ("ab\\d", 2, "Lua has no escape \\d"),
            ("\\300", 0, "\\300 is more than a byte"),
            ("\\x4", 0, "\\x needs two hexadecimal digits"),
            ("\\u41", 0, "\\u needs a hexadecimal number in braces"),
            ("\\é", 0, "Lua has no escape \\é"),
        ] {
            assert_eq!(unescape(text), Err((at, what.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(\\\\|[a-z0-9{}é]){0,20}") {
            let _ = unescape(&text);
        }
    }
}
