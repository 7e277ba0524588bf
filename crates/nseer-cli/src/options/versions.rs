//! Options of version detection, which this version does not have.

use super::{Category, Complete, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Service versions",
    about: "Asking open ports what runs behind them.",
    options: &[
        Opt::not_built(
            &["-sV", "-sR"],
            Value::None,
            "find out the versions of services",
            "--script banner",
        ),
        Opt::not_built(
            &["--version-intensity"],
            Value::Required("LEVEL"),
            "how many version probes to try, 0 to 9",
            "",
        ),
        Opt::not_built(&["--version-light"], Value::None, "version intensity 2", ""),
        Opt::not_built(&["--version-all"], Value::None, "version intensity 9", ""),
        Opt::not_built(&["--version-trace"], Value::None, "trace the version detection", ""),
        Opt::not_built(
            &["--versiondb"],
            Value::Required("FILE"),
            "take the version probes from FILE",
            "",
        )
        .complete(Complete::Files),
        Opt::not_built(&["--allports"], Value::None, "ask the versions of all ports", ""),
    ],
};
