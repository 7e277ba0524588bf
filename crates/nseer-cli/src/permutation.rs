//! A random order of very many things that costs no memory: a Feistel network over their numbers
//! (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002, section 5), whose results are
//! permuted again until they are in range. The order is to be irregular, not secret.

use nseer_scan::SplitMix;

/// An order of the numbers below a size.
#[derive(Clone, Debug)]
pub struct Permutation {
    size: u128,
    /// Bits of each half of a number.
    half: u32,
    keys: [u64; ROUNDS],
}

const ROUNDS: usize = 6;

impl Permutation {
    /// The order of `0..size` that follows from `seed`.
    #[must_use]
    pub fn new(size: u128, seed: u64) -> Permutation {
        let bits = u128::BITS - size.saturating_sub(1).leading_zeros();
        let mut random = SplitMix::new(seed);
        let keys = std::array::from_fn(|_| random.draw());
        Permutation { size, half: bits.div_ceil(2).max(1), keys }
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> u128 {
        self.size
    }

    /// The number at `position`, which is below the size.
    #[must_use]
    pub fn at(&self, position: u128) -> u128 {
        debug_assert!(position < self.size, "{position} is outside of the permutation");
        let mut number = self.once(position);
        // The network permutes fewer than four times as many numbers, so this ends soon.
        while number >= self.size {
            number = self.once(number);
        }
        number
    }

    fn once(&self, number: u128) -> u128 {
        let mask = u64::MAX >> (u64::BITS - self.half);
        let part = |number: u128| u64::try_from(number & u128::from(mask)).unwrap_or(0);
        let (mut left, mut right) = (part(number >> self.half), part(number));
        for key in self.keys {
            (left, right) = (right, left ^ (SplitMix::mixed(right ^ key) & mask));
        }
        u128::from(left) << self.half | u128::from(right)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_comes_once(size in 1_u128..5_000, seed: u64) {
            let order = Permutation::new(size, seed);
            let all: HashSet<u128> = (0..size).map(|position| order.at(position)).collect();
            prop_assert_eq!(all.len() as u128, size);
            prop_assert!(all.into_iter().all(|number| number < size));
        }

        #[test]
        fn any_size_has_an_order(size in 1_u128.., seed: u64, position: u128) {
            prop_assert!(Permutation::new(size, seed).at(position % size) < size);
        }
    }

    #[test]
    fn neighbours_are_torn_apart() {
        let order = Permutation::new(1 << 24, 1);
        let networks: HashSet<u128> = (0..256).map(|position| order.at(position) >> 16).collect();
        assert!(networks.len() > 100, "{}", networks.len());
        assert_ne!(order.at(0), Permutation::new(1 << 24, 2).at(0));
    }
}
