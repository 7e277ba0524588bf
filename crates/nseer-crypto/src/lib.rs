//! Digests, message authentication codes, ciphers and big numbers, by the names under which OpenSSL knows them.
//!
//! Scripts speak old protocols, so algorithms that nobody should use any more (MD4, RC4, DES) are here
//! too; nothing of nseer's own is protected with them. What scripts pass may be anything: sizes and
//! the work that one call may cause are bounded. Nothing here knows Lua, sockets or scans.

mod big_number;
mod cipher;
mod cipher_names;
mod digest;
mod error;
mod provider;

pub use big_number::BigNumber;
pub use cipher::{decrypt, encrypt, supported_ciphers};
pub use digest::{digest, hmac, supported_digests};
pub use error::CryptoError;

/// The key of the Data Encryption Standard (FIPS 46-3) that 56 bits of text make: seven bits in each
/// byte, above a parity bit that stays 0.
#[must_use]
pub fn des_key(text: [u8; 7]) -> [u8; 8] {
    let bits = text.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    std::array::from_fn(|i| {
        let seven = bits >> (49 - 7 * i) & 0x7f;
        u8::try_from(seven << 1).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn des_keys() {
        assert_eq!(des_key(*b"abcdefg"), [0x60, 0xb0, 0x98, 0x6c, 0x46, 0x2a, 0x98, 0xce]);
        assert_eq!(des_key([0; 7]), [0; 8]);
        assert_eq!(des_key([0xff; 7]), [0xfe; 8]);
    }
}
