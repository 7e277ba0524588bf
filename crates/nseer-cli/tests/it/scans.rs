//! Port scans and host discovery with raw packets, over a cable to another host with a firewall:
//! states and reasons beside the real nmap.

use crate::lab::{self, Lab, Output};

const V4: &str = "10.99.0.2";
const V6: &str = "fd99::2";
const PORTS: &str = "53,81-92";

/// The lines of the port table, blanks squeezed.
fn ports(output: &Output) -> Vec<String> {
    let is_port = |line: &&str| {
        let (number, _) = line.split_once('/').unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    output.stdout.lines().filter(is_port).map(squeezed).collect()
}

/// What is said of each host, but for times, sorted.
fn hosts(output: &Output) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for line in output.stdout.lines() {
        let told = line.split(" (").next().unwrap_or(line);
        if line.starts_with("Nmap scan report for") {
            hosts.push(told.to_owned());
        } else if let Some(host) = hosts.last_mut()
            && ["Host is up", "MAC Address"].iter().any(|start| line.starts_with(start))
        {
            *host = format!("{host}; {told}");
        }
    }
    hosts.sort_unstable();
    hosts
}

/// Runs ours over nmap's files.
fn ours(lab: &Lab, args: &[&str]) -> Output {
    lab.nseer(&[&["--datadir", "/usr/share/nmap"], args].concat())
}

/// Runs both programs over the same files; gives ours first.
fn both(lab: &Lab, args: &[&str]) -> (Output, Output) {
    (ours(lab, args), lab.nmap(args))
}

#[test]
fn every_scan_type_sees_what_nmap_sees() {
    lab::run("scans::every_scan_type_sees_what_nmap_sees", |lab| {
        lab.far_host();
        lab.far_dns();
        lab.far_firewall();
        for kind in [
            &["-sS"][..],
            &["-sT"],
            &["-sA"],
            &["-sW"],
            &["-sM"],
            &["-sN"],
            &["-sF"],
            &["-sX"],
            &["-sU"],
            &["-sY"],
            &["-sZ"],
            // How answers are read is the scan's, whatever the flags.
            &["-sS", "--scanflags", "ACK"],
            &["-sA", "--scanflags", "SYN"],
            &["-sF", "--scanflags", "SYN"],
        ] {
            for (family, host) in [("-4", V4), ("-6", V6)] {
                // The kernel tells a connection of ICMPv6 errors after a second or not at all.
                let is_told_late = (kind[0], family) == ("-sT", "-6");
                let list = if is_told_late { "53,81-83" } else { PORTS };
                let args = [kind, &[family, "-n", "-Pn", "--reason", "-p", list, host]].concat();
                let (ours, theirs) = both(lab, &args);
                let expected = ports(&theirs);
                assert!(expected.len() >= 4, "{theirs:#?}");
                assert_eq!(ports(&ours), expected, "{args:?}: {ours:#?}");
            }
        }
    });
}

#[test]
fn a_link_that_delays_loses_and_reorders_hides_nothing() {
    lab::run("scans::a_link_that_delays_loses_and_reorders_hides_nothing", |lab| {
        lab.far_host();
        lab.far_dns();
        lab.far_firewall();
        lab.host_between();
        for kind in ["-sS", "-sT", "-sU", "-sA"] {
            let args = [kind, "-n", "-Pn", "--reason", "-p", PORTS, V4];
            let ours = lab.over_poor_link(|| ours(lab, &args));
            let theirs = lab.over_poor_link(|| lab.nmap(&args));
            let expected = ports(&theirs);
            assert!(expected.len() >= 4, "{theirs:#?}");
            assert_eq!(ports(&ours), expected, "{args:?}: {ours:#?}");
        }
    });
}

/// A probe to this machine, to the port that it left from, is heard as it arrives.
#[test]
fn a_probe_is_not_its_own_answer() {
    lab::run("scans::a_probe_is_not_its_own_answer", |lab| {
        for kind in ["-sS", "-sU", "-sA", "-sF", "-sY"] {
            let args = [kind, "-n", "-g", "50005", "-p", "50003-50006", "--reason", "127.0.0.1"];
            let (ours, theirs) = both(lab, &args);
            assert!(ports(&theirs).len() >= 4, "{theirs:#?}");
            assert_eq!(ports(&ours), ports(&theirs), "{args:?}: {ours:#?}");
        }
    });
}

