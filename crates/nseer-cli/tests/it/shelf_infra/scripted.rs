//! Scripted peers of protocols whose servers are no packages, or too large for a test. Where nmap has the script, it
//! must show the same.

use super::peers::{Answer, Talk};
use super::{Case, ours, same_as_nmap};
use crate::lab::{self, Lab, Peer};

const NOTHING: Answer = |_| Vec::new();

/// Bytes of hexadecimal digits; white space is left out.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let text = String::from_utf8(digits).expect("digits");
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("a byte")).collect()
}

/// Ours shows these lines below the heading.
fn shows(lab: &Lab, case: &Case, lines: &[&str]) {
    let output = ours(lab, case.script, case.ports);
    assert_eq!(output.under(case.heading), lines, "{}: {output:#?}", case.script);
}

#[test]
fn greetings() {
    lab::run("shelf_infra::scripted::greetings", |lab| {
        let mysql = b"\x54\0\0\0\x0a8.0.1\0\x07\0\0\0saltsalt\0\xff\xf7\x08\x02\0\x0b\xc0\x15\
            \0\0\0\0\0\0\0\0\0\0moresaltmore\0mysql_native_password\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        Talk { greeting: mysql, answer: NOTHING }.tcp(lab, 3306);
        let nats = b"INFO {\"server_name\":\"queue\",\"version\":\"2.9.10\",\"proto\":1,\"auth_required\":true}\r\n";
        Talk { greeting: nats, answer: NOTHING }.tcp(lab, 4222);
        let epmd = b"\0\0\x11\x11name rabbit at port 25672\n";
        lab.peer(4369, Peer::Says(epmd));
        shows(
            lab,
            &Case { script: "epmd-info", heading: "4369/tcp", ports: "4369" },
            &["| epmd-info: ", "|   epmd_port: 4369", "|   nodes: ", "|_    rabbit: 25672"],
        );
        let output = ours(lab, "mysql-info", "3306");
        for line in ["Protocol: 10", "Version: 8.0.1", "Thread ID: 7", "Salt: saltsaltmoresaltmore"]
        {
            assert!(output.stdout.contains(line), "{line}: {output:#?}");
        }
        shows(
            lab,
            &Case { script: "nats-info", heading: "4222/tcp", ports: "4222" },
            &[
                "| nats-info: ",
                "|   Server name: queue",
                "|   Version: 2.9.10",
                "|   Protocol: 1",
                "|   Authentication required: true",
                "|_  TLS required: false",
            ],
        );
    });
}

fn vnc(request: &[u8]) -> Vec<u8> {
    match request {
        b"RFB 003.008\n" => b"\x02\x01\x02".to_vec(),
        b"\x01" => {
            let screen = hex("0320 0258 20 18 00 01 00ff 00ff 00ff 10 08 00 000000 00000004");
            [&[0; 4], &screen[..], b"Desk"].concat()
        }
        _ => Vec::new(),
    }
}

/// Wants no login.
fn socks(request: &[u8]) -> Vec<u8> {
    match request {
        [5, 1, 0] => vec![5, 0],
        [5, ..] => vec![5, 0xff],
        _ => Vec::new(),
    }
}

fn x11(request: &[u8]) -> Vec<u8> {
    // Success, version 11.0, and no more than that.
    if request.starts_with(b"l\0\x0b\0") { hex("01 00 0b00 0000 0000") } else { Vec::new() }
}

#[test]
fn who_may_come_in() {
    lab::run("shelf_infra::scripted::who_may_come_in", |lab| {
        Talk { greeting: b"RFB 003.008\n", answer: vnc }.tcp(lab, 5900);
        Talk { greeting: b"", answer: socks }.tcp(lab, 1080);
        Talk { greeting: b"", answer: x11 }.tcp(lab, 6000);
        same_as_nmap(
            lab,
            &[
                Case { script: "vnc-info", heading: "5900/tcp", ports: "5900" },
                Case { script: "socks-auth-info", heading: "1080/tcp", ports: "1080" },
                Case { script: "x11-access", heading: "6000/tcp", ports: "6000" },
            ],
        );
    });
}

/// A controller of Rockwell's, as cpppo plays it.
fn enip(request: &[u8]) -> Vec<u8> {
    if request.first() != Some(&0x63) {
        return Vec::new();
    }
    let head = hex("6300 3c00 00000000 00000000");
    let item = hex(
        "0100 0c00 3600 0100 0002af12 c0000207 0000000000000000 0100 0e00 3600 140b 6031 1a066c00
         14 313735362d4c36312f42204c4f47495835353631 ff",
    );
    [&head[..], &request[12..20], &[0; 4], &item].concat()
}

