//! One match from its beginning to its values. Does not know what the host's values are; whatever
//! has to be called or looked up is handed out, and the match goes on with the answer.

use std::rc::Rc;

use crate::capture::{Host, Source, Value};
use crate::error::Error;
use crate::evaluate::{Evaluator, Need};
use crate::machine::{Machine, Stop, Verdict};
use crate::pattern::ValueId;
use crate::program::Program;

/// What the host has to do next.
#[derive(Debug)]
pub enum Step<V> {
    /// Nothing: the subject does not match.
    Failed,
    /// Nothing: it matches, and these are the values.
    Matched(Vec<Value<V>>),
    /// Call this function, and [`Run::answer`] with its results.
    Call {
        /// The function.
        function: ValueId,
        /// Its arguments.
        arguments: Vec<Value<V>>,
    },
    /// Look this up, and [`Run::answer`] with what is there.
    Query {
        /// The table.
        table: ValueId,
        /// The key.
        key: Value<V>,
    },
    /// Go on; the budget was used up.
    Paused,
}

/// A match that is under way.
#[derive(Debug)]
pub struct Run<V> {
    machine: Machine<V>,
    /// The captures of the match, or of the match-time capture that was opened at this place.
    evaluator: Option<(Evaluator<V>, Option<usize>)>,
    extras: usize,
    /// The results of the function of a match-time capture are awaited.
    deciding: bool,
}

impl<V: Clone> Run<V> {
    /// A match of `program` from a position (counted from 0) on, with so many extra arguments.
    #[must_use]
    pub fn new(program: Rc<Program>, position: usize, extras: usize, stack_limit: usize) -> Run<V> {
        let machine = Machine::new(program, position, stack_limit);
        Run { machine, evaluator: None, extras, deciding: false }
    }

    /// Goes on for about `budget` steps. The subject and the host are the same each time.
    ///
    /// # Errors
    /// Whatever may go wrong in a match.
    pub fn step(
        &mut self,
        subject: &[u8],
        host: &mut impl Host<Value = V>,
        mut budget: u64,
    ) -> Result<Step<V>, Error> {
        loop {
            if let Some((evaluator, _)) = &mut self.evaluator {
                let source = Source {
                    program: self.machine.program(),
                    subject,
                    captures: &self.machine.captures,
                    dynamic: &self.machine.dynamic,
                    extras: self.extras,
                };
                return Ok(match evaluator.run(source, host, &mut budget)? {
                    Need::Budget => Step::Paused,
                    Need::Query { table, key } => Step::Query { table, key },
                    Need::Nothing => {
                        Step::Matched(values(&mut evaluator.values, self.machine.position))
                    }
                    Need::Call { function, arguments, runtime: false } => {
                        Step::Call { function, arguments }
                    }
                    Need::Call { function, arguments, runtime: true } => {
                        self.deciding = true;
                        let here = Value::Position(self.machine.position);
                        let mut all = vec![Value::Subject, here];
                        all.extend(arguments);
                        Step::Call { function, arguments: all }
                    }
                });
            }
            let end = match self.machine.run(subject, &mut budget)? {
                Stop::Failed => return Ok(Step::Failed),
                Stop::Budget => return Ok(Step::Paused),
                Stop::Matched(_) => (0, None),
                Stop::Runtime(open) => (open, Some(open)),
            };
            let evaluator = Evaluator::new(end.0, self.machine.captures.len());
            self.evaluator = Some((evaluator, end.1));
        }
    }

    /// Takes the results of what [`Run::step`] asked for. `verdict` says what the first of them
    /// means to a match-time capture; the others are its values.
    ///
    /// # Errors
    /// Where a match-time capture gives a bad position or too many values.
    pub fn answer(
        &mut self,
        subject: &[u8],
        host: &impl Host<Value = V>,
        results: Vec<V>,
        verdict: impl FnOnce(&V) -> Verdict,
    ) -> Result<(), Error> {
        if !std::mem::take(&mut self.deciding) {
            if let Some((evaluator, _)) = &mut self.evaluator {
                evaluator.answer(results, host);
            }
            return Ok(());
        }
        let Some((_, Some(open))) = self.evaluator.take() else { return Ok(()) };
        let verdict = results.first().map_or(Verdict::Fail, verdict);
        let kept = results.into_iter().skip(1);
        self.machine.settle_runtime(open, subject, verdict, kept)
    }
}

/// The values of a match; the position after it where there are none.
fn values<V>(values: &mut Vec<Value<V>>, position: usize) -> Vec<Value<V>> {
    if values.is_empty() {
        return vec![Value::Position(position)];
    }
    std::mem::take(values)
}
