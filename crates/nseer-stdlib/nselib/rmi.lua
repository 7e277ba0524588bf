---
-- Java's remote method invocation: which names a registry has, and what is behind them.
--
-- Written from the Java Remote Method Invocation specification, chapters 6 and 10. What is sent is made here; what comes is
-- described by <code>rmi.objects</code> and never run.
--
-- @usage
-- local registry = rmi.Registry:new(host, port)
-- local status, names = registry:list()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rmi

local deadline = require "deadline"
local nmap = require "nmap"
local objects = require "rmi.objects"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local error, ipairs, pcall, select, setmetatable, tostring, type = error, ipairs, pcall, select, setmetatable, tostring, type

_ENV = stdnse.module("rmi", stdnse.seeall)

for _, name in ipairs { "JavaClass", "JavaArray", "TC", "STREAM_MAGIC", "STREAM_VERSION", "baseWireHandle" } do
  _ENV[name] = objects[name]
end

local TIMEOUT = 10000
local MAX_ANSWER = 1024 * 1024

-- Parts of the transport (section 10.2).
local MAGIC, VERSION, STREAM_PROTOCOL = "JRMI", 2, 0x4b
local ACK, CALL, RETURN_DATA = 0x4e, 0x50, 0x51
local NORMAL_RETURN = 1

-- The registry's object, its interface, and the numbers of two of its operations.
local REGISTRY, REGISTRY_HASH = 0, 4905912898345647071
local OPERATION_LIST, OPERATION_LOOKUP = 1, 2

--- Arguments of a call.
-- @class table
-- @name Arguments
Arguments = {}
Arguments.__index = Arguments

--- Makes none.
-- @name Arguments:new
-- @param o Table, optional.
-- @return The arguments.
function Arguments:new (o)
  o = o or {}
  o.parts = {}
  return setmetatable(o, self)
end

--- Adds a text.
-- @name Arguments:addString
-- @param str The text.
function Arguments:addString (str)
  table.insert(self.parts, string.pack(">Bs2", TC.TC_STRING, str))
end

--- Adds bytes as they are.
-- @name Arguments:addRaw
-- @param str The bytes.
function Arguments:addRaw (str)
  table.insert(self.parts, str)
end

--- All of them.
-- @name Arguments:getData
-- @return Bytes.
function Arguments:getData ()
  return table.concat(self.parts)
end

--- What has come over a connection and was not read yet, as values.
-- @class table
-- @name JavaDIS
JavaDIS = {}
JavaDIS.__index = JavaDIS

--- Makes one.
-- @name JavaDIS:new
-- @param socket Connected socket.
-- @return The reader; <code>bReader</code> has what came as <code>readBuffer</code> and the place of the next byte as
--         <code>pos</code>.
function JavaDIS:new (socket)
  return setmetatable({ bReader = { socket = socket, readBuffer = "", pos = 1 } }, self)
end

--- Waits for bytes.
-- @name JavaDIS:canRead
-- @param count How many.
-- @return True if they are there; false if they do not come.
function JavaDIS:canRead (count)
  local reader = self.bReader
  local missing = reader.pos + count - 1 - #reader.readBuffer
  if missing > MAX_ANSWER then
    return false
  elseif missing > 0 then
    local status, data = deadline.receiver(reader.socket, TIMEOUT, "receive_bytes")(missing)
    reader.readBuffer = reader.readBuffer .. (status and data or "")
    missing = status and missing - #data or missing
  end
  return missing <= 0
end

-- Reads a value of so many bytes.
local function value_read (self, format, size)
  if not self:canRead(size) then
    return false, "the answer is cut off"
  end
  local value
  value, self.bReader.pos = string.unpack(format, self.bReader.readBuffer, self.bReader.pos)
  return true, value
end

--- Reads one byte.
-- @name JavaDIS:readByte
-- @return True; or false.
-- @return Number; or a reason.
function JavaDIS:readByte ()
  return value_read(self, "B", 1)
end

--- Reads two bytes.
-- @name JavaDIS:readUnsignedShort
-- @return True; or false.
-- @return Number; or a reason.
function JavaDIS:readUnsignedShort ()
  return value_read(self, ">I2", 2)
end

--- Reads four bytes.
-- @name JavaDIS:readUnsignedInt
-- @return True; or false.
-- @return Number; or a reason.
function JavaDIS:readUnsignedInt ()
  return value_read(self, ">I4", 4)
end

--- Reads a text with its length in front.
-- @name JavaDIS:readUTF
-- @return True; or false.
-- @return Text; or a reason.
function JavaDIS:readUTF ()
  local status, length = self:readUnsignedShort()
  if not status then
    return false, length
  end
  return value_read(self, "c" .. length, length)
end

--- A connection.
-- @class table
-- @name RmiDataStream
RmiDataStream = {}
RmiDataStream.__index = RmiDataStream

