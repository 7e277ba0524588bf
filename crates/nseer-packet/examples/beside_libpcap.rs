//! Compares the filter compiler with libpcap's, as `tcpdump -ddd` prints its programs: both run
//! over the same made-up packets. `-O` leaves its program in the order of the filter, which matters
//! for packets that are cut short. For development only; needs tcpdump.
//!
//! `cargo run -p nseer-packet --example beside_libpcap` (with filters of one's own as arguments).
#![allow(clippy::print_stdout, reason = "a program for developers")]

use std::process::Command;

use nseer_packet::filter::{Instruction, LinkType, Program, compile};

/// Filters of the forms that scripts use.
const FILTERS: &[&str] = &[
    "",
    "ip",
    "ip or ip6",
    "arp",
    "icmp",
    "icmp6",
    "tcp",
    "udp",
    "proto 89",
    "ether proto 0x88a2 && !ether src 02:00:00:00:00:02",
    "ip && udp dst port 68",
    "ip proto 88 and (ip dst host 10.0.0.2 or 224.0.0.10)",
    "ip proto 2",
    "!host 10.0.0.1",
    "host fe80::1",
    "ip proto 89 and not (ip src host 10.0.0.1)",
    "ip proto 103 and dst host 224.0.0.13 and src host not 10.0.0.1",
    "dst host 10.0.0.2 and icmp[icmptype]==icmp-echoreply",
    "ip && udp && port 53 && greater 57",
    "ether proto 0x888e",
    "ether proto 0x20",
    "icmp and dst host 10.0.0.2",
    "icmp6 and dst host fe80::2",
    "src host 10.0.0.1 and tcp src port 80",
    "ether src 02:00:00:00:00:02 and icmp and ( icmp[0] = 0 or icmp[0] = 5 ) and dst 10.0.0.2",
    "tcp and dst host 10.0.0.2 and src host 10.0.0.1 and src port 80",
    "ip6 and src host fe80::1",
    "dst host 10.0.0.2 and (icmp or (udp and src host 10.0.0.1 and src port 53))",
    "src host 10.0.0.1 and udp and src port 53 and dst port 68",
    "icmp6 and ip6[6:1] = 58 and ip6[40:1] = 129",
    "src ::0/128 and dst net ff02::1:0:0/96 and icmp6 and ip6[6:1] = 58 and ip6[40:1] = 135",
    "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
    "ip6[40:1] == 58",
    "ether[0x0c:2] == 0x8863 or ether[0x0c:2] == 0x8864 and ether dst 02:00:00:00:00:01",
    "arp[6:2] = 2 and ether dst 020000000001",
    "net 10.0.0.0/8",
    "net 10.0",
    "src net 10.0.0.0 mask 255.255.255.0",
    "src and dst net 10",
    "src or dst host 10.0.0.2",
    "portrange 50-90",
    "src portrange 53-80 or dst port 68",
    "port 80 or 53",
    "tcp[tcpflags] & (tcp-syn|tcp-ack) != 0",
    "ether broadcast or ip multicast or ip6 multicast",
    "less 40",
    "len > 45 and not tcp",
    "udp[4:2] > 8 - 1 * 2",
    "ip[0] & 0xf > 5",
    "rarp or igmp or pim or sctp or esp or ah or vrrp",
    "tcp or udp and not port 53",
    "not tcp and not udp or port 80",
];

/// How many packets each filter sees.
const PACKETS: usize = 20_000;

fn main() {
    let own: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<&str> =
        if own.is_empty() { FILTERS.to_vec() } else { own.iter().map(String::as_str).collect() };
    let mut random = 0x2545_f491_4f6c_dd1d;
    let packets: Vec<Vec<u8>> = (0..PACKETS).map(|_| packet(&mut random)).collect();
    let mut different = 0;
    for filter in filters {
        let (ours, theirs) = (compile(filter, LinkType::Ethernet), libpcap(filter));
        let (Ok(ours), Some(theirs)) = (&ours, &theirs) else {
            println!("{filter:?}: ours {:?}, libpcap {}", ours.err(), theirs.is_some());
            different += 1;
            continue;
        };
        let accepted = packets.iter().filter(|packet| theirs.accepts(packet)).count();
        let wrong = packets.iter().find(|packet| ours.accepts(packet) != theirs.accepts(packet));
        let lengths = (ours.instructions().len(), theirs.instructions().len());
        println!("{filter:?}: {accepted} accepted, {lengths:?} instructions");
        if let Some(packet) = wrong {
            println!("  DIFFERENT: {packet:02x?}");
            different += 1;
        }
    }
    println!("{different} differ");
    assert_eq!(different, 0, "see above");
}

