//! First light: nseer on a real network, with real daemons, beside the real nmap.

use crate::lab::{self, Lab, Output, Peer};

const TARGET: &str = "127.0.0.1";

/// Plain connect scan of one host that is known to be there, without names.
const PLAIN: &[&str] = &["-sT", "-Pn", "-n"];

/// `PLAIN` and some more.
fn plain<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [PLAIN, more].concat()
}

/// How often [`until_shown`] asks.
const ATTEMPTS: usize = 10;

/// Runs a program until scripts show something below each heading. A connection that a daemon has
/// not accepted yet belongs to nobody, so an honest ident daemon may know no owner at first.
fn until_shown(run: impl Fn() -> Output, headings: &[&str]) -> Output {
    let mut output = run();
    for _ in 1..ATTEMPTS {
        if headings.iter().all(|heading| !output.under(heading).is_empty()) {
            break;
        }
        output = run();
    }
    output
}

#[test]
fn the_lab_is_real() {
    lab::run("first_light::the_lab_is_real", |lab| {
        lab.oidentd();
        lab.sshd(22);
        lab.tls(443);
        lab.dns();
        lab.drop_packets_to(9);
        let (tls, dns) = (lab.script("tls-first-line"), lab.script("dns-over-udp"));
        let scripts = format!("auth-owners,{tls},{dns}");
        let args = plain(&["-p9,10,22,113,443", "--script", &scripts, TARGET]);
        let output = until_shown(|| lab.nmap(&args), &["22/tcp"]);
        assert_eq!(output.code, 0, "{output:#?}");
        for (port, state) in [("9/tcp", "filtered"), ("10/tcp", "closed"), ("443/tcp", "open")] {
            assert_eq!(output.state(port), Some(state), "{output:#?}");
        }
        assert_eq!(output.under("22/tcp"), ["|_auth-owners: root"]);
        let web = output.under("443/tcp");
        assert!(web.iter().any(|line| line.contains("HTTP/1.0 200 ok")), "{web:?}");
        assert!(web.iter().any(|line| line.contains("lab.test")), "{web:?}");
        assert_eq!(output.under("Host script results"), ["|_dns-over-udp: NS: 127.0.0.1"]);
    });
}

#[test]
fn the_owner_of_each_port_is_printed() {
    lab::run("first_light::the_owner_of_each_port_is_printed", |lab| {
        lab.oidentd();
        lab.sshd(22);
        let args = plain(&["-p22,113", "--script", "auth-owners", TARGET]);
        let output = until_shown(|| lab.nseer(&args), &["22/tcp", "113/tcp"]);
        assert_eq!(output.code, 0, "{output:#?}");
        assert_eq!(output.stderr, "");
        assert_eq!(output.state("22/tcp"), Some("open"), "{output:#?}");
        assert_eq!(output.under("22/tcp"), ["|_auth-owners: root"]);
        assert_eq!(output.under("113/tcp"), ["|_auth-owners: nobody"]);
    });
}

/// The script lines below `headings` are those of the real nmap, which prints some. One script at
/// a time: nmap prints several in no fixed order.
fn same_as_nmap(lab: &Lab, nseer_only: &[&str], args: &[&str], headings: &[&str]) {
    let theirs = until_shown(|| lab.nmap(&plain(args)), headings);
    let ours = until_shown(|| lab.nseer(&plain(&[nseer_only, args].concat())), headings);
    assert_eq!(ours.code, 0, "{ours:#?}");
    for heading in headings {
        let expected = theirs.under(heading);
        assert!(!expected.is_empty(), "nmap shows nothing below {heading}: {theirs:#?}");
        assert_eq!(ours.under(heading), expected, "below {heading}: {ours:#?}");
    }
}

#[test]
fn nmaps_own_scripts_give_the_same_result() {
    lab::run("first_light::nmaps_own_scripts_give_the_same_result", |lab| {
        lab.oidentd();
        lab.sshd(22);
        let installed = ["--datadir", "/usr/share/nmap"];
        let args = ["-p22,113", "--script", "auth-owners", TARGET];
        same_as_nmap(lab, &installed, &args, &["22/tcp", "113/tcp"]);
        lab.tls(443);
        let args = ["-p443", "--script", "http-title", TARGET];
        same_as_nmap(lab, &installed, &args, &["443/tcp"]);
    });
}

#[test]
fn nmaps_scripts_find_the_same_keys_and_certificates() {
    lab::run("first_light::nmaps_scripts_find_the_same_keys_and_certificates", |lab| {
        lab.sshd(22);
        lab.tls(443);
        let installed = ["--datadir", "/usr/share/nmap"];
        let args = ["-v", "-p443", "--script", "ssl-cert", TARGET];
        same_as_nmap(lab, &installed, &args, &["443/tcp"]);
        let args = ["-p443", "--script", "ssl-enum-ciphers", TARGET];
        same_as_nmap(lab, &installed, &args, &["443/tcp"]);
        let all = ["--script-args", "ssh_hostkey=all"];
        let args = [&["-p22", "--script", "ssh-hostkey"], &all[..], &[TARGET]].concat();
        same_as_nmap(lab, &installed, &args, &["22/tcp"]);
    });
}

