//! Scans that are kept while they run, killed, gone on with, shown and compared.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::{self, Lab, Peer, must};
use nseer_store::Store;
use serde_json::Value;

const STORE: &str = "/run/lab/scan.nseer";
const LOG: &str = "/run/lab/log";

/// Eight hosts with two open ports each, and a script that runs on one after another.
const HOSTS: &str = "127.0.0.1-8";

fn read(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
    std::fs::read_to_string(path).unwrap_or_default()
}

fn remove(path: &str) {
    for path in [path.to_owned(), format!("{path}-wal"), format!("{path}-shm")] {
        // What is not there need not go.
        let _ = std::fs::remove_file(path);
    }
}

/// The hosts of JSON lines by address, without times.
fn hosts(lines: &str) -> BTreeMap<String, Value> {
    let mut hosts = BTreeMap::new();
    for line in lines.lines() {
        let mut host: Value = serde_json::from_str(line).expect("JSON");
        if host["type"] != "host" {
            continue;
        }
        for field in ["started", "finished", "round_trip"] {
            host.as_object_mut().expect("an object").remove(field);
        }
        let runs = host["script_runs"].as_array_mut().expect("runs");
        for run in runs.iter_mut() {
            run.as_object_mut().expect("an object").remove("seconds");
        }
        runs.sort_by_key(ToString::to_string);
        let address = host["address"].as_str().expect("an address").to_owned();
        assert!(hosts.insert(address, host).is_none(), "a host is told twice: {line}");
    }
    hosts
}

fn args(lab: &Lab) -> Vec<String> {
    let script = lab.script("one-after-another");
    let words = ["-n", "-Pn", "-p20-25", "--script", &script, "-oJ", "out.jsonl"];
    let words = words.iter().chain(&["-oX", "out.xml", "--store", STORE, HOSTS]);
    words.map(|word| (*word).to_owned()).collect()
}

/// Begins the scan in the folder where relative names are meant.
fn begin(lab: &Lab) -> Child {
    Command::new(env!("CARGO_BIN_EXE_nseer"))
        .args(args(lab))
        .current_dir("/run/lab/work")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nseer starts")
}

/// Waits until the log has so many lines, or the scan has ended.
fn wait_for_lines(child: &mut Child, count: usize) {
    #[allow(clippy::disallowed_methods, reason = "a bound for the whole wait")]
    let begun = Instant::now();
    while read(LOG).lines().count() < count && matches!(child.try_wait(), Ok(None)) {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not happen");
        std::thread::sleep(Duration::from_millis(3));
    }
}

#[test]
fn a_killed_scan_goes_on_to_the_same_end() {
    lab::run("store::a_killed_scan_goes_on_to_the_same_end", |lab| {
        lab.sshd(22);
        lab.sshd(23);
        assert!(begin(lab).wait().expect("it ends").success());
        let undisturbed = hosts(&read("/run/lab/work/out.jsonl"));
        assert_eq!(undisturbed.len(), 8);
        assert_eq!(read(LOG).lines().count(), 16);
        // At its beginning, between, and twice in one scan.
        for kills in [&[1][..], &[2], &[5], &[8], &[11], &[15], &[3, 9], &[1, 4, 12]] {
            for file in [STORE, LOG, "/run/lab/work/out.jsonl", "/run/lab/work/out.xml"] {
                remove(file);
            }
            let mut child = begin(lab);
            for (i, lines) in kills.iter().enumerate() {
                wait_for_lines(&mut child, *lines);
                child.kill().expect("it can be killed");
                child.wait().expect("it ends");
                if i + 1 < kills.len() {
                    child = Command::new(env!("CARGO_BIN_EXE_nseer"))
                        .args(["resume", STORE])
                        .current_dir("/")
                        .stdout(Stdio::null())
                        .spawn()
                        .expect("nseer starts");
                }
            }
            let finished = finished_runs();
            remove(LOG);
            let output = lab.nseer(&["resume", STORE]);
            assert_eq!(output.code, 0, "{kills:?}: {output:#?}");
            for again in read(LOG).lines() {
                assert!(!finished.contains(again), "{kills:?}: {again} was done twice");
            }
            let again = read(LOG).lines().count();
            assert_eq!(again, 16 - finished.len(), "{kills:?}: each of the others once");
            let last = kills.last().copied().unwrap_or_default();
            // Each kill costs the run that was under way, and perhaps one more that was not told yet.
            let kept = finished.len() + 2 * kills.len();
            assert!(kept >= last, "{kills:?}: {finished:?} is all that was kept");
            let found = hosts(&read("/run/lab/work/out.jsonl"));
            assert_eq!(found, undisturbed, "{kills:?}");
            let shown = lab.nseer(&["show", STORE, "--to", "json"]);
            assert_eq!((shown.code, hosts(&shown.stdout)), (0, undisturbed.clone()), "{kills:?}");
            let same = lab.nseer(&["diff", STORE, "/run/lab/work/out.xml"]);
            assert_eq!((same.code, same.all().trim()), (0, ""), "{kills:?}: {same:#?}");
            let note = lab.nseer(&["resume", STORE]);
            assert_eq!(note.code, 0, "{note:#?}");
            assert!(note.stderr.contains("nothing is left to do"), "{note:#?}");
        }
    });
}

