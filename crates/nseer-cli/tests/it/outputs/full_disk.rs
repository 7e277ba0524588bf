//! What is left behind where there is no room for all.

use std::path::Path;
use std::process::Command;

use super::{TARGET, assert_valid, assert_valid_lines, must, read};
use crate::lab::{self, Lab};

/// A fresh file system on `/mnt` with so much room, as mount(8) takes it.
fn small_disk(size: &str) {
    let size = format!("size={size}");
    must(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs", "/mnt"]));
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn a_full_disk_is_told() {
    lab::run("outputs::full_disk::a_full_disk_is_told", |lab| {
        let output = lab.nseer(&["-n", "-Pn", "-p1", "-oN", "/dev/full", TARGET]);
        assert_ne!(output.code, 0, "{output:#?}");
        let told = "nseer: cannot write to '/dev/full': No space left on device";
        assert!(output.stderr.starts_with(told), "{output:#?}");
        assert!(output.stdout.contains("1/tcp closed"), "the screen is complete: {output:#?}");
        // Each that could not be written is named, in one line; the others are whole.
        small_disk("16k");
        let good = "/run/lab/good.xml";
        let bad = ["-oN", "/dev/full", "-oJ", "/dev/full", "--report", "/mnt/page"];
        let args = [&["-n", "-Pn", "-p1-9", TARGET, "-oX", good][..], &bad].concat();
        let output = lab.nseer(&args);
        assert_ne!(output.code, 0, "{output:#?}");
        assert_eq!(output.stderr.lines().count(), 1, "{output:#?}");
        assert_eq!(output.stderr.matches("'/dev/full': No space").count(), 2, "{output:#?}");
        assert!(output.stderr.contains("'/mnt/page': No space"), "{output:#?}");
        assert_valid(good);
    });
}

/// Two open ports with results of scripts, on many hosts.
fn scan<'a>(script: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["-sT", "-n", "-Pn", "-p21-23", "--script", script, "127.0.0.1-90"][..], more].concat()
}

#[test]
fn a_disk_that_fills_up_in_mid_scan_leaves_whole_documents() {
    let name = "outputs::full_disk::a_disk_that_fills_up_in_mid_scan_leaves_whole_documents";
    lab::run(name, |lab| {
        lab.sshd(22);
        lab.sshd(23);
        let scripts = format!("{},{}", lab.script("structured"), lab.script("odd-bytes"));
        // Alone each of them does not fit either.
        for size in ["8k", "52k", "152k"] {
            small_disk(size);
            let files = ["-oA", "/mnt/out", "-oJ", "/mnt/out.jsonl"];
            let output = lab.nseer(&scan(&scripts, &files));
            assert_ne!(output.code, 0, "{size}: {output:#?}");
            assert_eq!(output.stderr.lines().count(), 1, "{size}: {output:#?}");
            assert_eq!(count(&output.stdout, "scan report for"), 90, "the screen is complete");
            for (file, look) in [
                ("/mnt/out.xml", whole_xml as fn(&str) -> usize),
                ("/mnt/out.jsonl", whole_lines),
                ("/mnt/out.nmap", whole_normal),
                ("/mnt/out.gnmap", whole_grepable),
            ] {
                if !output.stderr.contains(&format!("'{file}': No space left")) {
                    // A small one may have found room for all.
                    assert_ne!(size, "8k", "{file}: {output:#?}");
                    assert!(read(file).contains("127.0.0.90"), "{file}: {output:#?}");
                } else if !read(file).is_empty() {
                    // The others may have left no room for a host.
                    assert!(look(file) < 90, "{size}: {file}");
                }
            }
        }
    });
}

/// Checks that a file ends well. Gives how many hosts are in it.
fn whole_xml(path: &str) -> usize {
    assert_valid(path);
    let text = read(path);
    let hosts = count(&text, "</host>");
    let why =
        format!("exit=\"error\" errormsg=\"cannot write to &apos;{path}&apos;: No space left");
    assert!(text.contains(&why), "{text}");
    assert!(text.contains(&format!("<hosts up=\"{hosts}\" down=\"0\"")), "{text}");
    hosts
}

fn whole_lines(path: &str) -> usize {
    let lines = assert_valid_lines(path);
    let hosts = lines.iter().filter(|line| line["type"] == "host").count();
    let last = lines.last().expect("a line");
    assert_eq!(last["up"], hosts, "{last}");
    assert!(last["interrupted"].as_str().expect("why").contains("No space left"), "{last}");
    hosts
}

fn whole_normal(path: &str) -> usize {
    let text = read(path);
    let hosts = count(&text, "Nmap scan report for");
    assert_eq!(count(&text, "\n23/tcp open   "), hosts, "{text}");
    let tail: Vec<&str> = text.lines().rev().take(2).collect();
    assert!(tail[0].contains(&format!(" ({hosts} hosts up) scanned in ")), "{text}");
    assert!(tail[1].starts_with("# Stopped early: cannot write to '/mnt/out.nmap'"), "{text}");
    hosts
}

fn whole_grepable(path: &str) -> usize {
    let text = read(path);
    let (hosts, rest): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with("Host: ") && line.contains("Ports: "));
    assert!(hosts.iter().all(|line| line.contains("23/open/tcp//telnet///")), "{text}");
    let is_other = |line: &&str| line.starts_with("# ") || line.ends_with("Status: Up");
    assert!(rest.iter().all(is_other) && text.ends_with(" seconds\n"), "{text}");
    hosts.len()
}

