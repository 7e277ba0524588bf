---
-- The part of <code>sslcert</code> for TLS handshakes inside of another protocol's packets. Scripts reach it
-- through <code>sslcert</code>.
--
-- MS-TDS, section 2.2.6.5: records of the handshake travel in packets of the type PRELOGIN.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sslcert

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local next, select, setmetatable, tostring, type = next, select, setmetatable, tostring, type

local wrapped = {}

--- A socket that puts what is sent into packets, and takes what arrives out of them.
-- @class table
-- @name WrappedSocket
local WrappedSocket = {}
WrappedSocket.__index = WrappedSocket
wrapped.WrappedSocket = WrappedSocket

--- Makes one.
-- @param socket Connected socket.
-- @param o Table with two functions: <code>wrap(data)</code> gives a packet,
--          <code>unwrap(socket)</code> reads one and gives true and its contents, or false and a reason.
-- @return The socket.
function WrappedSocket:new (socket, o)
  local new = setmetatable({ socket = socket, buffer = "" }, self)
  for name, value in next, o or {} do
    new[name] = value
  end
  return new
end

--- Sends data in a packet.
-- @param data The data.
-- @return What <code>send</code> of the socket gives.
function WrappedSocket:send (data)
  return self.socket:send(self.wrap(data))
end

--- Gives what arrived, at least one byte.
-- @return True and the data, or false and a reason.
function WrappedSocket:receive ()
  local data = self.buffer
  self.buffer = ""
  if data ~= "" then
    return true, data
  end
  return self.unwrap(self.socket)
end

-- Reads until `enough` says so; gives what was read so far when the peer is done.
local function read_until (self, enough)
  local data = self.buffer
  self.buffer = ""
  while not enough(data) do
    local status, more = self.unwrap(self.socket)
    if not status then
      if data ~= "" then
        return true, data
      end
      return false, more
    end
    data = data .. more
  end
  return true, data
end

--- Gives at least so many bytes, or fewer if the peer is done.
-- @param n How many.
-- @return True and the data, or false and a reason.
function WrappedSocket:receive_bytes (n)
  return read_until(self, function (data) return #data >= n end)
end

--- Gives at least so many lines, or fewer if the peer is done.
-- @param n How many.
-- @return True and the data, or false and a reason.
function WrappedSocket:receive_lines (n)
  return read_until(self, function (data) return select(2, string.gsub(data, "\n", "")) >= n end)
end

--- Gives what stands before a delimiter.
-- @param delimiter Pattern, or a function like <code>string.find</code>.
-- @param keeppattern True to get the delimiter as well.
-- @return True and the data, or false and a reason.
function WrappedSocket:receive_buf (delimiter, keeppattern)
  local find = delimiter
  if type(delimiter) == "string" then
    find = function (data) return string.find(data, delimiter) end
  end
  local status, data = read_until(self, function (data) return find(data) ~= nil end)
  local first, last
  if status then
    first, last = find(data)
  end
  if not first then
    return false, status and "EOF" or data
  end
  self.buffer = string.sub(data, last + 1)
  return true, string.sub(data, 1, keeppattern and last or first - 1)
end

--- Sets the time for each operation.
-- @param timeout Milliseconds.
-- @return What the socket gives.
function WrappedSocket:set_timeout (timeout)
  return self.socket:set_timeout(timeout)
end

--- Closes the socket.
-- @return What the socket gives.
function WrappedSocket:close ()
  return self.socket:close()
end

local PRELOGIN, TABULAR = 0x12, 0x04
local HEADER = 8

local function tds_packet (data)
  return string.pack(">BBI2I2BB", PRELOGIN, 1, #data + HEADER, 0, 0, 0) .. data
end

-- Exactly `count` bytes, and what came after them.
local function take (socket, count, rest)
  while #rest < count do
    local status, data = socket:receive_bytes(count - #rest)
    if not status then
      return nil, data
    end
    rest = rest .. data
  end
  return string.sub(rest, 1, count), string.sub(rest, count + 1)
end

local function tds_reader ()
  local rest = ""
  return function (socket)
    local header, after = take(socket, HEADER, rest)
    if not header then
      return false, after
    end
    local kind, _, length = string.unpack(">BBI2", header)
    if (kind ~= PRELOGIN and kind ~= TABULAR) or length < HEADER then
      return false, "this is no TDS packet"
    end
    local data
    data, after = take(socket, length - HEADER, after)
    if not data then
      return false, after
    end
    rest = after
    return true, data
  end
end

-- A PRELOGIN with a version and the wish for encryption (MS-TDS, section 2.2.6.4): options of a token, an
-- offset and a length, and then their data.
local ENCRYPTION = 1
local HELLO = string.pack(">BI2I2BI2I2B", 0, 11, 6, ENCRYPTION, 17, 1, 0xFF)
  .. string.pack(">BBI2I2", 15, 0, 2000, 0) .. "\1"

-- What the server says about encryption: 2 is "cannot".
local function tds_encryption (data)
  for at = 1, #data - 5, 5 do
    local token, offset, length = string.unpack(">BI2I2", data, at)
    if token == 0xFF then
      return nil
    elseif token == ENCRYPTION and length == 1 then
      return string.byte(data, offset + 1)
    end
  end
end

--- Asks an SQL Server for TLS.
-- @param host Host table.
-- @param port Port table.
-- @return True and a socket that wraps the handshake; or false and a reason.
function wrapped.tds (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local status, why = socket:connect(host, port, "tcp")
  if not status then
    socket:close()
    return false, "cannot connect: " .. tostring(why)
  end
  local unwrap = tds_reader()
  local data
  status, why = socket:send(tds_packet(HELLO))
  if status then
    status, data = unwrap(socket)
    why = data
  end
  local answer = status and tds_encryption(data)
  if not answer or answer == 2 then
    socket:close()
    return false, status and "the SQL Server has no TLS" or why
  end
  return true, WrappedSocket:new(socket, { wrap = tds_packet, unwrap = unwrap })
end

return wrapped
