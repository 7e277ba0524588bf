//! What is to be done about versions of services.

use std::path::PathBuf;

use nseer_core::progress::PortScan;

use super::PlanError;
use super::check::level;
use crate::settings::Settings;

/// How many probes are tried, where the user does not say.
const DEFAULT_INTENSITY: u8 = 7;

/// How versions are found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPlan {
    /// `-sV`, and there are ports.
    pub wanted: bool,
    /// `-sV` is left out, since protocols (`-sO`) have no versions.
    pub left_out: bool,
    /// 0 to 9.
    pub intensity: u8,
    /// `--allports`.
    pub all_ports: bool,
    /// `--version-trace`.
    pub trace: bool,
    /// `--versiondb`.
    pub file: Option<PathBuf>,
}

pub(super) fn versions(settings: &Settings) -> Result<VersionPlan, PlanError> {
    let intensity = level("--version-intensity", settings.version_intensity.as_ref())?;
    let has_no_ports = settings.scan_types.contains(&PortScan::Protocol);
    Ok(VersionPlan {
        wanted: settings.versions && !has_no_ports,
        left_out: settings.versions && has_no_ports,
        intensity: intensity.unwrap_or(DEFAULT_INTENSITY),
        all_ports: settings.version_all_ports,
        trace: settings.version_trace || settings.packet_trace || settings.debug >= 3,
        file: settings.version_file.as_ref().map(PathBuf::from),
    })
}
