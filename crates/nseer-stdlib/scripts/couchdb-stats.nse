local json = require "json"
local jsonapi = require "jsonapi"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local table = require "table"

description = [[
Shows the counters of a CouchDB server that tells them without a login, and whether everybody is its administrator.
]]

---
-- Reads <code>/_stats</code>, or <code>/_node/_local/_stats</code> from version 2 on (CouchDB's documentation,
-- chapter "Server"), and asks whether its settings can be read.
--
-- @usage nseer -p 5984 --script couchdb-stats <target>
-- @output
-- 5984/tcp open  httpd
-- | couchdb-stats:
-- |   couchdb
-- |     database_writes (number of times a database was changed)
-- |       current = 5.0
-- |       sum = 5.0
-- |   httpd_request_methods
-- |     GET (number of HTTP GET requests)
-- |       current = 9.0
-- |       sum = 9.0
-- |_  Authentication : unknown

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service({5984}, "couchdb")

-- The sections that are shown, and the values of their counters; "value" is that of version 2 and later.
local SECTIONS = { "couchdb", "httpd_status_codes", "httpd", "httpd_request_methods" }
local VALUES = { "current", "sum", "value" }

-- What a counter is, and its values as a table and as lines.
local function read_counter (counter)
  local values, lines = stdnse.output_table(), {}
  for _, name in ipairs(VALUES) do
    local value = counter[name]
    if json.typeof(value) == "number" then
      values[name] = value
      lines[#lines + 1] = name .. " = " .. tostring(value)
    elseif value == json.NULL then
      lines[#lines + 1] = name
    end
  end
  local about = counter.description or counter.desc
  return type(about) == "string" and about or nil, values, lines
end

local function read_section (section)
  local names, out, lines = {}, stdnse.output_table(), {}
  for name, counter in pairs(section) do
    if json.typeof(counter) == "object" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local about, values, inner = read_counter(section[name])
    if #inner > 0 then
      inner.name = about and name .. " (" .. about .. ")" or name
      out[name], lines[#lines + 1] = values, inner
    end
  end
  return out, lines
end

-- Settings are for administrators only.
local function authentication (host, port)
  for _, path in ipairs { "/_config", "/_node/_local/_config" } do
    local settings, status = jsonapi.object(host, port, path)
    if settings and settings.couchdb then
      return "NOT enabled ('admin party')"
    elseif status == 401 or status == 403 then
      return "enabled"
    end
  end
  return "unknown"
end

action = function (host, port)
  local stats = jsonapi.object(host, port, "/_stats")
  if not stats or not stats.couchdb then
    stats = jsonapi.object(host, port, "/_node/_local/_stats")
  end
  if not stats or json.typeof(stats.couchdb) ~= "object" then
    return nil
  end
  local out, lines = stdnse.output_table(), {}
  for _, name in ipairs(SECTIONS) do
    if json.typeof(stats[name]) == "object" then
      local values, inner = read_section(stats[name])
      inner.name = name
      out[name], lines[#lines + 1] = values, inner
    end
  end
  out.Authentication = authentication(host, port)
  lines[#lines + 1] = "Authentication : " .. out.Authentication
  port.version.name, port.version.product = "httpd", "Apache CouchDB"
  nmap.set_port_version(host, port)
  return out, stdnse.format_output(true, lines)
end
