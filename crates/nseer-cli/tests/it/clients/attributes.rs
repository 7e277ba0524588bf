//! What readers need that cannot be run here: Metasploit's and DefectDojo's.
//!
//! Both take what they know of Nmap's XML by the names of elements and attributes, and some readers
//! take attributes by their place. So each element that Nmap and nseer both write has, in ours, every
//! attribute that it always has in Nmap's, in the same order; and what the two readers look up is there.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node};

use super::{SCAN, SCAN6, read, scan};
use crate::lab;

/// What is known of an element from all its places in a document.
#[derive(Default)]
struct Shape<'a> {
    always: BTreeSet<&'a str>,
    /// The first stands before the second.
    pairs: BTreeSet<(&'a str, &'a str)>,
}

fn shapes<'a>(document: &'a Document<'a>) -> BTreeMap<&'a str, Shape<'a>> {
    let mut shapes: BTreeMap<&str, Shape<'_>> = BTreeMap::new();
    for node in document.descendants().filter(Node::is_element) {
        let names: Vec<&str> = node.attributes().iter().map(|a| a.name()).collect();
        let present: BTreeSet<&str> = names.iter().copied().collect();
        let name = node.tag_name().name();
        let shape = shapes
            .entry(name)
            .and_modify(|shape| shape.always.retain(|name| present.contains(name)))
            .or_insert_with(|| Shape { always: present.clone(), ..Shape::default() });
        for (i, first) in names.iter().enumerate() {
            shape.pairs.extend(names[i + 1..].iter().map(|second| (*first, *second)));
        }
    }
    shapes
}

#[test]
fn attributes_are_nmaps_in_nmaps_order() {
    lab::run("clients::attributes::attributes_are_nmaps_in_nmaps_order", |lab| {
        scan(lab);
        let scripts = "ssh-hostkey,ssh2-enum-algos,address-info";
        for args in [
            &["-v", "-sS", "-sV", "-p9,22,80", "--script", scripts, "--traceroute", "lab.test"][..],
            &["-6", "-v", "-n", "-sT", "-p22,80", "--script", scripts, "::1"],
            &["-v", "-sn", "-n", "127.0.0.1"],
        ] {
            let theirs = lab.nmap(&[args, &["-oX", "/run/lab/theirs.xml"]].concat());
            assert_eq!(theirs.code, 0, "{theirs:#?}");
            let data = ["--datadir", "/usr/share/nmap", "-oX", "/run/lab/ours.xml"];
            let ours = lab.nseer(&[args, &data].concat());
            assert_eq!(ours.code, 0, "{ours:#?}");
            let (theirs, ours) = (read("/run/lab/theirs.xml"), read("/run/lab/ours.xml"));
            let theirs_read = Document::parse(&theirs).expect("Nmap's XML");
            let ours_read = Document::parse(&ours).expect("our XML");
            let (theirs, ours) = (shapes(&theirs_read), shapes(&ours_read));
            for name in ["nmaprun", "host", "status", "address", "finished", "hosts"] {
                assert!(ours.contains_key(name), "no {name} in ours: {args:?}");
            }
            for (name, shape) in &ours {
                let Some(theirs) = theirs.get(name) else { continue };
                let missing: Vec<_> = theirs.always.difference(&shape.always).collect();
                assert!(missing.is_empty(), "{args:?}: <{name}> lacks {missing:?}");
                let turned: Vec<_> = shape
                    .pairs
                    .iter()
                    .filter(|(first, second)| theirs.pairs.contains(&(*second, *first)))
                    .collect();
                assert!(turned.is_empty(), "{args:?}: <{name}> has another order: {turned:?}");
            }
        }
    });
}

/// `id` and `key` come first, since some readers look no further than the first attribute.
#[test]
fn names_come_first() {
    lab::run("clients::attributes::names_come_first", |lab| {
        scan(lab);
        let mut seen = BTreeSet::new();
        for base in [SCAN, SCAN6] {
            let text = read(&format!("{base}.xml"));
            let document = Document::parse(&text).expect("XML");
            for node in document.descendants().filter(Node::is_element) {
                let names: Vec<&str> = node.attributes().iter().map(|a| a.name()).collect();
                let name = node.tag_name().name();
                match name {
                    "script" => assert_eq!(names, ["id", "output"]),
                    "table" | "elem" => assert!(names.is_empty() || names == ["key"], "{names:?}"),
                    "port" => assert_eq!(names, ["protocol", "portid"]),
                    "hostname" => assert_eq!(names, ["name", "type"]),
                    _ => continue,
                }
                seen.insert(name.to_owned());
            }
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
    });
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Node<'a, 'a> {
    let found = node.children().find(|child| child.has_tag_name(name));
    found.unwrap_or_else(|| panic!("no {name} in {:?}", node.tag_name()))
}

fn value<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_else(|| panic!("{:?} has no {name}", node.tag_name()))
}

/// Both readers walk from the root to hosts, their addresses, names, ports, services and scripts; the
/// numbers they convert must be numbers, and the address that they take is the first of its kind.
#[test]
fn what_the_readers_look_up_is_there() {
    lab::run("clients::attributes::what_the_readers_look_up_is_there", |lab| {
        scan(lab);
        for (base, kind, target) in [(SCAN, "ipv4", "127.0.0.1"), (SCAN6, "ipv6", "::1")] {
            let text = read(&format!("{base}.xml"));
            let document = Document::parse(&text).expect("XML");
            let root = document.root_element();
            assert_eq!((root.tag_name().name(), value(root, "scanner")), ("nmaprun", "nmap"));
            assert!(value(root, "start").parse::<u64>().is_ok());
            let finished = child(child(root, "runstats"), "finished");
            assert!(value(finished, "time").parse::<u64>().is_ok());
            let of_target = |host: &Node<'_, '_>| {
                host.has_tag_name("host") && value(child(*host, "address"), "addr") == target
            };
            let host = root.children().find(of_target).expect("the host");
            assert_eq!(value(child(host, "address"), "addrtype"), kind);
            assert_eq!(value(child(host, "status"), "state"), "up");
            for time in ["starttime", "endtime"] {
                assert!(value(host, time).parse::<u64>().is_ok());
            }
            let names = child(host, "hostnames").children().filter(Node::is_element);
            let told = names.filter(|name| value(*name, "type") == "PTR").count();
            assert_eq!(told, usize::from(base == SCAN), "a name from reverse DNS");
            let ports: Vec<_> =
                child(host, "ports").children().filter(|c| c.has_tag_name("port")).collect();
            assert!(!ports.is_empty());
            for port in &ports {
                assert!(value(*port, "portid").parse::<u16>().is_ok());
                assert_eq!(value(*port, "protocol"), "tcp");
                let state = child(*port, "state");
                let _ = (value(state, "state"), value(state, "reason"));
                assert!(!value(child(*port, "service"), "name").is_empty());
            }
            let ssh = ports.iter().find(|p| value(**p, "portid") == "22").expect("22");
            assert!(value(child(*ssh, "script"), "output").contains("\\x00\\x01"));
            let conf: u8 = value(child(*ssh, "service"), "conf").parse().expect("a number");
            assert!(conf <= 10);
            if base == SCAN {
                let service = child(*ssh, "service");
                assert_eq!(value(service, "product"), "OpenSSH");
                assert!(value(service, "version").starts_with(|c: char| c.is_ascii_digit()));
                assert!(value(service, "extrainfo").contains("protocol"));
                assert!(child(service, "cpe").text().is_some_and(|t| t.starts_with("cpe:/")));
            }
        }
    });
}
