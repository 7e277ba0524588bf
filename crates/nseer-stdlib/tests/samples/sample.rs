//! Reads sample answers, and shows a match as they do.

use std::fmt::Write as _;

use nseer_core::Protocol;
use nseer_probes::{Match, Problem};

/// One answer and what it is to be told as.
pub(crate) struct Sample {
    /// File and line.
    pub(crate) place: String,
    pub(crate) protocol: Protocol,
    /// The probe that was answered.
    pub(crate) probe: String,
    /// `captured PACKAGE VERSION` or `spec DOCUMENT`.
    pub(crate) source: String,
    pub(crate) answer: Vec<u8>,
    /// Service and fields, as `shown` writes them.
    pub(crate) expected: String,
}

impl Sample {
    /// All samples of a file called `file`. An error says where and what.
    pub(crate) fn read(file: &str, text: &str) -> Result<Vec<Sample>, String> {
        let mut samples = Vec::new();
        let mut block: Vec<&str> = Vec::new();
        let mut start = 0;
        for (number, line) in (1..).zip(text.lines().chain([""])) {
            if line.starts_with('#') {
                continue;
            }
            if line.is_empty() {
                if !block.is_empty() {
                    samples.push(Sample::of(&block, format!("{file}:{start}"))?);
                    block.clear();
                }
                continue;
            }
            if block.is_empty() {
                start = number;
            }
            block.push(line);
        }
        Ok(samples)
    }

    fn of(block: &[&str], place: String) -> Result<Sample, String> {
        let wrong = |what: &str| format!("{place}: {what}");
        let mut head = block.first().unwrap_or(&"").splitn(3, ' ');
        let protocol = match head.next() {
            Some("TCP") => Protocol::Tcp,
            Some("UDP") => Protocol::Udp,
            _ => return Err(wrong("a sample begins with TCP or UDP")),
        };
        let (Some(probe), Some(source)) = (head.next(), head.next()) else {
            return Err(wrong("a sample begins: PROTOCOL PROBE SOURCE"));
        };
        let mut answer = Vec::new();
        let mut expected = None;
        for line in block.iter().skip(1) {
            if let Some(bytes) = line.strip_prefix("< ") {
                answer
                    .extend(unescaped(bytes).ok_or_else(|| wrong("an escape that is not known"))?);
            } else if let (Some(match_), None) = (line.strip_prefix("= "), &expected) {
                expected = Some(match_.to_owned());
            } else {
                return Err(wrong("a line is '< BYTES' or, once, '= SERVICE FIELDS'"));
            }
        }
        let expected = expected.ok_or_else(|| wrong("what it is to be told as is missing"))?;
        let (probe, source) = (probe.to_owned(), source.to_owned());
        Ok(Sample { place, protocol, probe, source, answer, expected })
    }

    /// The service that is expected.
    pub(crate) fn service(&self) -> String {
        let words = self.expected.trim_start_matches("soft ");
        words.split(' ').next().unwrap_or_default().to_owned()
    }
}

/// Templates of a group that did not take part stay empty; that is meant.
pub(crate) fn tolerates(problem: &Problem) -> bool {
    matches!(problem.error, nseer_probes::LineError::Unfilled(_))
}

/// The bytes of a text with `\r \n \t \0 \\ \xHH`.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'\\' => b'\\',
            b'x' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            0 => text.push_str("\\0"),
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7e => text.push(char::from(*byte)),
            other => {
                // Writing to a string does not fail.
                let _ = write!(text, "\\x{other:02x}");
            }
        }
    }
    text
}

/// A match as a sample writes it: `soft` if it is, the service, and its fields as templates, each between
/// the first of `/ | = % @` that it does not contain.
pub(crate) fn shown(matched: &Match) -> String {
    let fields = &matched.fields;
    let mut text = String::from(if matched.soft { "soft " } else { "" });
    text.push_str(&matched.service);
    for (letter, value) in [
        ('p', &fields.product),
        ('v', &fields.version),
        ('i', &fields.info),
        ('h', &fields.hostname),
        ('o', &fields.os),
        ('d', &fields.device),
    ] {
        let Some(value) = value.as_ref().filter(|value| !value.is_empty()) else { continue };
        let value = escaped(value);
        let delimiter = ['/', '|', '=', '%', '@'].into_iter().find(|d| !value.contains(*d));
        let delimiter = delimiter.unwrap_or('"');
        let _ = write!(text, " {letter}{delimiter}{value}{delimiter}");
    }
    for cpe in fields.cpes.iter().flatten() {
        let _ = write!(text, " {}/", escaped(cpe));
    }
    text
}
