//! Times as people and parsers expect them. Every time is given; no clock is read. The local zone is the
//! one thing that reports take from the machine.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// The time in the local zone.
pub(crate) fn local(time: SystemTime) -> ZonedDateTime {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    let timestamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.to_zoned_datetime(ZONE.get_or_init(zone).clone())
}

/// The zone that tzset(3) finds: what `TZ` names, else that of `/etc/localtime`, else UTC.
fn zone() -> TimeZone {
    match std::env::var_os("TZ") {
        Some(_) => TimeZone::system(),
        None => compiled_zone("/etc/localtime").unwrap_or(TimeZone::UTC),
    }
}

/// The zone that a file describes (tzfile(5)). `TimeZone::system` walks through all zones of the machine to
/// find its name too, which nothing shows and which takes a seventh of a short scan.
#[allow(clippy::disallowed_methods, reason = "`TimeZone::system` reads the same by itself")]
fn compiled_zone(path: &str) -> Option<TimeZone> {
    TimeZone::tzif("", &std::fs::read(path).ok()?).ok()
}

/// In the way of ctime(3): `Tue Nov 24 18:26:31 2026`.
pub(crate) fn ctime(time: SystemTime) -> String {
    local(time).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// To the minute, with the zone: `2026-11-24 18:26 UTC`.
pub(crate) fn minute(time: SystemTime) -> String {
    local(time).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// The time of day to the minute: `18:26`.
pub(crate) fn clock(time: SystemTime) -> String {
    local(time).strftime("%H:%M").to_string()
}

/// To the second, with the zone: `2026-11-24 18:26:31 UTC`.
pub(crate) fn second(time: SystemTime) -> String {
    local(time).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// As RFC 3339 has it, in UTC, to the millisecond: `2026-11-24T18:26:31.056Z`.
#[must_use]
pub fn rfc3339(time: SystemTime) -> String {
    format!("{:.3}", Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// The month and the day of the month, from 1, in the local zone.
#[must_use]
pub fn month_and_day(time: SystemTime) -> (u32, u32) {
    let local = local(time);
    let number = |part: i8| u32::try_from(part).unwrap_or(1);
    (number(local.month()), number(local.day()))
}

/// Seconds since 1970.
pub(crate) fn epoch(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Seconds with two digits after the point.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}

/// Seconds with two significant digits, as in latencies: `0.00030`, `0.13`, `1.2`, `12`.
pub(crate) fn latency(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let digits = if duration.is_zero() { 2.0 } else { (1.0 - seconds.log10().floor()).max(0.0) };
    format!("{seconds:.*}", digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_two_significant_digits() {
        for (micros, text) in [
            (0, "0.00"),
            (8, "0.0000080"),
            (98, "0.000098"),
            (296, "0.00030"),
            (5_000, "0.0050"),
            (130_000, "0.13"),
            (1_234_567, "1.2"),
            (12_345_678, "12"),
            (123_456_789, "123"),
        ] {
            assert_eq!(latency(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn the_zone_is_that_of_the_system() {
        let system = TimeZone::system();
        for seconds in [0, 1_000_000_000, 1_782_000_000, 1_798_000_000] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            let known = Timestamp::try_from(time).unwrap().to_zoned_datetime(system.clone());
            assert_eq!(local(time).datetime(), known.datetime(), "at {seconds}");
        }
        assert_eq!(compiled_zone("/"), None);
        assert_eq!(compiled_zone("Cargo.toml"), None, "no compiled zone");
    }

    #[test]
    fn before_1970_is_zero() {
        assert_eq!(epoch(UNIX_EPOCH - Duration::from_secs(5)), 0);
        assert_eq!(epoch(UNIX_EPOCH + Duration::from_millis(1_999)), 1);
    }
}
