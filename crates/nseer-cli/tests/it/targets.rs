//! Which hosts and ports a run scans, and in which order: names with several addresses beside the
//! real nmap, parts, and random order.

use std::collections::BTreeSet;

use crate::lab::{self, Lab, Output};

/// A name with two IPv4 addresses and one of IPv6.
const HOSTS: &str = "127.0.0.1 both\n127.0.0.2 both\n::1 both\n";

/// What is said of each host, but for times; lists of addresses sorted.
fn hosts(output: &Output) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for line in output.stdout.lines() {
        if line.starts_with("Nmap scan report for") {
            hosts.push(line.to_owned());
        } else if let Some(rest) = line.strip_prefix("Other addresses for ")
            && let (Some(host), Some((name, list))) = (hosts.last_mut(), rest.split_once(": "))
        {
            let list: BTreeSet<&str> = list.split_whitespace().collect();
            *host = format!("{host}; {name} {list:?}");
        }
    }
    hosts.sort_unstable();
    hosts
}

fn ours(lab: &Lab, args: &[&str]) -> Output {
    lab.nseer(&[&["--datadir", "/usr/share/nmap", "-n"], args].concat())
}

#[test]
fn names_stand_for_the_addresses_that_nmap_scans() {
    lab::run("targets::names_stand_for_the_addresses_that_nmap_scans", |lab| {
        lab.names(HOSTS);
        for args in [
            &["-p9", "both"][..],
            &["-p9", "-6", "both"],
            &["-p9", "both/31"],
            &["-p9", "--resolve-all", "both"],
            &["-p9", "--resolve-all", "-6", "both"],
            &["-p9", "--resolve-all", "both/31"],
            &["-p9", "--resolve-all", "both", "127.0.0.2"],
        ] {
            let (ours, theirs) = (ours(lab, args), lab.nmap(&[&["-n"], args].concat()));
            assert!(!hosts(&theirs).is_empty(), "{theirs:#?}");
            assert_eq!(hosts(&ours), hosts(&theirs), "{args:?}: {ours:#?} {theirs:#?}");
        }
    });
}

#[test]
fn both_families_in_one_run() {
    lab::run("targets::both_families_in_one_run", |lab| {
        lab.names(HOSTS);
        let reports = |args: &[&str]| {
            let output = ours(lab, &[&["-p9", "--reason"], args].concat());
            let closed = output.stdout.matches("9/tcp closed discard reset").count();
            (output.stdout.matches("Nmap scan report").count(), closed)
        };
        assert_eq!(reports(&["-4", "-6", "both"]), (2, 2));
        assert_eq!(reports(&["-4", "-6", "--resolve-all", "both"]), (3, 3));
        // A script is told the family of the host that it is for.
        let script = lab.script("counts-ports");
        let output = ours(lab, &["-p9", "--script", &script, "-4", "-6", "both"]);
        for told in ["counts-ports: inet 1\n", "counts-ports: inet6 1\n"] {
            assert_eq!(output.stdout.matches(told).count(), 1, "{told}: {output:#?}");
        }
        // An address needs no option.
        assert_eq!(reports(&["::1"]), (1, 1));
        assert_eq!(reports(&["-6", "::1", "127.0.0.1"]), (2, 2));
        lab.names("127.0.0.1 four\n::1 six\n");
        let output = ours(lab, &["-p9", "six"]);
        let told = "'six' has IPv6 addresses only: use -6 to scan them";
        assert!(output.stderr.contains(told), "{output:#?}");
    });
}

#[test]
fn parts_together_are_the_whole() {
    lab::run("targets::parts_together_are_the_whole", |lab| {
        let scan = |extra: &[&str]| -> Vec<String> {
            let args = [&["-p1-30", "-oG", "-", "127.0.0.1-5"], extra].concat();
            let output = ours(lab, &args);
            let ports = |line: &str| -> Vec<String> {
                let host = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
                let words = line.split(['\t', ' ', ',']).filter(|word| word.contains("/closed/"));
                words.map(|word| format!("{host} {word}")).collect()
            };
            output.stdout.lines().flat_map(ports).collect()
        };
        let mut all = scan(&["-v"]);
        let mut parts: Vec<String> = ["1/4", "2/4", "3/4", "4/4"]
            .into_iter()
            .flat_map(|part| scan(&["-v", "--shard", part, "--seed", "9"]))
            .collect();
        assert_eq!(all.len(), 150, "{all:?}");
        all.sort_unstable();
        parts.sort_unstable();
        assert_eq!(parts, all);
    });
}

#[test]
fn hosts_come_in_random_order_that_a_seed_repeats() {
    lab::run("targets::hosts_come_in_random_order_that_a_seed_repeats", |lab| {
        let list = |extra: &[&str]| -> Vec<String> {
            let args =
                [&["-sL", "192.0.2.0/27", "198.51.100.1-9", "--exclude", "192.0.2.3"], extra];
            let output = ours(lab, &args.concat());
            let hosts = output.stdout.lines().filter(|line| line.contains("scan report"));
            hosts.map(ToOwned::to_owned).collect()
        };
        let plain = list(&[]);
        assert_eq!(plain.len(), 40);
        let mut mixed = list(&["--randomize-hosts", "--seed", "5"]);
        assert_eq!(mixed, list(&["--randomize-hosts", "--seed", "5"]));
        assert_ne!(mixed, list(&["--randomize-hosts", "--seed", "6"]));
        assert_ne!(mixed, plain);
        mixed.sort_unstable();
        let mut sorted = plain;
        sorted.sort_unstable();
        assert_eq!(mixed, sorted);
    });
}

