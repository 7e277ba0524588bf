---
-- STUN: how a host's address looks from outside.
--
-- Written from RFC 3489, section 11, and RFC 5389, sections 6 and 15. Servers that also speak TURN answer the same request.
--
-- @usage
-- local helper = stun.Helper:new(host, port)
-- local status = helper:connect()
-- local status, ip = helper:getExternalAddress()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name stun

local ipOps = require "ipOps"
local nmap = require "nmap"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, setmetatable, tostring = ipairs, setmetatable, tostring

_ENV = stdnse.module("stun", stdnse.seeall)

local TIMEOUT = 5000
local MAX_ATTRIBUTES = 64

-- RFC 5389, section 6: identifiers of transactions of newer clients begin with it.
local MAGIC_COOKIE = "\x21\x12\xa4\x42"

-- RFC 5389, section 15.2: the mapped address, hidden from routers that would change it.
local XOR_MAPPED_ADDRESS, XOR_MAPPED_ADDRESS_OLD = 0x0020, 0x8020

--- Numbers of messages.
-- @class table
-- @name MessageType
MessageType = { BINDING_REQUEST = 0x0001, BINDING_RESPONSE = 0x0101 }

--- Head of a message.
-- @class table
-- @name Header
Header = { size = 20 }
Header.__index = Header

--- Makes one.
-- @name Header:new
-- @param type Number of the message.
-- @param trans_id Identifier, 16 bytes; made up if nil.
-- @param length Bytes of attributes behind it.
-- @return The head.
function Header:new (type, trans_id, length)
  return setmetatable({ type = type, trans_id = trans_id or rand.random_string(16), length = length or 0 }, self)
end

--- Reads one.
-- @name Header.parse
-- @param data Bytes.
-- @return The head; nil if the bytes are none.
function Header.parse (data)
  if #data < Header.size then
    return nil
  end
  local type, length, trans_id = string.unpack(">I2I2c16", data)
  return Header:new(type, trans_id, length)
end

Header.__tostring = function (self)
  return string.pack(">I2I2c16", self.type, self.length, self.trans_id)
end

--- Numbers of attributes, and attributes.
-- @class table
-- @name Attribute
Attribute = {
  MAPPED_ADDRESS = 0x0001, RESPONSE_ADDRESS = 0x0002, CHANGE_REQUEST = 0x0003, SOURCE_ADDRESS = 0x0004,
  CHANGED_ADDRESS = 0x0005, USERNAME = 0x0006, PASSWORD = 0x0007, MESSAGE_INTEGRITY = 0x0008, ERROR_CODE = 0x0009,
  UNKNOWN_ATTRIBUTES = 0x000a, REFLECTED_FROM = 0x000b, SERVER = 0x8022,
}
Attribute.__index = Attribute

local HAS_ADDRESS = {
  [Attribute.MAPPED_ADDRESS] = true, [Attribute.RESPONSE_ADDRESS] = true, [Attribute.SOURCE_ADDRESS] = true,
  [Attribute.CHANGED_ADDRESS] = true, [Attribute.REFLECTED_FROM] = true,
}

