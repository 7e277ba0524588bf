---
-- AMQP 0-8 and 0-9: what a message broker says of itself when somebody connects.
--
-- Written from the AMQP 0-9-1 specification, sections 2.2.4 and 4.2, and RabbitMQ's list of the types that brokers
-- really use in tables. One frame is read, no login is made, and lengths are checked against the frame.
--
-- @usage
-- local broker = amqp.AMQP:new(host, port)
-- local status, reason = broker:connect()
-- if status then status, reason = broker:handshake() end
-- @args amqp.version The protocol that is asked for: <code>0-8</code>, <code>0-9</code> or <code>0-9-1</code>.
--       Default: <code>0-9</code>.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name amqp

local deadline = require "deadline"
local framereader = require "framereader"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("amqp", stdnse.seeall)

local MAX_FRAME, MAX_FIELDS, MAX_DEPTH = 0x20000, 1000, 4

-- Bytes in front of a frame and behind it.
local HEAD, END = 7, 0xce

--- A broker.
-- @class table
-- @name AMQP
AMQP = {
  -- What follows "AMQP" in the header of a protocol (section 4.2.2).
  client_version_strings = { ["0-8"] = "\1\1\8\0", ["0-9"] = "\0\0\9\0", ["0-9-1"] = "\0\0\9\1" },
  -- Names by the two bytes of a broker's version.
  versions = { [0x0800] = "0-8", [0x0009] = "0-9" },
}
AMQP.__index = AMQP

--- Makes the state for a broker.
-- @name AMQP.new
-- @param host Host table.
-- @param port Port table.
-- @return The state.
function AMQP:new (host, port)
  local wanted = stdnse.get_script_args("amqp.version")
  return setmetatable({ host = host, port = port, version = AMQP.client_version_strings[wanted] and wanted or "0-9" }, self)
end

--- Connects.
-- @name AMQP.connect
-- @return True; or false and a reason.
function AMQP:connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, 5000))
  return self.socket:connect(self.host, self.port)
end

--- Closes the connection.
-- @name AMQP.disconnect
-- @return True.
function AMQP:disconnect ()
  return self.socket:close()
end

-- Sizes of values of a fixed size by their type; how numbers are read.
local FIXED = { b = ">i1", B = ">I1", s = ">i2", u = ">I2", U = ">i2", I = ">i4", i = ">I4", f = ">f", d = ">d",
  l = ">i8", L = ">i8", T = ">I8" }

local read_table

-- One value. The position after it and the value; nil if it is cut off or of an unknown type.
local function read_value (data, pos, kind, depth)
  local format = FIXED[kind]
  if kind == "t" then
    local byte = string.byte(data, pos)
    return byte and pos + 1, byte and (byte ~= 0 and "YES" or "NO")
  elseif kind == "V" then
    return pos, ""
  elseif kind == "D" then
    return pos + 4 <= #data and pos + 5 or nil, "decimal"
  elseif format then
    if pos + string.packsize(format) - 1 > #data then
      return nil
    end
    local value, after = string.unpack(format, data, pos)
    return after, tostring(value)
  elseif not string.find("SxFA", kind, 1, true) or pos + 3 > #data then
    return nil
  end
  local length = string.unpack(">I4", data, pos)
  local last = pos + 3 + length
  if last > #data then
    return nil
  end
  local body = string.sub(data, pos + 4, last)
  if kind == "F" then
    return last + 1, read_table(body, depth + 1)
  end
  return last + 1, kind == "A" and "array" or body
end

