//! Options that belong nowhere else.

use super::{Category, Complete, Opt, Value};
use crate::settings::PageRequest;

/// What `--generate` prints.
pub(crate) const GENERATED: &[&str] =
    &["man", "complete-bash", "complete-zsh", "complete-fish", "json-schema"];

pub(super) const CATEGORY: Category = Category {
    title: "Miscellaneous",
    about: "",
    options: &[
        Opt::new(
            &["--datadir"],
            Value::Required("FOLDER"),
            "look for data files, scripts and libraries in FOLDER first",
            "Looks for data files, scripts and libraries in FOLDER first, then in the folder that \
            the environment variable NMAPDIR names, and in ~/.nmap. With the data folder of an \
            installed Nmap, its scripts are used. nseer's own library is used only where neither \
            FOLDER nor NMAPDIR is given: the two never mix.",
            |s, u| u.store(&mut s.data_folder),
        )
        .complete(Complete::Folders),
        Opt::new(
            &["--privileged"],
            Value::None,
            "take it that raw packets may be sent",
            "Takes it that raw packets may be sent and received, whoever the user is. The environment \
            variable NMAP_PRIVILEGED does the same.",
            |s, _| {
                s.privileged = Some(true);
                Ok(())
            },
        ),
        Opt::new(
            &["--unprivileged"],
            Value::None,
            "take it that raw packets may not be sent",
            "Takes it that raw packets may not be sent, even by root. The environment variable \
            NMAP_UNPRIVILEGED does the same.",
            |s, _| {
                s.privileged = Some(false);
                Ok(())
            },
        ),
        Opt::no_effect(
            &["--release-memory"],
            Value::None,
            "accepted, no effect: memory is released anyway",
            "Accepted without effect: memory is given back at the end of a run anyway.",
        ),
        Opt::new(
            &["-V", "--version"],
            Value::None,
            "print the version",
            "Prints the version and does nothing else.",
            |s, _| {
                s.page = Some(PageRequest::Version);
                Ok(())
            },
        ),
        Opt::new(
            &["-h"],
            Value::None,
            "print a summary of the options used most",
            "Prints one screen with the options that are used most.",
            |s, _| {
                s.page = Some(PageRequest::Summary);
                Ok(())
            },
        ),
        Opt::new(
            &["--help"],
            Value::None,
            "print all options",
            "Prints all options, each with a line that says what it does.",
            |s, _| {
                s.page = Some(PageRequest::Help);
                Ok(())
            },
        ),
        Opt::new(
            &["--generate"],
            Value::Required("KIND"),
            "print the man page, a completion script or the schema of JSON output",
            "Prints the man page (man), a completion script (complete-bash, complete-zsh, \
            complete-fish) or the JSON Schema of JSON lines (json-schema).",
            |s, u| {
                s.page = Some(PageRequest::Generate(u.value.unwrap_or_default()));
                Ok(())
            },
        )
        .complete(Complete::Words(GENERATED))
        .hidden(),
        Opt::new(
            &["-A"],
            Value::None,
            "versions, default scripts and, where allowed, -O and traceroute at once",
            "Finds out versions (-sV) and runs the default scripts (-sC); where raw packets may be sent, \
            also finds out operating systems (-O) and traces the way to each host (--traceroute).",
            |s, u| {
                u.flag(&mut s.versions)?;
                s.default_scripts = true;
                s.aggressive = true;
                Ok(())
            },
        ),
        Opt::not_built(&["--thc"], Value::None, "a greeting", ""),
    ],
};
