---
-- Listings of files, as scripts show them that look into shares and folders.
--
-- A listing has volumes; a volume has files, all with the same columns: with permissions those of a Unix file
-- (permission, owner, group, size, time, name), otherwise size, time and name.
--
-- @usage
-- local listing = ls.new_listing()
-- ls.new_vol(listing, "/srv/pub", false)
-- ls.add_file(listing, { "1024", "2024-02-29 12:00", "notes.txt" })
-- ls.end_vol(listing)
-- return ls.end_listing(listing)
-- @args ls.maxdepth How many folders deep is looked; a negative number for all. Default: 1.
-- @args ls.maxfiles How many files of a volume are shown; 0 for all. Default: 10.
-- @args ls.checksum True to get checksums where a script can. Default: false.
-- @args ls.errors True to show what failed. Default: false.
-- @args ls.empty True to show volumes of which nothing is known. Default: false.
-- @args ls.human True to show sizes with units. Default: false.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ls

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local tab = require "tab"
local table = require "table"
local unittest = require "unittest"
local ipairs, tonumber, tostring = ipairs, tonumber, tostring

_ENV = stdnse.module("ls", stdnse.seeall)

local DEFAULTS = { maxdepth = 1, maxfiles = 10, checksum = false, errors = false, empty = false, human = false }

local NO = { no = true, off = true, ["false"] = true, ["0"] = true, [""] = true }

local function is_yes (given)
  return given == true or given ~= nil and not NO[string.lower(tostring(given))]
end

--- The value of a setting: that of the argument <code>SCRIPT.NAME</code>, else of <code>ls.NAME</code>, else the
-- default.
-- @param name Name of the setting, one of those above.
-- @return A number or a boolean; nil if there is no such setting.
function config (name)
  local default = DEFAULTS[name]
  if default == nil then
    return nil
  end
  local own, shared = stdnse.get_script_args((stdnse.getid() or "ls") .. "." .. name, "ls." .. name)
  local given = own or shared
  if given == nil then
    return default
  elseif type(default) == "number" then
    return math.tointeger(tonumber(given)) or default
  end
  return is_yes(given)
end

local BYTES = { K = 1000, M = 1000 ^ 2, G = 1000 ^ 3, T = 1000 ^ 4 }

-- How many bytes a column says; 0 where it says none.
local function bytes_of (text)
  local number, unit = string.match(tostring(text), "^(%d+%.?%d*) ?([KMGT]?)[iB]*$")
  return number and math.floor(tonumber(number) * (BYTES[unit] or 1)) or 0
end

local function human (text)
  local bytes = string.match(tostring(text), "^%d+$") and tonumber(text)
  if not bytes or bytes < 1024 then
    return text
  end
  local units, at = { "K", "M", "G", "T", "P" }, 0
  repeat
    bytes, at = bytes / 1024, at + 1
  until bytes < 1024 or at == #units
  return string.format("%.1f %s", bytes, units[at])
end

--- Begins a listing.
-- @return The listing.
function new_listing ()
  return { volumes = {}, errors = {}, info = {}, total = { files = 0, bytes = 0 } }
end

