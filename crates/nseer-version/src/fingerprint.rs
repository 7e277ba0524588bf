//! The answers of a service that was not recognised, as one block of text that a person can pass
//! on.
//!
//! The form is the one that collectors and scripts know: a head with the port and the circumstances, then for each
//! probe `%r(NAME,LENGTH,"…")`, length in hexadecimal, folded to lines that begin with `SF`.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use nseer_core::service::{FINGERPRINT_FOLD, FINGERPRINT_LINE, fold_fingerprint};
use nseer_core::{PortKey, Tunnel};

/// Bytes of one answer that are shown.
const MOST_OF_AN_ANSWER: usize = 900;
/// A block of this length, folded, takes no further answer.
const ENOUGH: usize = 2200;

/// Under which circumstances the answers came.
pub(crate) struct Circumstances {
    pub(crate) port: PortKey,
    pub(crate) tunnel: Tunnel,
    pub(crate) intensity: u8,
    pub(crate) now: SystemTime,
}

/// The block; `None` where nothing answered. `answers` are in the order in which the probes stand.
pub(crate) fn fingerprint(about: &Circumstances, answers: &[(&str, &[u8])]) -> Option<String> {
    if answers.is_empty() {
        return None;
    }
    let mut text = head(about);
    for (name, answer) in answers {
        let mut part = format!("%r({name},{:X},\"", answer.len());
        for (place, byte) in answer.iter().enumerate().take(MOST_OF_AN_ANSWER) {
            escape(*byte, answer.get(place + 1), &mut part);
        }
        part.push_str("\")");
        if folded_length(&text) >= ENOUGH {
            break;
        }
        text.push_str(&part);
    }
    text.push(';');
    Some(fold_fingerprint(&text))
}

fn head(about: &Circumstances) -> String {
    let seconds = about.now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = jiff::Timestamp::try_from(about.now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let now = now.to_zoned_datetime(jiff::tz::TimeZone::system());
    let tunnel = if about.tunnel == Tunnel::Ssl { "%T=SSL" } else { "" };
    format!(
        "SF-Port{}-{}:V={}{tunnel}%I={}%D={}/{}%Time={seconds:X}%P={}-{}",
        about.port.number,
        about.port.protocol.as_str().to_ascii_uppercase(),
        env!("CARGO_PKG_VERSION"),
        about.intensity,
        now.month(),
        now.day(),
        std::env::consts::ARCH,
        std::env::consts::OS,
    )
}

/// One byte of an answer, which `next` follows.
fn escape(byte: u8, next: Option<&u8>, out: &mut String) {
    match byte {
        // Not before a digit, with which it would be read as another number.
        0 if !next.is_some_and(u8::is_ascii_digit) => out.push_str("\\0"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        b'\\' | b'"' | b'?' | b'[' | b']' | b'(' | b')' | b'.' | b'*' | b'+' | b'^' | b'$'
        | b'|' => {
            out.push('\\');
            out.push(char::from(byte));
        }
        byte if byte.is_ascii_graphic() => out.push(char::from(byte)),
        byte => {
            // Writing to a string does not fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

fn folded_length(text: &str) -> usize {
    let fold = FINGERPRINT_FOLD.len();
    let folds = text.len().saturating_sub(FINGERPRINT_LINE).div_ceil(FINGERPRINT_LINE + 1 - fold);
    text.len() + folds * fold
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(answers: &[(&str, &[u8])]) -> Option<String> {
        let about = Circumstances {
            port: PortKey::tcp(7777),
            tunnel: Tunnel::Ssl,
            intensity: 7,
            now: UNIX_EPOCH + std::time::Duration::from_secs(0x6b07_894d),
        };
        fingerprint(&about, answers)
    }

    #[test]
    fn the_form_is_the_known_one() {
        assert_eq!(block(&[]), None);
        let bytes: Vec<u8> = (0..=255).collect();
        let text = block(&[("NULL", b"a b\x001\0x"), ("All", &bytes)]).expect("a block");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("SF-Port7777-TCP:V="), "{text}");
        assert!(lines[1..].iter().all(|line| line.starts_with("SF:")), "{text}");
        let (last, full) = lines.split_last().expect("lines");
        assert!(
            full.iter().all(|line| line.len() == FINGERPRINT_LINE)
                && last.len() <= FINGERPRINT_LINE
        );
        let whole = text.replace("\nSF:", "");
        assert!(whole.contains("%T=SSL%I=7%D="), "{whole}");
        assert!(whole.contains("%Time=6B07894D%P="), "{whole}");
        assert!(whole.contains(r#"%r(NULL,7,"a\x20b\x001\0x")%r(All,100,"\0\x01\x02"#), "{whole}");
        assert!(whole.contains(r##"\x1f\x20!\"#\$%&'\(\)\*\+,-\./0123456789:;<=>\?@"##), "{whole}");
        assert!(
            whole.contains(r"XYZ\[\\\]\^_`abc") && whole.contains(r"xyz{\|}~\x7f\x80"),
            "{whole}"
        );
        assert!(whole.ends_with("\\xff\");"), "{whole}");
    }

    #[test]
    fn long_answers_are_cut() {
        let long = [b'x'; 5000];
        let text = block(&[("A", &long), ("B", b"b")]).expect("a block").replace("\nSF:", "");
        let shown = "x".repeat(MOST_OF_AN_ANSWER);
        assert!(text.contains(&format!("%r(A,1388,\"{shown}\")%r(B,1,\"b\");")));
        let many = [("A", &long[..]); 9];
        let many = block(&many).expect("a block").replace("\nSF:", "");
        assert_eq!(many.matches("%r(").count(), 3);
    }
}