/// Whatever the moment, the end is that of a scan that nobody disturbed. The moments are random, and
/// the same in every run of the test.
#[test]
fn a_scan_that_is_killed_at_any_moment_goes_on_to_the_same_end() {
    lab::run("store::a_scan_that_is_killed_at_any_moment_goes_on_to_the_same_end", |lab| {
        lab.sshd(22);
        lab.sshd(23);
        assert!(begin(lab).wait().expect("it ends").success());
        let undisturbed = hosts(&read("/run/lab/work/out.jsonl"));
        assert_eq!(undisturbed.len(), 8);
        let mut state = 6_u64;
        let (mut moments, mut before_store, mut killed) = (0, 0, 0);
        while moments < MOMENTS {
            for file in [STORE, LOG, "/run/lab/work/out.jsonl", "/run/lab/work/out.xml"] {
                remove(file);
            }
            let mut child = begin(lab);
            std::thread::sleep(Duration::from_millis(random(&mut state) % LONGEST));
            child.kill().expect("it can be killed");
            let ended = child.wait().expect("it ends");
            // Before there is a store, there is nothing to go on with; that moment does not count.
            if Store::read(Path::new(STORE)).is_err() {
                before_store += 1;
                assert!(before_store < 10 * MOMENTS, "no scan gets as far as its store");
                continue;
            }
            moments += 1;
            killed += u32::from(!ended.success());
            let output = lab.nseer(&["resume", STORE]);
            assert_eq!(output.code, 0, "moment {moments}: {output:#?}");
            let shown = lab.nseer(&["show", STORE, "--to", "json"]);
            assert_eq!((shown.code, hosts(&shown.stdout)), (0, undisturbed.clone()), "{moments}");
        }
        assert!(killed > MOMENTS / 4, "{killed} of {MOMENTS} were killed before their end");
    });
}

