//! Real daemons, each ready to be talked to when its method returns.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{HOME, Lab, must};

/// How long a daemon may take to listen: `POLLS` times `PAUSE`.
const POLLS: u32 = 2_000;
const PAUSE: Duration = Duration::from_millis(10);

/// A socket as the kernel lists it in `/proc/net`.
#[derive(Clone, Copy, Debug)]
enum Listening {
    Tcp(u16),
    Udp(u16),
}

impl Lab {
    /// The ident daemon, on port 113 of 127.0.0.1. It knows the owner of every connection here.
    pub(crate) fn oidentd(&self) {
        let mut oidentd = Command::new("/usr/sbin/oidentd");
        oidentd.args(["--foreground", "--nosyslog", "--address", "127.0.0.1"]);
        oidentd.args(["--config", "/dev/null"]);
        start("oidentd", &mut oidentd, &[Listening::Tcp(113)]);
    }

    /// OpenSSH's server, on all addresses. It belongs to root.
    pub(crate) fn sshd(&self, port: u16) {
        let key = format!("{HOME}/ssh_host_key");
        if !Path::new(&key).exists() {
            let mut keygen = Command::new("ssh-keygen");
            must(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", &key]));
        }
        let mut sshd = Command::new("/usr/sbin/sshd");
        sshd.args(["-D", "-e", "-f", "/dev/null", "-h", &key, "-p", &port.to_string()]);
        // By default it turns away, by chance, some of more than ten callers at a time.
        sshd.args(["-o", "MaxStartups=1000"]);
        start("sshd", &mut sshd, &[Listening::Tcp(port)]);
    }

    /// The paths of a key and of a certificate for `lab.test`, made once.
    pub(crate) fn certificate(&self) -> (String, String) {
        let (key, certificate) = (format!("{HOME}/tls.key"), format!("{HOME}/tls.crt"));
        if !Path::new(&key).exists() {
            let mut request = Command::new("openssl");
            request.args(["req", "-x509", "-nodes", "-newkey", "ec", "-days", "30"]);
            request.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=lab.test"]);
            must(request.args(["-keyout", &key, "-out", &certificate]));
        }
        (key, certificate)
    }

    /// OpenSSL's own web server, on all addresses: TLS, a page about the session for any `GET`.
    /// Its certificate is for `lab.test`.
    pub(crate) fn tls(&self, port: u16) {
        let (key, certificate) = self.certificate();
        let mut server = Command::new("openssl");
        server.args(["s_server", "-www", "-key", &key, "-cert", &certificate]);
        server.args(["-accept", &port.to_string()]);
        start("openssl", &mut server, &[Listening::Tcp(port)]);
    }

    /// Any other daemon that stays in the foreground: its command and the ports on which it listens.
    pub(crate) fn daemon(&self, name: &str, command: &mut Command, tcp: &[u16], udp: &[u16]) {
        let tcp = tcp.iter().copied().map(Listening::Tcp);
        let sockets: Vec<_> = tcp.chain(udp.iter().copied().map(Listening::Udp)).collect();
        start(name, command, &sockets);
    }

    /// dnsmasq, on port 53 of 127.0.0.1 (UDP and TCP), and named in `/etc/resolv.conf`:
    /// `lab.test` is 127.0.0.1 and the other way round; every other name does not exist.
    pub(crate) fn dns(&self) {
        let mut dnsmasq = Command::new("/usr/sbin/dnsmasq");
        dnsmasq.args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file"]);
        dnsmasq.args(["--no-resolv", "--no-hosts", "--log-facility=-", "--user=root"]);
        dnsmasq.args(["--listen-address=127.0.0.1", "--bind-interfaces"]);
        dnsmasq.args(["--host-record=lab.test,127.0.0.1", "--address=/#/"]);
        start("dnsmasq", &mut dnsmasq, &[Listening::Udp(53), Listening::Tcp(53)]);
        resolve_here();
    }
}

/// Puts our own resolv.conf in place of the machine's, in this mount namespace only.
fn resolve_here() {
    let text = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";
    let system = Path::new("/etc/resolv.conf");
    if let Ok(link) = fs::read_link(system) {
        // It leads into /run, which is empty here.
        let target = Path::new("/etc").join(link);
        fs::create_dir_all(target.parent().expect("a file has a folder")).expect("its folder");
        fs::write(&target, text).expect("the resolv.conf that the link names");
        return;
    }
    let ours = format!("{HOME}/resolv.conf");
    fs::write(&ours, text).expect("our resolv.conf");
    must(Command::new("mount").args(["--bind", &ours]).arg(system));
}

/// Starts a daemon in the foreground and waits until it listens on a TCP port.
pub(super) fn start_tcp(name: &str, command: &mut Command, port: u16) {
    start(name, command, &[Listening::Tcp(port)]);
}

/// Starts a daemon in the foreground and waits until it listens.
fn start(name: &str, command: &mut Command, sockets: &[Listening]) {
    let path = format!("{HOME}/{name}.log");
    let log = File::create(&path).expect("a log file");
    let errors = log.try_clone().expect("a second handle of the log");
    command.stdin(Stdio::null()).stdout(log).stderr(errors);
    let mut daemon = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
    for socket in sockets {
        wait(name, &mut daemon, *socket, &path);
    }
    // It is not waited for: it ends with the namespace.
}

fn wait(name: &str, daemon: &mut Child, socket: Listening, log: &str) {
    for _ in 0..POLLS {
        if is_listening(socket) {
            return;
        }
        let ended = daemon.try_wait().expect("the state of our own child");
        if let Some(status) = ended {
            let log = fs::read_to_string(log).unwrap_or_default();
            panic!("{name} ended ({status}) before it listened:\n{log}");
        }
        thread::sleep(PAUSE);
    }
    let log = fs::read_to_string(log).unwrap_or_default();
    panic!("{name} does not listen on {socket:?}:\n{log}");
}

/// Whether a socket of this network namespace listens, after proc(5), `/proc/net/tcp`.
fn is_listening(socket: Listening) -> bool {
    let (files, port, state) = match socket {
        Listening::Tcp(port) => (["/proc/net/tcp", "/proc/net/tcp6"], port, "0A"),
        Listening::Udp(port) => (["/proc/net/udp", "/proc/net/udp6"], port, "07"),
    };
    let end = format!(":{port:04X}");
    files.iter().any(|file| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines().skip(1).any(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let is_local = fields.next().is_some_and(|local| local.ends_with(&end));
            is_local && fields.nth(1) == Some(state)
        })
    })
}