#[test]
fn a_page_ends_well_where_it_does_not_fit() {
    lab::run("outputs::full_disk::a_page_ends_well_where_it_does_not_fit", |lab| {
        lab.sshd(22);
        lab.sshd(23);
        let script = lab.script("structured");
        small_disk("80k");
        let output = lab.nseer(&scan(&script, &["--report", "/mnt/page.html"]));
        assert_ne!(output.code, 0, "{output:#?}");
        assert!(output.stderr.contains("'/mnt/page.html': No space"), "{output:#?}");
        let page = read("/mnt/page.html");
        assert!(page.ends_with("</script>\n</body>\n</html>"), "{page}");
        assert_eq!(count(&page, "<details"), count(&page, "</details>"), "{page}");
        assert!(count(&page, "<details class=\"host\"") > 5, "{page}");
        let alert = "The scan ended early: cannot write to &#39;/mnt/page.html&#39;: No space";
        assert!(page.contains(alert), "{page}");
    });
}

/// A file is one also where the shell opened it, and what was in it before stays.
#[test]
fn standard_output_and_files_that_go_on_end_well() {
    lab::run("outputs::full_disk::standard_output_and_files_that_go_on_end_well", |lab| {
        lab.sshd(22);
        lab.sshd(23);
        let script = lab.script("structured");
        small_disk("60k");
        let nseer = env!("CARGO_BIN_EXE_nseer");
        let words = scan(&script, &["-oX", "-"]).join(" ");
        let command = format!("'{nseer}' {words} > /mnt/out.xml");
        let output = lab::program("sh", &["-c", &command]);
        assert_ne!(output.code, 0, "{output:#?}");
        let told = "nseer: cannot write to standard output: No space left";
        assert!(output.stderr.starts_with(told), "{output:#?}");
        assert_valid("/mnt/out.xml");
        assert!(count(&read("/mnt/out.xml"), "</host>") > 5);
        small_disk("20k");
        let again = ["-oN", "/mnt/out.nmap", "--append-output"];
        let few = [&["-sT", "-n", "-Pn", "-p1", TARGET], &again[..]].concat();
        assert_eq!(lab.nseer(&few).code, 0);
        let before = read("/mnt/out.nmap");
        assert_ne!(lab.nseer(&scan(&script, &again)).code, 0);
        let both = read("/mnt/out.nmap");
        assert!(both.starts_with(&before) && before.ends_with(" seconds\n"), "{both}");
        assert_eq!(count(&both, "# Nmap done at"), 2, "{both}");
        assert!(both.ends_with(" seconds\n"), "{both}");
    });
}

#[test]
fn a_store_that_does_not_fit_is_one_or_none() {
    lab::run("outputs::full_disk::a_store_that_does_not_fit_is_one_or_none", |lab| {
        lab.sshd(22);
        lab.sshd(23);
        let script = lab.script("structured");
        let told = "nseer: cannot write to '/mnt/store': the disk is full\n";
        for size in ["4k", "16k", "32k", "64k", "96k", "160k"] {
            small_disk(size);
            let output = lab.nseer(&scan(&script, &["127.0.1.1-160", "--store", "/mnt/store"]));
            assert_eq!((output.code, output.stderr.as_str()), (1, told), "{size}");
            if Path::new("/mnt/store").exists() {
                assert!(!["4k", "16k", "32k"].contains(&size), "that is too little for one");
                assert_goes_on(lab, size);
            } else {
                assert_ne!(size, "160k");
                assert!(!Path::new("/mnt/store-wal").exists(), "{size}");
                assert!(!Path::new("/mnt/store-shm").exists(), "{size}");
            }
        }
    });
}

/// What was kept can be shown, and once there is room the scan goes on.
fn assert_goes_on(lab: &Lab, size: &str) {
    let shown = lab.nseer(&["show", "/mnt/store"]);
    assert!(shown.stdout.contains("# Stopped early: the scan has not ended"), "{size}: {shown:#?}");
    must(Command::new("mount").args(["-o", "remount,size=8m", "/mnt"]));
    let output = lab.nseer(&["resume", "/mnt/store"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{size}");
    assert_eq!(count(&output.stdout, "Nmap scan report for"), 250, "{size}");
}
