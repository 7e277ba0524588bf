//! Each directive, and each way to get it wrong.

use std::time::Duration;

use nseer_core::{PortKey, Protocol};
use nseer_probes::{LineError, ProbeDb};

const FILE: &str = r"# comment
Exclude T:9100-9107,U:5
Probe TCP NULL q||
totalwaitms 6000
tcpwrappedms 3000
match ssh m|^SSH-([\d.]+)-OpenSSH_([\w.]+)\r?\n| p/OpenSSH/ v/$2/ i/protocol $1/ cpe:/a:openbsd:openssh:$2/
softmatch ssh m|^SSH-|

Probe TCP Get q=GET / HTTP/1.0\r\n\r\n= no-payload source=500
ports 80,8000-8010
sslports 443
rarity 1
match http m|^HTTP/1\.[01] \d\d\d .*\nServer: nginx/([\d.]+)|s p/nginx/ v/$1/
softmatch http m|^http/|i
Probe UDP Get q|\0\x01|
fallback Other
Probe TCP Other q|x|
fallback Get
match other m|^oth(.)| p/$2/
";

fn load(text: &str) -> (ProbeDb, Vec<nseer_probes::Problem>) {
    ProbeDb::load("file", text.as_bytes().to_vec())
}

#[test]
fn a_file_is_read() {
    let (db, problems) = load(FILE);
    assert_eq!(problems, []);
    let names: Vec<_> = db.probes().iter().map(|p| (p.protocol(), p.name())).collect();
    let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
    assert_eq!(names, [(tcp, "NULL"), (tcp, "Get"), (udp, "Get"), (tcp, "Other")]);
    let [null, get, datagram, _] = db.probes() else { panic!("four probes") };
    assert!(null.is_null() && !get.is_null() && !datagram.is_null());
    assert_eq!((null.wait(), null.wrapped()), (Duration::from_secs(6), Duration::from_secs(3)));
    assert_eq!((get.wait(), get.wrapped()), (Duration::from_secs(5), Duration::from_secs(2)));
    assert_eq!((null.rarity(), get.rarity()), (5, 1));
    assert!(get.ports().contains(8010) && get.tls_ports().contains(443));
    assert!(!get.is_scan_payload() && datagram.is_scan_payload());
    assert_eq!(datagram.payload(), [0, 1]);
    assert!(db.is_excluded(PortKey::tcp(9107)) && db.is_excluded(PortKey::udp(5)));
    assert!(!db.is_excluded(PortKey::udp(9107)));
    assert_eq!((db.line_count(), get.line()), (5, 9));
    assert_eq!(db.check(), []);
}

#[test]
fn answers_are_matched() {
    let (db, _) = load(FILE);
    let find = |probe, answer: &str| db.find(probe, answer.as_bytes()).matched;
    let ssh = find(0, "SSH-2.0-OpenSSH_9.2p1\r\n").expect("a match");
    assert_eq!((ssh.service.as_str(), ssh.soft, ssh.line), ("ssh", false, 6));
    assert_eq!(ssh.fields.version.as_deref(), Some(&b"9.2p1"[..]));
    assert_eq!(ssh.fields.info.as_deref(), Some(&b"protocol 2.0"[..]));
    assert_eq!(ssh.fields.cpes[0].as_deref(), Some(&b"cpe:/a:openbsd:openssh:9.2p1"[..]));
    assert!(find(0, "SSH-2.0-x").expect("a match").soft);
    assert_eq!(find(0, "HTTP/1.1 200"), None, "the NULL probe has no such line");
    assert!(find(1, "HtTP/1.1 200").expect("a match").soft);
    let nginx = find(1, "HTTP/1.1 200 OK\r\nServer: nginx/1.22\r\n").expect("a match");
    assert_eq!(nginx.fields.version.as_deref(), Some(&b"1.22"[..]));
    let ssh = find(1, "SSH-2.0-x").expect("the lines of the NULL probe count for all of TCP");
    assert_eq!((ssh.probe, ssh.soft), (0, true));
    assert_eq!(find(2, "SSH-2.0-x"), None, "but not for UDP");
    assert_eq!(find(2, "other").expect("a fallback").probe, 3);
    assert_eq!(find(3, "HTTP/1.1 x").expect("TCP falls back to TCP").probe, 1);
}

