---
-- Bitcoin: what a node says of itself, and which other nodes it knows.
--
-- Written from the protocol's documentation in the Bitcoin developer reference, "P2P Network": message headers, version,
-- verack, getaddr and addr.
--
-- @usage
-- local helper = bitcoin.Helper:new(host, port)
-- local status = helper:connect()
-- local status, version = helper:exchVersion()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name bitcoin

local deadline = require "deadline"
local framereader = require "framereader"
local ipOps = require "ipOps"
local nmap = require "nmap"
local openssl = require "openssl"
local os = require "os"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs, select, setmetatable, tostring = ipairs, select, setmetatable, tostring

_ENV = stdnse.module("bitcoin", stdnse.seeall)

local HEAD, MAX_PAYLOAD, MAX_MESSAGES, MAX_NODES = 24, 1024 * 1024, 32, 1000
local TIMEOUT = 10000

-- What begins each message of the main network.
local MAGIC = 0xd9b4bef9

-- The version that is spoken here: later ones send more messages unasked.
local VERSION = 60000

local NODE_NETWORK = 1
local MAPPED = string.rep("\0", 10) .. "\xff\xff"

--- Numbers in messages.
-- @class table
-- @name Util
Util = {}

--- Reads a number of one, three, five or nine bytes.
-- @name Util.decodeVarInt
-- @param data Bytes.
-- @param pos Where it begins.
-- @return Position behind it; nil where it is cut off.
-- @return The number.
function Util.decodeVarInt (data, pos)
  local first = string.byte(data, pos)
  local size = first and (first < 0xfd and 0 or 1 << first - 0xfc)
  if not size or pos + size > #data then
    return nil
  elseif size == 0 then
    return pos + 1, first
  end
  return pos + 1 + size, (string.unpack("<I" .. size, data, pos + 1))
end

--- Reads a text behind its length.
-- @name Util.decodeVarString
-- @param data Bytes.
-- @param pos Where the length begins.
-- @return Position behind it; nil where it is cut off.
-- @return The text.
function Util.decodeVarString (data, pos)
  local at, length = Util.decodeVarInt(data, pos)
  if not at or length < 0 or length > #data - at + 1 then
    return nil
  end
  return at + length, string.sub(data, at, at + length - 1)
end

local function checksum (payload)
  return string.sub(openssl.digest("sha256", openssl.digest("sha256", payload)), 1, 4)
end

