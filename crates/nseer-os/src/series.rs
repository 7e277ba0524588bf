//! How numbers follow one another: identification numbers of IP, time stamps.

/// What rules the IP identifications of consecutive packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdRule {
    /// All are 0.
    Zero,
    /// They jump about.
    Random,
    /// All are this one.
    Constant(u16),
    /// They grow by random steps.
    RandomIncrements,
    /// They grow by one, the bytes in the wrong order.
    Broken,
    /// They grow by little.
    Incremental,
}

impl IdRule {
    /// Finds the rule; `None` where there is none, or too few numbers. Two numbers are too few to tell that
    /// they jump.
    pub(crate) fn of(ids: &[u16]) -> Option<IdRule> {
        if ids.len() < 2 {
            return None;
        }
        if ids.iter().all(|id| *id == 0) {
            return Some(IdRule::Zero);
        }
        let steps: Vec<u16> = ids.windows(2).map(|two| two[1].wrapping_sub(two[0])).collect();
        if ids.len() > 2 && steps.iter().any(|step| *step >= 20_000) {
            return Some(IdRule::Random);
        }
        if steps.iter().all(|step| *step == 0) {
            return ids.first().map(|id| IdRule::Constant(*id));
        }
        if steps.iter().any(|step| *step > 1000 && (step % 256 != 0 || *step >= 25_600)) {
            return Some(IdRule::RandomIncrements);
        }
        if steps.iter().all(|step| step % 256 == 0 && *step <= 5120) {
            return Some(IdRule::Broken);
        }
        steps.iter().all(|step| *step < 10).then_some(IdRule::Incremental)
    }

    /// As fingerprints have it.
    pub(crate) fn code(self) -> String {
        match self {
            IdRule::Zero => "Z".to_owned(),
            IdRule::Random => "RD".to_owned(),
            IdRule::Constant(id) => format!("{id:X}"),
            IdRule::RandomIncrements => "RI".to_owned(),
            IdRule::Broken => "BI".to_owned(),
            IdRule::Incremental => "I".to_owned(),
        }
    }

    /// As people read it.
    pub(crate) fn words(rule: Option<IdRule>) -> &'static str {
        match rule {
            Some(IdRule::Zero) => "All zeros",
            Some(IdRule::Random) => "Randomized",
            Some(IdRule::Constant(_)) => "Duplicated ipid (!)",
            Some(IdRule::RandomIncrements) => "Random positive increments",
            Some(IdRule::Broken) => "Broken little-endian incremental",
            Some(IdRule::Incremental) => "Incremental",
            None => "Busy server or unknown class",
        }
    }

    /// They grow.
    pub(crate) fn grows(self) -> bool {
        matches!(self, IdRule::RandomIncrements | IdRule::Broken | IdRule::Incremental)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told() {
        for (ids, code) in [
            (&[0, 0, 0][..], "Z"),
            (&[7, 7, 7], "7"),
            (&[1, 30_000, 5], "RD"),
            (&[1, 1500, 4000], "RI"),
            (&[1, 257, 513], "BI"),
            (&[65_535, 0, 4], "I"),
            (&[9, 30_000], "RI"),
        ] {
            assert_eq!(IdRule::of(ids).map(IdRule::code).as_deref(), Some(code), "{ids:?}");
        }
        assert_eq!(IdRule::of(&[1, 500]), None);
        assert_eq!(IdRule::of(&[1]), None);
    }
}
