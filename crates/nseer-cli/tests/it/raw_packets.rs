//! Raw packets of scripts: over a cable to another host and on the loopback, beside the real nmap.

use crate::lab::{self, Peer};

const TARGET: &str = "127.0.0.1";
const PLAIN: &[&str] = &["-sT", "-Pn", "-n"];
const HEADING: &str = "Pre-scan script results";

fn plain<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [PLAIN, more].concat()
}

#[test]
fn packets_go_out_and_come_back_as_with_nmap() {
    lab::run("raw_packets::packets_go_out_and_come_back_as_with_nmap", |lab| {
        lab.far_host();
        let script = lab.script("raw-packets");
        let args = plain(&["-p9", "--script", &script, TARGET]);
        let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
        let expected = theirs.under(HEADING);
        assert!(expected.len() > 30, "{theirs:#?}");
        assert_eq!(ours.under(HEADING), expected, "{ours:#?}");
    });
}

#[test]
fn nmaps_own_scripts_find_the_same() {
    lab::run("raw_packets::nmaps_own_scripts_find_the_same", |lab| {
        lab.far_host();
        lab.far_dns();
        for script in ["ipidseq", "path-mtu", "sniffer-detect"] {
            let args = ["-sT", "-n", "-p53", "--script", script, "10.99.0.2"];
            let theirs = lab.nmap(&args);
            let ours = lab.nseer(&[&["--datadir", "/usr/share/nmap"], &args[..]].concat());
            let expected = theirs.under("Host script results");
            assert!(!expected.is_empty(), "{theirs:#?}");
            assert_eq!(ours.under("Host script results"), expected, "{ours:#?}");
        }
    });
}

#[test]
fn without_the_right_scripts_are_told_and_others_run() {
    lab::run("raw_packets::without_the_right_scripts_are_told_and_others_run", |lab| {
        lab.peer(7001, Peer::Says(b"hello\r\n"));
        let scripts = format!("banner,{}", lab.script("raw-refused"));
        let args = plain(&["-p7001", "--script", &scripts, TARGET]);
        let ours = lab.nseer_without_raw(&args);
        assert_eq!(ours.under("7001/tcp"), ["|_banner: hello"], "{ours:#?}");
        let theirs = lab.nmap_without_raw(&args);
        let expected = theirs.under(HEADING);
        assert!(
            expected.iter().any(|line| line.contains("Operation not permitted")),
            "{theirs:#?}"
        );
        assert_eq!(ours.under(HEADING), expected, "{ours:#?}");
    });
}

#[test]
fn a_capture_ends_with_its_script() {
    lab::run("raw_packets::a_capture_ends_with_its_script", |lab| {
        let script = lab.script("captures-forever");
        let args = plain(&["-p9", "--script-timeout", "1s", "--script", &script, TARGET]);
        let ours = lab.nseer(&args);
        assert!(ours.all().contains("captures-forever against 127.0.0.1 timed out"), "{ours:#?}");
        assert!(!ours.stdout.contains("Host script results"), "{ours:#?}");
    });
}