#[test]
fn interfaces_and_routes_are_listed_as_by_nmap() {
    lab::run("targets::interfaces_and_routes_are_listed_as_by_nmap", |lab| {
        lab.far_host();
        lab.farther_host();
        let rows = |output: &Output| -> Vec<String> {
            let lines = output.stdout.lines().skip_while(|line| !line.starts_with('*'));
            let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut rows: Vec<String> =
                lines.map(squeezed).filter(|line| !line.is_empty()).collect();
            // The addresses of an interface have no order.
            rows.sort_unstable();
            rows
        };
        let (ours, theirs) = (lab.nseer(&["--iflist"]), lab.nmap(&["--iflist"]));
        assert!(rows(&theirs).len() > 10, "{theirs:#?}");
        assert_eq!(rows(&ours), rows(&theirs), "{ours:#?} {theirs:#?}");
    });
}

/// Reaches the port in all ways that scripts have.
const REACHES: &str = r#"categories = {"safe"}
local nmap = require "nmap"
portrule = function(_, port) return port.state == "open" end
action = function(host, port)
  local out = {}
  for _, peer in ipairs({host, host.ip, host.ip .. "%near"}) do
    local s = nmap.new_socket()
    local ok, why = s:connect(peer, port)
    out[#out + 1] = ok and select(5, s:get_info()) or why
    s:close()
  end
  return table.concat(out, " ")
end
"#;

#[test]
fn hosts_of_a_link_are_scanned_there() {
    lab::run("targets::hosts_of_a_link_are_scanned_there", |lab| {
        lab.far_host();
        lab.link_local();
        lab.far_dns();
        let folder = lab::Folder::new();
        folder.write("reaches.nse", REACHES);
        let script = folder.path("reaches.nse");
        let common = ["-6", "-n", "-p53,54", "--script", script.as_str()];
        let near = ["fe80::b%near"];
        let lines: [&[&str]; 5] = [
            &near,
            &["-sT", near[0]],
            &["-e", "near", "-sT", "fe80::b"],
            // There is no other link.
            &["fe80::b"],
            &["--randomize-hosts", "--exclude", "fe80::9", "fe80::b%near"],
        ];
        for line in lines {
            let output = lab.nseer(&[&common, line].concat());
            assert_eq!(hosts(&output), ["Nmap scan report for fe80::b"], "{line:?} {output:#?}");
            assert_eq!(output.state("53/tcp"), Some("open"), "{line:?} {output:#?}");
            assert_eq!(output.state("54/tcp"), Some("closed"), "{line:?} {output:#?}");
            assert_eq!(output.under("53/tcp"), ["|_reaches: 53 53 53"], "{line:?} {output:#?}");
        }
        let output = lab.nseer(&["-6", "-n", "-sU", "-p53,54", "fe80::b%near"]);
        assert_eq!(output.state("53/udp"), Some("open"), "{output:#?}");
        assert!(output.stdout.contains("MAC Address: 02:00:00:00:99:02"), "{output:#?}");
        let output = lab.nseer(&["script", "run", "--probe", &script, "[fe80::b%near]:53,54"]);
        assert_eq!(output.state("54/tcp"), Some("closed"), "{output:#?}");
        assert_eq!(output.under("53/tcp"), ["|_reaches: 53 53 53"], "{output:#?}");
        let list = lab.nseer(&["-6", "-n", "-sL", "fe80::c%near/127"]);
        assert_eq!(hosts(&list), ["Nmap scan report for fe80::c", "Nmap scan report for fe80::d"]);
    });
}

#[test]
fn a_link_that_is_not_clear_costs_no_other_target() {
    lab::run("targets::a_link_that_is_not_clear_costs_no_other_target", |lab| {
        lab.far_host();
        lab.link_local();
        lab.other_link();
        let told = |targets: &[&str], text: &str, kept: &[&str]| {
            let output = lab.nseer(&[&["-6", "-n", "-Pn", "-p9", "-sT"], targets].concat());
            assert!(output.code == 1 && output.stderr.contains(text), "{output:#?}");
            assert_eq!(hosts(&output), kept, "{output:#?}");
        };
        let loopback = ["Nmap scan report for ::1"];
        let no_name =
            "nseer: 'fe80::b%nix' cannot be reached: no interface is called 'nix'; there are lo, ";
        told(&["fe80::b%nix", "::1"], no_name, &loopback);
        told(&["fe80::b%nix"], no_name, &[]);
        told(
            &["-e", "nix", "fe80::b", "::1"],
            "no interface is called 'nix'; there are lo, ",
            &loopback,
        );
        let several = "'fe80::b' cannot be reached: it may be on the link of each of ";
        told(&["::1", "fe80::b"], several, &loopback);
        let twice = "'fe80::b' is left out: it is scanned on another link";
        told(&["fe80::b%near", "fe80::b%other"], twice, &["Nmap scan report for fe80::b"]);
    });
}
