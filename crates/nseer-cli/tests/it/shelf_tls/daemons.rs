//! Beside the real nmap, on OpenSSH and OpenSSL.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use super::talk::serve;
use super::{TARGET, ours, same, theirs};
use crate::lab;

#[test]
fn certificates_and_suites_are_those_of_nmap() {
    lab::run("shelf_tls::daemons::certificates_and_suites_are_those_of_nmap", |lab| {
        lab.tls(443);
        same(lab, "ssl-cert", "443", &[]);
        same(lab, "ssl-cert", "443", &["-v"]);
        same(lab, "ssl-enum-ciphers", "443", &[]);
        same(lab, "ssl-date", "443", &[]);
        assert_eq!(
            ours(lab, "sslv2,tls-nextprotoneg", "443", &[], TARGET).under("443/tcp"),
            [""; 0]
        );
    });
}

#[test]
fn the_structure_of_a_certificate_is_that_of_nmap() {
    lab::run("shelf_tls::daemons::the_structure_of_a_certificate_is_that_of_nmap", |lab| {
        lab.tls(443);
        let xml = ["-oX", "-"];
        let part = |text: String| {
            let from = text.find("<script id=\"ssl-cert\"").expect("a result");
            let end = text[from..].find("</script>").expect("its end");
            text[from..from + end].to_owned()
        };
        let expected = part(theirs(lab, "ssl-cert", "443", &xml, TARGET).stdout);
        assert_eq!(part(ours(lab, "ssl-cert", "443", &xml, TARGET).stdout), expected);
    });
}

#[test]
fn the_end_of_a_certificate_is_told() {
    lab::run("shelf_tls::daemons::the_end_of_a_certificate_is_told", |lab| {
        lab.tls(443);
        // It is valid for thirty days from when it was made.
        let days = ["--script-args", "ssl-cert-expiry.days=31"];
        let soon = ours(lab, "ssl-cert-expiry", "443", &days, TARGET);
        let lines = soon.under("443/tcp");
        assert!(lines.iter().any(|line| line.contains("state: expires soon")), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.ends_with("days: 29") || line.ends_with("days: 30")),
            "{lines:?}"
        );
        let days = ["--script-args", "ssl-cert-expiry.days=5"];
        assert_eq!(ours(lab, "ssl-cert-expiry", "443", &days, TARGET).under("443/tcp"), [""; 0]);
        let wrong = ["--script-args", "ssl-cert-expiry.days=soon"];
        let args = ["-sT", "-Pn", "-n", "-p443", "--script", "ssl-cert-expiry", "127.0.0.1"];
        let output = lab.nseer(&[&wrong[..], &args].concat());
        assert!(output.all().contains("'soon' is not a number of days"), "{output:#?}");
        let staple = ours(lab, "tls-ocsp-stapling", "443", &[], TARGET);
        assert!(staple.under("443/tcp").iter().any(|line| line.contains("stapled: false")));
    });
}

#[test]
fn ssh_keys_and_algorithms_are_those_of_nmap() {
    lab::run("shelf_tls::daemons::ssh_keys_and_algorithms_are_those_of_nmap", |lab| {
        lab.sshd(22);
        same(lab, "ssh-hostkey", "22", &[]);
        let all = ["--script-args", "ssh_hostkey=sha256 bubble"];
        same(lab, "ssh-hostkey", "22", &all);
        same(lab, "ssh2-enum-algos", "22", &[]);
        same(lab, "ssh-auth-methods", "22", &[]);
        assert_eq!(ours(lab, "sshv1", "22", &[], TARGET).under("22/tcp"), [""; 0]);
    });
}

#[test]
fn hosts_with_the_same_key_are_named_at_the_end() {
    lab::run("shelf_tls::daemons::hosts_with_the_same_key_are_named_at_the_end", |lab| {
        lab.sshd(22);
        let more = ["127.0.0.2"];
        // Nmap's library writes one number of 512 as a negative one, on which the server hangs up.
        let mut tries = (0..3).map(|_| theirs(lab, "ssh-hostkey", "22", &more, TARGET));
        let has_both = |run: &lab::Output| run.under("Post-scan script results").len() == 4;
        let theirs = tries.find(has_both).expect("both keys, at some time");
        let expected = theirs.under("Post-scan script results");
        let ours = ours(lab, "ssh-hostkey", "22", &more, TARGET);
        assert_eq!(ours.under("Post-scan script results"), expected, "{ours:#?}");
    });
}

/// Runs a command of the system that must succeed.
fn run(words: &[&str]) {
    let output = Command::new(words[0]).args(&words[1..]).output().expect("it can be started");
    assert!(output.status.success(), "{words:?}: {output:?}");
}

/// Makes the certificate with which `Lab::tls` starts.
fn certificate_for(subject: &str) {
    let key = ["-keyout", "/run/lab/tls.key", "-out", "/run/lab/tls.crt", "-subj", subject];
    let request = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "30"];
    run(&[&request[..], &key].concat());
}

