//! Bytes and times as a recording writes them.
//!
//! Bytes are text in quotes (`"220 hi\r\n"`) or hexadecimal digits in quotes after an `x`
//! (`x"00 01 ff"`). In what a script sends, `\?` and `??` stand for any byte.

use std::fmt::Write as _;
use std::time::Duration;

use crate::recording::Pattern;

/// Characters of one quoted piece, about.
const WIDTH: usize = 64;

/// Writes bytes as pieces: a new one after each end of a line, and where one grows long.
pub(crate) fn pieces(pattern: &Pattern) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = pattern.bytes.as_slice();
    while !rest.is_empty() {
        let binary = !is_text(&rest[..rest.len().min(16)]);
        let length = if binary { binary_run(rest) } else { text_run(rest) };
        let (piece, after) = rest.split_at(length.max(1));
        out.push(if binary { hexadecimal(piece) } else { quoted(piece) });
        rest = after;
    }
    if out.is_empty() {
        out.push("\"\"".to_owned());
    }
    out
}

/// More than two thirds of these bytes are printable, or ends of lines.
fn is_text(bytes: &[Option<u8>]) -> bool {
    let plain =
        bytes.iter().filter(|b| matches!(b, Some(0x20..0x7f | b'\r' | b'\n' | b'\t'))).count();
    plain * 3 >= bytes.len() * 2
}

fn binary_run(bytes: &[Option<u8>]) -> usize {
    let rows = bytes.chunks(16).take_while(|row| !is_text(row)).count();
    (rows.min(1) * 16).min(bytes.len())
}

fn text_run(bytes: &[Option<u8>]) -> usize {
    let end = bytes.iter().take(WIDTH).position(|b| *b == Some(b'\n')).map(|at| at + 1);
    end.unwrap_or(WIDTH).min(bytes.len())
}

pub(crate) fn hexadecimal(bytes: &[Option<u8>]) -> String {
    let digits: Vec<String> = bytes
        .iter()
        .map(|byte| byte.map_or_else(|| "??".to_owned(), |byte| format!("{byte:02x}")))
        .collect();
    format!("x\"{}\"", digits.join(" "))
}

/// Bytes as text in quotes.
pub(crate) fn quoted(bytes: &[Option<u8>]) -> String {
    let mut out = String::from("\"");
    for byte in bytes {
        match byte {
            None => out.push_str("\\?"),
            Some(b'\r') => out.push_str("\\r"),
            Some(b'\n') => out.push_str("\\n"),
            Some(b'\t') => out.push_str("\\t"),
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(byte @ 0x20..0x7f) => out.push(char::from(*byte)),
            Some(byte) => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

/// Text in quotes.
pub(crate) fn quoted_text(text: &str) -> String {
    quoted(&Pattern::of(text.as_bytes()).bytes)
}

/// One thing in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Word(&'a str),
    Bytes(Pattern),
}

/// Cuts a line into words and quoted pieces; pieces that stand side by side are one.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn tokens(line: &str) -> Result<Vec<Token<'_>>, String> {
    let mut out: Vec<Token<'_>> = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        if rest.starts_with('#') {
            break;
        }
        let in_hex = rest.strip_prefix("x\"");
        if let Some(body) = in_hex.or_else(|| rest.strip_prefix('"')) {
            let (bytes, after) =
                if in_hex.is_some() { hex_piece(body)? } else { text_piece(body)? };
            match out.last_mut() {
                Some(Token::Bytes(before)) => before.bytes.extend(bytes),
                _ => out.push(Token::Bytes(Pattern { bytes })),
            }
            rest = after.trim_start();
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push(Token::Word(word));
        rest = after.trim_start();
    }
    Ok(out)
}

/// Bytes, and the text behind them.
type Piece<'a> = (Vec<Option<u8>>, &'a str);

fn hex_piece(body: &str) -> Result<Piece<'_>, String> {
    let (digits, after) = body.split_once('"').ok_or("a quote that is never closed")?;
    let bytes = digits.split_whitespace().map(|pair| match pair {
        "??" => Ok(None),
        _ if pair.len() == 2 => u8::from_str_radix(pair, 16).map(Some).map_err(|_| pair),
        _ => Err(pair),
    });
    let bytes: Result<_, &str> = bytes.collect();
    Ok((bytes.map_err(|pair| format!("'{pair}' is not two hexadecimal digits"))?, after))
}

