//! What goes over a script's sockets, counted and, where it is wanted, shown as it happens.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nseer_net::observer::{Observer, Sight, What};
use nseer_net::{Family, NetError, Transport};

/// What went over the sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) connections: u64,
    pub(super) refused: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// Counts, and shows where `shows` is true.
pub(super) struct Meter {
    shows: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counts: Counts,
    begun: Option<Instant>,
    /// The number and the peer of each socket, for people.
    sockets: HashMap<u64, (usize, String)>,
}

/// Most bytes that are shown of one piece.
const SHOWN: usize = 2048;

impl Meter {
    pub(super) fn new(shows: bool) -> Arc<Meter> {
        Arc::new(Meter { shows, state: Mutex::default() })
    }

    pub(super) fn counts(&self) -> Counts {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).counts
    }
}

impl Observer for Meter {
    fn seen(&self, sight: &Sight<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count(&sight.what);
        if self.shows {
            show(&state.text(sight));
        }
    }

    fn resolved(&self, name: &str, _: Option<Family>, found: &Result<Vec<IpAddr>, NetError>) {
        if !self.shows || name.parse::<IpAddr>().is_ok() {
            return;
        }
        let found = match found {
            Ok(found) => found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        };
        show(&format!("{:>10}      DNS  {name} is {found}\n", ""));
    }

    fn reversed(&self, address: IpAddr, name: Option<&str>) {
        if self.shows {
            show(&format!("{:>10}      DNS  {address} is {}\n", "", name.unwrap_or("unknown")));
        }
    }
}

/// A trace is commentary, not a result.
fn show(text: &str) {
    // Where standard error is gone there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

impl State {
    fn count(&mut self, what: &What<'_>) {
        let counts = &mut self.counts;
        match what {
            What::Opened { failed: None, .. } => counts.connections += 1,
            What::Opened { .. } => counts.refused += 1,
            What::Sent { data, .. } => counts.sent += data.len() as u64,
            What::Received(data) => counts.received += data.len() as u64,
            _ => {}
        }
    }

    /// Time, line of the script, connection, and what happened.
    fn text(&mut self, sight: &Sight<'_>) -> String {
        let begun = *self.begun.get_or_insert(sight.at);
        let time = sight.at.saturating_duration_since(begun);
        if let What::Opened { transport, peer, .. } = &sight.what {
            let number = self.sockets.len() + 1;
            self.sockets.insert(sight.socket, (number, peer_text(*transport, *peer)));
        }
        let unknown = (0, String::new());
        let (number, peer) = self.sockets.get(&sight.socket).unwrap_or(&unknown);
        let line = if sight.mark > 0 { format!("line {}", sight.mark) } else { String::new() };
        let head = format!("{:>9}  {line:9} #{number}", milliseconds(time));
        let mut out = String::new();
        let what = match &sight.what {
            What::Opened { failed: None, peer: None, .. } => format!("opens a socket {peer}"),
            What::Opened { failed: None, took, .. } => {
                format!("connects to {peer} ({})", milliseconds(*took))
            }
            What::Opened { failed: Some(error), .. } => {
                format!("cannot connect to {peer}: {error}")
            }
            What::Tls { failed: None, .. } => "starts TLS".to_owned(),
            What::Tls { failed: Some(error), .. } => format!("cannot start TLS: {error}"),
            What::Sent { data, to: Some(to) } => format!("sends {} to {to}", bytes(data.len())),
            What::Sent { data, to: None } => format!("sends {}", bytes(data.len())),
            What::Received(data) => format!("receives {}", bytes(data.len())),
            What::Asked(_) => "asks".to_owned(),
            What::Answered(_) => "is answered".to_owned(),
            What::NotReceived(NetError::TimedOut) => "waits in vain".to_owned(),
            What::NotReceived(NetError::Eof) => "finds the connection closed".to_owned(),
            What::NotReceived(error) => format!("cannot receive: {error}"),
            What::Closed => "closes".to_owned(),
        };
        // Writing to a string does not fail.
        let _ = writeln!(out, "{head} {what}");
        match &sight.what {
            What::Sent { data, .. } | What::Asked(data) => dump(&mut out, '>', data),
            What::Received(data) | What::Answered(data) => dump(&mut out, '<', data),
            _ => {}
        }
        out
    }
}

fn peer_text(transport: Transport, peer: Option<SocketAddr>) -> String {
    let word = match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        Transport::Tls => "tls",
        Transport::Dtls => "dtls",
        Transport::Raw => "raw",
    };
    peer.map_or_else(|| format!("({word})"), |peer| format!("{peer} ({word})"))
}

fn bytes(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// A time in milliseconds.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// Text line by line, anything else in hexadecimal, sixteen bytes a row.
fn dump(out: &mut String, way: char, data: &[u8]) {
    let shown = &data[..data.len().min(SHOWN)];
    let plain = shown.iter().filter(|b| matches!(b, 0x20..0x7f | b'\r' | b'\n' | b'\t')).count();
    // Writing to a string does not fail.
    if plain * 10 >= shown.len() * 9 {
        for line in shown.split_inclusive(|b| *b == b'\n') {
            let _ = writeln!(out, "{:>24} {way} {}", "", readable(line));
        }
    } else {
        for row in shown.chunks(16) {
            let digits: Vec<String> = row.iter().map(|b| format!("{b:02x}")).collect();
            let letter = |b: &u8| if b.is_ascii_graphic() { char::from(*b) } else { '.' };
            let letters: String = row.iter().map(letter).collect();
            let _ = writeln!(out, "{:>24} {way} {:47}  {letters}", "", digits.join(" "));
        }
    }
    if shown.len() < data.len() {
        let _ = writeln!(out, "{:>24} {way} … {} more", "", bytes(data.len() - shown.len()));
    }
}

/// Text with its quotes as they are, and an escape for what cannot be shown.
fn readable(text: &[u8]) -> String {
    let mut out = String::new();
    for byte in text {
        match byte {
            b'"' | b'\'' => out.push(char::from(*byte)),
            other => out.extend(other.escape_ascii().map(char::from)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_what_they_are() {
        let mut out = String::new();
        dump(&mut out, '<', b"220 'hi'\r\n250 ok\r\n");
        dump(&mut out, '>', &[0, 1, b'A']);
        let column = " ".repeat(24);
        assert_eq!(
            out,
            format!(
                "{column} < 220 'hi'\\r\\n\n{column} < 250 ok\\r\\n\n{column} > {:47}  ..A\n",
                "00 01 41"
            )
        );
    }
}
