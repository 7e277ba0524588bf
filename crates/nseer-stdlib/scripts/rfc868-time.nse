local comm = require "comm"
local datetime = require "datetime"
local nmap = require "nmap"
local os = require "os"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the time by the clock of a server (RFC 868): the seconds since 1900, in four bytes.
]]

---
-- @usage nseer -p 37 --script rfc868-time <target>
-- @output
-- 37/tcp open  time
-- |_rfc868-time: 2026-11-26T04:24:30
-- @xmloutput
-- 2026-11-26T04:24:30

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe", "version"}

portrule = shortport.version_port_or_service(37, "time", {"tcp", "udp"})

-- Seconds from 1900 to 1970 (RFC 868), and those of a turn of 32 bits.
local TO_UNIX, TURN = 2208988800, 1 << 32

-- A clock that is further off is no clock, but another protocol: five years.
local PLAUSIBLE = 5 * 366 * 86400

local function ask (host, port)
  if port.protocol == "udp" then
    return comm.exchange(host, port, "", { proto = "udp", timeout = 4000, bytes = 4 })
  end
  local socket, data = comm.opencon(host, port, nil, { recv_before = true, timeout = 4000, bytes = 4 })
  return socket ~= nil and socket:close(), data
end

action = function (host, port)
  local status, data = ask(host, port)
  if not status or #data ~= 4 then
    stdnse.debug1("no time: %s", status and "not four bytes" or tostring(data))
    return nil
  end
  local now = os.time()
  local time = string.unpack(">I4", data) - TO_UNIX
  if time < 0 then
    -- After 2036 the count begins again.
    time = time + TURN
  end
  if time - now > PLAUSIBLE or now - time > PLAUSIBLE then
    stdnse.debug1("%d is no time of these years", time)
    return nil
  end
  datetime.record_skew(host, time, now)
  port.version.name, port.version.extrainfo = "time", "32 bits"
  nmap.set_port_version(host, port)
  return datetime.format_timestamp(time)
end
