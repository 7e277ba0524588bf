---
-- Calls and replies of ONC RPC, for the library <code>rpc</code>: bytes, names of programs and connections.
--
-- Written from RFC 5531, sections 9 to 11, and RFC 4506, sections 3 and 4.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rpc.comm

local datafiles = require "datafiles"
local deadline = require "deadline"
local framereader = require "framereader"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

_ENV = stdnse.module("rpc.comm", stdnse.seeall)

local MAX_REPLY = 0x100000

-- How many ports are tried, the last one being whichever is free.
local PORT_TRIES = 4

--- Small things.
-- @class table
-- @name Util
Util = {}

local by_name, by_number

local function programs ()
  if not by_name then
    local status
    status, by_number = datafiles.parse_rpc()
    by_name, by_number = {}, status and by_number or {}
    for number, name in pairs(by_number) do
      by_name[name] = number
    end
  end
  return by_name, by_number
end

--- The number of a program.
-- @name Util.ProgNameToNumber
-- @param prog_name Its name.
-- @return The number, or nil.
function Util.ProgNameToNumber (prog_name)
  return (programs())[prog_name]
end

--- The name of a program.
-- @name Util.ProgNumberToName
-- @param num Its number.
-- @return The name, or nil.
function Util.ProgNumberToName (num)
  return (select(2, programs()))[num]
end

--- How many bytes fill up a field to a multiple of four (RFC 4506, section 3).
-- @name Util.CalcFillBytes
-- @param length Bytes of the field.
-- @return 0 to 3.
function Util.CalcFillBytes (length)
  return -length % 4
end

