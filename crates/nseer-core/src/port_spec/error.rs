//! What is wrong with a port list, and what is allowed but hardly meant.

use crate::port::Protocol;

/// The text is not a list of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortSpecError {
    /// No port in it.
    #[error("the port list '{list}' names no port")]
    Empty {
        /// The list.
        list: String,
    },
    /// Nothing before or between commas.
    #[error("there is nothing before a comma in port list '{list}'")]
    EmptyItem {
        /// The list.
        list: String,
    },
    /// Something is not a port.
    #[error("bad port '{item}' in '{list}': ports are numbers from 0 to 65535")]
    Number {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// Something is not the number of a protocol.
    #[error("bad protocol '{item}' in '{list}': protocols are numbers from 0 to 255, or names")]
    ProtocolNumber {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// No protocol has this name.
    #[error("no protocol is called '{item}' (in protocol list '{list}')")]
    ProtocolName {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// A range runs backwards.
    #[error("bad port range '{item}' in '{list}': it runs backwards")]
    Backwards {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// No service of the protocols in question has this name.
    #[error("no service of the scanned protocols is called '{item}' (in port list '{list}')")]
    Service {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// A letter before a colon is not a protocol's.
    #[error("unknown protocol '{letter}:' in port list '{list}': use T:, U:, S: or P:")]
    Protocol {
        /// The list.
        list: String,
        /// The letter.
        letter: char,
    },
    /// A bracket in brackets, or a closing one alone.
    #[error("the brackets in port list '{list}' do not pair")]
    Bracket {
        /// The list.
        list: String,
    },
}

/// Something in a list of ports that is allowed, but hardly meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortWarning {
    /// A prefix names a protocol that is not scanned; the items after it count for nothing. Holds
    /// its letter: T, U, S, or P for numbers of IP protocols.
    #[error("the port list has '{0}:', but no {ports} are scanned", ports = ports_of(*.0))]
    NotScanned(char),
    /// Some port is named more than once.
    #[error("the port list names some ports more than once")]
    Repeated,
    /// A protocol is scanned, but no port of it was chosen.
    #[error("{}", nothing_of(*.0))]
    NoPorts(Protocol),
}

fn nothing_of(protocol: Protocol) -> String {
    match protocol {
        Protocol::Ip => "no IP protocols were chosen, so none are scanned".to_owned(),
        other => format!("no {other} ports were chosen, so no {other} ports are scanned"),
    }
}

fn ports_of(letter: char) -> &'static str {
    match letter {
        'T' => "TCP ports",
        'U' => "UDP ports",
        'S' => "SCTP ports",
        _ => "IP protocols",
    }
}
