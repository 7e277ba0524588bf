//! Libraries that read files.

use nmap_xml_parser::NmapResults;
use nmap_xml_parser::host::{Address, HostState, HostnameType};
use nmap_xml_parser::port::{PortProtocol, PortState};
use serde_json::json;

use super::{ODD, QUESTIONS, SCAN, SCAN6, asked, assert_begins, client, find, read, scan};
use crate::lab;

#[test]
fn python_libnmap_reads_our_xml() {
    lab::run("clients::readers::python_libnmap_reads_our_xml", |lab| {
        scan(lab);
        let seen = asked("libnmap_reader.py", &[&format!("{SCAN}.xml")]);
        assert_eq!((&seen["up"], &seen["total"]), (&json!(2), &json!(2)), "{seen:#}");
        assert_eq!(seen["exit"], "success");
        assert_begins(&seen["command"], "nseer -sV -p9,22,80");
        let host = find(&seen["hosts"], "address", "127.0.0.1");
        assert_eq!(host["names"], json!(["lab.test", "localhost"]));
        let states =
            ["9/tcp", "22/tcp", "80/tcp"].map(|id| find(&host["ports"], "id", id)["state"].clone());
        assert_eq!(states, ["filtered", "open", "closed"], "{host:#}");
        let ssh = find(&host["ports"], "id", "22/tcp");
        assert_begins(&ssh["banner"], "product: OpenSSH version: ");
        assert_begins(&ssh["cpe"][0], "cpe:/a:openbsd:openssh:");
        let odd = find(&ssh["scripts"], "id", "odd-bytes-here");
        assert_begins(&odd["output"], ODD);
        assert_begins(&odd["elements"]["here"], ODD);
        let structured = find(&host["scripts"], "id", "structured");
        assert_eq!(structured["elements"]["number"], "5.0");
        assert_eq!(structured["elements"]["first"], "<&>\"'");
        let seen = asked("libnmap_reader.py", &[&format!("{SCAN6}.xml")]);
        let host = find(&seen["hosts"], "ipv6", "::1");
        assert_eq!(find(&host["ports"], "id", "22/tcp")["state"], "open");
        assert_begins(&find(&host["scripts"], "id", "odd-bytes-here")["output"], ODD);
    });
}

#[test]
fn nmap_parser_reads_our_xml() {
    lab::run("clients::readers::nmap_parser_reads_our_xml", |lab| {
        scan(lab);
        let ask = |file: &str| {
            let question = format!("{QUESTIONS}/parser.pl");
            super::json(&lab::program("perl", &[question.as_str(), file]))
        };
        let seen = ask(&format!("{SCAN}.xml"));
        assert_eq!(seen["version"], env!("CARGO_PKG_VERSION"));
        let host = &seen["hosts"]["127.0.0.1"];
        assert_eq!((&host["status"], &host["name"]), (&json!("up"), &json!("lab.test")));
        let ssh = &host["ports"]["22"];
        assert_eq!((&ssh["name"], &ssh["product"]), (&json!("ssh"), &json!("OpenSSH")));
        assert_begins(&ssh["scripts"]["odd-bytes-here"]["output"], ODD);
        assert_begins(&ssh["scripts"]["odd-bytes-here"]["contents"]["here"], ODD);
        assert_eq!(host["scripts"]["structured"]["contents"]["number"], "5.0", "{host:#}");
        assert_eq!(host["ports"]["9"]["state"], "filtered");
        let seen = ask(&format!("{SCAN6}.xml"));
        let host = &seen["hosts"]["::1"];
        assert_eq!((&host["type"], &host["status"]), (&json!("ipv6"), &json!("up")), "{seen:#}");
        assert_begins(&host["scripts"]["odd-bytes-here"]["output"], ODD);
    });
}

