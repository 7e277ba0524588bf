-- Directories and links. The script argument `folder` is an empty directory.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check, gives, raises)
  local io = require "io"
  local lfs = require "lfs"
  local nmap = require "nmap"
  local table = require "table"
  check("the module is a global too", lfs == _G.lfs, true)
  local folder = nmap.registry.args.folder
  local function here (name)
    return folder .. "/" .. name
  end

  -- Making and removing.
  check("mkdir", {lfs.mkdir(here "a")}, {true})
  check("mkdir again", {lfs.mkdir(here "a")}, {nil, "File exists"})
  check("mkdir nowhere", {lfs.mkdir(here "no/a")}, {nil, "No such file or directory"})
  check("a NUL ends a path", {lfs.mkdir(here "n\0x"), (lfs.rmdir(here "n"))}, {true, true})
  assert(io.open(here "a/f", "w")):close()
  check("rmdir of a full one", {lfs.rmdir(here "a")}, {nil, "Directory not empty"})
  check("rmdir of none", {lfs.rmdir(here "b")}, {nil, "No such file or directory"})

  -- Links.
  check("link", {lfs.link(here "a/f", here "h")}, {true})
  check("link again", {lfs.link(here "a/f", here "h")}, {nil, "File exists", 17})
  check("link of nothing", {lfs.link(here "a/no", here "i")}, {nil, "No such file or directory", 2})
  check("symbolic link", {lfs.link("nowhere", here "s", true)}, {true})
  check("symbolic link again", {lfs.link("nowhere", here "s", true)}, {nil, "File exists", 17})

  -- Listing.
  local names = {}
  for name in lfs.dir(folder) do
    names[#names + 1] = name
  end
  table.sort(names)
  check("dir", names, {".", "..", "a", "h", "s"})
  local next, directory = lfs.dir(folder)
  check("its results", {type(next), type(directory), directory.next == next}, {"function", "userdata", true})
  check("what it is", tostring(directory):match("^[^:]*: "), "directory metatable: ")
  check("next", type(directory:next()), "string")
  check("close", {select("#", directory:close()), select("#", directory:close())}, {0, 0})
  check("closed", (pcall(next, directory)), false)
  next, directory = lfs.dir(folder)
  repeat local name = next(directory) until not name
  check("closed at the end", select(2, pcall(next, directory)):match("closed directory"), "closed directory")
  local missing = select(2, pcall(lfs.dir, here "no")):gsub("^.-:%d+: ", "")
  check("cannot open", missing, "cannot open " .. here "no" .. ": No such file or directory")
  missing = select(2, pcall(lfs.dir, here "h")):gsub("^.-:%d+: ", "")
  check("cannot open a file", missing, "cannot open " .. here "h" .. ": Not a directory")

  gives([[lfs.get_path_separator()]], "/")
  gives([[lfs._VERSION]], "LuaFileSystem 1.5.0")
  raises([[lfs.mkdir()]], "bad argument #1 to 'mkdir' (string expected, got no value)")
  raises([[lfs.link("a")]], "bad argument #2 to 'link' (string expected, got no value)")
end
