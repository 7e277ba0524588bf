//! Servers that accept and then say nothing: no script waits for them long.

use super::ours;
use crate::lab::{self, Peer};

/// The ports where the scripts look for their services.
const PORTS: &[u16] =
    &[13, 21, 22, 25, 37, 70, 79, 80, 110, 113, 139, 143, 443, 445, 1080, 3306, 5900, 6667, 7634];

/// Those that ask several times, or wait for a greeting: the ones that could add waits up.
const SCRIPTS: &str = "auth-owners,banner,daytime,finger,ftp-anon,ftp-syst,gopher-ls,hddtemp-info,\
    http-auth-finder,http-git,http-headers,http-methods,http-sitemap-generator,http-title,imap-capabilities,\
    irc-info,mysql-info,pop3-capabilities,rfc868-time,smb-os-discovery,smb-protocols,smb-security-mode,\
    smb2-capabilities,smb2-security-mode,smb2-time,smtp-commands,socks-auth-info,ssh-auth-methods,ssh-hostkey,\
    ssh2-enum-algos,sshv1,ssl-cert,ssl-date,ssl-enum-ciphers,tls-alpn,vnc-info";

#[test]
fn nobody_waits_long() {
    lab::run("shelf_net::silent::nobody_waits_long", |lab| {
        for port in PORTS {
            lab.peer(*port, Peer::Silent);
        }
        let ports: Vec<String> = PORTS.iter().map(u16::to_string).collect();
        // Each gives up by itself after ten seconds at most. One that adds waits up needs thirty and more; what
        // is between the two is left to slow machines.
        let more = ["-n", "-d", "--script-timeout", "25s"];
        let output = ours(lab, SCRIPTS, &ports.join(","), &more, "127.0.0.1");
        assert!(output.stdout.contains("NSE: Finished ssh-auth-methods"), "{output:#?}");
        let late: Vec<&str> =
            output.stdout.lines().filter(|line| line.contains(" timed out.")).collect();
        assert_eq!(late, [""; 0], "{output:#?}");
    });
}
