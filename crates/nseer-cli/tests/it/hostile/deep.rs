//! Answers that fit their requests, by number, command or kind, so that scripts read on, to lengths, counts and offsets
//! that cannot be. Each server is met by the scripts that speak its protocol. A new protocol is a line here.

use super::servers::Talk;
use super::servers::Talk::{Answers, Endless, Says};

/// A name for messages, the scripts that meet it, and what the server does.
pub(crate) type Server = (&'static str, &'static [&'static str], Talk);

const RPC: &[&str] = &["rpcinfo", "rpc-grind", "nfs-ls", "nfs-showmount", "nfs-statfs"];
const JSON: &[&str] = &[
    "couchdb-databases",
    "couchdb-stats",
    "docker-version",
    "elasticsearch-info",
    "etcd-info",
    "kubernetes-version",
];
const SMB: &[&str] = &[
    "smb-os-discovery",
    "smb-protocols",
    "smb-security-mode",
    "smb2-capabilities",
    "smb2-security-mode",
    "smb2-time",
];

/// The bytes of a request from one place to another; zeros where it has none.
fn part(request: &[u8], from: usize, to: usize) -> Vec<u8> {
    (from..to).map(|at| request.get(at).copied().unwrap_or_default()).collect()
}

/// With its length in front, in four bytes of the network's order.
fn counted(mark: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or_default() | mark;
    [&length.to_be_bytes()[..], body].concat()
}

/// RFC 1035, section 4.2.2: an answer to this question, over TCP.
fn dns(request: &[u8], rest: &[u8]) -> Vec<u8> {
    let body = [&part(request, 2, 4)[..], rest].concat();
    [&u16::try_from(body.len()).unwrap_or_default().to_be_bytes()[..], &body].concat()
}

/// RFC 5531, section 9: a call was carried out; and what comes of it.
fn rpc(request: &[u8], result: &[u8]) -> Vec<u8> {
    let head = [&part(request, 4, 8)[..], b"\0\0\0\x01", &[0; 16]].concat();
    counted(0x8000_0000, &[&head, result].concat())
}

/// RFC 1833: a port mapper that says of each program that it is here; and as that program, nonsense.
fn programs(request: &[u8]) -> Vec<u8> {
    let word = |at: usize| part(request, at, at + 4);
    match (word(16).as_slice(), word(24).as_slice()) {
        (b"\0\x01\x86\xa0", b"\0\0\0\x03") => rpc(request, b"\0\0\x01\xbd"),
        (b"\0\x01\x86\xa0", _) => {
            let entry = |program: &[u8]| {
                [b"\0\0\0\x01", program, b"\0\0\0\x03\0\0\0\x06\0\0\x01\xbd"].concat()
            };
            rpc(
                request,
                &[entry(b"\0\x01\x86\xa3"), entry(b"\0\x01\x86\xa5"), b"\0\0\0\0".to_vec()]
                    .concat(),
            )
        }
        // One export and its mount are believed; file handles and lists are endless then.
        (b"\0\x01\x86\xa5", b"\0\0\0\x05") => {
            rpc(request, b"\0\0\0\x01\0\0\0\x01a\0\0\0\0\0\0\0\0\0\0\0")
        }
        (b"\0\x01\x86\xa5", b"\0\0\0\x01") => {
            rpc(request, b"\0\0\0\0\0\0\0\x04abcd\xff\xff\xff\xff")
        }
        _ => rpc(request, &[&b"\0\0\0\0"[..], &[0xff; 400]].concat()),
    }
}

/// MS-SMB2, sections 2.2.1.2, 2.2.4 and 2.2.6: version 2.1 is agreed on, and the challenge of NTLM (MS-NLMP, section
/// 2.2.1.2) points everywhere.
fn smb2(request: &[u8]) -> Vec<u8> {
    let header = |status: &[u8]| {
        [
            &b"\xfeSMB\x40\0\0\0"[..],
            status,
            &part(request, 16, 20),
            b"\x01\0\0\0\0\0\0\0",
            &part(request, 28, 36),
            &[0; 32],
        ]
        .concat()
    };
    let body = if request.get(16) == Some(&0) {
        let fields =
            [&b"\x41\0\x01\0\x10\x02\0\0"[..], &[0xff; 48], b"\xff\xff\xff\xff\0\0\0\0"].concat();
        [header(b"\0\0\0\0"), fields].concat()
    } else {
        let challenge = [&b"NTLMSSP\0\x02\0\0\0"[..], &[0xff; 60]].concat();
        [header(b"\x16\0\0\xc0"), b"\x09\0\0\0\x48\0\xff\xff".to_vec(), challenge].concat()
    };
    counted(0, &body)
}

/// RFC 7143, sections 11.13 and 11.11: the login is over, and the text of targets is longer than it can be.
fn iscsi(request: &[u8]) -> Vec<u8> {
    let login = request.first().is_some_and(|code| code & 0x3f == 3);
    let code: &[u8] = if login { b"\x23\x87\0\0" } else { b"\x24\x80\0\0" };
    let length: &[u8] = if login { b"\0\0\0\0" } else { b"\0\xff\xff\xff" };
    [
        code,
        length,
        &part(request, 8, 16),
        &part(request, 16, 20),
        &[0; 28],
        b"TargetName=a\0TargetAddress=",
    ]
    .concat()
}

/// RFC 5389, section 7.2.2: over TCP.
fn stun(request: &[u8]) -> Vec<u8> {
    [&b"\x01\x01\xff\xff"[..], &part(request, 4, 20), b"\0\x20\xff\xff\0\x01"].concat()
}

/// The wire protocol of MongoDB: an answer to this request, whose document is longer than the message.
fn mongodb(request: &[u8]) -> Vec<u8> {
    let head = [&b"\x30\0\0\0\x01\0\0\0"[..], &part(request, 4, 8), b"\x01\0\0\0"].concat();
    [&head[..], &[0; 16], b"\xff\xff\xff\x7f\xff\xff\xff\x7f\x04a\0\xff\xff\xff\x7f"].concat()
}

/// The native protocol of Cassandra, version 3 and up: an answer on this stream, with more texts than it has bytes.
fn cassandra(request: &[u8]) -> Vec<u8> {
    [&b"\x84\0"[..], &part(request, 2, 4), b"\x06\0\0\0\x08\xff\xff\xff\xffabcd"].concat()
}

/// The JDWP specification: the handshake, and then an answer to this command whose texts are longer than it.
fn jdwp(request: &[u8]) -> Vec<u8> {
    if request.starts_with(b"JDWP") {
        return b"JDWP-Handshake".to_vec();
    }
    [&b"\0\0\0\x1b"[..], &part(request, 4, 8), b"\x80\0\0\xff\xff\xff\xffabcdefghijkl"].concat()
}

/// Modbus, section 4.1 of its messaging guide: an answer to this request, with more objects than it has bytes.
fn modbus(request: &[u8]) -> Vec<u8> {
    [&part(request, 0, 4)[..], b"\0\x0a", &part(request, 6, 8), b"\x0e\x01\x01\xff\xff\xff\xff"]
        .concat()
}

/// CORBA, part 2, section 9.4: an answer of GIOP 1.0 to this request, with more names than it has bytes.
fn giop(request: &[u8]) -> Vec<u8> {
    let body = [&[0; 4][..], &part(request, 16, 20), &[0; 4], &[0xff; 64]].concat();
    [b"GIOP\x01\0\0\x01", &counted(0, &body)[..]].concat()
}

/// Servers that answer.
pub(crate) const DEEP: &[Server] = &[
    ("DNS counts", &["dns-nsid"], Answers(|request| dns(request, b"\x85\x80\xff\xff\xff\xff\xff\xff\xff\xff\xc0\x0c"))),
    ("DNS option", &["dns-nsid"], Answers(|request| dns(request, b"\x85\x80\0\0\0\0\0\0\0\x01\0\0\x29\xff\xff\0\0\0\0\0\x05\0\x03\xff\xffa"))),
    ("RPC counts", RPC, Answers(|request| rpc(request, &[0xff; 64]))),
    ("RPC list", RPC, Answers(|request| rpc(request, &b"\0\0\0\x01\0\x01\x86\xa3\0\0\0\x03\0\0\0\x06\0\0\x01\xbd".repeat(60)))),
    ("RPC programs", RPC, Answers(programs)),
    ("SMB2 challenge", SMB, Answers(smb2)),
    ("iSCSI text", &["iscsi-info"], Answers(iscsi)),
    ("STUN attribute", &["stun-info"], Answers(stun)),
    ("MongoDB document", &["mongodb-info", "mongodb-databases"], Answers(mongodb)),
    ("Cassandra texts", &["cassandra-info"], Answers(cassandra)),
    ("JDWP texts", &["jdwp-version"], Answers(jdwp)),
    ("GIOP names", &["giop-info"], Answers(giop)),
    ("Modbus objects", &["modbus-discover"], Answers(modbus)),
    // MS-TDS, section 2.2.6.5: options that lie behind the packet. PS3.8 of DICOM, section 9.3.3: items that do.
    ("TDS options", &["ms-sql-info"], Says(&[b"\x04\x01\0\x15\0\0\x01\0\0\xff\xff\xff\xff\x01\xff\xff\xff\xff\xff\0\0"])),
    ("TDS length", &["ms-sql-info"], Says(&[b"\x04\x01\xff\xff\0\0\x01\0\0"])),
    ("DICOM length", &["dicom-ping"], Says(&[b"\x02\0\xff\xff\xff\xff\0\x01\0\0"])),
    ("DICOM items", &["dicom-ping"], Says(&[b"\x02\0\0\0\0\x50\0\x01\0\0aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb00000000000000000000000000000000\x10\0\xff\xff\x50\0\xff\xff\x52\0\xff\xff"])),
    // RFC 1413: the server at its own port answers about other ports. RFC 868 and 867: more than there is to say.
    ("ident lines", &["auth-owners"], Endless(b"", b"1, 2 : USERID : UNIX : a\r\n")),
    ("time", &["rfc868-time"], Says(&[&[0xff; 4_000]])),
    ("time of day", &["daytime"], Says(&[&[b'1'; 4_000]])),
    ("finger", &["finger"], Endless(b"Login    Name\r\n", b"a        b\r\n")),
    ("Ganglia", &["ganglia-info"], Endless(b"<?xml version=\"1.0\"?>\n<GANGLIA_XML VERSION=\"3\" SOURCE=\"gmond\">", b"<CLUSTER NAME=\"a\"><HOST NAME=\"b\" IP=\"c\">")),
    // protocol.txt of beanstalkd. gitprotocol-common(5). RFC 3507, section 4.3.3. The header of Zabbix's protocols.
    ("beanstalkd lines", &["beanstalkd-info"], Endless(b"OK 99999999999\r\n---\n", b"current-jobs-ready: 1\n- a\n")),
    ("Git packets", &["git-refs"], Endless(b"", b"000fffff refs/a")),
    ("Git length", &["git-refs"], Says(&[b"ffff00 a"])),
    ("ICAP headers", &["icap-options"], Endless(b"ICAP/1.0 200 OK\r\n", b"Methods: A\r\n")),
    ("Zabbix length", &["zabbix-agent-info"], Says(&[b"ZBXD\x01\xff\xff\xff\xff\xff\xff\xff\xffab"])),
    ("Zabbix data", &["zabbix-agent-info"], Endless(b"ZBXD\x01\xff\xff\0\0\0\0\0\0", b"a")),
    ("JSON depth", JSON, Endless(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b"[")),
    ("JSON of other kinds", JSON, Says(&[b"HTTP/1.1 200 OK\r\nServer: etcd/1\r\nContent-Type: application/json\r\nContent-Length: 148\r\n\r\n{\"version\":[],\"Version\":{},\"etcdserver\":1e999,\"gitVersion\":[7],\"couchdb\":[],\"cluster_name\":{},\"ApiVersion\":null,\"db\":-1e-999,\"all_nodes\":[[]],\"a\":0}"])),
    ("WebDAV", &["http-webdav-scan"], Endless(b"HTTP/1.1 207 Multi-Status\r\nDAV: 1\r\nAllow: A\r\nContent-Type: text/xml\r\n\r\n", b"<D:response xmlns:D=\"DAV:\"><D:href>/</D:href>")),
    ("IPP lists", &["cups-info", "cups-queue-info"], Endless(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\n\r\n\x02\0\0\0\0\0\0\x01", b"\x04\x44\0\x01a\0\x01b")),
];
