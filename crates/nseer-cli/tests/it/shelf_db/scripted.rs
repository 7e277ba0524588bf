//! Databases and queues that no Debian package has, as scripted peers: what scripts show of them is what nmap's
//! show, in whatever order.

use super::{arguments, ours};
use crate::lab::{self, Lab, Output};
use crate::shelf_infra::peers::{Answer, Talk};

/// What scripts show below a heading, sorted: nmap shows tables in no fixed order.
fn shown(output: &Output, heading: &str) -> Vec<String> {
    let lines = output.under(heading).into_iter();
    let mut lines: Vec<String> =
        lines.map(|line| line.trim_start_matches(['|', '_', ' ']).trim_end().to_owned()).collect();
    lines.sort_unstable();
    lines
}

fn same_as_nmap(lab: &Lab, script: &str, port: &str) -> Output {
    let heading = format!("{port}/tcp");
    // The real script reads on for half a minute otherwise.
    let options = ["--script", script, "--script-args", "ganglia-info.timeout=2"];
    let theirs = shown(&lab.nmap(&arguments(port, &options)), &heading);
    let output = ours(lab, port, &options);
    assert!(!theirs.is_empty(), "nmap shows nothing for {script}");
    assert_eq!(shown(&output, &heading), theirs, "{script}: {output:#?}");
    output
}

/// A text with its length in front, of four bytes.
fn text(value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("a short text");
    [&length.to_be_bytes(), value].concat()
}

/// The method connection.start of AMQP 0-9, as RabbitMQ sends it.
fn broker(request: &[u8]) -> Vec<u8> {
    if !request.starts_with(b"AMQP") {
        return Vec::new();
    }
    let capabilities = b"\x12publisher_confirmst\x01\x0abasic.nackt\x00";
    let properties = [
        &b"\x0ccapabilitiesF"[..],
        &text(capabilities),
        b"\x07productS",
        &text(b"RabbitMQ"),
        b"\x07versionS",
        &text(b"3.10.8"),
    ];
    let properties = text(&properties.concat());
    let start = [b"\0\x0a\0\x0a\0\x09", &properties[..], &text(b"PLAIN AMQPLAIN"), &text(b"en_US")];
    [b"\x01\0\0", &text(&start.concat())[..], b"\xce"].concat()
}

#[test]
fn brokers_of_amqp() {
    lab::run("shelf_db::scripted::brokers_of_amqp", |lab| {
        Talk { greeting: b"", answer: broker }.tcp(lab, 5672);
        same_as_nmap(lab, "amqp-info", "5672");
    });
}

/// A frame of Thrift with the result of the function that is asked for; its length may have come before.
fn cluster(request: &[u8]) -> Vec<u8> {
    let call = request.strip_prefix(b"\0\0\0").and_then(|rest| rest.get(1..)).unwrap_or(request);
    if !call.starts_with(b"\x80\x01\0\x01") {
        return Vec::new();
    }
    let length = usize::from(call[7]);
    let (name, number) = (&call[8..8 + length], &call[8 + length..12 + length]);
    let result: &[u8] = if name == b"describe_version" { b"19.36.0" } else { b"Lab Cluster" };
    let reply = [b"\x80\x01\0\x02", &text(name)[..], number, b"\x0b\0\0", &text(result), b"\0"];
    text(&reply.concat())
}

#[test]
fn clusters_of_cassandra() {
    lab::run("shelf_db::scripted::clusters_of_cassandra", |lab| {
        Talk { greeting: b"", answer: cluster }.tcp(lab, 9160);
        same_as_nmap(lab, "cassandra-info", "9160");
    });
}

fn document(elements: &[&[u8]]) -> Vec<u8> {
    let elements = elements.concat();
    let length = u32::try_from(elements.len() + 5).expect("a short document");
    [&length.to_le_bytes(), &elements[..], b"\0"].concat()
}

/// What a database answers to a command: a document.
fn answer_of(request: &[u8]) -> Vec<u8> {
    let has = |word: &str| String::from_utf8_lossy(request).contains(word);
    if has("buildinfo") {
        let list = document(&[b"\x100\0\x04\0\0\0", b"\x101\0\x12\0\0\0"]);
        let array = [b"\x04versionArray\0", &list[..]].concat();
        document(&[b"\x02version\0\x07\0\0\x004.4.18\0", &array, b"\x08debug\0\0", OK])
    } else if has("listDatabases") {
        let one = document(&[b"\x02name\0\x06\0\0\0admin\0", b"\x12size\0\0\x10\0\0\x01\0\0\0"]);
        let list = document(&[b"\x030\0", &one]);
        document(&[b"\x04databases\0", &list, OK])
    } else {
        let code: &[u8] = b"\x10code\0\x0d\0\0\0";
        document(&[b"\x02errmsg\0\x09\0\0\0no entry\0", code, OK])
    }
}

const OK: &[u8] = b"\x01ok\0\0\0\0\0\0\0\xf0\x3f";

