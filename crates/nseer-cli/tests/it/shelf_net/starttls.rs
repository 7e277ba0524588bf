//! Services that begin with TLS by a command of their own protocol: real daemons, beside the real nmap.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::Command;

use super::{ours, theirs};
use crate::lab::{self, Lab};

/// A folder of its own for a daemon's files.
fn folder(name: &str) -> String {
    let path = format!("/run/lab/{name}");
    fs::create_dir_all(&path).expect("a folder in /run");
    path
}

/// Writes a daemon's settings, with `{home}`, `{key}` and `{crt}` filled in.
fn settings(lab: &Lab, home: &str, file: &str, text: &str) -> String {
    let (key, certificate) = lab.certificate();
    let text = text.replace("{home}", home).replace("{key}", &key).replace("{crt}", &certificate);
    let path = format!("{home}/{file}");
    fs::write(&path, text).expect("its settings");
    path
}

/// Gives a file or folder to a user of the system.
fn give(path: &str, user: &str) {
    let passwd = fs::read_to_string("/etc/passwd").expect("the users");
    let ids = passwd.lines().find_map(|line| {
        let mut fields = line.strip_prefix(user)?.strip_prefix(':')?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    let (user, group) = ids.unwrap_or_else(|| panic!("no user {user}"));
    chown(path, Some(user), Some(group)).expect("a file of ours");
}

fn vsftpd(lab: &Lab) {
    let home = folder("vsftpd");
    let text = "listen=YES\nbackground=NO\nanonymous_enable=YES\nanon_root={home}\n\
        secure_chroot_dir={home}\nssl_enable=YES\nallow_anon_ssl=YES\nrsa_cert_file={crt}\n\
        rsa_private_key_file={key}\nxferlog_enable=NO\n";
    let file = settings(lab, &home, "vsftpd.conf", text);
    lab.daemon("vsftpd", Command::new("vsftpd").arg(file), &[21], &[]);
}

fn postfix(lab: &Lab) {
    let home = folder("postfix");
    for name in ["spool", "data"] {
        folder(&format!("postfix/{name}"));
    }
    give(&format!("{home}/data"), "postfix");
    let main = "compatibility_level=3.6\nmyhostname=mail.lab.test\nmydestination=\n\
        inet_interfaces=127.0.0.1\ninet_protocols=ipv4\nqueue_directory={home}/spool\n\
        data_directory={home}/data\nsmtpd_tls_cert_file={crt}\nsmtpd_tls_key_file={key}\n\
        smtpd_tls_security_level=may\nmaillog_file=/dev/stdout\nsmtpd_peername_lookup=no\n\
        local_recipient_maps=\nalias_maps=\nsmtpd_client_connection_count_limit=0\n";
    settings(lab, &home, "main.cf", main);
    let master = "smtp inet n - n - - smtpd\ncleanup unix n - n - 0 cleanup\n\
        rewrite unix - - n - - trivial-rewrite\nanvil unix - - n - 1 anvil\n\
        postlog unix-dgram n - n - 1 postlogd\ntlsmgr unix - - n 1000? 1 tlsmgr\n";
    settings(lab, &home, "master.cf", master);
    lab.daemon("postfix", Command::new("postfix").args(["-c", &home, "start-fg"]), &[25], &[]);
}

fn dovecot(lab: &Lab) {
    let home = folder("dovecot");
    let text = "protocols=imap pop3\nlisten=127.0.0.1\nbase_dir={home}/run\nlog_path={home}/log\n\
        ssl=yes\nssl_cert=<{crt}\nssl_key=<{key}\npassdb {\n driver=static\n}\n";
    let file = settings(lab, &home, "dovecot.conf", text);
    lab.daemon("dovecot", Command::new("dovecot").args(["-F", "-c", &file]), &[110, 143], &[]);
}

fn slapd(lab: &Lab) {
    let home = folder("slapd");
    let text = "include /etc/ldap/schema/core.schema\npidfile {home}/pid\nmodulepath /usr/lib/ldap\n\
        moduleload back_mdb\nTLSCertificateFile {crt}\nTLSCertificateKeyFile {key}\ndatabase mdb\n\
        suffix \"dc=lab,dc=test\"\ndirectory {home}\naccess to * by * read\n";
    let file = settings(lab, &home, "slapd.conf", text);
    let mut slapd = Command::new("slapd");
    slapd.args(["-d", "0", "-f", &file, "-h", "ldap://127.0.0.1:389"]);
    lab.daemon("slapd", &mut slapd, &[389], &[]);
}

/// Debian keeps PostgreSQL's programs in a folder of their version.
fn postgres_program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("the Debian package postgresql");
    let programs = versions.flatten().map(|version| version.path().join("bin").join(name));
    programs.max().expect("a version of PostgreSQL")
}

/// A server whose owner, who is called `postgres`, logs in in this way, with this password.
fn postgres(lab: &Lab, way: &str, password: &str) {
    let home = folder("postgres");
    let secret = format!("{home}/password");
    fs::write(&secret, password).expect("a file");
    give(&secret, "postgres");
    give(&home, "postgres");
    let as_postgres = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"];
    let data = format!("{home}/data");
    let mut initdb = Command::new("setpriv");
    initdb.args(as_postgres).arg(postgres_program("initdb"));
    initdb.args(["-D", &data, "-A", way, "--locale=C.UTF-8", "-N"]);
    initdb.args(["-U", "postgres", "--pwfile", &secret]);
    let made = initdb.output().expect("setpriv (Debian package util-linux) can be started");
    assert!(made.status.success(), "{made:?}");
    let (key, certificate) = lab.certificate();
    for (from, name) in [(key, "server.key"), (certificate, "server.crt")] {
        let file = format!("{data}/{name}");
        // The mode comes along: nobody else may read the key.
        fs::copy(from, &file).expect("a copy");
        give(&file, "postgres");
    }
    let mut postgres = Command::new("setpriv");
    postgres.args(as_postgres).arg(postgres_program("postgres"));
    postgres.args(["-D", &data, "-c", "listen_addresses=127.0.0.1", "-k", &home, "-c", "ssl=on"]);
    lab.daemon("postgres", &mut postgres, &[5432], &[]);
}

fn mariadb(lab: &Lab) {
    let home = folder("mariadb");
    let (key, certificate) = lab.certificate();
    let mut mariadb = Command::new("mariadbd");
    mariadb.args(["--no-defaults", "--user=root", "--skip-grant-tables", "--skip-networking=0"]);
    mariadb.args(["--skip-innodb", "--default-storage-engine=myisam", "--skip-name-resolve"]);
    mariadb.args(["--bind-address=127.0.0.1", &format!("--datadir={home}")]);
    mariadb.args([format!("--socket={home}/socket"), format!("--pid-file={home}/pid")]);
    mariadb.args([format!("--ssl-cert={certificate}"), format!("--ssl-key={key}")]);
    lab.daemon("mariadb", &mut mariadb, &[3306], &[]);
}

fn prosody(lab: &Lab) {
    let home = folder("prosody");
    let text = "interfaces={\"127.0.0.1\"}\ndata_path=\"{home}\"\npidfile=\"{home}/pid\"\n\
        run_as_root=true\nlog={{levels={min=\"info\"};to=\"console\"}}\nplugin_paths={}\n\
        modules_enabled={\"tls\";\"disco\";\"saslauth\";\"dialback\"}\nmodules_disabled={\"posix\"}\n\
        authentication=\"internal_plain\"\nc2s_require_encryption=false\nVirtualHost \"lab.test\"\n\
        ssl={key=\"{key}\";certificate=\"{crt}\"}\n";
    let file = settings(lab, &home, "prosody.cfg.lua", text);
    let mut prosody = Command::new("prosody");
    prosody.args(["-F", "--config", &file]);
    lab.daemon("prosody", &mut prosody, &[5222, 5269], &[]);
}

/// What nmap shows of TLS behind these ports is shown, and more than that: it has only the certificate of a
/// server of XMPP.
fn same_behind(lab: &Lab, ports: &[u16]) {
    // The name is known to a name server, since a server of XMPP wants to be called by it.
    lab.dns();
    let scripts = "ssl-cert,ssl-enum-ciphers,ssl-date";
    let list: Vec<String> = ports.iter().map(u16::to_string).collect();
    let list = list.join(",");
    let expected = theirs(lab, scripts, &list, &[], "lab.test");
    let output = ours(lab, scripts, &list, &[], "lab.test");
    for port in ports {
        let heading = format!("{port}/tcp");
        let (ours, theirs) = (results(&output, &heading), results(&expected, &heading));
        assert!(!theirs.is_empty(), "nmap shows nothing on port {port}: {expected:#?}");
        for result in theirs {
            assert!(ours.contains(&result), "port {port}: {result:#?} is not in {ours:#?}");
        }
        let text = ours.concat();
        for part in ["ssl-cert: Subject: commonName=lab.test", "TLSv1.3:", "ssl-date: "] {
            assert!(text.contains(part), "no {part} on port {port}: {ours:#?}");
        }
    }
}

/// The results below a port, in a fixed order: they are shown as they end. In each the first and the last line
/// have other marks than the rest.
fn results(output: &lab::Output, heading: &str) -> Vec<String> {
    let mut results: Vec<String> = Vec::new();
    for line in output.under(heading) {
        let text = line.get(1..).unwrap_or_default();
        let is_first =
            text.starts_with([' ', '_']) && !text.starts_with("  ") && text.contains("ssl-");
        match results.last_mut() {
            Some(result) if !is_first => result.push_str(text.trim_start_matches('_')),
            _ => results.push(text.trim_start_matches('_').trim_start().to_owned()),
        }
    }
    results.sort();
    results
}

#[test]
fn mail() {
    lab::run("shelf_net::starttls::mail", |lab| {
        postfix(lab);
        dovecot(lab);
        same_behind(lab, &[25, 110, 143]);
    });
}

#[test]
fn databases() {
    lab::run("shelf_net::starttls::databases", |lab| {
        mariadb(lab);
        postgres(lab, "trust", "any");
        same_behind(lab, &[3306, 5432]);
    });
}

#[test]
fn files_directories_and_messages() {
    lab::run("shelf_net::starttls::files_directories_and_messages", |lab| {
        vsftpd(lab);
        slapd(lab);
        prosody(lab);
        same_behind(lab, &[21, 389, 5222, 5269]);
    });
}

/// A password is proved by SCRAM-SHA-256 (RFC 7677), and a wrong one is none.
#[test]
fn a_password_is_proved_to_postgresql() {
    lab::run("shelf_net::starttls::a_password_is_proved_to_postgresql", |lab| {
        postgres(lab, "scram-sha-256", "p\u{e4}ss word");
        let script = lab.script("logs-in-to-postgresql");
        for (password, shown) in [
            ("p\u{e4}ss word", "SASL: let in by version "),
            ("p\u{e4}ssword", "SASL: refused: password authentication failed"),
        ] {
            let given = format!("password={password}");
            let output = ours(lab, &script, "5432", &["--script-args", &given], "127.0.0.1");
            let lines = output.under("5432/tcp").concat();
            assert!(lines.contains(shown), "no {shown:?}: {output:#?}");
        }
    });
}
