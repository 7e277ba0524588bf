//! How ports are scanned and what packets look like.

use std::net::IpAddr;

use nseer_core::progress::PortScan;

use super::PlanError;
use super::check::{parsed, text};
use crate::settings::{PacketData, PingType, Settings};

/// How ports are scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanPlan {
    /// At most one for each protocol; empty where the default is to be used.
    pub types: Vec<PortScan>,
    /// The flags of `--scanflags`.
    pub flags: Option<u8>,
    /// `--privileged` or `--unprivileged`.
    pub privileged: Option<bool>,
    /// What raw packets look like.
    pub packets: PacketPlan,
}

/// What raw packets look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketPlan {
    /// The interface that they leave by.
    pub interface: Option<String>,
    /// Their source address.
    pub source: Option<IpAddr>,
    /// Their source port, not 0.
    pub source_port: Option<u16>,
    /// Their time to live.
    pub ttl: Option<u8>,
    /// What they carry.
    pub data: PacketBytes,
    /// Their checksums are wrong.
    pub bad_checksum: bool,
}

/// What raw packets carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PacketBytes {
    /// Nothing.
    #[default]
    None,
    /// These bytes.
    Fixed(Vec<u8>),
    /// So many random ones.
    Random(usize),
}

impl PacketBytes {
    /// How many there are.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            PacketBytes::None => 0,
            PacketBytes::Fixed(bytes) => bytes.len(),
            PacketBytes::Random(length) => *length,
        }
    }
}

/// More than this does not fit an Ethernet frame together with the headers.
const MOST_DATA: usize = 1400;

/// Reads what was typed.
pub(super) fn scan(settings: &Settings) -> Result<ScanPlan, PlanError> {
    one_each(&settings.scan_types)?;
    let flags = match text("--scanflags", settings.scan_flags.as_ref())? {
        Some(text) => Some(flags(&text).ok_or(PlanError::ScanFlags { value: text })?),
        None => None,
    };
    Ok(ScanPlan {
        types: settings.scan_types.clone(),
        flags,
        privileged: settings.privileged,
        packets: PacketPlan {
            interface: text("-e", settings.interface.as_ref())?,
            source: parsed("-S", settings.source_address.as_ref(), "an address", |_| true)?,
            source_port: parsed(
                "-g",
                settings.source_port.as_ref(),
                "a port number, 1 to 65535,",
                |port| *port != 0,
            )?,
            ttl: parsed("--ttl", settings.ttl.as_ref(), "a number from 0 to 255", |_| true)?,
            data: data(settings)?,
            bad_checksum: settings.bad_checksum,
        },
    })
}

fn one_each(types: &[PortScan]) -> Result<(), PlanError> {
    if types.contains(&PortScan::Protocol)
        && let Some(other) = types.iter().find(|kind| **kind != PortScan::Protocol)
    {
        return Err(PlanError::ProtocolsAlone { other: scan_option(*other) });
    }
    for (protocol, is_of) in [
        ("TCP", (|t| is_tcp(*t)) as fn(&PortScan) -> bool),
        ("SCTP", is_sctp as fn(&PortScan) -> bool),
    ] {
        let names: Vec<&str> = types.iter().filter(|t| is_of(t)).map(|t| scan_option(*t)).collect();
        if let [first, second, ..] = names[..] {
            return Err(PlanError::TwoScans { protocol, first, second });
        }
    }
    Ok(())
}

/// True for scans whose ports are TCP's.
pub(super) fn is_tcp(kind: PortScan) -> bool {
    !matches!(kind, PortScan::Udp | PortScan::Protocol) && !is_sctp(&kind)
}

fn is_sctp(kind: &PortScan) -> bool {
    matches!(kind, PortScan::SctpInit | PortScan::SctpCookieEcho)
}

/// The option that asks for a scan.
#[must_use]
pub fn scan_option(scan: PortScan) -> &'static str {
    match scan {
        PortScan::Connect => "-sT",
        PortScan::Syn => "-sS",
        PortScan::Ack => "-sA",
        PortScan::Window => "-sW",
        PortScan::Maimon => "-sM",
        PortScan::Null => "-sN",
        PortScan::Fin => "-sF",
        PortScan::Xmas => "-sX",
        PortScan::Udp => "-sU",
        PortScan::SctpInit => "-sY",
        PortScan::SctpCookieEcho => "-sZ",
        PortScan::Protocol => "-sO",
    }
}

