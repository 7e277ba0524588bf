//! Beside the real nmap, on real daemons.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::fs;
use std::process::Command;

use super::{Case, ours, same_as_nmap};
use crate::lab::{self, Lab};

/// A folder of its own for a daemon's files.
pub(super) fn folder(name: &str) -> String {
    let path = format!("/run/lab/{name}");
    fs::create_dir_all(&path).expect("a folder in /run");
    path
}

#[test]
fn name_servers() {
    lab::run("shelf_infra::daemons::name_servers", |lab| {
        lab.dns();
        same_as_nmap(lab, &[Case { script: "dns-nsid", heading: "53/udp", ports: "U:53" }]);
        // The same over TCP, which the older script of this name does not ask.
        let output = ours(lab, "dns-nsid", "53");
        assert!(output.stdout.contains("bind.version: dnsmasq-"), "{output:#?}");
    });
}

#[test]
fn agents_of_snmp() {
    lab::run("shelf_infra::daemons::agents_of_snmp", |lab| {
        let home = folder("snmp");
        let settings = "rocommunity public\nsysdescr A printer\nsysname printer.test\n";
        fs::write(format!("{home}/snmpd.conf"), settings).expect("its settings");
        let mut snmpd = Command::new("/usr/sbin/snmpd");
        snmpd.args(["-f", "-Lo", "-C", "-c", &format!("{home}/snmpd.conf"), "-I", "-smux"]);
        snmpd.arg("udp:127.0.0.1:161").env("SNMP_PERSISTENT_DIR", &home);
        lab.daemon("snmpd", &mut snmpd, &[], &[161]);
        let script = "snmp-sysdescr,snmp-info,snmp-interfaces";
        same_as_nmap(lab, &[Case { script, heading: "161/udp", ports: "U:161" }]);
        let output = ours(lab, "snmp-processes,snmp-netstat", "U:161");
        assert!(output.stdout.contains("Name: snmpd"), "{output:#?}");
        assert!(output.stdout.contains("UDP  127.0.0.1:161"), "{output:#?}");
    });
}

/// A small file server of Windows' kind that lets everybody in as a guest. Its shares are settings as well.
pub(super) fn samba(lab: &Lab, shares: &str) {
    let home = folder("samba");
    let settings = format!(
        "[global]\nworkgroup=LABGROUP\nnetbios name=LABSMB\ninterfaces=127.0.0.1/8\n\
         bind interfaces only=yes\nmap to guest=Bad User\nserver min protocol=NT1\nntlm auth=yes\n\
         private dir={home}\nlock directory={home}\nstate directory={home}\ncache directory={home}\n\
         pid directory={home}\nncalrpc dir={home}\nlog file={home}/log\nload printers=no\n\
         disable spoolss=yes\npassdb backend=tdbsam:{home}/passdb.tdb\nguest account=root\n{shares}"
    );
    fs::write(format!("{home}/smb.conf"), settings).expect("its settings");
    let mut smbd = Command::new("/usr/sbin/smbd");
    smbd.args(["-F", "--no-process-group", "-s", &format!("{home}/smb.conf")]);
    lab.daemon("smbd", &mut smbd, &[139, 445], &[]);
}

#[test]
fn file_servers_of_windows() {
    lab::run("shelf_infra::daemons::file_servers_of_windows", |lab| {
        samba(lab, "");
        let script = "smb-os-discovery,smb-security-mode,smb2-security-mode,smb2-time";
        same_as_nmap(lab, &[Case { script, heading: "Host script results", ports: "139,445" }]);
        let output = ours(lab, "smb-os-discovery,smb2-capabilities,smb-protocols", "139");
        assert!(output.stdout.contains("NetBIOS computer name: LABSMB"), "{output:#?}");
        assert!(output.stdout.contains("NT LM 0.12 (SMBv1)"), "{output:#?}");
        assert!(output.stdout.contains("Distributed File System"), "{output:#?}");
    });
}

