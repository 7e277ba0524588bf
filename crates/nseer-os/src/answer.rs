//! IPv4 packets as the tests look at them: fields where they stand, nothing believed, bytes that are missing
//! are no answer.

/// An IPv4 packet; what is inside may be cut off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ip<'a> {
    pub(crate) total_length: u16,
    pub(crate) id: u16,
    pub(crate) df: bool,
    pub(crate) ttl: u8,
    pub(crate) protocol: u8,
    pub(crate) checksum: u16,
    /// The header's checksum is right.
    pub(crate) sums_up: bool,
    pub(crate) inside: &'a [u8],
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tcp<'a> {
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: u32,
    /// The four bits after the header's length.
    pub(crate) reserved: u8,
    pub(crate) flags: u8,
    pub(crate) window: u16,
    pub(crate) urgent: u16,
    pub(crate) options: &'a [u8],
    pub(crate) data: &'a [u8],
}

pub(crate) fn pair(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

impl<'a> Ip<'a> {
    pub(crate) fn of(packet: &'a [u8]) -> Option<Ip<'a>> {
        let first = *packet.first()?;
        let length = usize::from(first & 15) * 4;
        if first >> 4 != 4 || length < 20 {
            return None;
        }
        let header = packet.get(..length)?;
        let total_length = pair(header, 2)?;
        // What Ethernet added to reach its least length is not the packet's.
        let end = usize::from(total_length).clamp(length, packet.len());
        Some(Ip {
            total_length,
            id: pair(header, 4)?,
            df: header.get(6)? & 0x40 != 0,
            ttl: *header.get(8)?,
            protocol: *header.get(9)?,
            checksum: pair(header, 10)?,
            sums_up: sum(header) == 0xFFFF,
            inside: packet.get(length..end)?,
        })
    }
}

/// The sum of 16-bit words in one's complement (RFC 1071).
fn sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        let (high, low) = (pair[0], pair.get(1).copied().unwrap_or(0));
        sum += u32::from(u16::from_be_bytes([high, low]));
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

impl<'a> Tcp<'a> {
    pub(crate) fn of(ip: &Ip<'a>) -> Option<Tcp<'a>> {
        let segment = ip.inside;
        let (offset, flags) = (*segment.get(12)?, *segment.get(13)?);
        let length = usize::from(offset >> 4) * 4;
        if ip.protocol != 6 || length < 20 {
            return None;
        }
        Some(Tcp {
            sequence: word(segment, 4)?,
            acknowledgement: word(segment, 8)?,
            reserved: offset & 15,
            flags,
            window: pair(segment, 14)?,
            urgent: pair(segment, 18)?,
            options: segment.get(20..length)?,
            data: segment.get(length..)?,
        })
    }

    /// The options as letters, with the values of segment size and scale, and whether the two time stamps are 0.
    pub(crate) fn option_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        let mut rest = self.options;
        while let [kind, after @ ..] = rest {
            match kind {
                0 => {
                    text.push('L');
                    break;
                }
                1 => {
                    text.push('N');
                    rest = after;
                    continue;
                }
                _ => {}
            }
            let length = usize::from(after.first().copied().unwrap_or(0));
            let Some((option, next)) = rest.split_at_checked(length).filter(|_| length >= 2) else {
                break;
            };
            // Writing to a string cannot fail.
            let _ = match (kind, length) {
                (2, 4) => write!(text, "M{:X}", pair(option, 2).unwrap_or(0)),
                (3, 3) => write!(text, "W{:X}", option[2]),
                (4, 2) => write!(text, "S"),
                (8, 10) => {
                    let is_set = |at| u8::from(word(option, at).unwrap_or(0) != 0);
                    write!(text, "T{}{}", is_set(2), is_set(6))
                }
                _ => Ok(()),
            };
            rest = next;
        }
        text
    }

    /// The sender's time stamp.
    pub(crate) fn timestamp(&self) -> Option<u32> {
        let mut rest = self.options;
        loop {
            let (kind, length) = match rest {
                [] | [0, ..] => return None,
                [1, ..] => (1, 1),
                [kind, length, ..] => (*kind, usize::from(*length)),
                [_] => return None,
            };
            if (kind, length) == (8, 10) {
                return word(rest, 2);
            }
            rest = rest.get(length..).filter(|_| length > 0)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(options: &[u8]) -> Tcp<'_> {
        Tcp {
            sequence: 0,
            acknowledgement: 0,
            reserved: 0,
            flags: 0,
            window: 0,
            urgent: 0,
            options,
            data: &[],
        }
    }

    #[test]
    fn options_become_letters() {
        let linux = b"\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\x05\0\0\0\0\x01\x03\x03\x07";
        assert_eq!(tcp(linux).option_text(), "M5B4ST10NW7");
        assert_eq!(tcp(linux).timestamp(), Some(5));
        assert_eq!(tcp(b"").option_text(), "");
        assert_eq!(tcp(b"\x01\x01\0\x02").option_text(), "NNL");
        for broken in [&b"\x02"[..], b"\x02\0", b"\x08\x0a\x01", b"\x08\x01\x01"] {
            assert_eq!((tcp(broken).option_text(), tcp(broken).timestamp()), (String::new(), None));
        }
    }
}
