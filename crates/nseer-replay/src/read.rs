//! Reads a recording, which somebody may have edited: what is wrong is told with its line.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::literal::{Token, read_duration, tokens};
use crate::recording::{
    Answer, Conversation, Failure, Pattern, Port, Recording, Said, Stage, Turn, Way,
};
use crate::write::{END, FAMILIES, HEADING, TRANSPORTS};

/// A recording cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text}")]
pub struct RecordingError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong, and what to do.
    pub text: String,
}

impl Recording {
    /// Reads a recording's text.
    ///
    /// # Errors
    /// [`RecordingError`] for the first line that cannot be read; also where the end is missing.
    pub fn read(text: &str) -> Result<Recording, RecordingError> {
        let mut reader = Reader::default();
        let mut ended = false;
        let mut last = 0;
        for (number, line) in numbered(text) {
            last = number;
            let result = match () {
                () if number == 1 => heading(line),
                () if ended && !line.trim().is_empty() => {
                    Err(format!("something stands behind '{END}'"))
                }
                () if line.trim() == END => {
                    ended = true;
                    Ok(())
                }
                () => reader.line(number, line),
            };
            result.map_err(|text| RecordingError { line: number, text: shown(&text) })?;
        }
        if !ended {
            let text = format!("the recording is cut off: its last line has to be '{END}'");
            return Err(RecordingError { line: last.max(1), text });
        }
        reader.finish().map_err(|text| RecordingError { line: last, text })
    }
}

/// The lines of a file with their numbers. Where the first ends as some systems end lines, all may;
/// otherwise a carriage return is a part of its line.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_foreign = text.split('\n').next().is_some_and(|first| first.ends_with('\r'));
    let plain = move |line: &'_ str| match line.strip_suffix('\r') {
        Some(_) if is_foreign => line.len() - 1,
        _ => line.len(),
    };
    text.split_terminator('\n').enumerate().map(move |(i, line)| (i + 1, &line[..plain(line)]))
}

/// What is quoted from a file moves no cursor, and is no longer than a line.
fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    let shown: String = text.chars().take(LONGEST).map(plain).collect();
    if text.chars().nth(LONGEST).is_some() { format!("{shown}…") } else { shown }
}

/// Characters of what is said of a line.
const LONGEST: usize = 200;

/// The states of a port, in Nmap's words.
const STATES: &[&str] =
    &["open", "closed", "filtered", "unfiltered", "open|filtered", "closed|filtered"];

fn heading(line: &str) -> Result<(), String> {
    match line.trim() == HEADING {
        true => Ok(()),
        false => Err(format!("this is no recording: the first line has to be '{HEADING}'")),
    }
}

