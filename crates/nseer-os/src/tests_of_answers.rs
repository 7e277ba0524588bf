//! From packets that were sent and received to a fingerprint.

use std::time::Duration;

use crate::answer::{Ip, Tcp, pair, word};
use crate::print::{Print, Test};
use crate::probe::{Probe, UDP_BYTE, UDP_ID};
use crate::sequence::{self, Sample, Sequences};
use crate::series::IdRule;

/// A probe and what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Which one.
    pub probe: Probe,
    /// When the try that was answered was sent, from the first probe on.
    pub sent: Duration,
    /// The IPv4 packet that was sent.
    pub packet: Vec<u8>,
    /// The IPv4 packet that came back.
    pub reply: Option<Vec<u8>>,
}

/// All that was sent to a host and came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// One for each probe that was sent.
    pub exchanges: Vec<Exchange>,
    /// Routers on the way, where they are known without the answers.
    pub known_hops: Option<u8>,
}

impl Observation {
    /// Routers on the way: as known, else as the datagram that came back in an error tells.
    #[must_use]
    pub fn hops(&self) -> Option<u8> {
        self.known_hops.or_else(|| self.hops_of_datagram())
    }

    /// Routers that the datagram to a closed port passed.
    #[must_use]
    pub fn hops_of_datagram(&self) -> Option<u8> {
        let exchange = self.of(Probe::Udp)?;
        let quoted = unreachable(exchange)?.quoted;
        Ip::of(&exchange.packet)?.ttl.checked_sub(quoted.ttl)
    }

    /// What the host's counters show.
    #[must_use]
    pub fn sequences(&self) -> Sequences {
        Sequences::of(&self.samples())
    }

    fn of(&self, probe: Probe) -> Option<&Exchange> {
        self.exchanges.iter().find(|exchange| exchange.probe == probe)
    }

    fn samples(&self) -> Vec<Sample> {
        let first = self.of(Probe::Seq(0)).map_or(Duration::ZERO, |exchange| exchange.sent);
        let sample = |number| {
            let exchange = self.of(Probe::Seq(number))?;
            let (ip, tcp) = tcp_reply(exchange)?;
            Some(Sample {
                sent: exchange.sent.saturating_sub(first),
                sequence: tcp.sequence,
                ip_id: ip.id,
                timestamp: tcp.timestamp(),
            })
        };
        (0..6).filter_map(sample).collect()
    }

    /// The identifications of the answers to these probes; all of them must have been answered.
    fn ids(&self, probes: &[Probe]) -> Vec<u16> {
        let id = |probe: &Probe| {
            let reply = self.of(*probe)?.reply.as_deref()?;
            Ip::of(reply).map(|ip| ip.id)
        };
        probes.iter().filter_map(id).collect()
    }
}

/// The TCP segment that came back, and its IP header.
fn tcp_reply(exchange: &Exchange) -> Option<(Ip<'_>, Tcp<'_>)> {
    let ip = Ip::of(exchange.reply.as_deref()?)?;
    let tcp = Tcp::of(&ip)?;
    Some((ip, tcp))
}

/// An ICMP error that came back.
struct Unreachable<'a> {
    ip: Ip<'a>,
    /// The word of its header that is not used.
    unused: u32,
    quoted: Ip<'a>,
}

fn unreachable(exchange: &Exchange) -> Option<Unreachable<'_>> {
    let ip = Ip::of(exchange.reply.as_deref()?)?;
    let unused = word(ip.inside, 4)?;
    let quoted = Ip::of(ip.inside.get(8..)?)?;
    (ip.protocol == 1 && ip.inside.first() == Some(&3)).then_some(Unreachable {
        ip,
        unused,
        quoted,
    })
}

