//! Results of scripts, and how scripts ended that have none.

use std::io::BufRead;
use std::net::IpAddr;
use std::time::Duration;

use nseer_core::{Phase, PortKey, ScriptOutcome, ScriptResult, ScriptRun, ScriptValue};

use crate::elements::{Child, Elements, Trouble};
use crate::markup::Tag;

/// Tables deeper than this are left out; nseer makes none.
const MAX_DEPTH: usize = 128;

type Entries = Vec<(Option<Vec<u8>>, ScriptValue)>;

impl<R: BufRead> Elements<R> {
    /// The scripts inside an element such as `hostscript`.
    pub(crate) fn scripts(&mut self, of: &Tag) -> Result<Vec<ScriptResult>, Trouble> {
        let mut results = Vec::new();
        while let Some(tag) = self.element(of)? {
            if tag.name == "script" {
                results.push(self.script(&tag)?);
            } else {
                self.skip(&tag)?;
            }
        }
        Ok(results)
    }

    /// One `script` element.
    pub(crate) fn script(&mut self, tag: &Tag) -> Result<ScriptResult, Trouble> {
        let structured = if tag.is_empty { None } else { Some(self.top_value(tag)?) };
        Ok(ScriptResult {
            id: tag.text("id").into(),
            output: tag.text("output").as_bytes().to_vec(),
            structured,
        })
    }

    /// Text alone is a simple value.
    fn top_value(&mut self, of: &Tag) -> Result<ScriptValue, Trouble> {
        let (mut entries, mut text) = (Entries::new(), String::new());
        while let Some(child) = self.child(of)? {
            match child {
                Child::Text(more) => text.push_str(&more),
                Child::Element(tag) => self.entry(&tag, 1, &mut entries)?,
                Child::Instruction(_) => {}
            }
        }
        if entries.is_empty() && !text.trim().is_empty() {
            return Ok(ScriptValue::Scalar(text.into_bytes()));
        }
        Ok(ScriptValue::Table(entries))
    }

    fn entry(&mut self, tag: &Tag, depth: usize, into: &mut Entries) -> Result<(), Trouble> {
        let key = tag.get("key").map(|key| key.as_bytes().to_vec());
        match tag.name.as_str() {
            "elem" => into.push((key, ScriptValue::Scalar(self.text(tag)?.into_bytes()))),
            "table" if depth < MAX_DEPTH => {
                let mut entries = Entries::new();
                while let Some(inner) = self.element(tag)? {
                    self.entry(&inner, depth + 1, &mut entries)?;
                }
                into.push((key, ScriptValue::Table(entries)));
            }
            _ => self.skip(tag)?,
        }
        Ok(())
    }
}

/// What nseer's processing instruction tells; `None` for any other.
pub(crate) fn script_run(tag: &Tag, address: Option<IpAddr>) -> Option<ScriptRun> {
    if tag.name != "nseer-script-run" {
        return None;
    }
    let seconds = tag.number("seconds").unwrap_or(0.0);
    let protocol = tag.get("protocol").and_then(|protocol| protocol.parse().ok());
    Some(ScriptRun {
        id: tag.get("id")?.into(),
        phase: Phase::from_rule_name(tag.get("rule")?)?,
        address,
        port: protocol.zip(tag.number("portid")).map(|(p, number)| PortKey::new(p, number)),
        outcome: ScriptOutcome::from_state(tag.get("state")?, tag.text("message"))?,
        elapsed: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
    })
}
