//! X.509 certificates (RFC 5280) as plain values.

use openssl::asn1::Asn1TimeRef;
use openssl::ec::EcGroupRef;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::{X509, X509NameRef};

use crate::der;
use crate::error::NetError;
use crate::extension_text::{Extension, extensions};

/// The kind of a part of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameKey {
    /// OpenSSL's long name, such as `commonName`.
    Long(String),
    /// The numbers of an object identifier that has no name.
    Oid(Vec<u128>),
}

/// A point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// Year, month, day, hour, minute, second (UTC).
    Fields([i64; 6]),
    /// What stands in the certificate, where that is no time.
    Text(Vec<u8>),
}

/// The parameters of a key on an elliptic curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Curve {
    /// A curve that has a name.
    Named(String),
    /// One that is spelled out, over a prime field.
    ExplicitPrime,
    /// One that is spelled out, over a binary field.
    ExplicitBinary,
}

/// A public key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKey {
    /// `rsa`, `dsa`, `dh`, `ec` or `unknown`.
    pub kind: &'static str,
    /// Its length.
    pub bits: u32,
    /// RSA: the public exponent, big-endian.
    pub exponent: Option<Vec<u8>>,
    /// RSA: the modulus, big-endian.
    pub modulus: Option<Vec<u8>>,
    /// EC: the curve.
    pub curve: Option<Curve>,
}

/// A decoded certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Whom it is about.
    pub subject: Vec<(NameKey, Vec<u8>)>,
    /// Who signed it.
    pub issuer: Vec<(NameKey, Vec<u8>)>,
    /// From when on it is valid.
    pub not_before: Option<Time>,
    /// Until when it is valid.
    pub not_after: Option<Time>,
    /// The key.
    pub public_key: PublicKey,
    /// OpenSSL's long name of the signature algorithm.
    pub signature_algorithm: String,
    /// Extensions in order.
    pub extensions: Vec<Extension>,
    /// The certificate in PEM (RFC 7468).
    pub pem: String,
    der: Vec<u8>,
}

impl Certificate {
    /// Decodes DER.
    ///
    /// # Errors
    /// [`NetError::Certificate`] where it is not a certificate, [`NetError::CertificateKey`] where its
    /// key cannot be decoded.
    pub fn from_der(der: &[u8]) -> Result<Certificate, NetError> {
        let x509 = X509::from_der(der).map_err(|_| NetError::Certificate)?;
        let key = x509.public_key().map_err(|error| NetError::CertificateKey(oldest(&error)))?;
        let pem = x509.to_pem().map_err(|_| NetError::Certificate)?;
        let (begin, end) = der::validity(der).unwrap_or_default();
        Ok(Certificate {
            subject: names(x509.subject_name()),
            issuer: names(x509.issuer_name()),
            not_before: time(x509.not_before(), begin),
            not_after: time(x509.not_after(), end),
            public_key: public_key(&key),
            signature_algorithm: long_name(x509.signature_algorithm().object().nid()),
            extensions: extensions(&x509, der),
            pem: String::from_utf8_lossy(&pem).into_owned(),
            der: der.to_vec(),
        })
    }

    /// The digest of the whole certificate, such as `sha1`; `None` for an unknown algorithm.
    #[must_use]
    pub fn digest(&self, algorithm: &str) -> Option<Vec<u8>> {
        let algorithm = MessageDigest::from_name(algorithm)?;
        openssl::hash::hash(algorithm, &self.der).ok().map(|digest| digest.to_vec())
    }
}

fn long_name(nid: Nid) -> String {
    nid.long_name().unwrap_or("undefined").to_owned()
}

fn names(name: &X509NameRef) -> Vec<(NameKey, Vec<u8>)> {
    name.entries()
        .map(|entry| {
            let nid = entry.object().nid();
            let key = if nid == Nid::UNDEF {
                NameKey::Oid(der::arcs(entry.object().to_owned().as_slice()))
            } else {
                NameKey::Long(long_name(nid))
            };
            (key, entry.data().as_slice().to_vec())
        })
        .collect()
}

/// The first thing that went wrong, as ERR_error_string(3) writes it.
fn oldest(stack: &ErrorStack) -> String {
    let Some(error) = stack.errors().first() else { return "unknown".to_owned() };
    let (library, reason) = (error.library().unwrap_or("?"), error.reason().unwrap_or("?"));
    format!("error:{:08X}:{library}::{reason}", error.code())
}

/// A time, of which `text` stands in the certificate.
fn time(time: &Asn1TimeRef, text: &[u8]) -> Option<Time> {
    let text = || (!text.is_empty()).then(|| Time::Text(text.to_vec()));
    fields(time).map(Time::Fields).or_else(text)
}

/// The time's distance from the epoch, as calendar fields.
fn fields(time: &Asn1TimeRef) -> Option<[i64; 6]> {
    let epoch = openssl::asn1::Asn1Time::from_unix(0).ok()?;
    let distance = epoch.diff(time).ok()?;
    let (days, seconds) = (i64::from(distance.days), i64::from(distance.secs));
    let total = days * 86_400 + seconds;
    let (day, second) = (total.div_euclid(86_400), total.rem_euclid(86_400));
    let (year, month, date) = civil(day);
    Some([year, month, date, second / 3600, second / 60 % 60, second % 60])
}

/// Days since 1970-01-01 to year, month and day of the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years that begin in March, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn public_key(key: &PKey<Public>) -> PublicKey {
    let kind = match key.id() {
        Id::RSA => "rsa",
        Id::DSA => "dsa",
        Id::DH => "dh",
        Id::EC => "ec",
        _ => "unknown",
    };
    let rsa = key.rsa().ok().filter(|_| kind == "rsa");
    PublicKey {
        kind,
        bits: key.bits(),
        exponent: rsa.as_ref().map(|rsa| rsa.e().to_vec()),
        modulus: rsa.as_ref().map(|rsa| rsa.n().to_vec()),
        curve: key.ec_key().ok().map(|ec| curve(ec.group(), key)),
    }
}

/// The object identifier of binary fields (RFC 3279 section 2.3.5), encoded.
const BINARY_FIELD: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x01, 0x02];

fn curve(group: &EcGroupRef, key: &PKey<Public>) -> Curve {
    if let Some(name) = group.curve_name().and_then(|nid| nid.short_name().ok()) {
        return Curve::Named(name.to_owned());
    }
    let der = key.public_key_to_der().unwrap_or_default();
    if der.windows(BINARY_FIELD.len()).any(|part| part == BINARY_FIELD) {
        Curve::ExplicitBinary
    } else {
        Curve::ExplicitPrime
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn calendar() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_781), (2026, 11, 24));
        assert_eq!(civil(-1), (1969, 12, 31));
    }

    proptest! {
        #[test]
        fn hostile_der_gives_an_error(der in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Certificate::from_der(&der).is_err());
        }
    }
}
