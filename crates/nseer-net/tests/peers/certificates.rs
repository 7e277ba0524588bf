//! Certificates made by the openssl command, and broken ones.

use std::process::Command;
use std::sync::LazyLock;

use nseer_net::NetError;
use nseer_net::certificate::{Certificate, Curve, NameKey, Time};
use proptest::prelude::*;

use crate::openssl_server::Identity;

const CONFIG: &str = "oid_section=o
[o]
odd=1.2.3.44
uuid=2.25.329800735698586629295641978511506172918
[req]
distinguished_name=d
x509_extensions=e
[d]
odd=odd
[n]
CN=inner
[e]
basicConstraints=critical,CA:TRUE,pathlen:3
keyUsage=critical,digitalSignature,keyCertSign
extendedKeyUsage=serverAuth,1.2.3.4
subjectAltName=DNS:a.example,IP:10.0.0.1,IP:2001:db8::1,dirName:n,otherName:1.2.3;UTF8:x
crlDistributionPoints=URI:http://a/crl
1.2.3.4.5=DER:0c0568656c6c6f
nsComment=hi there
subjectKeyIdentifier=none
";

// Not kept: what a static holds is not dropped, and its files would stay.
fn rsa() -> Identity {
    Identity::new(&["rsa:2048"], "/C=NL/CN=x.example/CN=y/odd=foo", CONFIG)
}

static RSA_DER: LazyLock<Vec<u8>> = LazyLock::new(|| rsa().der());

fn long(name: &str, value: &str) -> (NameKey, Vec<u8>) {
    (NameKey::Long(name.to_owned()), value.as_bytes().to_vec())
}

#[test]
fn an_rsa_certificate() {
    let rsa = rsa();
    let der = rsa.der();
    let certificate = Certificate::from_der(&der).expect("a certificate");
    let names = [
        long("countryName", "NL"),
        long("commonName", "x.example"),
        long("commonName", "y"),
        (NameKey::Oid(vec![1, 2, 3, 44]), b"foo".to_vec()),
    ];
    assert_eq!(certificate.subject, names);
    assert_eq!(certificate.issuer, names);
    let key = &certificate.public_key;
    assert_eq!((key.kind, key.bits, &key.curve), ("rsa", 2048, &None));
    assert_eq!(key.exponent.as_deref(), Some(&[1, 0, 1][..]));
    assert_eq!(key.modulus.as_ref().map(Vec::len), Some(256));
    assert_eq!(certificate.signature_algorithm, "sha256WithRSAEncryption");
    let pem = std::fs::read_to_string(&rsa.certificate).expect("file");
    assert_eq!(certificate.pem, pem);
}

#[test]
fn extensions_as_openssl_writes_them() {
    let certificate = Certificate::from_der(&RSA_DER).expect("a certificate");
    let found: Vec<(&str, bool, Result<&str, &()>)> = certificate
        .extensions
        .iter()
        .map(|e| (e.name.as_str(), e.critical, e.value.as_deref()))
        .collect();
    let names = "DNS:a.example, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, \
        DirName:/CN=inner, othername: 1.2.3:x";
    // OpenSSL 3.0 writes two colons, 3.6 one.
    let older = names.replace("1.2.3:", "1.2.3::");
    let names = if found.iter().any(|(.., value)| *value == Ok(&older)) { &older } else { names };
    assert_eq!(
        found,
        [
            ("X509v3 Basic Constraints", true, Ok("CA:TRUE, pathlen:3")),
            ("X509v3 Key Usage", true, Ok("Digital Signature, Certificate Sign")),
            ("X509v3 Extended Key Usage", false, Ok("TLS Web Server Authentication, 1.2.3.4")),
            ("X509v3 Subject Alternative Name", false, Ok(names)),
            ("X509v3 CRL Distribution Points", false, Ok("Full Name:\n  URI:http://a/crl")),
            ("1.2.3.4.5", false, Err(&())),
            ("Netscape Comment", false, Ok("hi there")),
        ]
    );
}

