//! Cuts a probe file into probes and lines.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nseer_core::port_spec::parse_ports;
use nseer_core::{Protocol, ServiceTable};

use crate::database::{Probe, ProbeDb};
use crate::error::{LineError, Problem};
use crate::escape::unescape;
use crate::line::{Line, slice};
use crate::port_set::PortSet;
use crate::template::Templates;

const WAIT: Duration = Duration::from_millis(5000);
const WRAPPED: Duration = Duration::from_millis(2000);
const RARITY: u8 = 5;
/// Bounds of `totalwaitms` and `tcpwrappedms`.
const MS: (u32, u32) = (100, 300_000);

pub(crate) fn load(file: Arc<str>, text: Cow<'static, [u8]>) -> (ProbeDb, Vec<Problem>) {
    let mut loader = Loader { file: file.clone(), ..Loader::default() };
    let mut at = 0;
    let mut number = 0;
    while at < text.len() {
        let rest = &text[at..];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        number += 1;
        if let Err(error) = loader.line(&text, at, at + end, number) {
            loader.complain(number, error);
        }
        at += end + 1;
    }
    loader.resolve_fallbacks();
    let Loader { probes, excluded, problems, .. } = loader;
    let excluded = excluded.unwrap_or_default();
    (ProbeDb { file, text, excluded, probes }, problems)
}

#[derive(Default)]
struct Loader {
    file: Arc<str>,
    probes: Vec<Probe>,
    excluded: Option<Vec<nseer_core::PortKey>>,
    /// Probe, line and names of each `fallback`.
    fallbacks: Vec<(usize, u32, Vec<String>)>,
    /// The lines below a `Probe` line that could not be used are left out with it.
    skips: bool,
    problems: Vec<Problem>,
}

impl Loader {
    fn complain(&mut self, line: u32, error: LineError) {
        self.problems.push(Problem { file: self.file.clone(), line, error });
    }

    /// Reads the line from `start` to `end` of the file.
    fn line(
        &mut self,
        file: &[u8],
        start: usize,
        end: usize,
        number: u32,
    ) -> Result<(), LineError> {
        let line = file[start..end].trim_ascii_end();
        let Some(first) = line.first().filter(|b| **b != b'#') else { return Ok(()) };
        let soft = *first == b's';
        if let Some(rest) = line.strip_prefix(if soft { &b"softmatch "[..] } else { b"match " }) {
            let at = start + (line.len() - rest.len());
            return self.match_line(file, rest, at, number, soft);
        }
        let length = memchr::memchr(b' ', line).unwrap_or(line.len());
        let (word, value) = (&line[..length], line[length..].trim_ascii());
        match word {
            b"Probe" => {
                let probe = self.probe(value, number);
                self.skips = probe.is_err();
                self.probes.push(probe?);
                Ok(())
            }
            b"Exclude" => self.exclude(value),
            b"ports" => self.in_probe("ports", |p| {
                p.ports = PortSet::parse(value)?;
                Ok(())
            }),
            b"sslports" => self.in_probe("sslports", |p| {
                p.tls_ports = PortSet::parse(value)?;
                Ok(())
            }),
            b"rarity" => self.in_probe("rarity", |p| {
                let rarity = number_in("rarity", value, (1, 9))?;
                p.rarity = u8::try_from(rarity).unwrap_or(RARITY);
                Ok(())
            }),
            b"totalwaitms" => self.in_probe("totalwaitms", |p| {
                p.wait = Duration::from_millis(number_in("totalwaitms", value, MS)?.into());
                Ok(())
            }),
            b"tcpwrappedms" => self.in_probe("tcpwrappedms", |p| {
                p.wrapped = Duration::from_millis(number_in("tcpwrappedms", value, MS)?.into());
                Ok(())
            }),
            b"fallback" => self.fallback(value, number),
            _ => Err(LineError::Directive(String::from_utf8_lossy(word).into_owned())),
        }
    }

    fn match_line(
        &mut self,
        file: &[u8],
        rest: &[u8],
        at: usize,
        number: u32,
        soft: bool,
    ) -> Result<(), LineError> {
        let line = Line::cut(rest, at, number, soft)?;
        for template in Templates::new(slice(file, &line.templates)) {
            template?;
        }
        self.in_probe(if soft { "softmatch" } else { "match" }, |probe| {
            probe.lines.push(line);
            Ok(())
        })
    }

