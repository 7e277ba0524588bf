//! What can go wrong, in the words that scripts see.

use openssl::error::{Error, ErrorStack};

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The library knows no digest of this name.
    #[error("Unknown digest algorithm: {0}")]
    UnknownDigest(String),
    /// The library knows no cipher of this name.
    #[error("Unknown cipher algorithm: {0}")]
    UnknownCipher(String),
    /// The initialisation vector does not fit the cipher.
    #[error("Length of iv is {got}; should be {wanted}")]
    IvLength {
        /// What was passed.
        got: usize,
        /// What the cipher takes.
        wanted: usize,
    },
    /// The library's own message.
    #[error("OpenSSL error: {0}")]
    Library(String),
    /// More data, or a larger number, than is worked on.
    #[error("too large: at most {0}")]
    TooLarge(&'static str),
}

impl CryptoError {
    /// A key of a length that the cipher cannot use, in OpenSSL's words.
    pub(crate) fn key_length() -> CryptoError {
        let text = "error:03000082:digital envelope routines::invalid key length";
        CryptoError::Library(text.to_owned())
    }
}

impl From<ErrorStack> for CryptoError {
    fn from(stack: ErrorStack) -> Self {
        let oldest = stack.errors().first();
        CryptoError::Library(oldest.map_or_else(|| line(0, None, None), of_error))
    }
}

fn of_error(error: &Error) -> String {
    // The width of the code differs among platforms.
    #[allow(clippy::useless_conversion, reason = "see above")]
    line(u64::from(error.code()), error.library(), error.reason())
}

/// As ERR_error_string(3) writes an error of a library that no longer names functions.
fn line(code: u64, library: Option<&str>, reason: Option<&str>) -> String {
    let library = library.map_or_else(|| "lib(0)".to_owned(), ToOwned::to_owned);
    let reason = reason.map_or_else(|| "reason(0)".to_owned(), ToOwned::to_owned);
    format!("error:{code:08X}:{library}::{reason}")
}