/// What Nmap's `ssh-hostkey` says of hosts with the same keys, it says after the last host, of what it
/// left in the registry on each.
#[test]
fn hosts_are_compared_at_the_end_of_a_scan_that_was_killed() {
    lab::run("store::hosts_are_compared_at_the_end_of_a_scan_that_was_killed", |lab| {
        lab.sshd(22);
        let begin = || {
            Command::new(env!("CARGO_BIN_EXE_nseer"))
                .args(["-n", "-Pn", "-p22", "--datadir", "/usr/share/nmap", "--store", STORE])
                .args(["--script", "ssh-hostkey", "127.0.0.1-6"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("nseer starts")
        };
        let end_of = |output: &lab::Output| {
            assert_eq!(output.code, 0, "{output:#?}");
            let lines = output.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
            let mut ends = lines.filter(|line: &Value| line["rule"] == "postrule");
            let end = ends.next().unwrap_or_else(|| panic!("a postrule: {output:#?}"));
            let end = end["scripts"][0]["output"].as_str().expect("a text").to_owned();
            // Which key comes first is the hash table's business.
            let mut parts: Vec<String> = end.split("Key ").map(str::to_owned).collect();
            parts.sort();
            (parts, hosts(&output.stdout))
        };
        #[allow(clippy::disallowed_methods, reason = "how long a scan takes here")]
        let begun = Instant::now();
        assert!(begin().wait().expect("it ends").success());
        let longest = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let show = || end_of(&lab.nseer(&["show", STORE, "--to", "json"]));
        let mut undisturbed = show();
        let mut unlucky = 0;
        while lacks_a_key(&undisturbed.1) {
            unlucky += 1;
            assert!(unlucky < MOMENTS / 4, "{undisturbed:#?}");
            remove(STORE);
            assert!(begin().wait().expect("it ends").success());
            undisturbed = show();
        }
        let shared = undisturbed.0.iter().find(|part| part.contains("used by"));
        let shared = shared.unwrap_or_else(|| panic!("{undisturbed:#?}"));
        assert_eq!(shared.matches("127.0.0.").count(), 6, "{shared}");
        let mut state = 7_u64;
        let mut compared = 0;
        for moment in 0..MOMENTS / 2 {
            remove(STORE);
            let mut child = begin();
            std::thread::sleep(Duration::from_millis(random(&mut state) % longest));
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            if Store::read(Path::new(STORE)).is_err() {
                continue;
            }
            let output = lab.nseer(&["resume", STORE]);
            assert_eq!(output.code, 0, "moment {moment}: {output:#?}");
            let shown = show();
            if lacks_a_key(&shown.1) {
                unlucky += 1;
                assert!(unlucky < MOMENTS / 4, "{shown:#?}");
                continue;
            }
            assert_eq!(shown, undisturbed, "moment {moment}");
            compared += 1;
        }
        assert!(compared > MOMENTS / 8, "{compared} of {}", MOMENTS / 2);
    });
}

/// A finished scan on a medium that nobody writes to.
#[test]
fn a_store_that_cannot_be_written_is_shown() {
    lab::run("store::a_store_that_cannot_be_written_is_shown", |lab| {
        let folder = "/run/lab/medium %?#";
        let store = format!("{folder}/store");
        must(Command::new("mkdir").arg(folder));
        must(Command::new("mount").args(["-t", "tmpfs", "lab", folder]));
        let scan = ["-n", "-Pn", "-sT", "-p9", "--store", &store, "127.0.0.1"];
        assert_eq!(lab.nseer(&scan).code, 0);
        must(Command::new("mount").args(["-o", "remount,ro", folder]));
        for show in [&["show", &store][..], &["convert", &store]] {
            let output = lab.nseer(show);
            assert_eq!(output.code, 0, "{output:#?}");
            assert!(output.stdout.contains("127.0.0.1"), "{output:#?}");
        }
    });
}

/// Nmap's library writes one number of 512 as a negative one, on which the server hangs up: the script ran to its end
/// and found nothing.
fn lacks_a_key(hosts: &BTreeMap<String, Value>) -> bool {
    let state =
        |host: &Value| host["script_runs"][0]["state"].as_str().expect("a state").to_owned();
    hosts.values().any(|host| state(host) == "silent")
}

const MOMENTS: u32 = 20;

/// Milliseconds within which a scan is killed: about as long as one takes.
const LONGEST: u64 = 700;

/// The generator of Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Where the script had ended, as its log names it, according to the store.
fn finished_runs() -> HashSet<String> {
    let (_, progress) = Store::resume(Path::new(STORE)).expect("the store");
    let runs = progress.scanned.values().flat_map(|host| &host.runs);
    let runs = runs.filter_map(|run| Some(format!("{} {}", run.address?, run.port?.number)));
    let done = progress.done.iter().flat_map(|a| [format!("{a} 22"), format!("{a} 23")]);
    runs.chain(done).collect()
}

#[test]
fn a_scan_is_shown_while_it_runs_and_after_ctrl_c() {
    lab::run("store::a_scan_is_shown_while_it_runs_and_after_ctrl_c", |lab| {
        lab.sshd(22);
        lab.peer(7001, Peer::Silent);
        let waits = lab.script("waits");
        let mut child = Command::new(env!("CARGO_BIN_EXE_nseer"))
            .args(["-Pn", "-n", "-p22,7001", "--script", &waits, "--store", STORE])
            .args(["127.0.0.2", "127.0.0.1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nseer starts");
        #[allow(clippy::disallowed_methods, reason = "a bound for the whole wait")]
        let begun = Instant::now();
        let shown = loop {
            let shown = lab.nseer(&["show", STORE]);
            if shown.stdout.contains("report for 127.0.0.2") {
                break shown;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{shown:#?}");
        };
        assert_eq!(shown.code, 0, "{shown:#?}");
        assert!(shown.stderr.contains("holds a scan that is not finished"), "{shown:#?}");
        let busy = lab.nseer(&["resume", STORE]);
        assert_eq!(busy.code, 1, "{busy:#?}");
        assert!(busy.stderr.contains("is in use by another nseer"), "{busy:#?}");
        let interrupt = ["-INT", &child.id().to_string()];
        assert!(Command::new("kill").args(interrupt).status().expect("kill").success());
        assert!(!child.wait().expect("it ends").success());
        let shown = lab.nseer(&["show", STORE]);
        assert!(shown.stdout.contains("# Stopped early: interrupted by the user"), "{shown:#?}");
        assert!(shown.stdout.contains("Stopped before all was done on 127.0.0.1"), "{shown:#?}");
        let unfinished = lab.nseer(&["diff", STORE, STORE]);
        assert_eq!(unfinished.code, 2, "{unfinished:#?}");
    });
}

#[test]
fn bad_stores_are_one_clear_line() {
    lab::run("store::bad_stores_are_one_clear_line", |lab| {
        lab.sshd(22);
        let scan = ["-n", "-Pn", "-p22", "--store", STORE, "127.0.0.1"];
        assert_eq!(lab.nseer(&scan).code, 0);
        for (args, told) in [
            (&scan[..], "already holds something: nseer resume"),
            (&["--store", "/none/x", "127.0.0.1"], "cannot open '/none/x': No such file"),
            (&["--store", "x", "-iL", "-"], "--store cannot keep targets that come from standard"),
            (&["resume", "/none"], "cannot open '/none': No such file"),
            (&["resume", "/etc/passwd"], "'/etc/passwd' is no store of nseer"),
            (&["resume"], "resume takes one operand: nseer resume STORE"),
            (&["show", "/dev/null"], "cannot read '/dev/null': it is empty"),
        ] {
            let output = lab.nseer(args);
            assert_ne!(output.code, 0, "{args:?}: {output:#?}");
            assert!(output.stderr.contains(told), "{args:?}: {output:#?}");
            assert_eq!(output.stderr.lines().count(), 1, "{args:?}: {output:#?}");
        }
    });
}

#[test]
fn a_full_disk_keeps_what_was_known() {
    lab::run("store::a_full_disk_keeps_what_was_known", |lab| {
        lab.sshd(22);
        let mount = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", "/mnt"];
        assert!(Command::new("mount").args(mount).status().expect("mount").success());
        let args = ["-n", "-Pn", "-p1-90", "-v", "--store", "/mnt/s", "127.0.0.0/24"];
        let output = lab.nseer(&args);
        assert_ne!(output.code, 0, "{}", output.stderr);
        let told =
            output.stderr.lines().filter(|l| l.starts_with("nseer: cannot write to '/mnt/s': "));
        assert_eq!(told.count(), 1, "{}", output.stderr);
        assert!(output.stdout.contains("256 hosts up"), "the screen is complete");
        // With room again, what was known is there, and the scan goes on.
        let remount = ["-o", "remount,size=100m", "/mnt"];
        assert!(Command::new("mount").args(remount).status().expect("mount").success());
        let shown = lab.nseer(&["show", "/mnt/s"]);
        assert_eq!(shown.code, 0, "{shown:#?}");
        let before = shown.stdout.matches("scan report for").count();
        assert!(before > 0 && before < 256, "{before}");
        assert_eq!(lab.nseer(&["resume", "/mnt/s"]).code, 0);
        let shown = lab.nseer(&["show", "/mnt/s"]);
        assert_eq!(shown.stdout.matches("scan report for").count(), 256);
    });
}