--- Makes one.
-- @name RmiDataStream:new
-- @param o Table, optional.
-- @return The connection.
function RmiDataStream:new (o)
  return setmetatable(o or {}, self)
end

-- A function that takes bytes of the connection: not more than MAX_ANSWER in all.
local function taker (socket)
  local total = 0
  local receive = deadline.receiver(socket, TIMEOUT, "receive_buf")
  return function (count)
    if count == 0 then
      return ""
    end
    total = total + count
    if total > MAX_ANSWER then
      error("an answer without end", 0)
    end
    local status, data = receive(function (buffer)
      if #buffer >= count then
        return count, count
      end
    end, true)
    return status and data or error(data, 0)
  end
end

--- Connects and shakes hands (section 10.2.1).
-- @name RmiDataStream:connect
-- @param host Host table.
-- @param port Port table.
-- @return True, or false and a reason.
function RmiDataStream:connect (host, port)
  self.socket = nmap.new_socket()
  self.socket:set_timeout(TIMEOUT)
  local status, reason = self.socket:connect(host, port)
  if status then
    status, reason = self.socket:send(string.pack(">c4I2B", MAGIC, VERSION, STREAM_PROTOCOL))
  end
  if not status then
    return false, reason
  end
  self.take = taker(self.socket)
  self.dis = JavaDIS:new(self.socket)
  status, reason = pcall(function ()
    if string.byte(self.take(1)) ~= ACK then
      error("the server does not speak RMI", 0)
    end
    self.endpoint = self.take(string.unpack(">I2", self.take(2)))
    self.take(4)
  end)
  if status then
    local _, address = self.socket:get_info()
    status, reason = self.socket:send(string.pack(">s2I4", tostring(address or ""), 0))
  end
  return status, reason
end

-- A call (section 10.2.1): the object's number, that of the operation and the interface's hash are a block of 34 bytes.
local function call_of (object, hash, operation, arguments)
  return string.pack(">BI2I2BBi8I4I8I2i4i8", CALL, STREAM_MAGIC, STREAM_VERSION, TC.TC_BLOCKDATA, 34, object, 0, 0, 0,
    operation, hash) .. (arguments and arguments:getData() or "")
end

--- Sends a call and leaves what is returned to others.
-- @name RmiDataStream:writeMethodCall
-- @param out Not used.
-- @param objNum Number of the object.
-- @param hash Hash of its interface: a number, or 16 digits.
-- @param op Number of the operation.
-- @param arguments <code>Arguments</code>.
-- @return True, or false and a reason.
function RmiDataStream:writeMethodCall (out, objNum, hash, op, arguments)
  if type(hash) == "string" then
    local bytes = string.match(hash, "^%x+$") and #hash == 16 and stdnse.fromhex(hash)
    if not bytes then
      return false, "the hash of an interface has 16 digits"
    end
    hash = string.unpack(">i8", bytes)
  end
  return self.socket:send(call_of(objNum, hash, op, arguments))
end

--- Calls an operation of an object.
-- @name RmiDataStream:invoke
-- @param objNum Number of the object.
-- @param hash Hash of its interface.
-- @param op Number of the operation.
-- @param arguments <code>Arguments</code>, optional.
-- @return True, or false.
-- @return What is returned; or a reason: where an exception is returned, it is in text.
function RmiDataStream:invoke (objNum, hash, op, arguments)
  local status, reason = self:writeMethodCall(nil, objNum, hash, op, arguments)
  if not status then
    return false, reason
  end
  local is_normal, value
  status, reason = pcall(function ()
    local kind, magic, version = string.unpack(">BI2I2", self.take(5))
    if kind ~= RETURN_DATA or magic ~= STREAM_MAGIC or version ~= STREAM_VERSION then
      error("the server returns no data", 0)
    end
    local reader = objects.Reader:new(self.take)
    local block = reader:object()
    is_normal = type(block) == "string" and string.byte(block) == NORMAL_RETURN
    value = reader:object()
  end)
  if not status then
    return false, reason
  elseif not is_normal then
    return false, "an exception is returned: " .. tostring(value)
  end
  return true, value
end

--- A registry.
-- @class table
-- @name Registry
Registry = {}
Registry.__index = Registry

--- Makes one.
-- @name Registry:new
-- @param host Host table.
-- @param port Port table.
-- @return The registry.
function Registry:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Connects.
-- @name Registry:_handshake
-- @return True, or false and a reason.
function Registry:_handshake ()
  self.out = RmiDataStream:new()
  return self.out:connect(self.host, self.port)
end

local function asked (self, operation, arguments)
  local status, answer = self:_handshake()
  if status then
    status, answer = self.out:invoke(REGISTRY, REGISTRY_HASH, operation, arguments)
  end
  self.out.socket:close()
  return status, answer
end

