//! What is sent: sixteen packets, each odd in its own way.

/// One of the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// A SYN to an open port, one of six (0 to 5) that are sent at equal intervals.
    Seq(u8),
    /// An ICMP echo request, one of two (0 and 1).
    Echo(u8),
    /// A datagram to a closed port.
    Udp,
    /// A SYN to an open port that offers explicit congestion notification.
    Ecn,
    /// A segment to an open (2 to 4) or closed (5 to 7) port.
    T(u8),
}

/// How a packet is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A TCP segment.
    Tcp {
        /// To an open port; else to a closed one.
        to_open: bool,
        /// Bits of byte 13 of the header.
        flags: u8,
        /// The reserved bit next to the flags is set.
        reserved: bool,
        /// The window field.
        window: u16,
        /// The urgent pointer.
        urgent: u16,
        /// The options, padded to words.
        options: &'static [u8],
        /// The packet must not be fragmented.
        df: bool,
    },
    /// An ICMP echo request.
    Echo {
        /// The code, which should be 0.
        code: u8,
        /// The type of service.
        tos: u8,
        /// Bytes that it carries, all 0.
        length: usize,
        /// Its sequence number.
        sequence: u16,
        /// The packet must not be fragmented.
        df: bool,
    },
    /// A datagram with [`UDP_BYTES`] bytes.
    Udp,
}

/// The length of what the datagram carries.
pub const UDP_BYTES: usize = 300;
/// Each of its bytes.
pub const UDP_BYTE: u8 = b'C';
/// The IP identification of the datagram.
pub const UDP_ID: u16 = 0x1042;
/// What the two echo requests carry.
pub const ECHO_BYTES: [usize; 2] = [120, 150];

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const URG: u8 = 0x20;
const ECE: u8 = 0x40;
const CWR: u8 = 0x80;

/// Options of the six SYNs: scale, segment size, time stamp, selective acknowledgement, in varying order.
static SEQ_OPTIONS: [&[u8]; 6] = [
    b"\x03\x03\x0a\x01\x02\x04\x05\xb4\x08\x0a\xff\xff\xff\xff\0\0\0\0\x04\x02",
    b"\x02\x04\x05\x78\x03\x03\0\x04\x02\x08\x0a\xff\xff\xff\xff\0\0\0\0\0",
    b"\x08\x0a\xff\xff\xff\xff\0\0\0\0\x01\x01\x03\x03\x05\x01\x02\x04\x02\x80",
    b"\x04\x02\x08\x0a\xff\xff\xff\xff\0\0\0\0\x03\x03\x0a\0",
    b"\x02\x04\x02\x18\x04\x02\x08\x0a\xff\xff\xff\xff\0\0\0\0\x03\x03\x0a\0",
    b"\x02\x04\x01\x09\x04\x02\x08\x0a\xff\xff\xff\xff\0\0\0\0",
];
const SEQ_WINDOWS: [u16; 6] = [1, 63, 4, 4, 16, 512];
static ECN_OPTIONS: &[u8] = b"\x03\x03\x0a\x01\x02\x04\x05\xb4\x04\x02\x01\x01";
static T_OPTIONS: &[u8] =
    b"\x03\x03\x0a\x01\x02\x04\x01\x09\x08\x0a\xff\xff\xff\xff\0\0\0\0\x04\x02";
static T7_OPTIONS: &[u8] =
    b"\x03\x03\x0f\x01\x02\x04\x01\x09\x08\x0a\xff\xff\xff\xff\0\0\0\0\x04\x02";

impl Probe {
    /// All of them, in the order in which they are sent.
    pub const ALL: [Probe; 16] = [
        Probe::Seq(0),
        Probe::Seq(1),
        Probe::Seq(2),
        Probe::Seq(3),
        Probe::Seq(4),
        Probe::Seq(5),
        Probe::Echo(0),
        Probe::Echo(1),
        Probe::Udp,
        Probe::Ecn,
        Probe::T(2),
        Probe::T(3),
        Probe::T(4),
        Probe::T(5),
        Probe::T(6),
        Probe::T(7),
    ];

    /// Its place in [`Probe::ALL`].
    #[must_use]
    pub fn place(self) -> u8 {
        match self {
            Probe::Seq(number) => number.min(5),
            Probe::Echo(number) => 6 + number.min(1),
            Probe::Udp => 8,
            Probe::Ecn => 9,
            Probe::T(number) => 8 + number.clamp(2, 7),
        }
    }

    /// How it is made.
    #[must_use]
    pub fn shape(self) -> Shape {
        let tcp = |to_open, flags, window, options, df| {
            let (reserved, urgent) = (false, 0);
            Shape::Tcp { to_open, flags, reserved, window, urgent, options, df }
        };
        match self {
            Probe::Seq(number) => {
                let at = usize::from(number.min(5));
                tcp(true, SYN, SEQ_WINDOWS[at], SEQ_OPTIONS[at], false)
            }
            Probe::Ecn => Shape::Tcp {
                to_open: true,
                flags: SYN | ECE | CWR,
                reserved: true,
                window: 3,
                urgent: 0xF7F5,
                options: ECN_OPTIONS,
                df: false,
            },
            Probe::T(2) => tcp(true, 0, 128, T_OPTIONS, true),
            Probe::T(3) => tcp(true, SYN | FIN | URG | PSH, 256, T_OPTIONS, false),
            Probe::T(4) => tcp(true, ACK, 1024, T_OPTIONS, true),
            Probe::T(5) => tcp(false, SYN, 31_337, T_OPTIONS, false),
            Probe::T(6) => tcp(false, ACK, 32_768, T_OPTIONS, true),
            Probe::T(_) => tcp(false, FIN | PSH | URG, 65_535, T7_OPTIONS, false),
            Probe::Echo(0) => {
                Shape::Echo { code: 9, tos: 0, length: ECHO_BYTES[0], sequence: 295, df: true }
            }
            Probe::Echo(_) => {
                Shape::Echo { code: 0, tos: 4, length: ECHO_BYTES[1], sequence: 296, df: false }
            }
            Probe::Udp => Shape::Udp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_list_and_options_are_whole_words() {
        for (place, probe) in Probe::ALL.iter().enumerate() {
            assert_eq!(usize::from(probe.place()), place, "{probe:?}");
            if let Shape::Tcp { options, .. } = probe.shape() {
                assert_eq!(options.len() % 4, 0, "{probe:?}");
            }
        }
    }
}
