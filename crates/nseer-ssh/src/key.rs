//! Keys as they come from files, and whether they can be read.

use std::sync::Arc;

use russh::keys::ssh_key;

use crate::error::SshError;

/// A public key.
#[derive(Clone, Debug)]
pub struct PublicKey(pub(crate) ssh_key::PublicKey);

impl PublicKey {
    /// From the form that travels, which is also what a `.pub` file holds in base64.
    ///
    /// # Errors
    /// [`SshError::Key`] where it is no key, or of a kind that is not known.
    pub fn from_bytes(blob: &[u8]) -> Result<PublicKey, SshError> {
        ssh_key::PublicKey::from_bytes(blob)
            .map(PublicKey)
            .map_err(|error| SshError::Key(error.to_string()))
    }
}

/// A private key.
#[derive(Clone)]
pub struct PrivateKey(pub(crate) Arc<ssh_key::PrivateKey>);

impl PrivateKey {
    /// From the text of a key file: OpenSSH's own format, PKCS#1, PKCS#8, SEC 1 or PuTTY's.
    ///
    /// # Errors
    /// [`SshError::Key`] where it cannot be read, or not with this passphrase.
    pub fn from_text(text: &str, passphrase: Option<&str>) -> Result<PrivateKey, SshError> {
        let wrong = |error: &dyn std::fmt::Display| SshError::Key(error.to_string());
        // A passphrase is often given for a key that needs none.
        let passphrase = passphrase.filter(|p| !p.is_empty());
        let key = match russh::keys::decode_secret_key(text, passphrase) {
            Ok(key) => key,
            Err(error) if passphrase.is_none() => return Err(wrong(&error)),
            Err(error) => russh::keys::decode_secret_key(text, None).map_err(|_| wrong(&error))?,
        };
        Ok(PrivateKey(Arc::new(key)))
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_an_error() {
        assert!(PublicKey::from_bytes(b"junk").is_err());
        assert!(PublicKey::from_bytes(b"").is_err());
        assert!(PublicKey::from_bytes(&[0xff; 64]).is_err());
        assert!(PrivateKey::from_text("", None).is_err());
        assert!(
            PrivateKey::from_text("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", Some("x")).is_err()
        );
    }
}
