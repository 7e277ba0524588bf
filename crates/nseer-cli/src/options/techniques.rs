//! Options that say how ports are scanned.

use super::{Category, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Scan types",
    about: "The letters of several types may follow one -s, as in -sTC. At most one type of TCP \
        scan may be chosen; without one it is -sT, for root too.",
    options: &[
        Opt::new(
            &["-sT"],
            Value::None,
            "scan TCP ports by connecting to them (this is the default)",
            "Scans TCP ports with full connections, for which no privileges are needed. This version \
            always does that; Nmap as root would use -sS.",
            |s, u| u.flag(&mut s.connect_scan),
        ),
        Opt::not_built(&["-sS"], Value::None, "TCP SYN scan", "-sT"),
        Opt::not_built(&["-sA"], Value::None, "TCP ACK scan", ""),
        Opt::not_built(&["-sW"], Value::None, "TCP window scan", ""),
        Opt::not_built(&["-sM"], Value::None, "TCP Maimon scan", ""),
        Opt::not_built(&["-sN"], Value::None, "TCP null scan", ""),
        Opt::not_built(&["-sF"], Value::None, "TCP FIN scan", ""),
        Opt::not_built(&["-sX"], Value::None, "TCP Xmas scan", ""),
        Opt::not_built(&["-sU"], Value::None, "UDP scan", ""),
        Opt::not_built(&["-sY"], Value::None, "SCTP INIT scan", ""),
        Opt::not_built(&["-sZ"], Value::None, "SCTP COOKIE ECHO scan", ""),
        Opt::not_built(&["-sO"], Value::None, "scan of IP protocols", ""),
        Opt::not_built(&["-sI"], Value::Required("ZOMBIE"), "idle scan through a third host", ""),
        Opt::not_built(&["-b"], Value::Required("RELAY"), "scan through an FTP server", ""),
        Opt::not_built(&["--scanflags"], Value::Required("FLAGS"), "TCP scan with these flags", ""),
    ],
};
