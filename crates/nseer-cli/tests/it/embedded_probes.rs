//! `-sV` with nothing installed but nseer: the embedded probes name real daemons.

use crate::lab::{self, Peer};

#[test]
fn versions_are_found_without_any_file_of_nmap() {
    lab::run("embedded_probes::versions_are_found_without_any_file_of_nmap", |lab| {
        lab.sshd(22);
        lab.oidentd();
        lab.dns();
        lab.tls(443);
        lab.peer(25, Peer::Says(b"220 mail.example ESMTP Postfix (Debian/GNU)\r\n"));
        lab.peer(7001, Peer::Says(b"\x00\x01 what is this?\r\n"));
        let output =
            lab.nseer(&["-sT", "-Pn", "-n", "-sV", "-p22,25,53,113,443,7001", "127.0.0.1"]);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
        let line = |port: &str| {
            let lines = output.stdout.lines().find(|line| line.starts_with(port));
            lines.unwrap_or_else(|| panic!("{port}: {output:#?}")).to_owned()
        };
        for (port, service, product) in [
            ("22/tcp", "ssh", "OpenSSH"),
            ("25/tcp", "smtp", "Postfix smtpd (Debian/GNU)"),
            ("53/tcp", "domain", "dnsmasq"),
            ("113/tcp", "ident", ""),
            ("443/tcp", "ssl/http", "OpenSSL s_server"),
        ] {
            let line = line(port);
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[1..3], ["open", service], "{output:#?}");
            assert!(line.contains(product), "{output:#?}");
        }
        assert!(output.stdout.contains("SF-Port7001-TCP:"), "{output:#?}");
    });
}
