//! Options of operating system detection, which this version does not have.

use super::{Category, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Operating system",
    about: "Telling the operating system of a host from the way it answers.",
    options: &[
        Opt::not_built(&["-O"], Value::None, "find out the operating system", ""),
        Opt::not_built(&["--osscan-limit"], Value::None, "only ask promising hosts", ""),
        Opt::not_built(
            &["--osscan-guess", "--fuzzy"],
            Value::None,
            "guess the operating system more boldly",
            "",
        ),
        Opt::not_built(
            &["--max-os-tries"],
            Value::Required("NUMBER"),
            "how often to try the detection",
            "",
        ),
    ],
};