--- Makes one.
-- @name Attribute:new
-- @param type Its number.
-- @param data Its value, bytes.
-- @return The attribute.
function Attribute:new (type, data)
  return setmetatable({ type = type, data = data, length = #data }, self)
end

-- RFC 3489, section 11.2.1: family, port, address. Nil if the bytes are none.
local function read_address (data, key)
  if #data ~= 8 and #data ~= 20 then
    return nil
  end
  local _, family, port = string.unpack(">BBI2", data)
  local bytes = string.sub(data, 5)
  if (family == 1) ~= (#bytes == 4) then
    return nil
  end
  if key then
    port = port ~ string.unpack(">I2", key)
    bytes = string.gsub(bytes, "()(.)", function (at, byte)
      return string.char(string.byte(byte) ~ string.byte(key, at))
    end)
  end
  return { family = family, port = port, ip = ipOps.str_to_ip(bytes) }
end

--- Reads one.
-- @name Attribute.parse
-- @param data Bytes that begin with it.
-- @return The attribute: with <code>addr</code> (<code>ip</code> and <code>port</code>) or <code>server</code> where its
--         number says so, otherwise with <code>data</code>; nil if the bytes are none.
function Attribute.parse (data)
  if #data < 4 then
    return nil
  end
  local type, length = string.unpack(">I2I2", data)
  if #data < 4 + length then
    return nil
  end
  local attribute = Attribute:new(type, string.sub(data, 5, 4 + length))
  if HAS_ADDRESS[type] then
    attribute.addr = read_address(attribute.data)
  elseif type == Attribute.SERVER then
    attribute.server = attribute.data
  end
  return attribute
end

Attribute.__tostring = function (self)
  return string.pack(">I2s2", self.type, self.data)
end

--- Requests: they become bytes by <code>tostring</code>.
-- @class table
-- @name Request
Request = {
  Bind = {
    new = function (self, trans_id)
      return setmetatable({ header = Header:new(MessageType.BINDING_REQUEST, trans_id) }, self)
    end,
    __tostring = function (self)
      return tostring(self.header)
    end,
  },
}

--- Answers.
-- @class table
-- @name Response
Response = { Bind = {} }
Response.Bind.__index = Response.Bind

--- Makes an answer without attributes.
-- @name Response.Bind:new
-- @param trans_id Its identifier.
-- @return The answer.
function Response.Bind:new (trans_id)
  return setmetatable({ header = Header:new(MessageType.BINDING_RESPONSE, trans_id), attributes = {} }, self)
end

--- Reads one.
-- @name Response.Bind.parse
-- @param data The datagram.
-- @return Answer with <code>header</code> and <code>attributes</code>; nil if the data is none.
function Response.Bind.parse (data)
  local header = Header.parse(data)
  if not header or header.type ~= MessageType.BINDING_RESPONSE or #data < Header.size + header.length then
    return nil
  end
  local answer = setmetatable({ header = header, attributes = {} }, Response.Bind)
  local at, stop = Header.size + 1, Header.size + header.length
  while at + 3 <= stop and #answer.attributes < MAX_ATTRIBUTES do
    local attribute = Attribute.parse(string.sub(data, at, stop))
    if not attribute then
      break
    elseif attribute.type == XOR_MAPPED_ADDRESS or attribute.type == XOR_MAPPED_ADDRESS_OLD then
      attribute.addr = read_address(attribute.data, header.trans_id)
    end
    table.insert(answer.attributes, attribute)
    at = at + 4 + (attribute.length + 3) // 4 * 4
  end
  return answer
end

--- The connection.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm:new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional: <code>timeout</code> in milliseconds.
-- @return The connection.
function Comm:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {} }, self)
end

--- Connects.
-- @name Comm:connect
-- @return True, or false and a reason.
function Comm:connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(self.options.timeout or TIMEOUT)
  return self.socket:connect(self.host, self.port)
end

--- Closes the connection.
-- @name Comm:close
-- @return As the socket's method.
function Comm:close ()
  return self.socket:close()
end

--- Sends a message.
-- @name Comm:send
-- @param data Message, anything with <code>tostring</code>.
-- @return True, or false and a reason.
function Comm:send (data)
  return self.socket:send(tostring(data))
end

--- Waits for an answer.
-- @name Comm:recv
-- @return True, or false.
-- @return The answer; or a reason.
function Comm:recv ()
  local status, data = self.socket:receive()
  if not status then
    return false, "no answer came: " .. tostring(data)
  end
  local answer = Response.Bind.parse(data)
  if not answer then
    return false, "the answer is no STUN message"
  end
  return true, answer
end

--- Sends a message and waits for the answer with its identifier.
-- @name Comm:exch
-- @param req The message.
-- @return True, or false.
-- @return The answer; or a reason.
function Comm:exch (req)
  local status, answer = self:send(req)
  if status then
    status, answer = self:recv()
  end
  if status and answer.header.trans_id ~= req.header.trans_id then
    return false, "the answer is to another message"
  end
  return status, answer
end

--- Asks one server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional: see <code>Comm:new</code>.
-- @param mode <code>modern</code> for identifiers as in RFC 5389; otherwise as in RFC 3489.
-- @return The helper.
function Helper:new (host, port, options, mode)
  return setmetatable({ comm = Comm:new(host, port, options), mode = mode }, self)
end

--- Connects.
-- @name Helper:connect
-- @return True, or false and a reason.
function Helper:connect ()
  return self.comm:connect()
end

--- Closes the connection.
-- @name Helper:close
-- @return As the socket's method.
function Helper:close ()
  return self.comm:close()
end

-- What the server says: its answer; nil and a reason.
local function bound (self)
  if not self.answer then
    local id = self.mode == "modern" and MAGIC_COOKIE .. rand.random_string(12) or nil
    local status, answer = self.comm:exch(Request.Bind:new(id))
    if not status then
      return nil, answer
    end
    self.answer = answer
  end
  return self.answer
end

--- Asks how this host looks from outside.
-- @name Helper:getExternalAddress
-- @return True, or false.
-- @return The address; or a reason.
function Helper:getExternalAddress ()
  local answer, reason = bound(self)
  if not answer then
    return false, reason
  end
  for _, attribute in ipairs(answer.attributes) do
    if attribute.addr and (attribute.type == Attribute.MAPPED_ADDRESS or attribute.type & 0x7fff == XOR_MAPPED_ADDRESS) then
      return true, attribute.addr.ip
    end
  end
  return false, "the server names no address"
end

--- Asks what the server calls itself.
-- @name Helper:getVersion
-- @return True, or false.
-- @return The name; nil where the server has none; or a reason.
function Helper:getVersion ()
  local answer, reason = bound(self)
  if not answer then
    return false, reason
  end
  for _, attribute in ipairs(answer.attributes) do
    if attribute.server then
      return true, (string.gsub(attribute.server, "%z+$", ""))
    end
  end
  return true, nil
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local ID = "1234567890123456"
test_suite:add_test(unittest.equal(tostring(Request.Bind:new(ID)), "\0\1\0\0" .. ID), "a request")
local answer = Response.Bind.parse("\1\1\0\x14" .. ID .. "\0\1\0\8\0\1\1\2\9\8\7\6\x80\x22\0\2ab\0\0")
test_suite:add_test(unittest.equal(answer.attributes[1].addr.ip, "9.8.7.6"), "an address")
test_suite:add_test(unittest.equal(answer.attributes[1].addr.port, 258), "a port")
test_suite:add_test(unittest.equal(answer.attributes[2].server, "ab"), "a server, and the end of an attribute")
local hidden = Response.Bind.parse("\1\1\0\x0c\x21\x12\xa4\x42" .. ID:sub(5) .. "\0\x20\0\8\0\1\xa1\x47\xe1\x12\xa6\x43")
test_suite:add_test(unittest.equal(hidden.attributes[1].addr.ip, "192.0.2.1"), "a hidden address (RFC 5769, section 2.2)")
test_suite:add_test(unittest.equal(hidden.attributes[1].addr.port, 32853), "a hidden port")
test_suite:add_test(unittest.is_nil((Response.Bind.parse("\1\1\0\x0c" .. ID))), "cut off")
test_suite:add_test(unittest.is_nil((Response.Bind.parse("\0\1\0\0" .. ID))), "a request sent back")
test_suite:add_test(unittest.equal(tostring(Attribute:new(0x8022, "abcd")), "\x80\x22\0\4abcd"), "an attribute")
return _ENV
