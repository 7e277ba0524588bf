//! Grammars: names become calls, and rules that would never end are refused. Does not know what
//! the names are; the host tells which are the same.

use crate::error::Error;
use crate::pattern::{Facts, Kind, Pattern, Rule, ValueId};

/// How many rules a grammar may have.
const MOST_RULES: usize = 250;

/// What the host knows of the names of rules.
pub trait Names {
    /// The place of the rule with this name in the grammar that is being made.
    fn place(&mut self, name: ValueId) -> Option<usize>;
    /// The name for messages.
    fn text(&mut self, name: ValueId) -> String;
}

impl Pattern {
    /// A grammar; the first rule is the one that matches.
    ///
    /// # Errors
    /// Where a rule is missing, is left recursive, or repeats what may be empty.
    pub fn grammar(rules: &[(ValueId, Pattern)], names: &mut dyn Names) -> Result<Pattern, Error> {
        if rules.len() > MOST_RULES {
            return Err(Error::TooManyRules);
        }
        let mut facts = vec![Facts::default(); rules.len()];
        let bodies = loop {
            let mut bodies = Vec::with_capacity(rules.len());
            for (_, body) in rules {
                bodies.push(resolved(body, names, &facts)?);
            }
            // Facts only grow from pass to pass, so this ends.
            let found: Vec<Facts> = bodies.iter().map(|body| body.facts().of_call()).collect();
            if found == facts {
                break bodies;
            }
            facts = found;
        };
        let rules: Vec<Rule> =
            rules.iter().zip(bodies).map(|((name, _), body)| Rule { name: *name, body }).collect();
        verify(&rules, names)?;
        Pattern::make(Kind::Grammar(rules))
    }
}

/// The pattern with its open rules as calls of rules that have these facts.
fn resolved(pattern: &Pattern, names: &mut dyn Names, facts: &[Facts]) -> Result<Pattern, Error> {
    if !pattern.facts().open {
        return Ok(pattern.clone());
    }
    let mut all = |parts: &[Pattern]| -> Result<Vec<Pattern>, Error> {
        parts.iter().map(|part| resolved(part, &mut *names, facts)).collect()
    };
    let kind = match pattern.kind() {
        Kind::Open(name) => {
            let place = names.place(*name);
            let place = place.ok_or_else(|| Error::Undefined(names.text(*name)))?;
            return Pattern::checked(Kind::Call(place), facts[place]);
        }
        Kind::Seq(parts) => Kind::Seq(all(parts)?),
        Kind::Choice(parts) => Kind::Choice(all(parts)?),
        Kind::Repeat(p) => Kind::Repeat(resolved(p, names, facts)?),
        Kind::AtMost(p, n) => Kind::AtMost(resolved(p, names, facts)?, *n),
        Kind::Not(p) => Kind::Not(resolved(p, names, facts)?),
        Kind::And(p) => Kind::And(resolved(p, names, facts)?),
        Kind::Behind(p, n) => Kind::Behind(resolved(p, names, facts)?, *n),
        Kind::Capture(kind, p) => Kind::Capture(kind.clone(), resolved(p, names, facts)?),
        _ => return Ok(pattern.clone()),
    };
    Pattern::make(kind)
}

/// What no rule calls is not looked at.
fn verify(rules: &[Rule], names: &mut dyn Names) -> Result<(), Error> {
    let mut used = vec![false; rules.len()];
    used[0] = true;
    for rule in rules {
        mark_calls(&rule.body, &mut used);
    }
    let used: Vec<usize> = (0..rules.len()).filter(|place| used[*place]).collect();
    let left = left_calls(rules);
    let mut harmless = vec![false; rules.len()];
    for place in &used {
        if let Some(rule) = left_recursion(*place, &left, &mut Vec::new(), &mut harmless) {
            return Err(Error::LeftRecursive(names.text(rules[rule].name)));
        }
    }
    for place in used {
        if has_empty_loop(&rules[place].body) {
            return Err(Error::EmptyLoopInRule(names.text(rules[place].name)));
        }
    }
    Ok(())
}

