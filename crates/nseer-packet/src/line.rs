//! A packet as one line of text, in the form that `--packet-trace` of Nmap has, so that what reads such
//! lines reads ours. Fields after RFC 791, 792, 768, 826, 4443, 8200, 9260 and 9293.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::summary::array;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP_V6: u8 = 58;
const SCTP: u8 = 132;

/// The line for an IP or ARP packet, without its link header. What is cut off is left out.
#[must_use]
pub fn packet_line(packet: &[u8]) -> String {
    let line = match packet.first().map_or(0, |byte| byte >> 4) {
        4 => v4(packet),
        6 => v6(packet),
        _ => arp(packet),
    };
    line.unwrap_or_else(|| format!("{} bytes that are no packet", packet.len()))
}

/// The number of bytes that a packet says it has, which may be more than are here.
#[must_use]
pub fn packet_length(packet: &[u8]) -> usize {
    let told = match packet.first().map_or(0, |byte| byte >> 4) {
        4 => word(packet, 2).map(usize::from),
        6 => word(packet, 4).map(|payload| usize::from(payload) + 40),
        _ => None,
    };
    told.unwrap_or(packet.len())
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

fn v4(packet: &[u8]) -> Option<String> {
    let header = usize::from(packet.first()? & 15) * 4;
    let data = packet.get(header.max(20)..)?;
    let source = Ipv4Addr::from(array::<4>(packet, 12)?).to_string();
    let target = Ipv4Addr::from(array::<4>(packet, 16)?).to_string();
    let (ttl, protocol) = (packet.get(8)?, *packet.get(9)?);
    let ip = format!("ttl={ttl} id={} iplen={}", word(packet, 4)?, word(packet, 2)?);
    let is_first = word(packet, 6)? & 0x1FFF == 0;
    if protocol == ICMP && is_first {
        let says = icmp(data).unwrap_or_else(|| "(incomplete)".to_owned());
        return Some(format!("ICMP [{source} > {target} {says}] IP [{ip} ]"));
    }
    let transport = transport(protocol, data, (&source, &target), &format!("{ip} "));
    transport.filter(|_| is_first).or_else(|| {
        let name = protocol_name(protocol);
        Some(format!("{name} ({protocol}) {source} > {target}: {ip} "))
    })
}

fn v6(packet: &[u8]) -> Option<String> {
    let data = packet.get(40..)?;
    let source = Ipv6Addr::from(array::<16>(packet, 8)?).to_string();
    let target = Ipv6Addr::from(array::<16>(packet, 24)?).to_string();
    let (protocol, hops) = (*packet.get(6)?, packet.get(7)?);
    let flow = long(packet, 0)? & 0x000F_FFFF;
    let ip = format!("hopl={hops} flow={flow:x} payloadlen={}", word(packet, 4)?);
    if protocol == ICMP_V6 {
        let (kind, code) = (data.first()?, data.get(1)?);
        return Some(format!("ICMPv6 (58) {source} > {target} (type={kind}/code={code}) {ip}"));
    }
    transport(protocol, data, (&source, &target), &ip).or_else(|| {
        let name = protocol_name(protocol);
        Some(format!("{name} ({protocol}) {source} > {target}: {ip}"))
    })
}

/// A packet of a protocol with ports.
fn transport(protocol: u8, data: &[u8], (from, to): (&str, &str), ip: &str) -> Option<String> {
    let name = match protocol {
        TCP => "TCP",
        UDP => "UDP",
        SCTP => "SCTP",
        _ => return None,
    };
    let head = format!("{name} {from}:{} > {to}:{}", word(data, 0)?, word(data, 2)?);
    if protocol != TCP {
        return Some(format!("{head} {ip}"));
    }
    let (sequence, window) = (long(data, 4)?, word(data, 14)?);
    let flags = flags(*data.get(13)?);
    let header = usize::from(data.get(12)? >> 4) * 4;
    let options = data.get(20..header.min(data.len())).map(options).unwrap_or_default();
    Some(format!("{head} {flags} {ip} seq={sequence} win={window} {options}"))
}

/// One letter for each flag that is set.
fn flags(set: u8) -> String {
    let letters =
        [(2, 'S'), (1, 'F'), (4, 'R'), (8, 'P'), (16, 'A'), (32, 'U'), (64, 'E'), (128, 'C')];
    letters.iter().filter(|(bit, _)| set & bit != 0).map(|(_, letter)| *letter).collect()
}

/// `<mss 1460,nop,wscale 7>`, or nothing.
fn options(mut bytes: &[u8]) -> String {
    let mut texts: Vec<String> = Vec::new();
    while let [kind, rest @ ..] = bytes {
        let length = match kind {
            0 => {
                texts.push("eol".to_owned());
                break;
            }
            1 => 1,
            _ => usize::from(rest.first().copied().unwrap_or(0)).max(2),
        };
        let value = bytes.get(2..length).unwrap_or_default();
        texts.push(match (kind, value) {
            (1, _) => "nop".to_owned(),
            (2, &[high, low]) => format!("mss {}", u16::from_be_bytes([high, low])),
            (3, &[shift]) => format!("wscale {shift}"),
            (4, _) => "sackOK".to_owned(),
            (8, _) if value.len() == 8 => {
                let part = |at| long(value, at).unwrap_or_default();
                format!("timestamp {} {}", part(0), part(4))
            }
            (kind, _) => format!("opt-{kind}"),
        });
        bytes = bytes.get(length..).unwrap_or_default();
    }
    if texts.is_empty() { String::new() } else { format!("<{}>", texts.join(",")) }
}

/// What an ICMP message says, with a blank at its end where it is an error.
fn icmp(data: &[u8]) -> Option<String> {
    let (kind, code) = (*data.first()?, *data.get(1)?);
    let ids = || Some(format!("id={} seq={}", word(data, 4)?, word(data, 6)?));
    let number = format!("(type={kind}/code={code})");
    Some(match kind {
        0 => format!("Echo reply {number} {}", ids()?),
        8 => format!("Echo request {number} {}", ids()?),
        13 | 14 => {
            let what = if kind == 13 { "request" } else { "reply" };
            let times = [8, 12, 16].map(|at| long(data, at).unwrap_or_default());
            let [sent, received, answered] = times;
            format!(
                "Timestamp {what} {number} {} orig={sent} recv={received} trans={answered}",
                ids()?
            )
        }
        17 | 18 => {
            let what = if kind == 17 { "request" } else { "reply" };
            let mask = Ipv4Addr::from(long(data, 8).unwrap_or_default());
            format!("Address mask {what} {number} {} mask={mask}", ids()?)
        }
        3 => format!("{} {number} ", unreachable(code, data.get(8..)?)),
        11 => {
            format!("TTL=0 during {} {number} ", if code == 0 { "transit" } else { "reassembly" })
        }
        _ => format!("Unknown {number} "),
    })
}

/// What cannot be reached, with what the error quotes.
fn unreachable(code: u8, quoted: &[u8]) -> String {
    let header = usize::from(quoted.first().copied().unwrap_or(0x45) & 15) * 4;
    let port = word(quoted, header + 2);
    match (code, port) {
        (0, _) => "Network unreachable".to_owned(),
        (1, _) => "Host unreachable".to_owned(),
        (2, _) => match quoted.get(9) {
            Some(protocol) => format!("Protocol {protocol} unreachable"),
            None => "Protocol unreachable".to_owned(),
        },
        (3, Some(port)) => format!("Port {port} unreachable"),
        (3, None) => "Port unreachable".to_owned(),
        (9 | 10 | 13, _) => "Communication administratively prohibited".to_owned(),
        _ => "Destination unreachable".to_owned(),
    }
}

fn arp(packet: &[u8]) -> Option<String> {
    let address = |at| array::<4>(packet, at).map(Ipv4Addr::from);
    match word(packet, 6)? {
        1 => Some(format!("ARP who-has {} tell {}", address(24)?, address(14)?)),
        2 => {
            let mut line = format!("ARP reply {} is-at ", address(14)?);
            for (at, byte) in array::<6>(packet, 8)?.iter().enumerate() {
                let colon = if at == 0 { "" } else { ":" };
                // Writing to a string cannot fail.
                let _ = write!(line, "{colon}{byte:02X}");
            }
            Some(line)
        }
        other => Some(format!("ARP operation {other}")),
    }
}

/// Names of the IANA's registry of protocol numbers, of those that are seen.
fn protocol_name(protocol: u8) -> &'static str {
    match protocol {
        0 => "hopopt",
        1 => "icmp",
        2 => "igmp",
        4 => "ipv4",
        6 => "tcp",
        17 => "udp",
        41 => "ipv6",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        89 => "ospfigp",
        132 => "sctp",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::probe::{Envelope, Payload, arp_request, build, tcp_flags};

    fn line(source: &str, target: &str, payload: &Payload<'_>) -> String {
        let of = |text: &str| text.parse::<IpAddr>().expect(text);
        let envelope = Envelope {
            source: of(source),
            destination: of(target),
            ttl: 44,
            id: 7,
            padding: &[],
            bad_checksum: false,
        };
        packet_line(&build(&envelope, payload).expect("there is such a packet"))
    }

    #[test]
    fn lines_are_those_that_readers_of_packet_traces_know() {
        let syn = Payload::Tcp {
            source: 54_560,
            destination: 22,
            sequence: 462_017_907,
            acknowledgement: 0,
            flags: tcp_flags::SYN,
        };
        let said = line("10.9.0.1", "10.9.0.2", &syn);
        let expected =
            "TCP 10.9.0.1:54560 > 10.9.0.2:22 S ttl=44 id=7 iplen=44  seq=462017907 win=";
        assert!(said.starts_with(expected) && said.ends_with(" <mss 1460>"), "{said}");
        let said = line("fd00::1", "fd00::2", &syn);
        let expected = "TCP fd00::1:54560 > fd00::2:22 S hopl=44 flow=";
        assert!(said.starts_with(expected), "{said}");
        assert!(said.contains(" payloadlen=24 seq=462017907 win="), "{said}");
        let udp = Payload::Udp { source: 9, destination: 53, data: b"abc" };
        let expected = "UDP 10.9.0.1:9 > 10.9.0.2:53 ttl=44 id=7 iplen=31 ";
        assert_eq!(line("10.9.0.1", "10.9.0.2", &udp), expected);
        let echo = Payload::Echo { id: 9, sequence: 1 };
        let expected = "ICMP [10.9.0.1 > 10.9.0.2 Echo request (type=8/code=0) id=9 seq=1] \
            IP [ttl=44 id=7 iplen=28 ]";
        assert_eq!(line("10.9.0.1", "10.9.0.2", &echo), expected);
        let igmp = line("10.9.0.1", "10.9.0.2", &Payload::Igmp);
        assert!(igmp.starts_with("igmp (2) 10.9.0.1 > 10.9.0.2: ttl="), "{igmp}");
        let arp = arp_request([2, 0, 0, 0, 0, 1], [10, 9, 0, 1].into(), [10, 9, 0, 2].into());
        assert_eq!(packet_line(&arp[14..]), "ARP who-has 10.9.0.2 tell 10.9.0.1");
    }

    #[test]
    fn an_error_names_the_port_that_it_quotes() {
        let of = |last| IpAddr::from([10, 9, 0, last]);
        let envelope = Envelope {
            source: of(1),
            destination: of(2),
            ttl: 64,
            id: 1,
            padding: &[],
            bad_checksum: false,
        };
        let udp = Payload::Udp { source: 9, destination: 53, data: &[] };
        let quoted = build(&envelope, &udp).expect("a datagram");
        let mut error = vec![3, 3, 0, 0, 0, 0, 0, 0];
        error.extend(quoted);
        assert_eq!(icmp(&error).as_deref(), Some("Port 53 unreachable (type=3/code=3) "));
        error[1] = 2;
        assert_eq!(icmp(&error).as_deref(), Some("Protocol 17 unreachable (type=3/code=2) "));
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_line(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            prop_assert!(!packet_line(&bytes).contains('\n'));
            let _ = packet_length(&bytes);
        }

        #[test]
        fn a_packet_that_is_cut_off_has_a_line(version in 4_u8..7, mut bytes in proptest::collection::vec(any::<u8>(), 1..100)) {
            bytes[0] = version << 4 | bytes[0] & 15;
            prop_assert!(!packet_line(&bytes).is_empty());
        }
    }
}
