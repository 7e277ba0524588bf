local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Lists at the end of a scan which hosts have which service, port by port.
]]

---
-- Open ports are noted while hosts are scanned; nothing is sent.
--
-- @usage nseer --script reverse-index <targets>
-- @args reverse-index.mode <code>horizontal</code> for all hosts of a port on one line, <code>vertical</code> for
--       a line for each. Default: <code>horizontal</code>.
-- @args reverse-index.names If given, services are shown as well.
-- @output
-- Post-scan script results:
-- | reverse-index:
-- |   22/tcp: 192.0.2.1, 192.0.2.7
-- |_  80/tcp: 192.0.2.1

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

hostrule = function ()
  return true
end

postrule = function ()
  return nmap.registry["reverse-index"] ~= nil
end

local function note (host)
  local ports = {}
  for _, protocol in ipairs { "tcp", "udp", "sctp" } do
    local port = nmap.get_ports(host, nil, protocol, "open")
    while port do
      if port.protocol == protocol then
        ports[#ports + 1] = { number = port.number, protocol = protocol, service = port.service }
      end
      port = nmap.get_ports(host, port, protocol, "open")
    end
  end
  if #ports > 0 then
    local index = nmap.registry["reverse-index"] or {}
    nmap.registry["reverse-index"] = index
    index[host.ip] = ports
  end
end

local function is_before (a, b)
  if a.protocol ~= b.protocol then
    return a.protocol < b.protocol
  elseif a.number ~= b.number then
    return a.number < b.number
  end
  return a.name < b.name
end

local function index_of (by_host, with_names)
  local keys, rows = {}, {}
  for ip, ports in pairs(by_host) do
    for _, port in ipairs(ports) do
      local key = string.format("%d/%s%s", port.number, port.protocol,
        with_names and port.service and "/" .. port.service or "")
      if not rows[key] then
        rows[key] = {}
        keys[#keys + 1] = { name = key, number = port.number, protocol = port.protocol }
      end
      table.insert(rows[key], ip)
    end
  end
  table.sort(keys, is_before)
  return keys, rows
end

local function report ()
  local mode = stdnse.get_script_args("reverse-index.mode") or "horizontal"
  local keys, rows = index_of(nmap.registry["reverse-index"], stdnse.get_script_args("reverse-index.names"))
  local out, lines = stdnse.output_table(), {}
  for _, key in ipairs(keys) do
    local ips = rows[key.name]
    ipOps.ip_sort(ips)
    out[key.name] = ips
    local between = mode == "vertical" and "\n    " or ", "
    lines[#lines + 1] = "\n  " .. key.name .. ":" .. (mode == "vertical" and between or " ") .. table.concat(ips, between)
  end
  return out, table.concat(lines)
end

action = function (host)
  if host then
    note(host)
    return nil
  end
  return report()
end
