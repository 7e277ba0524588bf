//! SSH from scripts: the native module `libssh2` against OpenSSH's own server, beside the real
//! nmap where that can be compared.

use crate::lab::{self, Lab, Output, PASSPHRASE, PASSWORD, Peer, USER};

const TARGET: &str = "127.0.0.1";

/// Plain connect scan of one host that is known to be there, without names.
const PLAIN: &[&str] = &["-sT", "-Pn", "-n"];

/// Runs one case of `ssh-steps` on some ports.
fn steps(lab: &Lab, case: &str, ports: &str) -> Output {
    let script = lab.script("ssh-steps");
    let values = format!(
        "case={case},user={USER},password=\"{PASSWORD}\",passphrase=\"{PASSPHRASE}\",folder=/run/lab"
    );
    let args = ["-p", ports, "--script", &script, "--script-args", &values, TARGET];
    let output = lab.nseer(&[PLAIN, &args].concat());
    assert_eq!(output.stderr, "", "{output:#?}");
    output
}

/// What `ssh-steps` showed below a port, without the frame.
fn shown(output: &Output, port: &str) -> Vec<String> {
    let lines = output.under(port);
    let inner = lines.iter().filter(|line| !line.contains("ssh-steps:"));
    let inner = inner.map(|line| line.trim_start_matches(['|', '_', ' ']).to_owned());
    let lines: Vec<String> = inner.collect();
    assert!(!lines.is_empty(), "nothing below {port}: {output:#?}");
    lines
}

#[test]
fn a_password_is_tried() {
    lab::run("ssh::a_password_is_tried", |lab| {
        lab.user();
        let key = lab.ssh_key("host", &["-t", "ed25519", "-N", ""]);
        lab.ssh_server(22, &[&format!("HostKey {key}")]);
        let output = steps(lab, "password", "22");
        let md5 = format!("md5: {}", lab.fingerprint(&key));
        let expected = [
            md5.as_str(),
            "pairs: 59 true true",
            "list: {publickey,password}",
            r"banner: Private world\n",
            "early: raised Opening channel",
            "wrong: false",
            "bytes: false",
            "right: true",
            "again: false",
            "close:",
            "closed:",
            "gone: raised EOF",
            "misuse: raised bad argument #1 to 'libssh2.userauth_list' (ssh2 expected, got table)",
        ];
        assert_eq!(shown(&output, "22/tcp"), expected, "{output:#?}");
    });
}

#[test]
fn keys_are_offered_and_used() {
    lab::run("ssh::keys_are_offered_and_used", |lab| {
        lab.user();
        let ed25519 = lab.ssh_key("ed25519", &["-t", "ed25519", "-N", ""]);
        let pem = ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", PASSPHRASE];
        let rsa = lab.ssh_key("rsa", &pem);
        let ecdsa = lab.ssh_key("ecdsa", &["-t", "ecdsa", "-N", PASSPHRASE]);
        lab.ssh_key("stranger", &["-t", "ed25519", "-N", ""]);
        lab.let_in(&[&ed25519, &rsa, &ecdsa]);
        lab.ssh_server(22, &[]);
        let output = steps(lab, "keys", "22");
        let expected = [
            "ed25519 may: true",
            "ed25519 does: true",
            "rsa may: true",
            "rsa does: true",
            "ecdsa may: true",
            "ecdsa does: true",
            "stranger may: false",
            "stranger does: false",
            "wrong passphrase: false",
            "no file: false",
            "no public file: raised Error reading file",
            "no key: false Invalid public key",
        ];
        assert_eq!(shown(&output, "22/tcp"), expected, "{output:#?}");
    });
}

#[test]
fn a_command_runs() {
    lab::run("ssh::a_command_runs", |lab| {
        lab.user();
        lab.ssh_server(22, &[]);
        let output = steps(lab, "command", "22");
        let expected = [
            "exec:",
            "write: 5",
            "no data: raised Invalid buffer",
            "read: typed",
            "at end: false",
            "send eof:",
            "rest: 5000",
            "read: nil",
            r"errors: trouble\n",
            "errors: nil",
            "once more: raised Error sending exec request",
            "close:",
            r"terminal: terminal\r\n",
            "odd: raised Error sending odd request",
            "shell:",
            r"said: from -sh\n",
        ];
        assert_eq!(shown(&output, "22/tcp"), expected, "{output:#?}");
    });
}

#[test]
fn questions_are_answered() {
    lab::run("ssh::questions_are_answered", |lab| {
        lab.user();
        lab.ssh_server(22, &["UsePAM yes", "KbdInteractiveAuthentication yes"]);
        let output = steps(lab, "keyboard", "22");
        let expected = ["right: true", "wrong: false", "raises: false on purpose"];
        assert_eq!(shown(&output, "22/tcp"), expected, "{output:#?}");
    });
}

#[test]
fn time_runs_out_and_threads_end() {
    lab::run("ssh::time_runs_out_and_threads_end", |lab| {
        lab.user();
        lab.ssh_server(22, &[]);
        let output = steps(lab, "time-out", "22");
        assert_eq!(shown(&output, "22/tcp"), ["read: raised TIMEOUT"], "{output:#?}");
        let output = steps(lab, "thread", "22");
        assert_eq!(shown(&output, "22/tcp"), ["list: raised EOF"], "{output:#?}");
    });
}

