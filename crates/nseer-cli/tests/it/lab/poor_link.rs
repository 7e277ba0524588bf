//! A link to a second host that delays, loses and reorders packets.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{Lab, ip};

impl Lab {
    /// Puts a host between this one and that of `far_host`, whose cable is laid anew; IPv4 only.
    pub(crate) fn host_between(&self) {
        ip(&[
            "netns add between",
            "link del near",
            "link add near address 02:00:00:00:99:01 type veth peer name left netns between",
            "-n far link add far address 02:00:00:00:99:02 type veth peer name right netns between",
            "-n between link set left up",
            "-n between link set right up",
            "link set near up",
            "-n far link set far up",
            "address add 10.99.0.1/24 broadcast + dev near",
            "-n far address add 10.99.0.2/24 broadcast + dev far",
        ]);
    }

    /// Does something while the host between carries packets as a poor link does: `link.py` tells how.
    pub(crate) fn over_poor_link<T>(&self, act: impl FnOnce() -> T) -> T {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/lab/link.py");
        let mut python = Command::new("nsenter");
        python.args(["--net=/run/netns/between", "python3", program, "left", "right"]);
        let mut link = python.stdout(Stdio::piped()).spawn().expect("nsenter can be started");
        let mut line = String::new();
        let said = link.stdout.take().expect("a pipe");
        BufReader::new(said).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        let result = act();
        link.kill().expect("it runs");
        link.wait().expect("it ends");
        result
    }
}