impl PingType {
    /// The option that asks for it.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            PingType::Syn => "-PS",
            PingType::Ack => "-PA",
            PingType::Udp => "-PU",
            PingType::Sctp => "-PY",
            PingType::Echo => "-PE",
            PingType::Timestamp => "-PP",
            PingType::AddressMask => "-PM",
            PingType::Protocol => "-PO",
        }
    }
}

const FLAGS: [(&str, u8); 10] = [
    ("FIN", 0x01),
    ("SYN", 0x02),
    ("RST", 0x04),
    ("PSH", 0x08),
    ("ACK", 0x10),
    ("URG", 0x20),
    ("ECE", 0x40),
    ("CWR", 0x80),
    ("ALL", 0xFF),
    ("NONE", 0),
];

/// Names one after another in any case, or a number.
fn flags(text: &str) -> Option<u8> {
    if let Some(hex) = text.strip_prefix("0x") {
        return u8::from_str_radix(hex, 16).ok();
    }
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let upper = text.to_ascii_uppercase();
    let mut rest = upper.as_str();
    let mut flags = 0;
    while !rest.is_empty() {
        // Commas between names do no harm.
        rest = rest.trim_start_matches(',');
        let (after, flag) =
            FLAGS.iter().find_map(|(name, flag)| Some((rest.strip_prefix(name)?, flag)))?;
        flags |= flag;
        rest = after;
    }
    (!text.is_empty()).then_some(flags)
}

fn data(settings: &Settings) -> Result<PacketBytes, PlanError> {
    let Some((kind, value)) = settings.packet_data.last() else { return Ok(PacketBytes::None) };
    if settings.packet_data.iter().any(|(other, _)| other != kind) {
        return Err(PlanError::TwoKindsOfData);
    }
    let (option, bytes) = match kind {
        PacketData::Random => {
            let wanted = "a number from 0 to 1400";
            let length = parsed("--data-length", Some(value), wanted, |n| *n <= MOST_DATA)?;
            return Ok(PacketBytes::Random(length.unwrap_or(0)));
        }
        PacketData::Text => ("--data-string", Some(value.as_encoded_bytes().to_vec())),
        PacketData::Hex => ("--data", value.to_str().and_then(hex)),
    };
    match bytes {
        Some(bytes) if bytes.len() <= MOST_DATA => Ok(PacketBytes::Fixed(bytes)),
        _ => Err(PlanError::Number {
            option,
            value: value.to_string_lossy().into_owned(),
            wanted: if *kind == PacketData::Hex {
                "a list of at most 1400 pairs of hexadecimal digits"
            } else {
                "a text of at most 1400 bytes"
            },
        }),
    }
}

/// `0xAABB`, `AABB` or `\xAA\xBB`.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = match text.strip_prefix("0x") {
        Some(digits) => digits.to_owned(),
        None => text.replace("\\x", ""),
    };
    let digits = digits.as_bytes();
    if digits.is_empty() || digits.len() % 2 != 0 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_by_name_and_number() {
        for (text, want) in [
            ("SYNFIN", Some(3)),
            ("synfin", Some(3)),
            ("urg,ack", Some(0x30)),
            ("18", Some(18)),
            ("0x3f", Some(0x3F)),
            ("NONE", Some(0)),
            ("ALL", Some(255)),
            ("", None),
            ("SYNX", None),
            ("256", None),
            ("0x", None),
        ] {
            assert_eq!(flags(text), want, "{text}");
        }
    }

    #[test]
    fn bytes_by_digits() {
        for (text, want) in [
            ("0xdeAD", Some(vec![0xDE, 0xAD])),
            ("00ff", Some(vec![0, 255])),
            (r"\x01\x02", Some(vec![1, 2])),
            ("0x1", None),
            ("zz", None),
            ("+1", None),
            ("", None),
        ] {
            assert_eq!(hex(text), want, "{text}");
        }
    }
}
