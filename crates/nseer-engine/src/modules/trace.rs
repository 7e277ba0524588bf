//! `--script-trace`: what scripts send and receive, as text.

use std::net::SocketAddr;

use nseer_core::Severity;

use crate::environment::World;

/// The two ends of a connection, for a trace line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    pub(crate) udp: bool,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) peer: Option<SocketAddr>,
}

/// Which way data went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Sent,
    Received,
}

impl World {
    /// One event of a connection, such as `CONNECT`.
    pub(crate) fn trace(&self, ends: Ends, way: Way, what: &str) {
        if self.config.levels.tracing() {
            self.say(Severity::Info, format!("NSE: {} | {what}", heading(ends, way)));
        }
    }

    /// Data that went over a connection.
    pub(crate) fn trace_data(&self, ends: Ends, way: Way, data: &[u8]) {
        if self.config.levels.tracing() {
            let mut line = format!("NSE: {} | ", heading(ends, way)).into_bytes();
            line.extend(payload(data));
            self.say(Severity::Info, line);
        }
    }
}

fn heading(ends: Ends, way: Way) -> String {
    let place = |end: Option<SocketAddr>| end.map(|e| e.to_string()).unwrap_or_default();
    // Captures have none.
    if ends.local.is_none() && ends.peer.is_none() {
        return if way == Way::Sent { ">" } else { "<" }.to_owned();
    }
    let protocol = if ends.udp { "UDP" } else { "TCP" };
    let arrow = if way == Way::Sent { '>' } else { '<' };
    format!("{protocol} {} {arrow} {}", place(ends.local), place(ends.peer))
}

/// Text where at least 95 of 100 bytes are printable, a hex dump otherwise. White space other than
/// blanks does not count, but is kept in a text.
fn payload(data: &[u8]) -> Vec<u8> {
    let count = data.iter().filter(|b| matches!(b, 0x20..0x7f)).count();
    if count * 100 >= data.len() * 95 {
        let kept = |b: &u8| matches!(b, 0x20..0x7f | b'\t'..=b'\r');
        return data
            .iter()
            .flat_map(|b| if kept(b) { vec![*b] } else { format!("  \\{b}").into_bytes() })
            .collect();
    }
    let mut out = Vec::new();
    for (row, bytes) in data.chunks(16).enumerate() {
        let hex: String = (0..16)
            .map(|i| bytes.get(i).map_or("   ".to_owned(), |b| format!("{b:02x} ")))
            .collect();
        let text: String =
            bytes.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { ' ' }).collect();
        out.extend(format!("{:08x}: {hex}{text}\n", row * 16).into_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_or_hex() {
        let line = |length| [vec![b'x'; length], b"\r\n".to_vec()].concat();
        assert_eq!(payload(&line(38)), line(38));
        assert!(payload(&line(37)).starts_with(b"00000000: 78 78"));
        let mostly_text = [[b'a'; 39].as_slice(), &[0]].concat();
        assert!(payload(&mostly_text).ends_with(b"a  \\0"));
        let dump = String::from_utf8(payload(&[0, 1, b'A'])).expect("text");
        assert_eq!(dump, format!("00000000: 00 01 41 {}  A\n", "   ".repeat(13)));
    }
}
