//! How fast a run goes.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::PlanError;
use super::check::{number, positive, rate, sensible_time, template};
use crate::settings::Settings;

/// How fast. A value that is `None` is left to the template.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingPlan {
    /// 0 to 5; 3 where `-T` was not given.
    pub template: u8,
    /// Probes a second, more than 0.
    pub min_rate: Option<f64>,
    /// Probes a second, more than 0 and not less than `min_rate`.
    pub max_rate: Option<f64>,
    /// Probes in flight.
    pub min_parallelism: Option<NonZeroUsize>,
    /// Probes in flight, not less than `min_parallelism`.
    pub max_parallelism: Option<NonZeroUsize>,
    /// More than zero.
    pub initial_rtt: Option<Duration>,
    /// Not more than `max_rtt`.
    pub min_rtt: Option<Duration>,
    /// At least 5 ms.
    pub max_rtt: Option<Duration>,
    /// Repeats of an unanswered probe.
    pub max_retries: Option<u32>,
    /// Zero means never.
    pub host_timeout: Option<Duration>,
    /// Between two probes to one host.
    pub scan_delay: Option<Duration>,
    /// Up to where that grows.
    pub max_scan_delay: Option<Duration>,
    /// Limited resets do not slow the scan down.
    pub defeat_resets: bool,
    /// Limited ICMP errors do not slow the scan down.
    pub defeat_errors: bool,
}

/// Reads what was typed.
pub(super) fn timing(settings: &Settings) -> Result<TimingPlan, PlanError> {
    let plan = TimingPlan {
        template: template(settings.timing.as_ref())?,
        min_rate: rate("--min-rate", settings.min_rate.as_ref())?,
        max_rate: rate("--max-rate", settings.max_rate.as_ref())?,
        min_parallelism: positive("--min-parallelism", settings.min_parallelism.as_ref())?,
        max_parallelism: positive("--max-parallelism", settings.max_parallelism.as_ref())?,
        initial_rtt: sensible_time("--initial-rtt-timeout", settings.initial_rtt.as_ref(), 50)?,
        min_rtt: sensible_time("--min-rtt-timeout", settings.min_rtt.as_ref(), 50)?,
        max_rtt: sensible_time("--max-rtt-timeout", settings.max_rtt.as_ref(), 50)?,
        max_retries: number("--max-retries", settings.max_retries.as_ref())?,
        host_timeout: sensible_time("--host-timeout", settings.host_timeout.as_ref(), 10_000)?,
        scan_delay: sensible_time("--scan-delay", settings.scan_delay.as_ref(), 100)?,
        max_scan_delay: sensible_time("--max-scan-delay", settings.max_scan_delay.as_ref(), 100)?,
        defeat_resets: settings.defeat_resets,
        defeat_errors: settings.defeat_errors,
    };
    let at_least = |option, least, given: Option<Duration>| match given {
        Some(given) if given < least => Err(PlanError::ShortTime { option, least }),
        _ => Ok(()),
    };
    at_least("--initial-rtt-timeout", Duration::from_millis(1), plan.initial_rtt)?;
    at_least("--max-rtt-timeout", Duration::from_millis(5), plan.max_rtt)?;
    ordered("--min-rate", plan.min_rate, "--max-rate", plan.max_rate)?;
    let (least, most) = (plan.min_parallelism, plan.max_parallelism);
    ordered("--min-parallelism", least, "--max-parallelism", most)?;
    ordered("--min-rtt-timeout", plan.min_rtt, "--max-rtt-timeout", plan.max_rtt)?;
    Ok(plan)
}

fn ordered<T: PartialOrd>(
    lower: &'static str,
    least: Option<T>,
    upper: &'static str,
    most: Option<T>,
) -> Result<(), PlanError> {
    match (least, most) {
        (Some(least), Some(most)) if least > most => Err(PlanError::Order { lower, upper }),
        _ => Ok(()),
    }
}
