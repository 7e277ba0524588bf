//! Own scripts on Nmap's libraries: they lean on nothing that only our libraries of the same names have.

use std::path::Path;

use super::{INSTALLED, write};
use crate::lab::{self, Lab};

/// Reads scripts and libraries of a list of files, and shows which fields of libraries they name that are not there.
const READER: &str = r#"
local io = require "io"
local stdnse = require "stdnse"
local string = require "string"
description = ""
categories = {"safe"}
prerule = function () return true end

-- A library's field, or a field of that; false where the library has it not. The registry is filled by scripts.
local function has (library, path)
  if string.find(path, "^registry%.") then
    return true
  end
  local value = library
  for name in string.gmatch(path, "[%w_]+") do
    if type(value) ~= "table" then
      return true
    end
    local known, field = pcall(function () return value[name] end)
    if not known or field == nil then
      return false
    end
    value = field
  end
  return true
end

local function missing (file, found)
  local handle = assert(io.open(file))
  local text = string.gsub(string.gsub(handle:read("a"), "%-%-%[%[.-%]%]", ""), "%-%-[^\n]*", "")
  handle:close()
  for name, library in string.gmatch(text, "local ([%w_]+) = require%s*%(?\"([%w.-]+)\"") do
    local known, module = pcall(require, library)
    if not known then
      found[#found + 1] = library .. " in " .. file
    end
    for at, path in string.gmatch(text, "()%f[%w_]" .. name .. "%.([%w_.]+)") do
      local before = string.sub(text, at - 1, at - 1)
      if known and not string.find(before, "[.:\"'-]") and not has(module, path) then
        found[#found + 1] = library .. "." .. path .. " in " .. file
      end
    end
  end
end

action = function ()
  local found, read = {}, 0
  for file in io.lines(stdnse.get_script_args("files")) do
    missing(file, found)
    read = read + 1
  end
  return stdnse.format_output(true, { "read " .. read, table.unpack(found) })
end
"#;

/// A data directory with Nmap's libraries, and those of ours that have no namesake there. The files in it that are ours.
#[allow(clippy::disallowed_methods, reason = "the world of the test")]
fn shelf(_: &Lab, folder: &str) -> Vec<String> {
    let installed = std::fs::read_dir(format!("{INSTALLED}/nselib")).expect("nmap's libraries");
    write(&format!("{folder}/nselib/data/readme"), "");
    for entry in installed.flatten().filter(|entry| entry.file_name() != "data") {
        let here = Path::new(folder).join("nselib").join(entry.file_name());
        std::os::unix::fs::symlink(entry.path(), here).expect("a new link");
    }
    let mut ours = Vec::new();
    for (path, text) in nseer_stdlib::files() {
        let is_script = path.ends_with(".nse") && *path != "scripts/unittest.nse";
        let is_library = path.ends_with(".lua") && path.matches('/').count() == 1;
        let is_data = path.starts_with("nselib/data/") && path.ends_with(".lua");
        let here = format!("{folder}/{path}");
        if is_script
            || (is_library || is_data) && !Path::new(&format!("{INSTALLED}/{path}")).exists()
        {
            write(&here, &String::from_utf8_lossy(text));
            ours.push(here);
        }
    }
    ours
}

#[test]
fn own_scripts_need_no_library_of_ours_where_nmap_has_one() {
    lab::run("beside_nmap::shelf::own_scripts_need_no_library_of_ours_where_nmap_has_one", |lab| {
        let folder = "/run/lab/work/shelf";
        let ours = shelf(lab, folder);
        write(&format!("{folder}/list"), &(ours.join("\n") + "\n"));
        write(&format!("{folder}/reader.nse"), READER);
        let output = lab.nmap(&[
            "-sn",
            "-n",
            "--datadir",
            folder,
            "--script",
            &format!("{folder}/reader.nse"),
            "--script-args",
            &format!("files={folder}/list"),
            "127.0.0.1",
        ]);
        let told = output.all();
        let missing: Vec<&str> = told.lines().filter(|line| line.contains(folder)).collect();
        assert_eq!(missing, [""; 0]);
        assert!(ours.len() > 130 && told.contains(&format!("read {}\n", ours.len())), "{told}");
    });
}
