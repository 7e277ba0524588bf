//! The pages that the command can print instead of scanning.

use std::ffi::OsStr;

use crate::options::GENERATED;
use crate::{completions, help, man};

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
            Page::Version => format!("nseer version {}\n", env!("CARGO_PKG_VERSION")),
            Page::Man => man::page(),
            Page::Bash => completions::bash(),
            Page::Zsh => completions::zsh(),
            Page::Fish => completions::fish(),
            Page::JsonSchema => nseer_report::JSON_SCHEMA.to_owned(),
        }
    }
}
