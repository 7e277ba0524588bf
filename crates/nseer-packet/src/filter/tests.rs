//! What filters accept, and that no text brings the compiler down.

use proptest::prelude::*;

use super::{FilterError, LinkType, compile};

/// An Ethernet frame around `payload`.
fn ether(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2, with `options` bytes of options.
fn v4(protocol: u8, options: usize, payload: &[u8]) -> Vec<u8> {
    let first = 0x45 + u8::try_from(options / 4).expect("few options");
    let length = u8::try_from(20 + options + payload.len()).expect("a short packet");
    let mut packet = vec![first, 0, 0, length, 0, 1, 0, 0, 64, protocol, 0, 0];
    packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(vec![1; options]);
    packet.extend(payload);
    ether(0x0800, &packet)
}

/// An IPv6 packet from fe80::1 to ff02::1.
fn v6(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, u8::try_from(payload.len()).expect("short"), protocol];
    packet.push(255);
    packet.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend(payload);
    ether(0x86dd, &packet)
}

fn tcp() -> Vec<u8> {
    let mut header = vec![0, 80, 4, 0];
    header.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 0, 0, 0, 0, 0, 0]);
    header
}

fn arp() -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 1];
    packet.extend([0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
    ether(0x0806, &packet)
}

#[test]
fn packets_are_told_apart() {
    // The packets, and which of them each filter accepts.
    let packets = [
        v4(6, 0, &tcp()),
        v4(6, 8, &tcp()),
        v4(17, 0, &[0, 53, 0, 68, 0, 8, 0, 0]),
        v4(1, 0, &[0, 0, 0, 0, 0, 1, 0, 1]),
        v6(58, &[129, 0, 0, 0, 0, 1, 0, 1]),
        v6(17, &[0, 53, 0, 68, 0, 8, 0, 0]),
        arp(),
        ether(0x888e, &[1, 0, 0, 0]),
    ];
    let cases: &[(&str, &[usize])] = &[
        ("", &[0, 1, 2, 3, 4, 5, 6, 7]),
        ("ip", &[0, 1, 2, 3]),
        ("ip or ip6", &[0, 1, 2, 3, 4, 5]),
        ("arp", &[6]),
        ("tcp", &[0, 1]),
        ("udp", &[2, 5]),
        ("icmp", &[3]),
        ("icmp6", &[4]),
        ("ip proto 17", &[2]),
        ("proto 17", &[2, 5]),
        ("ether proto 0x888e", &[7]),
        ("ether proto 0x888e || ether proto \\arp", &[6, 7]),
        ("host 10.0.0.1", &[0, 1, 2, 3, 6]),
        ("!host 10.0.0.1", &[4, 5, 7]),
        ("ip host 10.0.0.1", &[0, 1, 2, 3]),
        ("src host 10.0.0.2", &[]),
        ("dst host 10.0.0.2 and not arp", &[0, 1, 2, 3]),
        ("src host not 10.0.0.9 and ip proto 1", &[3]),
        ("src or dst host (10.0.0.9 or 10.0.0.2) and arp", &[6]),
        ("src and dst net 10.0.0.0/30", &[0, 1, 2, 3, 6]),
        ("net 10.0.0.0 mask 255.0.0.0 and icmp", &[3]),
        ("net 10 and arp", &[6]),
        ("src fe80::1", &[4, 5]),
        ("src net fe80::/10 and udp", &[5]),
        ("dst net ff02::1:0:0/96", &[]),
        ("tcp src port 80", &[0, 1]),
        ("src port 80 or 53", &[0, 1, 2, 5]),
        ("dst port 68 and ip", &[2]),
        ("portrange 60-80", &[0, 1, 2, 5]),
        ("ether src 02:00:00:00:00:02 and arp", &[6]),
        ("ether host 2:0:0:0:0:9", &[]),
        ("icmp[icmptype]==icmp-echoreply", &[3]),
        ("icmp6 and ip6[6:1] = 58 and ip6[40:1] = 129", &[4]),
        ("icmp6[icmp6type] = icmp6-echoreply", &[4]),
        ("tcp[tcpflags] & (tcp-syn|tcp-ack) = 18", &[0, 1]),
        ("tcp[13] & 4 != 0", &[]),
        ("ether[0x0c:2] == 0x0806 or ether[12:2] == 0x0800 and udp", &[2]),
        ("tcp and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) = 0)", &[0, 1]),
        ("tcp[(tcp[12] >> 4) - 5 : 2] = 80", &[0, 1]),
        ("len <= 42", &[2, 3, 6, 7]),
        ("greater 43 and less 54", &[0]),
        ("less 54 and greater 50 or arp", &[0, 6]),
        ("ether broadcast or ip6 multicast", &[4, 5]),
        ("-1 > ip[0] && 7 * 3 % 4 = 1", &[0, 1, 2, 3]),
    ];
    for (filter, accepted) in cases {
        let program = compile(filter, LinkType::Ethernet);
        let program = program.unwrap_or_else(|error| panic!("{filter}: {error}"));
        let found: Vec<usize> =
            (0..packets.len()).filter(|i| program.accepts(&packets[*i])).collect();
        assert_eq!(&found, accepted, "{filter}: {program:?}");
    }
}

#[test]
fn packets_without_link_header_are_read() {
    let packet = &v4(6, 0, &tcp())[14..];
    let cases = [("tcp src port 80", true), ("ip6", false), ("not arp", true), ("ip[9] = 6", true)];
    for (filter, expected) in cases {
        let program = compile(filter, LinkType::Raw).expect("a filter");
        assert_eq!(program.accepts(packet), expected, "{filter}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let syntax = ["foo bar", "tcp port", "(tcp", "tcp)", "ip[6:", "and", "not", "host 1.2.3.4/"];
    for filter in syntax {
        assert!(compile(filter, LinkType::Ethernet).is_err(), "{filter}");
    }
    let senseless = [
        "host 10.0.0.0/8",
        "net 10.0.0.1/8",
        "port 70000",
        "icmp port 3",
        "tcp host 10.0.0.1",
        "host some.name",
        "ip[0:3] = 1",
        "ip[0] / 0 = 1",
        "1 << 32 = 0",
        "02:00:00:00:00:02",
        "net ::/129",
        "net 10.0.0.0/33",
    ];
    for filter in senseless {
        let refused = compile(filter, LinkType::Ethernet);
        assert!(matches!(refused, Err(FilterError::Meaning(_))), "{filter}: {refused:?}");
    }
    let deep = "(".repeat(100_000);
    assert_eq!(compile(&deep, LinkType::Ethernet), Err(FilterError::TooLong));
}

/// What `tcpdump -d` says "expression rejects all packets" to, and what it does not.
#[test]
fn what_no_packet_can_pass_is_refused() {
    let never = [
        "ip and ip6",
        "tcp and udp",
        "arp and ip",
        "ip6 and src host 10.0.0.1",
        "(ip or arp) and ip6",
        "src host 10.0.0.1 and src host 10.0.0.2",
        "src port 80 and src port 81",
        "tcp and not ip and not ip6",
        "tcp and not tcp",
        "ip[0] = 1 and ip[0] = 2",
        "1 = 0",
        "1 + 1 > 3 or 2 - 1 = 0",
    ];
    for filter in never {
        assert_eq!(compile(filter, LinkType::Ethernet), Err(FilterError::Never), "{filter}");
    }
    assert_eq!(compile("arp", LinkType::Raw), Err(FilterError::Never));
    let possible = [
        "0 = 0",
        "len < 0",
        "ip proto 300",
        "greater 100 and less 50",
        "port 80 and port 81",
        "host 10.0.0.1 and host 10.0.0.2",
        "not (tcp and udp)",
        "tcp[0] = 1 and tcp[1] = 2",
    ];
    for filter in possible {
        assert!(compile(filter, LinkType::Ethernet).is_ok(), "{filter}");
    }
    // A search that would take too long ends: the filter counts as possible.
    let ways = vec!["(tcp or udp or icmp)"; 30].join(" and ");
    assert!(compile(&format!("{ways} and port 1"), LinkType::Ethernet).is_ok());
    let ways = vec!["(host 10.0.0.1 or port 80)"; 40].join(" and ");
    let _ = compile(&format!("{ways} and ether proto 0x88a2"), LinkType::Ethernet);
}

#[test]
fn a_long_filter_jumps_far() {
    let hosts: Vec<String> = (0..50).map(|i| format!("10.9.0.{i}")).collect();
    let filter = format!("tcp and host ({} or 10.0.0.1)", hosts.join(" or "));
    let program = compile(&filter, LinkType::Ethernet).expect("a filter");
    assert!(program.instructions().len() > 300);
    assert!(program.accepts(&v4(6, 0, &tcp())));
    assert!(!program.accepts(&v4(17, 0, &tcp())));
    for hosts in [480, 5000] {
        let filter = vec!["host 10.0.0.1"; hosts].join(" or ");
        assert_eq!(compile(&filter, LinkType::Ethernet), Err(FilterError::TooLong));
    }
}

const WORDS: &str = "(tcp|udp|ip|ip6|ether|icmp|arp|src|dst|host|net|port|portrange|proto|and|or|\
    not|len|less|greater|broadcast|multicast|mask|1|80|0x800|10\\.0\\.0\\.1|10\\.1|fe80::1|::|\
    02:00:00:00:00:02|1-5|\\(|\\)|\\[|\\]|:|/|\\+|-|&|\\||<<|=|!=|<|%|tcpflags)";

proptest! {
    #[test]
    fn any_text_is_survived(filter in "\\PC{0,60}") {
        let _ = compile(&filter, LinkType::Ethernet);
    }

    #[test]
    fn any_words_are_survived(
        words in proptest::collection::vec(WORDS, 0..20),
        packet in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        for link in [LinkType::Ethernet, LinkType::Raw] {
            if let Ok(program) = compile(&words.join(" "), link) {
                let _ = program.accepts(&packet);
            }
        }
    }
}
