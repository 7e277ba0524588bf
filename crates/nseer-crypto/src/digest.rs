//! Digests and message authentication codes (RFC 2104). Does not know what they are used for.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::error::CryptoError;
use crate::provider;

/// Names under which OpenSSL 3.0 has digests (EVP_get_digestbyname(3)), sorted.
const NAMES: &[&str] = &[
    "RSA-MD4",
    "RSA-MD5",
    "RSA-RIPEMD160",
    "RSA-SHA1",
    "RSA-SHA1-2",
    "RSA-SHA224",
    "RSA-SHA256",
    "RSA-SHA3-224",
    "RSA-SHA3-256",
    "RSA-SHA3-384",
    "RSA-SHA3-512",
    "RSA-SHA384",
    "RSA-SHA512",
    "RSA-SHA512/224",
    "RSA-SHA512/256",
    "RSA-SM3",
    "blake2b512",
    "blake2s256",
    "id-rsassa-pkcs1-v1_5-with-sha3-224",
    "id-rsassa-pkcs1-v1_5-with-sha3-256",
    "id-rsassa-pkcs1-v1_5-with-sha3-384",
    "id-rsassa-pkcs1-v1_5-with-sha3-512",
    "md4",
    "md4WithRSAEncryption",
    "md5",
    "md5-sha1",
    "md5WithRSAEncryption",
    "ripemd",
    "ripemd160",
    "ripemd160WithRSA",
    "rmd160",
    "sha1",
    "sha1WithRSAEncryption",
    "sha224",
    "sha224WithRSAEncryption",
    "sha256",
    "sha256WithRSAEncryption",
    "sha3-224",
    "sha3-256",
    "sha3-384",
    "sha3-512",
    "sha384",
    "sha384WithRSAEncryption",
    "sha512",
    "sha512-224",
    "sha512-224WithRSAEncryption",
    "sha512-256",
    "sha512-256WithRSAEncryption",
    "sha512WithRSAEncryption",
    "shake128",
    "shake256",
    "sm3",
    "sm3WithRSAEncryption",
    "ssl3-md5",
    "ssl3-sha1",
    "whirlpool",
];

/// The names of digests that the library at hand knows, sorted.
pub fn supported_digests() -> impl Iterator<Item = &'static str> {
    provider::load_legacy();
    NAMES.iter().copied().filter(|name| by_name(name).is_ok())
}

/// The digest of `data`. Names are OpenSSL's, in any case of letters, aliases included.
///
/// # Errors
/// Where the library does not know the name, or does not have the algorithm that it names.
pub fn digest(algorithm: &str, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let digest = openssl::hash::hash(by_name(algorithm)?, data)?;
    Ok(digest.to_vec())
}

/// The keyed digest of `data`.
///
/// # Errors
/// As [`digest`], and where the key has 2 GiB or more.
pub fn hmac(algorithm: &str, key: &[u8], data: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let algorithm = by_name(algorithm)?;
    if i32::try_from(key.len()).is_err() {
        return Err(CryptoError::TooLarge("2 GiB"));
    }
    // Keys are filled up with zeros, and the library refuses an empty one.
    let key = PKey::hmac(if key.is_empty() { &[0] } else { key })?;
    let mut signer = Signer::new(algorithm, &key)?;
    Ok(signer.sign_oneshot_to_vec(data)?)
}

/// A name ends at its first NUL, as it does for the library.
fn by_name(name: &str) -> Result<MessageDigest, CryptoError> {
    provider::load_legacy();
    let name = name.split('\0').next().unwrap_or_default();
    MessageDigest::from_name(name).ok_or_else(|| CryptoError::UnknownDigest(name.to_owned()))
}
