//! Which hosts are meant, in which order, and which part of them.

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;

use super::check::parsed;
use super::{PlanError, items};
use crate::settings::Settings;

/// Which hosts are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetPlan {
    /// The targets of the command line, as text.
    pub listed: Vec<String>,
    /// Where further targets are read from.
    pub input: Option<Input>,
    /// Targets to leave out, one a text, commas cut.
    pub exclude: Vec<String>,
    /// A file of targets to leave out.
    pub exclude_file: Option<PathBuf>,
    /// To which addresses names are resolved.
    pub families: Families,
    /// Every address of a name is a target, not only the first.
    pub resolve_all: bool,
    /// Hosts come in random order.
    pub randomize: bool,
    /// What repeats a random order.
    pub seed: Option<u64>,
    /// The part of the hosts and ports that is scanned.
    pub shard: Option<Shard>,
}

/// Where targets are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// The families of addresses that names are resolved to. A target that is an address is scanned
/// whatever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Families {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
    /// Both.
    Both,
}

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub number: NonZeroU64,
    /// Of how many, not less than `number`.
    pub of: NonZeroU64,
}

impl FromStr for Shard {
    type Err = ();

    fn from_str(text: &str) -> Result<Shard, ()> {
        let (number, of) = text.split_once('/').ok_or(())?;
        let (number, of) = (number.parse().map_err(drop)?, of.parse().map_err(drop)?);
        if number <= of { Ok(Shard { number, of }) } else { Err(()) }
    }
}

/// Reads what was typed.
pub(super) fn targets(settings: &Settings) -> Result<TargetPlan, PlanError> {
    let listed = settings
        .targets
        .iter()
        .map(|word| match word.to_str() {
            Some("") => Err(PlanError::EmptyTarget),
            Some(word) => Ok(word.to_owned()),
            None => Err(PlanError::TargetNotText { target: word.to_string_lossy().into_owned() }),
        })
        .collect::<Result<_, _>>()?;
    Ok(TargetPlan {
        listed,
        input: settings.input_file.as_ref().map(|file| match file.as_os_str() {
            dash if dash == OsStr::new("-") => Input::Stdin,
            file => Input::File(PathBuf::from(file)),
        }),
        exclude: items("--exclude", &settings.exclude)?,
        exclude_file: settings.exclude_file.as_ref().map(PathBuf::from),
        families: match (settings.ipv4, settings.ipv6) {
            (_, false) => Families::V4,
            (false, true) => Families::V6,
            (true, true) => Families::Both,
        },
        resolve_all: settings.resolve_all,
        randomize: settings.randomize_hosts,
        seed: parsed("--seed", settings.seed.as_ref(), "a whole number, 0 or more,", |_| true)?,
        shard: parsed(
            "--shard",
            settings.shard.as_ref(),
            "a part of a number of parts, such as 1/4,",
            |_| true,
        )?,
    })
}