#[test]
fn caches_and_databases() {
    lab::run("shelf_infra::daemons::caches_and_databases", |lab| {
        let mut redis = Command::new("redis-server");
        redis.args(["--port", "6379", "--bind", "127.0.0.1", "--save", "", "--dir"]);
        redis.arg(folder("redis"));
        lab.daemon("redis-server", &mut redis, &[6379], &[]);
        let mut memcached = Command::new("memcached");
        memcached.args(["-u", "root", "-l", "127.0.0.1", "-p", "11211", "-U", "11211"]);
        lab.daemon("memcached", &mut memcached, &[11211], &[11211]);
        same_as_nmap(
            lab,
            &[
                Case { script: "redis-info", heading: "6379/tcp", ports: "6379" },
                Case { script: "memcached-info", heading: "11211/tcp", ports: "11211" },
                Case { script: "memcached-info", heading: "11211/udp", ports: "U:11211" },
            ],
        );
    });
}

#[test]
fn a_redis_server_that_asks_for_a_password() {
    lab::run("shelf_infra::daemons::a_redis_server_that_asks_for_a_password", |lab| {
        let mut redis = Command::new("redis-server");
        redis.args(["--port", "6379", "--bind", "127.0.0.1", "--requirepass", "x", "--dir"]);
        redis.arg(folder("redis"));
        lab.daemon("redis-server", &mut redis, &[6379], &[]);
        let lines = ["| redis-info: ", "|_  Authentication: required"];
        assert_eq!(ours(lab, "redis-info", "6379").under("6379/tcp"), lines);
    });
}

#[test]
fn directories() {
    lab::run("shelf_infra::daemons::directories", |lab| {
        let home = folder("slapd");
        let settings = format!(
            "include /etc/ldap/schema/core.schema\npidfile {home}/pid\nmodulepath /usr/lib/ldap\n\
             moduleload back_mdb\ndatabase mdb\nsuffix \"dc=lab,dc=test\"\ndirectory {home}\n\
             access to * by * read\n"
        );
        fs::write(format!("{home}/slapd.conf"), settings).expect("its settings");
        let mut slapd = Command::new("/usr/sbin/slapd");
        slapd.args(["-d", "0", "-f", &format!("{home}/slapd.conf"), "-h", "ldap://127.0.0.1:389"]);
        lab.daemon("slapd", &mut slapd, &[389], &[]);
        same_as_nmap(lab, &[Case { script: "ldap-rootdse", heading: "389/tcp", ports: "389" }]);
    });
}

#[test]
fn programs_of_rpc() {
    lab::run("shelf_infra::daemons::programs_of_rpc", |lab| {
        let mut rpcbind = Command::new("/sbin/rpcbind");
        rpcbind.args(["-f", "-w"]);
        lab.daemon("rpcbind", &mut rpcbind, &[111], &[111]);
        same_as_nmap(
            lab,
            &[
                Case { script: "rpcinfo", heading: "111/tcp", ports: "111" },
                Case { script: "rpcinfo", heading: "111/udp", ports: "U:111" },
            ],
        );
    });
}

#[test]
fn modules_of_rsync() {
    lab::run("shelf_infra::daemons::modules_of_rsync", |lab| {
        let home = folder("rsync");
        let settings = "use chroot = no\n[pub]\npath = /run/lab\ncomment = Public area\n";
        fs::write(format!("{home}/rsyncd.conf"), settings).expect("its settings");
        let mut rsync = Command::new("rsync");
        rsync.args(["--daemon", "--no-detach", "--address=127.0.0.1", "--port=873"]);
        rsync.arg(format!("--config={home}/rsyncd.conf"));
        lab.daemon("rsync", &mut rsync, &[873], &[]);
        let output = ours(lab, "rsync-list-modules", "873");
        assert_eq!(output.under("873/tcp").len(), 2, "{output:#?}");
        assert!(output.stdout.contains("Public area"), "{output:#?}");
    });
}

#[test]
fn hosts_by_port() {
    lab::run("shelf_infra::daemons::hosts_by_port", |lab| {
        lab.sshd(22);
        let case =
            Case { script: "reverse-index", heading: "Post-scan script results", ports: "22" };
        same_as_nmap(lab, &[case]);
    });
}
