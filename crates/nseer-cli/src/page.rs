//! The pages that the command can print instead of scanning.

use std::ffi::OsStr;
use std::path::Path;

use crate::options::GENERATED;
use crate::{completions, help, man};

/// The first line that programs look for which run Nmap, with the version whose output ours is like.
const NMAP_BANNER: &str = "Nmap version 7.93 ( https://nmap.org )";

/// The page of `-V`, for a program that was called by this name. Who calls it `nmap` (through a link)
/// means what it does as Nmap, and gets the line by which Nmap is known first; under any other name
/// there is nothing that pretends.
#[must_use]
pub fn version(called: &OsStr) -> String {
    let own = format!("nseer version {}\n", env!("CARGO_PKG_VERSION"));
    match Path::new(called).file_name() {
        Some(name) if name == "nmap" => {
            format!(
                "{NMAP_BANNER}\nThis is nseer, called as nmap; its output is in the form of that version's.\n{own}"
            )
        }
        _ => own,
    }
}

/// A page; most are made from the table of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `-h`: one screen.
    Summary,
    /// `--help`: all options.
    Help,
    /// `-V`.
    Version,
    /// The man page, in roff.
    Man,
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
    /// The schema of JSON lines.
    JsonSchema,
}

impl Page {
    /// The page that `--generate KIND` asks for.
    #[must_use]
    pub fn generated(kind: &OsStr) -> Option<Page> {
        let pages = [Page::Man, Page::Bash, Page::Zsh, Page::Fish, Page::JsonSchema];
        GENERATED.iter().zip(pages).find(|(name, _)| kind == OsStr::new(name)).map(|(_, page)| page)
    }

    /// Its text, which ends in a line end.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Page::Summary => help::summary(),
            Page::Help => help::full(),
            Page::Version => version(OsStr::new("nseer")),
            Page::Man => man::page(),
            Page::Bash => completions::bash(),
            Page::Zsh => completions::zsh(),
            Page::Fish => completions::fish(),
            Page::JsonSchema => nseer_report::JSON_SCHEMA.to_owned(),
        }
    }
}