fn message(request: &[u8], kind: u32, head: &[u8], document: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + head.len() + document.len()).expect("a short message");
    let number = request.get(4..8).unwrap_or(b"\0\0\0\0");
    let kind = kind.to_le_bytes();
    [&length.to_le_bytes(), b"\x01\0\0\0", number, &kind, head, document].concat()
}

const REPLY_HEAD: &[u8] = b"\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0";

fn database(request: &[u8]) -> Vec<u8> {
    message(request, 1, REPLY_HEAD, &answer_of(request))
}

/// From version 5.1 on: only OP_MSG is known.
fn new_database(request: &[u8]) -> Vec<u8> {
    if request.get(12..16) == Some(&[0xdd, 0x07, 0, 0]) {
        return message(request, 2013, b"\0\0\0\0\0", &answer_of(request));
    }
    let refusal = document(&[b"\x02errmsg\0\x0c\0\0\0Unsupported\0", b"\x10code\0\x60\x01\0\0"]);
    message(request, 1, REPLY_HEAD, &refusal)
}

#[test]
fn databases_of_mongodb() {
    lab::run("shelf_db::scripted::databases_of_mongodb", |lab| {
        Talk { greeting: b"", answer: database }.tcp(lab, 27_017);
        let old = same_as_nmap(lab, "mongodb-info,mongodb-databases", "27017");
        Talk { greeting: b"", answer: new_database }.tcp(lab, 27_018);
        let scripts = "+mongodb-info,+mongodb-databases";
        let new = ours(lab, "27018", &["--script", scripts]);
        assert_eq!(shown(&new, "27018/tcp"), shown(&old, "27017/tcp"), "{new:#?}");
    });
}

fn json(body: &str) -> Vec<u8> {
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\nServer: Docker/20.10.24 (linux)\r\nContent-Type: application/json\r\nContent-Length:";
    format!("{head} {length}\r\n\r\n{body}").into_bytes()
}

fn couch(request: &[u8]) -> Vec<u8> {
    let request = String::from_utf8_lossy(request);
    match request.split(' ').nth(1) {
        Some("/_all_dbs") => json(r#"["_users","people"]"#),
        Some("/_stats") => json(
            r#"{"couchdb":{"open_databases":{"description":"open","current":2,"sum":5.5},
            "database_reads":{"description":"reads","current":null,"sum":null}},
            "httpd_status_codes":{"200":{"description":"OK","current":3,"sum":3}}}"#,
        ),
        Some("/version") => json(
            r#"{"Version":"20.10.24","ApiVersion":"1.41","Os":"linux","Platform":{"Name":"Lab"},
            "Arch":"amd64","KernelVersion":"6.1","GoVersion":"go1.19.8","MinAPIVersion":"1.12","GitCommit":"5d6db84"}"#,
        ),
        _ => json(r#"{"error":"not_found"}"#),
    }
}

#[test]
fn servers_of_json() {
    lab::run("shelf_db::scripted::servers_of_json", |lab| {
        Talk { greeting: b"", answer: couch }.tcp(lab, 5984);
        Talk { greeting: b"", answer: couch }.tcp(lab, 2375);
        same_as_nmap(lab, "couchdb-databases", "5984");
        same_as_nmap(lab, "couchdb-stats", "5984");
        same_as_nmap(lab, "docker-version", "2375");
    });
}

