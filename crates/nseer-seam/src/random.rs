//! Random numbers.

use rand::Rng as _;

/// Gives random bytes.
pub trait Random: Send + Sync {
    /// Fills `buffer` with bytes that nobody can predict.
    fn fill(&self, buffer: &mut [u8]);

    /// `length` bytes that nobody can predict.
    fn bytes(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }

    /// A random number below `bound`; 0 where `bound` is 0.
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        // 128 random bits make the modulo bias smaller than 2^-64.
        match u128::from(bound) {
            0 => 0,
            bound => u64::try_from(u128::from_le_bytes(bytes) % bound).unwrap_or(0),
        }
    }
}

/// The thread's cryptographically secure generator, seeded by the operating system.
#[derive(Clone, Copy, Debug)]
pub struct RealRandom;

impl Random for RealRandom {
    fn fill(&self, buffer: &mut [u8]) {
        rand::rng().fill_bytes(buffer);
    }
}
