---
-- Calls over a named pipe, for the library <code>msrpc</code>.
--
-- Written from C706, chapter 12 (connection-oriented packets), and [MS-RPCE], section 2.2.2. Answers are bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.call

local ndr = require "msrpc.ndr"
local smb = require "smb"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local pcall, tostring = pcall, tostring

_ENV = stdnse.module("msrpc.call", stdnse.seeall)

--- Bytes of one packet at most.
MAX_FRAGMENT = 4280

local REQUEST, RESPONSE, FAULT, BIND, BIND_ACK = 0, 2, 3, 11, 12
local FIRST_AND_LAST, LAST = 3, 2
local HEAD = 16
local MAX_FRAGMENTS = 256

--- The syntax that values have: its identifier and version.
TRANSFER_SYNTAX = "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60"

local function packet (kind, body)
  return string.pack("<BBBBI4I2I2I4", 5, 0, kind, FIRST_AND_LAST, 0x10, HEAD + #body, 0, 1) .. body
end

--- Logs in to a host and opens a pipe.
-- @param host Host table.
-- @param path The pipe, such as <code>\srvsvc</code>.
-- @param disable_extended True to do without extended security.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return Connection; or a reason.
function start_smb (host, path, disable_extended, overrides)
  return smb.start_ex(host, true, true, "IPC$", path, disable_extended, overrides)
end

--- Ends a connection.
-- @param state Connection.
function stop_smb (state)
  smb.stop(state)
end

--- Says which interface of a pipe is called.
-- @param smbstate Connection.
-- @param interface_uuid Its identifier, 16 bytes.
-- @param interface_version Its version.
-- @param transfer_syntax Syntax of values, 16 bytes. Default: that of NDR.
-- @return True; or false.
-- @return Table with <code>ack_result</code>, <code>max_transmit_frag</code> and so on; or a reason.
function bind (smbstate, interface_uuid, interface_version, transfer_syntax)
  local body = string.pack("<I2I2I4BBBBI2BBc16I2I2c16I4", MAX_FRAGMENT, MAX_FRAGMENT, 0, 1, 0, 0, 0, 0, 1, 0,
    interface_uuid, interface_version, 0, transfer_syntax or TRANSFER_SYNTAX, 2)
  local status, result = smb.send_transaction_named_pipe(smbstate, nil, packet(BIND, body))
  if not status then
    return false, result
  end
  local data = result.data
  if #data < HEAD + 10 or string.byte(data, 3) ~= BIND_ACK then
    return false, "the pipe does not take the interface"
  end
  local answer = { packet_type = BIND_ACK }
  local at
  answer.max_transmit_frag, answer.max_receive_frag, answer.assoc_group, answer.secondary_address_length, at =
    string.unpack("<I2I2I4I2", data, HEAD + 1)
  at = at + answer.secondary_address_length
  at = at + (1 - at) % 4
  if at + 7 > #data then
    return false, "the answer is cut off"
  end
  answer.num_results, answer.ack_result = string.unpack("<BxxxI2", data, at)
  if answer.ack_result ~= 0 then
    return false, "the pipe has no such interface"
  end
  return true, answer
end

-- Takes the packets of an answer apart: what was returned; nil and a reason.
local function returned (data)
  local parts, at = {}, 1
  for _ = 1, MAX_FRAGMENTS do
    if #data < at + HEAD + 7 then
      return nil, "the answer is cut off"
    end
    local kind, flags, length = string.unpack("<BBxxxxI2", data, at + 2)
    if kind == FAULT then
      return nil, "the answer is a fault"
    elseif kind ~= RESPONSE or length < HEAD + 8 or at + length - 1 > #data then
      return nil, "the answer is no packet of a call"
    end
    parts[#parts + 1] = string.sub(data, at + HEAD + 8, at + length - 1)
    if flags & LAST ~= 0 then
      return table.concat(parts)
    end
    at = at + length
  end
  return nil, "the answer has no end"
end

--- Calls a function.
-- @param smbstate Connection, with an interface bound.
-- @param opnum Number of the function.
-- @param arguments Its arguments, bytes.
-- @return True; or false.
-- @return Table with <code>arguments</code>, what is returned; or a reason.
function call_function (smbstate, opnum, arguments)
  local body = string.pack("<I4I2I2", #arguments, 0, opnum) .. arguments
  local status, result = smb.send_transaction_named_pipe(smbstate, nil, packet(REQUEST, body))
  if not status then
    return false, result
  end
  local data = result.data
  for _ = 1, MAX_FRAGMENTS do
    local out, reason = returned(data)
    if out then
      return true, { arguments = out }
    elseif reason ~= "the answer is cut off" or #data == 0 then
      return false, reason
    end
    -- A long answer comes packet by packet.
    local is_read, more = smb.read_file(smbstate, 0, MAX_FRAGMENT)
    if not is_read or #more.data == 0 then
      return false, is_read and reason or more
    end
    data = data .. more.data
  end
  return false, "the answer has no end"
end

--- Calls a function with values, and reads what it returns.
-- @param smbstate Connection, with an interface bound.
-- @param opnum Number of the function.
-- @param name What the function is called in messages.
-- @param write Function that is given a <code>Writer</code>.
-- @param read Function that is given a <code>Reader</code> and the table that is returned; may raise an error.
-- @param accepted Table: results besides 0 that are good, optional.
-- @return True; or false.
-- @return The table, with <code>return</code>; or a reason.
function call (smbstate, opnum, name, write, read, accepted)
  local writer = ndr.Writer:new()
  write(writer)
  local status, answer = call_function(smbstate, opnum, writer.data)
  if not status then
    return false, answer
  end
  local result = { arguments = answer.arguments }
  local code = #answer.arguments >= 4 and string.unpack("<I4", answer.arguments, -4) or 0
  if code ~= 0 and not (accepted and accepted[code]) then
    return false, string.format("%s (%s)", smb.get_status_name(code), name)
  end
  local is_read, reason = pcall(read, ndr.Reader:new(answer.arguments), result)
  if not is_read then
    return false, tostring(reason)
  end
  result["return"] = code
  return true, result
end

--- Closes what was opened.
-- @param smbstate Connection, with an interface bound.
-- @param opnum Number of the function.
-- @param name What the function is called in messages.
-- @param handle What was given when it was opened.
-- @return True; or false.
-- @return Table with the <code>handle</code>, which is of no use now; or a reason.
function close (smbstate, opnum, name, handle)
  return call(smbstate, opnum, name, function (writer)
    writer:raw(handle)
  end, function (reader, result)
    result.handle = reader:handle()
  end)
end

return _ENV