type Values = Vec<(&'static str, String)>;

fn letter(yes: bool) -> String {
    if yes { "Y" } else { "N" }.to_owned()
}

impl Print {
    /// The fingerprint of what was observed. A test whose probe was not sent is not in it.
    #[must_use]
    pub fn of(seen: &Observation) -> Print {
        let mut print = Print::default();
        let hops = seen.hops();
        let samples = seen.samples();
        let mut add = |test, values: Values| {
            if !values.is_empty() {
                print.add(test, values);
            }
        };
        add(Test::Seq, seq_values(seen, &samples));
        add(Test::Ops, per_syn(seen, 'O', |tcp| tcp.option_text()));
        add(Test::Win, per_syn(seen, 'W', |tcp| format!("{:X}", tcp.window)));
        let tests = [
            (Test::Ecn, Probe::Ecn),
            (Test::T1, Probe::Seq(0)),
            (Test::T2, Probe::T(2)),
            (Test::T3, Probe::T(3)),
            (Test::T4, Probe::T(4)),
            (Test::T5, Probe::T(5)),
            (Test::T6, Probe::T(6)),
            (Test::T7, Probe::T(7)),
        ];
        for (test, probe) in tests {
            if let Some(exchange) = seen.of(probe) {
                add(test, tcp_values(test, exchange, hops));
            }
        }
        if let Some(exchange) = seen.of(Probe::Udp) {
            add(Test::U1, udp_values(exchange, hops));
        }
        if let (Some(first), Some(second)) = (seen.of(Probe::Echo(0)), seen.of(Probe::Echo(1))) {
            add(Test::Ie, echo_values(first, second, hops));
        }
        print
    }
}

fn seq_values(seen: &Observation, samples: &[Sample]) -> Values {
    let mut values = Values::new();
    if let Some(numbers) = sequence::numbers(samples) {
        values.push(("SP", format!("{:X}", numbers.index)));
        values.push(("GCD", format!("{:X}", numbers.divisor)));
        values.push(("ISR", format!("{:X}", numbers.rate)));
    }
    let tcp_ids: Vec<u16> = samples.iter().map(|sample| sample.ip_id).collect();
    let tcp_rule = IdRule::of(&tcp_ids).filter(|_| tcp_ids.len() > 2);
    let closed = IdRule::of(&seen.ids(&[Probe::T(5), Probe::T(6), Probe::T(7)]));
    let echo_ids = seen.ids(&[Probe::Echo(0), Probe::Echo(1)]);
    let echo = IdRule::of(&echo_ids);
    for (name, rule) in [("TI", tcp_rule), ("CI", closed), ("II", echo)] {
        values.extend(rule.map(|rule| (name, rule.code())));
    }
    let same_kind = echo.filter(|rule| rule.grows() && tcp_rule == Some(*rule));
    if let (Some(_), [first, .., last], [next, ..]) = (same_kind, &tcp_ids[..], &echo_ids[..]) {
        let steps = u32::try_from(tcp_ids.len() - 1).unwrap_or(1).max(1);
        let average = u32::from(last.wrapping_sub(*first)) / steps;
        let shared = u32::from(next.wrapping_sub(*last)) < 3 * average;
        values.push(("SS", if shared { "S" } else { "O" }.to_owned()));
    }
    values.extend(sequence::clock_code(samples).map(|code| ("TS", code)));
    values
}

/// One value for each SYN that was answered.
fn per_syn(seen: &Observation, letter: char, value: impl Fn(&Tcp<'_>) -> String) -> Values {
    const NAMES: [[&str; 2]; 6] =
        [["O1", "W1"], ["O2", "W2"], ["O3", "W3"], ["O4", "W4"], ["O5", "W5"], ["O6", "W6"]];
    let mut values = Values::new();
    for (number, names) in (0..).zip(NAMES) {
        let reply = seen.of(Probe::Seq(number)).and_then(tcp_reply);
        let name = names[usize::from(letter == 'W')];
        values.extend(reply.map(|(_, tcp)| (name, value(&tcp))));
    }
    values
}

/// The initial time to live: where the way is known, exactly; else the next usual number.
fn initial_ttl(ttl: u8, hops: Option<u8>) -> (&'static str, String) {
    match hops.and_then(|hops| ttl.checked_add(hops)) {
        Some(ttl) => ("T", format!("{ttl:X}")),
        None => {
            let usual = [32, 64, 128].into_iter().find(|usual| ttl <= *usual).unwrap_or(255_u8);
            ("TG", format!("{usual:X}"))
        }
    }
}

fn tcp_values(test: Test, exchange: &Exchange, hops: Option<u8>) -> Values {
    let sent = Ip::of(&exchange.packet);
    let (Some((ip, tcp)), Some(sent)) = (tcp_reply(exchange), sent) else {
        return vec![("R", letter(false))];
    };
    let sent = Tcp::of(&sent).map_or((0, 0), |tcp| (tcp.sequence, tcp.acknowledgement));
    let mut values = vec![("R", letter(true)), ("DF", letter(ip.df)), initial_ttl(ip.ttl, hops)];
    let window = ("W", format!("{:X}", tcp.window));
    let options = ("O", tcp.option_text());
    if test == Test::Ecn {
        values.extend([window, options, ("CC", congestion(tcp.flags).to_owned())]);
    } else {
        if test != Test::T1 {
            values.push(window);
        }
        values.push(("S", relation(tcp.sequence, sent.1, "A")));
        values.push(("A", relation(tcp.acknowledgement, sent.0, "S")));
        values.push(("F", flag_letters(tcp.flags)));
        if test != Test::T1 {
            values.push(options);
        }
        let sum = if tcp.data.is_empty() { 0 } else { crc32fast::hash(tcp.data) };
        values.push(("RD", format!("{sum:X}")));
    }
    values.push(("Q", quirks(&tcp)));
    values
}

/// How a number of the answer follows from one of the probe, which `name` means.
fn relation(number: u32, of_probe: u32, name: &str) -> String {
    match number {
        0 => "Z".to_owned(),
        same if same == of_probe => name.to_owned(),
        next if next == of_probe.wrapping_add(1) => format!("{name}+"),
        _ => "O".to_owned(),
    }
}

fn flag_letters(flags: u8) -> String {
    let letters = [(0x40, 'E'), (0x20, 'U'), (0x10, 'A'), (8, 'P'), (4, 'R'), (2, 'S'), (1, 'F')];
    letters.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, letter)| *letter).collect()
}

