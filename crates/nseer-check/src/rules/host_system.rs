//! Functions that would leave the sandbox.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "host-system",
    level: Level::Warning,
    about: "a function is called that reaches into the machine that scans",
    why: "Scripts run on the scanning machine with the rights of its user. nseer does not have `os.execute`, `os.exit`, `io.popen`, \
        `package.loadlib` and the parts of `debug` that change other code; with Nmap they start programs or end \
        the scan for all scripts.",
    bad: "local function route()\n  local pipe = io.popen(\"ip route\")\n  return pipe:read(\"a\")\nend\n",
    good: "local function route()\n  local interfaces = nmap.list_interfaces()\n  return interfaces\nend\n",
    check,
};

const REACHING: &[(&str, &[&str])] = &[
    ("os", &["execute", "exit"]),
    ("io", &["popen"]),
    ("package", &["loadlib"]),
    (
        "debug",
        &[
            "debug",
            "getregistry",
            "getuservalue",
            "sethook",
            "setlocal",
            "setmetatable",
            "setupvalue",
            "setuservalue",
            "upvalueid",
            "upvaluejoin",
        ],
    ),
];

fn check(context: &Context<'_>, found: &mut Findings) {
    for call in &context.calls {
        let Some((module, name)) = context.callee(call) else { continue };
        if REACHING.iter().any(|(known, names)| *known == module && names.contains(&name)) {
            found
                .add(call.base.span, format!("nseer does not have {module}.{name}"))
                .help("find another way, or say in the description what the script needs");
        }
    }
}
