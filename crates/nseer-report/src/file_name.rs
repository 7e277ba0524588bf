//! Output file names that hold the time: `scan-%Y%m%d.xml`.

use std::time::SystemTime;

use jiff::ZonedDateTime;

use crate::when;

/// Replaces `%H %M %S %m %d %y %Y` and the short forms `%T` (`%H%M%S`), `%R` (`%H%M`) and `%D`
/// (`%m%d%y`) by `time` in the local zone. `%` before any other character gives that character,
/// so `%%` is a percent sign; a lone `%` at the end is dropped. Source: nmap(1), `-oN`.
#[must_use]
pub fn expand_file_name(pattern: &str, time: SystemTime) -> String {
    expand(pattern, &when::local(time))
}

fn expand(pattern: &str, time: &ZonedDateTime) -> String {
    let mut name = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            name.push(c);
            continue;
        }
        let format = match chars.next() {
            Some('T') => "%H%M%S",
            Some('R') => "%H%M",
            Some('D') => "%m%d%y",
            Some('H') => "%H",
            Some('M') => "%M",
            Some('S') => "%S",
            Some('m') => "%m",
            Some('d') => "%d",
            Some('y') => "%y",
            Some('Y') => "%Y",
            Some(other) => {
                name.push(other);
                continue;
            }
            None => break,
        };
        name.push_str(&time.strftime(format).to_string());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    #[test]
    fn patterns() {
        let time = date(2007, 12, 3).at(14, 48, 5, 0).to_zoned_datetime(TimeZone::UTC).unwrap();
        for (pattern, expected) in [
            ("plain.xml", "plain.xml"),
            ("scan-%T-%D.xml", "scan-144805-120307.xml"),
            ("%R %H.%M.%S", "1448 14.48.05"),
            ("%Y-%m-%d %y", "2007-12-03 07"),
            ("100%%", "100%"),
            ("%q%", "q"),
            ("", ""),
        ] {
            assert_eq!(expand(pattern, &time), expected, "{pattern}");
        }
    }
}
