local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a controller of Siemens' S7 family which module it is, its version, serial number and names.
]]

---
-- Connects as a programming device over ISO on TCP (RFC 1006) and reads the system status lists 0x0011 and 0x001c;
-- nothing is written. The lists are described in Siemens' reference on system software for S7-300/400.
--
-- @usage nseer -p 102 --script s7-info <target>
-- @output
-- 102/tcp open  iso-tsap
-- | s7-info:
-- |   Module: 6ES7 315-2EH14-0AB0
-- |   Basic Hardware: 6ES7 315-2EH14-0AB0
-- |   Version: 3.2.6
-- |   System Name: S7300
-- |   Module Type: CPU 315-2 PN/DP
-- |   Serial Number: S C-H1KT40718263
-- |_  Copyright: Original Siemens Equipment

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "version"}

portrule = shortport.version_port_or_service(102, "iso-tsap", "tcp")

local MAX_FRAME = 4096

local function read (socket)
  local status, data = deadline.receive_buf(socket, function (buffer)
    if #buffer >= 4 then
      local length = string.unpack(">I2", buffer, 3)
      if string.byte(buffer) ~= 3 or length < 7 or length > MAX_FRAME then
        return #buffer, #buffer
      elseif #buffer >= length then
        return length, length
      end
    end
  end, true)
  return status and string.byte(data) == 3 and data or nil
end

local function exchange (socket, payload)
  local status = socket:send(string.pack(">BBI2", 3, 0, #payload + 4) .. payload)
  return status and read(socket) or nil
end

-- A connection to the place of a module: rack 0 and slot 2, or slot 0 for the newer ones.
local function open (host, port, slot)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  if socket:connect(host, port) then
    local answer = exchange(socket, "\x11\xe0\0\0\0\x14\0" .. "\xc1\x02\x01\0" .. "\xc2\x02\x01" .. string.char(slot)
      .. "\xc0\x01\x0a")
    if answer and string.byte(answer, 6) == 0xd0 then
      -- Agrees on the size of messages.
      answer = exchange(socket, "\x02\xf0\x80" .. "\x32\x01\0\0\0\0\0\x08\0\0" .. "\xf0\0\0\x01\0\x01\x01\xe0")
      if answer and string.byte(answer, 8) == 0x32 then
        return socket
      end
    end
  end
  socket:close()
end

-- The records of a list, as a table from their indices to bytes; nil if the device has none.
local function list (socket, id)
  local answer = exchange(socket, "\x02\xf0\x80" .. "\x32\x07\0\0\0\0\0\x08\0\x08" .. "\0\x01\x12\x04\x11\x44\x01\0"
    .. "\xff\x09\0\x04" .. string.pack(">I2I2", id, 1))
  if not answer or #answer < 41 or string.byte(answer, 30) ~= 0xff then
    return nil
  end
  local size, count, pos = string.unpack(">I2I2", answer, 38)
  local records = {}
  for _ = 1, count do
    if size < 3 or pos + size - 1 > #answer then
      break
    end
    records[string.unpack(">I2", answer, pos)] = string.sub(answer, pos + 2, pos + size - 1)
    pos = pos + size
  end
  return records
end

local function text (bytes)
  local trimmed = bytes and string.match(bytes, "^([^%z]*)")
  trimmed = trimmed and string.match(trimmed, "^%s*(.-)%s*$")
  return trimmed ~= "" and trimmed or nil
end

local NAMES = {
  { 1, "System Name" }, { 7, "Module Type" }, { 5, "Serial Number" }, { 3, "Plant Identification" }, { 4, "Copyright" },
}

local function version_of (record)
  local major, minor, patch = string.byte(record or "", -3, -1)
  return patch and string.format("%d.%d.%d", major, minor, patch)
end

local function describe (socket)
  local out, any = stdnse.output_table(), false
  local modules = list(socket, 0x0011) or {}
  out.Module = text(modules[1] and string.sub(modules[1], 1, 20))
  out["Basic Hardware"] = text(modules[6] and string.sub(modules[6], 1, 20))
  out.Version = version_of(modules[7])
  any = next(modules) ~= nil
  local names = list(socket, 0x001c) or {}
  for _, row in ipairs(NAMES) do
    out[row[2]] = text(names[row[1]])
    any = any or names[row[1]] ~= nil
  end
  return any and out or nil
end

action = function (host, port)
  local out
  for _, slot in ipairs { 2, 0 } do
    local socket = open(host, port, slot)
    if socket then
      out = describe(socket)
      socket:close()
    end
    if out then
      break
    end
  end
  if not out then
    return nil
  end
  port.version.name = "iso-tsap"
  port.version.product = out.Module and "Siemens S7 PLC" or nil
  nmap.set_port_version(host, port)
  return out
end
