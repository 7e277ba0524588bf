//! A second host, which is another network namespace at the other end of a cable, and programs
//! that may not send raw packets to it.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::net::TcpStream;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use super::{Lab, ip, must};

/// How long the kernel may take: `POLLS` times `PAUSE`.
const POLLS: u32 = 2_000;
const PAUSE: Duration = Duration::from_millis(5);

impl Lab {
    /// Lays a cable to a second host, which answers what the kernel answers: from `near`, with
    /// 10.99.0.1 and fd99::1 on this host, to 10.99.0.2 and fd99::2.
    pub(crate) fn far_host(&self) {
        let ends = "address 02:00:00:00:99:01 type veth peer name far address 02:00:00:00:99:02";
        ip(&[
            "netns add far",
            &format!("link add near {ends} netns far"),
            "-n far link set lo up",
            "-n far link set far up",
            "link set near up",
            "address add 10.99.0.1/24 broadcast + dev near",
            "address add fd99::1/64 dev near nodad",
            "-n far address add 10.99.0.2/24 broadcast + dev far",
            "-n far address add fd99::2/64 dev far nodad",
        ]);
        // The one that is there shows the interfaces of the world outside.
        must(Command::new("mount").args(["-t", "sysfs", "sysfs", "/sys"]));
        for end in [&["link", "show", "near"][..], &["-n", "far", "link", "show", "far"]] {
            until("a cable that is up", || {
                let shown = Command::new("ip").arg("-o").args(end).output().expect("ip");
                String::from_utf8_lossy(&shown.stdout).contains("state UP")
            });
        }
    }

    /// Addresses of the cable itself: `fe80::a` on this host, `fe80::b` on the other one.
    pub(crate) fn link_local(&self) {
        ip(&[
            "address add fe80::a/64 dev near nodad",
            "-n far address add fe80::b/64 dev far nodad",
        ]);
    }

    /// A link that nobody else is on: `fe80::e` on the interface `other`.
    pub(crate) fn other_link(&self) {
        ip(&[
            "link add other type veth peer name away",
            "link set away up",
            "link set other up",
            "address add fe80::e/64 dev other nodad",
        ]);
    }

    /// Interfaces of other kinds, beside those of `far_host`: an address more and another MTU, one that
    /// is up without an address, and one that is down.
    pub(crate) fn odd_interfaces(&self) {
        ip(&[
            "address add 10.97.0.1/24 dev near",
            "link set near mtu 1400",
            "link add bare type veth peer name down",
            "link set bare up",
        ]);
    }

    /// dnsmasq on the other host, so that TCP port 53 is open there.
    pub(crate) fn far_dns(&self) {
        let mut dnsmasq = Command::new("nsenter");
        dnsmasq.args(["--net=/run/netns/far", "/usr/sbin/dnsmasq", "--keep-in-foreground"]);
        dnsmasq.args(["--conf-file=/dev/null", "--pid-file", "--no-resolv", "--no-hosts"]);
        dnsmasq.args(["--log-facility=-", "--user=root", "--group=root"]);
        let daemon = dnsmasq.spawn().expect("nsenter (Debian package util-linux) can be started");
        until_listening(daemon);
        // It is not waited for: it ends with the lab.
    }

