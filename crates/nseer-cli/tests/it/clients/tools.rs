//! Programs that check, show and compare XML.

use super::{ODD, SCAN, SCAN6, read, scan};
use crate::lab;

#[test]
fn xmllint_finds_our_xml_valid() {
    lab::run("clients::tools::xmllint_finds_our_xml_valid", |lab| {
        scan(lab);
        for base in [SCAN, SCAN6] {
            let args =
                ["--noout", "--dtdvalid", "/usr/share/nmap/nmap.dtd", &format!("{base}.xml")];
            let output = lab::program("xmllint", &args);
            assert_eq!((output.code, output.all().trim()), (0, ""), "{output:#?}");
        }
    });
}

#[test]
fn xsltproc_makes_nmaps_page() {
    lab::run("clients::tools::xsltproc_makes_nmaps_page", |lab| {
        scan(lab);
        for (base, address) in [(SCAN, "127.0.0.1"), (SCAN6, "::1")] {
            let args = ["--nonet", "/usr/share/nmap/nmap.xsl", &format!("{base}.xml")];
            let output = lab::program("xsltproc", &args);
            assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
            let page = &output.stdout;
            assert!(page.contains("<td>22</td>") && page.contains(address), "{page}");
            assert!(page.contains("odd-bytes-here") && page.contains("structured"), "{page}");
            // As its output method writes it.
            assert!(
                page.contains(
                    &ODD.replace('<', "&lt;")
                        .replace("&>", "&amp;&gt;")
                        .replace("> -", "&gt; -")
                        .replace("->", "-&gt;")
                        .replace("?>", "?&gt;")
                ),
                "{page}"
            );
        }
    });
}

#[test]
fn ndiff_compares_our_xml() {
    lab::run("clients::tools::ndiff_compares_our_xml", |lab| {
        lab.sshd(22);
        let compare = |arguments: &[&str]| {
            // It fails on two scripts of one port, on Nmap's own files too.
            let script = lab.script("odd-bytes-here");
            for (file, ports) in [("a", "-p22,80"), ("b", "-p22,80,443")] {
                let path = format!("/run/lab/{file}.xml");
                let args = [&["-n", "-Pn", ports, "--script", &script, "-oX", &path], arguments];
                assert_eq!(lab.nseer(&args.concat()).code, 0);
                if file == "a" {
                    lab.tls(443);
                }
            }
            lab::program("ndiff", &["/run/lab/a.xml", "/run/lab/b.xml"])
        };
        let output = compare(&["127.0.0.1"]);
        assert_eq!((output.code, output.stderr.as_str()), (1, ""), "{output:#?}");
        let is_there = |start: &str| output.stdout.lines().any(|line| line.starts_with(start));
        assert!(is_there("-Nmap 0.1.0") || is_there("-nseer"), "{output:#?}");
        assert!(is_there("+443/tcp open") && is_there("+|  odd-bytes-here:"), "{output:#?}");
        assert!(!is_there("-22/tcp") && !is_there("+22/tcp"), "{output:#?}");
        let same = lab::program("ndiff", &["/run/lab/a.xml", "/run/lab/a.xml"]);
        assert_eq!((same.code, same.all().trim()), (0, ""), "{same:#?}");
        let xml = lab::program("ndiff", &["--xml", "/run/lab/a.xml", "/run/lab/b.xml"]);
        assert!(xml.stdout.contains("<nmapdiff"), "{xml:#?}");
        let output = lab::program("ndiff", &["/run/lab/a.xml", "/none"]);
        assert_eq!(output.code, 2, "{output:#?}");
        let output = compare6(lab);
        assert!(output.stdout.contains("+80/tcp"), "{output:#?}");
    });
}

fn compare6(lab: &lab::Lab) -> lab::Output {
    for (path, ports) in [("/run/lab/c.xml", "-p22"), ("/run/lab/d.xml", "-p22,80")] {
        let script = lab.script("odd-bytes-here");
        let output = lab.nseer(&["-6", "-n", ports, "--script", &script, "-oX", path, "::1"]);
        assert_eq!(output.code, 0, "{output:#?}");
    }
    assert!(read("/run/lab/d.xml").contains("::1"));
    lab::program("ndiff", &["-v", "/run/lab/c.xml", "/run/lab/d.xml"])
}
