local mysql = require "mysql"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local table = require "table"

description = [[
Shows what a MySQL or MariaDB server says in its greeting: version, thread, capabilities, status and salt.
]]

---
-- See the library <code>mysql</code>. Nobody logs in.
--
-- @usage nseer -p 3306 --script mysql-info <target>
-- @output
-- 3306/tcp open  mysql
-- | mysql-info:
-- |   Protocol: 10
-- |   Version: 8.0.32
-- |   Thread ID: 12
-- |   Capabilities flags: 65535
-- |   Some Capabilities: FoundRows, ODBCClient
-- |   Status: Autocommit
-- |   Salt: abcdefghijklmnopqrst
-- |_  Auth Plugin Name: caching_sha2_password

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(3306, "mysql")

-- Names of bits as they are shown.
local STATUS = { { 0x1, "In Transaction" }, { 0x2, "Autocommit" }, { 0x4, "More Results" }, { 0x8, "Multi Query" },
  { 0x10, "Bad Index Used" }, { 0x20, "No Index Used" }, { 0x40, "Cursor Exists" }, { 0x80, "Last Row Sent" },
  { 0x100, "Database Dropped" }, { 0x200, "No Backslash Escapes" } }

local joined = { __tostring = function (list) return table.concat(list, ", ") end }

local function capabilities_of (info)
  local names = {}
  for name, bit in pairs(mysql.Capabilities) do
    if info.capabilities & bit ~= 0 then
      names[#names + 1] = name
    end
  end
  for name, bit in pairs(mysql.ExtCapabilities) do
    if (info.extcapabilities or 0) & bit ~= 0 then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return setmetatable(names, joined)
end

local function status_of (bits)
  local names = {}
  for _, row in ipairs(STATUS) do
    names[#names + 1] = bits & row[1] ~= 0 and row[2] or nil
  end
  return table.concat(names, ", ")
end

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 10000))
  local status, info = socket:connect(host, port)
  if status then
    status, info = mysql.receiveGreeting(socket)
  end
  socket:close()
  if not status then
    stdnse.debug1("%s", info)
    return nil
  end
  local out = stdnse.output_table()
  if info.errormessage then
    out["MySQL Error"] = info.errormessage
    return out
  end
  out.Protocol = info.proto
  out.Version = info.version
  out["Thread ID"] = info.threadid
  out["Capabilities flags"] = info.capabilities
  out["Some Capabilities"] = capabilities_of(info)
  if info.status then
    out.Status = status_of(info.status)
  end
  out.Salt = info.salt
  out["Auth Plugin Name"] = info.auth_plugin_name
  return out
end
