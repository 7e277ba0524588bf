local datafiles = require "datafiles"
local datetime = require "datetime"
local ipOps = require "ipOps"
local math = require "math"
local nmap = require "nmap"
local shortport = require "shortport"
local snmp = require "snmp"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what an SNMPv3 agent tells everybody: its engine's identifier, how often it was started and for how long
it has been up. No user name is needed.
]]

---
-- A request without an engine ID is answered by a report that has one (RFC 3414, section 4). Its parts are those
-- of RFC 3411, section 5, SnmpEngineID; names of enterprises are IANA's.
--
-- @usage nseer -sU -p 161 --script snmp-info <target>
-- @output
-- 161/udp open  snmp
-- | snmp-info:
-- |   enterprise: net-snmp
-- |   engineIDFormat: mac
-- |   engineIDData: 00:00:5e:00:53:01
-- |   snmpEngineBoots: 4
-- |_  snmpEngineTime: 2h03m04s

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe", "version"}
dependencies = {"snmp-brute"}

portrule = shortport.version_port_or_service(161, "snmp", "udp", {"open", "open|filtered"})

-- The part of an engine ID that says who it is, by its format (RFC 3411, page 41).
local FORMATS = {
  [1] = { "ipv4", function (data) return ipOps.str_to_ip(data) end },
  [2] = { "ipv6", function (data) return ipOps.str_to_ip(data) end },
  [3] = { "mac", function (data) return #data == 6 and stdnse.format_mac(data) end },
  [4] = { "text", function (data) return data end },
  [5] = { "octets", function (data) return stdnse.tohex(data) end },
}

-- A question without user, engine and name (RFC 3412, section 6; RFC 3414, section 2.4).
local function question (id)
  local security = snmp.encode { "", 0, 0, "", "", "" }
  return snmp.encode {
    3,
    -- Flags: an answer is wanted. Security model: by users.
    { id, 65507, "\x04", 3 },
    security,
    { "", "", { _snmp = "\xa0", id, 0, 0, {} } },
  }
end

local _, enterprises = datafiles.parse_file("nselib/data/enterprise_numbers.txt", { ["^(%d+)"] = "^%d+%s+(.+)$" })

local function engine (id)
  local info = stdnse.output_table()
  if #id < 5 then
    info.engineIDData = stdnse.tohex(id)
    return info
  end
  local first = string.unpack(">I4", id)
  local number = first & 0x7fffffff
  info.enterprise = enterprises[tostring(number)] or tostring(number)
  if first < 0x80000000 then
    info.engineIDData = stdnse.tohex(string.sub(id, 5))
    return info
  end
  local format, data = FORMATS[string.byte(id, 5)], string.sub(id, 6)
  info.engineIDFormat = format and format[1] or "unknown"
  info.engineIDData = format and format[2](data) or stdnse.tohex(data)
  return info
end

-- The part of a report on security, as a table; nil if it is none.
local function security_of (data)
  local message = snmp.decode(data)
  local bytes = type(message) == "table" and message[1] == 3 and message[3]
  local security = type(bytes) == "string" and snmp.decode(bytes)
  if type(security) == "table" and type(security[1]) == "string" and #security[1] > 0 then
    return security
  end
end

local function note_version (host, port, info)
  port.version.service = "snmp"
  port.version.name = "snmp"
  port.version.product = port.version.product or (info.enterprise and info.enterprise .. " SNMPv3 server" or "SNMPv3 server")
  nmap.set_port_version(host, port)
end

action = function (host, port)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(5000)
  local status, data = socket:connect(host, port)
  if status then
    status = socket:send(question(math.random(1, 0x7fff)))
  end
  if status then
    status, data = socket:receive()
  end
  socket:close()
  local security = status and security_of(data)
  if not security then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local info = engine(security[1])
  info.snmpEngineBoots = math.tointeger(security[2])
  info.snmpEngineTime = math.tointeger(security[3]) and datetime.format_time(security[3])
  note_version(host, port, info)
  return info
end