/// The two bits of RFC 3168: the echo alone says that the host takes part.
fn congestion(flags: u8) -> &'static str {
    match flags & 0xC0 {
        0x40 => "Y",
        0 => "N",
        0xC0 => "S",
        _ => "O",
    }
}

fn quirks(tcp: &Tcp<'_>) -> String {
    let mut text = String::new();
    if tcp.reserved != 0 {
        text.push('R');
    }
    if tcp.flags & 0x20 == 0 && tcp.urgent != 0 {
        text.push('U');
    }
    text
}

fn udp_values(exchange: &Exchange, hops: Option<u8>) -> Values {
    let (Some(error), Some(sent)) = (unreachable(exchange), Ip::of(&exchange.packet)) else {
        return vec![("R", letter(false))];
    };
    let good = |is_good: bool, otherwise: String| {
        if is_good { "G".to_owned() } else { otherwise }
    };
    let Unreachable { ip, unused, quoted } = error;
    let length = quoted.total_length;
    let id = quoted.id;
    let header = match quoted.checksum {
        0 => "Z",
        _ if quoted.sums_up => "G",
        _ => "I",
    };
    let sum = pair(quoted.inside, 6);
    let same_sum = sum == pair(sent.inside, 6);
    let data = quoted.inside.get(8..).unwrap_or_default();
    let is_whole = data.iter().all(|byte| *byte == UDP_BYTE);
    vec![
        ("R", letter(true)),
        ("DF", letter(ip.df)),
        initial_ttl(ip.ttl, hops),
        ("IPL", format!("{:X}", ip.total_length)),
        ("UN", format!("{unused:X}")),
        ("RIPL", good(length == sent.total_length, format!("{length:X}"))),
        ("RID", good(id == UDP_ID, format!("{id:X}"))),
        ("RIPCK", header.to_owned()),
        ("RUCK", good(same_sum, format!("{:X}", sum.unwrap_or(0)))),
        ("RUD", good(is_whole, "I".to_owned())),
    ]
}

fn echo_values(first: &Exchange, second: &Exchange, hops: Option<u8>) -> Values {
    let reply = |exchange: &'_ Exchange| {
        let ip = Ip::of(exchange.reply.as_deref()?)?;
        Some((ip.df, ip.ttl, *ip.inside.get(1)?))
    };
    let (Some((df, ttl, code)), Some((other_df, _, other_code))) = (reply(first), reply(second))
    else {
        return vec![("R", letter(false))];
    };
    // The first request must not be fragmented, the second may be.
    let fragment = match (df, other_df) {
        (false, false) => "N",
        (true, false) => "S",
        (true, true) => "Y",
        (false, true) => "O",
    };
    let codes = match (code, other_code) {
        (0, 0) => "Z".to_owned(),
        (9, 0) => "S".to_owned(),
        (same, other) if same == other => format!("{same:X}"),
        _ => "O".to_owned(),
    };
    vec![("R", letter(true)), ("DFI", fragment.to_owned()), initial_ttl(ttl, hops), ("CD", codes)]
}
