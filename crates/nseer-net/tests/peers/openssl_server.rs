//! The `openssl` command: a certificate authority and a TLS server.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// A certificate and its key, in files.
pub(crate) struct Identity {
    _folder: TempDir,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Identity {
    /// A self-signed one; `key` are arguments of `openssl req` that choose the kind of key, and
    /// `config` its configuration file.
    pub(crate) fn new(key: &[&str], subject: &str, config: &str) -> Identity {
        let folder = tempfile::tempdir().expect("temporary directory");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("config"), config).expect("written");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "30", "-subj", subject, "-newkey"])
            .args(key)
            .arg("-config")
            .arg(path("config"))
            .arg("-out")
            .arg(path("certificate"))
            .arg("-keyout")
            .arg(path("key"))
            .output()
            .expect("the openssl command");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Identity { certificate: path("certificate"), key: path("key"), _folder: folder }
    }

    /// One with an elliptic-curve key, which is soon made, for the name `subject`.
    pub(crate) fn named(name: &str) -> Identity {
        let key = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
        let config = "[req]\ndistinguished_name=d\n[d]\n";
        Identity::new(&key, &format!("/CN={name}"), config)
    }

    /// The certificate in DER, by the openssl command.
    pub(crate) fn der(&self) -> Vec<u8> {
        der(&self.certificate)
    }
}

fn der(certificate: &Path) -> Vec<u8> {
    let read = Command::new("openssl")
        .args(["x509", "-outform", "DER", "-in"])
        .arg(certificate)
        .output()
        .expect("the openssl command");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    read.stdout
}

/// A server.
pub(crate) struct Server {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// One that sends each line back in reverse order. `options` are those of `openssl s_server`.
    pub(crate) fn start(identity: Option<&Identity>, options: &[&str]) -> Server {
        Server::spawn(identity, &[&["-rev"], options].concat())
    }

    /// One that talks to the test: see [`Server::say`] and [`Server::hears`].
    pub(crate) fn talking(identity: &Identity, options: &[&str]) -> Server {
        Server::spawn(Some(identity), options)
    }

    fn spawn(identity: Option<&Identity>, options: &[&str]) -> Server {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0"]).args(options);
        match identity {
            None => command.arg("-nocert"),
            Some(identity) => {
                command.arg("-cert").arg(&identity.certificate).arg("-key").arg(&identity.key)
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the openssl command");
        let mut output = BufReader::new(child.stdout.take().expect("standard output")).lines();
        let port = output.by_ref().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.trim().parse::<u16>().ok()
        });
        let port = port.expect("a port in the server's first lines");
        Server { child, output, address: (Ipv4Addr::LOCALHOST, port).into() }
    }

    /// Sends a line to the client.
    pub(crate) fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("standard input");
        // In one piece, since the server sends each piece by itself.
        input.write_all(format!("{line}\n").as_bytes()).expect("the server reads");
    }

    /// Waits until the client has sent this line.
    pub(crate) fn hears(&mut self, line: &str) {
        let heard = self.output.by_ref().map_while(Result::ok).any(|heard| heard == line);
        assert!(heard, "the server ended without {line:?}");
    }

    /// Ends the server, without a word to its client.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
