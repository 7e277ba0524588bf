//! Options that shape packets or hide their origin, which this version does not have.

use super::{Category, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Packets and their origin",
    about: "Choosing where packets come from and what they look like.",
    options: &[
        Opt::no_effect(
            &["--send-ip"],
            Value::None,
            "accepted, no effect: packets always go through the system's IP",
            "Accepted without effect: this version always sends through the IP layer of the system.",
        ),
        Opt::not_built(&["-f"], Value::None, "split packets into fragments", ""),
        Opt::not_built(&["--ff"], Value::None, "split packets into larger fragments", ""),
        Opt::not_built(&["--mtu"], Value::Required("SIZE"), "split packets at this size", ""),
        Opt::not_built(&["-D"], Value::Required("DECOYS"), "hide among decoy senders", ""),
        Opt::not_built(&["-S"], Value::Required("ADDRESS"), "send from this address", ""),
        Opt::not_built(&["-e"], Value::Required("INTERFACE"), "send through this interface", ""),
        Opt::not_built(
            &["-g", "--source-port"],
            Value::Required("PORT"),
            "send from this port",
            "",
        ),
        Opt::not_built(
            &["--proxies", "--proxy"],
            Value::Required("URLS"),
            "connect through these proxies",
            "",
        ),
        Opt::not_built(&["--data"], Value::Required("HEX"), "put these bytes into packets", ""),
        Opt::not_built(
            &["--data-string"],
            Value::Required("TEXT"),
            "put this text into packets",
            "",
        ),
        Opt::not_built(
            &["--data-length"],
            Value::Required("NUMBER"),
            "put so many random bytes into packets",
            "",
        ),
        Opt::not_built(
            &["--ip-options"],
            Value::Required("OPTIONS"),
            "send packets with these IP options",
            "",
        ),
        Opt::not_built(&["--ttl"], Value::Required("NUMBER"), "send with this time to live", ""),
        Opt::not_built(
            &["--spoof-mac"],
            Value::Required("MAC"),
            "send from this hardware address",
            "",
        ),
        Opt::not_built(&["--badsum"], Value::None, "send packets with wrong checksums", ""),
        Opt::not_built(&["--adler32"], Value::None, "use the old checksum of SCTP", ""),
        Opt::not_built(&["--send-eth"], Value::None, "send Ethernet frames", ""),
        Opt::not_built(
            &["--route-dst"],
            Value::Required("ADDRESS"),
            "show the route to an address",
            "",
        ),
    ],
};