#[test]
fn excluded_ports_are_not_asked_whether_the_host_is_up() {
    lab::run("scans::excluded_ports_are_not_asked_whether_the_host_is_up", |lab| {
        lab.far_host();
        let sent = |output: &Output| -> Vec<String> {
            let words = output.stdout.lines().filter_map(|line| line.strip_prefix("SENT "));
            let ends = words.filter_map(|rest| rest.split(" > ").nth(1)?.split(' ').next());
            let mut ends: Vec<String> = ends.map(str::to_owned).collect();
            ends.sort_unstable();
            ends.dedup();
            ends
        };
        for more in [
            &["--exclude-ports", "443,80"][..],
            &["-PS22,80", "-PA80", "--exclude-ports", "T:80,U:22"],
            &["-PE", "-PU53", "--exclude-ports", "U:53"],
        ] {
            let plain = ["-n", "-sn", "--disable-arp-ping", "--packet-trace", "10.99.0.77"];
            let (ours, theirs) = both(lab, &[&plain[..], more].concat());
            assert!(!sent(&theirs).is_empty(), "{theirs:#?}");
            assert_eq!(sent(&ours), sent(&theirs), "{more:?}: {ours:#?} {theirs:#?}");
        }
        // Of a scan of protocols they are protocols.
        let ours = lab.nseer(&["-n", "-sO", "-p1,tcp", "--exclude-ports", "tcp", "-PE", V4]);
        assert_eq!(ours.code, 0, "{ours:#?}");
        assert!(ours.stdout.contains("icmp") && !ours.stdout.contains("tcp"), "{ours:#?}");
        let all = ["-n", "-sn", "-PS80", "--exclude-ports", "80", V4];
        let ours = lab.nseer(&all);
        assert!(ours.code != 0 && ours.stderr.contains("use -Pn"), "{ours:#?}");
        for (wrong, word) in [(&["-PSU:53", V4][..], "U:53"), (&["-6", "-PP", V6], "-PP")] {
            let ours = lab.nseer(&[&["-n", "-sn"], wrong].concat());
            assert!(ours.code != 0 && ours.stderr.contains(word), "{ours:#?}");
        }
    });
}

#[test]
fn what_a_router_says_is_told_with_its_address() {
    lab::run("scans::what_a_router_says_is_told_with_its_address", |lab| {
        lab.far_host();
        lab.farther_host();
        lab.router_rejects();
        for kind in ["-sS", "-sA", "-sU"] {
            let args = [kind, "-n", "-Pn", "--reason", "-p", "83-87", "10.98.0.2"];
            let (ours, theirs) = both(lab, &args);
            assert!(theirs.stdout.contains(" from 10.99.0.2 ttl "), "{theirs:#?}");
            assert_eq!(ports(&ours), ports(&theirs), "{args:?}: {ours:#?}");
            let (ours, theirs) = both(lab, &[&args[..], &["-oX", "-"]].concat());
            let states = |output: &Output| -> Vec<String> {
                let lines = output.stdout.lines().filter_map(|line| line.split_once("<state "));
                lines.filter_map(|(_, rest)| Some(rest.split_once("/>")?.0.to_owned())).collect()
            };
            assert!(states(&theirs).iter().any(|state| state.contains("reason_ip")), "{theirs:#?}");
            assert_eq!(states(&ours), states(&theirs), "{ours:#?}");
        }
    });
}

/// The lines of the table of protocols, blanks squeezed. What shows that a host speaks ICMP is the first of
/// its messages, which differs from run to run.
fn protocols(output: &Output) -> Vec<String> {
    let is_protocol = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
    let squeezed = |line: &str| {
        let words = line.split_whitespace();
        let is_icmp = ["icmp", "ipv6-icmp"].iter().any(|name| line.contains(&format!(" {name} ")));
        words.take(if is_icmp { 3 } else { 9 }).collect::<Vec<_>>().join(" ")
    };
    output.stdout.lines().filter(is_protocol).map(squeezed).collect()
}

