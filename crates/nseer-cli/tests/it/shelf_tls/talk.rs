//! Peers that hold a conversation: a greeting, and an answer to each line that begins as it should.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use crate::lab::Lab;

/// A greeting, and answers by the beginnings of lines; the first that fits is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    /// What is said before anything is asked.
    pub(crate) greeting: &'static [u8],
    /// Beginning of a line, in capitals, and the answer to it.
    pub(crate) answers: &'static [(&'static str, &'static [u8])],
    /// Whether the peer closes after its first answer.
    pub(crate) closes: bool,
}

impl Talk {
    /// Puts the peer on a port, for as long as the test runs.
    pub(crate) fn on(self, lab: &Lab, address: Ipv4Addr, port: u16) {
        serve(lab, address, port, move |stream| self.hold(stream));
    }

    fn hold(self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.write_all(self.greeting)?;
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line).to_uppercase();
            let answer = self.answers.iter().find(|(start, _)| text.starts_with(start));
            if let Some((_, answer)) = answer {
                stream.write_all(answer)?;
                if self.closes {
                    return Ok(());
                }
            }
            line.clear();
        }
        Ok(())
    }
}

/// Calls `talk` for each connection to a port.
#[allow(clippy::disallowed_methods, reason = "the peer is the outside world")]
pub(crate) fn serve<F>(_: &Lab, address: Ipv4Addr, port: u16, talk: F)
where
    F: Fn(TcpStream) -> std::io::Result<()> + Clone + Send + 'static,
{
    let listener = TcpListener::bind((address, port)).expect("a free port");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = talk.clone();
            // A client that goes away early is no matter.
            thread::spawn(move || drop(talk(stream)));
        }
    });
}
