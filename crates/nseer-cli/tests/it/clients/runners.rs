//! Libraries that start the scanner themselves.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::{ODD, asked, assert_begins, find, scripts};
use crate::lab;

const PROGRAM: &str = env!("CARGO_BIN_EXE_nseer");

/// Where the program is found by the name that two of them ask for.
const LINK: &str = "/run/lab/nmap";

#[test]
fn python_libnmap_runs_us() {
    lab::run("clients::runners::python_libnmap_runs_us", |lab| {
        lab.sshd(22);
        let options = format!("-n -p22,80 --script {}", scripts(lab));
        let seen = asked("libnmap_reader.py", &["--run", PROGRAM, "127.0.0.1 127.0.0.3", &options]);
        let process = &seen["process"];
        assert_eq!(
            (&process["code"], &process["successful"]),
            (&json!(0), &json!(true)),
            "{seen:#}"
        );
        assert_eq!(process["stderr"], "", "{process:#}");
        assert_eq!(process["version"], env!("CARGO_PKG_VERSION"));
        assert_begins(&process["summary"], "Nmap done at ");
        let tasks = process["tasks"].as_object().expect("tasks by name");
        assert!(tasks.contains_key("SYN Stealth Scan") && tasks.contains_key("NSE"), "{process:#}");
        assert!(tasks.values().all(|status| status == "ended"), "{process:#}");
        assert_eq!(seen["up"], 2);
        let host = find(&seen["hosts"], "address", "127.0.0.1");
        let ssh = find(&host["ports"], "id", "22/tcp");
        assert_begins(&find(&ssh["scripts"], "id", "odd-bytes-here")["output"], ODD);
        // IPv6 as well.
        let seen = asked("libnmap_reader.py", &["--run", PROGRAM, "::1", &format!("-6 {options}")]);
        assert_eq!(seen["hosts"][0]["ipv6"], "::1");
        assert_eq!(find(&seen["hosts"][0]["ports"], "id", "22/tcp")["state"], "open");
    });
}

/// It asks every second how far the scan is.
#[test]
fn python_libnmap_sees_the_progress() {
    lab::run("clients::runners::python_libnmap_sees_the_progress", |lab| {
        lab.sshd(22);
        let options = "-n -Pn -sT -p1-400 --max-rate 100";
        let seen = asked("libnmap_reader.py", &["--run", PROGRAM, "127.0.0.1", options]);
        let percent = seen["process"]["progress"]["Connect Scan"].as_str().unwrap_or_default();
        let percent: f64 = percent.parse().unwrap_or_else(|e| panic!("{e}: {seen:#}"));
        assert!((0.0..=100.0).contains(&percent), "{seen:#}");
    });
}

#[test]
fn python_nmap_runs_us() {
    lab::run("clients::runners::python_nmap_runs_us", |lab| {
        lab.sshd(22);
        lab.dns();
        symlink(PROGRAM, LINK).expect("a link");
        let options = format!("-sV -R --script {}", scripts(lab));
        let seen = asked("python_nmap_runner.py", &[LINK, "lab.test", "22,80", &options]);
        assert_eq!(seen["version"], json!([7, 93]), "the version whose output ours is like");
        assert!(seen["info"]["error"].is_null() && seen["info"]["warning"].is_null(), "{seen:#}");
        assert_eq!(
            (&seen["stats"]["uphosts"], &seen["stats"]["totalhosts"]),
            (&json!("1"), &json!("1"))
        );
        let host = &seen["hosts"]["127.0.0.1"];
        assert_eq!(host["hostnames"][0], json!({"name": "lab.test", "type": "user"}));
        let ssh = &host["tcp"]["22"];
        assert_eq!((&ssh["state"], &ssh["product"]), (&json!("open"), &json!("OpenSSH")));
        assert_begins(&ssh["script"]["odd-bytes-here"], ODD);
        assert_eq!(host["tcp"]["80"]["state"], "closed");
        assert_eq!(find(&host["hostscript"], "id", "structured")["id"], "structured");
        assert_begins(&seen["csv"], "host;hostname;hostname_type;protocol;port;");
        let options = format!("-6 -n --script {}", scripts(lab));
        let seen = asked("python_nmap_runner.py", &[LINK, "::1", "22", &options]);
        assert_eq!(seen["hosts"]["::1"]["tcp"]["22"]["state"], "open", "{seen:#}");
        assert_eq!(seen["hosts"]["::1"]["addresses"]["ipv6"], "::1");
    });
}

#[test]
fn python3_nmap_runs_us() {
    lab::run("clients::runners::python3_nmap_runs_us", |lab| {
        lab.sshd(22);
        symlink(PROGRAM, LINK).expect("a link");
        let options = format!("-n -p22,80 --script {}", scripts(lab));
        let seen = asked("nmap3_runner.py", &[LINK, "127.0.0.1", &options]);
        assert_eq!(seen["version"], json!([7, 93]));
        for kind in ["versions", "connect"] {
            let host = &seen[kind]["127.0.0.1"];
            assert_eq!(host["state"]["state"], "up", "{seen:#}");
            let ssh = find(&host["ports"], "portid", "22");
            let told = [&ssh["protocol"], &ssh["state"], &ssh["reason"], &ssh["service"]["name"]];
            assert_eq!(told, ["tcp", "open", "syn-ack", "ssh"]);
            let script = &ssh["scripts"][0];
            assert_eq!(script["name"], "odd-bytes-here");
            assert_begins(&script["raw"], ODD);
            assert_begins(&script["data"]["here"], ODD);
            // Scripts may be loaded before or after the ports are known.
            let tasks = seen[kind]["task_results"].as_array().expect("tasks");
            assert!(tasks.iter().any(|task| task["task"] == "NSE"), "{seen:#}");
            assert_eq!(seen[kind]["runtime"]["exit"], "success");
        }
        let ssh = find(&seen["versions"]["127.0.0.1"]["ports"], "portid", "22");
        assert_eq!(ssh["service"]["product"], "OpenSSH");
        assert_begins(&ssh["cpe"][0]["cpe"], "cpe:/a:openbsd:openssh");
        assert_eq!(seen["list"]["127.0.0.1"]["state"]["state"], "unknown");
        let seen = asked("nmap3_runner.py", &[LINK, "::1", &format!("-6 {options}")]);
        assert_eq!(find(&seen["connect"]["::1"]["ports"], "portid", "22")["state"], "open");
    });
}

/// What a program asks that looks for Nmap; who asks for nseer gets nothing that pretends.
#[test]
fn the_banner_is_there_under_the_other_name_only() {
    lab::run("clients::runners::the_banner_is_there_under_the_other_name_only", |lab| {
        symlink(PROGRAM, LINK).expect("a link");
        let linked = lab::program(LINK, &["-V"]);
        assert!(
            linked.stdout.starts_with("Nmap version 7.93 ( https://nmap.org )\n"),
            "{linked:#?}"
        );
        assert!(linked.stdout.contains("nseer version"), "{linked:#?}");
        let own = lab.nseer(&["-V"]);
        assert!(
            own.stdout.starts_with("nseer version ") && !own.stdout.contains("Nmap"),
            "{own:#?}"
        );
    });
}
