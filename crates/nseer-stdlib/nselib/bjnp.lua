---
-- BJNP: what network printers and scanners of Canon say of themselves.
--
-- The protocol has no public document; written from its messages on the wire. Devices describe themselves by a device
-- ID of IEEE 1284 (section 7.6): keys and values.
--
-- @usage
-- local helper = bjnp.Helper:new(host, port)
-- local status = helper:connect()
-- local status, lines = helper:getPrinterIdentity()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name bjnp

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs, setmetatable, tostring, type = ipairs, setmetatable, tostring, type

_ENV = stdnse.module("bjnp", stdnse.seeall)

local HEAD = 16
local TIMEOUT = 5000
local PRINTER, SCANNER = 1, 2
local DISCOVER, IDENTITY = 1, 0x30
local IS_ANSWER = 0x80
local MAX_TRIES = 8

-- What stands before each message: a sign, kind of device, code, numbers of the message and session, and length.
local Header = {}
Header.__index = Header

--- Makes a head.
-- @name BJNP.Header.new
-- @param o Table with <code>type</code>, <code>code</code> and possibly <code>seq</code>, <code>session</code> and
--        <code>length</code>.
-- @return The head; <code>tostring</code> gives its bytes.
function Header.new (self, o)
  return setmetatable({ id = "BJNP", type = o.type, code = o.code, seq = o.seq or 1, session = o.session or 0,
    length = o.length or 0 }, self)
end

--- Reads a head.
-- @name BJNP.Header.parse
-- @param data Bytes.
-- @return The head; nil if it is none.
function Header.parse (data)
  if type(data) ~= "string" or #data < HEAD or string.sub(data, 1, 4) ~= "BJNP" then
    return nil
  end
  local kind, code, seq, session, length = string.unpack(">BBI4I2I4", data, 5)
  return Header:new({ type = kind, code = code, seq = seq, session = session, length = length })
end

Header.__tostring = function (self)
  return string.pack(">c4BBI4I2I4", self.id, self.type, self.code, self.seq, self.session, self.length)
end

