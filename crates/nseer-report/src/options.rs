//! What the user may choose of outputs.

/// Choices that all formats share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportOptions {
    /// Level of `-v`, as raised by `-d`.
    pub verbosity: u8,
    /// Level of `-d`.
    pub debugging: u8,
    /// `--open`: only open ports, and only hosts that have some.
    pub open_only: bool,
    /// `--reason`; two levels of `-v` or one of `-d` imply it.
    pub reason: bool,
    /// Services are asked for their versions (`-sV`): normal output has a VERSION column and
    /// marks services that did not tell what they are by a question mark.
    pub versions: bool,
    /// Colour, for a screen that has some.
    pub colour: bool,
    /// Address of an XSL stylesheet for XML.
    pub stylesheet: Option<String>,
    /// Hosts are only listed (`-sL`).
    pub list_only: bool,
    /// No port is scanned (`-sn` or `-sL`).
    pub no_ports: bool,
    /// Resets say nothing here (`--defeat-rst-ratelimit`): a port that is shown as filtered may be closed.
    pub ignores_resets: bool,
    /// Operating systems are told apart (`-O`).
    pub systems: bool,
    /// Systems that a host's is only like are shown too (`--osscan-guess`).
    pub guesses: bool,
    /// Script results stay in the order in which they are given, as in a document that is read; else
    /// that of their IDs, so that two runs look the same.
    pub keeps_script_order: bool,
}

impl ReportOptions {
    pub(crate) fn shows_reason(&self) -> bool {
        self.reason || self.shows_more()
    }

    /// What `-vv` and `-d` add for each host.
    pub(crate) fn shows_more(&self) -> bool {
        self.verbosity > 1 || self.debugging > 0
    }
}
