---
-- MQTT 3.1.1: connecting, subscribing, and what arrives.
--
-- Written from the OASIS standard MQTT 3.1.1, sections 2 and 3. Packets are bounded.
--
-- @args mqtt.client-id Name of the client. Default: a random one.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mqtt

local comm = require "comm"
local math = require "math"
local nmap = require "nmap"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("mqtt", stdnse.seeall)

-- Numbers of packets (section 2.2.1).
local NUMBERS = {
  CONNECT = 1, CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, SUBACK = 9, PINGREQ = 12, PINGRESP = 13,
  DISCONNECT = 14,
}

local NAMES = {}
for name, number in pairs(NUMBERS) do
  NAMES[number] = name
end

-- What is said where no packet comes in time; scripts show it as it is.
local MISSING = "The server sent no packet of MQTT in time."

local MAX_PACKET = 0x40000

--- Pieces of packets.
-- @class table
-- @name MQTT
MQTT = {}

--- Encodes a length (section 2.2.3).
-- @name MQTT.length_build
-- @param num Number, less than 268435456.
-- @return One to four bytes.
function MQTT.length_build (num)
  local bytes = {}
  repeat
    local byte = num & 0x7f
    num = num >> 7
    bytes[#bytes + 1] = string.char(num > 0 and byte | 0x80 or byte)
  until num == 0
  return table.concat(bytes)
end

--- Decodes a length.
-- @name MQTT.length_parse
-- @param buf Bytes.
-- @param pos Position of the first. Default: 1.
-- @return The position after it; false if it is cut off or too long.
-- @return The number.
function MQTT.length_parse (buf, pos)
  pos = pos or 1
  local num = 0
  for i = 0, 3 do
    local byte = string.byte(buf, pos + i)
    if not byte then
      return false
    end
    num = num | (byte & 0x7f) << 7 * i
    if byte < 0x80 then
      return pos + i + 1, num
    end
  end
  return false
end

--- Encodes a text.
-- @name MQTT.utf8_build
-- @param str Text.
-- @return Bytes.
function MQTT.utf8_build (str)
  return string.pack(">s2", str)
end

--- Decodes a text.
-- @name MQTT.utf8_parse
-- @param buf Bytes.
-- @param pos Position of the first. Default: 1.
-- @return The position after it; false if it is cut off.
-- @return The text.
function MQTT.utf8_parse (buf, pos)
  pos = pos or 1
  if pos + 1 > #buf then
    return false
  end
  local length = string.unpack(">I2", buf, pos)
  if pos + 1 + length > #buf then
    return false
  end
  return pos + 2 + length, string.sub(buf, pos + 2, pos + 1 + length)
end

--- Puts the head in front of a packet.
-- @name MQTT.fixed_header
-- @param num Number of the packet.
-- @param flags Four bits.
-- @param pkt The rest of it.
-- @return Bytes.
function MQTT.fixed_header (num, flags, pkt)
  return string.char(num << 4 | (flags or 0)) .. MQTT.length_build(#pkt) .. pkt
end

local REFUSALS = {
  "unacceptable protocol version", "client identifier rejected", "server unavailable", "bad user name or password",
  "not authorized",
}

local BUILDERS = {
  CONNECT = function (options)
    -- A clean session, kept alive for 30 seconds.
    local flags = 2 | (options.username and 0x80 or 0) | (options.password and 0x40 or 0)
    local body = MQTT.utf8_build("MQTT") .. string.pack(">BBI2", 4, flags, 30)
      .. MQTT.utf8_build(options.client_id or stdnse.get_script_args("mqtt.client-id") or "nseer" .. rand.random_alpha(12))
    return 0, body .. (options.username and MQTT.utf8_build(options.username) or "")
      .. (options.password and MQTT.utf8_build(options.password) or "")
  end,
  SUBSCRIBE = function (options, id)
    local parts = { string.pack(">I2", id) }
    for _, filter in ipairs(options.filters) do
      parts[#parts + 1] = MQTT.utf8_build(filter.filter) .. string.char(filter.qos or 0)
    end
    return 2, table.concat(parts)
  end,
  PINGREQ = function () return 0, "" end,
  DISCONNECT = function () return 0, "" end,
}

local PARSERS = {
  CONNACK = function (packet, _, body)
    if #body < 2 then
      return nil
    end
    local code = string.byte(body, 2)
    packet.session_present, packet.accepted = string.byte(body) & 1 == 1, code == 0
    packet.reason = code == 0 and "connection accepted" or REFUSALS[code] or "code " .. code
    return packet
  end,
  SUBACK = function (packet, _, body)
    if #body < 2 then
      return nil
    end
    packet.packet_id, packet.filters = string.unpack(">I2", body), {}
    for i = 3, #body do
      local code = string.byte(body, i)
      packet.filters[#packet.filters + 1] = { success = code < 0x80, max_qos = code & 3 }
    end
    return packet
  end,
  PUBLISH = function (packet, flags, body)
    local pos, topic = MQTT.utf8_parse(body, 1)
    if not pos then
      return nil
    end
    packet.topic, packet.qos = topic, flags >> 1 & 3
    packet.dup, packet.retain = flags & 8 ~= 0, flags & 1 ~= 0
    packet.payload = string.sub(body, packet.qos > 0 and pos + 2 or pos)
    return packet
  end,
}

-- One packet as a table; nil if it cannot be read. Of others than the three above only the name is known.
local function parse (data)
  local pos = MQTT.length_parse(data, 2)
  if not pos then
    return nil
  end
  local first = string.byte(data)
  local packet = { type = NAMES[first >> 4] or "unknown" }
  local read = PARSERS[packet.type]
  return read and read(packet, first & 15, string.sub(data, pos)) or not read and packet or nil
end

local function whole (buffer)
  local pos, length = MQTT.length_parse(buffer, 2)
  if pos and length > MAX_PACKET or not pos and #buffer >= 5 then
    return #buffer, #buffer
  elseif pos and #buffer >= pos + length - 1 then
    return pos + length - 1, pos + length - 1
  end
end

--- A server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes the state for a server.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param opt Table, optional: <code>timeout</code> in milliseconds.
-- @return The helper.
function Helper:new (host, port, opt)
  return setmetatable({ host = host, port = port, opt = opt or {}, id = 0 }, self)
end

--- Connects, with or without TLS, and introduces itself.
-- @name Helper.connect
-- @param options Table, optional: <code>client_id</code>, <code>username</code>, <code>password</code>.
-- @return True if the server answers; otherwise false.
-- @return The answer, a table with <code>accepted</code> and <code>reason</code>; or a reason.
function Helper:connect (options)
  local flags, body = BUILDERS.CONNECT(options or {})
  local hello = MQTT.fixed_header(NUMBERS.CONNECT, flags, body)
  local socket, answer = comm.tryssl(self.host, self.port, hello, { bytes = 4, timeout = self.opt.timeout })
  if not socket then
    return false, answer
  end
  self.socket = socket
  -- More may have come with the first packet.
  self.rest = answer
  return self:receive({ "CONNACK" })
end

--- Sends a packet.
-- @name Helper.send
-- @param req_type Its name.
-- @param options What is in it: for <code>SUBSCRIBE</code> <code>filters</code>, an array of tables with
--        <code>filter</code> and <code>qos</code>.
-- @return True; or false and a reason.
function Helper:send (req_type, options)
  self.id = self.id % 0xffff + 1
  local flags, body = BUILDERS[req_type](options or {}, self.id)
  return self.socket:send(MQTT.fixed_header(NUMBERS[req_type], flags, body))
end

--- Waits for a packet.
-- @name Helper.receive
-- @param types Array of names. Others are passed over.
-- @param timeout How long, in milliseconds. Default: as long as any socket of the helper.
-- @return True; or false.
-- @return The packet as a table; or a reason.
function Helper:receive (types, timeout)
  local limit = timeout or self.opt.timeout or 7000
  local ends = nmap.clock_ms() + limit
  local wanted = {}
  for _, name in ipairs(types) do
    wanted[name] = true
  end
  for _ = 1, 1000 do
    local data
    local last = self.rest and whole(self.rest)
    if last then
      data = string.sub(self.rest, 1, last)
      self.rest = string.sub(self.rest, last + 1)
    else
      local left = ends - nmap.clock_ms()
      if left <= 0 then
        break
      end
      self.socket:set_timeout(math.max(1, math.floor(left)))
      local status, more = self.socket:receive()
      if not status then
        return false, MISSING
      end
      self.rest = (self.rest or "") .. more
    end
    local packet = data and parse(data)
    if data and not packet then
      return false, "the server sends no packets of MQTT"
    elseif packet and wanted[packet.type] then
      return true, packet
    end
  end
  return false, MISSING
end

--- Sends a packet and waits for its answer.
-- @name Helper.request
-- @param req_type Name of the packet.
-- @param options As for <code>send</code>.
-- @param res_type Name of the answer.
-- @return As <code>receive</code>.
function Helper:request (req_type, options, res_type)
  local status, reason = self:send(req_type, options)
  if not status then
    return false, reason
  end
  return self:receive({ res_type })
end

--- Says goodbye and closes the connection.
-- @name Helper.close
-- @return True.
function Helper:close ()
  if self.socket then
    self:send("DISCONNECT")
    return self.socket:close()
  end
  return true
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(MQTT.length_build(321), "\xc1\x02"), "length")
test_suite:add_test(unittest.identical({ MQTT.length_parse("\xc1\x02") }, { 3, 321 }), "and back")
test_suite:add_test(unittest.is_false((MQTT.length_parse("\xff\xff\xff\xff\x01"))), "length without end")
local published = parse("\x31\x07\0\3a/bhi")
test_suite:add_test(unittest.equal(published.topic, "a/b"), "topic")
test_suite:add_test(unittest.equal(published.payload, "hi"), "payload")
test_suite:add_test(unittest.is_true(parse("\x20\x02\0\0").accepted), "accepted")
test_suite:add_test(unittest.is_nil(parse("\x30\x02\0\9")), "cut off")
return _ENV
