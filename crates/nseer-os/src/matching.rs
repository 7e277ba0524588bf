//! How much a fingerprint is like known ones.

use nseer_core::OsMatch;

use crate::database::{OsDb, Reference};
use crate::expression::describes;
use crate::print::{Print, Test, pairs};

/// Less than this is no likeness.
const LEAST: f64 = 0.85;
/// What is so much worse than the best is left out.
const GAP: f64 = 0.1;
/// Matches that are kept.
const MOST: usize = 36;

impl OsDb {
    /// The known fingerprints that are like this one, the best first, those of the same accuracy in the order
    /// of the file; a name counts once. Where some are the same in everything, only these.
    #[must_use]
    pub fn matches(&self, print: &Print) -> Vec<OsMatch> {
        let mut found: Vec<(f64, Reference<'_>)> = Vec::new();
        let results = self.weighed(print);
        for known in self.references() {
            let accuracy = accuracy(&results, known);
            if accuracy < LEAST {
                continue;
            }
            match found.iter_mut().find(|(_, other)| other.name == known.name) {
                Some(other) if other.0 < accuracy => *other = (accuracy, known),
                Some(_) => {}
                None => found.push((accuracy, known)),
            }
        }
        // A stable sort: the file's order stays.
        found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let best = found.first().map_or(0.0, |(accuracy, _)| *accuracy);
        let least = if best >= 1.0 { 1.0 } else { best - GAP };
        let kept = found.into_iter().filter(|(accuracy, _)| *accuracy >= least).take(MOST);
        kept.map(|(accuracy, known)| told(accuracy, known)).collect()
    }

    /// The results with what their sameness weighs, by test.
    fn weighed<'a>(&self, print: &'a Print) -> Weighed<'a> {
        Test::ALL.map(|test| {
            let values = print.results(test).unwrap_or_default();
            let weigh = |(name, value): &'a (String, String)| {
                (name.as_str(), value.as_str(), self.points(test, name))
            };
            values.iter().map(weigh).collect()
        })
    }
}

/// Names, values and points of each test's results.
type Weighed<'a> = [Vec<(&'a str, &'a str, u32)>; Test::ALL.len()];

/// The points of the results that are as the known fingerprint says, as a part of all that both have.
fn accuracy(results: &Weighed<'_>, known: Reference<'_>) -> f64 {
    let (mut same, mut all) = (0_u32, 0_u32);
    for (test, values) in known.tests() {
        for (name, expression) in pairs(values) {
            let mut of_name = results[test as usize].iter().filter(|(of, _, _)| *of == name);
            let Some((_, value, points)) = of_name.next() else { continue };
            all = all.saturating_add(*points);
            if describes(expression, value) {
                same = same.saturating_add(*points);
            }
        }
    }
    if all == 0 { 0.0 } else { f64::from(same) / f64::from(all) }
}

fn told(accuracy: f64, known: Reference<'_>) -> OsMatch {
    // Between 0 and 100. Rounded down, so that only the same is 100.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let accuracy = (accuracy * 100.0) as u8;
    OsMatch { name: known.name.to_owned(), accuracy, line: known.line, classes: known.classes() }
}