#[test]
fn protocols_are_what_nmap_takes_them_for() {
    lab::run("scans::protocols_are_what_nmap_takes_them_for", |lab| {
        lab.far_host();
        lab.far_protocols();
        let list = "0-10,43-52,58-60,88-90,103,132,136,253-255";
        for (family, host) in [("-4", V4), ("-6", V6)] {
            let args = ["-sO", family, "-n", "-Pn", "--reason", "-v", "-p", list, host];
            let (ours, theirs) = both(lab, &args);
            let expected = protocols(&theirs);
            assert!(expected.len() >= 30, "{theirs:#?}");
            assert_eq!(protocols(&ours), expected, "{args:?}: {ours:#?}");
            assert!(ours.stdout.contains("PROTOCOL STATE"), "{ours:#?}");
            assert!(ours.stdout.contains("Discovered open port 6/ip on "), "{ours:#?}");
        }
        // Silence is waited for, so the list of all is asked of few.
        for args in [&["-F"][..], &["-p3-46"], &["-p3-10", "--open"], &["-p6,17,88", "-v"]] {
            let args = [&["-sO", "-n", "-Pn"], args, &["-oG", "-", V4]].concat();
            let (ours, theirs) = both(lab, &args);
            let told = |output: &Output| -> Vec<String> {
                let lines = output.stdout.lines();
                let lines = lines.filter(|l| l.starts_with("Host") || l.starts_with("# Ports"));
                lines.map(ToOwned::to_owned).collect()
            };
            assert!(!told(&theirs).is_empty(), "{theirs:#?}");
            assert_eq!(told(&ours), told(&theirs), "{args:?}: {ours:#?}");
        }
        let (ours, theirs) = both(lab, &["-sO", "-n", "-Pn", "-p3-46", "-oX", "-", V4]);
        let told = |output: &Output| -> Vec<String> {
            let parts = ["<scaninfo", "<extraports", "<extrareasons", "<port "];
            let lines = output.stdout.lines();
            let lines = lines.filter(|line| parts.iter().any(|part| line.contains(part)));
            // How sure a table is of a name is another thing. nmap's own DTD has no "n/a".
            let heads = lines.filter_map(|line| line.split("<service").next());
            heads.map(|line| line.replace("proto=\"n/a\"", "proto=\"ip\"")).collect()
        };
        assert!(told(&theirs).len() > 5, "{theirs:#?}");
        assert_eq!(told(&ours), told(&theirs), "{ours:#?}");
    });
}

#[test]
fn protocols_are_named_and_are_no_ports() {
    lab::run("scans::protocols_are_named_and_are_no_ports", |lab| {
        lab.far_host();
        lab.far_protocols();
        let script = lab.script("counts-ports");
        let args = ["-sO", "-n", "-Pn", "-p", "tcp,udp,gre", "--script", &script, V4];
        let (ours, theirs) = both(lab, &args);
        assert_eq!(protocols(&ours), ["6 open tcp", "17 open udp", "47 open|filtered gre"]);
        let results = |output: &Output| output.stdout.matches("counts-ports: inet 0").count();
        // nmap 7.93 knows no names here, but hands its protocols to no script either.
        assert_eq!((results(&ours), ours.stdout.matches("counts-ports").count()), (1, 1));
        assert!(theirs.stdout.contains("No ports specified") || theirs.code != 0, "{theirs:#?}");
        let theirs = lab.nmap(&["-sO", "-n", "-Pn", "-p6,17,47", "--script", &script, V4]);
        assert_eq!((results(&theirs), theirs.stdout.matches("counts-ports").count()), (1, 1));
        let ours = lab.nseer(&["-sO", "-sV", "-n", "-Pn", "-p6", V4]);
        assert!(ours.code == 0 && ours.stderr.contains("-sV is left out"), "{ours:#?}");
        // -F asks for those with names, with --top-ports or without.
        let asked = |args: &[&str]| {
            let output = lab.nseer(&[&["-sO", "-n", "-v"], args, &["127.0.0.1"]].concat());
            let shown = output.stdout.lines().find(|line| line.starts_with("Not shown"));
            (shown.unwrap_or_default().to_owned(), output.stderr.contains("--top-ports: use -F"))
        };
        let (named, _) = asked(&["-F"]);
        assert!(!named.is_empty(), "some are closed");
        assert_eq!(asked(&["-F", "--top-ports", "3"]), (named.clone(), true));
        let (all, is_told) = asked(&["--top-ports", "3"]);
        assert!(all != named && is_told, "{all}");
        // This machine's own packets are no answers.
        let ours = lab.nseer(&["-sO", "-n", "-Pn", "-p2,6,47,200", "127.0.0.1"]);
        let states = ["2 open|filtered igmp", "6 open tcp", "47 closed gre", "200 closed unknown"];
        assert_eq!(protocols(&ours), states, "{ours:#?}");
        let ours = lab.nseer_without_raw(&["-sO", "-n", "-Pn", "-p6", V4]);
        assert!(ours.code != 0 && ours.stderr.contains("cannot send raw packets"), "{ours:#?}");
    });
}

