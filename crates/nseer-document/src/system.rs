//! What a document says of a host's operating system: the element `os` and those beside it.

use std::io::BufRead;
use std::time::{Duration, SystemTime};

use nseer_core::os::{NumberSequence, OsFindings, TcpSequence};
use nseer_core::{OsClass, OsMatch, PortKey, PortState};

use crate::elements::{Elements, Trouble};
use crate::markup::Tag;

/// What a line of a folded fingerprint begins with.
const FOLD: &str = "OS:";

impl<R: BufRead> Elements<R> {
    /// The element `os`. What stands beside it may have come already.
    pub(crate) fn system(&mut self, of: &Tag, os: &mut OsFindings) -> Result<(), Trouble> {
        while let Some(tag) = self.element(of)? {
            match tag.name.as_str() {
                "osmatch" => {
                    let found = self.system_match(&tag)?;
                    os.matches.push(found);
                    continue;
                }
                "portused" => os.ports.extend(port(&tag)),
                "osfingerprint" => os.fingerprint = unfolded(tag.text("fingerprint")),
                _ => {}
            }
            self.skip(&tag)?;
        }
        os.flaw = flaw(os);
        Ok(())
    }

    fn system_match(&mut self, of: &Tag) -> Result<OsMatch, Trouble> {
        let mut found = OsMatch {
            name: of.text("name").to_owned(),
            accuracy: of.number("accuracy").unwrap_or(0).min(100),
            line: of.number("line").unwrap_or(0),
            classes: Vec::new(),
        };
        while let Some(tag) = self.element(of)? {
            if tag.name == "osclass" {
                let text = |name| tag.text(name).to_owned();
                let mut class = OsClass {
                    vendor: text("vendor"),
                    family: text("osfamily"),
                    generation: tag.get("osgen").map(str::to_owned),
                    kind: text("type"),
                    cpe: Vec::new(),
                };
                while let Some(inner) = self.element(&tag)? {
                    class.cpe.push(self.text(&inner)?);
                }
                found.classes.push(class);
            } else {
                self.skip(&tag)?;
            }
        }
        Ok(found)
    }
}

fn port(tag: &Tag) -> Option<(PortKey, PortState)> {
    let state = match tag.text("state") {
        "open" => PortState::Open,
        "closed" => PortState::Closed,
        _ => return None,
    };
    Some((PortKey::new(tag.text("proto").parse().ok()?, tag.number("portid")?), state))
}

/// A fingerprint with a test a line.
fn unfolded(text: &str) -> String {
    if !text.starts_with(FOLD) {
        return text.to_owned();
    }
    let whole: String = text.lines().map(|line| line.strip_prefix(FOLD).unwrap_or(line)).collect();
    whole.replace(')', ")\n")
}

/// Documents do not tell why a fingerprint is not a good one. Of a good one that no known system has, they
/// have the fingerprint.
fn flaw(os: &OsFindings) -> Option<String> {
    let is_good = os.fingerprint.contains("%G=Y");
    let says_nothing = os.fingerprint.is_empty() && os.has_both_ports() && !os.matches.is_empty();
    let is_exact = os.matches.first().is_some_and(|best| best.accuracy == 100);
    let is_fine = is_good || (says_nothing && is_exact);
    (!is_fine).then(|| "the document does not tell".to_owned())
}

/// An element beside `os`; false where it is none of them.
pub(crate) fn beside(tag: &Tag, os: &mut OsFindings, at: SystemTime) -> bool {
    match tag.name.as_str() {
        "distance" => os.distance = tag.number("value"),
        "uptime" => {
            let time = tag.number("seconds").map(Duration::from_secs);
            os.uptime = time.and_then(|time| Some((time, at.checked_sub(time)?)));
        }
        "tcpsequence" => {
            os.tcp_sequence = Some(TcpSequence {
                index: tag.number("index").unwrap_or(0),
                difficulty: tag.text("difficulty").to_owned(),
                values: hex(tag.text("values")),
            });
        }
        "ipidsequence" => os.ip_id = Some(sequence(tag)),
        "tcptssequence" => os.timestamps = Some(sequence(tag)),
        _ => return false,
    }
    true
}

fn sequence(tag: &Tag) -> NumberSequence {
    NumberSequence { class: tag.text("class").to_owned(), values: hex(tag.text("values")) }
}

fn hex(list: &str) -> Vec<u32> {
    list.split(',').filter_map(|number| u32::from_str_radix(number.trim(), 16).ok()).collect()
}
