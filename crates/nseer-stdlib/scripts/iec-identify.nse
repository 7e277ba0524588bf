local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Tells whether a port speaks IEC 60870-5-104, the address of the station behind it, and how many information
objects it reports.
]]

---
-- Tests the link, starts the transfer and asks for a general interrogation (IEC 60870-5-104, section 5; IEC
-- 60870-5-101, section 7.4.5), as any control centre does when it connects. Nothing is set.
--
-- @usage nseer -p 2404 --script iec-identify <target>
-- @args iec-identify.timeout How long to wait for reports. Default: <code>3s</code>.
-- @output
-- 2404/tcp open  iec-104
-- | iec-identify:
-- |   ASDU address: 47
-- |_  Information objects: 12

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(2404, "iec-104", "tcp")

local TEST, START = "\x68\x04\x43\0\0\0", "\x68\x04\x07\0\0\0"
-- Interrogation of the station, activation, to everybody.
local INTERROGATION = "\x68\x0e\0\0\0\0" .. "\x64\x01\x06\0\xff\xff\0\0\0\x14"

local MAX_FRAMES = 1000

local function frame (buffer)
  if #buffer >= 2 then
    local length = 2 + string.byte(buffer, 2)
    if string.byte(buffer) ~= 0x68 then
      return #buffer, #buffer
    elseif #buffer >= length then
      return length, length
    end
  end
end

-- The next frame; nil if there is none.
local function read (socket)
  local status, data = deadline.receive_buf(socket, frame, true)
  if status and string.byte(data) == 0x68 and #data >= 6 then
    return data
  end
end

local function confirmed (socket, request, answer)
  return socket:send(request) and read(socket) == answer
end

-- Counts the objects of the reports until the interrogation has ended.
local function interrogate (socket)
  local address, objects = nil, 0
  socket:send(INTERROGATION)
  for _ = 1, MAX_FRAMES do
    local data = read(socket)
    if not data then
      break
    end
    -- Frames with information have a zero bit first; type, number of objects, cause, address.
    if #data >= 12 and string.byte(data, 3) & 1 == 0 then
      local kind, count, cause = string.byte(data, 7, 9)
      address = string.unpack("<I2", data, 11)
      if kind < 45 then
        objects = objects + (count & 0x7f)
      elseif kind == 0x64 and cause & 0x3f == 10 then
        break
      end
    end
  end
  return address, objects
end

action = function (host, port)
  local timeout = stdnse.parse_timespec(stdnse.get_script_args("iec-identify.timeout") or "3s") or 3
  local socket = nmap.new_socket()
  socket:set_timeout(timeout * 1000)
  if not socket:connect(host, port) or not confirmed(socket, TEST, "\x68\x04\x83\0\0\0")
    or not confirmed(socket, START, "\x68\x04\x0b\0\0\0") then
    socket:close()
    return nil
  end
  local address, objects = interrogate(socket)
  socket:close()
  port.version.name = "iec-104"
  nmap.set_port_version(host, port)
  local out = stdnse.output_table()
  out["ASDU address"] = address or "unknown"
  out["Information objects"] = objects
  return out
end
