//! The probes of a file, and what their lines say of an answer.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nseer_core::{PortKey, Protocol};

use crate::error::{LineError, Problem};
use crate::fields::Fields;
use crate::index::Index;
use crate::line::{Line, slice};
use crate::load;
use crate::pattern::Pattern;
use crate::port_set::PortSet;
use crate::template;

/// A probe: what to send, to which ports, and how long to wait for an answer.
#[derive(Debug)]
pub struct Probe {
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
    pub(crate) payload: Vec<u8>,
    pub(crate) is_scan_payload: bool,
    pub(crate) ports: PortSet,
    pub(crate) tls_ports: PortSet,
    pub(crate) rarity: u8,
    pub(crate) wait: Duration,
    pub(crate) wrapped: Duration,
    /// Places of further probes whose lines are tried.
    pub(crate) fallbacks: Vec<usize>,
    pub(crate) line: u32,
    pub(crate) lines: Vec<Line>,
    pub(crate) index: OnceLock<Index>,
    pub(crate) services: OnceLock<HashSet<Vec<u8>>>,
}

impl Probe {
    /// Its name, unique among the probes of its protocol.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// TCP or UDP.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// What is sent.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// True for the probe that sends nothing and only listens.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.payload.is_empty() && self.protocol == Protocol::Tcp
    }

    /// True where a port scan may send the payload too (`no-payload` is absent).
    #[must_use]
    pub fn is_scan_payload(&self) -> bool {
        self.is_scan_payload
    }

    /// The ports where an answer is likely.
    #[must_use]
    pub fn ports(&self) -> &PortSet {
        &self.ports
    }

    /// The ports where an answer is likely inside TLS.
    #[must_use]
    pub fn tls_ports(&self) -> &PortSet {
        &self.tls_ports
    }

    /// 1 for the commonest to 9.
    #[must_use]
    pub fn rarity(&self) -> u8 {
        self.rarity
    }

    /// How long answers are waited for.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// A connection that ends sooner than this, without a word, is one that a wrapper refuses.
    #[must_use]
    pub fn wrapped(&self) -> Duration {
        self.wrapped
    }

    /// Where the probe stands in its file, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// How many match lines it has of its own.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }
}

/// A line matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The service, as the file writes it: `http`, `ssl/http`.
    pub service: String,
    /// Only the name is sure (`softmatch`).
    pub soft: bool,
    /// What the templates tell.
    pub fields: Fields,
    /// The line of the file, from 1.
    pub line: u32,
    /// The place of the probe that the line belongs to, which may be a fallback.
    pub probe: usize,
}

/// What the lines of a probe and of its fallbacks say of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The match, if any.
    pub matched: Option<Match>,
    /// Lines that turned out to be unusable, and templates that could not be filled.
    pub problems: Vec<Problem>,
}

/// A loaded probe file.
pub struct ProbeDb {
    pub(crate) file: Arc<str>,
    pub(crate) text: Cow<'static, [u8]>,
    pub(crate) excluded: Vec<PortKey>,
    pub(crate) probes: Vec<Probe>,
}

impl ProbeDb {
    /// Reads a probe file called `name`. Lines that cannot be used are left out and told; the rest
    /// counts. Whether patterns compile shows when they are first needed, or by
    /// [`ProbeDb::check`].
    #[must_use]
    pub fn load(name: &str, text: impl Into<Cow<'static, [u8]>>) -> (ProbeDb, Vec<Problem>) {
        load::load(name.into(), text.into())
    }

    /// All probes, in the order of the file.
    #[must_use]
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// The place of a probe in [`ProbeDb::probes`].
    #[must_use]
    pub fn place(&self, protocol: Protocol, name: &str) -> Option<usize> {
        self.probes.iter().position(|p| p.protocol == protocol && p.name == name)
    }

    /// True where the file says that `port` is to be left alone.
    #[must_use]
    pub fn is_excluded(&self, port: PortKey) -> bool {
        self.excluded.binary_search(&port).is_ok()
    }

    /// The ports that are to be left alone, sorted.
    #[must_use]
    pub fn excluded(&self) -> &[PortKey] {
        &self.excluded
    }