#[test]
fn hosts_are_found_as_nmap_finds_them() {
    lab::run("scans::hosts_are_found_as_nmap_finds_them", |lab| {
        lab.far_host();
        lab.far_firewall();
        let asked = "--disable-arp-ping";
        for probes in [
            &[][..],
            &[asked],
            &[asked, "-PE"],
            &[asked, "-PP"],
            &[asked, "-PM"],
            &[asked, "-PS53,81"],
            &[asked, "-PA81"],
            &[asked, "-PU81"],
            &[asked, "-PS82"],
            &[asked, "-PO132"],
            &[asked, "-PO"],
            &[asked, "-PO2"],
            &[asked, "-PO6,17"],
        ] {
            // The second drops echo requests, the third everything, and nobody has the last.
            let args = [&["-sn", "-n", "-v", "--reason"], probes, &["10.99.0.2-5"]].concat();
            let (ours, theirs) = both(lab, &args);
            assert_eq!(hosts(&ours), hosts(&theirs), "{args:?}: {ours:#?} {theirs:#?}");
        }
        let ours = lab.nseer(&["-6", "-sn", "-n", "-v", "--reason", asked, "-PO", V6]);
        assert!(ours.stdout.contains("Host is up, received param-problem"), "{ours:#?}");
        for probes in [&[][..], &[asked], &[asked, "-PE"], &[asked, "-PU81"], &[asked, "-PO6"]] {
            let args = [&["-6", "-sn", "-n", "-v", "--reason"], probes, &[V6, "fd99::77"]].concat();
            let (ours, theirs) = both(lab, &args);
            assert_eq!(hosts(&ours), hosts(&theirs), "{args:?}: {ours:#?} {theirs:#?}");
        }
    });
}

/// Who only connects to ports and is told that hosts are up does not ask for their hardware first.
#[test]
fn without_discovery_a_connect_scan_asks_no_neighbour() {
    lab::run("scans::without_discovery_a_connect_scan_asks_no_neighbour", |lab| {
        lab.far_host();
        lab.far_dns();
        // Nobody has the second.
        for more in [&["-sT"][..], &["-sS"], &["-sT", "--traceroute"], &["-sn"]] {
            let ports: &[&str] = if more == ["-sn"] { &[] } else { &["-p53"] };
            let args = [more, ports, &["-Pn", "-n", "-v", V4, "10.99.0.77"]].concat();
            let (ours, theirs) = both(lab, &args);
            assert!(!hosts(&theirs).is_empty(), "{theirs:#?}");
            assert_eq!(hosts(&ours), hosts(&theirs), "{args:?}: {ours:#?} {theirs:#?}");
        }
    });
}

#[test]
fn without_the_right_it_connects_and_says_so() {
    lab::run("scans::without_the_right_it_connects_and_says_so", |lab| {
        let ours = lab.nseer_without_raw(&["-n", "-Pn", "--reason", "-p9", "127.0.0.1"]);
        assert_eq!(ports(&ours), ["9/tcp closed discard conn-refused"], "{ours:#?}");
        assert!(ours.stderr.contains("raw packets may not be sent here"), "{ours:#?}");
        let ours = lab.nseer_without_raw(&["-n", "-Pn", "-sS", "-p9", "127.0.0.1"]);
        assert!(ours.code != 0 && ours.stderr.contains("cannot send raw packets"), "{ours:#?}");
        assert_eq!(ours.stderr.lines().count(), 1, "{ours:#?}");
    });
}