--- Begins a volume of a listing.
-- @param listing The listing.
-- @param name Name of the volume.
-- @param has_permissions True if its files are told with permission, owner and group.
function new_vol (listing, name, has_permissions)
  local files = tab.new()
  local columns = has_permissions and { "PERMISSION", "UID", "GID" } or {}
  for _, column in ipairs { "SIZE", "TIME", "FILENAME" } do
    columns[#columns + 1] = column
  end
  if config("checksum") then
    columns[#columns + 1] = "CHECKSUM"
  end
  tab.addrow(files, table.unpack(columns))
  listing.curvol = {
    name = name, files = files, count = 0, bytes = 0, errors = {}, info = {}, hasperms = has_permissions,
  }
end

local function report (listing, kind, list, text)
  local volume = listing.curvol
  local place = volume and volume[list] or listing[list]
  stdnse.debug1("%s%s: %s", kind, volume and " [" .. volume.name .. "]" or "", text)
  place[#place + 1] = text
end

--- Notes what failed, in the volume or in the listing.
-- @param listing The listing.
-- @param text What is noted. Shown only where <code>ls.errors</code> asks for it.
function report_error (listing, text)
  if config("errors") then
    report(listing, "error", "errors", text)
  else
    stdnse.debug1("error: %s", text)
  end
end

--- Notes something, in the volume or in the listing.
-- @param listing The listing.
-- @param text What is noted.
function report_info (listing, text)
  report(listing, "info", "info", text)
end

--- Adds a file to the volume.
-- @param listing The listing.
-- @param file Array of its columns, in their order; see above.
-- @return True if there is room for more; false once there are as many as <code>ls.maxfiles</code>.
function add_file (listing, file)
  local volume = listing.curvol
  local size_at = volume.hasperms and 4 or 1
  local columns = {}
  for at, column in ipairs(file) do
    columns[at] = tostring(column)
  end
  volume.bytes = volume.bytes + bytes_of(columns[size_at])
  volume.count = volume.count + 1
  if config("human") and columns[size_at] then
    columns[size_at] = human(columns[size_at])
  end
  tab.addrow(volume.files, table.unpack(columns))
  local most = config("maxfiles")
  return most == 0 or volume.count < most
end

-- The files of a volume as tables, by the names of the columns.
local function described (volume)
  local files, names = {}, volume.files[1]
  for row = 2, volume.count + 1 do
    local file = stdnse.output_table()
    for at, name in ipairs(names) do
      file[string.lower(name)] = volume.files[row][at]
    end
    files[#files + 1] = file
  end
  return files
end

local function any (list)
  return #list > 0 and list or nil
end

--- Ends a volume.
-- @param listing The listing.
function end_vol (listing)
  local volume = listing.curvol
  listing.curvol = nil
  if volume.count == 0 and #volume.info == 0 and #volume.errors == 0 and not config("empty") then
    return
  end
  local out = stdnse.output_table()
  out.volume = volume.name
  if volume.count > 0 then
    out.files = described(volume)
  end
  out.info, out.errors = any(volume.info), any(volume.errors)
  local lines = { "Volume " .. volume.name }
  for _, text in ipairs(volume.info) do
    lines[#lines + 1] = "  " .. text
  end
  for _, text in ipairs(volume.errors) do
    lines[#lines + 1] = "  ERROR: " .. text
  end
  if volume.count > 0 then
    lines[#lines + 1] = tab.dump(volume.files)
  end
  lines[#lines + 1] = ""
  listing.volumes[#listing.volumes + 1] = out
  listing.texts = listing.texts or {}
  table.insert(listing.texts, table.concat(lines, "\n"))
  listing.total.files = listing.total.files + volume.count
  listing.total.bytes = listing.total.bytes + volume.bytes
end

--- Ends a listing.
-- @param listing The listing.
-- @return Table of what was found: <code>volumes</code>, <code>info</code>, <code>errors</code>, <code>total</code>;
--         nil if there is nothing.
-- @return The same as text.
function end_listing (listing)
  if #listing.volumes == 0 and #listing.info == 0 and #listing.errors == 0 then
    return nil
  end
  local out, lines = stdnse.output_table(), {}
  out.info, out.errors = any(listing.info), any(listing.errors)
  out.volumes, out.total = listing.volumes, listing.total
  for _, text in ipairs(listing.info) do
    lines[#lines + 1] = text
  end
  for _, text in ipairs(listing.errors) do
    lines[#lines + 1] = "ERROR: " .. text
  end
  for _, text in ipairs(listing.texts or {}) do
    lines[#lines + 1] = text
  end
  return out, table.concat(lines, "\n")
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(bytes_of("1500"), 1500), "bytes")
test_suite:add_test(unittest.equal(bytes_of("1.5K"), 1500), "thousands of bytes")
test_suite:add_test(unittest.equal(bytes_of("<DIR>"), 0), "a folder has no size")
test_suite:add_test(unittest.equal(human("1500"), "1.5 K"), "a size with a unit")
test_suite:add_test(unittest.equal(human("-"), "-"), "no size")
local listing = new_listing()
test_suite:add_test(unittest.is_nil((end_listing(listing))), "nothing found")
new_vol(listing, "/none", false)
end_vol(listing)
test_suite:add_test(unittest.equal(#listing.volumes, 0), "a volume of which nothing is known")
new_vol(listing, "/pub", false)
report_info(listing, "read only")
for i = 1, 10 do
  test_suite:add_test(unittest.equal(add_file(listing, { "10", "-", "f" .. i }), i < 10), "room for more: " .. i)
end
end_vol(listing)
local found, text = end_listing(listing)
test_suite:add_test(unittest.equal(found.total.bytes, 100), "all bytes")
test_suite:add_test(unittest.equal(found.volumes[1].files[10].filename, "f10"), "the last file")
test_suite:add_test(unittest.equal(string.match(text, "^Volume /pub\n  read only\nSIZE  TIME  FILENAME\n10    %-     f1\n") ~= nil,
  true), "the text")
return _ENV
