local datetime = require "datetime"
local deadline = require "deadline"
local match = require "match"
local math = require "math"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the state of a memcached server: process, uptime, connections and ports, and whether it asks for a login.
]]

---
-- Sends <code>stats</code> and <code>stats settings</code> (protocol.txt of memcached); over UDP with its frame
-- header.
--
-- @usage nseer -p 11211 --script memcached-info <target>
-- @output
-- 11211/tcp open  memcache
-- | memcached-info:
-- |   Process ID: 195
-- |   Uptime: 2751 seconds
-- |   Server time: 2021-02-03T04:05:06
-- |   Architecture: 64 bit
-- |   Used CPU (user): 0.204989
-- |   Used CPU (system): 0.094610
-- |   Current connections: 5
-- |   Total connections: 8
-- |   Maximum connections: 1024
-- |   TCP Port: 11211
-- |   UDP Port: 0
-- |_  Authentication: no

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(11211, {"memcache", "memcached"}, {"tcp", "udp"})

local MAX_LINES, MAX_LINE = 500, 4096

-- Sends a command over TCP. The fields; nil and the last line if the answer is another.
local function ask_tcp (socket, command)
  local fields = {}
  if not socket:send(command .. "\r\n") then
    return nil, nil
  end
  for _ = 1, MAX_LINES do
    local status, line = deadline.receive_buf(socket, match.pattern_limit("\r?\n", MAX_LINE), false)
    if not status then
      return nil, nil
    elseif line == "END" then
      return fields, nil
    end
    local key, value = string.match(line, "^STAT (%S+) (.*)$")
    if not key then
      return nil, line
    end
    fields[key] = value
  end
  return fields, nil
end

-- The same over UDP, as far as the first datagrams tell.
local function ask_udp (socket, command)
  local status, data = socket:send("\0\x01\0\0\0\x01\0\0" .. command .. "\r\n")
  local fields, text, any = {}, "", false
  for _ = 1, 4 do
    if status then
      status, data = socket:receive()
    end
    if not status then
      break
    end
    text = text .. string.sub(data, 9)
    if string.find(text, "END\r\n", 1, true) then
      break
    end
  end
  for key, value in string.gmatch(text, "STAT (%S+) ([^\r\n]*)\r\n") do
    fields[key], any = value, true
  end
  return any and fields or nil, nil
end

local function value (fields, key, suffix)
  return fields[key] and fields[key] .. (suffix or "")
end

action = function (host, port)
  local socket = nmap.new_socket(port.protocol)
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  if not socket:connect(host, port) then
    return nil
  end
  local ask = port.protocol == "udp" and ask_udp or ask_tcp
  local out = stdnse.output_table()
  local stats, line = ask(socket, "stats")
  if not stats then
    socket:close()
    if line and string.find(line, "unauthenticated") then
      out.Authentication = "yes"
      return out
    end
    return nil
  end
  local settings = ask(socket, "stats settings") or {}
  socket:close()
  out["Process ID"] = stats.pid
  out.Uptime = value(stats, "uptime", " seconds")
  local time = math.tointeger(tonumber(stats.time))
  out["Server time"] = time and datetime.format_timestamp(time)
  out.Architecture = value(stats, "pointer_size", " bit")
  out["Used CPU (user)"] = stats.rusage_user
  out["Used CPU (system)"] = stats.rusage_system
  out["Current connections"] = stats.curr_connections
  out["Total connections"] = stats.total_connections
  out["Maximum connections"] = settings.maxconns or stats.max_connections
  out["TCP Port"] = settings.tcpport
  out["UDP Port"] = settings.udpport
  out.Authentication = settings.auth_enabled_sasl or "no"
  return out
end