#[test]
fn what_options_about_packets_do_not_do_is_told() {
    lab::run("scans::what_options_about_packets_do_not_do_is_told", |lab| {
        lab.far_host();
        for (args, told) in [
            (
                &["-sT", "--ttl", "5", "-g", "53", "127.0.0.1"][..],
                Some("(-sT) are the system's: -g, --ttl does"),
            ),
            (&["-sS", "--ttl", "5", "-g", "53", "127.0.0.1"], None),
            (&["-sS", "-S", "fd99::1", V4], Some("of the other version of IP; leave out -S")),
            (&["-sS", "-S", "10.99.0.9", V4], Some("10.99.0.9 (-S) is no address of this machine")),
            (&["-sS", "-S", "10.99.0.1", V4], None),
        ] {
            let ours = lab.nseer(&[&["-n", "-Pn", "--disable-arp-ping", "-p9"], args].concat());
            assert_eq!(ours.stderr.lines().count(), usize::from(told.is_some()), "{ours:#?}");
            assert!(ours.stderr.contains(told.unwrap_or_default()), "{ours:#?}");
            assert_eq!(ours.code, i32::from(args.contains(&"fd99::1")), "{ours:#?}");
        }
    });
}

#[test]
fn the_way_is_traced_as_by_nmap() {
    lab::run("scans::the_way_is_traced_as_by_nmap", |lab| {
        lab.far_host();
        lab.farther_host();
        lab.router_rejects();
        // The lines of the trace without their times.
        let hops = |output: &Output| -> Vec<String> {
            let lines = output.stdout.lines().skip_while(|line| !line.starts_with("TRACEROUTE"));
            let lines = lines.take_while(|line| !line.is_empty());
            let words = |line: &str| -> String {
                let words = line.split_whitespace();
                words.filter(|w| *w != "ms" && w.matches('.').count() != 1).collect()
            };
            lines.map(words).collect()
        };
        let lost = "10.98.0.66";
        for (kind, host) in [
            ("-sS", "10.98.0.2"),
            ("-sU", "10.98.0.2"),
            ("-sT", "10.98.0.2"),
            ("-sS", V4),
            ("-sS", lost),
        ] {
            let args = [kind, "-n", "-Pn", "-p9", "--traceroute", host];
            let (ours, theirs) = both(lab, &args);
            let expected = hops(&theirs);
            assert!(expected.len() >= 3, "{theirs:#?}");
            assert_eq!(hops(&ours), expected, "{args:?}: {ours:#?}");
            // What routers on the way tell says nothing of how far the host is.
            let has_latency = ours.stdout.contains("latency).");
            assert_eq!(has_latency, host != lost, "{ours:#?}");
        }
    });
}

#[test]
fn what_cannot_be_sent_is_told_once() {
    lab::run("scans::what_cannot_be_sent_is_told_once", |lab| {
        lab.far_host();
        lab.forbid_sending_to(V4);
        let args = ["-sS", "-n", "-Pn", "--reason", "--disable-arp-ping", "-p1-40", V4];
        let (ours, theirs) = both(lab, &args);
        assert_eq!(ports(&ours), ports(&theirs), "{ours:#?} {theirs:#?}");
        let told: Vec<&str> = ours.stderr.lines().collect();
        let [told] = told[..] else { panic!("{ours:#?}") };
        assert!(told.contains(V4) && told.contains("Operation not permitted"), "{told}");
        let away = lab.nseer(&["-sS", "-n", "-Pn", "-p1-40", "203.0.113.1-3"]);
        let told: Vec<&str> = away.stderr.lines().collect();
        let [told] = told[..] else { panic!("{away:#?}") };
        assert!(told.contains("203.0.113.") && told.contains("unreachable"), "{told}");
    });
}

