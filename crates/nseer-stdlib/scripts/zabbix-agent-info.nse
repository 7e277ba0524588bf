local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a Zabbix agent for its name, its version and its system, as the server of the monitoring does.

An agent answers only those whom its setting <code>Server</code> names. One that answers a scan tells everybody what
it tells its server.
]]

---
-- A question is an item's key behind a header (Zabbix documentation, appendix "Passive and active agent checks", and
-- "Header" of its protocols). Only items are asked that change nothing.
--
-- @usage nseer -p 10050 --script zabbix-agent-info <target>
-- @output
-- 10050/tcp open  zabbix-agent
-- | zabbix-agent-info:
-- |   Hostname: web1
-- |   Version: 6.0.14
-- |   Agent: Zabbix agent
-- |   System: Linux web1 6.1.0-18-amd64 x86_64
-- |_  Uptime: 1209600 s

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(10050, {"zabbix", "zabbix-agent"})

local MAGIC, PLAIN = "ZBXD", 1
local HEADER, MAX_ANSWER = 13, 64 * 1024

local ITEMS = {
  {"Hostname", "agent.hostname"}, {"Version", "agent.version"}, {"Agent", "agent.variant"},
  {"System", "system.uname"}, {"Uptime", "system.uptime"},
}
local VARIANTS = {["1"] = "Zabbix agent", ["2"] = "Zabbix agent 2"}

-- The value of an item. An agent closes after each, and at once where it does not know who asks.
local function value (host, port, key)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local answer, receive = "", deadline.receiver(socket)
  local status = socket:connect(host, port) and socket:send(MAGIC .. string.pack("<Bs8", PLAIN, key))
  while status do
    local more
    status, more = receive()
    answer = answer .. (status and more or "")
    local size = #answer >= HEADER and string.unpack("<I4", answer, 6)
    if size and (#answer >= HEADER + size or size > MAX_ANSWER) then
      break
    end
  end
  socket:close()
  if string.sub(answer, 1, 5) ~= MAGIC .. string.char(PLAIN) or #answer < HEADER then
    return nil
  end
  local text = string.sub(answer, HEADER + 1, HEADER + string.unpack("<I4", answer, 6))
  -- What the agent does not support it says behind this word.
  return true, text ~= "" and not string.find(text, "^ZBX_NOTSUPPORTED") and text or nil
end

action = function (host, port)
  local out = stdnse.output_table()
  for _, item in ipairs(ITEMS) do
    local is_agent, text = value(host, port, item[2])
    if not is_agent then
      break
    end
    out[item[1]] = item[2] == "agent.variant" and VARIANTS[text] or text
  end
  if out.Uptime then
    out.Uptime = out.Uptime .. " s"
  end
  return #out > 0 and out or nil
end
