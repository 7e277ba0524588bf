//! Looks at scripts and libraries without running them: rules with places, excerpts and advice, and
//! the table of the API that scripts use.
//!
//! It opens no files: it is given names and bytes. Errors are only what fails when the engine loads
//! or runs the script; everything else is a warning or a note. Start with [`Checker::check`]; a rule
//! is a file in the folder `rules`.

pub mod api;
mod arguments;
pub mod context;
pub mod lua_names;
pub mod report;
pub mod rule;
pub mod rules;
pub mod scope;
pub mod source;
pub mod suppress;
pub mod syntax;
pub mod types;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use api::Api;
use context::{Context, File};
use rule::{Finding, Findings, Level, Rule};
use rules::RULES;
use source::Source;
use suppress::Allowances;

/// The parser is recursive; what [`syntax::scan`] lets pass needs less than this.
const STACK: usize = 256 << 20;

/// Looks at files.
#[derive(Debug)]
pub struct Checker {
    api: Api,
}

/// What was found in one file.
#[derive(Debug)]
pub struct Checked {
    /// The file.
    pub source: Source,
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// The number of findings of a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

impl Default for Checker {
    fn default() -> Checker {
        Checker { api: Api::embedded() }
    }
}

/// The rule of this name.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name).copied()
}

impl Checker {
    /// With a table of one's own.
    #[must_use]
    pub fn new(api: Api) -> Checker {
        Checker { api }
    }

    /// The table that is used.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Looks at files, on several threads where the system gives them. The answers have the order of the
    /// files.
    #[must_use]
    pub fn check(&self, files: &[(String, Vec<u8>)], threads: usize) -> Vec<Checked> {
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, Checked)>> = Mutex::new(Vec::with_capacity(files.len()));
        std::thread::scope(|scope| {
            let work = || {
                while let Some((at, (name, bytes))) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    files.get(at).map(|file| (at, file))
                } {
                    let checked = self.check_here(name, bytes);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, checked));
                }
            };
            for _ in 0..threads.clamp(1, files.len().max(1)) {
                let builder = std::thread::Builder::new().stack_size(STACK);
                if builder.spawn_scoped(scope, work).is_err() {
                    work();
                }
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, checked)| checked).collect()
    }

    /// Looks at one file.
    #[must_use]
    pub fn check_one(&self, name: &str, bytes: &[u8]) -> Checked {
        let files = [(name.to_owned(), bytes.to_vec())];
        let source = || Source::new(name, bytes);
        let none = || Checked { source: source(), findings: Vec::new() };
        self.check(&files, 1).pop().unwrap_or_else(none)
    }

    fn check_here(&self, name: &str, bytes: &[u8]) -> Checked {
        let file = File::read(name, bytes);
        let context = Context::new(&file, &self.api);
        let mut findings = Findings::default();
        for rule in RULES {
            // What the parser made up would mislead the others.
            if file.problems.is_empty() || rule.name == rules::SYNTAX || rule.name == rules::FRAME {
                findings.of(rule);
                (rule.check)(&context, &mut findings);
            }
        }
        let allowances = Allowances::of(&file, |name| rule(name).is_some());
        let mut findings = findings.into_vec();
        findings.retain(|finding| !allowances.covers(&file, finding));
        findings.sort_by(|a, b| (a.span, a.rule).cmp(&(b.span, b.rule)));
        findings.dedup();
        drop(context);
        Checked { source: file.source, findings }
    }
}
