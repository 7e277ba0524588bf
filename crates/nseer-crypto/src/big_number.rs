//! Whole numbers of any size, with sign. Operations whose work grows faster than the numbers are
//! bounded, so that no script can stop the program with one call.

use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;

use crate::error::CryptoError;

/// Most bits of a number.
const MOST_BITS: usize = 1 << 20;

/// Most bits of a number that is tested for being prime.
const MOST_PRIME_BITS: i32 = 8_192;

/// Most work of one exponentiation: bits of the exponent times words of the modulus, squared. A
/// modulus and an exponent of 16,384 bits, twice as many as anything in use, need half of it.
const MOST_WORK: u64 = 1 << 31;

/// A whole number.
#[derive(Debug)]
pub struct BigNumber(BigNum);

impl BigNumber {
    /// The number 0.
    ///
    /// # Errors
    /// Where there is no memory, here as everywhere below.
    pub fn zero() -> Result<BigNumber, CryptoError> {
        Ok(BigNumber(BigNum::new()?))
    }

    /// From bytes, the most significant first.
    ///
    /// # Errors
    /// Where it is too large.
    pub fn from_bytes(bytes: &[u8]) -> Result<BigNumber, CryptoError> {
        check_size(bytes.len().saturating_mul(8))?;
        Ok(BigNumber(BigNum::from_slice(bytes)?))
    }

    /// From the digits that `text` begins with, after an optional minus; 0 where there are none.
    ///
    /// # Errors
    /// Where it is too large.
    pub fn from_decimal(text: &[u8]) -> Result<BigNumber, CryptoError> {
        // More than three bits a digit.
        from_digits(text, u8::is_ascii_digit, 3, BigNum::from_dec_str)
    }

    /// The same with hexadecimal digits.
    ///
    /// # Errors
    /// Where it is too large.
    pub fn from_hex(text: &[u8]) -> Result<BigNumber, CryptoError> {
        from_digits(text, u8::is_ascii_hexdigit, 4, BigNum::from_hex_str)
    }

    /// From random bytes, of which `bits` bits are used: the number of bytes needed is
    /// [`BigNumber::bytes_for`].
    ///
    /// # Errors
    /// Where it is too large.
    pub fn from_random(mut bytes: Vec<u8>, bits: usize) -> Result<BigNumber, CryptoError> {
        if let (Some(first), used @ 1..) = (bytes.first_mut(), bits % 8) {
            *first &= 0xff >> (8 - used);
        }
        BigNumber::from_bytes(&bytes)
    }

    /// How many bytes hold `bits` bits.
    ///
    /// # Errors
    /// Where that is too large.
    pub fn bytes_for(bits: usize) -> Result<usize, CryptoError> {
        check_size(bits).map(|()| bits.div_ceil(8))
    }

    /// The magnitude, the most significant byte first, without leading zeros.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Length in four bytes, then sign and magnitude: the format of BN_bn2mpi(3), and of `mpint` in
    /// RFC 4251 for numbers that are not negative.
    #[must_use]
    pub fn to_mpi(&self) -> Vec<u8> {
        let mut number = self.to_bytes();
        if number.first().is_some_and(|first| first & 0x80 != 0) {
            number.insert(0, 0);
        }
        if let Some(first) = number.first_mut().filter(|_| self.0.is_negative()) {
            *first |= 0x80;
        }
        let length = u32::try_from(number.len()).unwrap_or(u32::MAX);
        [length.to_be_bytes().as_slice(), &number].concat()
    }

    /// In decimal digits.
    ///
    /// # Errors
    /// See [`BigNumber::zero`].
    pub fn to_decimal(&self) -> Result<String, CryptoError> {
        Ok(self.0.to_dec_str()?.to_string())
    }

    /// In upper-case hexadecimal digits, two for each byte; zero is `0`.
    ///
    /// # Errors
    /// See [`BigNumber::zero`].
    pub fn to_hex(&self) -> Result<String, CryptoError> {
        Ok(self.0.to_hex_str()?.to_string())
    }

    /// Bits of the magnitude.
    #[must_use]
    pub fn bits(&self) -> i32 {
        self.0.num_bits()
    }

    /// Bytes of the magnitude.
    #[must_use]
    pub fn bytes(&self) -> i32 {
        self.0.num_bytes()
    }

    /// Whether bit `n` of the magnitude is 1; there are no bits below 0.
    #[must_use]
    pub fn is_bit_set(&self, n: i64) -> bool {
        i32::try_from(n).is_ok_and(|n| n >= 0 && self.0.is_bit_set(n))
    }

