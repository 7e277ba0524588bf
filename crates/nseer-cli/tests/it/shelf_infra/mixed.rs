//! Nmap's own scripts on our libraries, beside the same scripts on its own.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::fs;
use std::process::Command;

use super::daemons::{folder, samba};
use super::{arguments, settled};
use crate::lab::{self, Lab};
use crate::shelf_tls::daemons::data_folder;

/// Makes a data folder with Nmap's scripts and our libraries.
fn mixed() -> String {
    let shelf = concat!(env!("CARGO_MANIFEST_DIR"), "/../nseer-stdlib/nselib");
    data_folder("mixed", shelf, "/usr/share/nmap/scripts")
}

/// A script shows the same on both. How many people use a share, and how fast guesses were, is left out.
fn the_same(lab: &Lab, data: &str, script: &str, heading: &str, given: &str) {
    let ports = heading.strip_suffix("/tcp").unwrap_or("445");
    let mut theirs = arguments(script, ports);
    theirs.extend(["--script-args", given]);
    let mut ours = theirs.clone();
    ours.extend(["--datadir", data]);
    let (theirs, ours) = (lab.nmap(&theirs), lab.clean(&ours));
    let shown = |lines: Vec<&str>| -> Vec<String> {
        let kept = |line: &&str| !line.starts_with("Users:") && !line.starts_with("Statistics:");
        lines.into_iter().filter(kept).map(str::to_owned).collect()
    };
    let expected = shown(settled(&theirs, heading));
    assert!(expected.len() > 1, "nmap shows nothing for {script}: {theirs:#?}");
    assert_eq!(shown(settled(&ours, heading)), expected, "{script}: {ours:#?}");
}

#[test]
fn files_and_shares_of_windows() {
    lab::run("shelf_infra::mixed::files_and_shares_of_windows", |lab| {
        let data = mixed();
        let public = folder("public");
        fs::write(format!("{public}/readme.txt"), "hello\n").expect("a file of the share");
        samba(lab, &format!("[public]\npath={public}\nguest ok=yes\nread only=no\n"));
        let host = "Host script results";
        the_same(lab, &data, "smb-ls", host, "smb-ls.share=public");
        the_same(lab, &data, "smb-enum-shares", host, "smbtype=v2");
    });
}

#[test]
fn passwords_are_tried_where_they_are_asked_for() {
    lab::run("shelf_infra::mixed::passwords_are_tried_where_they_are_asked_for", |lab| {
        let data = mixed();
        let home = folder("redis");
        fs::write(format!("{home}/words"), "wrong\nsecret\n").expect("a list of words");
        let mut redis = Command::new("redis-server");
        redis.args(["--port", "6379", "--bind", "127.0.0.1", "--requirepass", "secret", "--dir"]);
        lab.daemon("redis-server", redis.arg(&home), &[6379], &[]);
        the_same(lab, &data, "redis-brute", "6379/tcp", &format!("passdb={home}/words"));
    });
}
