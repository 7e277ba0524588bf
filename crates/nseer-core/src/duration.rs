//! Times as users write them: `30`, `500ms`, `1.5s`, `2m`, `1h`, `1e3`. Which times an option
//! allows is not known here.

use std::time::Duration;

/// The text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time: write a number and ms, s, m or h, such as 500ms or 2m")]
pub struct TimeError(pub String);

/// A hundred years: what is added to a clock must fit it.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Parses a time; a bare number counts seconds.
///
/// # Errors
/// [`TimeError`] where the text is not a number with a known unit, or more than a hundred years.
pub fn parse_duration(text: &str) -> Result<Duration, TimeError> {
    let bad = || TimeError(text.to_owned());
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let lower = text.trim().to_ascii_lowercase();
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|n| (n, *factor)))
        .unwrap_or((&lower, 1.0));
    // Keeps out the words that f64 knows: inf, nan.
    if !number.bytes().all(|b| b.is_ascii_digit() || b".e+-".contains(&b)) {
        return Err(bad());
    }
    let seconds: f64 = number.parse().map_err(|_| bad())?;
    if seconds.is_sign_negative() {
        return Err(bad());
    }
    let time = Duration::try_from_secs_f64(seconds * factor).map_err(|_| bad())?;
    if time > LONGEST { Err(bad()) } else { Ok(time) }
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
            (" 5", 5000),
            ("5S", 5000),
            ("5MS", 5),
            (".5", 500),
            ("5.", 5000),
            ("+5", 5000),
            ("1e3", 1_000_000),
            ("1e3ms", 1000),
            ("100ms", 100),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "for {text}");
        }
        for text in [
            "", "s", "-1", "-0", "1d", "1e99", "1e10", "inf", "1.2.3", "5 s", "nan", "1min", "0x10",
        ] {
            assert_eq!(parse_duration(text), Err(TimeError(text.to_owned())));
        }
    }
}