    /// Makes bit `n` of the magnitude 1. Nothing happens below 0.
    ///
    /// # Errors
    /// Where the number would become too large.
    pub fn set_bit(&mut self, n: i64) -> Result<(), CryptoError> {
        let Ok(bit) = usize::try_from(n) else { return Ok(()) };
        check_size(bit.saturating_add(1))?;
        Ok(self.0.set_bit(i32::try_from(bit).unwrap_or(i32::MAX))?)
    }

    /// Makes bit `n` of the magnitude 0. Nothing happens where there is no such bit.
    ///
    /// # Errors
    /// See [`BigNumber::zero`].
    pub fn clear_bit(&mut self, n: i64) -> Result<(), CryptoError> {
        match i32::try_from(n) {
            Ok(bit) if self.is_bit_set(n) => Ok(self.0.clear_bit(bit)?),
            _ => Ok(()),
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// See [`BigNumber::zero`].
    pub fn add(&self, other: &BigNumber) -> Result<BigNumber, CryptoError> {
        let mut sum = BigNum::new()?;
        sum.checked_add(&self.0, &other.0)?;
        check_size(usize::try_from(sum.num_bits()).unwrap_or(usize::MAX))?;
        Ok(BigNumber(sum))
    }

    /// Quotient, rounded towards zero, and remainder; both 0 where `divisor` is.
    ///
    /// # Errors
    /// See [`BigNumber::zero`].
    pub fn divide(&self, divisor: &BigNumber) -> Result<(BigNumber, BigNumber), CryptoError> {
        let (mut quotient, mut remainder) = (BigNum::new()?, BigNum::new()?);
        if divisor.bits() > 0 {
            let mut context = BigNumContext::new()?;
            quotient.div_rem(&mut remainder, &self.0, &divisor.0, &mut context)?;
        }
        Ok((BigNumber(quotient), BigNumber(remainder)))
    }

    /// `self` to the power of `exponent`, modulo `modulus`; 0 where `modulus` is.
    ///
    /// # Errors
    /// Where it would take too long.
    pub fn power(
        &self,
        exponent: &BigNumber,
        modulus: &BigNumber,
    ) -> Result<BigNumber, CryptoError> {
        let words = u64::from(modulus.bits().unsigned_abs()).div_ceil(64);
        if u64::from(exponent.bits().unsigned_abs()) * words * words > MOST_WORK {
            return Err(CryptoError::TooLarge("16384 bits"));
        }
        let mut power = BigNum::new()?;
        if modulus.bits() > 0 {
            power.mod_exp(&self.0, &exponent.0, &modulus.0, &mut *BigNumContext::new()?)?;
        }
        Ok(BigNumber(power))
    }

    /// Whether it is prime, as far as can be told by tests that err with negligible probability.
    ///
    /// # Errors
    /// Where it would take too long.
    pub fn is_prime(&self) -> Result<bool, CryptoError> {
        if self.bits() > MOST_PRIME_BITS {
            return Err(CryptoError::TooLarge("8192 bits"));
        }
        // The number of rounds is left to the library.
        Ok(self.0.is_prime(0, &mut *BigNumContext::new()?)?)
    }

    /// Whether it is a prime whose half, rounded down, is one too; and whether it is prime.
    ///
    /// # Errors
    /// As [`BigNumber::is_prime`].
    pub fn is_safe_prime(&self) -> Result<(bool, bool), CryptoError> {
        if !self.is_prime()? {
            return Ok((false, false));
        }
        let mut half = BigNum::new()?;
        half.rshift1(&self.0)?;
        Ok((BigNumber(half).is_prime()?, true))
    }

    /// The same number once more.
    ///
    /// # Errors
    /// See [`BigNumber::zero`].
    pub fn copy(&self) -> Result<BigNumber, CryptoError> {
        Ok(BigNumber(self.0.to_owned()?))
    }
}

fn check_size(bits: usize) -> Result<(), CryptoError> {
    if bits > MOST_BITS { Err(CryptoError::TooLarge("1048576 bits")) } else { Ok(()) }
}

fn from_digits(
    text: &[u8],
    is_digit: fn(&u8) -> bool,
    bits_each: usize,
    parse: fn(&str) -> Result<BigNum, ErrorStack>,
) -> Result<BigNumber, CryptoError> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let digits: Vec<u8> = text.iter().copied().take_while(is_digit).collect();
    check_size(digits.len().saturating_mul(bits_each))?;
    let mut number = match std::str::from_utf8(&digits) {
        Ok(digits) if !digits.is_empty() => parse(digits)?,
        _ => BigNum::new()?,
    };
    // There is no negative zero: the library ignores that.
    number.set_negative(negative);
    Ok(BigNumber(number))
}
