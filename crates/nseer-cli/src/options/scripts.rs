//! Options of the script engine.

use nseer_check::rules::CATEGORIES;

use super::{Category, Complete, Opt, Value};

/// The categories that scripts put themselves in, offered by shells after `--script`.
const CATEGORY_NAMES: &[&str] = &all_and::<{ CATEGORIES.len() + 1 }>(CATEGORIES);

const fn all_and<const N: usize>(categories: &[&'static str]) -> [&'static str; N] {
    let mut names = ["all"; N];
    let mut i = 1;
    while i < N {
        names[i] = categories[i - 1];
        i += 1;
    }
    names
}

pub(super) const CATEGORY: Category = Category {
    title: "Scripts",
    about: "Scripts run before the scan, once for each host, once for each open port, and after the \
        scan, as each of them says.",
    options: &[
        Opt::new(
            &["-sC"],
            Value::None,
            "run the scripts of the category 'default'",
            "Runs the scripts of the category default, unless --script says which to run.",
            |s, u| u.flag(&mut s.default_scripts),
        ),
        Opt::new(
            &["--script"],
            Value::Required("SCRIPTS"),
            "run these scripts: names, categories, files, folders/, expressions",
            "Runs these scripts. The value is a comma-separated list of names (with * as a \
            wildcard), categories, files, folders that end in a slash, and expressions of these with \
            and, or, not and parentheses. A + in front runs a script although its rule says no. \
            Repeated uses add up.",
            |s, u| u.push(&mut s.scripts),
        )
        .complete(Complete::Words(CATEGORY_NAMES)),
        Opt::new(
            &["--script-args"],
            Value::Required("ARGS"),
            "hand arguments to scripts: name=value,name={a,b}",
            "Hands arguments to scripts, as comma-separated name=value pairs. A value may be quoted, \
            and may be a list in braces. Where the option is repeated, the last one counts.",
            |s, u| u.store(&mut s.script_args),
        ),
        Opt::new(
            &["--script-args-file"],
            Value::Required("FILE"),
            "read script arguments from FILE",
            "Reads script arguments from FILE, one or more on a line, written as for --script-args. \
            Arguments of the command line win over those of the file.",
            |s, u| u.store(&mut s.script_args_file),
        )
        .complete(Complete::Files),
        Opt::new(
            &["--script-help"],
            Value::Required("SCRIPTS"),
            "describe these scripts, and scan nothing",
            "Prints the description and categories of the scripts that are chosen as for --script, \
            and scans nothing.",
            |s, u| u.push(&mut s.script_help),
        )
        .complete(Complete::Words(CATEGORY_NAMES)),
        Opt::new(
            &["--script-updatedb"],
            Value::None,
            "write script.db, the list of scripts and categories, anew",
            "Reads all scripts of the data folder and writes script.db, the list of their names and \
            categories, anew. It can be used alone or with a scan.",
            |s, u| u.flag(&mut s.update_script_database),
        ),
        Opt::new(
            &["--script-timeout"],
            Value::Required("TIME"),
            "give up a script after TIME (0: never; default 1h)",
            "Gives up a script that has been running for TIME on one host or port. 0 means never. The \
            default is one hour, so that a server that answers byte by byte cannot hold a scan for \
            ever; -T5 makes it ten minutes.",
            |s, u| u.store(&mut s.script_timeout),
        ),
        Opt::new(
            &["--script-trace"],
            Value::None,
            "show what scripts send and receive",
            "Shows what scripts send and receive, with addresses and ports. -d3 implies it.",
            |s, u| u.flag(&mut s.script_trace),
        ),
        Opt::new(
            &["--script-profile"],
            Value::None,
            "show at the end what each script took: time, bytes, memory",
            "Shows at the end what each script took, the slowest first: how often it ran, its time from \
            start to end, how much of that it waited and how much it computed, its connections, the bytes \
            that it sent and received, and the most memory that Lua held for one of its runs. -oJ has the \
            same as lines of the type script_cost, which nseer script profile reads. Nmap does not have \
            this option.",
            |s, u| u.flag(&mut s.script_profile),
        ),
        Opt::new(
            &["--script-workers"],
            Value::Required("NUMBER"),
            "run scripts in NUMBER Lua states, each on its own thread",
            "Runs scripts in NUMBER Lua states (at least 1), each on a thread of its own. All scripts \
            of one host run in the same state. What they share beyond nmap.registry and mutexes, such as a \
            variable of a library, stays in one state: use 1 where a script needs it. Without the option the number follows from the \
            processors and the scripts that were chosen. Nmap does not have this option.",
            |s, u| u.store(&mut s.script_workers),
        ),
        Opt::new(
            &["--script-cpu-limit"],
            Value::Required("TIME"),
            "end a script that computes for TIME without waiting (default 30s)",
            "Ends a script that computes for TIME without ever waiting for the network or a timer, and one that for \
            ten times as long waits for a file, such as a named pipe, that gives nothing. \
            The default is 30s; 0 means never. Nmap does not have this option.",
            |s, u| u.store(&mut s.script_cpu_limit),
        ),
    ],
};