#[test]
fn faraday_reads_our_xml() {
    lab::run("clients::readers::faraday_reads_our_xml", |lab| {
        scan(lab);
        // It finds out by itself whose file that is.
        let seen = client("faraday-plugins", &["process-report", &format!("{SCAN}.xml")]);
        let seen = super::json(&seen);
        assert_eq!(seen["command"]["tool"], "Nmap");
        let host = find(&seen["hosts"], "ip", "127.0.0.1");
        // It makes a set of them.
        let names = host["hostnames"].as_array().expect("names");
        assert!(names.contains(&json!("lab.test")) && names.len() == 2, "{host:#}");
        let ssh = &host["services"].as_array().and_then(|all| all.iter().find(|s| s["port"] == 22));
        let ssh = ssh.unwrap_or_else(|| panic!("{host:#}"));
        assert_eq!((&ssh["name"], &ssh["status"]), (&json!("ssh"), &json!("open")));
        assert_begins(&ssh["version"], "OpenSSH ");
        assert_begins(&find(&ssh["vulnerabilities"], "name", "odd-bytes-here")["desc"], ODD);
        find(&host["vulnerabilities"], "name", "structured");
        let seen =
            super::json(&client("faraday-plugins", &["process-report", &format!("{SCAN6}.xml")]));
        assert_eq!(find(&seen["hosts"], "ip", "::1")["services"][0]["port"], 22);
    });
}

#[test]
fn nmaptocsv_reads_all_three_formats() {
    lab::run("clients::readers::nmaptocsv_reads_all_three_formats", |lab| {
        scan(lab);
        for (option, ending) in [("-i", "nmap"), ("-i", "gnmap"), ("-x", "xml")] {
            let output = client("nmaptocsv", &[option, &format!("{SCAN}.{ending}"), "-S"]);
            assert_eq!(output.code, 0, "{ending}: {output:#?}");
            let line = |start: &str| {
                let found = output.stdout.lines().find(|line| line.starts_with(start));
                found.unwrap_or_else(|| panic!("{ending}: no {start}: {}", output.stdout))
            };
            // Grepable output has the name from reverse DNS.
            let name = if ending == "gnmap" { "localhost" } else { "lab.test" };
            line(&format!("\"127.0.0.1\";\"{name}\";\"22\";\"tcp\";\"ssh\";\"OpenSSH "));
            line("\"127.0.0.2\";\"\";\"22\";\"tcp\";");
            // Grepable output has no scripts; of normal output it keeps a host's last lines of them.
            let script = match ending {
                "xml" => output.stdout.contains("odd-bytes-here: "),
                "nmap" => output.stdout.contains("number: 5.0"),
                _ => !output.stdout.contains("odd-bytes-here"),
            };
            assert!(script, "{ending}: {}", output.stdout);
        }
        // It knows no IPv6, in Nmap's files either.
        let theirs = lab.nmap(&["-6", "-n", "-sT", "-p22", "-oX", "/run/lab/theirs.xml", "::1"]);
        assert_eq!(theirs.code, 0, "{theirs:#?}");
        for file in ["/run/lab/theirs.xml", &format!("{SCAN6}.xml")] {
            let output = client("nmaptocsv", &["-x", file]);
            assert!(output.stderr.contains("UnboundLocalError"), "{file}: {output:#?}");
        }
    });
}

#[test]
fn nmap_xml_parser_reads_our_xml() {
    lab::run("clients::readers::nmap_xml_parser_reads_our_xml", |lab| {
        scan(lab);
        let parse =
            |base: &str| NmapResults::parse(&read(&format!("{base}.xml"))).expect("it reads");
        let results = parse(SCAN);
        assert!(results.scan_end_time.is_some_and(|end| end >= results.scan_start_time));
        let host = results
            .hosts()
            .find(|host| host.addresses().any(|a| a.to_string() == "IpAddr" && is(a, "127.0.0.1")))
            .expect("the host");
        assert_eq!(host.status.state, HostState::Up);
        let names: Vec<_> =
            host.host_names().map(|n| (n.name.as_str(), n.source.clone())).collect();
        assert_eq!(names, [("lab.test", HostnameType::User), ("localhost", HostnameType::Dns)]);
        let ports: Vec<_> = host
            .port_info
            .ports()
            .map(|p| (p.port_number, p.protocol.clone(), p.status.state.clone()))
            .collect();
        let tcp = |number, state| (number, PortProtocol::Tcp, state);
        let expected =
            [tcp(9, PortState::Filtered), tcp(22, PortState::Open), tcp(80, PortState::Closed)];
        assert_eq!(ports, expected);
        let services = host.port_info.ports().filter_map(|port| port.service_info.as_ref());
        let services: Vec<&str> = services.map(|service| service.name.as_str()).collect();
        assert_eq!(services, ["discard", "ssh", "http"]);
        assert!(parse(SCAN6).hosts().any(|host| host.addresses().any(|a| is(a, "::1"))));
    });
}

fn is(address: &Address, text: &str) -> bool {
    matches!(address, Address::IpAddr(ip) if ip.to_string() == text)
}
