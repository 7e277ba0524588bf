---
-- Packets of TDS, for the library <code>mssql</code>: the first of a connection, and how they are sent and read.
--
-- Written from [MS-TDS], sections 2.2.3 and 2.2.6.5. Messages are bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mssql.packets

local deadline = require "deadline"
local framereader = require "framereader"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local versions = require "mssql.versions"

_ENV = stdnse.module("mssql.packets", stdnse.seeall)

--- Seconds for one answer at most.
MSSQL_TIMEOUT = 30

local MAX_MESSAGE = 0x10000

--- How long to wait for an answer.
-- @param host Host table.
-- @return Milliseconds.
function timeout_of (host)
  local wanted = tonumber(stdnse.get_script_args("mssql.timeout"))
  return wanted and wanted > 0 and math.floor(math.min(wanted, MSSQL_TIMEOUT) * 1000) or stdnse.get_timeout(host, 5000)
end

--- Kinds of packets.
-- @class table
-- @name PacketType
PacketType = { Query = 1, Response = 4, Login = 16, NTAuthentication = 17, PreLogin = 18 }

--- The first packet of a connection.
-- @class table
-- @name PreLoginPacket
PreLoginPacket = {
  OPTION_TYPE = { Version = 0, Encryption = 1, InstOpt = 2, ThreadId = 3, MARS = 4, Terminator = 255 },
  _requestEncryption = 0, _instanceName = "", _threadId = 0,
}
PreLoginPacket.__index = PreLoginPacket

--- Makes one.
-- @name PreLoginPacket.new
-- @param o Table, optional.
-- @return The packet.
function PreLoginPacket:new (o)
  return setmetatable(o or {}, self)
end

--- Says which version the client has.
-- @name PreLoginPacket.SetVersion
-- @param versionInfo As <code>SqlServerVersionInfo</code>.
function PreLoginPacket:SetVersion (versionInfo)
  self.versionInfo = versionInfo
end

--- Says whether the client wants encryption.
-- @name PreLoginPacket.SetRequestEncryption
-- @param requestEncryption True or false.
function PreLoginPacket:SetRequestEncryption (requestEncryption)
  self._requestEncryption = requestEncryption and 1 or 0
end

--- Says which instance is wanted.
-- @name PreLoginPacket.SetInstanceName
-- @param instanceName Its name, or nil.
function PreLoginPacket:SetInstanceName (instanceName)
  self._instanceName = instanceName or ""
end

--- Says whether several results may be under way at a time.
-- @name PreLoginPacket.SetRequestMars
-- @param requestMars True or false.
function PreLoginPacket:SetRequestMars (requestMars)
  self._requestMars = requestMars and 1 or 0
end

