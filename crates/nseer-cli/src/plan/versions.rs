//! What is to be done about versions of services.

use std::path::PathBuf;

use nseer_core::progress::PortScan;

use super::check::level;
use super::{Depth, PlanError};
use crate::settings::Settings;

/// How many probes are tried, where the user does not say.
const DEFAULT_INTENSITY: u8 = 7;

/// How versions are found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPlan {
    /// `-sV`, and there are ports.
    pub wanted: bool,
    /// Why `-sV` is left out, if it is.
    pub left_out: Option<&'static str>,
    /// 0 to 9.
    pub intensity: u8,
    /// `--allports`.
    pub all_ports: bool,
    /// `--version-trace`.
    pub trace: bool,
    /// `--versiondb`.
    pub file: Option<PathBuf>,
}

pub(super) fn versions(settings: &Settings, depth: Depth) -> Result<VersionPlan, PlanError> {
    let intensity = level("--version-intensity", settings.version_intensity.as_ref())?;
    let why_not = match depth {
        Depth::List => Some("-sL scans no ports"),
        Depth::Hosts => Some("-sn scans no ports"),
        Depth::Ports if settings.scan_types.contains(&PortScan::Protocol) => {
            Some("protocols (-sO) have no versions")
        }
        Depth::Ports => None,
    };
    Ok(VersionPlan {
        wanted: settings.versions && why_not.is_none(),
        left_out: why_not.filter(|_| settings.versions),
        intensity: intensity.unwrap_or(DEFAULT_INTENSITY),
        all_ports: settings.version_all_ports,
        trace: settings.version_trace || settings.packet_trace || settings.debug >= 3,
        file: settings.version_file.as_ref().map(PathBuf::from),
    })
}
