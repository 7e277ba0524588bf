//! `nseer script new`: a script to begin with, and a test of it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nseer_core::{PortKey, Protocol, ServiceNames};
use nseer_seam::{FileKind, System};

use super::script_run::port;
use super::test_find::TESTS;
use super::{Tool, ToolOption, Words};
use crate::options::Complete;
use crate::printing::print;

pub(super) const TOOL: Tool = Tool {
    name: "script new",
    operands: &["NAME"],
    short: "write a script to begin with, and its test",
    long: "Writes NAME.nse, a script with head, documentation, rule and action, and NAME.test.lua, which \
        script test passes. NAME may begin with a folder. Nothing that is there is overwritten.",
    options: &[
        ToolOption {
            name: "--rule",
            value: "RULE",
            short: "port (the usual one), host, pre or post",
            complete: Complete::Words(&["port", "host", "pre", "post"]),
        },
        ToolOption {
            name: "--port",
            value: "PORT",
            short: "the port that the script runs on: 25, 161/udp",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--service",
            value: "NAME",
            short: "the service that the script runs on",
            complete: Complete::Nothing,
        },
    ],
    trouble: 1,
    run,
};

/// A script and its test, in which `{name}`, `{number}` and `{service}` are replaced.
struct Template {
    script: &'static str,
    test: &'static str,
}

const PORT: Template = Template {
    script: include_str!("templates/port.nse"),
    test: include_str!("templates/port.test.lua"),
};
const UDP: Template = Template {
    script: include_str!("templates/udp.nse"),
    test: include_str!("templates/udp.test.lua"),
};
const HOST: Template = Template {
    script: include_str!("templates/host.nse"),
    test: include_str!("templates/host.test.lua"),
};
const PRE: Template = Template {
    script: include_str!("templates/pre.nse"),
    test: include_str!("templates/pre.test.lua"),
};
const POST: Template = Template {
    script: include_str!("templates/post.nse"),
    test: include_str!("templates/pre.test.lua"),
};

/// Without a port or a service the template asks for this one: one that a newcomer can have.
const USUAL: (u16, &str) = (13, "daytime");

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    let [path] = words.operands.as_slice() else { bail!("a name is needed") };
    let (path, name) = place(Path::new(path))?;
    let rule = words.value("--rule").map_or("port".into(), |rule| rule.to_string_lossy());
    let of_ports = words.has("--port") || words.has("--service");
    let key = match words.value("--port") {
        Some(word) => port(&word.to_string_lossy())?,
        None => match words.value("--service") {
            Some(name) => port_of(&name.to_string_lossy())?,
            None => PortKey::tcp(USUAL.0),
        },
    };
    let template = match (&*rule, key.protocol) {
        ("port", Protocol::Udp) => UDP,
        ("port", _) => PORT,
        ("host" | "pre" | "post", _) if of_ports => {
            bail!("--port and --service are for scripts that run on ports: --rule port")
        }
        ("host", _) => HOST,
        ("pre", _) => PRE,
        ("post", _) => POST,
        (other, _) => bail!("'{other}' is no rule (--rule): write port, host, pre or post"),
    };
    let service = service(words, key)?;
    let filled = |text: &str| {
        text.replace("{name}", &name)
            .replace("{number}", &key.number.to_string())
            .replace("{service}", &service)
    };
    let script = path.with_file_name(format!("{name}.nse"));
    let test = path.with_file_name(format!("{name}{TESTS}"));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && system.files.kind(folder) != Some(FileKind::Directory)
    {
        bail!(
            "cannot write '{}': there is no folder '{}'; make it first",
            script.display(),
            folder.display()
        );
    }
    for file in [&script, &test] {
        if system.files.kind(file).is_some() {
            bail!("'{}' is there already: choose another name", file.display());
        }
    }
    for (file, text) in [(&script, template.script), (&test, template.test)] {
        let written = system.files.write(file, filled(text).as_bytes());
        written.with_context(|| format!("cannot write '{}'", file.display()))?;
        print(format!("Wrote {}\n", file.display()))?;
    }
    Ok(0)
}

/// Where the script goes, and its name alone.
fn place(path: &Path) -> anyhow::Result<(PathBuf, String)> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = name.strip_suffix(".nse").unwrap_or(name);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(is_plain) || name.starts_with('-') {
        bail!(
            "'{}' is no name for a script: use letters, digits, - and _, such as http-title",
            path.display().to_string().escape_debug()
        );
    }
    Ok((path.to_owned(), name.to_owned()))
}

/// The port that a service is most often on.
fn port_of(service: &str) -> anyhow::Result<PortKey> {
    let table = nseer_stdlib::services::table();
    let is_asked = |key: &PortKey| ServiceNames::name(&table, *key) == Some(service);
    let of = |protocol| {
        let ranked = table.ranked(protocol);
        let rank = ranked.iter().position(is_asked)?;
        Some((rank, ranked[rank]))
    };
    let known = [Protocol::Tcp, Protocol::Udp].into_iter().filter_map(of).min();
    let known = known.map(|(_, port)| port);
    known.with_context(|| format!("no port is known for service '{service}': give it with --port"))
}

fn service(words: &Words, key: PortKey) -> anyhow::Result<String> {
    let given = words.value("--service").map(|name| name.to_string_lossy().into_owned());
    let name = match given {
        Some(name) => name,
        None if !words.has("--port") => USUAL.1.to_owned(),
        None => {
            let table = nseer_stdlib::services::table();
            let known = ServiceNames::name(&table, key).map(str::to_owned);
            let known = known.filter(|name| name != "unknown");
            known.with_context(|| {
                format!("no service is known for port {key}: name it with --service")
            })?
        }
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    if name.is_empty() || !name.chars().all(is_plain) {
        bail!("'{name}' is no name of a service (--service): write one such as smtp");
    }
    Ok(name)
}
