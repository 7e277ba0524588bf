//! What can be wrong with a target.

/// The text is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing there.
    #[error("empty target: give an address, a network, a range or a name")]
    Empty,
    /// The part after `/` is wrong.
    #[error("bad CIDR '{text}': the prefix length must be 0 to {most}")]
    Prefix {
        /// The target.
        text: String,
        /// 32 or 128.
        most: u8,
    },
    /// Not four octets.
    #[error("bad address '{text}': an IPv4 address has four octets")]
    FourOctets {
        /// The target.
        text: String,
    },
    /// An octet or octet range is wrong.
    #[error("bad address '{text}': octet '{octet}' must be * or numbers and ranges from 0 to 255")]
    Octet {
        /// The target.
        text: String,
        /// The octet.
        octet: String,
    },
    /// A range runs backwards.
    #[error("bad address '{text}': the range '{range}' runs backwards")]
    Backwards {
        /// The target.
        text: String,
        /// The range.
        range: String,
    },
    /// There is a colon in it, but it is no IPv6 address.
    #[error("'{text}' is not an IPv6 address (ports are given with -p)")]
    Ipv6 {
        /// The target.
        text: String,
    },
    /// A web address.
    #[error("'{text}' is a URL: give only its host")]
    Url {
        /// The target.
        text: String,
    },
    /// A character that host names do not have.
    #[error("bad host name '{text}': '{}' is not allowed in it", character.escape_debug())]
    Character {
        /// The target.
        text: String,
        /// The first wrong character.
        character: char,
    },
    /// Dots or a hyphen where none may be, or too long.
    #[error("'{text}' is neither an address nor a host name")]
    Name {
        /// The target.
        text: String,
    },
}