/// A ServerHello (RFC 5246, section 7.4.1.3) whose first random bytes are the time.
fn hello_with_the_time(ahead: u64) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + ahead;
    let time = u32::try_from(now).expect("before 2106").to_be_bytes();
    let mut body = vec![3, 3];
    body.extend(time);
    body.extend([0x5a; 28]);
    body.extend([0, 0, 0x2f, 0]);
    let length = u8::try_from(body.len()).expect("a short hello");
    let mut record = vec![22, 3, 3, 0, length + 4, 2, 0, 0, length];
    record.extend(body);
    // ServerHelloDone.
    record.extend([22, 3, 3, 0, 4, 14, 0, 0, 0]);
    record
}

#[test]
fn a_clock_in_the_hello_is_read() {
    lab::run("shelf_tls::daemons::a_clock_in_the_hello_is_read", |lab| {
        serve(lab, Ipv4Addr::LOCALHOST, 443, |mut stream| {
            let mut hello = [0; 2048];
            if stream.read(&mut hello)? > 0 {
                stream.write_all(&hello_with_the_time(3600))?;
                while stream.read(&mut hello)? > 0 {}
            }
            Ok(())
        });
        let output = ours(lab, "ssl-date", "443", &[], TARGET);
        let lines = output.under("443/tcp");
        // Time goes on while a busy machine lets one side wait.
        let is_right =
            |line: &str| (3590..3610).any(|apart| line.contains(&format!("; +{apart}s from")));
        assert!(lines.len() == 1 && is_right(lines[0]), "{lines:?}");
    });
}

#[test]
fn private_addresses_are_told_of_public_hosts_only() {
    lab::run("shelf_tls::daemons::private_addresses_are_told_of_public_hosts_only", |lab| {
        certificate_for("/CN=10.11.12.13");
        lab.tls(443);
        let own = ours(lab, "ssl-cert-intaddr", "443", &[], TARGET);
        assert_eq!(own.under("443/tcp"), [""; 0]);
        run(&["ip", "address", "add", "11.22.33.44/32", "dev", "lo"]);
        let args = ["-sT", "-Pn", "-n", "-p443", "--script", "ssl-cert-intaddr", "11.22.33.44"];
        let (theirs, ours) = (lab.nmap(&args), lab.nseer(&args));
        let expected = theirs.under("443/tcp");
        assert_eq!(expected.len(), 5, "{theirs:#?}");
        assert_eq!(ours.under("443/tcp"), expected, "{ours:#?}");
    });
}

/// A data folder with libraries from one place and scripts from another.
pub(crate) fn data_folder(name: &str, libraries: &str, scripts: &str) -> String {
    let folder = format!("/run/lab/{name}");
    std::fs::create_dir(&folder).expect("a new folder");
    for (what, from) in [("nselib", libraries), ("scripts", scripts)] {
        symlink(from, format!("{folder}/{what}")).expect("a link");
    }
    for file in ["nmap-services", "nmap-service-probes"] {
        symlink(format!("/usr/share/nmap/{file}"), format!("{folder}/{file}")).expect("a link");
    }
    folder
}

#[test]
fn nmaps_scripts_run_on_our_libraries() {
    lab::run("shelf_tls::daemons::nmaps_scripts_run_on_our_libraries", |lab| {
        lab.sshd(22);
        lab.tls(443);
        let shelf = concat!(env!("CARGO_MANIFEST_DIR"), "/../nseer-stdlib/nselib");
        let folder = data_folder("mixed", shelf, "/usr/share/nmap/scripts");
        let mixed = ["--datadir", folder.as_str()];
        let cases = [
            ("22", "ssh-hostkey"),
            ("22", "ssh2-enum-algos"),
            ("22", "ssh-auth-methods"),
            ("443", "ssl-enum-ciphers"),
            ("443", "ssl-date"),
        ];
        for (port, script) in cases {
            let theirs = theirs(lab, script, port, &[], TARGET);
            let ours = ours(lab, script, port, &mixed, TARGET);
            let heading = format!("{port}/tcp");
            let expected = theirs.under(&heading);
            assert!(!expected.is_empty(), "nmap shows nothing for {script}: {theirs:#?}");
            assert_eq!(ours.under(&heading), expected, "{script}: {ours:#?}");
        }
        // They say that there is nothing to tell, and not because they failed.
        let quiet = "sslv2,ssl-poodle,ssl-heartbleed,ssl-ccs-injection,tls-nextprotoneg,sshv1";
        let output = ours(lab, quiet, "22,443", &mixed, TARGET);
        assert_eq!(output.under("22/tcp"), [""; 0]);
        assert_eq!(output.under("443/tcp"), [""; 0]);
    });
}
