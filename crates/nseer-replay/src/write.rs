//! A recording as text: see the crate's documentation for the format.

use nseer_net::{Family, Transport};

use crate::literal::{duration, pieces, quoted_text};
use crate::recording::{Answer, Conversation, Failure, Pattern, Port, Recording, Said, Turn, Way};

/// The first line of every recording.
pub(crate) const HEADING: &str = "nseer recording 1";
/// The last line of every recording.
pub(crate) const END: &str = "end";

impl Recording {
    /// The recording's text, which [`Recording::read`] reads.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = format!("{HEADING}\n\n");
        self.write_stage(&mut out);
        if !self.names.is_empty() {
            out.push('\n');
        }
        for answer in &self.names {
            line(&mut out, &answer_text(answer));
        }
        for conversation in &self.conversations {
            out.push('\n');
            write_conversation(&mut out, conversation);
        }
        if let Some(output) = &self.output {
            out.push_str(if output.is_empty() { "\noutput none\n" } else { "\noutput\n" });
            for shown in output.split_terminator('\n') {
                // Blanks at the end of a line are part of it.
                out.push_str(&format!("= {shown}\n"));
            }
        }
        out.push('\n');
        line(&mut out, END);
        out
    }

    fn write_stage(&self, out: &mut String) {
        let stage = &self.stage;
        line(out, &format!("script {}", quoted_text(&stage.script)));
        let name = stage.name.as_ref().map(|name| format!(" {}", quoted_text(name)));
        line(out, &format!("host {}{}", stage.host, name.unwrap_or_default()));
        if let Some(way) = &stage.way {
            line(out, &format!("way {way}"));
        }
        for port in &stage.ports {
            line(out, &format!("port {port}"));
        }
        if let Some(args) = &stage.args {
            line(out, &format!("args {}", quoted_text(args)));
        }
        line(out, &format!("time {}", stage.time));
        line(out, &format!("seed {}", stage.seed));
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let direct = if self.is_direct { " direct" } else { "" };
        let interface = quoted_text(&self.interface);
        write!(f, "{interface} mtu {} from {}{direct}", self.mtu, self.source)
    }
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let protocol = if self.is_udp { "udp" } else { "tcp" };
        write!(f, "{}/{protocol} {}", self.number, self.state)?;
        match &self.service {
            Some(service) => write!(f, " {}", quoted_text(service)),
            None => Ok(()),
        }
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// The word of a transport.
pub(crate) const TRANSPORTS: &[(&str, Transport)] = &[
    ("tcp", Transport::Tcp),
    ("udp", Transport::Udp),
    ("tls", Transport::Tls),
    ("dtls", Transport::Dtls),
];

/// The word for the families that were wanted.
pub(crate) const FAMILIES: &[(&str, Option<Family>)] =
    &[("any", None), ("v4", Some(Family::V4)), ("v6", Some(Family::V6))];

fn word<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, other)| other == value).map_or("tcp", |(word, _)| word)
}

fn answer_text(answer: &Answer) -> String {
    match answer {
        Answer::Name { name, family, found } => {
            let found = match found {
                Ok(addresses) => {
                    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
                }
                Err(why) => format!("failed {}", quoted_text(why)),
            };
            format!("name {} {} {found}", quoted_text(name), word(FAMILIES, family))
        }
        Answer::Address { address, name } => {
            let name = name.as_ref().map_or("none".to_owned(), |name| quoted_text(name));
            format!("address {address} {name}")
        }
    }
}

fn write_conversation(out: &mut String, conversation: &Conversation) {
    let mut text = format!("connection {}", word(TRANSPORTS, &conversation.transport));
    match conversation.peer {
        Some(peer) => text.push_str(&format!(" {peer}")),
        None => text.push_str(" *"),
    }
    if let Some(local) = conversation.local {
        text.push_str(&format!(" from {local}"));
    }
    if !conversation.at.is_zero() {
        text.push_str(&format!(" at {}", duration(conversation.at)));
    }
    text.push_str(&format!(" after {}", duration(conversation.took)));
    if let Some(failure) = &conversation.failed {
        text.push_str(&format!(" failed {}", failure_text(failure)));
    }
    if conversation.certificate.is_some() {
        text.push_str(" certificate");
    }
    with_bytes(out, text, conversation.certificate.as_deref().map(Pattern::of).as_ref());
    for turn in &conversation.turns {
        write_turn(out, turn);
    }
}

fn write_turn(out: &mut String, turn: &Turn) {
    let after = duration(turn.after);
    match &turn.said {
        Said::Sent(data, to) => {
            let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
            with_bytes(out, format!("> {after}{to}"), Some(data));
        }
        Said::Received(data) => with_bytes(out, format!("< {after}"), Some(&Pattern::of(data))),
        Said::Eof => line(out, &format!("< {after} eof")),
        Said::Silence => line(out, &format!("< {after} silence")),
        Said::Failed(failure) => line(out, &format!("< {after} failed {}", failure_text(failure))),
        Said::Tls(certificate) => {
            let certificate = certificate.as_deref().map(Pattern::of);
            with_bytes(out, format!("tls {after}"), certificate.as_ref());
        }
        Said::NoTls(failure) => line(out, &format!("tls {after} failed {}", failure_text(failure))),
        Said::Closed => line(out, &format!("close {after}")),
    }
}

fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::TimedOut => "timeout".to_owned(),
        Failure::Refused => "refused".to_owned(),
        Failure::Reset => "reset".to_owned(),
        Failure::Other(text) => quoted_text(text),
    }
}

/// Writes a line that ends with bytes: further pieces get lines of their own.
fn with_bytes(out: &mut String, text: String, bytes: Option<&Pattern>) {
    let pieces = bytes.map(pieces).unwrap_or_default();
    let mut pieces = pieces.iter();
    match pieces.next() {
        Some(first) => line(out, &format!("{text} {first}")),
        None => line(out, &text),
    }
    for piece in pieces {
        line(out, &format!("    {piece}"));
    }
}