local function message (command, payload)
  return string.pack("<I4c12I4", MAGIC, command, #payload) .. checksum(payload) .. payload
end

-- An address in messages: services, sixteen bytes and the port.
local function address_bytes (ip, port)
  local bytes = ipOps.ip_to_str(ip or "0.0.0.0") or "\0\0\0\0"
  return string.pack("<I8", NODE_NETWORK) .. (#bytes == 4 and MAPPED .. bytes or bytes) .. string.pack(">I2", port or 0)
end

local function read_address (data, pos)
  if pos + 25 > #data then
    return nil
  end
  local service, bytes = string.unpack("<I8c16", data, pos)
  local is_ipv4 = string.sub(bytes, 1, 12) == MAPPED
  return { service = service, host = ipOps.str_to_ip(is_ipv4 and string.sub(bytes, 13) or bytes),
    port = string.unpack(">I2", data, pos + 24) }
end

-- Classes of requests that become bytes by tostring.
local function request_class (command, payload_of)
  local class = {}
  class.__index = class
  function class.new (self, host, port, lhost, lport)
    return setmetatable({ host = host, port = port, lhost = lhost, lport = lport }, self)
  end
  function class.__tostring (self)
    return message(command, payload_of(self))
  end
  return class
end

local function nothing () return "" end

--- Requests: <code>Version</code>, <code>VerAck</code>, <code>GetAddr</code> and <code>Pong</code>. They become bytes by
-- <code>tostring</code>.
-- @class table
-- @name Request
Request = {
  Version = request_class("version", function (self)
    return string.pack("<i4I8i8", VERSION, NODE_NETWORK, os.time()) .. address_bytes(self.host and self.host.ip, self.port and self.port.number)
      .. address_bytes(self.lhost, self.lport) .. rand.random_string(8) .. "\0" .. string.pack("<I4", 0)
  end),
  VerAck = request_class("verack", nothing), GetAddr = request_class("getaddr", nothing), Pong = request_class("pong", nothing),
}

-- The number of a version as it is spoken: pairs of digits.
local function version_text (number)
  return string.format("%d.%d.%d", number // 1000000, number // 10000 % 100, number // 100 % 100)
end

-- What commands bring, into the table of the message; false where it is cut off.
local READ = {
  version = function (out, payload)
    if #payload < 80 then
      return false
    end
    out.ver_raw, out.service, out.timestamp = string.unpack("<I4I8i8", payload)
    out.ver = version_text(out.ver_raw)
    out.ra, out.sa = read_address(payload, 21), read_address(payload, 47)
    out.nodeid = stdnse.tohex(string.sub(payload, 73, 80))
    local at
    at, out.user_agent = Util.decodeVarString(payload, 81)
    if at and at + 3 <= #payload then
      out.lastblock = string.unpack("<I4", payload, at)
    end
    return true
  end,
  addr = function (out, payload)
    local at, count = Util.decodeVarInt(payload, 1)
    out.addresses = {}
    while at and #out.addresses < count and #out.addresses < MAX_NODES do
      -- Each stands behind the time when it was last heard of.
      local address = at + 3 <= #payload and read_address(payload, at + 4)
      if not address then
        break
      end
      out.addresses[#out.addresses + 1] = { ts = string.unpack("<I4", payload, at), address = address }
      at = at + 30
    end
    return at ~= nil
  end,
}

--- Answers.
-- @class table
-- @name Response
Response = {}

--- Reads a message.
-- @name Response.decode
-- @param data The message with its head.
-- @return True, or false.
-- @return Table with <code>magic</code>, <code>cmd</code>, <code>len</code> and what the command brings; or what is wrong.
function Response.decode (data)
  if #data < HEAD then
    return false, "shorter than the head of a message"
  end
  local magic, cmd, length, sum = string.unpack("<I4c12I4I4", data)
  local out = { magic = magic, cmd = string.match(cmd, "^[^\0]*"), len = length, checksum = sum, data = data }
  if length > #data - HEAD then
    return false, "a message that is cut off"
  end
  local read = READ[out.cmd]
  if read and not read(out, string.sub(data, HEAD + 1, HEAD + length)) then
    return false, "a message without its fields"
  end
  return true, out
end

local whole = framereader.new(function (head)
  return (string.unpack("<I4", head, 17))
end, MAX_PAYLOAD, HEAD)

--- Receives a message.
-- @name Response.recvPacket
-- @param socket Connected socket.
-- @return As <code>Response.decode</code>.
function Response.recvPacket (socket)
  local status, data = deadline.receive_buf(socket, whole, true, TIMEOUT)
  if not status then
    return false, data
  end
  return Response.decode(data)
end

--- Speaks to one node.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table with <code>timeout</code> in milliseconds, optional.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {} }, self)
end

--- Connects to the node.
-- @name Helper.connect
-- @return True, or false.
-- @return The address here; or what is wrong.
function Helper:connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(self.options.timeout or TIMEOUT)
  local status, reason = self.socket:connect(self.host, self.port)
  if not status then
    return false, reason
  end
  status, self.lhost, self.lport = self.socket:get_info()
  return status, self.lhost
end

-- Receives until a command comes.
local function await (self, command)
  for _ = 1, MAX_MESSAGES do
    local status, answer = Response.recvPacket(self.socket)
    if not status or answer.cmd == command then
      return status, answer
    end
  end
  return false, "no message " .. command
end

--- Tells versions, and that that of the node is taken note of.
-- @name Helper.exchVersion
-- @return True, or false.
-- @return Table of the node's message; or what is wrong.
function Helper:exchVersion ()
  local request = Request.Version:new(self.host, self.port, self.lhost, self.lport)
  if not self.socket:send(tostring(request)) then
    return false, "the version cannot be sent"
  end
  local status, version = await(self, "version")
  if status then
    self.socket:send(tostring(Request.VerAck:new()))
    self.version = version.ver_raw
  end
  return status, version
end

--- Asks for other nodes.
-- @name Helper.getNodes
-- @return True, or false.
-- @return Array of tables with <code>ts</code>, when a node was last heard of, and <code>address</code>, a table with
--         <code>host</code>, <code>port</code> and <code>service</code>; or what is wrong.
function Helper:getNodes ()
  if not self.socket:send(tostring(Request.GetAddr:new())) then
    return false, "the request cannot be sent"
  end
  local status, answer = await(self, "addr")
  return status, status and answer.addresses or answer
end

--- Reads a message.
-- @name Helper.readMessage
-- @return As <code>Response.decode</code>.
function Helper:readMessage ()
  return Response.recvPacket(self.socket)
end

--- Ends it.
-- @name Helper.close
-- @return As the method <code>close</code> of sockets.
function Helper:close ()
  return self.socket:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(tostring(Request.VerAck:new()), "\xf9\xbe\xb4\xd9verack" .. string.rep("\0", 10) .. "\x5d\xf6\xe0\xe2"),
  "nothing has a checksum too")
for _, case in ipairs({ { "\xfc", 0xfc }, { "\xfd\1\2", 0x201 }, { "\xfe\1\0\0\0", 1 }, { "\xff\2\0\0\0\0\0\0\0", 2 }, { "\xfd\1" }, { "" } }) do
  test_suite:add_test(unittest.equal((select(2, Util.decodeVarInt(case[1], 1))), case[2]), "number " .. stdnse.tohex(case[1]))
end
test_suite:add_test(unittest.is_nil((Util.decodeVarString("\xff\xff\xff\xff\xff\xff\xff\xff\xffa", 1))), "an absurd length")
local payload = string.pack("<I4I8i8", 70015, 1, 1700000000) .. address_bytes("10.0.0.1", 1) .. address_bytes("2001:db8::1", 2)
  .. "\1\2\3\4\5\6\7\8\5/a:1/" .. string.pack("<I4", 9)
local _, version = Response.decode(message("version", payload))
test_suite:add_test(unittest.identical({ version.ver, version.user_agent, version.lastblock, version.nodeid, version.sa.host },
  { "0.7.0", "/a:1/", 9, "0102030405060708", "2001:db8::1" }), "a node")
test_suite:add_test(unittest.is_false((Response.decode(message("version", "short")))), "a version without fields")
test_suite:add_test(unittest.is_false((Response.decode(string.sub(message("version", payload), 1, -2)))), "cut off")
local _, addr = Response.decode(message("addr", "\xfd\xff\xff" .. string.pack("<I4", 5) .. address_bytes("10.1.1.1", 8333) .. "cut off"))
test_suite:add_test(unittest.identical(addr.addresses, { { ts = 5, address = { service = 1, host = "10.1.1.1", port = 8333 } } }), "nodes, not all there")
return _ENV