#[test]
fn services_of_probes_are_known() {
    let (db, _) = load(FILE);
    assert!(db.can_tell(0, "ssh") && db.can_tell(1, "http"));
    assert!(!db.can_tell(1, "ssh") && !db.can_tell(9, "ssh"));
}

#[test]
fn a_template_that_cannot_be_filled_is_told() {
    let (db, _) = load(FILE);
    let found = db.find(3, b"other");
    assert!(found.matched.is_some_and(|hit| hit.fields.product.is_none()));
    assert_eq!(found.problems[0].to_string(), "file:19: cannot fill the template '$2'");
}

/// The only problem of a probe with this line.
fn problem(line: &str) -> LineError {
    let text = format!("Probe TCP A q|a|\n{line}\nmatch good m|^good|\n");
    let (db, mut problems) = load(&text);
    problems.extend(db.check());
    let problem = problems.pop().unwrap_or_else(|| panic!("{line} is wrong"));
    assert!(problems.is_empty(), "{line}: {problems:?}");
    assert_eq!(problem.line, 2, "{line}");
    assert!(db.find(0, b"good").matched.is_some(), "the rest is used");
    problem.error
}

#[test]
fn a_bad_line_is_told_and_the_rest_is_used() {
    for (line, expected) in [
        ("frobnicate 5", "unknown directive 'frobnicate'"),
        ("match", "unknown directive 'match'"),
        ("match http", "a match line is: match SERVICE m|PATTERN|[i][s] [TEMPLATES]"),
        ("match http m|abc", "a match line is: match SERVICE m|PATTERN|[i][s] [TEMPLATES]"),
        ("match http m|abc|g", "unknown pattern flag 'g': use i and s"),
        ("match http m|abc| x/y/", "bad template at 'x/y/'"),
        ("match http m|^a*|", "the pattern matches the empty answer"),
        ("Probe ICMP B q|b|", "a Probe line is: Probe TCP|UDP NAME q|STRING|"),
        ("Probe TCP A q|b|", "there is a tcp probe of this name already"),
        ("ports 80-", "'80-' is no list of ports and ranges"),
        ("sslports x", "'x' is no list of ports and ranges"),
        ("rarity 10", "rarity must be a number from 1 to 9, not '10'"),
        ("totalwaitms 99", "totalwaitms must be a number from 100 to 300000, not '99'"),
        ("tcpwrappedms", "tcpwrappedms must be a number from 100 to 300000, not ''"),
        ("fallback Nobody", "there is no probe 'Nobody' to fall back to"),
        ("Exclude 1", "Exclude may stand only once, before the first Probe line"),
    ] {
        // Lines below a probe that cannot be used are left out with it, so it comes last.
        if line.starts_with("Probe") {
            let (db, problems) =
                load(&format!("Probe TCP A q|a|\nmatch a m|^a|\n{line}\nports 1\n"));
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].error.to_string(), expected);
            assert!(!db.probes()[0].ports().contains(1));
        } else {
            assert_eq!(problem(line).to_string(), expected);
        }
    }
    let error = problem("match http m|(unclosed|");
    assert!(error.to_string().starts_with("bad pattern: "), "{error}");
    let (_, problems) = load("match http m|a|\nports 1\nExclude x-y\n");
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts[0], "file:1: 'match' stands before the first Probe line");
    assert_eq!(texts[1], "file:2: 'ports' stands before the first Probe line");
    assert!(texts[2].starts_with("file:3: bad port list: "), "{texts:?}");
    let (_, problems) = load(r"Probe TCP A q|\q|");
    assert!(matches!(problems[0].error, LineError::Escape(_)));
}

#[test]
fn windows_line_ends_do_no_harm() {
    let (db, problems) = load(&FILE.replace('\n', "\r\n"));
    assert_eq!(problems, []);
    assert!(db.find(1, b"HTTP/1.1 200 OK\r\nServer: nginx/1.22\r\n").matched.is_some());
}