#[derive(Default)]
struct Reader {
    recording: Recording,
    /// What may stand in a recording once, and stood there.
    once: BTreeSet<String>,
    /// The text of the result has begun.
    in_output: bool,
    /// There is none.
    no_output: bool,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if self.in_output
            && let Some(shown) = line.strip_prefix('=')
        {
            if self.no_output {
                return Err("'output none' has no lines: take 'none' away, or these".to_owned());
            }
            let output = self.recording.output.get_or_insert_default();
            output.push_str(shown.strip_prefix(' ').unwrap_or(shown));
            output.push('\n');
            return Ok(());
        }
        let tokens = tokens(line)?;
        let Some((first, rest)) = tokens.split_first() else { return Ok(()) };
        let mut words = Words { rest };
        match first {
            Token::Bytes(more) => return self.go_on(more),
            Token::Word("<" | ">" | "tls" | "close") => self.turn(number, first, &mut words)?,
            Token::Word("connection") => {
                let conversation = conversation(number, &mut words)?;
                self.recording.conversations.push(conversation);
            }
            Token::Word("name" | "address") => {
                let answer = if *first == Token::Word("name") {
                    name(&mut words)
                } else {
                    address(&mut words)
                };
                self.recording.names.push(answer?);
            }
            Token::Word("output") => {
                self.only("output")?;
                self.in_output = true;
                self.recording.output = Some(String::new());
                self.no_output = words.take_word("none");
            }
            Token::Word("=") => {
                return Err("a line of the result stands before 'output'".to_owned());
            }
            Token::Word(word) => {
                self.stage(word, &mut words)?;
            }
        }
        words.end()
    }

    /// A second line with this word would silently replace the first.
    fn only(&mut self, word: &str) -> Result<(), String> {
        match self.once.insert(word.to_owned()) {
            true => Ok(()),
            false => Err(format!("there is a second line '{word}'")),
        }
    }

    /// Further bytes of the line before.
    fn go_on(&mut self, more: &Pattern) -> Result<(), String> {
        let lost = || "these bytes belong to nothing".to_owned();
        let conversation = self.recording.conversations.last_mut().ok_or_else(lost)?;
        match conversation.turns.last_mut().map(|turn| &mut turn.said) {
            Some(Said::Sent(data, _)) => data.bytes.extend(&more.bytes),
            Some(Said::Received(data) | Said::Tls(Some(data))) => data.extend(exact(more)?),
            None => match &mut conversation.certificate {
                Some(data) => data.extend(exact(more)?),
                None => return Err(lost()),
            },
            Some(_) => return Err(lost()),
        }
        Ok(())
    }

    fn stage(&mut self, word: &str, words: &mut Words<'_>) -> Result<(), String> {
        if ["script", "host", "way", "args", "time", "seed"].contains(&word) {
            self.only(word)?;
        }
        let stage = &mut self.recording.stage;
        match word {
            "script" => stage.script = words.text("the script's file")?,
            "host" => {
                stage.host = words.parse("an address")?;
                stage.name = words.optional_text()?;
            }
            "way" => stage.way = Some(way(words)?),
            "port" => stage.ports.push(port(words)?),
            "args" => stage.args = Some(words.text("the arguments in quotes")?),
            "time" => stage.time = words.parse("milliseconds since 1970")?,
            "seed" => stage.seed = words.parse("a number")?,
            other => {
                return Err(format!(
                    "'{}' is nothing that a recording has",
                    other.chars().take(40).collect::<String>().escape_debug()
                ));
            }
        }
        Ok(())
    }

    fn turn(&mut self, line: usize, kind: &Token<'_>, words: &mut Words<'_>) -> Result<(), String> {
        let Some(conversation) = self.recording.conversations.last_mut() else {
            return Err("a 'connection' has to come first".to_owned());
        };
        let after = words.optional_duration();
        let said = match kind {
            Token::Word(">") => {
                let to = words.take_word("to").then(|| words.parse("an address with a port"));
                let to = to.transpose()?;
                Said::Sent(words.pattern()?, to)
            }
            Token::Word("<") if words.take_word("eof") => Said::Eof,
            Token::Word("<") if words.take_word("silence") => Said::Silence,
            Token::Word("<") if words.take_word("failed") => Said::Failed(failure(words)?),
            Token::Word("<") => Said::Received(exact(&words.pattern()?)?),
            Token::Word("close") => Said::Closed,
            _ if words.take_word("failed") => Said::NoTls(failure(words)?),
            _ => Said::Tls(words.optional_bytes()?),
        };
        conversation.turns.push(Turn { line, after, said });
        Ok(())
    }

    fn finish(self) -> Result<Recording, String> {
        match self.once.contains("script") {
            true => Ok(self.recording),
            false => Err("no line names the script: script \"NAME.nse\"".to_owned()),
        }
    }
}

/// Bytes that are not any.
fn exact(pattern: &Pattern) -> Result<Vec<u8>, String> {
    let bytes: Option<Vec<u8>> = pattern.bytes.iter().copied().collect();
    bytes.ok_or_else(|| "only what the script sends may have bytes that are any".to_owned())
}

fn way(words: &mut Words<'_>) -> Result<Way, String> {
    let interface = words.text("an interface")?;
    let mtu = match words.take_word("mtu") {
        true => words.parse("a number of bytes")?,
        false => 0,
    };
    if !words.take_word("from") {
        return Err("'from' and the local address are missing".to_owned());
    }
    let source = words.parse("an address")?;
    Ok(Way { interface, mtu, source, is_direct: words.take_word("direct") })
}

fn port(words: &mut Words<'_>) -> Result<Port, String> {
    let word = words.word("a port such as 22/tcp")?;
    let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let is_udp = match protocol {
        "tcp" => false,
        "udp" => true,
        _ => return Err(format!("'{word}' is no port: write 22/tcp or 53/udp")),
    };
    let number = number.parse().map_err(|_| format!("'{word}' is no port: write 22/tcp"))?;
    let state = words.word("a state such as open")?;
    if !STATES.contains(&state) {
        return Err(format!("'{state}' is no state of a port: write one of {}", STATES.join(", ")));
    }
    let state = state.to_owned();
    Ok(Port { number, is_udp, state, service: words.optional_text()? })
}

fn name(words: &mut Words<'_>) -> Result<Answer, String> {
    let name = words.text("a name")?;
    let word = words.word("one of any, v4, v6")?;
    let family = FAMILIES.iter().find(|(known, _)| *known == word);
    let family = family.ok_or_else(|| format!("'{word}' is not one of any, v4, v6"))?.1;
    if words.take_word("failed") {
        return Ok(Answer::Name { name, family, found: Err(words.text("why")?) });
    }
    let mut found: Vec<IpAddr> = Vec::new();
    while !words.rest.is_empty() {
        found.push(words.parse("an address")?);
    }
    Ok(Answer::Name { name, family, found: Ok(found) })
}