/// Servers of one table of answers each, by the path that is asked for.
fn etcd(request: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(request).split(' ').nth(1) {
        Some("/version") => json(r#"{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}"#),
        Some("/health") => json(r#"{"health":"true"}"#),
        _ => json("[]"),
    }
}

fn kubernetes(request: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(request).split(' ').nth(1) {
        Some("/version") => json(r#"{"gitVersion":"v1.26.3","platform":"linux/amd64"}"#),
        _ => json("[]"),
    }
}

fn elasticsearch(request: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(request).split(' ').nth(1) {
        Some("/") => json(
            r#"{"name":"one","cluster_name":"search","version":{"number":"7.17.9","lucene_version":"8.11.1"}}"#,
        ),
        Some("/_cluster/health") => {
            json(r#"{"cluster_name":"search","status":"green","number_of_nodes":1}"#)
        }
        _ => json("{}"),
    }
}

// The real nmap has no such scripts.
#[test]
fn clusters_that_tell_their_version() {
    lab::run("shelf_db::scripted::clusters_that_tell_their_version", |lab| {
        let cases: [(u16, Answer, &str, &[&str]); 3] = [
            (
                2379,
                etcd,
                "etcd-info",
                &["|   Server version: 3.4.23", "|   Cluster version: 3.4.0", "|_  Healthy: true"],
            ),
            (
                6443,
                kubernetes,
                "kubernetes-version",
                &["|   Version: v1.26.3", "|_  Platform: linux/amd64"],
            ),
            (
                9200,
                elasticsearch,
                "elasticsearch-info",
                &[
                    "|   Name: one",
                    "|   Cluster: search",
                    "|   Version: 7.17.9",
                    "|   Lucene version: 8.11.1",
                    "|   Cluster status: green",
                    "|_  Nodes: 1",
                ],
            ),
        ];
        for (port, answer, script, expected) in cases {
            Talk { greeting: b"", answer }.tcp(lab, port);
            let output = ours(lab, &port.to_string(), &["--script", script]);
            assert_eq!(output.under(&format!("{port}/tcp"))[1..], *expected, "{output:#?}");
        }
    });
}

/// A pre-login answer of SQL Server 2019, and its browser's list.
fn sql_server(request: &[u8]) -> Vec<u8> {
    match request {
        [0x12, ..] => {
            b"\x04\x01\0\x1a\0\0\x01\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0f\0\x07\xd1\0\x05\x03"
                .to_vec()
        }
        [3] => {
            let list =
                "ServerName;LAB;InstanceName;ONE;IsClustered;No;Version;15.0.2001.5;tcp;1433;;";
            let length = u16::try_from(list.len()).expect("a short list");
            [b"\x05", &length.to_le_bytes()[..], list.as_bytes()].concat()
        }
        _ => Vec::new(),
    }
}

// The real script runs without end against a host of 127.0.0.0/8, so it is not compared.
#[test]
fn instances_of_sql_server() {
    lab::run("shelf_db::scripted::instances_of_sql_server", |lab| {
        Talk { greeting: b"", answer: sql_server }.tcp(lab, 1433);
        Talk { greeting: b"", answer: sql_server }.udp(lab, 1434);
        let output = ours(lab, "T:1433,U:1434", &["--script", "ms-sql-info"]);
        for heading in ["1433/tcp", "1434/udp"] {
            let lines = shown(&output, heading);
            let expected = [
                "127.0.0.1\\ONE:",
                "Clustered: false",
                "Encryption: required",
                "Instance name: ONE",
                "Post-SP patches applied: true",
                "Product: Microsoft SQL Server 2019",
                "Service pack level: RTM",
                "TCP port: 1433",
                "Version:",
                "Windows server name: LAB",
                "ms-sql-info:",
                "name: Microsoft SQL Server 2019 RTM+",
                "number: 15.00.2001.05",
            ];
            assert_eq!(lines, expected, "{output:#?}");
        }
    });
}

/// A device that knows one title and accepts nobody else (DICOM, PS3.8, section 9.3.4).
fn strict_device(request: &[u8]) -> Vec<u8> {
    if request.first() == Some(&1) {
        b"\x03\0\0\0\0\x04\0\x01\x01\x07".to_vec()
    } else {
        Vec::new()
    }
}

/// A device that accepts everybody (section 9.3.3).
fn open_device(request: &[u8]) -> Vec<u8> {
    if request.first() != Some(&1) || request.len() < 74 {
        return Vec::new();
    }
    let context = b"\x10\0\0\x151.2.840.10008.3.1.1.1";
    let presentation = b"\x21\0\0\x19\x01\0\0\0\x40\0\0\x111.2.840.10008.1.2";
    let user = b"\x50\0\0\x0c\x51\0\0\x04\0\0\x40\0\x52\0\0\0";
    let body = [&request[6..74], context, presentation, user].concat();
    let length = u8::try_from(body.len()).expect("a short unit");
    [&[2, 0, 0, 0, 0, length], &body[..]].concat()
}

#[test]
fn devices_of_dicom() {
    lab::run("shelf_db::scripted::devices_of_dicom", |lab| {
        Talk { greeting: b"", answer: open_device }.tcp(lab, 104);
        Talk { greeting: b"", answer: strict_device }.tcp(lab, 11_112);
        same_as_nmap(lab, "dicom-ping", "104");
        same_as_nmap(lab, "dicom-ping", "11112");
    });
}

const GANGLIA: &[u8] = b"<?xml version=\"1.0\"?>\n<!DOCTYPE GANGLIA_XML [\n]>\n\
    <GANGLIA_XML VERSION=\"3.7.2\" SOURCE=\"gmond\">\n<CLUSTER NAME=\"Lab &amp; more\" OWNER=\"lab\">\n\
    <HOST NAME=\"node.test\" IP=\"192.0.2.5\">\n\
    <METRIC NAME=\"load_one\" VAL=\"0.53\" TYPE=\"float\" UNITS=\" \">\n<EXTRA_DATA>\n</EXTRA_DATA>\n</METRIC>\n\
    <METRIC NAME=\"cpu_num\" VAL=\"4\" TYPE=\"uint16\" UNITS=\"CPUs\"/>\n\
    </HOST>\n</CLUSTER>\n</GANGLIA_XML>\n";

#[test]
fn monitors_of_ganglia() {
    lab::run("shelf_db::scripted::monitors_of_ganglia", |lab| {
        Talk { greeting: GANGLIA, answer: |_| Vec::new() }.tcp(lab, 8649);
        let output = same_as_nmap(lab, "ganglia-info", "8649");
        assert!(output.stdout.contains("load_one: 0.53"), "{output:#?}");
    });
}
