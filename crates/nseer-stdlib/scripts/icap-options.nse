local linereader = require "linereader"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks an ICAP server which services it has, and what each takes: methods, previews, how many connections.

Proxies hand requests and pages to such a server to have them scanned or changed.
]]

---
-- Sends OPTIONS (RFC 3507, section 4.10) for the names that common servers give to their services. A service that
-- is not there is not shown.
--
-- @args icap-options.services Names of services to ask for, in place of the usual ones.
--
-- @usage nseer -p 1344 --script icap-options <target>
-- @output
-- 1344/tcp open  icap
-- | icap-options:
-- |   echo:
-- |     Service: C-ICAP/0.5.10 server - Echo demo service
-- |     Methods: RESPMOD, REQMOD
-- |     Preview: 1024
-- |     Allow: 204
-- |     Options-TTL: 3600
-- |_    ISTag: "CI0001-XXXXXXXXX"

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(1344, "icap")

local SERVICES = {
  "echo", "avscan", "srv_clamav", "squidclamav", "virus_scan", "url_check", "reqmod", "respmod", "request", "response",
}
local SHOWN = {
  "Service", "Server", "Methods", "Preview", "Transfer-Preview", "Allow", "Max-Connections", "Options-TTL", "ISTag",
  "Service-ID",
}
local MAX_SERVICES, MAX_HEADERS, MAX_LINE, LONGEST = 50, 100, 4096, 10000

-- What is said of one service; false where it is not there, nil where this is no ICAP server.
local function options (host, port, service)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local name = stdnse.get_hostname(host)
  local status = socket:connect(host, port) and socket:send(table.concat({
    string.format("OPTIONS icap://%s:%d/%s ICAP/1.0", name, port.number, service),
    "Host: " .. name, "User-Agent: nseer", "Encapsulated: null-body=0", "", "",
  }, "\r\n"))
  local headers = {}
  local next_line = linereader.new(socket, "", MAX_LINE, LONGEST)
  local code = status and string.match(next_line() or "", "^ICAP/%d%.%d (%d%d%d)")
  local line = code == "200" and next_line()
  local count = 0
  while line and line ~= "" and count < MAX_HEADERS do
    local header, value = string.match(line, "^([%w-]+):%s*(.-)%s*$")
    if header then
      headers[string.lower(header)] = value
    end
    line, count = next_line(), count + 1
  end
  socket:close()
  if not code then
    return nil
  end
  return code == "200" and headers
end

action = function (host, port)
  local services = stdnse.get_script_args("icap-options.services") or SERVICES
  if type(services) ~= "table" then
    services = {services}
  end
  local out = stdnse.output_table()
  for at = 1, math.min(#services, MAX_SERVICES) do
    local service = string.gsub(services[at], "[^%w._~/-]", "")
    local headers = options(host, port, service)
    if headers == nil then
      break
    end
    local shown = stdnse.output_table()
    for _, header in ipairs(SHOWN) do
      shown[header] = headers and headers[string.lower(header)]
    end
    out[service] = headers and shown or nil
  end
  return #out > 0 and out or nil
end
