---
-- Calls of the Remote Administration Protocol, for the library <code>msrpc</code>: which servers a host knows.
--
-- Written from [MS-RAP], sections 2.5.1 and 2.5.5.2.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.rap

local math = require "math"
local smb = require "smb"
local stdnse = require "stdnse"
local string = require "string"

_ENV = stdnse.module("msrpc.rap", stdnse.seeall)

local SERVER_ENUM = 0x68
local SIZE = 26
local MAX_SERVERS = 2000

--- Calls a function by its number.
-- @param smbstate Connection, with <code>IPC$</code> opened.
-- @param opnum Number of the function.
-- @param paramdesc What its parameters are, letters.
-- @param datadesc What its data is, letters.
-- @param data Bytes of its parameters.
-- @return True; or false.
-- @return Table with <code>parameters</code> and <code>data</code>; or a reason.
function call_lanmanapi (smbstate, opnum, paramdesc, datadesc, data)
  local parameters = string.pack("<I2zz", opnum, paramdesc, datadesc) .. data
  return smb.send_transaction_named_pipe(smbstate, parameters, "", "\\PIPE\\LANMAN", true)
end

--- Lists servers that a host knows (NetServerEnum2).
-- @param smbstate Connection, with <code>IPC$</code> opened.
-- @param domain Of which domain, or nil.
-- @param server_type Of which kind, bits.
-- @param detail_level 0 or 1: names alone or more.
-- @return True; or false.
-- @return Array of tables with <code>name</code>, and at level 1 <code>version</code>, <code>type</code> and
--         <code>comment</code>; or a reason.
function rap_netserverenum2 (smbstate, domain, server_type, detail_level)
  local status, answer = call_lanmanapi(smbstate, SERVER_ENUM, "WrLehDz", detail_level == 1 and "B16BBDz" or "B16",
    string.pack("<I2I2I4z", detail_level, 0xff00, server_type, domain or ""))
  if not status then
    return false, answer
  elseif #answer.parameters < 8 then
    return false, "the answer is cut off"
  end
  local code, convert, count = string.unpack("<I2I2I2", answer.parameters)
  if code ~= 0 and code ~= 234 then
    return false, smb.get_status_name(code)
  end
  local servers, size = {}, detail_level == 1 and SIZE or 16
  for i = 0, math.min(count, MAX_SERVERS) - 1 do
    local at = i * size + 1
    if at + size - 1 > #answer.data then
      break
    end
    local entry = { name = string.gsub(string.sub(answer.data, at, at + 15), "%z.*$", "") }
    if detail_level == 1 then
      local major, minor, kind, comment = string.unpack("<BBI4I4", answer.data, at + 16)
      local place = (comment & 0xffff) - convert
      entry.version = { major = major & 0x0f, minor = minor }
      entry.type = kind
      entry.comment = place >= 0 and place < #answer.data and string.match(answer.data, "^[^%z]*", place + 1) or ""
    end
    servers[#servers + 1] = entry
  end
  return true, servers
end

return _ENV
