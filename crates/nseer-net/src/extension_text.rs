//! Certificate extensions in the text form that OpenSSL's users know.

use std::net::IpAddr;

use openssl::nid::Nid;
use openssl::asn1::Asn1Object;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};

/// One extension (RFC 5280 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// OpenSSL's long name, or the numbers of its object identifier.
    pub name: String,
    /// A client that does not know it must not accept the certificate.
    pub critical: bool,
    /// Its text; an error where there is no text form for it here.
    pub value: Result<String, ()>,
}

pub(crate) fn extensions(certificate: &X509Certificate<'_>) -> Vec<Extension> {
    certificate
        .extensions()
        .iter()
        .map(|extension| Extension {
            name: name_of(&extension.oid.to_id_string()),
            critical: extension.critical,
            value: text(extension.parsed_extension()),
        })
        .collect()
}

fn name_of(oid: &str) -> String {
    let nid = Asn1Object::from_str(oid).map_or(Nid::UNDEF, |object| object.nid());
    match nid.long_name() {
        Ok(name) if nid != Nid::UNDEF => name.to_owned(),
        _ => oid.to_owned(),
    }
}

fn text(extension: &ParsedExtension<'_>) -> Result<String, ()> {
    Ok(match extension {
        ParsedExtension::SubjectAlternativeName(names) => general_names(&names.general_names)?,
        ParsedExtension::IssuerAlternativeName(names) => general_names(&names.general_names)?,
        ParsedExtension::BasicConstraints(constraints) => {
            let ca = if constraints.ca { "CA:TRUE" } else { "CA:FALSE" };
            match constraints.path_len_constraint {
                Some(length) => format!("{ca}, pathlen:{length}"),
                None => ca.to_owned(),
            }
        }
        ParsedExtension::KeyUsage(usage) => {
            let names = [
                (usage.digital_signature(), "Digital Signature"),
                (usage.non_repudiation(), "Non Repudiation"),
                (usage.key_encipherment(), "Key Encipherment"),
                (usage.data_encipherment(), "Data Encipherment"),
                (usage.key_agreement(), "Key Agreement"),
                (usage.key_cert_sign(), "Certificate Sign"),
                (usage.crl_sign(), "CRL Sign"),
                (usage.encipher_only(), "Encipher Only"),
                (usage.decipher_only(), "Decipher Only"),
            ];
            joined(names)
        }
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let names = [
                (usage.server_auth, "TLS Web Server Authentication"),
                (usage.client_auth, "TLS Web Client Authentication"),
                (usage.code_signing, "Code Signing"),
                (usage.email_protection, "E-mail Protection"),
                (usage.time_stamping, "Time Stamping"),
                (usage.ocsp_signing, "OCSP Signing"),
                (usage.any, "Any Extended Key Usage"),
            ];
            if !usage.other.is_empty() {
                return Err(());
            }
            joined(names)
        }
        ParsedExtension::SubjectKeyIdentifier(id) => hex(id.0),
        ParsedExtension::AuthorityKeyIdentifier(id) if id.authority_cert_issuer.is_none() => {
            id.key_identifier.as_ref().map(|id| hex(id.0)).ok_or(())?
        }
        _ => return Err(()),
    })
}

fn joined<const N: usize>(names: [(bool, &str); N]) -> String {
    let set: Vec<&str> = names.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    set.join(", ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")
}

fn general_names(names: &[GeneralName<'_>]) -> Result<String, ()> {
    let texts = names.iter().map(|name| {
        Ok(match name {
            GeneralName::DNSName(name) => format!("DNS:{name}"),
            GeneralName::RFC822Name(name) => format!("email:{name}"),
            GeneralName::URI(uri) => format!("URI:{uri}"),
            GeneralName::RegisteredID(oid) => format!("Registered ID:{}", oid.to_id_string()),
            GeneralName::IPAddress(bytes) => format!("IP Address:{}", address(bytes)),
            _ => return Err(()),
        })
    });
    Ok(texts.collect::<Result<Vec<_>, ()>>()?.join(", "))
}

/// OpenSSL writes all eight groups of an IPv6 address.
fn address(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return IpAddr::from(v4).to_string();
    }
    if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        let groups = v6.chunks(2).map(|g| format!("{:X}", u16::from_be_bytes([g[0], g[1]])));
        return groups.collect::<Vec<_>>().join(":");
    }
    "<invalid>".to_owned()
}
