//! Beside the real nmap, on real daemons.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::process::Command;

use super::{arguments, ours};
use crate::lab;

/// Talks to the daemon that is running.
fn tgtadm(arguments: &str) {
    let mut command = Command::new("tgtadm");
    command.args(["--lld", "iscsi", "--op"]).args(arguments.split(' '));
    assert!(command.status().expect("tgtadm can be started").success(), "tgtadm {arguments}");
}

#[test]
fn targets_of_iscsi() {
    lab::run("shelf_db::daemons::targets_of_iscsi", |lab| {
        let mut tgtd = Command::new("tgtd");
        tgtd.args(["-f", "--iscsi", "portal=127.0.0.1:3260"]);
        lab.daemon("tgtd", &mut tgtd, &[3260], &[]);
        tgtadm("new --mode target --tid 1 -T iqn.2024-01.test:open");
        tgtadm("bind --mode target --tid 1 -I ALL");
        let script = ["--script", "iscsi-info"];
        let theirs = lab.nmap(&arguments("3260", &script));
        let expected = theirs.under("3260/tcp");
        assert!(expected.iter().any(|line| line.contains("test:open")), "{theirs:#?}");
        assert_eq!(ours(lab, "3260", &script).under("3260/tcp"), expected);

        tgtadm("new --mode target --tid 2 -T iqn.2024-01.test:closed");
        tgtadm("bind --mode target --tid 2 -I ALL");
        tgtadm("new --mode account --user somebody --password twelve-letters");
        tgtadm("bind --mode account --tid 2 --user somebody");
        let output = ours(lab, "3260", &script);
        let lines = output.under("3260/tcp");
        assert_eq!(
            lines[4..],
            [
                "|   iqn.2024-01.test:closed: ",
                "|     Address: 127.0.0.1:3260,1",
                "|_    Authentication: required"
            ],
            "{output:#?}"
        );
    });
}
