local comm = require "comm"
local math = require "math"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the disks of a machine and how warm they are, as hddtemp's daemon tells them.
]]

---
-- @usage nseer -p 7634 --script hddtemp-info <target>
-- @output
-- 7634/tcp open  hddtemp
-- | hddtemp-info:
-- |_  /dev/sda: ST4000DM004-2CV104: 31 C
-- @xmloutput
-- <table>
-- <elem key="device">/dev/sda</elem>
-- <elem key="label">ST4000DM004-2CV104</elem>
-- <elem key="temperature">31</elem>
-- <elem key="unit">C</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(7634, "hddtemp")

local MAX_DISKS = 256

local SHOWN = { __tostring = function (disk)
  return string.format("%s: %s: %s %s", disk.device, disk.label, disk.temperature, disk.unit)
end }

action = function (host, port)
  local socket, text = comm.opencon(host, port, nil, { recv_before = true, timeout = 4000 })
  if not socket then
    stdnse.debug1("%s", tostring(text))
    return nil
  end
  socket:close()
  -- hddtemp(8): |device|model|temperature|unit| for each disk, with a separator that may be chosen.
  local mark = string.match(text, "^(%p)/")
  if not mark then
    return nil
  end
  local fields = {}
  for field in string.gmatch(text, "([^%" .. mark .. "]+)") do
    fields[#fields + 1] = field
  end
  local out = {}
  for at = 1, math.min(#fields - 3, MAX_DISKS * 4), 4 do
    out[#out + 1] = setmetatable({
      device = fields[at], label = fields[at + 1], temperature = fields[at + 2], unit = fields[at + 3],
    }, SHOWN)
  end
  return #out > 0 and out or nil
end