#[test]
fn another_kind_of_key_and_no_extensions() {
    let key = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    let config = CONFIG.replace("x509_extensions=e\n", "").replace("odd=odd", "uuid=uuid");
    let identity = Identity::new(&key, "/uuid=u", &config);
    let certificate = Certificate::from_der(&identity.der()).expect("a certificate");
    let key = &certificate.public_key;
    let curve = Some(Curve::Named("prime256v1".to_owned()));
    assert_eq!((key.kind, key.bits, &key.curve), ("ec", 256, &curve));
    assert_eq!((&key.exponent, &key.modulus), (&None, &None));
    assert_eq!(certificate.signature_algorithm, "ecdsa-with-SHA256");
    let uuid = vec![2, 25, 329_800_735_698_586_629_295_641_978_511_506_172_918];
    assert_eq!(certificate.subject, [(NameKey::Oid(uuid), b"u".to_vec())]);
}

/// What the openssl command says about the certificate.
fn told(identity: &Identity, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-in"])
        .arg(&identity.certificate)
        .args(arguments)
        .output()
        .expect("the openssl command");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().split_once('=').expect("name=value").1.to_owned()
}

#[test]
fn times_and_digests_agree_with_the_openssl_command() {
    let rsa = rsa();
    let certificate = Certificate::from_der(&rsa.der()).expect("a certificate");
    let times = [("-startdate", &certificate.not_before), ("-enddate", &certificate.not_after)];
    for (option, time) in times {
        let Some(Time::Fields(fields)) = time else { panic!("{time:?}") };
        let [year, month, day, hour, minute, second] = fields;
        let ours = format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z");
        assert_eq!(ours, told(&rsa, &[option, "-dateopt", "iso_8601"]));
    }
    for algorithm in ["sha1", "md5", "sha256"] {
        let digest = certificate.digest(algorithm).expect("a digest");
        let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(hex.join(":"), told(&rsa, &["-fingerprint", &format!("-{algorithm}")]));
    }
    assert_eq!(certificate.digest("no such"), None);
}

/// The certificate, with the bytes at `shift` behind the first `mark` replaced.
fn changed(mark: &[u8], shift: usize, with: &[u8]) -> Result<Certificate, NetError> {
    let mut der = RSA_DER.clone();
    let found = der.windows(mark.len()).position(|part| part == mark).expect("the mark");
    let at = found + shift;
    der[at..at + with.len()].copy_from_slice(with);
    Certificate::from_der(&der)
}

#[test]
fn a_time_that_is_none() {
    // The first UTCTime of 13 characters.
    let certificate = changed(b"\x17\x0d", 4, b"zz").expect("a certificate");
    let Some(Time::Text(text)) = certificate.not_before else { panic!("a time") };
    assert_eq!((text.len(), &text[2..4]), (13, &b"zz"[..]));
    assert!(matches!(certificate.not_after, Some(Time::Fields(_))));
}

#[test]
fn a_key_that_is_none() {
    // The sequence inside the bit string that follows rsaEncryption.
    let encryption = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82";
    match changed(encryption, encryption.len() + 3, b"\x31") {
        Err(NetError::CertificateKey(text)) => assert!(text.starts_with("error:"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(Certificate::from_der(b"none"), Err(NetError::Certificate)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Broken certificates give an error, or a certificate that can be looked at.
    #[test]
    fn broken_certificates(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut der = RSA_DER.clone();
        for (index, byte) in changes {
            let at = index.index(der.len());
            der[at] = byte;
        }
        if let Some(cut) = cut {
            der.truncate(cut.index(der.len()));
        }
        if let Ok(certificate) = Certificate::from_der(&der) {
            prop_assert!(certificate.pem.starts_with("-----BEGIN CERTIFICATE-----"));
            prop_assert!(certificate.digest("sha1").is_some_and(|digest| digest.len() == 20));
        }
    }
}
