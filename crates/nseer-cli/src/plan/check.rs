//! Reads single values: numbers, times, templates, text.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use nseer_core::duration::parse_duration;

use super::PlanError;
use super::error::NotBuilt;
use crate::options::{self, Status, TEMPLATES};

type Given<'a> = Option<&'a OsString>;

/// Fails where an option was used that is not built.
pub(super) fn refuse_not_built(used: &[&'static str]) -> Result<(), PlanError> {
    let mut names = Vec::new();
    for name in used {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    let options: Vec<_> = names
        .into_iter()
        .filter_map(|name| {
            let opt = options::all().find(|opt| opt.names.contains(&name))?;
            let Status::NotBuilt { instead } = opt.status else { return None };
            Some((name, opt.short, instead))
        })
        .collect();
    if options.is_empty() { Ok(()) } else { Err(PlanError::NotBuilt(NotBuilt { options })) }
}

/// A value that must be text.
pub(super) fn text(option: &'static str, given: Given<'_>) -> Result<Option<String>, PlanError> {
    given
        .map(|value| {
            value.to_str().map(str::to_owned).ok_or_else(|| PlanError::NotText {
                option,
                value: value.to_string_lossy().into_owned(),
            })
        })
        .transpose()
}

pub(super) fn texts(option: &'static str, given: &[OsString]) -> Result<Vec<String>, PlanError> {
    given.iter().filter_map(|value| text(option, Some(value)).transpose()).collect()
}

/// A port list, which must not be empty.
pub(super) fn ports_text(
    option: &'static str,
    given: Given<'_>,
) -> Result<Option<String>, PlanError> {
    let list = text(option, given)?;
    match &list {
        Some(list) if list.trim().is_empty() => Err(PlanError::EmptyPorts { option }),
        _ => Ok(list),
    }
}

pub(super) fn time(option: &'static str, given: Given<'_>) -> Result<Option<Duration>, PlanError> {
    text(option, given)?
        .map(|text| parse_duration(&text).map_err(|source| PlanError::Time { option, source }))
        .transpose()
}

/// A time that is less than `most` seconds where it has no unit: nobody means so many, but whoever
/// remembers that they once were milliseconds.
pub(super) fn sensible_time(
    option: &'static str,
    given: Given<'_>,
    most: u64,
) -> Result<Option<Duration>, PlanError> {
    let time = time(option, given)?;
    let bare = text(option, given)?.filter(|text| !text.ends_with(|c: char| c.is_alphabetic()));
    match (time, bare) {
        (Some(time), Some(value)) if time >= Duration::from_secs(most) => {
            Err(PlanError::BareTime { option, value })
        }
        _ => Ok(time),
    }
}

pub(super) fn number(option: &'static str, given: Given<'_>) -> Result<Option<u32>, PlanError> {
    parsed(option, given, "a whole number, 0 or more,", |_| true)
}

/// 0 to 9.
pub(super) fn level(option: &'static str, given: Given<'_>) -> Result<Option<u8>, PlanError> {
    parsed(option, given, "a whole number from 0 to 9", |level| *level <= 9)
}

pub(super) fn positive(
    option: &'static str,
    given: Given<'_>,
) -> Result<Option<NonZeroUsize>, PlanError> {
    parsed(option, given, "a whole number, 1 or more,", |_| true)
}

pub(super) fn rate(option: &'static str, given: Given<'_>) -> Result<Option<f64>, PlanError> {
    parsed(option, given, "a number greater than 0", |rate: &f64| rate.is_finite() && *rate > 0.0)
}

pub(super) fn ratio(option: &'static str, given: Given<'_>) -> Result<Option<f64>, PlanError> {
    let wanted = "a number from 0 up to, but not including, 1";
    parsed(option, given, wanted, |ratio| (0.0..1.0).contains(ratio))
}

/// 0 to 5, by number or by name.
pub(super) fn template(given: Given<'_>) -> Result<u8, PlanError> {
    const NORMAL: u8 = 3;
    let Some(given) = given else { return Ok(NORMAL) };
    let value = given.to_string_lossy();
    (0..)
        .zip(TEMPLATES)
        .find(|(index, name)| value.eq_ignore_ascii_case(name) || value == format!("{index}"))
        .map(|(index, _)| index)
        .ok_or_else(|| PlanError::Template { value: value.into_owned() })
}

/// A value that is read by its type's own rules, and is `good`.
pub(super) fn parsed<T: FromStr>(
    option: &'static str,
    given: Given<'_>,
    wanted: &'static str,
    good: impl FnOnce(&T) -> bool,
) -> Result<Option<T>, PlanError> {
    let Some(given) = given else { return Ok(None) };
    let value = given.to_str().and_then(|text| text.parse().ok()).filter(good);
    match value {
        Some(value) => Ok(Some(value)),
        None => {
            let value = given.to_string_lossy().into_owned();
            Err(PlanError::Number { option, value, wanted })
        }
    }
}
