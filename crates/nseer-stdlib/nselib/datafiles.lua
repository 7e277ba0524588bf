---
-- The data files that scripts look things up in: protocols, services, RPC programs, vendors of MAC addresses.
--
-- The files are those of the data directory, in the formats of protocols(5), services(5) and rpc(5). Where there
-- is none, what the program itself knows is used, or an error is given.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name datafiles

local io = require "io"
local math = require "math"
local nmap = require "nmap"
local nmapdb = require "nmapdb"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("datafiles", stdnse.seeall)

--- Picks values out of lines.
-- @param lines Array of lines.
-- @param v_pattern Lua pattern with one capture; or a function that is given the line and gives the value.
-- @return Array of the values of the lines that have one.
function get_array (lines, v_pattern)
  local values = {}
  for _, line in ipairs(lines) do
    local value
    if type(v_pattern) == "function" then
      value = v_pattern(line)
    else
      value = string.match(line, v_pattern)
    end
    values[#values + 1] = value
  end
  return values
end

local function pick (picker, line)
  if type(picker) == "function" then
    return picker(line)
  end
  return string.match(line, picker)
end

--- Picks keys and values out of lines.
-- @param lines Array of lines.
-- @param i_pattern Lua pattern of the key, with one capture; or a function of the line.
-- @param v_pattern Lua pattern of the value; or a function of the line.
-- @return Table of what the lines say that have both.
function get_assoc_array (lines, i_pattern, v_pattern)
  local found = {}
  for _, line in ipairs(lines) do
    local key, value = pick(i_pattern, line), pick(v_pattern, line)
    if key ~= nil and value ~= nil then
      found[key] = value
    end
  end
  return found
end

--- Reads a file.
-- @param file Its path.
-- @return True if it could be read; otherwise false.
-- @return Array of its lines; or what is wrong.
function read_from_file (file)
  local handle, reason = io.open(file, "r")
  if not handle then
    return false, "cannot read " .. tostring(file) .. ": " .. tostring(reason)
  end
  local lines = {}
  for line in handle:lines() do
    lines[#lines + 1] = line
  end
  handle:close()
  return true, lines
end

--- Puts lines into tables.
-- @param lines Array of lines.
-- @param data_struct A picker of values (as for <code>get_array</code>) for an array; or a table with one entry,
--        its key the picker of keys and its value that of values. A table may have several names with such
--        pickers inside, and then there is a table for each; so may an array of tables.
-- @return True; or false for another structure.
-- @return The table; or what is wrong.
function parse_lines (lines, data_struct)
  if type(data_struct) == "string" or type(data_struct) == "function" then
    return true, get_array(lines, data_struct)
  elseif type(data_struct) ~= "table" then
    return false, "the structure of a data file is a pattern, a function or a table"
  end
  local found = {}
  for key, picker in pairs(data_struct) do
    if type(key) == "number" and type(picker) ~= "table" then
      for _, value in ipairs(get_array(lines, picker)) do
        found[#found + 1] = value
      end
    elseif type(picker) == "table" then
      local status, inner = parse_lines(lines, picker)
      if not status then
        return false, inner
      end
      found[key] = inner
    else
      for name, value in pairs(get_assoc_array(lines, key, picker)) do
        found[name] = value
      end
    end
  end
  return true, found
end

local PROTOCOLS = { ["^%s*[^%s#]+%s+(%d+)"] = "^%s*([^%s#]+)" }
local RPC = { ["^%s*[^%s#]+%s+(%d+)"] = "^%s*([^%s#]+)" }

local function services_of (protocol)
  return { ["^%s*[^%s#]+%s+(%d+)/" .. protocol] = "^%s*([^%s#]+)" }
end

-- Reads a file whose keys are numbers.
local function numbered (path, structure)
  local status, lines = read_from_file(path)
  if not status then
    return false, lines
  end
  local by_number = {}
  for key, value in pairs(select(2, parse_lines(lines, structure))) do
    by_number[math.tointeger(tonumber(key))] = value
  end
  return true, by_number
end

-- Files of which the program has one of its own, and the libraries that have their lines.
local OWN = { ["nselib/data/enterprise_numbers.txt"] = "data.enterprises" }

local function own_lines (filename)
  if not OWN[filename] then
    return nil
  end
  local lines = {}
  for line in string.gmatch(require(OWN[filename]), "[^\n]+") do
    lines[#lines + 1] = line
  end
  return lines
end

--- Reads a data file.
-- @param filename One of <code>nmap-protocols</code>, <code>nmap-services</code>, <code>nmap-rpc</code>; or
--                 any file, with a structure.
-- @param ... The structure, as for <code>parse_lines</code>, or an empty table for the lines as they are; for <code>nmap-services</code> the protocol.
-- @return True if it could be read; otherwise false.
-- @return The table; or what is wrong.
function parse_file (filename, ...)
  if filename == "nmap-protocols" then
    return parse_protocols()
  elseif filename == "nmap-services" then
    return parse_services(...)
  elseif filename == "nmap-rpc" then
    return parse_rpc()
  end
  local path = nmap.fetchfile(filename)
  local status, lines = true, not path and own_lines(filename)
  if not lines then
    status, lines = read_from_file(path or filename)
  end
  if not status then
    return false, lines
  end
  local structure = ...
  if type(structure) == "table" and next(structure) == nil then
    return true, get_array(lines, "^.+$")
  end
  return parse_lines(lines, structure)
end

--- Names of IP protocols by their numbers.
-- @return True; or false if there is no file of them.
-- @return Table; or what is wrong.
function parse_protocols ()
  if not nmap.fetchfile("nmap-protocols") then
    local names = {}
    for number = 0, 255 do
      names[number] = nmapdb.getprotbynum(number)
    end
    return true, names
  end
  return numbered(nmap.fetchfile("nmap-protocols"), PROTOCOLS)
end

--- Names of services by their port numbers.
-- @param protocol <code>tcp</code>, <code>udp</code> or <code>sctp</code>. Default: a table of all three.
-- @return True.
-- @return Table.
function parse_services (protocol)
  if protocol == nil then
    local all = {}
    for _, name in ipairs { "tcp", "udp", "sctp" } do
      all[name] = select(2, parse_services(name))
    end
    return true, all
  elseif protocol ~= "tcp" and protocol ~= "udp" and protocol ~= "sctp" then
    return false, "'" .. tostring(protocol) .. "' is none of tcp, udp, sctp"
  end
  local path = nmap.fetchfile("nmap-services")
  if path then
    return numbered(path, services_of(protocol))
  end
  -- The program's own table is asked name by name.
  local names = {}
  for number = 0, 65535 do
    names[number] = nmapdb.getservbyport(number, protocol)
  end
  return true, names
end

--- Names of RPC programs by their numbers.
-- @return True; or false if there is a file of them that cannot be read.
-- @return Table; or what is wrong.
function parse_rpc ()
  local path = nmap.fetchfile("nmap-rpc")
  if path then
    return numbered(path, RPC)
  end
  local known = {}
  for name, number in string.gmatch(require "data.programs", "(%S+) (%d+)") do
    known[math.tointeger(tonumber(number))] = name
  end
  return true, known
end

--- The vendor of a network card.
-- @param mac MAC address: six bytes, or hexadecimal digits.
-- @return Its name; nil if it is not known.
function mac_vendor (mac)
  local status, vendor = pcall(nmapdb.mac2corp, mac)
  return status and vendor or nil
end

--- Vendors of network cards by the first bytes of their addresses.
-- @return True.
-- @return Table that looks a MAC address or its first six hexadecimal digits up when it is indexed.
function parse_mac_prefixes ()
  return true, setmetatable({}, {
    __index = function (_, prefix)
      local digits = string.gsub(tostring(prefix), "%X", "")
      return mac_vendor(string.sub(digits .. "000000000000", 1, 12))
    end,
  })
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local lines = { "# comment", "nfs 100003 nfsprog", "mountd\t100005 # mount" }
test_suite:add_test(unittest.identical({ parse_lines(lines, RPC) }, { true, { ["100003"] = "nfs", ["100005"] = "mountd" } }), "keys and values")
test_suite:add_test(unittest.identical(get_array(lines, "^(%w+)"), { "nfs", "mountd" }), "values")
test_suite:add_test(unittest.equal(select(2, parse_rpc())[100005], "mountd"), "programs")
test_suite:add_test(unittest.is_false((parse_services("icmp"))), "no such protocol")
local _, makers = parse_file("nselib/data/enterprise_numbers.txt", { ["^(%d+)"] = "^%d+\t(.+)$" })
test_suite:add_test(unittest.equal(makers["8072"], "net-snmp"), "makers")
test_suite:add_test(unittest.identical({ parse_lines(lines, { RPC, all = { "^(%w+)" } }) }, { true, { { ["100003"] = "nfs", ["100005"] = "mountd" }, all = { "nfs", "mountd" } } }), "tables of both")
return _ENV