    /// Does something with the probe that the line belongs to.
    fn in_probe(
        &mut self,
        what: &'static str,
        change: impl FnOnce(&mut Probe) -> Result<(), LineError>,
    ) -> Result<(), LineError> {
        if self.skips {
            return Ok(());
        }
        change(self.probes.last_mut().ok_or(LineError::NoProbe(what))?)
    }

    /// `TCP NAME q|STRING| [FLAG …]`
    fn probe(&self, text: &[u8], number: u32) -> Result<Probe, LineError> {
        let mut words = text.splitn(3, |b| *b == b' ');
        let protocol = match words.next() {
            Some(b"TCP") => Protocol::Tcp,
            Some(b"UDP") => Protocol::Udp,
            _ => return Err(LineError::Probe),
        };
        let name = words.next().filter(|name| name.first().is_some_and(u8::is_ascii_alphanumeric));
        let name = String::from_utf8_lossy(name.ok_or(LineError::Probe)?).into_owned();
        let string = words.next().unwrap_or_default().trim_ascii_start();
        let (Some(b'q'), Some(delimiter)) = (string.first(), string.get(1)) else {
            return Err(LineError::Probe);
        };
        let body = &string[2..];
        let end = memchr::memchr(*delimiter, body).ok_or(LineError::Probe)?;
        let payload = unescape(&body[..end])?;
        let mut flags = body[end + 1..].split(u8::is_ascii_whitespace);
        let same = |p: &Probe| p.protocol == protocol && p.name == name;
        if self.probes.iter().any(same) {
            return Err(LineError::Twice(protocol.as_str()));
        }
        if payload.is_empty() && protocol == Protocol::Tcp && self.probes.iter().any(Probe::is_null)
        {
            return Err(LineError::Twice("empty"));
        }
        Ok(Probe {
            name,
            protocol,
            payload,
            is_scan_payload: !flags.any(|flag| flag == b"no-payload"),
            ports: PortSet::default(),
            tls_ports: PortSet::default(),
            rarity: RARITY,
            wait: WAIT,
            wrapped: WRAPPED,
            fallbacks: Vec::new(),
            line: number,
            lines: Vec::new(),
            index: OnceLock::new(),
            services: OnceLock::new(),
        })
    }

    fn exclude(&mut self, list: &[u8]) -> Result<(), LineError> {
        if self.excluded.is_some() || !self.probes.is_empty() {
            return Err(LineError::LateExclude);
        }
        let list = std::str::from_utf8(list).map_err(|e| LineError::Exclude(e.to_string()))?;
        // Names of services mean nothing here.
        let names = ServiceTable::new(Vec::new());
        let spec = parse_ports(list, &Protocol::TRANSPORTS, &names);
        self.excluded = Some(spec.map_err(|e| LineError::Exclude(e.to_string()))?.ports);
        Ok(())
    }

    fn fallback(&mut self, text: &[u8], number: u32) -> Result<(), LineError> {
        let names = text.split(|b| matches!(b, b',' | b' ')).filter(|name| !name.is_empty());
        let names = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        self.in_probe("fallback", |_| Ok(()))?;
        if let Some(last) = self.probes.len().checked_sub(1).filter(|_| !self.skips) {
            self.fallbacks.push((last, number, names));
        }
        Ok(())
    }

    /// A name means a probe of the same protocol before one of the other.
    fn resolve_fallbacks(&mut self) {
        for (place, number, names) in std::mem::take(&mut self.fallbacks) {
            for name in names {
                let protocol = self.probes.get(place).map(|p| p.protocol);
                let named = |p: &Probe| p.name == name;
                let found = self
                    .probes
                    .iter()
                    .position(|p| named(p) && Some(p.protocol) == protocol)
                    .or_else(|| self.probes.iter().position(named));
                match (found, self.probes.get_mut(place)) {
                    (Some(found), Some(probe)) => probe.fallbacks.push(found),
                    _ => self.complain(number, LineError::Fallback(name)),
                }
            }
        }
    }
}

fn number_in(what: &'static str, text: &[u8], (from, to): (u32, u32)) -> Result<u32, LineError> {
    let text = String::from_utf8_lossy(text).into_owned();
    let number = text.parse().ok().filter(|n| (from..=to).contains(n));
    number.ok_or(LineError::Number { what, from, to, text })
}
