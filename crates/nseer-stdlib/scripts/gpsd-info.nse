local linereader = require "linereader"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks gpsd which receivers it has, and where and when it is (gpsd_json(5)).
]]

---
-- @usage nseer -p 2947 --script gpsd-info <target>
-- @output
-- 2947/tcp open  gpsd
-- | gpsd-info:
-- |   Release: 3.22
-- |   Devices: /dev/ttyUSB0
-- |   Time of fix: 2026-02-03T08:41:07.000Z
-- |   Coordinates: 47.250113,-31.904528
-- |_  Speed: 0.1 knots
-- @xmloutput
-- <elem key="Release">3.22</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(2947, {"gpsd", "gpsd-ng"})

local MAX_LINES, MAX_LINE = 200, 16 * 1024

-- Metres in a second are so many knots.
local KNOTS = 3600 / 1852

-- The value of a simple field. Reports are flat where it matters, so no JSON reader is needed.
local function field (line, name)
  return string.match(line, '"' .. name .. '"%s*:%s*"([^"]*)"') or string.match(line, '"' .. name .. '"%s*:%s*(-?[%d.]+)')
end

local TAKE = {
  VERSION = function (out, line)
    out.Release = field(line, "release")
  end,
  DEVICES = function (out, line)
    local paths = {}
    for path in string.gmatch(line, '"path"%s*:%s*"([^"]*)"') do
      paths[#paths + 1] = path
    end
    out.Devices = #paths > 0 and table.concat(paths, ", ") or "none"
  end,
  TPV = function (out, line)
    local latitude, longitude, speed = field(line, "lat"), field(line, "lon"), tonumber(field(line, "speed"))
    out["Time of fix"] = field(line, "time")
    out.Coordinates = latitude and longitude and latitude .. "," .. longitude or nil
    out.Speed = speed and string.format("%.1f knots", speed * KNOTS) or nil
  end,
}

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(3000)
  local out = stdnse.output_table()
  local status = socket:connect(host, port, "tcp") and socket:send('?WATCH={"enable":true,"json":true};\n?POLL;\n')
  local next_line = linereader.new(socket, "", MAX_LINE)
  for _ = 1, status and MAX_LINES or 0 do
    local line = next_line()
    if not line then
      break
    end
    local class = field(line, "class")
    if TAKE[class] then
      TAKE[class](out, line)
    elseif class == "POLL" then
      local fix = string.match(line, '"tpv"%s*:%s*%[(%b{})')
      if fix then
        TAKE.TPV(out, fix)
      end
    end
    if class == "POLL" or out.Coordinates then
      break
    end
  end
  socket:close()
  return out.Release and out or nil
end
