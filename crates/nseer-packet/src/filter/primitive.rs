//! What the primitives of the language mean: each becomes a test of bytes at known places.

use std::net::Ipv6Addr;

use super::words::{ETHER_PROTOCOLS, IP_PROTOCOLS, find};
use super::{FilterError, How, LinkType, Number, Place, Size, Test};

/// The protocol that a primitive is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Proto {
    /// None was named.
    Any,
    /// The link itself.
    Ether,
    /// `ip`, `ip6`, `arp`, `rarp`, by its number in Ethernet.
    Network(u32),
    /// A protocol inside IP, by its number.
    Transport(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Direction {
    Source,
    Destination,
    Either,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// None was named.
    Any,
    Host,
    Net,
    Port,
    PortRange,
    Proto,
}

/// The words before the number or address of a primitive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Qualifiers {
    pub(super) proto: Proto,
    pub(super) direction: Direction,
    pub(super) kind: Kind,
}

pub(super) const IP: u32 = 0x0800;
pub(super) const IP6: u32 = 0x86dd;
const ARP: u32 = 0x0806;
const RARP: u32 = 0x8035;
const TCP: u32 = 6;
const UDP: u32 = 17;
const SCTP: u32 = 132;
pub(super) const ICMP6: u32 = 58;
/// The fragment header of IPv6.
const FRAGMENT: u32 = 44;

pub(super) fn meaning<T>(text: impl Into<String>) -> Result<T, FilterError> {
    Err(FilterError::Meaning(text.into()))
}

/// The protocol that a word names.
pub(super) fn proto(word: &str) -> Option<Proto> {
    if matches!(word, "ether" | "link") {
        return Some(Proto::Ether);
    }
    let network = find(ETHER_PROTOCOLS, word).map(Proto::Network);
    network.or_else(|| find(IP_PROTOCOLS, word).map(Proto::Transport))
}

fn field(at: Place, size: Size, mask: u32, value: u32) -> Test {
    Test::Field { at, size, mask, value: value & mask }
}

fn byte(at: Place, value: u32) -> Test {
    field(at, Size::Byte, 0xff, value)
}

/// The tests of a primitive over packets of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Primitives(pub(super) LinkType);

impl Primitives {
    /// The packet is of this protocol of Ethernet.
    pub(super) fn ether_proto(self, number: u32) -> Test {
        if self.0 == LinkType::Raw {
            return match number {
                IP => field(Place::Network(0), Size::Byte, 0xf0, 0x40),
                IP6 => field(Place::Network(0), Size::Byte, 0xf0, 0x60),
                _ => Test::Never,
            };
        }
        let kind = Place::Link(12);
        if number > 1500 {
            return field(kind, Size::Half, 0xffff, number);
        }
        // Below that it is a length, and the protocol a service access point (IEEE 802.2).
        let left = Number::Bytes {
            from: Place::Link(0),
            index: Box::new(Number::Constant(12)),
            size: Size::Half,
        };
        let is_length =
            Test::Compare { left, how: How::Greater, right: Number::Constant(1500) }.not();
        is_length.and(byte(Place::Link(14), number))
    }

    fn ip_proto(self, number: u32) -> Test {
        self.ether_proto(IP).and(byte(Place::Network(9), number))
    }

    /// A first fragment counts too; other extension headers are not looked behind.
    fn ip6_proto(self, number: u32) -> Test {
        let behind = byte(Place::Network(6), FRAGMENT).and(byte(Place::Network(40), number));
        self.ether_proto(IP6).and(byte(Place::Network(6), number).or(behind))
    }

    /// A protocol's name alone.
    pub(super) fn of_protocol(self, proto: Proto) -> Test {
        match proto {
            Proto::Any | Proto::Ether => Test::Always,
            Proto::Network(number) => self.ether_proto(number),
            // These exist in one version of IP only.
            Proto::Transport(number @ (1 | 2 | 9 | 112)) => self.ip_proto(number),
            Proto::Transport(ICMP6) => self.ip6_proto(ICMP6),
            Proto::Transport(number) => self.ip_proto(number).or(self.ip6_proto(number)),
        }
    }