--- Encodes bytes with their length in front.
-- @name Util.marshall_vopaque
-- @param data Bytes.
-- @return Bytes.
function Util.marshall_vopaque (data)
  return string.pack(">s4", data) .. string.rep("\0", Util.CalcFillBytes(#data))
end

--- Encodes a number.
-- @name Util.marshall_uint32
-- @param uint32 Number.
-- @return Bytes.
function Util.marshall_uint32 (uint32)
  return string.pack(">I4", uint32)
end

--- Decodes a number.
-- @name Util.unmarshall_uint32
-- @param data Bytes.
-- @param pos Position of the first byte.
-- @return The position after it; nil if it is cut off.
-- @return The number.
function Util.unmarshall_uint32 (data, pos)
  if pos + 3 > #data then
    return nil
  end
  return pos + 4, (string.unpack(">I4", data, pos))
end

--- Decodes bytes with their length in front.
-- @name Util.unmarshall_vopaque
-- @param data Bytes.
-- @param pos Position of the length.
-- @return The position after them; nil if they are cut off.
-- @return Bytes.
function Util.unmarshall_vopaque (data, pos)
  local from, length = Util.unmarshall_uint32(data, pos)
  if not from or from + length - 1 > #data then
    return nil
  end
  return from + length + Util.CalcFillBytes(length), string.sub(data, from, from + length - 1)
end

local text, word = Util.unmarshall_vopaque, Util.unmarshall_uint32

--- Calls the procedures of one program.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes the state of calls to a program.
-- @name Comm.new
-- @param program Name of the program, or its number.
-- @param version Its version.
-- @return The state.
function Comm:new (program, version)
  local number = type(program) == "number" and program or Util.ProgNameToNumber(program)
  return setmetatable({ program = program, program_id = number, version = version or 2, checkprogver = true }, self)
end

--- Connects.
-- @name Comm.Connect
-- @param host Host table.
-- @param port Port table.
-- @param timeout Milliseconds. Default: by the host's answers.
-- @param reserved True to connect from a port below 1024, where we may and one is free.
-- @return True; or false and a reason.
function Comm:Connect (host, port, timeout, reserved)
  local protocol = type(port) == "table" and port.protocol or "tcp"
  self.proto = protocol
  local status, reason
  local is_low = reserved and nmap.is_privileged()
  for attempt = 1, is_low and PORT_TRIES or 1 do
    self.socket = nmap.new_socket(protocol)
    self.socket:set_timeout(timeout or stdnse.get_timeout(host, 10000))
    -- The number is drawn in any case, so that calls have the same numbers whoever runs this.
    local number = reserved and math.random(600, 1023)
    if is_low and attempt < PORT_TRIES then
      self.socket:bind(nil, number)
    end
    status, reason = self.socket:connect(host, port, protocol)
    if status then
      return true
    end
    self.socket:close()
  end
  return false, reason
end

--- Closes the connection.
-- @name Comm.Disconnect
-- @return True.
function Comm:Disconnect ()
  self.socket:close()
  return true
end

--- Says which version of the program is called.
-- @name Comm.SetVersion
-- @param version The version.
-- @return True.
function Comm:SetVersion (version)
  self.version = version
  return true
end

--- Says which program is called.
-- @name Comm.SetProgID
-- @param progid Its number.
function Comm:SetProgID (progid)
  self.program_id = progid
end

--- Says whether programs and versions are checked; they are not.
-- @name Comm.SetCheckProgVer
-- @param check True or false.
function Comm:SetCheckProgVer (check)
  self.checkprogver = check
end

--- Makes the head of a call (RFC 5531, section 9).
-- @name Comm.CreateHeader
-- @param xid Number of the call. Default: a random one.
-- @param procedure Number of the procedure. Default: 0, which every program has.
-- @param auth Credentials; user 0 on no machine if <code>type</code> is 1, otherwise none.
-- @return Bytes.
function Comm:CreateHeader (xid, procedure, auth)
  self.xid = xid or math.random(1, 0x7fffffff)
  local credentials = string.pack(">I4I4", 0, 0)
  if auth and auth.type == 1 then
    local body = string.pack(">I4", 0) .. Util.marshall_vopaque("") .. string.pack(">I4I4I4", 0, 0, 0)
    credentials = string.pack(">I4s4", 1, body)
  end
  return string.pack(">I4I4I4I4I4I4", self.xid, 0, 2, self.program_id, self.version, procedure or 0) .. credentials
    .. string.pack(">I4I4", 0, 0)
end

--- Makes a call as it is sent.
-- @name Comm.EncodePacket
-- @param xid Number of the call, or nil.
-- @param proc Number of the procedure.
-- @param auth Credentials, see <code>CreateHeader</code>.
-- @param data Parameters as bytes.
-- @return Bytes.
function Comm:EncodePacket (xid, proc, auth, data)
  local packet = self:CreateHeader(xid, proc, auth) .. (data or "")
  if self.proto == "udp" then
    return packet
  end
  -- One fragment, the last (section 11).
  return string.pack(">I4", 0x80000000 | #packet) .. packet
end

--- Sends a call.
-- @name Comm.SendPacket
-- @param packet Bytes.
-- @return True; or false and a reason.
function Comm:SendPacket (packet)
  return self.socket:send(packet)
end

-- How long a reply may take, in milliseconds.
local LONGEST = 30000

local fragment = framereader.new(function (head) return string.unpack(">I4", head) & 0x7fffffff end, MAX_REPLY)

--- Reads a reply.
-- @name Comm.ReceivePacket
-- @return True; or false.
-- @return Bytes without the marks of fragments; or a reason.
function Comm:ReceivePacket ()
  if self.proto == "udp" then
    return self.socket:receive()
  end
  local parts, size, ends = {}, 0, nmap.clock_ms() + LONGEST
  while true do
    local status, data = deadline.receive_buf(self.socket, fragment, true, ends - nmap.clock_ms())
    if not status then
      return false, data
    end
    parts[#parts + 1] = string.sub(data, 5)
    size = size + #data
    if size > MAX_REPLY or #data < 4 or #parts > 1000 then
      return false, "the reply is too long"
    elseif string.byte(data) & 0x80 ~= 0 then
      return true, table.concat(parts)
    end
  end
end

local REFUSALS = {
  "the program is not there", "the version is not there", "the procedure is not there",
  "the parameters cannot be read", "the server has trouble",
}

--- Reads the head of a reply (RFC 5531, section 9).
-- @name Comm.DecodeHeader
-- @param data Bytes.
-- @param pos Position of the first byte. Default: 1.
-- @return The position of the results; nil if there are none.
-- @return Table with <code>xid</code> and <code>state</code>; or a reason.
function Comm:DecodeHeader (data, pos)
  pos = pos or 1
  if pos + 23 > #data then
    return nil, "the reply is cut off"
  end
  local xid, kind, state = string.unpack(">I4I4I4", data, pos)
  if kind ~= 1 or xid ~= self.xid then
    return nil, "the reply is to another call"
  elseif state ~= 0 then
    return nil, "the call was refused"
  end
  local after = text(data, pos + 16)
  local code
  if after then
    after, code = word(data, after)
  end
  if not after then
    return nil, "the reply is cut off"
  elseif code ~= 0 then
    return nil, REFUSALS[code] or "the call failed"
  end
  return after, { xid = xid, state = state, accept_state = code }
end

--- Calls a procedure.
-- @name Comm.call
-- @param procedure Its number.
-- @param data Parameters as bytes.
-- @param auth Credentials, see <code>CreateHeader</code>.
-- @return The reply; nil if there is none.
-- @return The position of the results; or a reason.
-- @return True if nothing was received at all.
function Comm:call (procedure, data, auth)
  local status, reply = self:SendPacket(self:EncodePacket(nil, procedure, auth, data))
  if status then
    status, reply = self:ReceivePacket()
  end
  if not status then
    return nil, reply, true
  end
  local pos, header = self:DecodeHeader(reply, 1)
  if not pos then
    return nil, header
  end
  return reply, pos
end

return _ENV
