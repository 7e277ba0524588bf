local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows what the status page of an Apache web server tells, where strangers may read it.

The page of <code>mod_status</code> has the versions of the server, how long it has run, its load, and the requests
that are being answered, of which the names of the sites are shown.
]]

---
-- @usage
-- nseer --script http-apache-server-status <target>
-- @output
-- 80/tcp open  http
-- | http-apache-server-status:
-- |   Heading: Apache Server Status for example.org (via 198.51.100.7)
-- |   Server Version: Apache/2.4.62 (Debian)
-- |   Server Built: 2026-01-02T03:04:05
-- |   Server Uptime: 3 hours 2 minutes
-- |   Server Load: 0.31 0.24 0.17
-- |   VHosts:
-- |_    www.example.org:80
-- @xmloutput
-- <elem key="Server Version">Apache/2.4.62 (Debian)</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.http

-- Sites that are shown.
local MOST = 30

-- Lines of the page, in the order in which they are shown.
local LINES = {
  {"Heading", "<h1>([^<]+)</h1>"},
  {"Server Version", "<dt>Server Version:%s*([^<]+)</dt>"},
  {"Server Built", "<dt>Server Built:%s*([^<]+)</dt>"},
  {"Server Uptime", "<dt>Server uptime:%s*([^<]+)</dt>"},
  {"Server Load", "<dt>Server load:%s*([^<]+)</dt>"},
}

-- The sites of the table of requests.
local function sites_of (page)
  local sites, known = {}, {}
  for site in string.gmatch(page, "<td nowrap>([%w.-]+:%d+)</td>") do
    if not known[site] and #sites < MOST then
      known[site] = true
      sites[#sites + 1] = site
    end
  end
  table.sort(sites)
  return sites
end

action = function (host, port)
  local response = http.get(host, port, "/server-status", {no_cache = true, redirect_ok = false, truncated_ok = true})
  if response.status ~= 200 or not string.find(response.body, "<title>Apache Status</title>", 1, true) then
    return nil
  end
  local out = stdnse.output_table()
  for _, line in ipairs(LINES) do
    local value = string.match(response.body, line[2])
    out[line[1]] = value and string.match(value, "^%s*(.-)%s*$")
  end
  local sites = sites_of(response.body)
  out.VHosts = #sites > 0 and sites or nil
  return out() and out or nil
end
