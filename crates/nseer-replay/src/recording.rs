//! A conversation of a script with its peers, as it was recorded or written by hand.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nseer_net::{Family, Transport};

/// Everything that a script is given and told, and what came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// What the script is given.
    pub stage: Stage,
    /// Its connections, in the order in which they were opened.
    pub conversations: Vec<Conversation>,
    /// What DNS said.
    pub names: Vec<Answer>,
    /// The script's result; `None` where nobody has said what it should be.
    pub output: Option<String>,
}

/// What a script is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The script's file, as seen from the folder of the recording.
    pub script: String,
    /// The host.
    pub host: IpAddr,
    /// Its name, where the user gave one.
    pub name: Option<String>,
    /// The way to it, where it is known.
    pub way: Option<Way>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// The script's arguments, as after `--script-args`.
    pub args: Option<String>,
    /// When it begins, in milliseconds since 1970.
    pub time: u64,
    /// What random numbers follow from.
    pub seed: u64,
}

impl Default for Stage {
    fn default() -> Self {
        Stage {
            script: String::new(),
            host: IpAddr::from([127, 0, 0, 1]),
            name: None,
            way: None,
            ports: Vec::new(),
            args: None,
            time: 0,
            seed: 1,
        }
    }
}

/// How packets to the host leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The interface's name.
    pub interface: String,
    /// Its maximum transmission unit in bytes; 0 unknown.
    pub mtu: u32,
    /// The local address.
    pub source: IpAddr,
    /// The host is on a network of the interface's, or is this machine.
    pub is_direct: bool,
}

/// A port of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// It is one of UDP.
    pub is_udp: bool,
    /// Its state in Nmap's word.
    pub state: String,
    /// The service's name, where it is not that of the table.
    pub service: Option<String>,
}

/// One connection, or one UDP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The line of the file that it begins at; 0 where it is from none.
    pub line: usize,
    /// How bytes travel.
    pub transport: Transport,
    /// The peer; `None` for datagrams to many.
    pub peer: Option<SocketAddr>,
    /// The local end.
    pub local: Option<SocketAddr>,
    /// When it was opened, after the first one.
    pub at: Duration,
    /// How long the connect took.
    pub took: Duration,
    /// The peer's certificate in DER, where TLS was there from the start.
    pub certificate: Option<Vec<u8>>,
    /// Why it could not be opened.
    pub failed: Option<Failure>,
    /// What was said.
    pub turns: Vec<Turn>,
}

/// One thing that was said, or was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The line of the file; 0 where it is from none.
    pub line: usize,
    /// How long after the one before.
    pub after: Duration,
    /// What.
    pub said: Said,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The script sent this, to whom where the socket has no peer.
    Sent(Pattern, Option<SocketAddr>),
    /// The peer sent this.
    Received(Vec<u8>),
    /// The peer closed.
    Eof,
    /// The script waited for what did not come.
    Silence,
    /// The connection broke while the script waited.
    Failed(Failure),
    /// TLS began, with the peer's certificate in DER.
    Tls(Option<Vec<u8>>),
    /// TLS was to begin and did not.
    NoTls(Failure),
    /// The script closed.
    Closed,
}

/// How something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing came in time.
    TimedOut,
    /// Nobody listens.
    Refused,
    /// The peer broke it off.
    Reset,
    /// Anything else, in words.
    Other(String),
}

/// Bytes, some of which may be any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The bytes; `None` is any.
    pub bytes: Vec<Option<u8>>,
}

impl Pattern {
    /// A pattern that is just these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Pattern {
        Pattern { bytes: bytes.iter().copied().map(Some).collect() }
    }

    /// True where every byte of `data`, which is as long, is the pattern's.
    #[must_use]
    pub fn matches(expected: &[Option<u8>], data: &[u8]) -> bool {
        expected.len() == data.len()
            && expected.iter().zip(data).all(|(want, byte)| want.is_none_or(|want| want == *byte))
    }
}

/// What DNS said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To a name: addresses, or why there are none.
    Name {
        /// The name.
        name: String,
        /// Of which family addresses were wanted.
        family: Option<Family>,
        /// The answer.
        found: Result<Vec<IpAddr>, String>,
    },
    /// To an address.
    Address {
        /// The address.
        address: IpAddr,
        /// Its name, where it has one.
        name: Option<String>,
    },
}

impl Failure {
    /// What it was, from what a socket says.
    #[must_use]
    pub fn of(error: &nseer_net::NetError) -> Failure {
        use std::io::ErrorKind;
        match error {
            nseer_net::NetError::TimedOut => Failure::TimedOut,
            nseer_net::NetError::Io(io) if io.kind() == ErrorKind::ConnectionRefused => {
                Failure::Refused
            }
            nseer_net::NetError::Io(io) if io.kind() == ErrorKind::ConnectionReset => {
                Failure::Reset
            }
            nseer_net::NetError::Eof => Failure::Other("closed".to_owned()),
            other => Failure::Other(other.to_string()),
        }
    }

    /// What a socket says of it.
    #[must_use]
    pub fn error(&self) -> nseer_net::NetError {
        use std::io::{Error, ErrorKind};
        match self {
            Failure::TimedOut => nseer_net::NetError::TimedOut,
            Failure::Refused => Error::from(ErrorKind::ConnectionRefused).into(),
            Failure::Reset => Error::from(ErrorKind::ConnectionReset).into(),
            Failure::Other(text) if text == "closed" => nseer_net::NetError::Eof,
            Failure::Other(text) => Error::other(text.clone()).into(),
        }
    }
}
