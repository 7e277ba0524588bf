//! Scripts' own use of the library: the same under both programs.

use crate::lab;

#[test]
fn packets_are_read_and_made_the_same() {
    lab::run("shelf_net::library::packets_are_read_and_made_the_same", |lab| {
        let script = lab.script("packets");
        let args = ["--script", &script];
        let (theirs, ours) = (lab.nmap(&args), lab.nseer(&args));
        let expected = theirs.under("Pre-scan script results");
        assert!(expected.len() > 100, "{theirs:#?}");
        assert_eq!(ours.under("Pre-scan script results"), expected);
    });
}
