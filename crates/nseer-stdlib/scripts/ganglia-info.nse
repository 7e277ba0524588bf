local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local slaxml = require "slaxml"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what a Ganglia monitor tells everybody who connects: clusters, their owners, hosts and measured values.
]]

---
-- The monitor sends one document of XML and closes (manual of gmond). Nothing is sent.
--
-- @usage nseer -p 8649 --script ganglia-info <target>
-- @args ganglia-info.bytes So many bytes are read at most. Default: 1000000.
-- @args ganglia-info.timeout Seconds to wait for more. Default: by the host's answers.
-- @output
-- 8649/tcp open  ganglia
-- | ganglia-info:
-- |   Ganglia Version: 3.7.2
-- |   Cluster 1:
-- |     Name: Lab cluster
-- |     Owner: lab
-- |     Host 1:
-- |       Name: node.example
-- |       IP: 192.0.2.5
-- |_      load_one: 0.27
-- @xmloutput
-- <elem key="Ganglia Version">3.7.2</elem>
-- <table key="Cluster 1">
--   <elem key="Name">Lab cluster</elem>
--   <elem key="Owner">lab</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({8649, 8651}, "ganglia", "tcp")

local MAX_HOSTS = 200

-- Builds the output while elements come: an element's attributes are known when it ends or the next begins.
local function reader ()
  local out, cluster, machine, clusters, machines = stdnse.output_table(), nil, nil, 0, 0
  local element, fields = nil, {}
  local function done ()
    if element == "GANGLIA_XML" then
      out["Ganglia Version"] = fields.VERSION
    elseif element == "CLUSTER" then
      clusters, machines, cluster, machine = clusters + 1, 0, stdnse.output_table(), nil
      cluster.Name = fields.NAME
      cluster.Owner = fields.OWNER
      out["Cluster " .. clusters] = cluster
    elseif element == "HOST" and cluster then
      machines, machine = machines + 1, nil
      if machines <= MAX_HOSTS then
        machine = stdnse.output_table()
        machine.Name = fields.NAME
        machine.IP = fields.IP
        cluster["Host " .. machines] = machine
      end
    elseif element == "METRIC" and machine and fields.NAME and fields.VAL then
      machine[fields.NAME] = fields.VAL .. (fields.UNITS and string.find(fields.UNITS, "%S") and fields.UNITS or "")
    end
    element = nil
  end
  local parser = slaxml.parser:new {
    startElement = function (name)
      done()
      element, fields = name, {}
    end,
    attribute = function (name, value)
      if element then
        fields[name] = value
      end
    end,
    closeElement = function () done() end,
  }
  return parser, out
end

action = function (host, port)
  local limit = tonumber(stdnse.get_script_args(SCRIPT_NAME .. ".bytes")) or 1000000
  local socket = nmap.new_socket()
  local seconds = tonumber(stdnse.get_script_args(SCRIPT_NAME .. ".timeout"))
  socket:set_timeout(seconds and seconds > 0 and (seconds * 1000) // 1 or stdnse.get_timeout(host, 5000))
  local status, data = socket:connect(host, port)
  local text, receive = "", deadline.receiver(socket)
  while status and #text < limit and not string.find(text, "</GANGLIA_XML>", -40, true) do
    status, data = receive()
    text = status and text .. data or text
    -- Whoever begins otherwise is somebody else.
    if #text > 1000 and not string.find(text, "<GANGLIA_XML", 1, true) and not string.find(text, "<!DOCTYPE GANGLIA_XML", 1, true) then
      break
    end
  end
  socket:close()
  local from = string.find(text, "<GANGLIA_XML", 1, true)
  if not from then
    return nil
  end
  local parser, out = reader()
  local read, reason = pcall(parser.parseSAX, parser, string.sub(text, from, limit), { stripWhitespace = true })
  if not read then
    stdnse.debug1("%s", reason)
  end
  return out["Ganglia Version"] and out or nil
end
