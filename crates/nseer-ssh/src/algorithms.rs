//! What is offered to a server: everything that there is, good algorithms first.
//!
//! Nothing here protects anything: a scanner looks at servers, and an old one that speaks only
//! what is broken today is one of those that most need to be seen.

use std::borrow::Cow;
use std::sync::Arc;

use russh::client::{Config, GexParams};
use russh::keys::Algorithm;
use russh::{Preferred, SshId, cipher, kex, mac};

const OLD_KEX: [kex::Name; 6] = [
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_G14_SHA1,
    kex::DH_GEX_SHA1,
    kex::DH_G1_SHA1,
];

const OLD_CIPHERS: [cipher::Name; 5] = [
    cipher::AES_128_GCM,
    cipher::AES_256_CBC,
    cipher::AES_192_CBC,
    cipher::AES_128_CBC,
    cipher::TRIPLE_DES_CBC,
];

const OLD_MACS: [mac::Name; 2] = [mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];

/// How we introduce ourselves.
const NAME: &str = concat!("SSH-2.0-nseer_", env!("CARGO_PKG_VERSION"));

/// Smallest, preferred and largest group that a server may choose for the key exchange.
const GROUP_BITS: (usize, usize, usize) = (2048, 2048, 8192);

/// The configuration of every session.
pub(crate) fn config() -> Arc<Config> {
    let usual = Preferred::DEFAULT;
    let preferred = Preferred {
        kex: and(&usual.kex, &OLD_KEX),
        key: and(&usual.key, &[Algorithm::Dsa]),
        cipher: and(&usual.cipher, &OLD_CIPHERS),
        mac: and(&usual.mac, &OLD_MACS),
        ..usual
    };
    let (least, best, most) = GROUP_BITS;
    Arc::new(Config {
        client_id: SshId::Standard(Cow::Borrowed(NAME)),
        preferred,
        gex: GexParams::new(least, best, most).unwrap_or_default(),
        nodelay: true,
        ..Config::default()
    })
}

fn and<T: Clone + PartialEq>(good: &[T], old: &[T]) -> Cow<'static, [T]> {
    let mut all = good.to_vec();
    all.extend(old.iter().filter(|name| !good.contains(name)).cloned());
    Cow::Owned(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_algorithms_come_last() {
        let config = config();
        assert_eq!(config.preferred.kex.last(), Some(&kex::DH_G1_SHA1));
        assert_eq!(config.preferred.cipher.last(), Some(&cipher::TRIPLE_DES_CBC));
        assert_eq!(config.preferred.mac.last(), Some(&mac::HMAC_SHA1));
        assert_eq!(config.preferred.key.last(), Some(&Algorithm::Dsa));
        assert_eq!(config.preferred.kex.first(), Preferred::DEFAULT.kex.first());
        assert_eq!(config.gex.min_group_size(), 2048);
    }
}
