//! Certificate extensions in OpenSSL's text form, cut out of OpenSSL's text of the certificate.

use openssl::asn1::Asn1Object;
use openssl::nid::Nid;
use openssl::x509::X509Ref;

use crate::der::{self, RawExtension};

/// One extension (RFC 5280 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// OpenSSL's long name, or the numbers of its object identifier.
    pub name: String,
    /// A client that does not know it must not accept the certificate.
    pub critical: bool,
    /// Its text; an error where OpenSSL has no text form for it. Bytes that are not UTF-8 have
    /// become U+FFFD.
    pub value: Result<String, ()>,
}

/// Where the part about extensions begins and ends, and how deep its lines are indented
/// (X509_print(3)).
const BEGIN: &str = "        X509v3 extensions:\n";
const END: &str = "    Signature Algorithm: ";
const HEADING_INDENT: &str = "            ";
const VALUE_INDENT: &str = "                ";

/// The extensions of a certificate in order. `der` is its encoding; none are given where that is
/// beyond DER, as only deliberately broken certificates are.
pub(crate) fn extensions(certificate: &X509Ref, der: &[u8]) -> Vec<Extension> {
    let raw = der::extensions(der).unwrap_or_default();
    if raw.is_empty() {
        return Vec::new();
    }
    let text = certificate.to_text().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let part = part(&text).unwrap_or_default();
    let headings: Vec<(String, String)> = raw.iter().map(name_and_heading).collect();

    let mut rest = part.strip_prefix(&headings[0].1);
    let mut found = Vec::new();
    for (i, extension) in raw.iter().enumerate() {
        let value = match (rest, headings.get(i + 1)) {
            (Some(text), Some((_, next))) => {
                let cut = text.split_once(&format!("\n{next}"));
                rest = cut.map(|(_, after)| after);
                cut.map(|(value, _)| value)
            }
            (text, _) => text,
        };
        found.push(Extension {
            name: headings[i].0.clone(),
            critical: extension.critical,
            value: value.ok_or(()).and_then(|value| plain(value, extension.value)),
        });
    }
    found
}

/// The part of a certificate's text that is about extensions.
fn part(text: &str) -> Option<&str> {
    let (_, after) = text.split_once(BEGIN)?;
    // A value may look like the end; the last one is it.
    after.rfind(&format!("\n{END}")).map(|end| &after[..end])
}

fn name_and_heading(extension: &RawExtension<'_>) -> (String, String) {
    let arcs: Vec<String> = der::arcs(extension.oid).iter().map(ToString::to_string).collect();
    let numbers = arcs.join(".");
    let nid = Asn1Object::from_str(&numbers).map_or(Nid::UNDEF, |object| object.nid());
    let name = match nid.long_name() {
        Ok(name) if nid != Nid::UNDEF => name.to_owned(),
        _ => numbers,
    };
    let critical = if extension.critical { "critical" } else { "" };
    let heading = format!("{HEADING_INDENT}{name}: {critical}\n");
    (name, heading)
}

/// A value without its indent. An error where it is only what OpenSSL falls back to: the printable
/// bytes of the encoding.
fn plain(value: &str, encoding: &[u8]) -> Result<String, ()> {
    let value = value.strip_suffix('\n').unwrap_or(value);
    let mut lines = value.split('\n').map(|line| line.strip_prefix(VALUE_INDENT).unwrap_or(line));
    let first = lines.next().unwrap_or_default().to_owned();
    let text = lines.fold(first, |text, line| text + "\n" + line);
    if text == printable(encoding) { Err(()) } else { Ok(text) }
}

/// Bytes as ASN1_STRING_print(3) shows them.
fn printable(bytes: &[u8]) -> String {
    let shown = |byte: &u8| match byte {
        b'\n' | b'\r' | b' '..=b'~' => char::from(*byte),
        _ => '.',
    };
    bytes.iter().map(shown).collect()
}
