//! What begins as an answer of a protocol and then has lengths, counts and offsets that cannot be. Each is sent by a
//! server of its own to every script. A new protocol is a line here.

use super::servers::Talk;
use super::servers::Talk::{Endless, Says};

/// A name for messages, and what the server does.
pub(crate) type Server = (&'static str, Talk);

/// A ServerHello of TLS 1.2 (RFC 5246, section 7.4.1.3), as a record.
macro_rules! server_hello {
    () => {
        "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\x00\x00\x2f\x00"
    };
}

/// Servers with frames.
pub(crate) const FRAMES: &[Server] = &[
    // RFC 5246, section 6.2: records and handshakes that are longer than they can be, or than what is around them.
    ("TLS record", Says(&[b"\x16\x03\x03\xff\xff\x02\xff\xff\xff"])),
    ("TLS session", Says(&[b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\xff"])),
    ("TLS extension", Says(&[b"\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\x00\xc0\x2f\x00\xff\xff\x00\x10\xff\xff"])),
    ("TLS certificate", Says(&[concat!(server_hello!(), "\x16\x03\x03\x00\x0a\x0b\x00\x00\x06").as_bytes(), b"\xff\xff\xff\xff\xff\xff"])),
    ("TLS status", Says(&[b"\x16\x03\x03\x00\x0c\x16\x00\x00\x08\x01\xff\xff\xff\x30\x84\xff\xff"])),
    ("TLS fragments", Endless(b"", b"\x16\x03\x03\x00\x01\x0b")),
    ("SSL version 2", Says(&[b"\x80\x0b\x04\x00\x01\x00\x02\xff\xff\xff\xff\xff\xff"])),
    // RFC 4253, section 6: packets of 4 GiB, with more padding than packet, with lists of 4 GiB.
    ("SSH packet", Says(&[b"SSH-2.0-x\r\n\xff\xff\xff\xff\x04"])),
    ("SSH padding", Says(&[b"SSH-2.0-x\r\n\x00\x00\x00\x0c\xff\x14aaaaaaaaaa"])),
    ("SSH list", Says(&[b"SSH-2.0-x\r\n\x00\x00\x00\x1c\x04\x14ccccccccccccccccc\xff\xff\xff\xffpppp"])),
    ("SSH lines", Endless(b"", b"no version yet\r\n")),
    ("SSH version 1", Says(&[b"SSH-1.5-x\n\xff\xff\xff\xff"])),
    ("SSH version 1 key", Says(&[b"SSH-1.5-x\n\x00\x00\x00\x14\x00\x00\x00\x00\x02aaaaaaaaaaaa\xff\xff\xff"])),
    // MS-CIFS, section 2.2.3, and MS-SMB2, section 2.2.4.
    ("SMB message", Says(&[b"\x00\xff\xff\xff\xffSMBr\x00\x00\x00\x00\x88\x03\xc8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x11"])),
    ("SMB words", Says(&[b"\x00\x00\x00\x25\xffSMBr\x00\x00\x00\x00\x88\x03\xc8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\xff\xff\xff\xff\xff"])),
    ("SMB bytes", Says(&[b"\x00\x00\x00\x47\xffSMBr\x00\x00\x00\x00\x88\x03\xc8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x11\x00\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"])),
    ("SMB2 buffer", Says(&[b"\x00\x00\x00\x80\xfeSMB\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x41\x00\x01\x00\x11\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"])),
    ("SMB2 chain", Endless(b"", b"\x00\x00\x00\x40\xfeSMB\x40\x00\x00\x00\x03\x01\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")),
    // RFC 1035, section 4: over TCP.
    ("DNS length", Says(&[b"\xff\xff\x00\x00\x81\x80\xff\xff\xff\xff\xff\xff\xff\xff"])),
    ("DNS loop", Says(&[b"\x00\x12\x00\x00\x81\x80\xff\xff\xff\xff\xff\xff\xff\xff\xc0\x0c\xc0\x0c\xc0\x0c"])),
    // RFC 4511 in the encoding of X.690.
    ("LDAP length", Says(&[b"\x30\x84\xff\xff\xff\xff\x02\x01\x01\x61\x84\xff\xff\xff\xff"])),
    ("LDAP bind", Says(&[b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", b"\x30\x0f\x02\x01\x02\x64\x84\xff\xff\xff\xff\x04\x84\xff\xff\xff\xff\x00"])),
    ("LDAP depth", Endless(b"\x30\x84\x00\x7f\xff\xff", b"\x30\x83\x7f\xff\xff")),
    ("LDAP entries", Endless(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", b"\x30\x09\x02\x01\x02\x64\x04\x04\x00\x30\x00")),
    // The protocol of MySQL, as its manual has it.
    ("MySQL packet", Says(&[b"\xff\xff\xff\x00\x0a"])),
    ("MySQL greeting", Says(&[b"\x1e\x00\x00\x00\x0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])),
    ("MySQL parts", Says(&[b"\x0a\x00\x00\x00\x0a8.0\x00\x01\x00\x00\x00a"])),
    // The frontend/backend protocol of PostgreSQL.
    ("PostgreSQL length", Says(&[b"E\xff\xff\xff\xff"])),
    ("PostgreSQL message", Says(&[b"R\x7f\xff\xff\xff\x00\x00\x00\x0a"])),
    ("PostgreSQL short", Says(&[b"S", b"N", b"R\x00\x00\x00\x00"])),
    // RFC 5531, section 11: records, and a reply with counts.
    ("RPC record", Says(&[b"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x01"])),
    ("RPC fragments", Endless(b"", b"\x00\x00\x00\x04\x00\x00\x00\x00")),
    ("RPC reply", Says(&[b"\x80\x00\x00\x18\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"])),
    // MQTT, section 2.1.4: 256 MiB, and a length that never ends. AMQP 0-9-1, section 2.3.5.
    ("MQTT length", Says(&[b"\x20\xff\xff\xff\x7f\x00\x00"])),
    ("MQTT varint", Says(&[b"\x20\xff\xff\xff\xff\xff\xff"])),
    ("MQTT topic", Says(&[b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x00", b"\x30\x04\xff\xffab"])),
    ("AMQP frame", Says(&[b"\x01\x00\x00\xff\xff\xff\xff\x00\x0a\x00\x0a"])),
    ("AMQP table", Says(&[b"\x01\x00\x00\x00\x00\x00\x10\x00\x0a\x00\x0a\x00\x09\xff\xff\xff\xffaaaaaa\xce"])),
    // RFC 9112, sections 6 and 7.
    ("HTTP length", Says(&[b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n<title>"])),
    ("HTTP less than nothing", Says(&[b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nContent-Type: text/html\r\n\r\n<title>x"])),
    ("HTTP chunk", Says(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx"])),
    ("HTTP chunks", Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n")),
    ("HTTP body", Endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"<a href='/x/y'>")),
    ("HTTP headers", Endless(b"HTTP/1.1 401 x\r\n", b"WWW-Authenticate: Basic realm=x\r\nSet-Cookie: a=b\r\n")),
    ("HTTP redirect", Says(&[b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"])),
    ("HTTP quotes", Says(&[b"HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"\\\r\nAllow: ,,,\r\nContent-Length: 0\r\n\r\n"])),
    // MS-NLMP, section 2.2.1.2: all lengths and offsets are as large as can be.
    ("NTLM", Says(&[b"HTTP/1.1 401 x\r\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAA/////////////////////////////////////////////////////////w==\r\nContent-Length: 0\r\n\r\n"])),
    ("gzip", Says(&[b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\x1f\x8b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"])),
    // RFC 8011 inside of HTTP: names and values of 64 KiB.
    ("IPP", Says(&[b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: 14\r\n\r\n\x02\x00\x00\x00\x00\x00\x00\x01\x04\x44\xff\xff\xff\xff"])),
    // RFC 6143, section 7; the X Window System protocol, section 8.
    ("VNC types", Says(&[b"RFB 003.008\n", b"\xff\x13\xff\xff"])),
    ("VNC reason", Says(&[b"RFB 003.008\n", b"\x00\xff\xff\xff\xff"])),
    ("VNC name", Says(&[b"RFB 003.003\n", b"\x00\x00\x00\x01", b"\x00\x00\x00\x00aaaaaaaaaaaaaaaaaaaa\xff\xff\xff\xff"])),
    ("X11 failed", Says(&[b"\x00\xff\x00\x0b\x00\x00\xff\xff"])),
    ("X11 success", Says(&[b"\x01\x00\x0b\x00\x00\x00\xff\xff\xff\xff\xff\xff"])),
    // Industry: Modbus, TPKT and COTP, IEC 104, EtherNet/IP.
    ("Modbus length", Says(&[b"\x00\x00\x00\x00\xff\xff\x01\x11\xff"])),
    ("Modbus objects", Says(&[b"\x00\x00\x00\x00\x00\x0a\x01\x2b\x0e\x01\x01\xff\xff\xff\x00\xff"])),
    ("TPKT", Says(&[b"\x03\x00\xff\xff\xff\xd0"])),
    ("S7", Says(&[b"\x03\x00\x00\x07\x02\xd0\x80", b"\x03\x00\x00\x1b\x02\xf0\x80\x32\x07\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"])),
    // MS-RDPBCGR, sections 2.2.1.2 and 2.2.1.4: lengths of BER, and blocks of the server, longer than the packet.
    ("RDP lengths", Says(&[b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x01\x08\x00\x00\x00\x00\x00", b"\x03\x00\x00\x12\x02\xf0\x80\x7f\x66\x84\xff\xff\xff\xff\x0a\x01\x00\x02"])),
    ("RDP blocks", Says(&[b"\x03\x00\x00\x0b\xff\xd0\x00\x00\x12\x34\x00", b"\x03\x00\x00\x1c\x02\xf0\x80\x7f\x66\x12\x0a\x01\x00\x04\x0dMcDn\x06\x01\x0c\xff\xff\x02\x0c\x00\x00"])),
    ("IEC 104", Says(&[b"\x68\x04\x0b\x00\x00\x00", b"\x68\xff\x00\x00\x00\x00\xff\xff"])),
    ("EtherNet/IP", Says(&[b"\x63\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff"])),
    ("BACnet/SC", Says(&[b"\x81\x0a\xff\xff\x01\x00\x30\x01\x0c"])),
    // Web servers' back ends: AJP. Caches: Redis and memcached.
    ("AJP length", Says(&[b"AB\xff\xff\x04"])),
    ("AJP headers", Says(&[b"AB\x00\x0b\x04\x00\xc8\xff\xffOK\x00\xff\xff\xff\xff"])),
    ("AJP body", Endless(b"AB\x00\x0a\x04\x00\xc8\x00\x02OK\x00\x00\x00", b"AB\x00\x05\x03\x00\x01a\x00")),
    ("Redis bulk", Says(&[b"$99999999999\r\nabc"])),
    ("Redis negative", Says(&[b"$-99\r\n", b"*-99\r\n"])),
    ("Redis array", Says(&[b"*99999999\r\n$1\r\na\r\n"])),
    ("Redis depth", Endless(b"", b"*1\r\n")),
    ("memcached value", Says(&[b"VALUE a 0 99999999999\r\nabc\r\n"])),
    ("memcached statistics", Endless(b"", b"STAT a 1\r\n")),
    // Documents and rows: MongoDB, Cassandra; Java: JDWP, RMI.
    ("MongoDB", Says(&[b"\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"])),
    ("MongoDB document", Says(&[b"\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\x7f\xff\xff\xff\x7f\x02a\x00\xff\xff\xff\x7f\x00"])),
    ("Cassandra", Says(&[b"\x84\x00\x00\x00\x06\xff\xff\xff\xff\xff\xff"])),
    ("JDWP", Says(&[b"JDWP-Handshake", b"\x00\x00\x00\x1b\x00\x00\x00\x01\x80\x00\x00\xff\xff\xff\xffaaaaaaaaaaaa"])),
    ("JDWP length", Says(&[b"JDWP-Handshake", b"\xff\xff\xff\xff\x00\x00\x00\x01\x80\x00\x00"])),
    ("RMI", Says(&[b"N\xff\xff127.0.0.1\x00\x00", b"\x51\xac\xed\x00\x05\x77\xff\xff"])),
    // Names of files and devices.
    ("rsync", Says(&[b"@RSYNCD: 31.0\n", b"\xff\xff\xff\xff"])),
    ("rsync modules", Endless(b"@RSYNCD: 31.0\n", b"a \tb\n")),
    ("NBD option", Says(&[b"NBDMAGICIHAVEOPT\x00\x03", b"\x00\x03\xe8\x89\x04\x55\x65\xa9\xff\xff\xff\xff\x00\x00\x00\x02\xff\xff\xff\xff"])),
    ("NBD exports", Endless(b"NBDMAGICIHAVEOPT\x00\x03", b"\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00\x05\x00\x00\x00\x01a")),
    ("EPMD", Endless(b"\x00\x00\x11\x11", b"name a at port 1\n")),
    ("SOCKS", Says(&[b"\x05\xff\xff\xff", b"\x05\x00"])),
    ("hddtemp", Endless(b"|", b"/dev/sda|a|30|C||")),
    ("GKrellM", Endless(b"<gkrellmd_setup>\n", b"<cpu_setup>\n1\n")),
    // Text with lengths: RFC 3501 (literals), RFC 5804, RFC 7826, RFC 3261.
    ("IMAP literal", Says(&[b"* OK {99999999999}\r\n", b"* CAPABILITY {4294967295}\r\nA1 OK\r\n"])),
    ("Sieve literal", Says(&[b"\"IMPLEMENTATION\" {4294967295+}\r\nx"])),
    ("RTSP length", Says(&[b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: A\r\nContent-Length: 99999999999\r\n\r\n"])),
    ("SIP length", Says(&[b"SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\nContent-Length: 99999999999\r\nAllow: A\r\n\r\n"])),
    // Answers of several lines that never end; a port for data that is none.
    ("SMTP lines", Endless(b"220 x ESMTP\r\n", b"250-a\r\n")),
    ("FTP lines", Endless(b"220 x\r\n", b"211-a\r\n")),
    ("FTP port", Says(&[b"220 x\r\n230 x\r\n", b"227 (999,999,999,999,999,999)\r\n", b"229 (|||99999|)\r\n"])),
    ("POP3 lines", Endless(b"+OK\r\n+OK\r\n", b"TOP\r\n")),
    ("NNTP lines", Endless(b"200 x\r\n101 x\r\n", b"READER\r\n")),
    ("IMAP lines", Endless(b"* OK\r\n", b"* CAPABILITY A\r\n")),
    ("IRC lines", Endless(b":x 001 a :b\r\n", b":x 005 a B=C :d\r\n")),
    ("IRC pings", Endless(b"", b"PING :a\r\n")),
    ("dict lines", Endless(b"220 x <auth>\r\n114 x\r\n", b"a\r\n")),
    ("Gopher lines", Endless(b"", b"1a\tb\tc\t70\r\n")),
    // Things in things in things.
    ("XML depth", Endless(b"<?xml version='1.0'?><stream:stream>", b"<a b='c'>")),
    ("XML attribute", Endless(b"<stream:stream id='", b"a")),
    ("JSON depth", Endless(b"INFO ", b"[")),
    ("JSON object", Endless(b"", b"{\"class\":\"VERSION\",\"a\":")),
    ("JSON of NATS", Says(&[b"INFO {\"max_payload\":1e999,\"version\":[]}\r\n"])),
    ("JSON of gpsd", Says(&[b"{\"class\":\"VERSION\",\"release\":{},\"proto_major\":[]}\r\n{\"class\":\"DEVICES\",\"devices\":7}\r\n"])),
    // RFC 854: options without end, and half a command.
    ("Telnet options", Endless(b"", b"\xff\xfd\x26")),
    ("Telnet half", Says(&[b"\xff\xfa\x26\x02", b"\xff"])),
];
