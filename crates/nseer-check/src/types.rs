//! Definition files for language servers: the table of the API in LuaLS annotations, which
//! lua-language-server and EmmyLua read.

use std::fmt::Write as _;

use crate::api::{Api, DEFINITIONS, Module, Origin, Signature};

/// The folder of the definition files, beside the scripts.
pub const FOLDER: &str = "nse-types";

/// All files: paths and texts.
#[must_use]
pub fn files(api: &Api) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for (name, text) in DEFINITIONS {
        let lines = text.lines().filter(|line| !is_async(line));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        files.push((format!("{FOLDER}/{name}"), text));
    }
    for (name, module) in api.modules().filter(|(_, module)| module.origin == Origin::Library) {
        files.push((format!("{FOLDER}/{name}.lua"), library(name, module)));
    }
    for (path, _) in nseer_stdlib::files() {
        if let Some(name) = path.strip_prefix("nselib/").and_then(|name| name.strip_suffix(".lua"))
            && name.starts_with("data/")
        {
            files.push((format!("{FOLDER}/{}.lua", name.replace('/', ".")), DATA.to_owned()));
        }
    }
    files.push((".luarc.json".to_owned(), LUARC.to_owned()));
    files.push((".emmyrc.json".to_owned(), EMMYRC.to_owned()));
    files
}

/// A table of data, of which nothing is documented.
const DATA: &str = "---@meta\n\n---@type table\nlocal data = {}\nreturn data\n";

/// Settings of lua-language-server, which EmmyLua reads too. Editors have to be told that `.nse` is Lua.
/// EmmyLua's `unnecessary-if` takes what a table has for its only keys, and what a loop changes for
/// constant: it is wrong about sets (`if not HARMLESS[method]`), which scripts are full of.
const LUARC: &str = r#"{
  "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
  "runtime.version": "Lua 5.4",
  "workspace.library": ["nse-types"],
  "workspace.checkThirdParty": false,
  "diagnostics.disable": ["lowercase-global", "unnecessary-if"]
}
"#;

/// Settings of EmmyLua.
const EMMYRC: &str = r#"{
  "runtime": { "version": "Lua5.4", "extensions": [".nse"] },
  "workspace": { "library": ["nse-types"] },
  "diagnostics": { "disable": ["lowercase-global", "unnecessary-if"] }
}
"#;

/// The definitions of a library.
fn library(name: &str, module: &Module) -> String {
    let variable = name.replace(['.', '-'], "_");
    let mut text =
        "---@meta\n-- Made from the documentation of the library; not edited by hand.\n\n"
            .to_string();
    comment(&mut text, &module.text);
    let _ = writeln!(text, "---@class {variable}");
    // A library hands on what its parts have.
    let parts = module.parts.iter().filter(|name| !module.functions.contains_key(*name));
    for field in module.fields.iter().chain(parts.filter(|name| !module.fields.contains(*name))) {
        let _ = writeln!(text, "---@field {field} any");
    }
    let _ = writeln!(text, "local {variable} = {{}}\n");
    for (function, signature) in &module.functions {
        definition(&mut text, &variable, function, signature);
    }
    let _ = writeln!(text, "return {variable}");
    text
}

/// Every script may wait and none says so: a language server would complain of each call.
fn is_async(line: &str) -> bool {
    line.trim_start_matches('-').trim() == "@async"
}

fn definition(text: &mut String, variable: &str, function: &str, signature: &Signature) {
    if signature.notes.is_empty() {
        documentation(text, signature);
    }
    for note in signature.notes.iter().filter(|note| !is_async(note)) {
        let _ = writeln!(text, "---{note}");
    }
    let mut names: Vec<&str> = signature.params.iter().map(|param| param.name.as_str()).collect();
    if signature.is_vararg {
        names.push("...");
    }
    let _ = writeln!(text, "function {variable}.{function}({}) end\n", names.join(", "));
}

/// What the NSEDoc of a function says, as annotations.
fn documentation(text: &mut String, signature: &Signature) {
    let doc = signature.doc.as_ref();
    if let Some(doc) = doc {
        comment(text, &doc.text);
    }
    let about = |name: &str| {
        let tag = doc.and_then(|doc| doc.tagged("param").find(|tag| tag.first_word() == name));
        tag.map(|tag| one_line(tag.rest())).unwrap_or_default()
    };
    for param in &signature.params {
        let (name, about) = (&param.name, about(&param.name));
        let mark = if param.is_optional { "?" } else { "" };
        let line = format!("---@param {name}{mark} {} {about}", kind(name, &about));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if signature.is_vararg {
        let _ = writeln!(text, "{}", format!("---@param ... any {}", about("...")).trim_end());
    }
    for tag in doc.into_iter().flat_map(|doc| doc.tags.iter().filter(|tag| tag.name == "return")) {
        let about = one_line(&tag.text);
        let _ = writeln!(text, "---@return {} # {about}", returned(&about));
    }
}

/// The type of a parameter, where its name or its documentation says it plainly.
fn kind(name: &str, about: &str) -> &'static str {
    let begins = |words: &[&str]| words.iter().any(|word| about.to_lowercase().starts_with(word));
    match name {
        "host" => "nse.Host|string|table",
        "port" => "nse.Port|integer|table",
        "fmt" => "string",
        "socket" if begins(&["connected socket", "socket"]) => "nse.Socket|table",
        _ => "any",
    }
}

fn returned(about: &str) -> &'static str {
    let lower = about.to_lowercase();
    if lower.starts_with("host table") {
        "nse.Host?"
    } else if lower.starts_with("port table") {
        "nse.Port?"
    } else {
        "any"
    }
}

/// Text as comment lines, without the markup of NSEDoc.
fn comment(text: &mut String, about: &str) {
    for line in about.trim().lines() {
        let _ = writeln!(text, "---{}", plain(line));
    }
}

fn one_line(about: &str) -> String {
    plain(&about.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn plain(text: &str) -> String {
    text.replace("<code>", "`").replace("</code>", "`").replace(['\r', '\u{b}', '\u{c}'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::File;

    #[test]
    fn the_files_are_lua_and_have_the_api() {
        let files = files(&Api::embedded());
        for (path, text) in &files {
            if path.ends_with(".lua") {
                let file = File::read(path.as_str(), text.as_bytes());
                assert_eq!(file.problems, [], "{path}\n{text}");
            } else {
                let settings: serde_json::Value = serde_json::from_str(text).expect(path);
                assert!(settings.is_object());
                assert!(text.contains(FOLDER), "{path} names the folder");
            }
        }
        let text = |name: &str| {
            let path = format!("{FOLDER}/{name}.lua");
            files
                .iter()
                .find(|(known, _)| *known == path)
                .map(|(_, text)| text.as_str())
                .expect(name)
        };
        assert!(text("nmap").contains("function nmap.new_socket(proto, family) end"));
        assert!(text("stdnse").contains("function stdnse.debug1(fmt, ...) end"));
        assert!(text("stdnse").contains("---@param fmt string Format as for `string.format`."));
        assert!(files.iter().all(|(_, text)| !text.contains("@async")));
        assert!(text("http").contains("function http.get(host, port, path, options) end"));
        assert!(text("stdnse").contains("---@return thread worker\n"), "{}", text("stdnse"));
        assert!(text("stdnse").contains("function stdnse.new_thread(f, ...) end"));
        assert!(text("shortport").contains("return shortport\n"));
        assert!(text("smb").contains("---@field start_session any\n"), "of its part smb.session");
        assert!(text("data.favicons").contains("---@type table\n"));
        assert!(text("nmap").contains("---@param port nse.Port|table|integer|string\n"));
    }
}
