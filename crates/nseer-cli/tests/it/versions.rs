//! `-sV`, with real daemons, beside the real nmap.

use crate::lab::{self, Lab, Output, Peer};

const TARGET: &str = "127.0.0.1";
const PLAIN: &[&str] = &["-sT", "-Pn", "-n", "-sV"];
const INSTALLED: &[&str] = &["--datadir", "/usr/share/nmap"];

/// The path of our own small probe file.
fn own_probes() -> String {
    format!("{}/tests/it/lab/own.probes", env!("CARGO_MANIFEST_DIR"))
}

fn args<'a>(parts: &[&[&'a str]]) -> Vec<&'a str> {
    [&[PLAIN], parts].concat().concat()
}

/// The `service` elements of XML with their CPE names, by port. A fingerprint tells of the program
/// and the time, so that is left out.
fn services(xml: &str) -> Vec<String> {
    let ports = xml.split("<port ").skip(1);
    ports
        .map(|port| {
            let number = port.split('"').nth(3).unwrap_or_default();
            let service = port.find("<service").map_or("", |at| {
                let rest = &port[at..];
                let end = rest.find("</service>").or_else(|| rest.find("/>"));
                &rest[..end.unwrap_or(rest.len())]
            });
            let known = match service.split_once(" servicefp=\"") {
                Some((before, after)) => {
                    format!("{before}{}", after.split_once('"').map_or("", |(_, rest)| rest))
                }
                None => service.to_owned(),
            };
            format!("{number}: {known}")
        })
        .collect()
}

/// The lines of the port table and what follows it about services.
fn table(output: &Output) -> Vec<&str> {
    let wanted = |line: &&str| line.contains("/tcp ") || line.starts_with("Service Info");
    output.stdout.lines().filter(wanted).collect()
}

fn daemons(lab: &Lab) {
    lab.sshd(22);
    lab.tls(443);
    lab.dns();
    lab.peer(7001, Peer::Says(b"220 mail.example ESMTP Postfix (Debian/GNU)\r\n"));
    lab.peer(7002, Peer::Reset);
}

/// One run with all formats: normal output on the screen, the others in files.
struct Formats {
    normal: Output,
    xml: String,
    grepable: String,
}

impl Formats {
    #[allow(clippy::disallowed_methods, reason = "what the programs wrote is read")]
    fn of(run: impl Fn(&[&str]) -> Output, scan: &[&str]) -> Formats {
        let files = ["/run/lab/work/all.xml", "/run/lab/work/all.gnmap"];
        let normal = run(&args(&[&["-oX", files[0], "-oG", files[1]], scan]));
        assert_eq!(normal.code, 0, "{normal:#?}");
        let [xml, grepable] = files.map(|file| std::fs::read_to_string(file).expect("an output"));
        Formats { normal, xml, grepable }
    }

    fn ports_of_grepable(&self) -> Vec<&str> {
        self.grepable.lines().filter(|line| line.contains("\tPorts: ")).collect()
    }
}

#[test]
fn services_are_those_of_nmap_in_all_formats() {
    lab::run("versions::services_are_those_of_nmap_in_all_formats", |lab| {
        daemons(lab);
        let scan = ["--version-intensity", "1", "-p22,53,443,7001,7002", TARGET];
        let theirs = Formats::of(|args| lab.nmap(args), &scan);
        let ours = Formats::of(|args| lab.nseer(&[INSTALLED, args].concat()), &scan);
        assert_eq!(services(&ours.xml), services(&theirs.xml));
        assert_eq!(services(&ours.xml).len(), 5);
        assert!(ours.xml.contains("product=\"OpenSSH\""), "{}", ours.xml);
        assert_eq!(table(&ours.normal), table(&theirs.normal));
        assert_eq!(ours.ports_of_grepable(), theirs.ports_of_grepable());
        assert!(ours.grepable.contains("//ssl|http//OpenSSL"), "{}", ours.grepable);
    });
}

#[test]
fn an_unknown_service_gives_a_fingerprint() {
    lab::run("versions::an_unknown_service_gives_a_fingerprint", |lab| {
        lab.peer(7003, Peer::Says(b"\x00\x01 what \xff is \"this\"?\r\n"));
        let own = own_probes();
        let scan = ["--versiondb", &own, "-p7003", TARGET];
        let block = |output: &Output| {
            let lines = output.stdout.lines().skip_while(|line| !line.starts_with("SF-Port"));
            let lines: Vec<&str> = lines.take_while(|line| line.starts_with("SF")).collect();
            lines.join("\n").replace("\nSF:", "")
        };
        let ours = block(&lab.nseer(&args(&[&scan])));
        assert!(ours.starts_with("SF-Port7003-TCP:V="), "{ours}");
        let theirs = args(&[&["--versiondb", "/usr/share/nmap/nmap-service-probes"], &scan[2..]]);
        let theirs = block(&lab.nmap(&[&theirs[..], &["--version-intensity", "0"]].concat()));
        let null = |block: &str| {
            let rest = block.split_once("%r(NULL,").map(|(_, rest)| rest).unwrap_or_default();
            rest.split_once("\")").map(|(answer, _)| answer.to_owned()).unwrap_or_default()
        };
        assert!(!null(&theirs).is_empty(), "{theirs}");
        assert_eq!(null(&ours), null(&theirs));
    });
}