--- Encodes the packet.
-- @name PreLoginPacket.ToBytes
-- @return Bytes.
function PreLoginPacket:ToBytes ()
  local version = self.versionInfo or { major = 9, minor = 0, build = 0, subBuild = 0 }
  local options = {
    { 0, string.pack(">BBI2I2", version.major, version.minor, version.build, version.subBuild or 0) },
    { 1, string.char(self._requestEncryption) }, { 2, string.pack("z", self._instanceName) },
    { 3, string.pack(">I4", self._threadId) },
  }
  if self._requestMars then
    options[#options + 1] = { 4, string.char(self._requestMars) }
  end
  local heads, data, offset = {}, {}, 5 * #options + 1
  for i, option in ipairs(options) do
    heads[i], data[i] = string.pack(">BI2I2", option[1], offset, #option[2]), option[2]
    offset = offset + #option[2]
  end
  return table.concat(heads) .. "\xff" .. table.concat(data)
end

--- Decodes a packet.
-- @name PreLoginPacket.FromBytes
-- @param bytes Bytes.
-- @return True; or false.
-- @return The packet; or a reason.
function PreLoginPacket.FromBytes (bytes)
  local options, pos = {}, 1
  while string.byte(bytes, pos) ~= 0xff do
    if pos + 4 > #bytes or pos > 200 then
      return false, "the list of options has no end"
    end
    local kind, offset, length = string.unpack(">BI2I2", bytes, pos)
    if offset + length > #bytes then
      return false, "an option is cut off"
    end
    options[kind], pos = string.sub(bytes, offset + 1, offset + length), pos + 5
  end
  local packet = PreLoginPacket:new()
  if #(options[0] or "") < 6 then
    return false, "there is no version"
  end
  local major, minor, build, subBuild = string.unpack(">BBI2I2", options[0])
  packet.versionInfo = versions.SqlServerVersionInfo:new()
  packet.versionInfo:SetVersion(major, minor, build, subBuild, "SSNetLib")
  packet._requestEncryption = string.byte(options[1] or "\2") or 2
  return true, packet
end

--- Packets over a connection.
-- @class table
-- @name TDSStream
TDSStream = {
  _packetId = 0,
  MESSAGE_STATUS_FLAGS = { Normal = 0, EndOfMessage = 1, IgnoreThisEvent = 2, ResetConnection = 4, ResetConnectionSkipTran = 8 },
}
TDSStream.__index = TDSStream

--- Makes one.
-- @name TDSStream.new
-- @param o Table, optional.
-- @return The stream.
function TDSStream:new (o)
  return setmetatable(o or {}, self)
end

--- Connects.
-- @name TDSStream.Connect
-- @param host Host table.
-- @param port Port table.
-- @return True; or false and a reason.
function TDSStream:Connect (host, port)
  self._socket = nmap.new_socket()
  self._socket:set_timeout(timeout_of(host))
  return self._socket:connect(host, port, "tcp")
end

--- Connects to an instance over TCP.
-- @name TDSStream.ConnectEx
-- @param instanceInfo The instance.
-- @return True; or false and a reason.
function TDSStream:ConnectEx (instanceInfo)
  if not instanceInfo.port then
    return false, "the instance has no TCP port"
  end
  return self:Connect(instanceInfo.host, instanceInfo.port)
end

--- Closes the connection.
-- @name TDSStream.Disconnect
-- @return True.
function TDSStream:Disconnect ()
  return self._socket:close()
end

--- Says how long to wait for an answer.
-- @name TDSStream.SetTimeout
-- @param timeout Milliseconds.
function TDSStream:SetTimeout (timeout)
  self._socket:set_timeout(timeout)
end

--- Sends a message of one packet.
-- @name TDSStream.Send
-- @param packetType One of <code>PacketType</code>.
-- @param packetData Bytes.
-- @return True; or false and a reason.
function TDSStream:Send (packetType, packetData)
  self._packetId = (self._packetId + 1) & 0xff
  return self._socket:send(string.pack(">BBI2I2BB", packetType, 1, #packetData + 8, 0, self._packetId, 0) .. packetData)
end

--- Tells where a packet ends, for <code>receive_buf</code>.
-- @param buffer What has arrived.
-- @return First and last position of what is cut off; nil if more is needed.
packet = framereader.new(function (head)
  local length = string.unpack(">I2", head, 3)
  return length >= 8 and length - 8 or nil
end, 0xffff, 8)

--- Reads a message.
-- @name TDSStream.Receive
-- @return True; or false.
-- @return The bytes of its packets; or a reason.
function TDSStream:Receive ()
  local parts, size = {}, 0
  while size < MAX_MESSAGE do
    local status, data = deadline.receive_buf(self._socket, packet, true)
    if not status then
      return false, data
    elseif #data < 8 or string.byte(data) ~= PacketType.Response or string.unpack(">I2", data, 3) ~= #data then
      return false, "the server sends no packets of TDS"
    end
    parts[#parts + 1], size = string.sub(data, 9), size + #data
    if string.byte(data, 2) & 1 == 1 then
      return true, table.concat(parts)
    end
  end
  return false, "the message is too long"
end

return _ENV