    /// What must hold before `proto[…]` is read, and where it is read from.
    pub(super) fn bytes_of(self, proto: Proto) -> Result<(Test, Place), FilterError> {
        match proto {
            Proto::Any | Proto::Ether => Ok((Test::Always, Place::Link(0))),
            Proto::Network(number) => Ok((self.ether_proto(number), Place::Network(0))),
            Proto::Transport(ICMP6) => Ok((self.ip6_proto(ICMP6), Place::Network(40))),
            Proto::Transport(number @ (1 | 2 | 6 | 9 | 17 | 103 | 112 | 132)) => {
                Ok((self.ip_proto(number).and(first_fragment()), Place::Transport(0)))
            }
            Proto::Transport(_) => meaning("the bytes of this protocol cannot be told"),
        }
    }

    /// `proto N`, below the protocol named.
    pub(super) fn proto_number(self, q: Qualifiers, number: u32) -> Result<Test, FilterError> {
        match q.proto {
            _ if q.direction != Direction::Either => meaning("a protocol has no direction"),
            Proto::Ether => Ok(self.ether_proto(number)),
            Proto::Any => Ok(self.ip_proto(number).or(self.ip6_proto(number))),
            Proto::Network(IP) => Ok(self.ip_proto(number)),
            Proto::Network(IP6) => Ok(self.ip6_proto(number)),
            _ => meaning("there is no such 'proto'"),
        }
    }

    /// `host` and `net` over IPv4. The mask of a host is all ones.
    pub(super) fn v4(self, q: Qualifiers, address: u32, mask: u32) -> Result<Test, FilterError> {
        if address & !mask != 0 {
            return meaning("the network's address has bits outside its mask");
        }
        let test = |protocol, source, destination| {
            let at = |place| field(Place::Network(place), Size::Word, mask, address);
            self.ether_proto(protocol).and(directed(q.direction, at(source), at(destination)))
        };
        match q.proto {
            Proto::Any => Ok(test(IP, 12, 16).or(test(ARP, 14, 24)).or(test(RARP, 14, 24))),
            Proto::Network(IP) => Ok(test(IP, 12, 16)),
            Proto::Network(number @ (ARP | RARP)) => Ok(test(number, 14, 24)),
            _ => meaning("this protocol has no IPv4 addresses"),
        }
    }

    /// `host` and `net` over IPv6.
    pub(super) fn v6(
        self,
        q: Qualifiers,
        address: Ipv6Addr,
        length: u32,
    ) -> Result<Test, FilterError> {
        if !matches!(q.proto, Proto::Any | Proto::Network(IP6)) {
            return meaning("this protocol has no IPv6 addresses");
        }
        let shift = 128_u32.checked_sub(length);
        let mask = shift.map(|shift| u128::MAX.checked_shl(shift).unwrap_or(0));
        let Some(mask) = mask.filter(|mask| address.to_bits() & !mask == 0) else {
            return meaning("the network's address has bits outside its mask");
        };
        let at = |start: u32| {
            (0..4).fold(Test::Always, |test, word| {
                let part = |bits: u128| u32::try_from((bits >> (96 - word * 32)) & 0xffff_ffff);
                let (value, mask) = (part(address.to_bits()), part(mask));
                let place = Place::Network(start + word * 4);
                match (value, mask) {
                    (Ok(value), Ok(mask)) if mask != 0 => {
                        test.and(field(place, Size::Word, mask, value))
                    }
                    _ => test,
                }
            })
        };
        Ok(self.ether_proto(IP6).and(directed(q.direction, at(8), at(24))))
    }

