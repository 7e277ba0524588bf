//! Scripts with odd heads: what the real nmap loads is loaded, what it refuses is refused, and what they return is the same.

use std::fs;

use super::INSTALLED;
use crate::lab::{self, Output};

/// The rule and the action of a script that loads.
const REST: &str = "prerule = function() return true end\naction = function() return 'ran' end\n";

/// What stands before them.
const HEADS: &[&[u8]] = &[
    b"",
    b"categories = 'safe'\n",
    b"categories = {1}\n",
    b"categories = {a = 'safe'}\n",
    b"categories = {'safe', nil, 5}\n",
    b"dependencies = {'nosuch', 'nosuch'}\n",
    b"dependencies = {'odd'}\n",
    b"description = {}\nauthor = 5\nlicense = function() end\nid = 'x'\nrunlevel = 3\n",
    b"postrule = 1\n",
    b"postrule = function() return true end\nhostrule = function() end\n",
    b"\xef\xbb\xbf",
    b"#!/usr/bin/lua\n",
    b"description = \"caf\xe9 \xff\"\r\n\r\n",
    b"description = \"a\0b\"\n",
    b"\x0c\x0b\t",
    b"\x1bLua\x53\0\x19\x93\r\n\x1a\n",
    b"local _ENV = {}\n",
    b"local _ENV = setmetatable({}, {__index = _ENV, __newindex = _ENV})\n",
    b"setmetatable(_ENV, {})\n",
    b"function helper() return 1 end\nassert(helper() == 1 and select('#', ...) == 0)\n",
    b"x = 7 // 2 | 1 ~ 3\n",
    b"x = = 1\n",
    b"error {}\n",
    b"error(setmetatable({}, {__tostring = function() return 'told' end}))\n",
    b"local x = undeclared\n",
    b"rawset(_G, 'x', 1) assert(x == 1)\n",
    b"nmap.registry.x = 1\nnmap.new_socket()\nnmap.mutex 'x'\n",
    b"require 'nosuch'\n",
    b"require 'stdnse'.silent_require 'nosuch'\n",
    b"assert(not pcall(require 'stdnse'.silent_require, 'nosuch'))\n",
    b"local bits = require 'bit32' assert(bits == bit32)\n",
    b"local x = math.pow(2, 3) + math.log10(10) math.randomseed(1.5)\n",
    b"module(..., package.seeall)\n",
    b"local x = stdnse.sleep\n",
    b"local x = lpeg.P(1) local y = openssl.md5('') local z = zlib.crc32 local l = lfs.dir\n",
];

/// Whole scripts.
const WHOLE: &[&str] = &[
    "",
    "action = function() end\n",
    "prerule = function() return true end\naction = 'x'\n",
    "prerule = setmetatable({}, {__call = function() return true end})\naction = function() end\n",
    "setmetatable(_ENV, {__index = {action = print}})\nprerule = function() return true end\n",
    "function prerule() return true end\nfunction action() return 'ran' end\nreturn 1, 2;",
    "prerule = function() return true end action = function() return 'ran' end end end\n",
    "prerule = function() return true end action = function() return 'ran' end --[[ end",
    "prerule = function() return true end action = function() return ... end\n",
];

/// Whether it was loaded, and what it returned.
fn outcome(output: &Output) -> (bool, Option<&str>) {
    let result = output.stdout.lines().find_map(|line| line.strip_prefix("|_odd: "));
    (output.code == 0, result)
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the world of the test")]
fn odd_scripts_load_where_nmap_loads_them() {
    lab::run("beside_nmap::heads::odd_scripts_load_where_nmap_loads_them", |lab| {
        let headed = HEADS.iter().map(|head| [*head, REST.as_bytes()].concat());
        let sources: Vec<Vec<u8>> =
            headed.chain(WHOLE.iter().map(|whole| whole.as_bytes().to_vec())).collect();
        let mut ran = 0;
        for source in &sources {
            fs::write("/run/lab/work/odd.nse", source).expect("a new file");
            let args = ["--datadir", INSTALLED, "-sL", "-n", "--script", "./odd.nse"];
            let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
            let shown = String::from_utf8_lossy(source);
            assert_eq!(outcome(&ours), outcome(&theirs), "{shown:?} {ours:#?} {theirs:#?}");
            // Who is to mend it must know which file it is.
            assert!(ours.code == 0 || ours.stderr.contains("odd"), "{shown:?} {ours:#?}");
            ran += usize::from(outcome(&ours).1 == Some("ran"));
        }
        assert!(ran > 15 && ran < sources.len() - 15, "{ran} of {} ran", sources.len());
    });
}
