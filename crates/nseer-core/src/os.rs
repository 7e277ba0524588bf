//! What is known of a host's operating system (`-O`).

use std::time::{Duration, SystemTime};

use crate::port::{PortKey, PortState};

/// Exact matches up to this number are named; more say nothing.
pub const MOST_EXACT: usize = 8;
/// Guesses that outputs show.
pub const MOST_SHOWN: usize = 10;
/// Kinds of systems that outputs show; more say nothing.
pub const MOST_CLASSES: usize = 8;

/// What the answers to odd packets tell of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsFindings {
    /// The ports that were asked and whose state was known: an open and a closed one of TCP, a closed one
    /// of UDP.
    pub ports: Vec<(PortKey, PortState)>,
    /// The fingerprint, a test a line; the first line tells how it was taken.
    pub fingerprint: String,
    /// Why the fingerprint is not a good one; `None` where it is.
    pub flaw: Option<String>,
    /// Known fingerprints that are like it, the best first.
    pub matches: Vec<OsMatch>,
    /// How long it has been up, by its own clock, and since when.
    pub uptime: Option<(Duration, SystemTime)>,
    /// Hops to it.
    pub distance: Option<u8>,
    /// How its initial sequence numbers follow one another.
    pub tcp_sequence: Option<TcpSequence>,
    /// How its IP identification numbers do.
    pub ip_id: Option<NumberSequence>,
    /// How its TCP time stamps do.
    pub timestamps: Option<NumberSequence>,
}

/// A known fingerprint that is like the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsMatch {
    /// What its owner called it.
    pub name: String,
    /// How much of it is the same, in percent; 100 where all is.
    pub accuracy: u8,
    /// The line of its file where it begins.
    pub line: u32,
    /// What kinds of systems have it.
    pub classes: Vec<OsClass>,
}

/// A kind of system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsClass {
    /// Who makes it.
    pub vendor: String,
    /// Its name without a version.
    pub family: String,
    /// Its versions, such as `6.X`.
    pub generation: Option<String>,
    /// What it is used as, such as `router`.
    pub kind: String,
    /// Its names in the Common Platform Enumeration.
    pub cpe: Vec<String>,
}

/// How hard the next initial sequence number of TCP is to guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpSequence {
    /// Larger is harder.
    pub index: u32,
    /// That in words.
    pub difficulty: String,
    /// The numbers that were seen.
    pub values: Vec<u32>,
}

/// How numbers of a host follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSequence {
    /// In words.
    pub class: String,
    /// The numbers that were seen.
    pub values: Vec<u32>,
}

/// What can be said in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Known fingerprints that are the same.
    Exact(&'a [OsMatch]),
    /// So many are the same that naming them says nothing.
    TooMany,
    /// Known fingerprints that are like it.
    Guesses(&'a [OsMatch]),
    /// None is like it.
    Nothing,
}

impl OsFindings {
    /// What can be said.
    #[must_use]
    pub fn verdict(&self) -> Verdict<'_> {
        let exact = self.exact();
        match (exact.len(), self.matches.len()) {
            (0, 0) => Verdict::Nothing,
            (0, _) => Verdict::Guesses(self.matches.get(..MOST_SHOWN).unwrap_or(&self.matches)),
            (1..=MOST_EXACT, _) => Verdict::Exact(exact),
            _ => Verdict::TooMany,
        }
    }

    /// Known fingerprints that are the same, however many.
    #[must_use]
    pub fn exact(&self) -> &[OsMatch] {
        let count = self.matches.iter().take_while(|found| found.accuracy == 100).count();
        self.matches.get(..count).unwrap_or_default()
    }

    /// The matches that outputs list.
    #[must_use]
    pub fn listed(&self) -> &[OsMatch] {
        match self.verdict() {
            Verdict::Exact(list) | Verdict::Guesses(list) => list,
            Verdict::TooMany | Verdict::Nothing => &[],
        }
    }

    /// The kinds of systems that it may be, each once, with the accuracy of the best match; none where there
    /// are too many. Exact matches leave no room for guesses.
    #[must_use]
    pub fn classes(&self) -> Vec<(&OsClass, u8)> {
        let exact = self.exact();
        let considered = if exact.is_empty() { &self.matches } else { exact };
        let mut found: Vec<(&OsClass, u8)> = Vec::new();
        for of in considered {
            for class in &of.classes {
                let is_same = |(known, _): &(&OsClass, u8)| known.is_same_kind(class);
                if !found.iter().any(is_same) {
                    found.push((class, of.accuracy));
                }
            }
        }
        if found.len() > MOST_CLASSES { Vec::new() } else { found }
    }

    /// A TCP port of each state was asked.
    #[must_use]
    pub fn has_both_ports(&self) -> bool {
        let has = |wanted: PortState| {
            let is_tcp = |key: PortKey| key.protocol == crate::port::Protocol::Tcp;
            self.ports.iter().any(|(key, state)| is_tcp(*key) && *state == wanted)
        };
        has(PortState::Open) && has(PortState::Closed)
    }
}

impl OsClass {
    fn is_same_kind(&self, other: &OsClass) -> bool {
        (&self.vendor, &self.family, &self.generation, &self.kind)
            == (&other.vendor, &other.family, &other.generation, &other.kind)
    }
}
