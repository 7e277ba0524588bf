//! Servers that do everything wrong: no script complains, hangs or shows nonsense.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::talk::serve;
use super::{TARGET, ours};
use crate::lab;
use crate::lab::Lab;

/// All scripts here, with the port on which each of them runs.
const SCRIPTS: &str = "ssl-*,tls-*,sslv2,ssh*,ftp-anon,ftp-syst,smtp-commands,pop3-capabilities,\
    imap-capabilities,nntp-capabilities,sieve-capabilities,finger,daytime,rfc868-time,\
    telnet-encryption,dict-info,hddtemp-info,gopher-ls,gpsd-info,irc-info,gkrellm-info,xmpp-info";
const PORTS: &[u16] = &[
    13, 21, 22, 23, 25, 37, 70, 79, 110, 119, 143, 389, 443, 2628, 2947, 3306, 4190, 5222, 5432,
    5900, 6667, 7634, 19150,
];

/// What is sent to whoever connects, in turn; then the connection is closed.
fn against(name: &str, nonsense: &'static [&'static [u8]]) {
    lab::run(name, |lab| {
        let calls = Arc::new(AtomicUsize::new(0));
        for port in PORTS {
            let calls = Arc::clone(&calls);
            serve(lab, Ipv4Addr::LOCALHOST, *port, move |mut stream| {
                let turn = calls.fetch_add(1, Ordering::Relaxed);
                stream.write_all(nonsense[turn % nonsense.len()])?;
                // What the client says first is taken, so that closing is no reset.
                stream.set_read_timeout(Some(std::time::Duration::from_millis(50)))?;
                let _ = stream.read(&mut [0; 4096]);
                stream.write_all(nonsense[turn % nonsense.len()])
            });
        }
        check(lab);
    });
}

/// Runs all scripts on all ports: they end, and complain of nothing.
fn check(lab: &Lab) {
    let ports: Vec<String> = PORTS.iter().map(u16::to_string).collect();
    let output = ours(lab, SCRIPTS, &ports.join(","), &[], TARGET);
    assert!(!output.stdout.contains("ERROR"), "{output:#?}");
    assert!(output.stdout.contains("443/tcp"), "{output:#?}");
}

#[test]
fn servers_that_close_at_once() {
    against("shelf_tls::hostile::servers_that_close_at_once", &[b""]);
}

#[test]
fn servers_that_send_without_end() {
    lab::run("shelf_tls::hostile::servers_that_send_without_end", |lab| {
        for port in PORTS {
            serve(lab, Ipv4Addr::LOCALHOST, *port, |mut stream| {
                let lines = b"250-again and again, * OK + 211-\r\n".repeat(2000);
                loop {
                    stream.write_all(&lines)?;
                }
            });
        }
        check(lab);
    });
}

#[test]
fn servers_that_send_garbage() {
    against(
        "shelf_tls::hostile::servers_that_send_garbage",
        &[
            b"\x00\x01\x02\xff\xfe\xfd\x80\x81",
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            b"\r\n\r\n\r\n",
            b"%s%n%d {} ] [ ( \xc3\x28 <stream:stream <a <b",
        ],
    );
}

#[test]
fn valid_frames_with_absurd_lengths() {
    against("shelf_tls::hostile::valid_frames_with_absurd_lengths", &[
        // A TLS record that is longer than any; a ServerHello and a certificate longer than their record.
        b"\x16\x03\x03\xff\xff\x02\xff\xff\xff",
        b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\xff",
        b"\x16\x03\x03\x00\x0a\x0b\x00\x00\x06\xff\xff\xff\xff\xff\xff",
        b"\x16\x03\x03\x00\x2e\x02\x00\x00\x2a\x03\x03RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\x00\xc0\x2f\x00\xff\xff",
        // SSL version 2, with lengths of 64 KiB.
        b"\x80\x0b\x04\x00\x01\x00\x02\xff\xff\xff\xff\xff\xff",
        // SSH packets of 4 GiB, and with more padding than packet; lists of algorithms of 4 GiB.
        b"SSH-2.0-x\r\n\xff\xff\xff\xff\x04",
        b"SSH-2.0-x\r\n\x00\x00\x00\x0c\xff\x14aaaaaaaaaa",
        b"SSH-2.0-x\r\n\x00\x00\x00\x1c\x04\x14ccccccccccccccccc\xff\xff\xff\xffpppp",
        b"SSH-1.5-x\n\xff\xff\xff\xff",
        b"SSH-1.5-x\n\x00\x00\x00\x14\x00\x00\x00\x00\x02aaaaaaaaaaaa\xff\xff\xff",
        // Answers of several lines that never end, and a greeting of MySQL without its parts.
        b"250-a\r\n250-b\r\n",
        b"+OK\r\n+OK\r\nTOP\r\n",
        b"\xff\xff\xff\x00\x0a",
        b"\x1e\x00\x00\x00\x0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        // LDAP, VNC with 255 security types, PostgreSQL that agrees and says no more.
        b"\x30\x84\xff\xff\xff\xff\x02\x01\x01\x78\x84\xff\xff\xff\xff",
        b"RFB 003.008\n\xff\x13",
        b"S",
    ]);
}
