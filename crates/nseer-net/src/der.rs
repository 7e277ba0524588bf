//! As much of DER (X.690) as finding a certificate's extensions and times needs.

/// One extension as it stands in the certificate (RFC 5280 section 4.1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawExtension<'a> {
    /// The content of its object identifier.
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The first part of the certificate's body, where it is not version 1.
const VERSION: u8 = 0xa0;
/// The third optional part of the certificate's body.
const EXTENSIONS: u8 = 0xa3;

/// The extensions of a certificate, in order; `None` where it is not well-formed.
pub(crate) fn extensions(certificate: &[u8]) -> Option<Vec<RawExtension<'_>>> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut body, _) = expect(certificate, SEQUENCE)?;
    while !body.is_empty() {
        let (tag, content, rest) = element(body)?;
        if tag == EXTENSIONS {
            let (mut list, _) = expect(content, SEQUENCE)?;
            let mut found = Vec::new();
            while !list.is_empty() {
                let (one, rest) = expect(list, SEQUENCE)?;
                found.push(extension(one)?);
                list = rest;
            }
            return Some(found);
        }
        body = rest;
    }
    Some(Vec::new())
}

/// The contents of the two times of a certificate's validity; `None` where it is not well-formed.
pub(crate) fn validity(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut body, _) = expect(certificate, SEQUENCE)?;
    if let (VERSION, _, rest) = element(body)? {
        body = rest;
    }
    // Serial number, algorithm of the signature, issuer.
    for _ in 0..3 {
        (_, _, body) = element(body)?;
    }
    let (times, _) = expect(body, SEQUENCE)?;
    let (_, begin, times) = element(times)?;
    let (_, end, _) = element(times)?;
    Some((begin, end))
}

fn extension(content: &[u8]) -> Option<RawExtension<'_>> {
    let (oid, rest) = expect(content, OBJECT_IDENTIFIER)?;
    let (critical, rest) = match element(rest)? {
        (BOOLEAN, content, rest) => (content != [0], rest),
        _ => (false, rest),
    };
    let (value, _) = expect(rest, OCTET_STRING)?;
    Some(RawExtension { oid, critical, value })
}

/// The arcs of an object identifier (X.690 section 8.19); an arc over 128 bits ends the list.
pub(crate) fn arcs(oid: &[u8]) -> Vec<u128> {
    let mut arcs = Vec::new();
    let mut arc: u128 = 0;
    for byte in oid {
        if arc.leading_zeros() < 7 {
            break;
        }
        arc = arc << 7 | u128::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if arcs.is_empty() {
            // The first two arcs share a number.
            let first = (arc / 40).min(2);
            arcs.push(first);
            arc -= first * 40;
        }
        arcs.push(arc);
        arc = 0;
    }
    arcs
}

/// Content of an element that must have `tag`, and what follows it.
fn expect(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(input).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// Tag, content and what follows. Tags of several bytes and indefinite lengths are not DER that a
/// certificate has at this level.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let bytes = usize::from(first & 0x7f);
        if bytes == 0 || bytes > 4 || tag & 0x1f == 0x1f {
            return None;
        }
        let (digits, after) = rest.split_at_checked(bytes)?;
        length = digits.iter().fold(0, |n, digit| n << 8 | usize::from(*digit));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn arcs_of_object_identifiers() {
        let check = |oid: &[u8], want: &[u128]| assert_eq!(arcs(oid), want, "{oid:02x?}");
        check(&[0x55, 0x1d, 0x11], &[2, 5, 29, 17]);
        check(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d], &[1, 2, 840, 113_549]);
        check(&[0x88, 0x37, 0x03], &[2, 999, 3]);
        check(&[0x2a, 0x80], &[1, 2]);
        check(&[], &[]);
    }

    #[test]
    fn long_and_broken_lengths() {
        let check = |input: &[u8], want: Option<(u8, usize, usize)>| {
            let found = element(input).map(|(tag, content, rest)| (tag, content.len(), rest.len()));
            assert_eq!(found, want, "{input:02x?}");
        };
        check(&[4, 1, 9, 7], Some((4, 1, 1)));
        check(&[4, 0x81, 1, 9], Some((4, 1, 0)));
        check(&[4, 2, 9], None);
        check(&[4, 0x80, 0, 0], None);
        check(&[4, 0x85, 0, 0, 0, 0, 0], None);
        check(&[4, 0x84, 0xff, 0xff, 0xff, 0xff], None);
        check(&[4], None);
    }

    proptest! {
        #[test]
        fn hostile_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let inside = extensions(&bytes).unwrap_or_default();
            let length: usize = inside.iter().map(|e| e.oid.len() + e.value.len()).sum();
            prop_assert!(length <= bytes.len());
            let (begin, end) = validity(&bytes).unwrap_or_default();
            prop_assert!(begin.len() + end.len() <= bytes.len());
            prop_assert!(arcs(&bytes).len() <= bytes.len() + 1);
        }
    }
}