fn libpcap(filter: &str) -> Option<Program> {
    let output =
        Command::new("tcpdump").args(["-O", "-ddd", "-y", "EN10MB", filter]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let instruction = |line: &str| {
        let numbers: Option<Vec<u32>> = line.split(' ').map(|word| word.parse().ok()).collect();
        let [code, if_true, if_false, operand] = numbers?[..] else { return None };
        Some(Instruction {
            code: code.try_into().ok()?,
            if_true: if_true.try_into().ok()?,
            if_false: if_false.try_into().ok()?,
            operand,
        })
    };
    let instructions: Option<Vec<Instruction>> = text.lines().skip(1).map(instruction).collect();
    instructions.filter(|list| !list.is_empty()).map(Program::from_instructions)
}

/// xorshift (Marsaglia 2003): the same packets every time.
fn below(random: &mut u64, limit: usize) -> usize {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    usize::try_from(*random >> 33).unwrap_or(0) % limit
}

fn one_of<T: Copy>(random: &mut u64, from: &[T]) -> T {
    from[below(random, from.len())]
}

/// A packet whose fields often are those that the filters ask for.
fn packet(random: &mut u64) -> Vec<u8> {
    let macs = [[0xff; 6], [2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [1, 0, 0x5e, 0, 0, 1]];
    let mut bytes = [one_of(random, &macs), one_of(random, &macs)].concat();
    let kinds = [0x0800, 0x0800, 0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x86dd];
    let rare = [0x0806, 0x8035, 0x888e, 0x88a2, 0x8863, 40];
    let kind: u16 =
        if below(random, 3) == 0 { one_of(random, &rare) } else { one_of(random, &kinds) };
    bytes.extend(kind.to_be_bytes());
    let protocols = [1, 2, 6, 6, 17, 17, 58, 88, 89, 103, 112, 132, 44, 50, 51];
    let protocol = one_of(random, &protocols);
    match kind {
        0x0800 => v4(random, &mut bytes, protocol),
        0x86dd => v6(random, &mut bytes, protocol),
        0x0806 | 0x8035 => {
            bytes.extend([0, 1, 8, 0, 6, 4, 0, 1]);
            for _ in 0..2 {
                bytes.extend(one_of(random, &macs));
                bytes.extend(one_of(random, ADDRESSES));
            }
        }
        _ => bytes.extend([one_of(random, &[0x20, 3]), 0, 0]),
    }
    // Some are cut short.
    if below(random, 5) == 0 {
        bytes.truncate(below(random, bytes.len() + 1));
    }
    bytes
}

const ADDRESSES: &[[u8; 4]] =
    &[[10, 0, 0, 1], [10, 0, 0, 2], [10, 9, 0, 1], [224, 0, 0, 10], [224, 0, 0, 13], [9, 9, 9, 9]];

fn v4(random: &mut u64, bytes: &mut Vec<u8>, protocol: u8) {
    let options = one_of(random, &[0, 0, 4, 40]);
    let fragment: u16 = one_of(random, &[0, 0, 0x4000, 0x2000, 5]);
    bytes.extend([0x45 + u8::try_from(options / 4).unwrap_or(0), 0, 0, 40, 0, 1]);
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(one_of(random, ADDRESSES));
    bytes.extend(one_of(random, ADDRESSES));
    bytes.extend(vec![1; options]);
    inner(random, bytes);
}

fn v6(random: &mut u64, bytes: &mut Vec<u8>, protocol: u8) {
    bytes.extend([0x60, 0, 0, 0, 0, 20, protocol, 255]);
    let mut addresses = Vec::new();
    for start in [[0xfe, 0x80], [0xff, 0x02], [0, 0]] {
        for end in [[0, 1], [0, 2], [0, 0]] {
            addresses.push([start.as_slice(), &[0; 12], &end].concat());
        }
    }
    for _ in 0..2 {
        let index = below(random, addresses.len());
        bytes.extend(&addresses[index]);
    }
    inner(random, bytes);
}

/// Ports, or an ICMP header, and some more.
fn inner(random: &mut u64, bytes: &mut Vec<u8>) {
    for _ in 0..2 {
        let port: u16 = one_of(random, &[80, 53, 68, 51, 0, 0x8100, 0x0600, 0x3a00]);
        bytes.extend(port.to_be_bytes());
    }
    bytes.extend([0, 8, 0, 0, 0, 0, 0, 0]);
    bytes.extend([one_of(random, &[0x50, 0x60]), one_of(random, &[0x12, 0, 2]), 0, 0, 0, 0, 0, 0]);
}