fn text_piece(body: &str) -> Result<Piece<'_>, String> {
    let mut bytes = Vec::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((bytes, &body[at + 1..])),
            '\\' => {
                let escape = chars.next().map(|(_, c)| c);
                bytes.push(match escape {
                    Some('r') => Some(b'\r'),
                    Some('n') => Some(b'\n'),
                    Some('t') => Some(b'\t'),
                    Some('"') => Some(b'"'),
                    Some('\\') => Some(b'\\'),
                    Some('?') => None,
                    Some('x') => {
                        let digits: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                        let byte = match digits.len() {
                            2 => u8::from_str_radix(&digits, 16).ok(),
                            _ => None,
                        };
                        Some(byte.ok_or("'\\x' needs two hexadecimal digits")?)
                    }
                    Some(c) => return Err(format!("'\\{c}' is no escape")),
                    None => break,
                });
            }
            c => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes().map(Some)),
        }
    }
    Err("a quote that is never closed".to_owned())
}

const UNITS: &[(&str, u64)] = &[("us", 1), ("ms", 1000), ("s", 1_000_000)];

/// A time as it is written: `412us`, `1.5ms`, `30s`.
pub(crate) fn duration(time: Duration) -> String {
    let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let (unit, size) = match us {
        0..1000 => UNITS[0],
        1000..1_000_000 => UNITS[1],
        _ => UNITS[2],
    };
    let (whole, part) = (us / size, us % size);
    if part == 0 {
        return format!("{whole}{unit}");
    }
    let digits = if size == 1000 { 3 } else { 6 };
    let part = format!("{part:0digits$}");
    format!("{whole}.{}{unit}", part.trim_end_matches('0'))
}

/// Reads a time; `None` where the word is none.
pub(crate) fn read_duration(word: &str) -> Option<Duration> {
    let number_end = word.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = word.split_at(number_end);
    let size = UNITS.iter().find(|(name, _)| *name == unit)?.1;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || part.len() > 6 || part.contains('.') {
        return None;
    }
    let mut us = whole.parse::<u64>().ok()?.checked_mul(size)?;
    if !part.is_empty() {
        let scale = 10_u64.pow(u32::try_from(part.len()).ok()?);
        us = us.checked_add(part.parse::<u64>().ok()?.checked_mul(size)? / scale)?;
    }
    // What lasts longer than a year is a slip of the pen, and too long for a clock.
    (us <= 365 * 24 * 3600 * 1_000_000).then_some(Duration::from_micros(us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (us, text) in [
            (0, "0us"),
            (999, "999us"),
            (1500, "1.5ms"),
            (12_345, "12.345ms"),
            (5_000_000, "5s"),
            (1_000_001, "1.000001s"),
        ] {
            assert_eq!(duration(Duration::from_micros(us)), text);
            assert_eq!(read_duration(text), Some(Duration::from_micros(us)));
        }
        for wrong in ["5", "s", ".5s", "1.2.3s", "5min", "-1s", "99999999999999999999s", "1e9s"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bytes_are_cut_where_a_reader_would() {
        let shown = |bytes: &[u8]| pieces(&Pattern::of(bytes));
        assert_eq!(shown(b"a\r\nb"), [r#""a\r\n""#, r#""b""#]);
        assert_eq!(shown(b""), [r#""""#]);
        assert_eq!(shown(b"say \"hi\\\""), [r#""say \"hi\\\"""#]);
        assert_eq!(shown(&[0, 1, 2, 255]), [r#"x"00 01 02 ff""#]);
    }

    #[test]
    fn a_broken_piece_is_named() {
        let check = |line, text: &str| assert_eq!(tokens(line).expect_err(line), text);
        check(r#"< "abc"#, "a quote that is never closed");
        check(r#"< "a\"#, "a quote that is never closed");
        check(r#"< "a\z""#, r"'\z' is no escape");
        check(r#"< "a\x4""#, r"'\x' needs two hexadecimal digits");
        check(r#"< x"0g""#, "'0g' is not two hexadecimal digits");
        check(r#"< x"012""#, "'012' is not two hexadecimal digits");
    }
}
