//! Libraries that are gone.

use crate::context::Context;
use crate::lua_names;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "removed-module",
    level: Level::Error,
    about: "a module is required that does not exist any more",
    why: "The C modules `bit` and `pcre` are gone: Lua itself has bitwise operators, and patterns or `lpeg` match \
        texts. `bit32` and `bin` are only there for old scripts; `string.pack` and `string.unpack` do the work of `bin`.",
    bad: "local bit = require \"bit\"\nlocal function low(n) return bit.band(n, 255) end\n",
    good: "local function low(n) return n & 255 end\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for (module, call) in context.required() {
        match module {
            "bin" => {
                found
                    .add(call.expr.span, "'bin' is only there for old scripts")
                    .level(Level::Warning)
                    .help("use string.pack and string.unpack");
            }
            "bit32" => {
                found
                    .add(call.expr.span, "'bit32' is only there for old scripts")
                    .level(Level::Warning)
                    .help("use the operators & | ~ << >>");
            }
            "bit" | "pcre" => {
                let gone = lua_names::GONE.iter().find(|(gone, _)| *gone == module);
                let instead = gone.map_or("the operators & | ~ << >>", |(_, instead)| *instead);
                found
                    .add(call.expr.span, format!("there is no module '{module}' any more"))
                    .help(format!("use {instead}"));
            }
            _ => {}
        }
    }
}