-- A request without or with a body.
local function request_class (kind, code, body)
  local class = {}
  class.__index = class
  function class.new (self)
    return setmetatable({ header = Header:new({ type = kind, code = code, length = #body }) }, self)
  end
  function class.__tostring (self)
    return tostring(self.header) .. body
  end
  return class
end

-- The answer with a device ID: its text stands behind a length that counts itself.
local Identity = {}
Identity.__index = Identity

--- Makes an empty answer.
-- @name BJNP.Printer.Response.Identity.new
-- @return The answer.
function Identity.new (self)
  return setmetatable({}, self)
end

--- Reads an answer.
-- @name BJNP.Printer.Response.Identity.parse
-- @param data Bytes.
-- @return The answer, with <code>header</code> and <code>data</code>, the device ID; nil if it is none.
function Identity.parse (data)
  local identity = Identity:new()
  identity.header = Header.parse(data)
  if not identity.header or identity.header.code ~= IDENTITY or #data < HEAD + 2 then
    return nil
  end
  local length = string.unpack(">I2", data, HEAD + 1)
  if length < 2 or HEAD + length > #data then
    return nil
  end
  identity.data = string.gsub(string.sub(data, HEAD + 3, HEAD + length), ";$", "")
  return identity
end

local function device_class (kind, identity_body)
  return {
    Code = { DISCOVER = DISCOVER, IDENTITY = IDENTITY },
    Request = { Discover = request_class(kind, DISCOVER, ""), Identity = request_class(kind, IDENTITY, identity_body) },
    Response = { Identity = Identity },
  }
end

--- Messages: <code>Header</code>, and for <code>Printer</code> and <code>Scanner</code> a <code>Request</code> to discover
-- or to tell the identity, with <code>new</code>, and a <code>Response</code> with <code>parse</code>.
-- @class table
-- @name BJNP
BJNP = { Header = Header, Printer = device_class(PRINTER, ""), Scanner = device_class(SCANNER, "\0\0\0\0") }

--- Speaks to one device.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table with <code>timeout</code> in milliseconds and <code>bcast</code>, true for an address of many,
--        optional.
-- @return The helper.
function Helper:new (host, port, options)
  local o = setmetatable({ host = host, port = port, options = options or {} }, self)
  o.options.timeout = o.options.timeout or TIMEOUT
  return o
end

--- Makes the socket.
-- @name Helper.connect
-- @return True, or false and a reason.
function Helper:connect ()
  self.socket = nmap.new_socket("udp")
  self.socket:set_timeout(self.options.timeout)
  if self.options.bcast then
    return true
  end
  return self.socket:connect(self.host, self.port)
end

-- Sends a request and hands the answers to a function, until that gives true or none comes.
local function exchange (self, request, take)
  local data, status = tostring(request), nil
  if self.options.bcast then
    status = self.socket:sendto(self.host, self.port, data)
  else
    status = self.socket:send(data)
  end
  for _ = 1, status and MAX_TRIES or 0 do
    local received, answer = self.socket:receive()
    if not received then
      return
    end
    local header = Header.parse(answer)
    local is_answer = header and header.type == request.header.type | IS_ANSWER and header.code == request.header.code
    if is_answer and take(answer) then
      return
    end
  end
end

--- Asks who is there.
-- @name Helper.discoverDevice
-- @param packet The request.
-- @return True, or false.
-- @return Address of the device, or array of addresses where many are asked; or what is wrong.
function Helper:discoverDevice (packet)
  local found = {}
  exchange(self, packet, function ()
    local status, _, _, address = self.socket:get_info()
    found[#found + 1] = status and address or nil
    return not self.options.bcast
  end)
  if #found == 0 then
    return false, "no device answers"
  end
  return true, self.options.bcast and found or found[1]
end

--- Asks printers who is there.
-- @name Helper.discoverPrinter
-- @return As <code>discoverDevice</code>.
function Helper:discoverPrinter ()
  return self:discoverDevice(BJNP.Printer.Request.Discover:new())
end

--- Asks scanners who is there.
-- @name Helper.discoverScanner
-- @return As <code>discoverDevice</code>.
function Helper:discoverScanner ()
  return self:discoverDevice(BJNP.Scanner.Request.Discover:new())
end

-- Keys of device IDs and their names, in the order of the result.
local KEYS = { { "MFG", "Manufacturer" }, { "MDL", "Model" }, { "DES", "Description" }, { "VER", "Firmware version" },
  { "CMD", "Command" } }

local function lines_of (device_id, is_scanner)
  local values, lines = {}, {}
  for key, value in string.gmatch(device_id, "([^:;]+):([^;]*)") do
    values[key] = values[key] or value
  end
  for _, key in ipairs(KEYS) do
    local value = values[key[1]]
    if value and not (is_scanner and key[1] == "VER") then
      lines[#lines + 1] = key[2] .. ": " .. value
    end
  end
  return lines
end

--- Asks a device what it is.
-- @name Helper.getDeviceIdentity
-- @param devtype <code>printers</code> or <code>scanners</code>.
-- @return True, or false.
-- @return Array of lines; or what is wrong.
function Helper:getDeviceIdentity (devtype)
  local is_scanner = devtype == "scanners"
  local device = is_scanner and BJNP.Scanner or BJNP.Printer
  local identity
  exchange(self, device.Request.Identity:new(), function (data)
    identity = device.Response.Identity.parse(data)
    return identity ~= nil
  end)
  if not identity then
    return false, "the device does not tell what it is"
  end
  return true, lines_of(identity.data, is_scanner)
end

--- Asks a printer what it is.
-- @name Helper.getPrinterIdentity
-- @return As <code>getDeviceIdentity</code>.
function Helper:getPrinterIdentity ()
  return self:getDeviceIdentity("printers")
end

--- Asks a scanner what it is.
-- @name Helper.getScannerIdentity
-- @return As <code>getDeviceIdentity</code>.
function Helper:getScannerIdentity ()
  return self:getDeviceIdentity("scanners")
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
test_suite:add_test(unittest.equal(tostring(BJNP.Printer.Request.Identity:new()), "BJNP\1\x30\0\0\0\1\0\0\0\0\0\0"), "a request")
test_suite:add_test(unittest.equal(tostring(BJNP.Scanner.Request.Identity:new()), "BJNP\2\x30\0\0\0\1\0\0\0\0\0\4\0\0\0\0"), "of a scanner")
local text = "MFG:Canon;CMD:BJL,BJR;MDL:MX 1;DES:D;VER:1.0;"
local reply = tostring(Header:new({ type = 0x81, code = IDENTITY, length = #text + 2 })) .. string.pack(">I2", #text + 2) .. text
test_suite:add_test(unittest.identical(lines_of(Identity.parse(reply).data), { "Manufacturer: Canon", "Model: MX 1", "Description: D",
  "Firmware version: 1.0", "Command: BJL,BJR" }), "what a printer says")
test_suite:add_test(unittest.is_nil(Identity.parse(string.sub(reply, 1, -2))), "cut off")
test_suite:add_test(unittest.is_nil(Identity.parse(string.sub(reply, 1, 16) .. "\0\1x")), "an absurd length")
test_suite:add_test(unittest.is_nil(Header.parse("BJNQ" .. string.rep("\0", 20))), "another protocol")

local function helper_with (bytes)
  local helper = Helper:new({}, {})
  helper.socket = { send = function () return true end, receive = function () return true, bytes end }
  return helper
end
test_suite:add_test(unittest.is_true((helper_with(reply):getPrinterIdentity())), "a printer")
test_suite:add_test(unittest.is_false((helper_with(reply):getScannerIdentity())), "a printer is no scanner")
return _ENV
