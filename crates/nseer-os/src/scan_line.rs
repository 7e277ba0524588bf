//! The first line of a fingerprint: how, when and from where it was taken.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

/// How the distance became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistanceFrom {
    /// It is this machine.
    Local,
    /// It is on a network of this machine's.
    Direct,
    /// An ICMP error told.
    Icmp,
    /// A trace did.
    Trace,
}

/// Under what conditions a fingerprint was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Who took it: name and version.
    pub program: String,
    /// Where it ran.
    pub platform: String,
    /// When.
    pub time: SystemTime,
    /// The month and the day of that, where it ran.
    pub date: (u32, u32),
    /// Of whom.
    pub target: Ipv4Addr,
    /// The open TCP port.
    pub open: Option<u16>,
    /// The closed TCP port, where one was known.
    pub closed: Option<u16>,
    /// The UDP port.
    pub udp: Option<u16>,
    /// Hops, and how that became known.
    pub distance: Option<(u8, DistanceFrom)>,
    /// The Ethernet address, which tells who made the hardware.
    pub mac: Option<[u8; 6]>,
    /// Both TCP ports were known, and nothing disturbed the measurement.
    pub is_good: bool,
}

impl Conditions {
    /// The line.
    #[must_use]
    pub fn line(&self) -> String {
        let port = |port: Option<u16>| port.map(|port| port.to_string()).unwrap_or_default();
        let yes = |is: bool| if is { 'Y' } else { 'N' };
        let (month, day) = self.date;
        let mut line = format!("SCAN(V={}%E=4%D={month}/{day}", self.program);
        // Writing to a string cannot fail.
        let _ =
            write!(line, "%OT={}%CT={}%CU={}", port(self.open), port(self.closed), port(self.udp));
        let _ = write!(line, "%PV={}", yes(self.target.is_private()));
        if let Some((hops, from)) = self.distance {
            let from = match from {
                DistanceFrom::Local => 'L',
                DistanceFrom::Direct => 'D',
                DistanceFrom::Icmp => 'I',
                DistanceFrom::Trace => 'T',
            };
            let _ = write!(line, "%DS={hops}%DC={from}");
        }
        let _ = write!(line, "%G={}", yes(self.is_good));
        if let Some([a, b, c, ..]) = self.mac {
            let _ = write!(line, "%M={a:02X}{b:02X}{c:02X}");
        }
        let time = self.time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let _ = write!(line, "%TM={time:X}%P={})", self.platform);
        line
    }
}