    /// A third host behind the other one, which is its router: 10.98.0.2.
    pub(crate) fn farther_host(&self) {
        ip(&[
            "netns add farther",
            "-n far link add onward type veth peer name back netns farther",
            "-n farther link set lo up",
            "-n farther link set back up",
            "-n far link set onward up",
            "-n far address add 10.98.0.1/24 dev onward",
            "-n farther address add 10.98.0.2/24 dev back",
            "-n farther route add default via 10.98.0.1",
            "route add 10.98.0.0/24 via 10.99.0.2",
        ]);
        // Both answer as fast as they are asked.
        self.far(&["sysctl", "-q", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0"]);
        let farther = ["--net=/run/netns/farther", "sysctl", "-q", "net.ipv4.icmp_ratelimit=0"];
        must(Command::new("nsenter").args(farther));
    }

    /// The other host drops and rejects packets in every way that a firewall knows; ports 53 and 81
    /// are left alone. It answers as fast as it is asked.
    pub(crate) fn far_firewall(&self) {
        let chain = "type filter hook input priority 0
            meta l4proto { tcp, udp } th dport 82 drop
            tcp dport 83 reject with tcp reset
            meta l4proto { tcp, udp } th dport 84 reject with icmpx admin-prohibited
            meta l4proto { tcp, udp } th dport 85 reject with icmpx host-unreachable
            meta l4proto { tcp, udp } th dport 86 reject with icmpx port-unreachable
            meta l4proto { tcp, udp } th dport 87 reject with icmpx no-route
            meta nfproto ipv4 meta l4proto { tcp, udp } th dport 88 reject with icmp prot-unreachable
            meta nfproto ipv4 meta l4proto { tcp, udp } th dport 89 reject with icmp net-prohibited
            meta nfproto ipv4 meta l4proto { tcp, udp } th dport 90 reject with icmp host-prohibited
            tcp dport 91 tcp flags & ack == 0 drop
            tcp dport 92 tcp flags & (fin | syn | rst | ack) == syn reject with icmpx admin-prohibited
            tcp dport 92 drop
            ip daddr 10.99.0.3 icmp type echo-request drop
            ip daddr 10.99.0.4 drop";
        let chain = chain.replace('\n', ";");
        let rules = format!("table inet lab {{ chain in {{ {chain}; }}; }}");
        self.far(&["nft", &rules]);
        self.far(&["sysctl", "-q", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]);
        for address in ["10.99.0.3/24", "10.99.0.4/24"] {
            self.far(&["ip", "address", "add", address, "dev", "far"]);
        }
    }

    /// The router on the way to the third host rejects packets to some of its ports, and drops those to 10.98.0.66.
    pub(crate) fn router_rejects(&self) {
        let chain = "type filter hook forward priority 0
            meta l4proto { tcp, udp } th dport 84 reject with icmpx admin-prohibited
            meta l4proto { tcp, udp } th dport 85 reject with icmpx host-unreachable
            meta l4proto { tcp, udp } th dport 86 reject with icmpx port-unreachable
            meta l4proto { tcp, udp } th dport 87 reject with icmp host-prohibited
            ip daddr 10.98.0.66 drop";
        let chain = chain.replace('\n', ";");
        self.far(&["nft", &format!("table inet router {{ chain on {{ {chain}; }}; }}")]);
    }

    /// The other host drops and rejects packets of some protocols. It answers as fast as it is asked.
    pub(crate) fn far_protocols(&self) {
        let chain = "type filter hook input priority 0
            meta l4proto 47 drop
            meta l4proto 50 reject with icmpx admin-prohibited
            meta l4proto 51 reject with icmpx host-unreachable
            meta l4proto 89 reject with icmpx no-route
            meta l4proto 4 reject with icmpx port-unreachable
            meta nfproto ipv4 meta l4proto 88 reject with icmp prot-unreachable
            meta nfproto ipv4 meta l4proto 5 reject with icmp net-prohibited
            meta nfproto ipv4 meta l4proto 3 reject with icmp host-prohibited";
        let chain = chain.replace('\n', ";");
        let rules = format!("table inet lab {{ chain in {{ {chain}; }}; }}");
        self.far(&["nft", &rules]);
        self.far(&["sysctl", "-q", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]);
    }

    /// A firewall of this host forbids TCP to an address.
    pub(crate) fn forbid_sending_to(&self, address: &str) {
        let chain = format!(
            "type filter hook output priority 0; ip daddr {address} meta l4proto tcp drop;"
        );
        must(Command::new("nft").arg(format!("table inet forbid {{ chain out {{ {chain} }}; }}")));
    }

    /// Switches this end of the cable off when so many packets have gone through it.
    pub(crate) fn cut_cable_after(&self, packets: u64) {
        let sent = || -> u64 {
            let text = std::fs::read_to_string("/sys/class/net/near/statistics/tx_packets");
            text.expect("a counter").trim().parse().expect("a number")
        };
        let end = sent() + packets;
        until("packets of a scan", || sent() >= end);
        ip(&["link set near down"]);
    }

    /// Runs nseer with a limit of open files.
    pub(crate) fn nseer_with_descriptors(&self, limit: u32, args: &[&str]) -> super::Output {
        let limit = format!("--nofile={limit}:{limit}");
        let before = [limit.as_str(), env!("CARGO_BIN_EXE_nseer")];
        super::programs::program("prlimit", &[&before, args].concat())
    }

    /// The names that this host knows by itself, in the form of hosts(5), and no others.
    pub(crate) fn names(&self, hosts: &str) {
        let path = format!("{}/hosts", super::HOME);
        let is_new = !std::fs::exists(&path).unwrap_or_default();
        std::fs::write(&path, hosts).expect("a file of the lab");
        if is_new {
            must(Command::new("mount").args(["--bind", &path, "/etc/hosts"]));
        }
    }

    /// Runs a command on the other host.
    pub(crate) fn far(&self, args: &[&str]) {
        must(Command::new("nsenter").arg("--net=/run/netns/far").args(args));
    }

    /// Runs nseer without the right to raw packets, which root has otherwise.
    pub(crate) fn nseer_without_raw(&self, args: &[&str]) -> super::Output {
        self.without_raw(env!("CARGO_BIN_EXE_nseer"), args)
    }

    /// The same for the real nmap.
    pub(crate) fn nmap_without_raw(&self, args: &[&str]) -> super::Output {
        self.without_raw("nmap", args)
    }

    fn without_raw(&self, program: &str, args: &[&str]) -> super::Output {
        let before = ["--bounding-set", "-net_raw", "--inh-caps", "-net_raw", program];
        super::programs::program("setpriv", &[&before, args].concat())
    }
}

fn until_listening(mut daemon: Child) {
    until("dnsmasq on the other host", || {
        let ended = daemon.try_wait().expect("the state of our own child");
        assert_eq!(ended, None, "dnsmasq ended before it listened");
        TcpStream::connect("10.99.0.2:53").is_ok()
    });
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..POLLS {
        if holds() {
            return;
        }
        thread::sleep(PAUSE);
    }
    panic!("waited in vain for {what}");
}
