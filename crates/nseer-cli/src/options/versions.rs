//! Options of version detection.

use super::{Category, Complete, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Service versions",
    about: "Asking open ports what runs behind them.",
    options: &[
        Opt::new(
            &["-sV", "-sR"],
            Value::None,
            "find out the services and versions behind open ports",
            "Sends probes to open ports and tells from the answers which service, product and \
            version runs there. A service inside TLS is asked through TLS. Scripts of the category \
            version run too.",
            |s, u| u.flag(&mut s.versions),
        ),
        Opt::new(
            &["--version-intensity"],
            Value::Required("LEVEL"),
            "how rare a probe may be that is tried, 0 to 9 (7 if not given)",
            "Tries probes up to this rarity on every port, from 0 (hardly any) to 9 (all); 7 where the \
            option is not given. Probes that are meant for a port are always tried there.",
            |s, u| u.store(&mut s.version_intensity),
        ),
        Opt::new(
            &["--version-light"],
            Value::None,
            "the same as --version-intensity 2",
            "The same as --version-intensity 2: quicker, and finds a little less.",
            |s, _| {
                s.version_intensity = Some("2".into());
                Ok(())
            },
        ),
        Opt::new(
            &["--version-all"],
            Value::None,
            "the same as --version-intensity 9",
            "The same as --version-intensity 9: every probe is tried on every port.",
            |s, _| {
                s.version_intensity = Some("9".into());
                Ok(())
            },
        ),
        Opt::new(
            &["--version-trace"],
            Value::None,
            "show each probe and what it told",
            "Shows each probe that version detection sends, and what the answers told.",
            |s, u| u.flag(&mut s.version_trace),
        ),
        Opt::new(
            &["--versiondb"],
            Value::Required("FILE"),
            "take the version probes from FILE",
            "Takes the probes and match lines of version detection from FILE, which is written like \
            Nmap's nmap-service-probes. Lines that cannot be used are told and left out.",
            |s, u| u.store(&mut s.version_file),
        )
        .complete(Complete::Files),
        Opt::new(
            &["--allports"],
            Value::None,
            "ask the versions of all ports, excluded ones too",
            "Asks also those ports that the probe file excludes, such as those of printers that \
            print whatever they are sent.",
            |s, u| u.flag(&mut s.version_all_ports),
        ),
    ],
};
