//! Sets of bytes. Knows nothing of patterns.

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CharSet([u64; 4]);

impl CharSet {
    /// No byte.
    pub const EMPTY: CharSet = CharSet([0; 4]);
    /// Every byte.
    pub const FULL: CharSet = CharSet([u64::MAX; 4]);

    /// The bytes for which `belongs` says yes.
    pub fn of(belongs: impl Fn(u8) -> bool) -> CharSet {
        let mut set = CharSet::EMPTY;
        (0..=u8::MAX).filter(|byte| belongs(*byte)).for_each(|byte| set.insert(byte));
        set
    }

    /// One byte.
    #[must_use]
    pub fn single(byte: u8) -> CharSet {
        let mut set = CharSet::EMPTY;
        set.insert(byte);
        set
    }

    /// Adds a byte.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Whether the byte is in the set.
    #[must_use]
    #[inline]
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    fn zip(self, other: CharSet, f: impl Fn(u64, u64) -> u64) -> CharSet {
        CharSet(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: CharSet) -> CharSet {
        self.zip(other, |a, b| a | b)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: CharSet) -> CharSet {
        self.zip(other, |a, b| a & b)
    }

    /// What is in this one only.
    #[must_use]
    pub fn difference(self, other: CharSet) -> CharSet {
        self.zip(other, |a, b| a & !b)
    }

    /// What is not in it.
    #[must_use]
    pub fn complement(self) -> CharSet {
        CharSet::FULL.difference(self)
    }

    /// Nothing is in both.
    #[must_use]
    pub fn is_disjoint(self, other: CharSet) -> bool {
        self.intersection(other) == CharSet::EMPTY
    }

    /// How many bytes are in the set.
    #[must_use]
    pub fn len(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == CharSet::EMPTY
    }

    /// The lowest byte.
    #[must_use]
    pub fn lowest(self) -> Option<u8> {
        (0..=u8::MAX).find(|byte| self.contains(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_as_sets() {
        let digits = CharSet::of(|b| b.is_ascii_digit());
        assert_eq!(digits.len(), 10);
        assert_eq!(digits.lowest(), Some(b'0'));
        assert!(digits.contains(b'9') && !digits.contains(b'a'));
        assert!(digits.is_disjoint(CharSet::single(b'a')));
        assert_eq!(digits.complement().len(), 246);
        assert_eq!(digits.union(digits.complement()), CharSet::FULL);
        assert!(digits.intersection(digits.complement()).is_empty());
        assert_eq!(CharSet::FULL.difference(digits), digits.complement());
        assert_eq!(CharSet::EMPTY.lowest(), None);
    }
}