--- Lists the names.
-- @name Registry:list
-- @return True, or false.
-- @return <code>JavaArray</code> of texts; or a reason.
function Registry:list ()
  local status, answer = asked(self, OPERATION_LIST)
  if status and (type(answer) ~= "table" or not answer.getValues) then
    return false, "the registry returns no list"
  end
  return status, answer
end

--- Asks what is behind a name.
-- @name Registry:lookup
-- @param name The name.
-- @return True, or false.
-- @return <code>JavaClass</code>; or a reason.
function Registry:lookup (name)
  local arguments = Arguments:new()
  arguments:addString(name)
  local status, answer = asked(self, OPERATION_LOOKUP, arguments)
  if status and (type(answer) ~= "table" or not answer.toTable) then
    return false, "the registry returns no object"
  end
  return status, answer
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local arguments = Arguments:new()
arguments:addString("ab")
arguments:addRaw("c")
test_suite:add_test(unittest.equal(arguments:getData(), "\x74\0\2abc"), "arguments")
local call = call_of(0, 7, 1)
test_suite:add_test(unittest.equal(string.sub(call, 1, 7), "\x50\xac\xed\0\5\x77\x22"), "a call")
test_suite:add_test(unittest.equal(#call, 7 + 34), "its length")

local function reader_of (data)
  local at = 1
  return objects.Reader:new(function (count)
    local part = string.sub(data, at, at + count - 1)
    at = at + count
    return #part == count and part or error("the data is cut off", 0)
  end)
end
local STRINGS = "\x75\x72\0\x13[Ljava.lang.String;12345678\2\0\0\x78\x70\0\0\0\2"
local array = reader_of(STRINGS .. "\x74\0\1a\x71\0\x7e\0\2"):object()
test_suite:add_test(unittest.identical(array:getValues(), { "a", "a" }), "an array, and a reference")
test_suite:add_test(unittest.is_false((pcall(function () reader_of("\x75\x70\xff\xff\xff\xff"):object() end))), "a length that cannot be")
test_suite:add_test(unittest.is_false((pcall(function () reader_of("\x71\0\0\0\0"):object() end))), "a reference to nothing")
test_suite:add_test(unittest.is_false((pcall(function () reader_of(string.rep("\x76", 5000)):object() end))), "depth without end")

-- A proxy whose handler is a remote object at 192.0.2.1.
local remote = "\x73\x72\0\7Handler12345678\2\0\0\x78\x72\0\6Remote12345678\3\0\0\x78\x70"
  .. "\x77\x1b\0\x0aUnicastRef\0\x09192.0.2.1\0\0\4\x4b\x78"
local proxy = "\x73\x7d\0\0\0\1\0\3A.B\x78\x72\0\5Proxy12345678\2\0\1L\0\1h\x74\0\2LH\x78\x70" .. remote
local shown = reader_of(proxy):object():toTable()
test_suite:add_test(unittest.equal(shown[1], "implements A.B, "), "an interface")
test_suite:add_test(unittest.equal(shown[2][1], "Proxy"), "what it extends")
test_suite:add_test(unittest.equal(shown[2][2][1], "LH h"), "a field")
test_suite:add_test(unittest.equal(shown[2][2][2][2], "@192.0.2.1:1099"), "where the object is")

local pieces = { "\0\2ab", "Q" }
local dis = JavaDIS:new { receive_bytes = function ()
  local piece = table.remove(pieces, 1)
  return piece ~= nil, piece or "EOF"
end }
test_suite:add_test(unittest.equal(select(2, dis:readUTF()), "ab"), "a text that was read")
test_suite:add_test(unittest.equal(select(2, dis:readByte()), 0x51), "a byte that was read")
test_suite:add_test(unittest.is_false((dis:readUnsignedInt())), "no more bytes")
test_suite:add_test(unittest.is_false(dis:canRead(MAX_ANSWER * 2)), "more bytes than there can be")

local stream = RmiDataStream:new { socket = { send = function () return true end } }
local function returns (data)
  local at = 1
  stream.take = function (count)
    local part = string.sub(data, at, at + count - 1)
    at = at + count
    return #part == count and part or error("EOF", 0)
  end
  return stream:invoke(0, 7, 1)
end
test_suite:add_test(unittest.is_false((stream:writeMethodCall(nil, 2, "abc", 0))), "a hash that is none")
local HEAD = "\x51\xac\xed\0\5\x77\x0f"
test_suite:add_test(unittest.equal(select(2, returns(HEAD .. "\1" .. string.rep("\0", 14) .. "\x74\0\2ok")), "ok"), "a value")
test_suite:add_test(unittest.is_false((returns(HEAD .. "\2" .. string.rep("\0", 14) .. "\x74\0\2no"))), "an exception")
test_suite:add_test(unittest.is_false((returns("HTTP/1.1 400"))), "another protocol")
return _ENV
