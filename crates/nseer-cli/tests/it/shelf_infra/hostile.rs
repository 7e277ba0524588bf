//! Peers that do everything wrong: no script complains, hangs or shows nonsense.

use super::ours;
use super::peers::Talk;
use crate::lab::{self, Lab, Peer};

/// All scripts here that connect to a port, made to run at any.
const SCRIPTS: &str = "+ajp-headers,+ajp-methods,+bacnet-info,+coap-resources,+enip-info,+iec-identify,\
    +ipmi-version,+jdwp-version,+ldap-rootdse,+memcached-info,+modbus-discover,+mysql-info,+nats-info,+nbd-info,\
    +nfs-showmount,+postgresql-info,+redis-info,+rpcinfo,+rsync-list-modules,+s7-info,+sip-methods,\
    +socks-auth-info,+vnc-info,+vnc-title,+x11-access,+mqtt-subscribe,+dns-nsid,+snmp-info,+epmd-info,+rtsp-methods";

fn nothing_is_shown(lab: &Lab, ports: &str, heading: &str) {
    let output = ours(lab, SCRIPTS, ports);
    assert_eq!(output.under(heading), [""; 0], "{output:#?}");
}

#[test]
fn peers_that_hang_up_or_never_end() {
    lab::run("shelf_infra::hostile::peers_that_hang_up_or_never_end", |lab| {
        lab.peer(7001, Peer::Reset);
        lab.peer(7002, Peer::Endless);
        let output = ours(lab, SCRIPTS, "7001,7002");
        assert_eq!(output.under("7001/tcp"), [""; 0], "{output:#?}");
        assert_eq!(output.under("7002/tcp"), [""; 0], "{output:#?}");
    });
}

#[test]
fn peers_that_speak_another_protocol() {
    lab::run("shelf_infra::hostile::peers_that_speak_another_protocol", |lab| {
        Talk { greeting: b"", answer: |_| b"HTTP/1.0 400 Bad Request\r\n\r\n".to_vec() }
            .tcp(lab, 7001);
        nothing_is_shown(lab, "7001", "7001/tcp");
    });
}

#[test]
fn peers_that_send_everything_back() {
    lab::run("shelf_infra::hostile::peers_that_send_everything_back", |lab| {
        Talk { greeting: b"", answer: <[u8]>::to_vec }.udp(lab, 7001);
        let output = ours(lab, &SCRIPTS.replace("+memcached-info,", ""), "U:7001");
        assert_eq!(output.under("7001/udp"), [""; 0], "{output:#?}");
    });
}

/// The right beginning, and then lengths and counts that cannot be.
fn absurd(request: &[u8]) -> Vec<u8> {
    let mut reply = request[..request.len().min(8)].to_vec();
    reply.resize(1_400, 0xff);
    reply
}

#[test]
fn absurd_lengths() {
    lab::run("shelf_infra::hostile::absurd_lengths", |lab| {
        Talk { greeting: b"", answer: absurd }.udp(lab, 7001);
        let greetings: [&'static [u8]; 6] = [
            b"\xff\xff\xff\x00\x0a8.0\0",
            b"RFB 003.008\n\xff\x13\xff\xff",
            b"NBDMAGICIHAVEOPT\x00\x03\x00\x03\xe8\x89\x04\x55\x65\xa9\xff\xff\xff\xff\x00\x00\x00\x02\xff\xff\xff\xff",
            b"\x30\x84\xff\xff\xff\xff\x02\x01\x01\x61\x84\xff\xff\xff\xff",
            b"*99999999\r\n*99999999\r\n$99999999999\r\n",
            b"@RSYNCD: 31.0\n\xff\xff",
        ];
        let mut ports = vec!["U:7001".to_owned()];
        for (port, greeting) in (7002..).zip(greetings) {
            Talk { greeting, answer: absurd }.tcp(lab, port);
            ports.push(format!("T:{port}"));
        }
        let output = ours(lab, SCRIPTS, &ports.join(","));
        for heading in ["7001/udp", "7002/tcp", "7004/tcp", "7005/tcp", "7006/tcp", "7007/tcp"] {
            let lines = output.under(heading);
            assert!(lines.len() < 12, "{heading}: {lines:?}");
        }
    });
}
