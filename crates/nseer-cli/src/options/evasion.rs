//! Options that shape packets or hide their origin.

use super::{Category, Opt, Use, Value};
use crate::parse::ParseError;
use crate::settings::{PacketData, Settings};

pub(super) const CATEGORY: Category = Category {
    title: "Packets and their origin",
    about: "Choosing where packets come from and what they look like.",
    options: &[
        Opt::new(
            &["--send-ip"],
            Value::None,
            "send no Ethernet frames, so do not ask by ARP",
            "Sends all packets through the IP layer of the system, which this version does anyway but for \
            ARP: it implies --disable-arp-ping.",
            |s, u| u.flag(&mut s.no_link_ping),
        ),
        Opt::not_built(&["-f"], Value::None, "split packets into fragments", ""),
        Opt::not_built(&["--ff"], Value::None, "split packets into larger fragments", ""),
        Opt::not_built(&["--mtu"], Value::Required("SIZE"), "split packets at this size", ""),
        Opt::not_built(&["-D"], Value::Required("DECOYS"), "hide among decoy senders", ""),
        Opt::new(
            &["-S"],
            Value::Required("ADDRESS"),
            "send from this address",
            "Sends raw packets from this address. Answers are seen only if they come back to this machine.",
            |s, u| u.store(&mut s.source_address),
        ),
        Opt::new(
            &["-e"],
            Value::Required("INTERFACE"),
            "send through this interface",
            "Sends raw packets through this interface.",
            |s, u| u.store(&mut s.interface),
        ),
        Opt::new(
            &["-g", "--source-port"],
            Value::Required("PORT"),
            "send from this port",
            "Sends raw TCP, UDP and SCTP packets from this port (1 to 65535). Connections (-sT, scripts) choose \
            their own.",
            |s, u| u.store(&mut s.source_port),
        ),
        Opt::not_built(
            &["--proxies", "--proxy"],
            Value::Required("URLS"),
            "connect through these proxies",
            "",
        ),
        Opt::new(
            &["--data"],
            Value::Required("HEX"),
            "put these bytes into packets",
            "Puts these bytes, two hexadecimal digits each with or without 0x in front, at the end of raw \
            packets that carry nothing else.",
            |s, u| add(s, PacketData::Hex, u),
        ),
        Opt::new(
            &["--data-string"],
            Value::Required("TEXT"),
            "put this text into packets",
            "Puts this text at the end of raw packets that carry nothing else.",
            |s, u| add(s, PacketData::Text, u),
        ),
        Opt::new(
            &["--data-length"],
            Value::Required("NUMBER"),
            "put so many random bytes into packets",
            "Puts so many random bytes (0 to 1400) at the end of raw packets that carry nothing else.",
            |s, u| add(s, PacketData::Random, u),
        ),
        Opt::not_built(
            &["--ip-options"],
            Value::Required("OPTIONS"),
            "send packets with these IP options",
            "",
        ),
        Opt::new(
            &["--ttl"],
            Value::Required("NUMBER"),
            "send with this time to live",
            "Sends raw packets with this time to live (0 to 255).",
            |s, u| u.store(&mut s.ttl),
        ),
        Opt::not_built(
            &["--spoof-mac"],
            Value::Required("MAC"),
            "send from this hardware address",
            "",
        ),
        Opt::new(
            &["--badsum"],
            Value::None,
            "send packets with wrong checksums",
            "Sends raw packets whose TCP, UDP, SCTP or ICMP checksum is wrong. Hosts drop them; an answer comes \
            from a firewall that does not look.",
            |s, u| u.flag(&mut s.bad_checksum),
        ),
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

fn add(settings: &mut Settings, kind: PacketData, used: Use) -> Result<(), ParseError> {
    settings.packet_data.extend(used.value.map(|value| (kind, value)));
    Ok(())
}