fn mark_calls(pattern: &Pattern, used: &mut [bool]) {
    match pattern.kind() {
        Kind::Call(place) => used[*place] = true,
        Kind::Grammar(_) => {}
        _ => pattern.parts().into_iter().for_each(|part| mark_calls(part, used)),
    }
}

/// What [`walk`] gives of a rule, where nothing and where something before it may match nothing.
type Passed = [bool; 2];

/// For each rule those that it may call before anything is consumed, in the order in which they are met.
fn left_calls(rules: &[Rule]) -> Vec<Vec<usize>> {
    let mut passed = vec![[false; 2]; rules.len()];
    // Without a circle each pass settles at least one more rule; with one there is an error anyway.
    for _ in rules {
        let found: Vec<Passed> = rules
            .iter()
            .map(|rule| {
                [false, true].map(|before| walk(&rule.body, before, &passed, &mut Vec::new()))
            })
            .collect();
        if found == passed {
            break;
        }
        passed = found;
    }
    let calls = |rule: &Rule| {
        let mut calls = Vec::new();
        walk(&rule.body, false, &passed, &mut calls);
        calls
    };
    rules.iter().map(calls).collect()
}

/// Walks as LPeg does when it looks for left recursion, and notes the rules that are called. Gives
/// whether what follows may come before anything is consumed; `before` says so of what LPeg has seen
/// by then. A grammar within the grammar tells only of itself, so that `-grammar` hides what
/// follows: LPeg accepts some rules that are left recursive.
fn walk(pattern: &Pattern, before: bool, passed: &[Passed], calls: &mut Vec<usize>) -> bool {
    match pattern.kind() {
        Kind::True | Kind::Behind(..) => true,
        Kind::False | Kind::Any(_) | Kind::Set(_) | Kind::Bytes(_) | Kind::Open(_) => before,
        Kind::Not(p) | Kind::And(p) | Kind::Repeat(p) => walk(p, true, passed, calls),
        // A choice between the body and nothing.
        Kind::AtMost(p, _) => {
            walk(p, false, passed, calls);
            true
        }
        Kind::Capture(_, p) => walk(p, before, passed, calls),
        Kind::Seq(parts) => {
            let Some((last, first)) = parts.split_last() else { return true };
            let goes_on = first.iter().all(|part| walk(part, false, passed, calls));
            if goes_on { walk(last, before, passed, calls) } else { before }
        }
        Kind::Choice(parts) => {
            parts.iter().fold(before, |before, part| walk(part, before, passed, calls))
        }
        Kind::Call(place) => {
            calls.push(*place);
            passed[*place][usize::from(before)]
        }
        Kind::Grammar(_) => pattern.facts().nullable,
    }
}

/// The rule that LPeg names, where `place` leads into a circle. LPeg walks on around the circle
/// until it has passed as many rules as a grammar may have, and names the one it is at.
fn left_recursion(
    place: usize,
    left: &[Vec<usize>],
    path: &mut Vec<usize>,
    harmless: &mut [bool],
) -> Option<usize> {
    if harmless[place] {
        return None;
    }
    if let Some(start) = path.iter().position(|passed| *passed == place) {
        let circle = &path[start..];
        return Some(circle[(MOST_RULES - start) % circle.len()]);
    }
    path.push(place);
    for called in &left[place] {
        let found = left_recursion(*called, left, path, harmless);
        if found.is_some() {
            return found;
        }
    }
    path.pop();
    harmless[place] = true;
    None
}

fn has_empty_loop(pattern: &Pattern) -> bool {
    match pattern.kind() {
        Kind::Repeat(body) if body.facts().nullable => true,
        // It was looked at when it was made.
        Kind::Grammar(_) => false,
        _ => pattern.parts().into_iter().any(has_empty_loop),
    }
}
