//! Ciphers: one whole text at a time, no authentication tags. Does not know what they are used for.

use openssl::asn1::Asn1Object;
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;

use crate::cipher_names::NAMES;
use crate::error::CryptoError;
use crate::provider;

/// Most bytes of one text.
const MOST_BYTES: usize = 1 << 30;

/// How much longer than the text the result may get, with room to spare: a block of padding, or what
/// wrapping adds to a key (RFC 5649).
const GROWTH: usize = 256;

/// The names of ciphers that the library at hand knows, sorted.
pub fn supported_ciphers() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied().filter(|name| with_cipher(name, |_| Ok(())).is_ok())
}

/// Encrypts `data`. Names are OpenSSL's, in any case of letters, aliases included. An empty `iv` is
/// none. With `padding`, the last block is filled up (PKCS #7, RFC 5652 section 6.3).
///
/// # Errors
/// Where the library does not know the name, the key or the vector does not fit, or, without padding,
/// the data does not fill the last block.
pub fn encrypt(
    algorithm: &str,
    key: &[u8],
    iv: &[u8],
    data: &[u8],
    padding: bool,
) -> Result<Vec<u8>, CryptoError> {
    run(algorithm, key, iv, data, padding, Way::Encrypt)
}

/// Decrypts `data`, as [`encrypt`].
///
/// # Errors
/// As [`encrypt`], and where the padding is wrong.
pub fn decrypt(
    algorithm: &str,
    key: &[u8],
    iv: &[u8],
    data: &[u8],
    padding: bool,
) -> Result<Vec<u8>, CryptoError> {
    run(algorithm, key, iv, data, padding, Way::Decrypt)
}

/// Which way a text goes.
#[derive(Clone, Copy)]
enum Way {
    Encrypt,
    Decrypt,
}

fn run(
    algorithm: &str,
    key: &[u8],
    iv: &[u8],
    data: &[u8],
    padding: bool,
    way: Way,
) -> Result<Vec<u8>, CryptoError> {
    if data.len().max(key.len()) > MOST_BYTES {
        return Err(CryptoError::TooLarge("1 GiB"));
    }
    with_cipher(algorithm, |cipher| {
        let mut context = CipherCtx::new()?;
        init(&mut context, way, Some(cipher), None, None)?;
        if !iv.is_empty() && iv.len() != context.iv_length() {
            return Err(CryptoError::IvLength { got: iv.len(), wanted: context.iv_length() });
        }
        set_key_length(&mut context, key.len())?;
        context.set_padding(padding);
        init(&mut context, way, None, Some(key), (!iv.is_empty()).then_some(iv))?;
        let mut output = vec![0; data.len() + GROWTH];
        let updated = context.cipher_update(data, Some(&mut output))?;
        let rest = output.get_mut(updated..).unwrap_or_default();
        let finished = context.cipher_final(rest)?;
        output.truncate(updated + finished);
        Ok(output)
    })
}

fn init(
    context: &mut CipherCtx,
    way: Way,
    cipher: Option<&CipherRef>,
    key: Option<&[u8]>,
    iv: Option<&[u8]>,
) -> Result<(), ErrorStack> {
    match way {
        Way::Encrypt => context.encrypt_init(cipher, key, iv),
        Way::Decrypt => context.decrypt_init(cipher, key, iv),
    }
}

/// An empty key is refused here, because ciphers that take keys of any length read it all the same.
fn set_key_length(context: &mut CipherCtx, length: usize) -> Result<(), CryptoError> {
    if length == context.key_length() {
        return Ok(());
    }
    if length == 0 {
        return Err(CryptoError::key_length());
    }
    Ok(context.set_key_length(length)?)
}

/// Finds a cipher by name: among those of the providers, then among the older names. A name ends at
/// its first NUL, as it does for the library.
fn with_cipher<R>(
    name: &str,
    use_it: impl FnOnce(&CipherRef) -> Result<R, CryptoError>,
) -> Result<R, CryptoError> {
    provider::load_legacy();
    let name = name.split('\0').next().unwrap_or_default();
    if let Ok(cipher) = Cipher::fetch(None, name, None) {
        return use_it(&cipher);
    }
    let object = Asn1Object::from_str(name);
    let older = object.ok().and_then(|object| Cipher::from_nid(object.nid()));
    older.map_or_else(|| Err(CryptoError::UnknownCipher(name.to_owned())), use_it)
}