    /// How many match lines there are.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.probes.iter().map(Probe::line_count).sum()
    }

    /// True where the probe at `place` has a line for `service`.
    #[must_use]
    pub fn can_tell(&self, place: usize, service: &str) -> bool {
        let Some(probe) = self.probes.get(place) else { return false };
        let services = probe.services.get_or_init(|| {
            probe.lines.iter().map(|line| self.bytes(&line.service).to_vec()).collect()
        });
        services.contains(service.as_bytes())
    }

    /// Tries the lines of the probe at `place`, of its fallbacks, and for TCP those of the NULL
    /// probe, in this order. In each list the first line that matches counts.
    #[must_use]
    pub fn find(&self, place: usize, answer: &[u8]) -> Found {
        let mut found = Found::default();
        for list in self.lists(place) {
            let Some(probe) = self.probes.get(list) else { continue };
            let index = probe.index.get_or_init(|| Index::new(&self.text, &probe.lines));
            for candidate in index.candidates(answer) {
                let Some(line) = probe.lines.get(candidate) else { continue };
                if let Some(hit) = self.try_line(list, line, answer, &mut found.problems) {
                    found.matched = Some(hit);
                    return found;
                }
            }
        }
        found
    }

    /// As [`ProbeDb::find`], but every line is tried: what the index is measured against.
    #[must_use]
    pub fn find_exhaustively(&self, place: usize, answer: &[u8]) -> Found {
        let mut found = Found::default();
        for list in self.lists(place) {
            for line in self.probes.get(list).into_iter().flat_map(|probe| &probe.lines) {
                if let Some(hit) = self.try_line(list, line, answer, &mut found.problems) {
                    found.matched = Some(hit);
                    return found;
                }
            }
        }
        found
    }

    /// Compiles every pattern. Gives what is wrong with the lines that cannot be used.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for line in self.probes.iter().flat_map(|probe| &probe.lines) {
            let _ = self.compiled(line, &mut problems);
        }
        problems
    }

    /// The places of the probes whose lines count for an answer to the probe at `place`.
    fn lists(&self, place: usize) -> Vec<usize> {
        let mut lists = vec![place];
        let Some(probe) = self.probes.get(place) else { return lists };
        lists.extend(&probe.fallbacks);
        if probe.protocol == Protocol::Tcp {
            lists.extend(self.probes.iter().position(Probe::is_null));
        }
        let mut seen = HashSet::new();
        lists.retain(|list| seen.insert(*list));
        lists
    }

    fn try_line(
        &self,
        probe: usize,
        line: &Line,
        answer: &[u8],
        problems: &mut Vec<Problem>,
    ) -> Option<Match> {
        let pattern = self.compiled(line, problems)?;
        let captures = match pattern.captures(answer) {
            Ok(captures) => captures?,
            Err(error) => {
                problems.push(self.problem(line, error));
                return None;
            }
        };
        let fields = template::fill(self.bytes(&line.templates), &captures, |error| {
            problems.push(self.problem(line, error));
        });
        Some(Match {
            service: String::from_utf8_lossy(self.bytes(&line.service)).into_owned(),
            soft: line.soft,
            fields,
            line: line.number,
            probe,
        })
    }

    /// The pattern of a line; a problem is told by whoever needs it first.
    fn compiled<'a>(&self, line: &'a Line, problems: &mut Vec<Problem>) -> Option<&'a Pattern> {
        let compiled = line.compiled.get_or_init(|| {
            let compiled = Pattern::compile(self.bytes(&line.pattern), line.flags);
            let compiled = compiled.map_err(|error| problems.push(self.problem(line, error)));
            compiled.ok().map(Box::new)
        });
        compiled.as_deref()
    }

    fn problem(&self, line: &Line, error: LineError) -> Problem {
        Problem { file: self.file.clone(), line: line.number, error }
    }

    fn bytes(&self, range: &Range<u32>) -> &[u8] {
        slice(&self.text, range)
    }
}

impl fmt::Debug for ProbeDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeDb")
            .field("file", &self.file)
            .field("probes", &self.probes.len())
            .field("lines", &self.line_count())
            .finish_non_exhaustive()
    }
}
