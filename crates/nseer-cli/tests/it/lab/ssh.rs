//! An SSH server as a test wants it, a user who may log in there, and keys.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::fs;
use std::path::Path;
use std::process::Command;

use super::daemons::start_tcp;
use super::{HOME, Lab, must};

/// The user of the lab.
pub(crate) const USER: &str = "tester";

/// Her password.
pub(crate) const PASSWORD: &str = "right one";

/// The passphrase of the keys that have one.
pub(crate) const PASSPHRASE: &str = "open sesame";

/// What the server shows to those who log in.
const BANNER: &str = "Private world\n";

/// Enough for a server that asks the system's own way, and nothing of the machine's.
const PAM: &str = "auth required pam_unix.so nullok nodelay\naccount required pam_unix.so\n";

impl Lab {
    /// Makes the user, in this mount namespace only. Her keys are accepted if they are named in
    /// [`Lab::let_in`].
    pub(crate) fn user(&self) {
        let hashed = Command::new("openssl").args(["passwd", "-6", PASSWORD]).output();
        let hashed = String::from_utf8(hashed.expect("openssl").stdout).expect("text");
        make_user(hashed.trim());
    }

    /// The same, but nobody asks her for a password.
    pub(crate) fn user_without_password(&self) {
        make_user("");
    }

    /// Makes a key pair with ssh-keygen's options; gives its path.
    pub(crate) fn ssh_key(&self, name: &str, options: &[&str]) -> String {
        let path = format!("{HOME}/{name}");
        let mut keygen = Command::new("ssh-keygen");
        must(keygen.args(["-q", "-C", name, "-f", &path]).args(options));
        path
    }

    /// These keys may log in.
    pub(crate) fn let_in(&self, keys: &[&str]) {
        let public = keys
            .iter()
            .map(|key| fs::read_to_string(format!("{key}.pub")).expect("the public half of a key"));
        let text: String = public.collect();
        fs::write(format!("{HOME}/authorized"), text).expect("the list of keys");
    }

    /// OpenSSH's server on all addresses, with these settings before our own (the first of two
    /// counts). Without a host key among them it has `host_key`.
    pub(crate) fn ssh_server(&self, port: u16, settings: &[&str]) {
        let banner = format!("{HOME}/ssh-banner");
        fs::write(&banner, BANNER).expect("the banner");
        let mut text = format!("{}\nPort {port}\n", settings.join("\n"));
        if !text.contains("HostKey ") {
            let key = format!("{HOME}/host_key");
            if !Path::new(&key).exists() {
                self.ssh_key("host_key", &["-t", "ed25519", "-N", ""]);
            }
            text += &format!("HostKey {key}\n");
        }
        text += &format!("AuthorizedKeysFile {HOME}/authorized\nBanner {banner}\n");
        text += "UsePAM no\nKbdInteractiveAuthentication no\nStrictModes no\nPrintMotd no\n";
        text += "MaxStartups 100\nMaxAuthTries 20\nPidFile none\n";
        let config = format!("{HOME}/sshd-{port}.conf");
        fs::write(&config, text).expect("the settings");
        let mut sshd = Command::new("/usr/sbin/sshd");
        start_tcp(&format!("sshd-{port}"), sshd.args(["-D", "-e", "-f", &config]), port);
    }

    /// The MD5 of a public key as the command ssh-keygen has it, in capitals.
    pub(crate) fn fingerprint(&self, key: &str) -> String {
        let mut keygen = Command::new("ssh-keygen");
        let output = keygen.args(["-l", "-E", "md5", "-f", &format!("{key}.pub")]).output();
        let text = String::from_utf8(output.expect("ssh-keygen").stdout).expect("text");
        let hash = text.split_whitespace().find_map(|word| word.strip_prefix("MD5:"));
        hash.unwrap_or_else(|| panic!("no hash in {text:?}")).to_uppercase()
    }
}

/// `hashed` is the password as crypt(5) has it.
fn make_user(hashed: &str) {
    let home = format!("{HOME}/{USER}");
    fs::create_dir_all(&home).expect("a home");
    let system = fs::read_to_string("/etc/passwd").expect("the users of the machine");
    let daemon = system.lines().find(|line| line.starts_with("sshd:"));
    let daemon = daemon.expect("a user sshd (Debian package openssh-server)");
    let users =
        format!("root:x:0:0::/root:/bin/sh\n{daemon}\n{USER}:x:1000:1000::{home}:/bin/sh\n");
    let rest = "19000::::::";
    let secrets = format!("root:*:{rest}\nsshd:*:{rest}\n{USER}:{hashed}:{rest}\n");
    put_over("/etc/passwd", &users);
    put_over("/etc/shadow", &secrets);
    put_over("/etc/pam.d/sshd", PAM);
}

/// Puts a file of ours in place of the machine's, in this mount namespace only.
fn put_over(system: &str, text: &str) {
    let ours = format!("{HOME}/{}", system.replace('/', "_"));
    fs::write(&ours, text).expect("a file of ours");
    must(Command::new("mount").args(["--bind", &ours, system]));
}