-- The fields of a table as an array of pairs, up to the first that cannot be read.
read_table = function (data, depth)
  local fields, pos = {}, 1
  while depth <= MAX_DEPTH and #fields < MAX_FIELDS and pos < #data do
    local length = string.byte(data, pos)
    local key, kind = string.sub(data, pos + 1, pos + length), string.sub(data, pos + length + 1, pos + length + 1)
    if #key < length or kind == "" then
      break
    end
    local value
    pos, value = read_value(data, pos + length + 2, kind, depth)
    if not pos then
      break
    end
    fields[#fields + 1] = { key, value }
  end
  return fields
end

-- Text with its length in front. The position after it and the text; nil if it is cut off.
local function long_text (data, pos)
  if not pos or pos + 3 > #data then
    return nil
  end
  local length = string.unpack(">I4", data, pos)
  if pos + 3 + length > #data then
    return nil
  end
  return pos + 4 + length, string.sub(data, pos + 4, pos + 3 + length)
end

-- A frame ends with a byte of its own; a server of another version says that in eight bytes.
local frame = framereader.new(function (head)
  return string.sub(head, 1, 4) == "AMQP" and 1 or string.unpack(">I4", head, 4) + 1
end, MAX_FRAME + 1, HEAD)

-- What the method connection.start says (class 10, method 10); nil if the frame is another.
local function read_start (data)
  if #data < HEAD + 7 or string.byte(data) ~= 1 or string.byte(data, -1) ~= END
    or string.unpack(">I4", data, 8) ~= 10 << 16 | 10 then
    return nil
  end
  local version = string.unpack(">I2", data, 12)
  local body = string.sub(data, 14, -2)
  local pos, properties = long_text(body, 1)
  if not pos then
    return nil
  end
  local mechanisms, locales
  pos, mechanisms = long_text(body, pos)
  pos, locales = long_text(body, pos)
  local fields = read_table(properties, 1)
  fields[#fields + 1] = mechanisms and { "mechanisms", mechanisms }
  fields[#fields + 1] = pos and { "locales", locales }
  return { version = version, fields = fields }
end

--- Says which protocol is wanted, and reads what the broker says of itself.
-- @name AMQP.handshake
-- @return True; or false.
-- @return The broker's version, of two numbers; or a reason.
function AMQP:handshake ()
  local status, data = self.socket:send("AMQP" .. AMQP.client_version_strings[self.version])
  if status then
    status, data = deadline.receive_buf(self.socket, frame, true)
  end
  if not status then
    return false, data
  elseif string.sub(data, 1, 4) == "AMQP" then
    return false, "the broker wants another version of the protocol"
  end
  local start = read_start(data)
  if not start then
    return false, "the answer is none of AMQP 0-8 or 0-9"
  end
  self.start = start
  return true, start.version
end

-- The first of the broker's fields with a name.
local function field (self, name)
  for _, pair in ipairs(self.start and self.start.fields or {}) do
    if pair[1] == name then
      return type(pair[2]) == "string" and pair[2] or nil
    end
  end
end

--- The version of the protocol that the broker speaks.
-- @name AMQP.getProtocolVersion
-- @return As <code>0-9</code>; nil if it is not known.
function AMQP:getProtocolVersion ()
  local version = self.start and self.start.version
  return version and (AMQP.versions[version] or version >> 8 .. "-" .. (version & 0xff))
end

--- The version of the program.
-- @name AMQP.getServerVersion
-- @return Text, or nil.
function AMQP:getServerVersion ()
  return field(self, "version")
end

--- The name of the program.
-- @name AMQP.getServerProduct
-- @return Text, or nil.
function AMQP:getServerProduct ()
  return field(self, "product")
end

local function lines_of (fields)
  local lines = {}
  for _, pair in ipairs(fields) do
    if type(pair[2]) == "table" then
      local inner = lines_of(pair[2])
      inner.name = pair[1] .. ": "
      lines[#lines + 1] = inner
    else
      lines[#lines + 1] = pair[1] .. ": " .. pair[2]
    end
  end
  return lines
end

local function ordered (fields)
  local out = stdnse.output_table()
  for _, pair in ipairs(fields) do
    out[pair[1]] = type(pair[2]) == "table" and ordered(pair[2]) or pair[2]
  end
  return out
end

--- All that the broker says of itself, as lines.
-- @name AMQP.getServerProperties
-- @return Array of texts, and of arrays with a <code>name</code>, as <code>stdnse.format_output</code> takes it.
function AMQP:getServerProperties ()
  return lines_of(self.start and self.start.fields or {})
end

--- The same as a table of names and values, in the broker's order.
-- @name AMQP.getServerTable
-- @return Output table.
function AMQP:getServerTable ()
  return ordered(self.start and self.start.fields or {})
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local inner = "\4acksI\0\0\0\7\3offt\0"
local properties = "\4capsF" .. string.pack(">s4", inner) .. "\7productS" .. string.pack(">s4", "Broker")
local body = "\0\10\0\10\0\9" .. string.pack(">s4s4s4", properties, "PLAIN", "en_US")
local start = read_start("\1\0\0" .. string.pack(">s4", body) .. "\xce")
local broker = setmetatable({ start = start }, AMQP)
test_suite:add_test(unittest.equal(broker:getProtocolVersion(), "0-9"), "version of the protocol")
test_suite:add_test(unittest.equal(broker:getServerProduct(), "Broker"), "product")
test_suite:add_test(unittest.is_nil(broker:getServerVersion()), "no version")
test_suite:add_test(unittest.identical(broker:getServerProperties(), {
  { name = "caps: ", "acks: 7", "off: NO" }, "product: Broker", "mechanisms: PLAIN", "locales: en_US",
}), "all of it")
test_suite:add_test(unittest.is_nil(read_start("\1\0\0\0\0\0\1\0\xce")), "another frame")
test_suite:add_test(unittest.identical(read_table("\1aS\xff\xff\xff\xffx", 1), {}), "a text that is too long")
test_suite:add_test(unittest.identical({ frame("\1\0\0\xff\xff\xff\xffabc") }, { 10, 10 }), "a frame that is too long")
return _ENV
