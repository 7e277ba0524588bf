//! Mail and text protocols: scripted servers, beside the real nmap where it has the script.

use std::net::Ipv4Addr;

use super::talk::Talk;
use super::{ours, theirs};
use crate::lab;

/// A script, its port, the server, and what is printed below the port.
struct Case {
    script: &'static str,
    port: u16,
    server: Talk,
    lines: &'static [&'static str],
    /// Whether the real nmap must print the same.
    beside_nmap: bool,
}

/// A server that only answers lines.
const fn answers(answers: &'static [(&'static str, &'static [u8])]) -> Talk {
    Talk { greeting: b"", answers, closes: true }
}

/// A server that greets, and answers lines as long as there are any.
const fn talks(greeting: &'static [u8], answers: &'static [(&'static str, &'static [u8])]) -> Talk {
    Talk { greeting, answers, closes: false }
}

const CASES: &[Case] = &[
    Case {
        script: "smtp-commands",
        port: 25,
        server: talks(
            b"220 mail.test ESMTP\r\n",
            &[
                ("EHLO", b"250-mail.test\r\n250-SIZE 1000\r\n250-AUTH PLAIN LOGIN\r\n250 HELP\r\n"),
                ("HELP", b"502 no\r\n"),
                ("QUIT", b"221 bye\r\n"),
            ],
        ),
        lines: &["|_smtp-commands: mail.test, SIZE 1000, AUTH PLAIN LOGIN, HELP"],
        beside_nmap: true,
    },
    Case {
        script: "pop3-capabilities",
        port: 110,
        server: talks(
            b"+OK ready <1.2@mail.test>\r\n",
            &[("CAPA", b"+OK list\r\nTOP\r\nSASL PLAIN LOGIN\r\n.\r\n"), ("QUIT", b"+OK bye\r\n")],
        ),
        lines: &["|_pop3-capabilities: APOP CAPA SASL(PLAIN LOGIN) TOP"],
        beside_nmap: false,
    },
    Case {
        script: "imap-capabilities",
        port: 143,
        server: talks(
            b"* OK ready\r\n",
            &[
                ("A0001 CAPABILITY", b"* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN\r\nA0001 OK done\r\n"),
            ],
        ),
        lines: &["|_imap-capabilities: AUTH=PLAIN IDLE IMAP4rev1"],
        beside_nmap: false,
    },
    Case {
        script: "nntp-capabilities",
        port: 119,
        server: talks(
            b"200 ready\r\n",
            &[("CAPABILITIES", b"101 list\r\nVERSION 2\r\nREADER\r\n.\r\n")],
        ),
        lines: &["| nntp-capabilities: ", "|   VERSION 2", "|_  READER"],
        beside_nmap: false,
    },
    Case {
        script: "sieve-capabilities",
        port: 4190,
        server: talks(b"\"IMPLEMENTATION\" \"Sieve 1\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n", &[]),
        lines: &["| sieve-capabilities: ", "|   IMPLEMENTATION: Sieve 1", "|_  STARTTLS: true"],
        beside_nmap: false,
    },
    Case {
        script: "ftp-syst",
        port: 21,
        server: talks(
            b"220 ready\r\n",
            &[
                ("SYST", b"215 VMS V5.3\r\n"),
                ("STAT", b"211-Status:\r\n     fine\r\n211 End\r\n"),
                ("QUIT", b"221 bye\r\n"),
            ],
        ),
        lines: &[
            "| ftp-syst: ",
            "|   SYST: VMS V5.3",
            "|   STAT: ",
            "| Status:",
            "|      fine",
            "|_End",
        ],
        beside_nmap: true,
    },
    Case {
        script: "ftp-anon",
        port: 21,
        server: talks(
            b"220 ready\r\n",
            &[
                ("USER ANONYMOUS", b"331 password\r\n"),
                ("PASS", b"530 no\r\n"),
                ("QUIT", b"221 bye\r\n"),
            ],
        ),
        lines: &[],
        beside_nmap: true,
    },
    Case {
        script: "sshv1",
        port: 22,
        server: talks(b"SSH-1.99-OpenSSH_3.7\r\n", &[]),
        lines: &["|_sshv1: Server supports SSHv1"],
        beside_nmap: false,
    },
    Case {
        script: "daytime",
        port: 13,
        server: talks(b"Thu Nov 26 04:24:30 2026\r\n", &[]),
        lines: &["|_daytime: Thu Nov 26 04:24:30 2026"],
        beside_nmap: false,
    },
    Case {
        script: "telnet-encryption",
        port: 23,
        server: talks(b"\xff\xfb\x26\xff\xfd\x18", &[]),
        lines: &["| telnet-encryption: ", "|_  Telnet server supports encryption"],
        beside_nmap: true,
    },
    Case {
        script: "dict-info",
        port: 2628,
        server: talks(
            b"220 dict ready\r\n",
            &[
                ("SHOW SERVER", b"114 information\r\ndictd 1.0\r\nup 3 hours\r\n.\r\n250 ok\r\n"),
                ("QUIT", b"221 bye\r\n"),
            ],
        ),
        lines: &["| dict-info: ", "|   dictd 1.0", "|_  up 3 hours"],
        beside_nmap: false,
    },
    Case {
        script: "hddtemp-info",
        port: 7634,
        server: talks(b"|/dev/sda|ST4000DM004-2CV104|38|C||/dev/sdb|ST1|41|C|", &[]),
        lines: &[
            "| hddtemp-info: ",
            "|   /dev/sda: ST4000DM004-2CV104: 38 C",
            "|_  /dev/sdb: ST1: 41 C",
        ],
        beside_nmap: false,
    },
    Case {
        script: "gopher-ls",
        port: 70,
        server: answers(&[(
            "",
            b"iWelcome\tfake\t(NULL)\t0\r\n1Papers\t/papers\thost\t70\r\n0About\t/a\thost\t70\r\n.\r\n",
        )]),
        lines: &["| gopher-ls: ", "| [dir] /papers \"Papers\"", "|_[txt] /a \"About\""],
        beside_nmap: false,
    },
    Case {
        script: "finger",
        port: 79,
        server: answers(&[("", b"Login: root\r\nNo mail.\r\n")]),
        lines: &["| finger: Login: root", "|_No mail."],
        beside_nmap: false,
    },
    Case {
        script: "gpsd-info",
        port: 2947,
        server: talks(
            b"{\"class\":\"VERSION\",\"release\":\"3.22\",\"rev\":\"3.22\"}\r\n",
            &[(
                "?POLL",
                b"{\"class\":\"DEVICES\",\"devices\":[{\"class\":\"DEVICE\",\"path\":\"/dev/ttyUSB0\"}]}\r\n\
                  {\"class\":\"TPV\",\"time\":\"2026-04-14T15:54:23Z\",\"lat\":59.3,\"lon\":17.9,\"speed\":1}\r\n",
            )],
        ),
        lines: &[
            "| gpsd-info: ",
            "|   Release: 3.22",
            "|   Devices: /dev/ttyUSB0",
            "|   Time of fix: 2026-04-14T15:54:23Z",
            "|   Coordinates: 59.3,17.9",
            "|_  Speed: 1.9 knots",
        ],
        beside_nmap: false,
    },
    Case {
        script: "irc-info",
        port: 6667,
        server: talks(
            b":irc.test NOTICE * :looking up\r\n",
            &[
                (
                    "NICK",
                    b"PING :cookie\r\n:irc.test 001 me :Welcome me!~nseer@192.0.2.9\r\n\
                      :irc.test 251 me :There are 3 users and 4 invisible on 2 servers\r\n\
                      :irc.test 252 me 1 :operators online\r\n:irc.test 254 me 5 :channels formed\r\n\
                      :irc.test 255 me :I have 6 clients and 1 servers\r\n:irc.test 376 me :End\r\n",
                ),
                (
                    "STATS U",
                    b":irc.test 351 me ircd-1.0. irc.test :flags\r\n\
                      :irc.test 242 me :Server Up 1 days 2:03:04\r\n:irc.test 219 me u :End\r\n",
                ),
            ],
        ),
        lines: &[
            "| irc-info: ",
            "|   server: irc.test",
            "|   version: ircd-1.0. irc.test",
            "|   servers: 2",
            "|   ops: 1",
            "|   chans: 5",
            "|   users: 7",
            "|   lservers: 1",
            "|   lusers: 6",
            "|   uptime: 1 days 2:03:04",
            "|   source host: 192.0.2.9",
            "|_  source ident: NONE or BLOCKED",
        ],
        beside_nmap: false,
    },
    Case {
        script: "gkrellm-info",
        port: 19150,
        server: talks(
            b"",
            &[(
                "GKRELLM",
                b"<gkrellmd_setup>\n<version>\ngkrellmd 2.3.11\n<hostname>\nbox\n</gkrellmd_setup>\n\
                  <initial_update>\n<mem>\n1048576000 48576000 0 0 0 0\n<uptime>\n65\n<fs_mounts>\n.clear\n\
                  / /dev/sda ext4 1024 100 512 4096\n</initial_update>\n",
            )],
        ),
        lines: &[
            "| gkrellm-info: ",
            "|   Hostname: box",
            "|   Version: gkrellmd 2.3.11",
            "|   Uptime: 1h05m00s",
            "|   Memory: Total 1000M, Free 954M",
            "|   Mounts",
            "|     Mount point  Fs type  Size  Available",
            "|_    /            ext4     4M    1M",
        ],
        beside_nmap: false,
    },
];

/// The address of a case: each has a host of its own.
fn address(at: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(at + 1).expect("fewer than 255 cases"))
}

#[test]
fn scripted_servers_are_read() {
    lab::run("shelf_tls::text::scripted_servers_are_read", |lab| {
        for (at, case) in CASES.iter().enumerate() {
            case.server.on(lab, address(at), case.port);
            let (target, port) = (address(at).to_string(), case.port.to_string());
            let heading = format!("{port}/tcp");
            let output = ours(lab, case.script, &port, &[], &target);
            assert_eq!(output.under(&heading), case.lines, "{}: {output:#?}", case.script);
        }
    });
}

#[test]
fn nmap_reads_the_same_of_them() {
    lab::run("shelf_tls::text::nmap_reads_the_same_of_them", |lab| {
        for (at, case) in CASES.iter().enumerate().filter(|(_, case)| case.beside_nmap) {
            case.server.on(lab, address(at), case.port);
            let (target, port) = (address(at).to_string(), case.port.to_string());
            let output = theirs(lab, case.script, &port, &[], &target);
            assert_eq!(output.under(&format!("{port}/tcp")), case.lines, "{output:#?}");
        }
    });
}