#[test]
fn the_embedded_banner_is_the_same() {
    lab::run("first_light::the_embedded_banner_is_the_same", |lab| {
        lab.sshd(22);
        lab.peer(7001, Peer::Says(b"hello\r\nworld\r\n"));
        lab.peer(7002, Peer::Says(b"\x00\x01 \xff\xfe text \x7f\\\r\n"));
        let args = ["-p22,7001,7002", "--script", "banner", TARGET];
        same_as_nmap(lab, &[], &args, &["22/tcp", "7001/tcp", "7002/tcp"]);
    });
}

#[test]
fn a_script_goes_on_with_the_connection_of_the_scan() {
    lab::run("first_light::a_script_goes_on_with_the_connection_of_the_scan", |lab| {
        lab.peer(7001, Peer::SaysOnce(b"only one\r\n"));
        let output = lab.nseer(&plain(&["-p7001", "--script", "banner", TARGET]));
        assert_eq!(output.under("7001/tcp"), ["|_banner: only one"], "{output:#?}");
    });
}

#[test]
fn tls_and_udp_work_from_scripts() {
    lab::run("first_light::tls_and_udp_work_from_scripts", |lab| {
        lab.tls(443);
        lab.dns();
        let scripts = format!("{},{}", lab.script("tls-first-line"), lab.script("dns-over-udp"));
        let args = ["-p443", "--script", &scripts, TARGET];
        same_as_nmap(lab, &[], &args, &["443/tcp", "Host script results"]);
    });
}

#[test]
fn open_closed_and_filtered_are_told_apart() {
    lab::run("first_light::open_closed_and_filtered_are_told_apart", |lab| {
        lab.sshd(22);
        lab.drop_packets_to(9);
        let args = plain(&["-p9,10,22", TARGET]);
        let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
        for (port, state) in [("9/tcp", "filtered"), ("10/tcp", "closed"), ("22/tcp", "open")] {
            assert_eq!(theirs.state(port), Some(state), "{theirs:#?}");
            assert_eq!(ours.state(port), Some(state), "{ours:#?}");
        }
    });
}

#[test]
fn a_name_is_resolved_and_found_again() {
    lab::run("first_light::a_name_is_resolved_and_found_again", |lab| {
        lab.dns();
        lab.sshd(22);
        let heading = "Nmap scan report for lab.test (127.0.0.1)";
        let theirs = lab.nmap(&["-sT", "-Pn", "-R", "-p22", "lab.test"]);
        assert!(theirs.stdout.contains(heading), "{theirs:#?}");
        let ours = lab.nseer(&["-sT", "-Pn", "-R", "-p22", "lab.test"]);
        assert!(ours.stdout.contains("scan report for lab.test (127.0.0.1)"), "{ours:#?}");
        assert_eq!(ours.state("22/tcp"), Some("open"), "{ours:#?}");
    });
}

#[test]
fn peers_that_misbehave_spoil_nothing() {
    lab::run("first_light::peers_that_misbehave_spoil_nothing", |lab| {
        lab.sshd(22);
        lab.peer(7001, Peer::Reset);
        lab.peer(7002, Peer::Silent);
        lab.peer(7003, Peer::Endless);
        let scripts = format!("banner,{}", lab.script("reads-on"));
        let args = ["-p22,7001-7003", "--script-timeout", "4s", "--script", &scripts, TARGET];
        let output = lab.nseer(&plain(&args));
        let ssh = output.under("22/tcp");
        assert!(ssh.iter().any(|line| line.contains("banner: SSH-2.0-")), "{ssh:?}");
        for port in ["7001/tcp", "7002/tcp", "7003/tcp"] {
            assert_eq!(output.state(port), Some("open"), "{output:#?}");
        }
        // The endless peer costs its script the time it was given, and it is named.
        let all = output.all();
        let named = all.lines().any(|line| line.contains("reads-on") && line.contains("7003"));
        assert!(named, "{output:#?}");
        assert_ne!(output.code, 0, "{output:#?}");
    });
}

