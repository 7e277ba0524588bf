//! Servers that begin with TLS on a command of their own: a script of what is said before, and then OpenSSL's own
//! server behind it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;

use super::talk::serve;
use super::{TARGET, lab, ours};

/// A port, what is said first, and what is answered once the client has sent certain bytes. TLS begins after the
/// last answer.
type Steps = (u16, &'static [u8], &'static [(&'static [u8], &'static [u8])]);

const SERVERS: &[Steps] = &[
    (21, b"220 ready\r\n", &[(b"AUTH TLS\r\n", b"234 go on\r\n")]),
    (
        24,
        b"220-hello\r\n220 ready\r\n",
        &[(b"LHLO", b"250-me\r\n250 STARTTLS\r\n"), (b"STARTTLS\r\n", b"220 go on\r\n")],
    ),
    (
        25,
        b"220 ready\r\n",
        &[(b"EHLO", b"250-me\r\n250 STARTTLS\r\n"), (b"STARTTLS\r\n", b"220 go on\r\n")],
    ),
    (110, b"+OK ready\r\n", &[(b"STLS\r\n", b"+OK go on\r\n")]),
    (119, b"200 ready\r\n", &[(b"STARTTLS\r\n", b"382 go on\r\n")]),
    (143, b"* OK ready\r\n", &[(b"STARTTLS\r\n", b"* BYE no\r\nt1 OK go on\r\n")]),
    // ExtendedResponse with the result success, RFC 4511.
    (389, b"", &[(b"1466.20037", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")]),
    // A greeting of MySQL's protocol: version, thread, salt, capabilities with TLS (0x0800).
    (
        3306,
        b"\x24\x00\x00\x00\x0a8.0.1\x00\x01\x00\x00\x00saltsalt\x00\x00\x08\x21\x02\x00\x00\x00\x15\
          \x00\x00\x00\x00\x00\x00\x00\x00\x00",
        &[(b"\x20\x00\x00\x01", b"")],
    ),
    (5432, b"", &[(b"\x04\xd2\x16\x2f", b"S")]),
    (
        5222,
        b"",
        &[
            (
                b"version='1.0'>",
                b"<?xml version='1.0'?><stream:stream id='1' version='1.0'><stream:features>\
                  <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
            ),
            (b"<starttls", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ],
    ),
    // VeNCrypt 0.2 with the subtypes of a certificate.
    (
        5900,
        b"RFB 003.008\n",
        &[
            (b"RFB 003.008\n", b"\x02\x01\x13"),
            (b"\x13", b"\x00\x02"),
            (b"\x00\x02", b"\x00\x02\x00\x00\x01\x04\x00\x00\x01\x05"),
            (b"\x00\x00\x01\x04", b"\x01"),
        ],
    ),
];

/// The port of the TLS server behind.
const BEHIND: u16 = 443;

fn hold(mut client: TcpStream, greeting: &[u8], steps: &[(&[u8], &[u8])]) -> io::Result<()> {
    client.write_all(greeting)?;
    let mut buffer = [0; 4096];
    for (wanted, answer) in steps {
        let mut said = Vec::new();
        while !said.windows(wanted.len()).any(|window| window == *wanted) {
            let count = client.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            said.extend_from_slice(&buffer[..count]);
        }
        client.write_all(answer)?;
    }
    join(client)
}

/// Connects the client with the server behind.
#[allow(clippy::disallowed_methods, reason = "the peer is the outside world")]
fn join(mut client: TcpStream) -> io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, BEHIND))?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || io::copy(&mut from, &mut to));
    io::copy(&mut client, &mut server)?;
    Ok(())
}

#[test]
fn tls_begins_on_each_protocols_command() {
    lab::run("starttls::tls_begins_on_each_protocols_command", |lab| {
        lab.tls(BEHIND);
        let mut ports = BEHIND.to_string();
        for &(port, greeting, steps) in SERVERS {
            serve(lab, Ipv4Addr::LOCALHOST, port, move |client| hold(client, greeting, steps));
            ports.push_str(&format!(",{port}"));
        }
        let output = ours(lab, "ssl-cert", &ports, &[], TARGET);
        let expected = output.under("443/tcp");
        assert!(expected.iter().any(|line| line.contains("lab.test")), "{output:#?}");
        for (port, ..) in SERVERS {
            assert_eq!(output.under(&format!("{port}/tcp")), expected, "{port}: {output:#?}");
        }
    });
}