    /// `ether host`.
    pub(super) fn mac(self, q: Qualifiers, mac: [u8; 6]) -> Result<Test, FilterError> {
        if q.proto != Proto::Ether || !matches!(q.kind, Kind::Any | Kind::Host) {
            return meaning("an Ethernet address stands after 'ether host', 'ether src' …");
        }
        if self.0 == LinkType::Raw {
            return meaning("this interface has no Ethernet addresses");
        }
        let [a, b, c, d, e, f] = mac;
        let high = u32::from_be_bytes([a, b, c, d]);
        let low = u32::from(u16::from_be_bytes([e, f]));
        let at = |start| {
            let first = field(Place::Link(start), Size::Word, u32::MAX, high);
            first.and(field(Place::Link(start + 4), Size::Half, 0xffff, low))
        };
        Ok(directed(q.direction, at(6), at(0)))
    }

    /// `port` and `portrange`.
    pub(super) fn ports(self, q: Qualifiers, from: u32, to: u32) -> Result<Test, FilterError> {
        let protocols: &[u32] = match q.proto {
            Proto::Any => &[TCP, UDP, SCTP],
            Proto::Transport(TCP) => &[TCP],
            Proto::Transport(UDP) => &[UDP],
            Proto::Transport(SCTP) => &[SCTP],
            _ => return meaning("this protocol has no ports"),
        };
        if from > 0xffff || to > 0xffff {
            return meaning("a port is a number up to 65535");
        }
        let either = |at| {
            let tests = protocols.iter().map(|number| byte(Place::Network(at), *number));
            tests.fold(Test::Never, Test::or)
        };
        let range = |from_place: Place| in_range(from_place, from.min(to), from.max(to));
        let four = directed(q.direction, range(Place::Transport(0)), range(Place::Transport(2)));
        let four = self.ether_proto(IP).and(either(9)).and(first_fragment()).and(four);
        let six = directed(q.direction, range(Place::Network(40)), range(Place::Network(42)));
        let six = self.ether_proto(IP6).and(either(6)).and(six);
        Ok(four.or(six))
    }

    pub(super) fn broadcast(self, proto: Proto) -> Result<Test, FilterError> {
        match proto {
            Proto::Any | Proto::Ether => {
                let q = Qualifiers {
                    proto: Proto::Ether,
                    direction: Direction::Destination,
                    kind: Kind::Host,
                };
                self.mac(q, [0xff; 6])
            }
            _ => meaning("which addresses are broadcast is not known here"),
        }
    }

    pub(super) fn multicast(self, proto: Proto) -> Result<Test, FilterError> {
        match proto {
            Proto::Any | Proto::Ether if self.0 == LinkType::Ethernet => {
                Ok(field(Place::Link(0), Size::Byte, 1, 1))
            }
            // 224 to 255 are the bytes that begin with three ones.
            Proto::Network(IP) => {
                Ok(self.ether_proto(IP).and(field(Place::Network(16), Size::Byte, 0xe0, 0xe0)))
            }
            Proto::Network(IP6) => Ok(self.ether_proto(IP6).and(byte(Place::Network(24), 0xff))),
            _ => meaning("this protocol has no multicast"),
        }
    }
}

fn directed(direction: Direction, source: Test, destination: Test) -> Test {
    match direction {
        Direction::Source => source,
        Direction::Destination => destination,
        Direction::Either => source.or(destination),
        Direction::Both => source.and(destination),
    }
}

/// Only the first fragment of an IPv4 packet has what is behind its header.
fn first_fragment() -> Test {
    field(Place::Network(6), Size::Half, 0x1fff, 0)
}

fn in_range(from: Place, low: u32, high: u32) -> Test {
    if low == high {
        return field(from, Size::Half, 0xffff, low);
    }
    let read = || Number::Bytes { from, index: Box::new(Number::Constant(0)), size: Size::Half };
    let compare = |how, value| Test::Compare { left: read(), how, right: Number::Constant(value) };
    compare(How::GreaterOrEqual, low).and(compare(How::Greater, high).not())
}