#[test]
fn an_interface_that_goes_down_ends_no_scan() {
    lab::run("scans::an_interface_that_goes_down_ends_no_scan", |lab| {
        lab.far_host();
        let ours = std::thread::scope(|scope| {
            // Slow enough that much is left to ask when the interface goes down.
            let args = ["-sS", "-n", "--max-rate", "100", "--max-retries", "1", "-p1-150", V4];
            let scan = scope.spawn(move || lab.nseer(&args));
            lab.cut_cable_after(40);
            scan.join().expect("a scan")
        });
        assert!(ours.stdout.contains("closed tcp ports (reset)"), "{ours:#?}");
        assert!(ours.stdout.contains("filtered"), "{ours:#?}");
        assert!(ours.stdout.contains("1 host up"), "{ours:#?}");
        let told: Vec<&str> = ours.stderr.lines().collect();
        let [told] = told[..] else { panic!("{ours:#?}") };
        assert!(told.contains(&format!("cannot send to {V4}")), "{told}");
    });
}

#[test]
fn few_descriptors_are_enough() {
    lab::run("scans::few_descriptors_are_enough", |lab| {
        lab.far_host();
        lab.far_dns();
        for args in [
            &["-sT", "-n", "-p1-3000", "127.0.0.1"][..],
            &["-sS", "-n", "-p1-3000", V4],
            &["-sn", "-n", "10.99.0.0/26"],
            &["-sT", "-n", "-sV", "-p50-60", V4],
        ] {
            let ours = lab.nseer_with_descriptors(64, args);
            assert_eq!((ours.code, ours.stderr.as_str()), (0, ""), "{args:?}: {ours:#?}");
            let report = |output: &Output| -> Vec<String> {
                let lines = output.stdout.lines().filter(|line| !line.contains("seconds"));
                let lines = lines.filter(|l| !l.starts_with("Starting") && !l.contains("latency"));
                lines.map(ToOwned::to_owned).collect()
            };
            let free = lab.nseer(args);
            assert_eq!(report(&ours), report(&free), "{args:?}");
        }
    });
}

#[test]
fn makers_of_hardware_are_named() {
    lab::run("scans::makers_of_hardware_are_named", |lab| {
        lab.far_host();
        let line = |output: &Output, start: &str| {
            let found = output.stdout.lines().find(|line| line.contains(start));
            found.unwrap_or_else(|| panic!("{start}: {output:#?}")).to_owned()
        };
        // Blocks of three sizes, one that nobody may register, and one that nobody has.
        for (address, ours_says) in [
            ("00:00:0C:12:34:56", "Cisco Systems, Inc"),
            ("B8:4C:87:4F:00:01", "Blum Novotest GmbH"),
            ("8C:1F:64:AF:A0:01", "DATA ELECTRONIC DEVICES, INC"),
            ("52:54:00:12:34:56", "QEMU"),
            ("02:00:00:12:34:56", "Unknown"),
        ] {
            lab.far(&["ip", "link", "set", "far", "address", address]);
            let args = ["-sn", "-n", V4];
            let (ours, theirs) = both(lab, &args);
            let expected = line(&theirs, "MAC Address: ");
            assert!(expected.contains(address), "{theirs:#?}");
            assert_eq!(line(&ours, "MAC Address: "), expected);
            let own = line(&lab.nseer(&args), "MAC Address: ");
            assert_eq!(own, format!("MAC Address: {address} ({ours_says})"));
            let (ours, theirs) = both(lab, &["-sn", "-n", "-oX", "-", V4]);
            let start = "addrtype=\"mac\"";
            assert_eq!(line(&ours, start), line(&theirs, start));
        }
    });
}

#[test]
fn a_is_versions_systems_scripts_and_the_way() {
    lab::run("scans::a_is_versions_systems_scripts_and_the_way", |lab| {
        lab.far_host();
        let args = ["--datadir", "/usr/share/nmap", "-n", "-p50-60", V4];
        let at_once = lab.nseer(&[&["-A"], &args[..]].concat());
        let one_by_one = lab.nseer(&[&["-sV", "-sC", "-O", "--traceroute"], &args[..]].concat());
        let report = |output: &Output| -> Vec<String> {
            let lines =
                output.stdout.lines().filter(|l| !l.contains(" seconds") && !l.contains(" ms "));
            let lines = lines.filter(|l| !l.starts_with("Starting") && !l.contains("latency"));
            lines.map(ToOwned::to_owned).collect()
        };
        assert_eq!(report(&at_once), report(&one_by_one));
        assert!(at_once.stdout.contains("TRACEROUTE"), "{at_once:#?}");
    });
}
