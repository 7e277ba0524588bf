local jsonapi = require "jsonapi"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Lists the databases of a CouchDB server that tells them without a login.
]]

---
-- Reads <code>/_all_dbs</code> (CouchDB's documentation, chapter "Server").
--
-- @usage nseer -p 5984 --script couchdb-databases <target>
-- @args couchdb-databases.limit How many are shown. Default: 100.
-- @output
-- 5984/tcp open  httpd
-- | couchdb-databases:
-- |   1 = _users
-- |_  2 = people

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service({5984}, "couchdb")

action = function (host, port)
  local limit = tonumber(stdnse.get_script_args(SCRIPT_NAME .. ".limit")) or 100
  local list = jsonapi.array(host, port, "/_all_dbs")
  if not list then
    return nil
  end
  local names, lines = {}, {}
  for i, name in ipairs(list) do
    if i > limit then
      break
    end
    names[i] = tostring(name)
    lines[i] = i .. " = " .. names[i]
  end
  port.version.name, port.version.product = "httpd", "Apache CouchDB"
  nmap.set_port_version(host, port)
  return names, stdnse.format_output(true, lines)
end