fn address(words: &mut Words<'_>) -> Result<Answer, String> {
    let address = words.parse("an address")?;
    let name = if words.take_word("none") { None } else { Some(words.text("a name or none")?) };
    Ok(Answer::Address { address, name })
}

fn conversation(line: usize, words: &mut Words<'_>) -> Result<Conversation, String> {
    let word = words.word("one of tcp, udp, tls, dtls")?;
    let transport = TRANSPORTS.iter().find(|(known, _)| *known == word);
    let transport =
        transport.ok_or_else(|| format!("'{word}' is not one of tcp, udp, tls, dtls"))?.1;
    let peer: Option<SocketAddr> = match words.take_word("*") {
        true => None,
        false => Some(words.parse("an address with a port")?),
    };
    let local =
        words.take_word("from").then(|| words.parse("an address with a port")).transpose()?;
    let at = match words.take_word("at") {
        true => words.optional_duration_or_error()?,
        false => Duration::ZERO,
    };
    let took = match words.take_word("after") {
        true => words.optional_duration_or_error()?,
        false => Duration::ZERO,
    };
    let failed = words.take_word("failed").then(|| failure(words)).transpose()?;
    let certificate = match words.take_word("certificate") {
        true => Some(exact(&words.pattern()?)?),
        false => None,
    };
    let turns = Vec::new();
    Ok(Conversation { line, transport, peer, local, at, took, certificate, failed, turns })
}

fn failure(words: &mut Words<'_>) -> Result<Failure, String> {
    for (word, failure) in
        [("timeout", Failure::TimedOut), ("refused", Failure::Refused), ("reset", Failure::Reset)]
    {
        if words.take_word(word) {
            return Ok(failure);
        }
    }
    Ok(Failure::Other(words.text("one of timeout, refused, reset, or words in quotes")?))
}

/// What is left of a line.
struct Words<'a> {
    rest: &'a [Token<'a>],
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a Token<'a>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn word(&mut self, wanted: &str) -> Result<&'a str, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(format!("{wanted} is missing")),
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.rest.first() == Some(&Token::Word(word));
        if found {
            self.next();
        }
        found
    }

    fn parse<T: std::str::FromStr>(&mut self, wanted: &str) -> Result<T, String> {
        let word = self.word(wanted)?;
        word.parse().map_err(|_| format!("'{word}' is not {wanted}"))
    }

    fn optional_duration(&mut self) -> Duration {
        match self.rest.first() {
            Some(Token::Word(word)) => match read_duration(word) {
                Some(time) => {
                    self.next();
                    time
                }
                None => Duration::ZERO,
            },
            _ => Duration::ZERO,
        }
    }

    fn optional_duration_or_error(&mut self) -> Result<Duration, String> {
        let word = self.word("a time such as 1.5ms")?;
        read_duration(word).ok_or_else(|| format!("'{word}' is no time: write 300us, 1.5ms or 2s"))
    }

    fn pattern(&mut self) -> Result<Pattern, String> {
        match self.next() {
            Some(Token::Bytes(bytes)) => Ok(bytes.clone()),
            Some(Token::Word(word)) => Err(format!("'{word}' stands where bytes in quotes belong")),
            None => Err("bytes in quotes are missing".to_owned()),
        }
    }

    fn optional_bytes(&mut self) -> Result<Option<Vec<u8>>, String> {
        if self.rest.is_empty() { Ok(None) } else { exact(&self.pattern()?).map(Some) }
    }

    /// A word, or text in quotes.
    fn text(&mut self, wanted: &str) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok((*word).to_owned()),
            Some(Token::Bytes(bytes)) => {
                String::from_utf8(exact(bytes)?).map_err(|_| format!("{wanted} is not text"))
            }
            None => Err(format!("{wanted} is missing")),
        }
    }

    fn optional_text(&mut self) -> Result<Option<String>, String> {
        if self.rest.is_empty() { Ok(None) } else { self.text("text").map(Some) }
    }

    fn end(&self) -> Result<(), String> {
        match self.rest.first() {
            None => Ok(()),
            Some(Token::Word(word)) => Err(format!("'{word}' is not expected here")),
            Some(Token::Bytes(_)) => Err("bytes are not expected here".to_owned()),
        }
    }
}

impl Stage {
    /// Reads a port as a recording's line has it: `22/tcp open ssh`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read_port(text: &str) -> Result<Port, String> {
        let tokens = tokens(text)?;
        let mut words = Words { rest: &tokens };
        let port = port(&mut words)?;
        words.end().map(|()| port)
    }
}
