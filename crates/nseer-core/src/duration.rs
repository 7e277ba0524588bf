//! Times as users write them: `30`, `500ms`, `1.5s`, `2m`, `1h`.

use std::time::Duration;

/// The text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time: write a number and ms, s, m or h, such as 500ms or 2m")]
pub struct TimeError(pub String);

/// Parses a time; a bare number counts seconds.
///
/// # Errors
/// [`TimeError`] where the text is not a number with a known unit.
pub fn parse_duration(text: &str) -> Result<Duration, TimeError> {
    let bad = || TimeError(text.to_owned());
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|n| (n, *factor)))
        .unwrap_or((text, 1.0));
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !plain {
        return Err(bad());
    }
    let seconds: f64 = number.parse().map_err(|_| bad())?;
    Duration::try_from_secs_f64(seconds * factor).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, ms) in [
            ("5", 5000),
            ("500ms", 500),
            ("1.5s", 1500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("0", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "for {text}");
        }
        for text in ["", "s", "-1", "1d", "1e3", "inf", "1.2.3", "5 s", "nan"] {
            assert_eq!(parse_duration(text), Err(TimeError(text.to_owned())));
        }
    }
}
