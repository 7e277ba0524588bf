//! Which lines of a probe can match an answer, told from the first bytes of the answer.

use std::collections::HashMap;

use crate::line::{Line, slice};
use crate::prefix::Demand;

/// The lines of one probe, by what they demand of an answer.
#[derive(Debug)]
pub(crate) struct Index {
    demands: Box<[Demand]>,
    /// Lines whose answers begin with these two bytes.
    by_start: HashMap<[u8; 2], Vec<u32>>,
    /// All other lines.
    others: Vec<u32>,
}

impl Index {
    /// Reads the patterns of `lines`, which are part of `file`.
    pub(crate) fn new(file: &[u8], lines: &[Line]) -> Index {
        let demand = |line: &Line| Demand::of(slice(file, &line.pattern), line.flags);
        let demands: Box<[Demand]> = lines.iter().map(demand).collect();
        let mut by_start: HashMap<[u8; 2], Vec<u32>> = HashMap::new();
        let mut others = Vec::new();
        for (number, demand) in (0..).zip(&demands) {
            match demand {
                Demand::Prefix(prefix) if prefix.len() > 1 => {
                    by_start.entry([prefix[0], prefix[1]]).or_default().push(number);
                }
                _ => others.push(number),
            }
        }
        Index { demands, by_start, others }
    }

    /// The places of the lines that may match `answer`, in the order of the file.
    pub(crate) fn candidates<'a>(&'a self, answer: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let start = answer.first_chunk::<2>();
        let sure = start.and_then(|start| self.by_start.get(start)).map_or(&[][..], Vec::as_slice);
        let merged = Merged { left: sure, right: &self.others };
        merged
            .filter_map(|number| usize::try_from(number).ok())
            .filter(|place| self.demands.get(*place).is_some_and(|demand| demand.is_met(answer)))
    }
}

/// Two sorted lists as one.
struct Merged<'a> {
    left: &'a [u32],
    right: &'a [u32],
}

impl Iterator for Merged<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let side = match (self.left.first(), self.right.first()) {
            (Some(left), Some(right)) if left < right => &mut self.left,
            (Some(_), None) => &mut self.left,
            _ => &mut self.right,
        };
        let (first, rest) = side.split_first()?;
        *side = rest;
        Some(*first)
    }
}