#[test]
fn whoever_needs_no_password_is_told_from_others() {
    lab::run("ssh::whoever_needs_no_password_is_told_from_others", |lab| {
        lab.user_without_password();
        lab.ssh_server(22, &["PermitEmptyPasswords yes"]);
        let output = steps(lab, "password", "22");
        let lines = shown(&output, "22/tcp");
        assert!(lines.iter().any(|line| line == "list: none_auth"), "{output:#?}");
    });
}

#[test]
fn old_servers_are_spoken_to() {
    const OLD: &[&[&str]] = &[
        &["KexAlgorithms diffie-hellman-group1-sha1", "Ciphers 3des-cbc", "MACs hmac-sha1"],
        &["KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1"],
        &["KexAlgorithms diffie-hellman-group-exchange-sha1", "Ciphers aes256-cbc"],
        &["KexAlgorithms ecdh-sha2-nistp256", "MACs hmac-sha1-etm@openssh.com"],
        &["HostKey /run/lab/old_rsa", "HostKeyAlgorithms ssh-rsa", "Ciphers aes192-cbc"],
        &["HostKey /run/lab/old_dsa", "HostKeyAlgorithms ssh-dss"],
        &["HostKey /run/lab/short_rsa", "HostKeyAlgorithms ssh-rsa", "RequiredRSASize 1024"],
    ];
    lab::run("ssh::old_servers_are_spoken_to", |lab| {
        lab.user();
        lab.ssh_key("old_rsa", &["-t", "rsa", "-b", "2048", "-N", ""]);
        lab.ssh_key("short_rsa", &["-t", "rsa", "-b", "1024", "-N", ""]);
        lab.ssh_key("old_dsa", &["-t", "dsa", "-N", ""]);
        let first = 2201;
        for (port, settings) in (first..).zip(OLD) {
            lab.ssh_server(port, settings);
        }
        let ports = format!("{first}-{}", usize::from(first) + OLD.len() - 1);
        let output = steps(lab, "password", &ports);
        for (port, settings) in (first..).zip(OLD) {
            let lines = shown(&output, &format!("{port}/tcp"));
            assert!(lines.iter().any(|l| l == "right: true"), "{settings:?}: {output:#?}");
        }
    });
}

#[test]
fn peers_that_are_no_servers_spoil_nothing() {
    lab::run("ssh::peers_that_are_no_servers_spoil_nothing", |lab| {
        lab.peer(7001, Peer::Reset);
        lab.peer(7002, Peer::Says(b"220 mail.example ESMTP\r\n\xff\xff\xff"));
        lab.peer(7003, Peer::Endless);
        lab.peer(7004, Peer::Says(b"SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
        lab.peer(7005, Peer::Silent);
        let args = ["--script-timeout", "3s"];
        let script = lab.script("ssh-steps");
        let ports = ["-p7001-7005", "--script", &script, "--script-args", "case=open", TARGET];
        let output = lab.nseer(&[PLAIN, &args, &ports].concat());
        let handshake = "open: raised Unable to complete libssh2 handshake.";
        // Which of the two is seen depends on whether the reset comes before our own greeting.
        let reset = shown(&output, "7001/tcp");
        assert!(["open: raised ERROR", "open: raised EOF"].contains(&&*reset[0]), "{output:#?}");
        assert_eq!(shown(&output, "7003/tcp"), [handshake], "{output:#?}");
        assert_eq!(shown(&output, "7004/tcp"), [handshake], "{output:#?}");
        for port in ["7002", "7005"] {
            let stopped = output.all();
            let named = stopped.lines().any(|l| l.contains(port) && l.contains("timed out"));
            assert!(named, "{output:#?}");
        }
    });
}

#[test]
fn nmaps_own_scripts_give_the_same_result() {
    lab::run("ssh::nmaps_own_scripts_give_the_same_result", |lab| {
        lab.user();
        let (known, stranger) = (
            lab.ssh_key("known", &["-t", "ed25519", "-N", ""]),
            lab.ssh_key("stranger", &["-t", "ed25519", "-N", ""]),
        );
        lab.let_in(&[&known]);
        lab.ssh_server(22, &[]);
        let login = format!("ssh-run.username={USER},ssh-run.cmd=echo out; echo err >&2; id -u");
        let keys =
            format!("ssh.usernames={{{USER}}},ssh.publickeys={{{known}.pub,{stranger}.pub}}");
        let cases = [
            ("ssh-auth-methods", format!("ssh.user={USER}")),
            ("ssh-run", format!("{login},ssh-run.password={PASSWORD}")),
            ("ssh-run", format!("{login},ssh-run.password=wrong")),
            ("ssh-run", format!("{login},ssh-run.privatekey={known}")),
            ("ssh-publickey-acceptance", keys),
            ("ssh-publickey-acceptance", "knownbad=1".to_owned()),
        ];
        for (script, values) in cases {
            let args = ["-p22", "--script", script, "--script-args", &values, TARGET];
            let theirs = lab.nmap(&[PLAIN, &args].concat());
            let ours = lab.nseer(&[PLAIN, &["--datadir", "/usr/share/nmap"], &args].concat());
            let expected = theirs.under("22/tcp");
            assert!(!expected.is_empty(), "nmap shows nothing: {theirs:#?}");
            assert_eq!(ours.under("22/tcp"), expected, "{values}: {ours:#?}");
        }
    });
}
