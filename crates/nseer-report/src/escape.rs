//! Bytes and names from scripts, services and DNS, made safe to show: nothing that comes from
//! the network may move a cursor, forge a line or break a document.

/// Script text for people: tab, newline and printable ASCII stay, every other byte is `\xHH`.
#[must_use]
pub fn screened(bytes: &[u8]) -> String {
    screen(bytes, |b| matches!(b, b'\t' | b'\n' | 0x20..=0x7e))
}

/// XML character data or attribute text for bytes: first every byte beyond tab, CR, LF and
/// printable ASCII becomes `\xHH`, then XML's own characters become references. A dash after a
/// dash does too, so that the text can stand in a comment.
#[must_use]
pub fn xml_text(bytes: &[u8]) -> String {
    escape(&screen(bytes, |b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)))
}

/// The same for text that may hold characters beyond ASCII, such as a command line: those stay,
/// control characters and characters that XML 1.0 (section 2.2) does not allow are `\xHH`.
pub(crate) fn xml_string(text: &str) -> String {
    escape(&readable(text.as_bytes(), |c| !matches!(c, '\t' | '\n' | '\r')))
}

/// A message: tab, newline and text stay, other control characters and bytes that are not text
/// are `\xHH`.
#[must_use]
pub fn message_text(bytes: &[u8]) -> String {
    readable(bytes, |c| !matches!(c, '\t' | '\n'))
}

/// Text that must not leave its line or its field: no control characters, not even tabs.
#[must_use]
pub fn line_text(text: &str) -> String {
    readable(text.as_bytes(), |_| true)
}

/// Bytes of which `keep` says that they stay, all of them ASCII; the others as `\xHH`.
fn screen(bytes: &[u8], keep: impl Fn(u8) -> bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let kept = rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len());
        // What is kept is ASCII.
        text.push_str(&String::from_utf8_lossy(&rest[..kept]));
        let Some(byte) = rest.get(kept) else { return text };
        push_hex(&mut text, &[*byte]);
        rest = &rest[kept + 1..];
    }
}

/// Text without control characters; `forbidden` says of each of them whether it has to go.
fn readable(bytes: &[u8], forbidden: impl Fn(char) -> bool) -> String {
    if bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let illegal = matches!(c, '\u{fffe}' | '\u{ffff}');
            if illegal || (c.is_control() && forbidden(c)) {
                push_hex(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(c);
            }
        }
        push_hex(&mut text, chunk.invalid());
    }
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push_str(&format!("\\x{byte:02X}"));
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_dash = false;
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xa;"),
            '\r' => out.push_str("&#xd;"),
            '-' if after_dash => out.push_str("&#45;"),
            c => out.push(c),
        }
        after_dash = c == '-';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn screens_and_escapes() {
        assert_eq!(screened(b"a\tb\nc\r\0\x7f\xc3\xa4"), "a\tb\nc\\x0D\\x00\\x7F\\xC3\\xA4");
        assert_eq!(
            xml_text(b"<a b='c' & \"d\">\r\n\t"),
            "&lt;a b=&apos;c&apos; &amp; &quot;d&quot;&gt;&#xd;&#xa;&#x9;"
        );
        assert_eq!(xml_text(b"-- --- -a-"), "-&#45; -&#45;&#45; -a-");
        assert_eq!(xml_text(b"\0\xff"), "\\x00\\xFF");
    }

    #[test]
    fn text_beyond_ascii_stays() {
        assert_eq!(xml_string("ä\u{1b}\u{85}\u{ffff}\n"), "ä\\x1B\\xC2\\x85\\xEF\\xBF\\xBF&#xa;");
        assert_eq!(line_text("a\nb\tä"), "a\\x0Ab\\x09ä");
        assert_eq!(message_text(b"a\nb\tc\x1b[31m\xff\xc3\xa4"), "a\nb\tc\\x1B[31m\\xFFä");
    }

    proptest! {
        #[test]
        fn escaped_bytes_are_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let text = xml_text(&bytes);
            prop_assert!(text.bytes().all(|b| (0x20..0x7f).contains(&b)));
            prop_assert!(!text.contains(['<', '>', '"', '\'']) && !text.contains("--"));
        }

        #[test]
        fn a_line_stays_a_line(text in any::<String>()) {
            prop_assert!(!line_text(&text).contains(char::is_control));
        }
    }
}
