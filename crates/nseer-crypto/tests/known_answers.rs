//! Published test vectors, and properties that hold for any input.

use nseer_crypto::{
    BigNumber, CryptoError, decrypt, digest, encrypt, hmac, supported_ciphers, supported_digests,
};
use proptest::prelude::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let mut bytes = BigNumber::from_hex(text.as_bytes()).expect("small").to_bytes();
    // Leading zeros are no part of a number.
    let missing = text.len() / 2 - bytes.len();
    bytes.splice(0..0, vec![0; missing]);
    bytes
}

#[test]
fn digests() {
    let check = |name: &str, text: &str, want: &str| {
        let got = digest(name, text.as_bytes()).map(|digest| hex(&digest));
        assert_eq!(got.as_deref(), Ok(want), "{name} of {text:?}");
    };
    // RFC 1320, A.5; RFC 1321, A.5; FIPS 180-2, A.1 and B.1.
    check("md4", "abc", "a448017aaf21d8525fc10ae87aa6729d");
    check("MD5", "abc", "900150983cd24fb0d6963f7d28e17f72");
    check("sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    check("RSA-SHA1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    check("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // Dobbertin, Bosselaers, Preneel: RIPEMD-160, appendix B.
    check("ripemd160", "abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    let unknown = CryptoError::UnknownDigest("nosuch".to_owned());
    assert_eq!(digest("nosuch", b""), Err(unknown.clone()));
    assert_eq!(hmac("nosuch", b"", b""), Err(unknown));
}

#[test]
fn keyed_digests() {
    let check = |name: &str, key: &[u8], text: &[u8], want: &str| {
        let got = hmac(name, key, text).map(|code| hex(&code));
        assert_eq!(got.as_deref(), Ok(want), "{name}");
    };
    // RFC 2202, cases 2 of MD5 and SHA-1; RFC 4231, case 2; the last was measured.
    let question = b"what do ya want for nothing?";
    check("md5", b"Jefe", question, "750c783e6ab0b503eaa86e310a5db738");
    check("SHA1", b"Jefe", question, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    let want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    check("sha256", b"Jefe", question, want);
    check("md5", b"", b"x", "5a470ef74cd7af75c375be99c6ef771f");
}

#[test]
fn ciphers() {
    let check = |name: &str, key: &str, iv: &str, text: &str, want: &str| {
        let (key, iv, text) = (unhex(key), unhex(iv), unhex(text));
        let secret = encrypt(name, &key, &iv, &text, false).expect(name);
        assert_eq!(hex(&secret), want, "{name}");
        assert_eq!(decrypt(name, &key, &iv, &secret, false).as_ref(), Ok(&text), "{name}");
    };
    // NIST SP 800-38A, F.1.1, F.2.1 and F.2.3.
    let block = "6bc1bee22e409f96e93d7e117393172a";
    let key = "2b7e151628aed2a6abf7158809cf4f3c";
    let iv = "000102030405060708090a0b0c0d0e0f";
    check("aes-128-ecb", key, "", block, "3ad77bb40d7a3660a89ecaf32466ef97");
    check("AES-128-CBC", key, iv, block, "7649abac8119b246cee98e9b12e9197d");
    let key = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b";
    check("aes-192-cbc", key, iv, block, "4f021db243bc633d7178183a9fa071e8");
    // NIST SP 800-17, table A.1: the first of the variable plaintexts.
    check("des-ecb", "0101010101010101", "", "8000000000000000", "95f8a5e5dd31d900");
    check("DES", "0101010101010101", "", "8000000000000000", "95f8a5e5dd31d900");
    // RFC 2144, B.1, and the first vector of RFC 6229 for a key of 40 bits.
    let key = "0123456712345678234567893456789a";
    check("cast5-ecb", key, "", "0123456789abcdef", "238b4fe5847e44b2");
    check("rc4", "0102030405", "", "0000000000000000", "b2396305f03dc027");
    // RFC 3394, 4.1.
    let (key, text) = ("000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff");
    check("aes128-wrap", key, "", text, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
}

#[test]
fn misuse_of_ciphers() {
    let check = |name: &str, key: &[u8], iv: &[u8], text: &[u8], want: &str| {
        let got = encrypt(name, key, iv, text, false).map_err(|error| error.to_string());
        assert_eq!(got, Err(want.to_owned()), "{name}");
    };
    let key = b"0123456789abcdef";
    check("nosuch", key, b"", b"", "Unknown cipher algorithm: nosuch");
    check("", key, b"", b"", "Unknown cipher algorithm: ");
    check("aes-128-cbc", key, b"12", b"", "Length of iv is 2; should be 16");
    check("rc4", key, b"12", b"", "Length of iv is 2; should be 0");
    let length = "OpenSSL error: error:03000082:digital envelope routines::invalid key length";
    check("aes-128-cbc", b"short", b"", b"", length);
    check("rc4", b"", b"", b"", length);
    let ragged = "OpenSSL error: error:1C80006B:Provider routines::wrong final block length";
    check("aes-128-cbc", key, b"", b"abc", ragged);
    let wrong = decrypt("aes-128-cbc", key, b"", key, true).map_err(|error| error.to_string());
    let bad = "OpenSSL error: error:1C800064:Provider routines::bad decrypt";
    assert_eq!(wrong, Err(bad.to_owned()));
}

#[test]
fn names() {
    for name in ["md4", "ripemd160", "sha256", "RSA-MD5", "whirlpool"] {
        assert!(supported_digests().any(|known| known == name), "{name}");
    }
    for name in ["des-ecb", "rc4", "cast5-cbc", "aes-128-cbc", "des3-wrap"] {
        assert!(supported_ciphers().any(|known| known == name), "{name}");
    }
    assert!(supported_digests().is_sorted() && supported_ciphers().is_sorted());
}

fn decimal(text: &str) -> BigNumber {
    BigNumber::from_decimal(text.as_bytes()).expect("small")
}

#[test]
fn numbers_from_text() {
    // Measured with nmap 7.93.
    for (text, want) in [
        ("12abc", "12"),
        ("-5", "-5"),
        ("-0", "0"),
        ("-", "0"),
        (" 5", "0"),
        ("+5", "0"),
        ("--7", "0"),
        ("007", "7"),
        ("12\x003", "12"),
        ("", "0"),
    ] {
        assert_eq!(decimal(text).to_decimal().as_deref(), Ok(want), "{text:?}");
    }
    for (text, want) in [
        ("-5", "-05"),
        ("-0", "0"),
        ("aBcg", "0ABC"),
        ("0x12", "0"),
        ("0000", "0"),
        ("1ff", "01FF"),
    ] {
        let number = BigNumber::from_hex(text.as_bytes()).expect("small");
        assert_eq!(number.to_hex().as_deref(), Ok(want), "{text:?}");
    }
}

#[test]
fn arithmetic() {
    let shown = |number: Result<BigNumber, CryptoError>| {
        number.and_then(|number| number.to_decimal()).expect("small")
    };
    assert_eq!(shown(decimal("5").add(&decimal("-7"))), "-2");
    for (a, b, quotient, remainder) in [("-7", "2", "-3", "-1"), ("7", "0", "0", "0")] {
        let (q, r) = decimal(a).divide(&decimal(b)).expect("small");
        assert_eq!((shown(Ok(q)), shown(Ok(r))), (quotient.to_owned(), remainder.to_owned()));
    }
    // Measured with nmap 7.93.
    for (a, p, m, want) in [
        ("2", "10", "1000", "24"),
        ("2", "3", "0", "0"),
        ("2", "0", "1", "0"),
        ("0", "0", "5", "1"),
        ("-2", "3", "7", "6"),
        ("2", "-3", "7", "1"),
        ("2", "3", "-7", "1"),
        ("-3", "3", "8", "5"),
        ("3", "-3", "8", "3"),
        ("3", "3", "-8", "3"),
    ] {
        assert_eq!(shown(decimal(a).power(&decimal(p), &decimal(m))), want, "{a}^{p} mod {m}");
    }
}

#[test]
fn primes() {
    for (number, safe, prime) in [
        ("23", true, true),
        ("13", false, true),
        ("5", true, true),
        ("9", false, false),
        ("2", false, true),
        ("3", false, true),
        ("1", false, false),
        ("0", false, false),
        ("-7", false, false),
        ("170141183460469231731687303715884105727", false, true),
    ] {
        assert_eq!(decimal(number).is_safe_prime(), Ok((safe, prime)), "{number}");
    }
}

#[test]
fn multiple_precision_integers() {
    // RFC 4251, section 5; the last was computed by BN_bn2mpi(3)'s description.
    for (number, want) in [
        ("0", "00000000"),
        ("9a378f9b2e332a7", "0000000809a378f9b2e332a7"),
        ("80", "000000020080"),
        ("-80", "000000028080"),
    ] {
        let number = BigNumber::from_hex(number.as_bytes()).expect("small");
        assert_eq!(hex(&number.to_mpi()), want);
    }
}

#[test]
fn bits() {
    let mut number = decimal("0");
    number.set_bit(9).expect("small");
    number.set_bit(-1).expect("nothing to do");
    assert!(number.is_bit_set(9) && !number.is_bit_set(-1) && !number.is_bit_set(1 << 40));
    assert_eq!((number.bits(), number.bytes(), number.to_bytes()), (10, 2, vec![2, 0]));
    number.clear_bit(99).expect("nothing to do");
    number.clear_bit(9).expect("small");
    assert_eq!(number.to_hex().as_deref(), Ok("0"));
    assert!(number.set_bit(i64::MAX).is_err());
}

#[test]
fn large_numbers_are_refused() {
    assert!(BigNumber::from_bytes(&[1; 200_000]).is_err());
    assert!(BigNumber::from_decimal(&[b'9'; 400_000]).is_err());
    let large = BigNumber::from_bytes(&[0xff; 5_000]).expect("not that large");
    assert!(large.power(&large, &large).is_err());
    assert!(large.is_safe_prime().is_err());
}

proptest! {
    #[test]
    fn decryption_undoes_encryption(
        key in any::<[u8; 16]>(),
        iv in any::<[u8; 16]>(),
        data in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        for name in ["aes-128-cbc", "aes-128-ctr", "aria-128-cfb", "sm4-ofb"] {
            let secret = encrypt(name, &key, &iv, &data, true)?;
            prop_assert_eq!(decrypt(name, &key, &iv, &secret, true), Ok(data.clone()));
        }
    }

    #[test]
    fn any_cipher_bears_anything(
        index in any::<prop::sample::Index>(),
        key in proptest::collection::vec(any::<u8>(), 0..70),
        right_length in any::<bool>(),
        data in proptest::collection::vec(any::<u8>(), 0..100),
        padding in any::<bool>(),
    ) {
        let names: Vec<&str> = supported_ciphers().collect();
        let name = index.get(&names);
        let key = if right_length && key.len() > 32 { &key[..32] } else { &key[..] };
        for iv in [&b""[..], b"12345678", b"123456789012", b"0123456789abcdef"] {
            let _ = encrypt(name, key, iv, &data, padding);
            let _ = decrypt(name, key, iv, &data, padding);
        }
    }

    #[test]
    fn texts_of_numbers_lead_back(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let number = BigNumber::from_bytes(&bytes)?;
        let decimal = BigNumber::from_decimal(number.to_decimal()?.as_bytes())?;
        let hexadecimal = BigNumber::from_hex(number.to_hex()?.as_bytes())?;
        prop_assert_eq!(decimal.to_bytes(), number.to_bytes());
        prop_assert_eq!(hexadecimal.to_bytes(), number.to_bytes());
        let start = bytes.iter().take_while(|byte| **byte == 0).count();
        prop_assert_eq!(number.to_bytes(), &bytes[start..]);
    }

    #[test]
    fn arithmetic_is_that_of_integers(a in any::<i64>(), b in any::<i64>(), m in 1..u32::MAX) {
        let number = |n: i128| BigNumber::from_decimal(n.to_string().as_bytes());
        let (a, b) = (i128::from(a), i128::from(b));
        prop_assert_eq!(number(a)?.add(&number(b)?)?.to_decimal()?, (a + b).to_string());
        let (q, r) = number(a)?.divide(&number(b)?)?;
        let want = a.checked_div(b).zip(a.checked_rem(b)).unwrap_or((0, 0));
        prop_assert_eq!((q.to_decimal()?, r.to_decimal()?), (want.0.to_string(), want.1.to_string()));
        let square = number(a)?.power(&number(2)?, &number(m.into())?)?;
        prop_assert_eq!(square.to_decimal()?, (a * a).rem_euclid(m.into()).to_string());
    }

    #[test]
    fn random_numbers_fit(bits in 0..200_usize, seed in any::<u8>()) {
        let bytes = vec![seed; BigNumber::bytes_for(bits)?];
        let number = BigNumber::from_random(bytes, bits)?;
        prop_assert!(usize::try_from(number.bits()).unwrap_or(usize::MAX) <= bits);
    }
}
