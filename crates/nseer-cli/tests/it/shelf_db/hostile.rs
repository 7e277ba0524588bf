//! Peers that do everything wrong: no script complains, hangs or shows nonsense.

use super::ours;
use crate::lab::{self, Peer};
use crate::shelf_infra::peers::Talk;

/// All scripts here, made to run at any port.
const SCRIPTS: &str = "+amqp-info,+cassandra-info,+couchdb-databases,+couchdb-stats,+dicom-ping,+docker-version,\
    +elasticsearch-info,+etcd-info,+ganglia-info,+iscsi-info,+kubernetes-version,+mongodb-databases,\
    +mongodb-info,+ms-sql-info,+rpc-grind";

#[test]
fn peers_that_hang_up_or_never_end() {
    lab::run("shelf_db::hostile::peers_that_hang_up_or_never_end", |lab| {
        lab.peer(7001, Peer::Reset);
        lab.peer(7002, Peer::Endless);
        Talk { greeting: b"", answer: |_| b"HTTP/1.0 400 Bad Request\r\n\r\n".to_vec() }
            .tcp(lab, 7003);
        Talk { greeting: b"", answer: <[u8]>::to_vec }.tcp(lab, 7004);
        Talk { greeting: b"", answer: <[u8]>::to_vec }.udp(lab, 7005);
        let output = ours(lab, "T:7001-7004,U:7005", &["--script", SCRIPTS]);
        for heading in ["7001/tcp", "7002/tcp", "7003/tcp", "7004/tcp", "7005/udp"] {
            assert_eq!(output.under(heading), [""; 0], "{output:#?}");
        }
    });
}

/// Right beginnings, and then lengths that cannot be.
const ABSURD: [&[u8]; 6] = [
    b"\x01\0\0\xff\xff\xff\xff\0\x0a\0\x0a",
    b"\x01\0\0\0\0\0\x20\0\x0a\0\x0a\0\x09\0\0\0\x0e\x01aF\xff\xff\xff\xff\x01bS\xff\xff\0\xff\xff\xff\xff\xce",
    b"\0\0\0\x14\x80\x01\0\x02\0\0\0\x15describe_cluster_name",
    b"\x30\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\x7f\x03\0\xff\xff\xff\xff\0\0",
    b"\x23\x87\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\x04\x01\0\x0d\0\0\x01\0\0\xff\xff\xff\xff",
];

#[test]
fn absurd_lengths() {
    lab::run("shelf_db::hostile::absurd_lengths", |lab| {
        for (port, answer) in (7001..).zip(ABSURD) {
            lab.peer(port, Peer::Answers(answer));
        }
        let output = ours(lab, "7001-7006", &["--script", SCRIPTS]);
        for port in [7001, 7003, 7004, 7005, 7006] {
            assert_eq!(output.under(&format!("{port}/tcp")), [""; 0], "{output:#?}");
        }
        assert!(output.under("7002/tcp").len() <= 2, "{output:#?}");
    });
}
