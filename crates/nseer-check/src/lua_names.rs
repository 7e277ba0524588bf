//! The names that Lua 5.4 and the engine give every script, found by listing them in a script.

/// The standard modules with their members.
pub const MODULES: &[(&str, &[&str])] = &[
    (
        "coroutine",
        &["close", "create", "isyieldable", "resume", "running", "status", "wrap", "yield"],
    ),
    (
        "debug",
        &[
            "debug",
            "gethook",
            "getinfo",
            "getlocal",
            "getmetatable",
            "getregistry",
            "getupvalue",
            "getuservalue",
            "sethook",
            "setlocal",
            "setmetatable",
            "setupvalue",
            "setuservalue",
            "traceback",
            "upvalueid",
            "upvaluejoin",
        ],
    ),
    (
        "io",
        &[
            "close", "flush", "input", "lines", "open", "output", "popen", "read", "stderr",
            "stdin", "stdout", "tmpfile", "type", "write",
        ],
    ),
    (
        "math",
        &[
            "abs",
            "acos",
            "asin",
            "atan",
            "atan2",
            "ceil",
            "cos",
            "cosh",
            "deg",
            "exp",
            "floor",
            "fmod",
            "frexp",
            "huge",
            "ldexp",
            "log",
            "log10",
            "max",
            "maxinteger",
            "min",
            "mininteger",
            "modf",
            "pi",
            "pow",
            "rad",
            "random",
            "randomseed",
            "sin",
            "sinh",
            "sqrt",
            "tan",
            "tanh",
            "tointeger",
            "type",
            "ult",
        ],
    ),
    (
        "os",
        &[
            "clock",
            "date",
            "difftime",
            "execute",
            "exit",
            "getenv",
            "remove",
            "rename",
            "setlocale",
            "time",
            "tmpname",
        ],
    ),
    (
        "package",
        &["config", "cpath", "loaded", "loadlib", "path", "preload", "searchers", "searchpath"],
    ),
    (
        "string",
        &[
            "byte", "char", "dump", "find", "format", "gmatch", "gsub", "len", "lower", "match",
            "pack", "packsize", "rep", "reverse", "sub", "unpack", "upper",
        ],
    ),
    ("table", &["concat", "insert", "move", "pack", "remove", "sort", "unpack"]),
    ("utf8", &["char", "charpattern", "codepoint", "codes", "len", "offset"]),
];

/// Global functions and values of Lua.
pub const BASE: &[&str] = &[
    "_ENV",
    "_G",
    "_VERSION",
    "assert",
    "collectgarbage",
    "dofile",
    "error",
    "getmetatable",
    "ipairs",
    "load",
    "loadfile",
    "next",
    "pairs",
    "pcall",
    "print",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "require",
    "select",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "warn",
    "xpcall",
];

/// Global modules of the engine.
pub const NATIVES: &[&str] = &["lfs", "libssh2", "lpeg", "nmap", "nmapdb", "openssl", "zlib"];

/// Globals that the engine gives a script alone.
pub const OF_SCRIPT: &[&str] = &["SCRIPT_NAME", "SCRIPT_PATH", "SCRIPT_TYPE"];

/// Libraries that an installed Nmap has beside those that are embedded.
pub const ELSEWHERE: &[&str] = &[
    "bittorrent",
    "dhcp6",
    "dnsbl",
    "eigrp",
    "idna",
    "informix",
    "mobileme",
    "msrpcperformance",
    "msrpctypes",
    "nrpc",
    "ospf",
    "pppoe",
    "punycode",
    "tns",
    "versant",
    "vuzedht",
];

/// What older versions of Lua had and 5.4 has not, with what is used instead.
pub const GONE: &[(&str, &str)] = &[
    ("unpack", "table.unpack"),
    ("loadstring", "load"),
    ("setfenv", "the environment argument of load"),
    ("getfenv", "_ENV"),
    ("module", "stdnse.module"),
    ("table.getn", "the operator #"),
    ("table.setn", "nothing: the length follows from the elements"),
    ("table.maxn", "the operator #"),
    ("table.foreach", "pairs"),
    ("table.foreachi", "ipairs"),
    ("string.gfind", "string.gmatch"),
    ("math.mod", "math.fmod"),
    ("bit32", "the operators & | ~ << >>"),
    ("pcre", "Lua's patterns, or lpeg"),
];

/// The members of a standard module.
#[must_use]
pub fn members(module: &str) -> Option<&'static [&'static str]> {
    MODULES.iter().find(|(name, _)| *name == module).map(|(_, members)| *members)
}

/// Whether a global of this name is there without any `require`.
#[must_use]
pub fn is_global(name: &str) -> bool {
    BASE.contains(&name) || NATIVES.contains(&name) || members(name).is_some()
}
