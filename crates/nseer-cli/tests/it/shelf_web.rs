//! The scripts for web servers of the embedded shelf, beside the same scripts of the real nmap and
//! against servers that misbehave.

use crate::lab::{self, Lab, Output, Peer};

const TARGET: &str = "127.0.0.1";

/// A challenge of NTLM (MS-NLMP, section 2.2.1.2) with names and a version.
const NTLM: &[u8] = b"HTTP/1.1 401 Unauthorized\r\n\
    WWW-Authenticate: NTLM TlRMTVNTUAACAAAABgAGADgAAAAFgomiASNFZ4mrze8AAAAAAAAAAEQARAA+AAAABgGxHQAAAA9MAEEAQgACAAYATABBAEIAAQAKAFcARQBCADAAMQAEABAAbABhAGIALgB0AGUAcwB0AAMAFAB3AGUAYgAuAGwAYQBiAC4AAAAAAA==\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";

/// A redirect to an address of a private network.
const PRIVATE: &[u8] =
    b"HTTP/1.0 302 Found\r\nLocation: http://10.1.2.3/images/\r\nContent-Length: 0\r\n\r\n";

/// A server that lets pages of all origins do some things.
const OPEN: &[u8] = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\
    Access-Control-Allow-Methods: GET, PUT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn plain<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["-sT", "-Pn", "-n"], more, &[TARGET]].concat()
}

