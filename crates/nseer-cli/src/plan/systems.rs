//! What is to be done about operating systems.

use super::check::parsed;
use super::{Depth, PlanError, Wanted};
use crate::settings::Settings;

/// How operating systems are found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPlan {
    /// `-O`, or `-A`.
    pub wanted: Wanted,
    /// `--osscan-limit`.
    pub limit: bool,
    /// `--osscan-guess`.
    pub guesses: bool,
    /// `--max-os-tries`.
    pub tries: Option<u32>,
}

pub(super) fn systems(settings: &Settings, depth: Depth) -> Result<SystemPlan, PlanError> {
    let tries = parsed(
        "--max-os-tries",
        settings.system_tries.as_ref(),
        "a whole number from 1 to 50",
        |tries| (1..=50).contains(tries),
    )?;
    if settings.systems && depth != Depth::Ports {
        let option = if depth == Depth::List { "-sL" } else { "-sn" };
        return Err(PlanError::NoPortScan { option, other: "-O" });
    }
    let wanted = match (settings.systems, settings.aggressive && depth == Depth::Ports) {
        (true, _) => Wanted::Always,
        (false, true) => Wanted::WhereAllowed,
        (false, false) => Wanted::Never,
    };
    Ok(SystemPlan { wanted, limit: settings.system_limit, guesses: settings.system_guesses, tries })
}