fn iec(request: &[u8]) -> Vec<u8> {
    match request {
        [0x68, 4, 0x43, ..] => hex("6804 83000000"),
        [0x68, 4, 0x07, ..] => hex("6804 0b000000"),
        [0x68, 0x0e, ..] => hex("680e 00000200 64 01 07 00 2f00 000000 14
             6812 02000200 0d 81 14 00 2f00 0b0000 00000000 00
             680e 04000200 64 01 0a 00 2f00 000000 14"),
        _ => Vec::new(),
    }
}

fn modbus(request: &[u8]) -> Vec<u8> {
    match request.get(7) {
        Some(0x11) => hex("000000000009 01 11 06 4c61622d31ff"),
        Some(0x2b) => hex("000000000011 01 2b0e018300 0002 00034c6162 0102504d"),
        _ => Vec::new(),
    }
}

fn s7(request: &[u8]) -> Vec<u8> {
    match (request.get(5), request.get(30)) {
        (Some(0xe0), _) => hex("03000016 11d000140001 00c0010ac1020100c2020102"),
        (Some(0xf0), None) => hex("0300001b 02f080 3203000000000008000000 00f0000001000101e0"),
        (Some(0xf0), Some(0x11)) => hex(
            "03000044 02f080 320700000000000c0026 000112081284010000000000 ff09 0022 0011 0001 001a 0001
             0001 36455337203331352d32454831342d30414230 2000 0003 0003",
        ),
        _ => Vec::new(),
    }
}

fn ipmi(request: &[u8]) -> Vec<u8> {
    if request.len() == 23 {
        hex("0600ff07 00000000000000000010 811c6320003800 01970603000000 0007")
    } else {
        Vec::new()
    }
}

#[test]
fn machines() {
    lab::run("shelf_infra::scripted::machines", |lab| {
        for (port, answer) in [(44_818, enip as Answer), (2404, iec), (502, modbus), (102, s7)] {
            Talk { greeting: b"", answer }.tcp(lab, port);
        }
        Talk { greeting: b"", answer: enip }.udp(lab, 44_818);
        Talk { greeting: b"", answer: ipmi }.udp(lab, 623);
        same_as_nmap(
            lab,
            &[
                Case { script: "enip-info", heading: "44818/tcp", ports: "44818" },
                Case { script: "enip-info", heading: "44818/udp", ports: "U:44818" },
                Case { script: "iec-identify", heading: "2404/tcp", ports: "2404" },
                Case { script: "modbus-discover", heading: "502/tcp", ports: "502" },
                Case { script: "ipmi-version", heading: "623/udp", ports: "U:623" },
            ],
        );
        let lines = ["| s7-info: ", "|_  Module: 6ES7 315-2EH14-0AB0"];
        shows(lab, &Case { script: "s7-info", heading: "102/tcp", ports: "102" }, &lines);
    });
}

/// The device's name and place, in UTF-8, and no other property.
fn bacnet(request: &[u8]) -> Vec<u8> {
    match request.last() {
        Some(77) => hex("810a 0019 0100 3001 0c 0c02000257 194d 3e 75050050756d70 3f"),
        Some(120) => hex("810a 0015 0100 3001 0c 0c02000257 1978 3e 220104 3f"),
        Some(_) => hex("810a 000d 0100 5001 0c 9102 9120"),
        None => Vec::new(),
    }
}

/// The message's own number comes back (RFC 7252, section 4.4).
fn coap(request: &[u8]) -> Vec<u8> {
    let head = [&[0x60, 0x45][..], request.get(2..4).unwrap_or(&[0, 0])].concat();
    [&head[..], b"\xc1\x28\xff</>;title=\"Hall\";ct=0,</time>;if=\"clock\";obs"].concat()
}

fn ntp(request: &[u8]) -> Vec<u8> {
    match request.len() {
        // Stratum 2; received at 2021-02-03T04:05:06.
        48 => [&hex("240203e9")[..], &[0; 28], &hex("e3c49f72 00000000"), &[0; 8]].concat(),
        12 => [&hex("d682 0001 0000 0000 0000 0021")[..], b"version=\"ntpd 4.2.8\", stratum=2\r\n"]
            .concat(),
        _ => Vec::new(),
    }
}

#[test]
fn small_datagrams() {
    lab::run("shelf_infra::scripted::small_datagrams", |lab| {
        for (port, answer) in [(47_808, bacnet as Answer), (5683, coap), (123, ntp)] {
            Talk { greeting: b"", answer }.udp(lab, port);
        }
        shows(
            lab,
            &Case { script: "bacnet-info", heading: "47808/udp", ports: "U:47808" },
            &["| bacnet-info: ", "|   Vendor ID: 260", "|_  Object Name: Pump"],
        );
        shows(
            lab,
            &Case { script: "coap-resources", heading: "5683/udp", ports: "U:5683" },
            &[
                "| coap-resources: ",
                "|   /: ",
                "|     ct: 0",
                "|     title: Hall",
                "|   /time: ",
                "|     if: clock",
                "|_    obs: true",
            ],
        );
        shows(
            lab,
            &Case { script: "ntp-info", heading: "123/udp", ports: "U:123" },
            &[
                "| ntp-info: ",
                "|   receive time stamp: 2021-02-03T04:05:06",
                "|   version: ntpd 4.2.8",
                "|_  stratum: 2",
            ],
        );
    });
}

fn sip(request: &[u8]) -> Vec<u8> {
    if !request.starts_with(b"OPTIONS sip:") {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(request);
    let kept: String = text
        .lines()
        .filter(|line| {
            ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    format!("SIP/2.0 200 OK\r\n{kept}Allow: INVITE,ACK,BYE\r\nContent-Length: 0\r\n\r\n")
        .into_bytes()
}

fn rtsp(request: &[u8]) -> Vec<u8> {
    if request.starts_with(b"OPTIONS ") {
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, PLAY\r\n\r\n".to_vec()
    } else {
        Vec::new()
    }
}

fn ajp(request: &[u8]) -> Vec<u8> {
    if request.starts_with(b"\x12\x34") {
        [
            &hex("4142 0023 04 00c8 000232 30 00 0001 0005")[..],
            b"Allow\0\0\x0eGET, HEAD, PUT\0",
            &hex("4142000205 01"),
        ]
        .concat()
    } else {
        Vec::new()
    }
}

fn mqtt(request: &[u8]) -> Vec<u8> {
    match request.first() {
        Some(0x10) => hex("20020000"),
        Some(0x82) => {
            [&hex("9004")[..], &request[2..4], &hex("0000"), &hex("31 0b 0007"), b"a/tempe21"]
                .concat()
        }
        _ => Vec::new(),
    }
}

fn postgresql(request: &[u8]) -> Vec<u8> {
    match request.get(4..8) {
        Some([0x04, 0xd2, 0x16, 0x2f]) => b"N".to_vec(),
        Some([0, 3, 0, 0]) => [&hex("52 00000017 0000000a")[..], b"SCRAM-SHA-256\0\0"].concat(),
        Some(_) => {
            let text = b"SFATAL\0Munsupported frontend protocol: server supports 3.0 to 3.0\0\0";
            let length = u32::try_from(text.len() + 4).expect("a short text").to_be_bytes();
            [b"E", &length[..], text].concat()
        }
        None => Vec::new(),
    }
}

#[test]
fn calls_queues_and_containers() {
    lab::run("shelf_infra::scripted::calls_queues_and_containers", |lab| {
        for (port, answer) in
            [(5060, sip as Answer), (8009, ajp), (1883, mqtt), (5432, postgresql), (554, rtsp)]
        {
            Talk { greeting: b"", answer }.tcp(lab, port);
        }
        Talk { greeting: b"", answer: sip }.udp(lab, 5060);
        same_as_nmap(
            lab,
            &[
                Case { script: "sip-methods", heading: "5060/tcp", ports: "5060" },
                Case { script: "sip-methods", heading: "5060/udp", ports: "U:5060" },
            ],
        );
        shows(
            lab,
            &Case { script: "mqtt-subscribe", heading: "1883/tcp", ports: "1883" },
            &[
                "| mqtt-subscribe: ",
                "|   Topics and their most recent payloads: ",
                "|_    a/tempe: 21",
            ],
        );
        let lines = ["|_rtsp-methods: OPTIONS, DESCRIBE, PLAY"];
        shows(lab, &Case { script: "rtsp-methods", heading: "554/tcp", ports: "554" }, &lines);
        shows(
            lab,
            &Case { script: "postgresql-info", heading: "5432/tcp", ports: "5432" },
            &[
                "| postgresql-info: ",
                "|   Protocols: 3.0 to 3.0",
                "|   TLS: not supported",
                "|   Authentication: SASL",
                "|   Mechanisms: ",
                "|_    SCRAM-SHA-256",
            ],
        );
        let output = ours(lab, "ajp-methods", "8009");
        assert!(output.stdout.contains("Potentially risky methods: PUT"), "{output:#?}");
    });
}
