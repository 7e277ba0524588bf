//! What can be wrong with settings.

use std::path::PathBuf;
use std::time::Duration;

use nseer_core::duration::TimeError;

/// The settings cannot be carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Options of Nmap that this version does not have.
    #[error("{0}")]
    NotBuilt(NotBuilt),
    /// There is nothing to scan.
    #[error(
        "no targets were given: name hosts or networks, as in 'nseer 192.0.2.1'; \
         'nseer -h' shows the options"
    )]
    NoTargets,
    /// A target is an empty word.
    #[error("a target is empty: an argument of the command line is ''")]
    EmptyTarget,
    /// A target is no text.
    #[error("target '{target}' is not valid UTF-8")]
    TargetNotText {
        /// The target, with replacement characters.
        target: String,
    },
    /// A value is no text.
    #[error("the value of '{option}' is not valid UTF-8: '{value}'")]
    NotText {
        /// The option.
        option: &'static str,
        /// The value, with replacement characters.
        value: String,
    },
    /// A value is no number, or one out of range.
    #[error("'{value}' is no value for '{option}': {wanted} is needed")]
    Number {
        /// The option.
        option: &'static str,
        /// The value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A value is no time.
    #[error("option '{option}': {source}")]
    Time {
        /// The option.
        option: &'static str,
        /// Why.
        source: TimeError,
    },
    /// A time is long, and has no unit.
    #[error("'{value}' of '{option}' means seconds: use {value}ms for milliseconds, or {value}s")]
    BareTime {
        /// The option.
        option: &'static str,
        /// What was typed.
        value: String,
    },
    /// A time is too short.
    #[error("option '{option}' needs a time of at least {}ms", least.as_millis())]
    ShortTime {
        /// The option.
        option: &'static str,
        /// The shortest that is allowed.
        least: Duration,
    },
    /// A lower bound is above its upper bound.
    #[error("the value of '{lower}' is greater than that of '{upper}'")]
    Order {
        /// The lower bound.
        lower: &'static str,
        /// The upper bound.
        upper: &'static str,
    },
    /// The value of `-T`.
    #[error(
        "'{value}' is no timing template: write 0 to 5, or paranoid, sneaky, polite, normal, \
         aggressive or insane"
    )]
    Template {
        /// The value.
        value: String,
    },
    /// A port list is empty.
    #[error("the port list of '{option}' is empty: write ports as in 22,80 or 1-1024")]
    EmptyPorts {
        /// The option.
        option: &'static str,
    },
    /// Ports or a scan type where no port is scanned.
    #[error("{other} does not go together with {option}, which scans no ports")]
    NoPortScan {
        /// The option that excludes port scans.
        option: &'static str,
        /// The option that asks for one.
        other: &'static str,
    },
    /// Two scans of one protocol.
    #[error("{first} does not go together with {second}: one {protocol} scan at a time")]
    TwoScans {
        /// The protocol.
        protocol: &'static str,
        /// One option.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A scan of protocols and another one.
    #[error("-sO does not go together with {other}: protocols are scanned alone")]
    ProtocolsAlone {
        /// The other option.
        other: &'static str,
    },
    /// The value of `--scanflags`.
    #[error(
        "'{value}' is no value for '--scanflags': write flags one after another, as in SYNFIN, or a \
         number from 0 to 255"
    )]
    ScanFlags {
        /// The value.
        value: String,
    },
    /// Flags for a scan without TCP segments of its own.
    #[error("--scanflags does not go together with -sT, whose packets the system makes")]
    FlagsWithConnect,
    /// An option of one kind of scan.
    #[error("{option} goes together with {scan} only")]
    OnlyWith {
        /// The option.
        option: &'static str,
        /// The scan.
        scan: &'static str,
    },
    /// Two ways to say what packets carry.
    #[error("use one of --data, --data-string and --data-length")]
    TwoKindsOfData,
    /// `-F` and `-p`.
    #[error("-F does not go together with -p: use --top-ports 100 to choose from the ports of -p")]
    FastWithPorts,
    /// Two formats for standard output.
    #[error("two output formats are to go to standard output ('-'): give one of them a file")]
    StdoutTwice,
    /// Two outputs for one file.
    #[error("two outputs are to go to '{}': give each a file of its own", path.display())]
    FileTwice {
        /// The file.
        path: PathBuf,
    },
    /// Targets that come from standard input are gone when the scan is to go on.
    #[error(
        "--store cannot keep targets that come from standard input: put them into a file for -iL"
    )]
    StoreFromStdin,
    /// The value of `--generate`.
    #[error(
        "'{kind}' cannot be generated: write man, complete-bash, complete-zsh, complete-fish or json-schema"
    )]
    Generate {
        /// The value.
        kind: String,
    },
}

/// Options of Nmap that were used although this version does not have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotBuilt {
    /// Each with what it would do and what to use instead, which may be empty.
    pub options: Vec<(&'static str, &'static str, &'static str)>,
}

impl std::fmt::Display for NotBuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> =
            self.options.iter().map(|(name, what, _)| format!("{name} ({what})")).collect();
        let (verb, of) = if names.len() == 1 { ("is", "an option") } else { ("are", "options") };
        write!(f, "{} {verb} not built yet: {of} of Nmap that", names.join(", "))?;
        write!(f, " this version does not have")?;
        let mut instead: Vec<&str> = self.options.iter().map(|(_, _, instead)| *instead).collect();
        instead.retain(|name| !name.is_empty());
        instead.dedup();
        if instead.is_empty() { Ok(()) } else { write!(f, "; use {}", instead.join(", ")) }
    }
}