#[test]
fn a_probe_file_of_one_s_own_is_used_and_its_mistakes_are_told() {
    lab::run("versions::a_probe_file_of_one_s_own_is_used_and_its_mistakes_are_told", |lab| {
        lab.sshd(22);
        lab.tls(443);
        lab.peer(7002, Peer::Reset);
        lab.peer(7004, Peer::Says(b"chat 1.0\r\n"));
        lab.peer(7005, Peer::Says(b"SSH-2.0-OpenSSH_1\r\n"));
        let own = own_probes();
        let scan = ["--versiondb", &own, "-p22,443,7002,7004,7005", TARGET];
        let output = lab.nseer(&args(&[&scan]));
        assert_eq!(output.code, 0, "{output:#?}");
        assert!(
            output.stderr.contains("own.probes:8: unknown directive 'frobnicate'"),
            "{output:#?}"
        );
        assert!(output.stderr.contains("own.probes:14: bad pattern"), "{output:#?}");
        let lines = table(&output);
        assert!(lines[0].contains("ssh") && lines[0].contains("OpenSSH 9"), "{lines:#?}");
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(words, ["443/tcp", "open", "ssl/http", "OpenSSL", "s_server"], "{lines:#?}");
        assert!(lines[2].ends_with("tcpwrapped"), "{lines:#?}");
        assert!(lines[3].ends_with("chat"), "{lines:#?}");
        assert!(lines[4].ends_with("Excluded from version scan"), "{lines:#?}");
        assert_eq!(lines[5], "Service Info: OS: Unix; Device: web server");
        let all = lab.nseer(&args(&[&["--allports"], &scan]));
        assert!(table(&all)[4].contains("OpenSSH 1"), "{all:#?}");
        let traced = lab.nseer(&args(&[&["--version-trace"], &scan]));
        assert!(traced.stdout.contains("Version: 127.0.0.1:443: probe Hello"), "{traced:#?}");
    });
}

#[test]
fn scripts_see_what_was_found() {
    lab::run("versions::scripts_see_what_was_found", |lab| {
        daemons(lab);
        let script = lab.script("tells-version");
        let scan = ["-p22,443,7001,7002", "--version-light", "--script", &script, TARGET];
        let theirs = lab.nmap(&args(&[&scan]));
        let ours = lab.nseer(&args(&[INSTALLED, &scan]));
        for port in ["22/tcp", "443/tcp", "7001/tcp", "7002/tcp"] {
            assert!(!theirs.under(port).is_empty(), "{theirs:#?}");
            assert_eq!(ours.under(port), theirs.under(port), "{ours:#?}");
        }
    });
}

#[test]
fn scripts_of_the_category_version_run_silently() {
    lab::run("versions::scripts_of_the_category_version_run_silently", |lab| {
        lab.tls(443);
        let scan = ["-v", "-p443", "--version-light", TARGET];
        let ours = lab.nseer(&args(&[INSTALLED, &scan]));
        assert!(ours.stdout.contains("NSE: Loaded 45 scripts"), "{ours:#?}");
        assert_eq!(ours.under("443/tcp"), [""; 0], "{ours:#?}");
    });
}

#[test]
fn mistakes_are_told_in_one_line() {
    lab::run("versions::mistakes_are_told_in_one_line", |lab| {
        for (wrong, told) in [
            (&["--version-intensity", "12"][..], "'12' is no value for '--version-intensity'"),
            (&["--versiondb", "/nonexistent"], "cannot read '/nonexistent' (--versiondb)"),
            (&["--versiondb", "/dev/null"], "'/dev/null' has no probe that could be used"),
        ] {
            let output = lab.nseer(&args(&[wrong, &["-p1", TARGET]]));
            assert_ne!(output.code, 0, "{output:#?}");
            assert!(output.stderr.contains(told), "{output:#?}");
        }
        let output = lab.nseer(&["-sn", "-sV", TARGET]);
        let told = "nseer: warning: -sn scans no ports: -sV is left out\n";
        assert_eq!((output.code, output.stderr.as_str()), (0, told), "{output:#?}");
    });
}
