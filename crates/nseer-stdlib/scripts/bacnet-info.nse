local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a BACnet device for its name, vendor, model, versions and place.
]]

---
-- Reads properties of the device object (ANSI/ASHRAE 135, clauses 12.11, 15.5 and annex J); nothing is written.
--
-- @usage nseer -sU -p 47808 --script bacnet-info <target>
-- @output
-- 47808/udp open  bacnet
-- | bacnet-info:
-- |   Vendor ID: 260
-- |   Vendor Name: Example Controls
-- |   Object-identifier: 599
-- |   Firmware: 1.2
-- |   Application Software: 3.4
-- |   Object Name: Controller
-- |   Model Name: C-1
-- |   Description: Hall
-- |_  Location: Basement

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "version"}

portrule = shortport.version_port_or_service(47808, "bacnet", "udp", {"open", "open|filtered"})

-- Numbers of properties (clause 21).
local PROPERTIES = {
  { 120, "Vendor ID" }, { 121, "Vendor Name" }, { 75, "Object-identifier" }, { 44, "Firmware" },
  { 12, "Application Software" }, { 77, "Object Name" }, { 70, "Model Name" }, { 28, "Description" }, { 58, "Location" },
}

-- The device object of any number stands for the device that is asked.
local ANY_DEVICE = string.pack(">I4", 8 << 22 | 0x3fffff)

local function request (property)
  -- Network layer: an answer is wanted. Application layer: a confirmed request to read.
  local service = "\x01\x04" .. "\0\x05\x01\x0c" .. "\x0c" .. ANY_DEVICE .. "\x19" .. string.char(property)
  return "\x81\x0a" .. string.pack(">I2", #service + 4) .. service
end

-- Whether bytes are an answer to our request: a result, an error, a rejection or an abort (clause 20.1).
local function is_answer (data)
  if #data < 9 or string.sub(data, 1, 1) ~= "\x81" or string.unpack(">I2", data, 3) ~= #data then
    return false
  end
  local kind = string.byte(data, 7) >> 4
  return kind == 3 or kind >= 5 and kind <= 7
end

-- The value between the opening and closing tags of an answer; nil if there is none.
local function value_of (data)
  if #data < 10 or string.sub(data, 1, 1) ~= "\x81" or string.sub(data, 7, 7) ~= "\x30" then
    return nil
  end
  local from = string.find(data, "\x3e", 10, true)
  if not from then
    return nil
  end
  local tag, pos = string.byte(data, from + 1), from + 2
  if not tag then
    return nil
  end
  local length = tag & 7
  if length == 5 then
    length, pos = string.byte(data, pos) or 0, pos + 1
  end
  local bytes = string.sub(data, pos, pos + length - 1)
  local kind = tag >> 4
  if #bytes < length or length == 0 then
    return nil
  elseif kind == 2 and length <= 8 then
    return (string.unpack(">I" .. length, bytes))
  elseif kind == 12 and length == 4 then
    return string.unpack(">I4", bytes) & 0x3fffff
  elseif kind == 7 then
    -- The first byte says which characters; 0 is UTF-8.
    return string.sub(bytes, 2)
  end
end

action = function (host, port)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(stdnse.get_timeout(host, 3000))
  if not socket:connect(host, port) then
    return nil
  end
  local out, any = stdnse.output_table(), false
  for _, property in ipairs(PROPERTIES) do
    local status, data = socket:send(request(property[1]))
    if status then
      status, data = socket:receive()
    end
    if not status or not is_answer(data) then
      break
    end
    any = true
    out[property[2]] = value_of(data)
  end
  socket:close()
  if not any then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  port.version.name = "bacnet"
  port.version.product = out["Vendor Name"]
  nmap.set_port_version(host, port)
  if next(out) == nil and out["Vendor ID"] == nil and out["Object Name"] == nil then
    return "The device answers with errors"
  end
  return out
end