#[test]
fn scripts_that_misbehave_are_named() {
    // The script, and a word that the line about it holds.
    let cases = [
        ("raises", "raised on purpose"),
        ("never-returns", "time"),
        ("yields", "yielded unexpectedly"),
    ];
    lab::run("first_light::scripts_that_misbehave_are_named", |lab| {
        lab.sshd(22);
        for (name, word) in cases {
            let scripts = format!("banner,{}", lab.script(name));
            let args = ["-p22", "--script-timeout", "2s", "--script", &scripts, TARGET];
            let output = lab.nseer(&plain(&args));
            let all = output.all();
            let named = all.lines().any(|line| line.contains(name) && line.contains(word));
            assert!(named, "{name}: {output:#?}");
            let banner = output.under("22/tcp");
            assert!(banner.iter().any(|line| line.contains("banner: SSH-2.0-")), "{output:#?}");
            assert_ne!(output.code, 0, "{name}: {output:#?}");
        }
    });
}

#[test]
fn a_mistake_on_the_command_line_is_named() {
    // What is typed, and the words of the one line that must be there.
    let cases: &[(&[&str], &[&str])] = &[
        (&["--frobnicate", TARGET], &["--frobnicate"]),
        (&["--scrpt", "banner", TARGET], &["--scrpt", "--script"]),
        (&["-sS", "--unprivileged", TARGET], &["-sS"]),
        (&["-sS", "-e", "no-such-interface", TARGET], &["no-such-interface"]),
        (&["-iL", "no-such-list"], &["no-such-list"]),
        (&["--excludefile", "no-such-list", TARGET], &["no-such-list"]),
        (&["--script-args-file", "no-such-args", TARGET], &["no-such-args"]),
        (&["-oN", "no-such-folder/out", TARGET], &["no-such-folder/out"]),
        (&["--script", "no-such-script", TARGET], &["no-such-script"]),
        (&["-p", "70000", TARGET], &["70000"]),
        (&["-p", "9-2", TARGET], &["9-2"]),
        (&["-p", "[", TARGET], &["["]),
        (&["-sT", "-Pn", "-n", "-p22", "127.0.0.1/33"], &["127.0.0.1/33"]),
        (&["-sT", "-Pn", "-n", "-p22", "127.0.0.256"], &["127.0.0.256"]),
        (&["-sT", "-Pn", "-n", "-p22", "no-such-name.invalid"], &["no-such-name.invalid"]),
    ];
    lab::run("first_light::a_mistake_on_the_command_line_is_named", |lab| {
        lab.dns();
        for (args, words) in cases {
            let output = lab.nseer(args);
            let named =
                output.stderr.lines().any(|line| words.iter().all(|word| line.contains(word)));
            assert!(named, "{args:?}: {output:#?}");
            assert_ne!(output.code, 0, "{args:?}: {output:#?}");
        }
    });
}

#[test]
fn a_script_that_is_not_lua_is_named_with_its_line() {
    lab::run("first_light::a_script_that_is_not_lua_is_named_with_its_line", |lab| {
        lab.sshd(22);
        let broken = lab.script("broken");
        let output = lab.nseer(&plain(&["-p22", "--script", &broken, TARGET]));
        assert!(output.stderr.contains("broken.nse:4"), "{output:#?}");
        assert_ne!(output.code, 0, "{output:#?}");
    });
}

#[test]
fn an_unknown_name_does_not_cost_the_other_targets() {
    lab::run("first_light::an_unknown_name_does_not_cost_the_other_targets", |lab| {
        lab.dns();
        lab.sshd(22);
        let output = lab.nseer(&plain(&["-p22", "no-such-name.invalid", TARGET]));
        assert_eq!(output.state("22/tcp"), Some("open"), "{output:#?}");
        assert!(output.stderr.contains("no-such-name.invalid"), "{output:#?}");
        assert_ne!(output.code, 0, "{output:#?}");
    });
}

#[test]
fn a_scan_of_no_host_says_so() {
    lab::run("first_light::a_scan_of_no_host_says_so", |lab| {
        let none = ["-sL", "-n", TARGET, "--exclude", TARGET];
        for (args, is_told) in [(&none[..], true), (&none[..3], false)] {
            let output = lab.nseer(args);
            assert_eq!(output.stderr.contains("no host was scanned"), is_told, "{output:#?}");
            assert_eq!(output.code, 0, "{output:#?}");
        }
    });
}

#[test]
fn a_wrong_target_does_not_cost_the_others() {
    lab::run("first_light::a_wrong_target_does_not_cost_the_others", |lab| {
        lab.sshd(22);
        for order in [&[][..], &["--randomize-hosts"]] {
            let args =
                [&["-p22", "127.0.0.256", "127.0.0.1/33", "http://a/", TARGET], order].concat();
            let output = lab.nseer(&plain(&args));
            assert_eq!(output.state("22/tcp"), Some("open"), "{output:#?}");
            for wrong in ["127.0.0.256", "127.0.0.1/33", "http://a/"] {
                assert!(output.stderr.contains(wrong), "{output:#?}");
            }
            assert_ne!(output.code, 0, "{output:#?}");
        }
    });
}