/// The lines below a port, without what differs from one second to the next, in a fixed order: nmap
/// shows some lists in none.
fn settled<'a>(output: &'a Output, heading: &str) -> Vec<&'a str> {
    let mut lines: Vec<&str> = output
        .under(heading)
        .into_iter()
        .map(|line| line.trim_start_matches(['|', '_', ' ']).trim_end().trim_end_matches("\\x0D"))
        .filter(|line| !line.is_empty())
        .filter(|line| {
            !["Date:", "Server Date:", "ETag:"].iter().any(|name| line.starts_with(name))
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// What scripts of the shelf show is what nmap's of the same name show.
fn same_as_nmap(lab: &Lab, cases: &[(&str, &str, &str)]) {
    for (port, script, arguments) in cases {
        let number = port.trim_end_matches("/tcp");
        let args = plain(&["-p", number, "--script", script, "--script-args", arguments]);
        let theirs = lab.nmap(&args);
        let ours = lab.nseer(&args);
        assert_eq!((ours.code, ours.stderr.as_str()), (0, ""), "{script}");
        let expected = settled(&theirs, port);
        assert!(!expected.is_empty(), "nmap shows nothing for {script}: {theirs:#?}");
        assert_eq!(settled(&ours, port), expected, "{script} at {port}");
    }
}

#[test]
fn apache_looks_the_same() {
    lab::run("shelf_web::apache_looks_the_same", |lab| {
        lab.apache();
        same_as_nmap(
            lab,
            &[
                ("80/tcp", "http-title", ""),
                ("80/tcp", "http-headers", ""),
                ("80/tcp", "http-headers", "http-headers.useget,path=/robots.txt"),
                ("80/tcp", "http-server-header", ""),
                ("80/tcp", "http-methods", ""),
                ("80/tcp", "http-robots.txt", ""),
                ("80/tcp", "http-favicon", ""),
                ("80/tcp", "http-git", ""),
                ("80/tcp", "http-generator", ""),
                ("80/tcp", "http-cookie-flags", ""),
                ("80/tcp", "http-trace", ""),
                ("80/tcp", "http-sitemap-generator", ""),
                ("80/tcp", "http-webdav-scan", "http-webdav-scan.path=/files/"),
            ],
        );
    });
}

/// One script under nmap with its library and under us with ours.
#[test]
fn the_library_works_the_same() {
    lab::run("shelf_web::the_library_works_the_same", |lab| {
        lab.apache();
        let script = lab.script("http-calls");
        let args = plain(&["-p80", "--script", &script]);
        let (theirs, ours) = (lab.nmap(&args), lab.nseer(&args));
        assert_eq!((ours.code, ours.stderr.as_str()), (0, ""), "{ours:#?}");
        let expected = theirs.under("80/tcp");
        assert!(expected.len() > 10, "{theirs:#?}");
        assert_eq!(ours.under("80/tcp"), expected);
    });
}

#[test]
fn nginx_looks_the_same() {
    lab::run("shelf_web::nginx_looks_the_same", |lab| {
        lab.nginx();
        same_as_nmap(
            lab,
            &[
                ("8080/tcp", "http-title", ""),
                ("8080/tcp", "http-methods", ""),
                ("8080/tcp", "http-ls", ""),
                ("8080/tcp", "http-ls", "http-ls.url=/files/"),
                ("8080/tcp", "http-auth", "http-auth.path=/secret/"),
                ("8080/tcp", "http-auth-finder", ""),
                ("8443/tcp", "http-title", ""),
                ("8443/tcp", "http-server-header", ""),
            ],
        );
    });
}

#[test]
fn made_up_answers_look_the_same() {
    lab::run("shelf_web::made_up_answers_look_the_same", |lab| {
        lab.peer(80, Peer::Answers(NTLM));
        lab.peer(8080, Peer::Answers(PRIVATE));
        same_as_nmap(
            lab,
            &[
                ("80/tcp", "http-ntlm-info", ""),
                ("8080/tcp", "http-internal-ip-disclosure", ""),
                ("8080/tcp", "http-title", ""),
            ],
        );
    });
}

#[test]
fn what_only_we_show() {
    lab::run("shelf_web::what_only_we_show", |lab| {
        lab.apache();
        lab.peer(8000, Peer::Answers(OPEN));
        let scripts = "http-auth,http-date,http-security-headers,http-php-version,http-cors,\
                       http-apache-negotiation,http-apache-server-status";
        let arguments = "http-auth.path=/secret/";
        let args = ["-p80,8000", "--script", scripts, "--script-args", arguments];
        let output = lab.nseer(&plain(&args));
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
        let lines = settled(&output, "80/tcp");
        for expected in [
            "HTTP/1.1 401 Unauthorized",
            "Header: X-Frame-Options: DENY",
            "Description: The page is shown in no frame at all.",
            "http-apache-negotiation: mod_negotiation enabled.",
            "http-php-version: Version from header x-powered-by: PHP/8.2.7",
            "Heading: Apache Server Status for 127.0.0.1 (via 127.0.0.1)",
        ] {
            assert!(lines.contains(&expected), "{expected:?} is missing: {lines:#?}");
        }
        let digest = lines.iter().any(|line| line.starts_with("Digest algorithm=MD5 nonce="));
        assert!(digest, "{lines:#?}");
        let date = lines
            .iter()
            .any(|line| line.starts_with("http-date: ") && line.ends_with("s from local time."));
        assert!(date, "{lines:#?}");
        assert_eq!(settled(&output, "8000/tcp"), ["http-cors: GET HEAD POST PUT"]);
    });
}

#[test]
fn what_an_unknown_service_says_is_shown() {
    lab::run("shelf_web::what_an_unknown_service_says_is_shown", |lab| {
        lab.peer(7000, Peer::Answers(b"\x01\x02Hello from the warbler\r\nab\0second line\r\n"));
        let args = plain(&["-p7000", "-sV", "--version-light", "--script", "fingerprint-strings"]);
        let output = lab.nseer(&args);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
        let lines = settled(&output, "7000/tcp");
        for expected in ["Hello from the warbler", "second line", "fingerprint-strings:"] {
            assert!(lines.contains(&expected), "{expected:?} is missing: {lines:#?}");
        }
        assert!(!lines.contains(&"ab"), "{lines:#?}");
    });
}

/// Answers that are none, or that promise what does not come.
const HOSTILE: &[(u16, Peer)] = &[
    (80, Peer::Reset),
    (280, Peer::Endless),
    (591, Peer::Says(b"SSH-2.0-OpenSSH_9.2\r\n")),
    (631, Peer::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n<title>")),
    (
        8000,
        Peer::Says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"),
    ),
    (8008, Peer::Says(LONG_NTLM)),
    (8080, Peer::Says(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")),
    (8081, Peer::Says(b"\0\xFF\0\xFF\r\n\r\n\r\n")),
    (8088, Peer::Says(HALF_QUOTED)),
];

/// A challenge of NTLM in which all lengths and offsets are as large as can be.
const LONG_NTLM: &[u8] = b"HTTP/1.1 401 x\r\n\
    WWW-Authenticate: NTLM TlRMTVNTUAACAAAA/////////////////////////////////////////////////////////w==\r\n\
    Content-Length: 0\r\n\r\n";

/// A challenge whose quotes are not closed.
const HALF_QUOTED: &[u8] = b"HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"\\\r\n\
    Allow: ,,,\r\nContent-Length: 0\r\n\r\n";

/// All scripts for web servers against servers that misbehave.
#[test]
fn servers_that_misbehave_are_no_error() {
    lab::run("shelf_web::servers_that_misbehave_are_no_error", |lab| {
        for (port, peer) in HOSTILE {
            lab.peer(*port, *peer);
        }
        let ports = "-p80,280,591,631,8000,8008,8080,8081,8088";
        let output = lab.nseer(&plain(&[ports, "--script", "http-* or https-*"]));
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
        assert!(!output.stdout.contains("ERROR"), "{output:#?}");
        for (port, _) in HOSTILE {
            assert_eq!(output.state(&format!("{port}/tcp")), Some("open"));
        }
    });
}

/// Nothing comes, or not all: the scripts wait, and are done when their time is over.
#[test]
fn silent_servers_are_waited_for() {
    lab::run("shelf_web::silent_servers_are_waited_for", |lab| {
        lab.peer(80, Peer::Silent);
        lab.peer(8080, Peer::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<title>"));
        let output = lab.nseer(&plain(&["-p80,8080", "--script", "http-title,http-trace"]));
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
        for port in ["80/tcp", "8080/tcp"] {
            assert_eq!(output.under(port), [""; 0]);
        }
    });
}
