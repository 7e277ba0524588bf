//! What a rule is, and what it finds.

use crate::context::Context;
use crate::source::Span;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A matter of form.
    Note,
    /// Probably not what was meant, or others will stumble over it.
    Warning,
    /// It fails when it is loaded or run.
    Error,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// A rule: what it looks for, and why.
#[derive(Debug)]
pub struct Rule {
    /// Its name, by which it is explained and allowed.
    pub name: &'static str,
    /// How bad it usually is.
    pub level: Level,
    /// One line: what is wrong.
    pub about: &'static str,
    /// Whole sentences: why it is wrong and what to do.
    pub why: &'static str,
    /// A piece of a script that it complains about.
    pub bad: &'static str,
    /// The same piece as it should be.
    pub good: &'static str,
    /// Looks for it.
    pub check: for<'a> fn(&Context<'a>, &mut Findings),
}

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Where.
    pub span: Span,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that have to do with it.
    pub related: Vec<(Span, String)>,
}

/// What the rules found in a file so far.
#[derive(Debug, Default)]
pub struct Findings {
    rule: Option<&'static Rule>,
    found: Vec<Finding>,
}

impl Findings {
    pub(crate) fn of(&mut self, rule: &'static Rule) {
        self.rule = Some(rule);
    }

    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.found
    }

    /// Tells something; more can be said of what is given back.
    pub fn add(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        let (rule, level) = self.rule.map_or(("", Level::Warning), |rule| (rule.name, rule.level));
        let at = self.found.len();
        self.found.push(Finding {
            rule,
            level,
            span,
            message: message.into(),
            help: None,
            related: Vec::new(),
        });
        &mut self.found[at]
    }
}

impl Finding {
    /// What to do.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Finding {
        self.help = Some(text.into());
        self
    }

    /// Another place that has to do with it.
    pub fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Finding {
        self.related.push((span, text.into()));
        self
    }

    /// Another level than the rule's.
    pub fn level(&mut self, level: Level) -> &mut Finding {
        self.level = level;
        self
    }
}

/// The known name that was probably meant.
#[must_use]
pub fn nearest<'n>(typed: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let close = known
        .into_iter()
        .map(|name| {
            (strsim::damerau_levenshtein(&typed.to_lowercase(), &name.to_lowercase()), name)
        })
        .filter(|(distance, name)| *distance <= 1 + name.len().min(typed.len()) / 4);
    close.min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered() {
        let names = ["banner", "auth-owners", "stdnse"];
        assert_eq!(nearest("baner", names), Some("banner"));
        assert_eq!(nearest("Auth-Ownres", names), Some("auth-owners"));
        assert_eq!(nearest("http", names), None);
    }
}
