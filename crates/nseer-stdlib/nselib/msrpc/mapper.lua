---
-- What is registered with a host's endpoint mapper, for the library <code>msrpc</code>.
--
-- Written from C706, appendices I, L and O, and [MS-RPCE], section 2.2.1.2. Towers that are cut off have the floors that
-- are whole.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.mapper

local call = require "msrpc.call".call
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local error = error

_ENV = stdnse.module("msrpc.mapper", stdnse.seeall)

local LOOKUP = 2
local NO_HANDLE = string.rep("\0", 20)
local MAX_FLOORS, MAX_TOWER = 16, 4096

local function identifier (bytes)
  local a, b, c, d, e = string.unpack("<I4I2I2c2c6", bytes)
  return string.format("%08x-%04x-%04x-%s-%s", a, b, c, stdnse.tohex(d), stdnse.tohex(e))
end

local function text (bytes)
  return (string.gsub(bytes, "%z.*$", ""))
end

local function port (bytes)
  return #bytes >= 2 and string.unpack(">I2", bytes) or nil
end

local function address (bytes)
  return #bytes >= 4 and string.format("%d.%d.%d.%d", string.byte(bytes, 1, 4)) or nil
end

-- What floors of a tower are called, and how what they say is read (appendix I).
local FLOORS = {
  [0x07] = { "tcp_port", port }, [0x08] = { "udp_port", port }, [0x09] = { "ip_addr", address },
  [0x0f] = { "ncacn_np", text }, [0x10] = { "ncalrpc", text }, [0x11] = { "netbios", text }, [0x1f] = { "ncacn_http", port },
}

--- Takes a tower apart.
-- @param octets Bytes.
-- @param result Table that the parts are put into: <code>uuid</code> of the interface, and what is known of
--        <code>ncacn_np</code>, <code>ncalrpc</code>, <code>netbios</code>, <code>ip_addr</code>, <code>tcp_port</code>,
--        <code>udp_port</code> and <code>ncacn_http</code>.
function read_tower (octets, result)
  if #octets < 2 then
    return
  end
  local at = 3
  for floor = 1, math.min(string.unpack("<I2", octets), MAX_FLOORS) do
    local parts = {}
    for side = 1, 2 do
      local length = at + 1 <= #octets and string.unpack("<I2", octets, at) or nil
      if not length or at + 1 + length > #octets then
        return
      end
      parts[side], at = string.sub(octets, at + 2, at + 1 + length), at + 2 + length
    end
    local known = FLOORS[string.byte(parts[1]) or 0]
    if floor == 1 and #parts[1] >= 17 then
      result.uuid = identifier(string.sub(parts[1], 2, 17))
    elseif known then
      result[known[1]] = known[2](parts[2])
    end
  end
end

--- Gives the next thing that is registered (ept_lookup, opnum 2).
-- @param smbstate Connection, with the endpoint mapper bound.
-- @param handle The field <code>new_handle</code> of the last answer; nil to begin.
-- @return True; or false.
-- @return Table as of <code>read_tower</code>, with <code>annotation</code> and <code>new_handle</code>; or a reason, also
--         where there is no more.
function epmapper_lookup (smbstate, handle)
  local status, answer = call(smbstate, LOOKUP, "epmapper.lookup", function (writer)
    writer:int32(0)
    writer:pointer(false)
    writer:pointer(false)
    writer:int32(1)
    writer:raw(handle or NO_HANDLE)
    writer:int32(1)
  end, function (reader, result)
    result.new_handle = reader:handle()
    if reader:int32() == 0 then
      error("there is no more", 0)
    end
    reader:raw(12)
    reader:raw(16)
    local has_tower = reader:pointer()
    reader:int32()
    local length = reader:int32()
    result.annotation = text(reader:raw(length <= 64 and length or error("a count that cannot be", 0)))
    reader:align(4)
    if has_tower then
      reader:int32()
      length = reader:int32()
      read_tower(reader:raw(length <= MAX_TOWER and length or error("a count that cannot be", 0)), result)
    end
  end)
  -- Scripts show all that is in the table.
  if status then
    answer.arguments, answer["return"] = nil, nil
  end
  return status, answer
end

return _ENV
