//! From the plan's timing to the scanner's.

use std::num::NonZeroUsize;

use nseer_scan::{Defeats, Timing};

use crate::plan::TimingPlan;

/// The template with what was set one by one.
#[must_use]
pub fn timing(plan: &TimingPlan) -> Timing {
    let mut timing = Timing::template(plan.template);
    let set = |place: &mut std::time::Duration, value: Option<std::time::Duration>| {
        if let Some(value) = value {
            *place = value;
        }
    };
    set(&mut timing.initial_rtt_timeout, plan.initial_rtt);
    set(&mut timing.min_rtt_timeout, plan.min_rtt);
    set(&mut timing.max_rtt_timeout, plan.max_rtt);
    set(&mut timing.scan_delay, plan.scan_delay);
    set(&mut timing.max_scan_delay, plan.max_scan_delay);
    set(&mut timing.max_udp_scan_delay, plan.max_scan_delay);
    timing.defeats = Defeats { resets: plan.defeat_resets, errors: plan.defeat_errors };
    if let Some(retries) = plan.max_retries {
        timing.max_retries = retries;
    }
    if let Some(timeout) = plan.host_timeout {
        timing.host_timeout = (!timeout.is_zero()).then_some(timeout);
    }
    timing.min_rate = plan.min_rate;
    timing.max_rate = plan.max_rate;
    timing.min_parallelism = plan.min_parallelism.map(NonZeroUsize::get).or(timing.min_parallelism);
    timing.max_parallelism = plan.max_parallelism.map(NonZeroUsize::get).or(timing.max_parallelism);
    timing
}

/// What `-d` shows of a run's timing: times in milliseconds, where 0 means no limit.
#[must_use]
pub fn report(timing: &Timing, hosts_in_flight: usize) -> String {
    let rule = "-".repeat(15);
    let end = "-".repeat(45);
    let ms = |time: std::time::Duration| time.as_millis();
    let (tcp, udp) = (ms(timing.max_scan_delay), ms(timing.max_udp_scan_delay));
    format!(
        "{rule} Timing report {rule}\n  \
         hosts in flight: max {hosts_in_flight}\n  \
         rtt-timeouts: init {}, min {}, max {}\n  \
         max-scan-delay: TCP {tcp}, UDP {udp}, SCTP {tcp}\n  \
         parallelism: min {}, max {}\n  \
         max-retries: {}, host-timeout: {}\n  \
         min-rate: {}, max-rate: {}\n\
         {end}",
        ms(timing.initial_rtt_timeout),
        ms(timing.min_rtt_timeout),
        ms(timing.max_rtt_timeout),
        timing.min_parallelism.unwrap_or(0),
        timing.max_parallelism.unwrap_or(0),
        timing.max_retries,
        timing.host_timeout.map_or(0, ms),
        timing.min_rate.unwrap_or(0.0),
        timing.max_rate.unwrap_or(0.0),
    )
}
