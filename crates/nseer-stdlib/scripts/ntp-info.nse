local comm = require "comm"
local datetime = require "datetime"
local math = require "math"
local nmap = require "nmap"
local os = require "os"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a time server for the time, and for its version and state where it tells them.
]]

---
-- The time comes by a request of version 4 (RFC 5905, section 7.3), the rest by the control message that reads
-- variables (RFC 9327, section 2).
--
-- @usage nseer -sU -p 123 --script ntp-info <target>
-- @output
-- 123/udp open  ntp
-- | ntp-info:
-- |   receive time stamp: 2021-02-03T04:05:06
-- |   version: ntpd 4.2.8
-- |   system: Linux
-- |   leap: 0
-- |_  stratum: 3

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(123, "ntp", "udp", {"open", "open|filtered"})

-- From 1900 to 1970, in seconds.
local EPOCH = 2208988800

local FIELDS = { "version", "processor", "system", "leap", "stratum", "precision", "rootdelay", "rootdisp", "refid",
  "reftime", "clock", "peer", "tc", "mintc", "offset", "frequency", "jitter" }

-- The time at which the server received the question; nil if it does not answer.
local function receive_time (host, port)
  -- No warning, version 4, client.
  local question = "\xe3\0\x04\xfa\0\x01\0\0\0\x01" .. string.rep("\0", 38)
  local status, data = comm.exchange(host, port, question, { proto = "udp", timeout = stdnse.get_timeout(host, 5000) })
  if not status or #data < 48 or string.byte(data) & 7 ~= 4 then
    return nil
  end
  local seconds, fraction = string.unpack(">I4I4", data, 33)
  -- Half of the numbers are of the era that begins in 2036.
  return seconds + fraction / 2 ^ 32 - EPOCH + (seconds < 0x80000000 and 2 ^ 32 or 0)
end

-- The variables of the server as a table.
---@return table<string, string>
local function variables (host, port)
  local question = string.pack(">BBI2I2I2I2I2", 0x16, 2, 1, 0, 0, 0, 0)
  local status, data = comm.exchange(host, port, question, { proto = "udp", timeout = stdnse.get_timeout(host, 5000) })
  if not status or #data < 12 or string.byte(data, 2) & 0x1f ~= 2 then
    return {}
  end
  local found = {}
  local text = string.sub(data, 13, 12 + string.unpack(">I2", data, 11))
  for name, value in string.gmatch(text, "([%w_]+)=(%b\"\")") do
    found[name] = string.sub(value, 2, -2)
  end
  for name, value in string.gmatch(text, "([%w_]+)=([^%s,\"]+)") do
    found[name] = found[name] or value
  end
  return found
end

action = function (host, port)
  local time = receive_time(host, port)
  local found = variables(host, port)
  if not time and next(found) == nil then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local out = stdnse.output_table()
  if time then
    datetime.record_skew(host, time, os.time())
    out["receive time stamp"] = datetime.format_timestamp(math.floor(time))
  end
  for _, name in ipairs(FIELDS) do
    out[name] = found[name]
  end
  if found.version then
    port.version.name = "ntp"
    port.version.product = "NTP"
    port.version.version = string.match(found.version, "ntpd ([%w.]+)")
    nmap.set_port_version(host, port)
  end
  return out() and out or nil
end
