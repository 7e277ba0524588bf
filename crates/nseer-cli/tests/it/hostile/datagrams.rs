//! Answers by UDP whose lengths, counts and offsets cannot be. Each is given by a server of its own to every script. A
//! new protocol is a line here.

use super::servers::Datagram;
use super::servers::Datagram::Answers;

/// A name for messages, and what the server does.
pub(crate) type Server = (&'static str, Datagram);

/// The first bytes of the request, by which answers are known, and then others.
fn after(request: &[u8], kept: usize, rest: &[u8]) -> Vec<u8> {
    let mut answer = request[..request.len().min(kept)].to_vec();
    answer.extend(rest);
    answer
}

fn filled(request: &[u8], kept: usize) -> Vec<u8> {
    after(request, kept, &[0xff; 1_400])
}

/// Where the number of an SNMP request is, an integer of four bytes at most (RFC 3416, section 3), and it.
fn snmp(request: &[u8], rest: &[u8]) -> Vec<u8> {
    let at = request.windows(2).position(|tags| (0xa0..=0xa5).contains(&tags[0])).unwrap_or(0);
    let id = request.get(at + 2..at + 8).unwrap_or_default();
    [b"\x30\x82\x00\x40\x02\x01\x00\x04\x06public\xa2\x82\x00\x30", id, rest].concat()
}

/// Servers that answer.
pub(crate) const DATAGRAMS: &[Server] = &[
    ("echo", Answers(<[u8]>::to_vec)),
    ("one byte", Answers(|_| vec![0])),
    ("nothing", Answers(|_| Vec::new())),
    ("another protocol", Answers(|_| b"HTTP/1.0 400 Bad Request\r\n\r\n".to_vec())),
    ("cut off", Answers(|request| request[..request.len() / 2].to_vec())),
    ("two bytes kept", Answers(|request| filled(request, 2))),
    ("four bytes kept", Answers(|request| filled(request, 4))),
    ("eight bytes kept", Answers(|request| filled(request, 8))),
    ("sixteen bytes kept", Answers(|request| filled(request, 16))),
    // RFC 1035, section 4.1: counts, a name that is a loop, and a text that is longer than its record.
    (
        "DNS counts",
        Answers(|request| after(request, 2, b"\x81\x80\x00\x00\xff\xff\xff\xff\xff\xff")),
    ),
    (
        "DNS loop",
        Answers(|request| {
            after(request, 2, b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x10\x00\x03\xc0\x0c\x00\x10\x00\x03\x00\x00\x00\x00\x00\x02\xff\xff")
        }),
    ),
    (
        "DNS record",
        Answers(|request| {
            after(request, 2, b"\x81\x80\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x10\x00\x03\x00\x00\x00\x00\xff\xff\xff")
        }),
    ),
    (
        "DNS label",
        Answers(|request| after(request, 2, b"\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x3fa")),
    ),
    (
        "DNS option",
        Answers(|request| {
            after(request, 2, b"\x81\x80\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x29\xff\xff\x00\x00\x00\x00\x00\x05\x00\x03\xff\xffa")
        }),
    ),
    // RFC 1002, section 4.2.18: names that are not there.
    (
        "NetBIOS names",
        Answers(|request| {
            after(request, 2, b"\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00\x21\x00\x01\x00\x00\x00\x00\xff\xff\xff")
        }),
    ),
    // RFC 3416 in the encoding of X.690.
    ("SNMP length", Answers(|_| b"\x30\x84\xff\xff\xff\xff\x02\x01\x00".to_vec())),
    (
        "SNMP value",
        Answers(|request| {
            snmp(request, b"\x02\x01\x00\x02\x01\x00\x30\x84\xff\xff\xff\xff\x30\x84\xff\xff\xff\xff\x06\x84\xff\xff\xff\xff")
        }),
    ),
    (
        "SNMP names",
        Answers(|request| {
            snmp(request, b"\x02\x01\x00\x02\x01\x00\x30\x14\x30\x12\x06\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x04\x02\xff\xff")
        }),
    ),
    ("SNMP depth", Answers(|_| b"\x30\x82\x7f\xff".repeat(350))),
    (
        "SNMP version 3",
        Answers(|_| {
            b"\x30\x30\x02\x01\x03\x30\x0f\x02\x02\x4a\x69\x02\x03\x00\xff\xe3\x04\x01\x04\x02\x01\x03\x04\x84\xff\xff\xff\xff".to_vec()
        }),
    ),
    // RFC 5905: a header alone, and control messages whose parts lie far beyond.
    ("NTP time", Answers(|_| vec![0xff; 48])),
    (
        "NTP control",
        Answers(|request| after(request, 0, b"\x16\x82\x00\x01\x00\x00\x00\x00\xff\xff\xff\xff")),
    ),
    ("NTP more", Answers(|_| b"\x16\xa2\x00\x01\x00\x00\x00\x00\x00\x00\x00\x04a=b,".to_vec())),
    // RFC 5531: a reply with counts.
    (
        "RPC reply",
        Answers(|request| {
            after(
                request,
                4,
                b"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff",
            )
        }),
    ),
    (
        "RPC list",
        Answers(|request| {
            after(request, 4, &[&b"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"[..], &b"\x00\x00\x00\x01\x00\x01\x86\xa0\x00\x00\x00\x02\x00\x00\x00\x06\x00\x00\x00\x6f".repeat(60)].concat())
        }),
    ),
    // RFC 7252, section 3: options with lengths of 64 KiB; blocks (RFC 7959) without end.
    (
        "CoAP option",
        Answers(|request| {
            [&[0x60, 0x45][..], request.get(2..4).unwrap_or_default(), b"\xee\xff\xff\xff\xff"]
                .concat()
        }),
    ),
    (
        "CoAP block",
        Answers(|request| {
            [&[0x60, 0x45][..], request.get(2..4).unwrap_or_default(), b"\xd1\x0a\x0e\xff</a>,"]
                .concat()
        }),
    ),
    // ASHRAE 135: a BVLC length, and a property whose length is in four bytes.
    (
        "BACnet length",
        Answers(|_| {
            b"\x81\x0a\xff\xff\x01\x00\x30\x01\x0c\x0c\x02\x3f\xff\xff\x19\x4b\x3e".to_vec()
        }),
    ),
    (
        "BACnet value",
        Answers(|_| {
            b"\x81\x0a\x00\x1a\x01\x00\x30\x01\x0c\x0c\x02\x3f\xff\xff\x19\x4b\x3e\x75\xff\xff\xff\xff\xff\x00\x3f\x00".to_vec()
        }),
    ),
    // IPMI over RMCP; SIP; memcached; EtherNet/IP; UPnP.
    (
        "IPMI",
        Answers(|_| {
            b"\x06\x00\xff\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x81\x1c\x63\x20\x00\x38"
                .to_vec()
        }),
    ),
    (
        "SIP length",
        Answers(|_| {
            b"SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\nContent-Length: 99999999999\r\nAllow: A\r\n\r\n"
                .to_vec()
        }),
    ),
    (
        "memcached",
        Answers(|request| after(request, 4, b"\xff\xff\x00\x00VALUE a 0 99999999999\r\n")),
    ),
    (
        "EtherNet/IP",
        Answers(|_| {
            b"\x63\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff".to_vec()
        }),
    ),
    (
        "UPnP",
        Answers(|_| {
            b"HTTP/1.1 200 OK\r\nLOCATION: http://127.0.0.1:99999/\r\nSERVER:\r\nCONTENT-LENGTH: -1\r\n\r\n".to_vec()
        }),
    ),
    // RFC 2132: options that end behind the datagram. RFC 5389, section 15: an attribute that does. RFC 6886: half an answer.
    (
        "DHCP option",
        Answers(|request| {
            let mut answer = request.to_vec();
            answer.resize(240, 0);
            answer[0] = 2;
            [&answer[..], b"\x01\xff\xff\xff\x06\x03\xff\xff\xff\x0c"].concat()
        }),
    ),
    (
        "STUN attribute",
        Answers(|request| {
            let id = request.get(4..20).unwrap_or_default();
            [&b"\x01\x01\x00\x08"[..], id, b"\x00\x01\xff\xff\x00\x01\x00\x00"].concat()
        }),
    ),
    // MS-SQLR, section 2.2.5: the text of instances is longer than the datagram, and names have no values.
    (
        "SQL Browser",
        Answers(|_| [&b"\x05\xff\xff"[..], &b"ServerName;;;tcp;99999;;".repeat(50)].concat()),
    ),
    ("NAT-PMP", Answers(|_| b"\x00\x80\x00\x00\x00\x00".to_vec())),
    // XDMCP: a text that ends behind the packet. WS-Discovery: an answer that is never closed.
    ("XDMCP", Answers(|_| b"\x00\x01\x00\x05\x00\x08\x00\x00\x00\x00\xff\xff\x00\x00".to_vec())),
    (
        "WS-Discovery",
        Answers(|_| {
            let open =
                "<d:ProbeMatches xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"><a>";
            open.repeat(15).into_bytes()
        }),
    ),
    // OpenVPN: acknowledgements that end behind the packet. RFC 2865, section 5: attributes that do.
    (
        "OpenVPN acknowledgements",
        Answers(|request| {
            [&b"\x40sessionS\xff"[..], request.get(1..9).unwrap_or_default(), &[0xff; 16]].concat()
        }),
    ),
    (
        "RADIUS attributes",
        Answers(|request| {
            let id = request.get(1..2).unwrap_or_default();
            [
                &b"\x02"[..],
                id,
                b"\x00\x20",
                &[0; 16],
                b"\x12\xff\x50\x01\x00\x00\x00\x00\x12\x00\x00\x00",
            ]
            .concat()
        }),
    ),
];
