---
-- Packets of iSCSI, for the library <code>iscsi</code>: login, text and logout, and the keys in them.
--
-- Written from RFC 7143, sections 11.10 to 11.15.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name iscsi.packets

local deadline = require "deadline"
local framereader = require "framereader"
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

_ENV = stdnse.module("iscsi.packets", stdnse.seeall)

local HEADER, MAX_DATA, MAX_TARGETS = 48, 0x40000, 1000

--- Pairs of keys and values, as packets carry them.
-- @class table
-- @name KVP
KVP = {}
KVP.__index = KVP

--- Makes an empty list.
-- @name KVP.new
-- @return The list; <code>tostring</code> gives its bytes.
function KVP:new ()
  return setmetatable({ pairs = {} }, self)
end

--- Adds a pair.
-- @name KVP.add
-- @param key The key.
-- @param value The value.
function KVP:add (key, value)
  self.pairs[#self.pairs + 1] = { key, value }
end

--- All values of a key.
-- @name KVP.get
-- @param key The key.
-- @return Array; nil if there is none.
function KVP:get (key)
  local values = {}
  for _, pair in ipairs(self.pairs) do
    values[#values + 1] = pair[1] == key and pair[2] or nil
  end
  return #values > 0 and values or nil
end

KVP.__tostring = function (self)
  local parts = {}
  for _, pair in ipairs(self.pairs) do
    parts[#parts + 1] = pair[1] .. "=" .. pair[2] .. "\0"
  end
  return table.concat(parts)
end

--- Reads keys and values.
-- @param data Bytes.
-- @return The list.
function read_pairs (data)
  local list = KVP:new()
  for key, value in string.gmatch(data, "([^%z=]+)=([^%z]*)%z?") do
    list:add(key, value)
  end
  return list
end

--- Packets by their kinds.
-- @class table
-- @name Packet
Packet = { Opcode = { LOGIN = 3, TEXT = 4, LOGOUT = 6 } }

-- A header with the packet's own part at byte 8, and data behind, filled up to words.
local function encode (opcode, flags, own, data)
  return string.pack(">BBI2I4", opcode, flags, 0, #data) .. own .. string.rep("\0", HEADER - 8 - #own) .. data
    .. string.rep("\0", -#data % 4)
end

--- Tells where a packet ends, for <code>receive_buf</code>.
-- @param buffer What has arrived.
-- @return First and last position of what is cut off; nil if more is needed.
matcher = framereader.new(function (head)
  local length = string.unpack(">I3", head, 6)
  return length <= MAX_DATA and 4 * string.byte(head, 5) + length + -length % 4 or nil
end, math.huge, HEADER)

-- Reads an answer of a kind. The header and its data; nil and a reason.
local function read_packet (socket, opcode)
  local status, data = deadline.receive_buf(socket, matcher, true)
  if not status then
    return nil, data
  elseif #data < HEADER or string.byte(data) & 0x3f ~= opcode then
    return nil, "the answer is another packet"
  end
  local from = HEADER + 4 * string.byte(data, 5)
  local length = string.unpack(">I3", data, 6)
  if from + length > #data then
    return nil, "the answer is cut off"
  end
  return string.sub(data, 1, HEADER), string.sub(data, from + 1, from + length)
end

local STAGES = { SecurityNegotiation = 0, LoginOperationalNegotiation = 1, FullFeaturePhase = 3 }

--- A step of the login.
-- @class table
-- @name Packet.LoginRequest
Packet.LoginRequest = { CSG = STAGES, NSG = STAGES }
Packet.LoginRequest.__index = Packet.LoginRequest

--- Makes an empty one.
-- @name Packet.LoginRequest.new
-- @return The packet; <code>tostring</code> gives its bytes.
function Packet.LoginRequest:new ()
  return setmetatable({ kvp = KVP:new(), csg = 0, nsg = 0, cmdsn = 1, expstatsn = 0, itt = 1, cid = 1, tsih = 0,
    immediate = true }, self)
end

--- Says whether the packet is to be handled at once.
-- @name Packet.LoginRequest.setImmediate
-- @param b True or false.
function Packet.LoginRequest:setImmediate (b)
  self.immediate = b
end

--- Says whether the next stage is wanted.
-- @name Packet.LoginRequest.setTransit
-- @param b True or false.
function Packet.LoginRequest:setTransit (b)
  self.transit = b
end

--- Says whether more keys follow in another packet.
-- @name Packet.LoginRequest.setContinue
-- @param b True or false.
function Packet.LoginRequest:setContinue (b)
  self.continue = b
end

--- Says which stage this is.
-- @name Packet.LoginRequest.setCSG
-- @param csg One of <code>CSG</code>.
function Packet.LoginRequest:setCSG (csg)
  self.csg = csg
end

--- Says which stage is wanted next.
-- @name Packet.LoginRequest.setNSG
-- @param nsg One of <code>NSG</code>.
function Packet.LoginRequest:setNSG (nsg)
  self.nsg = nsg
end

Packet.LoginRequest.__tostring = function (self)
  local flags = (self.transit and 0x80 or 0) | (self.continue and 0x40 or 0) | self.csg << 2 | self.nsg
  -- A session identifier of the random kind.
  local own = string.pack(">BI3I2I2I4I2I2I4I4", 0x80, 0x6e7365, 1, self.tsih, self.itt, self.cid, 0, self.cmdsn,
    self.expstatsn)
  return encode(Packet.Opcode.LOGIN | (self.immediate and 0x40 or 0), flags, own, tostring(self.kvp))
end

--- The answer to a step of the login.
-- @class table
-- @name Packet.LoginResponse
Packet.LoginResponse = {
  Errors = { SUCCESS = 0, AUTH_FAILED = 513 },
  ErrorMsgs = {
    [0] = "Success", [257] = "Target moved temporarily", [258] = "Target moved permanently", [512] = "Initiator error",
    [513] = "Authentication failure", [514] = "Authorization failure", [515] = "Target not found",
    [516] = "Target removed", [517] = "Unsupported version", [518] = "Too many connections",
    [519] = "Missing parameter", [520] = "Can't include in session", [521] = "Session type not supported",
    [522] = "Session does not exist", [523] = "Invalid during login", [768] = "Target error",
    [769] = "Service unavailable", [770] = "Out of resources",
  },
}
Packet.LoginResponse.__index = Packet.LoginResponse

--- Makes an empty one.
-- @name Packet.LoginResponse.new
-- @return The packet.
function Packet.LoginResponse:new ()
  return setmetatable({ status = 0, kvp = KVP:new() }, self)
end

local function read_login (header, data)
  local response = Packet.LoginResponse:new()
  local flags = string.byte(header, 2)
  response.transit, response.csg, response.nsg = flags & 0x80 ~= 0, flags >> 2 & 3, flags & 3
  response.tsih, response.itt = string.unpack(">I2I4", header, 15)
  response.statsn, response.expcmdsn = string.unpack(">I4I4", header, 25)
  response.status = string.unpack(">I2", header, 37)
  response.kvp = read_pairs(data)
  return response
end

--- Reads one.
-- @name Packet.LoginResponse.fromSocket
-- @param s Connected socket.
-- @return True; or false.
-- @return The packet; or a reason.
function Packet.LoginResponse.fromSocket (s)
  local header, data = read_packet(s, 0x23)
  if not header then
    return false, data
  end
  return true, read_login(header, data)
end

--- What became of the login.
-- @name Packet.LoginResponse.getErrorCode
-- @return Its class and detail as a number, 0 if it went well.
function Packet.LoginResponse:getErrorCode ()
  return self.status
end

--- The same in words.
-- @name Packet.LoginResponse.getErrorMessage
-- @return Text.
function Packet.LoginResponse:getErrorMessage ()
  return Packet.LoginResponse.ErrorMsgs[self.status] or "Unknown error (" .. self.status .. ")"
end

--- A question in keys.
-- @class table
-- @name Packet.TextRequest
Packet.TextRequest = {}
Packet.TextRequest.__index = Packet.TextRequest

--- Makes an empty one.
-- @name Packet.TextRequest.new
-- @return The packet; <code>tostring</code> gives its bytes.
function Packet.TextRequest:new ()
  return setmetatable({ kvp = KVP:new(), final = true, itt = 2, ttt = 0xffffffff, cmdsn = 1, expstatsn = 0 }, self)
end

--- Says whether this is the whole question.
-- @name Packet.TextRequest.setFinal
-- @param b True or false.
function Packet.TextRequest:setFinal (b)
  self.final = b
end

--- Says whether more keys follow in another packet.
-- @name Packet.TextRequest.setContinue
-- @param b True or false.
function Packet.TextRequest:setContinue (b)
  self.continue = b
end

Packet.TextRequest.__tostring = function (self)
  local flags = (self.final and 0x80 or 0) | (self.continue and 0x40 or 0)
  local own = string.pack(">I8I4I4I4I4", 0, self.itt, self.ttt, self.cmdsn, self.expstatsn)
  return encode(Packet.Opcode.TEXT | 0x40, flags, own, tostring(self.kvp))
end

--- The answer in keys.
-- @class table
-- @name Packet.TextResponse
Packet.TextResponse = {}
Packet.TextResponse.__index = Packet.TextResponse

--- Makes an empty one.
-- @name Packet.TextResponse.new
-- @return The packet.
function Packet.TextResponse:new ()
  return setmetatable({ records = {}, text = "" }, self)
end

--- Reads the targets in the text of answers.
-- @name Packet.read_targets
-- @param text Keys and values.
-- @return Array of tables with <code>name</code> and <code>addr</code>, an array of addresses.
function Packet.read_targets (text)
  local targets = {}
  for _, pair in ipairs(read_pairs(text).pairs) do
    if pair[1] == "TargetName" and #targets < MAX_TARGETS then
      targets[#targets + 1] = { name = pair[2], addr = {} }
    elseif pair[1] == "TargetAddress" and #targets > 0 then
      local addresses = targets[#targets].addr
      addresses[#addresses + 1] = pair[2]
    end
  end
  return targets
end

--- Reads one.
-- @name Packet.TextResponse.fromSocket
-- @param s Connected socket.
-- @return True; or false.
-- @return The packet, with the targets in <code>records</code>; or a reason.
function Packet.TextResponse.fromSocket (s)
  local header, data = read_packet(s, 0x24)
  if not header then
    return false, data
  end
  local response = Packet.TextResponse:new()
  response.final, response.text, response.records = string.byte(header, 2) & 0x80 ~= 0, data, Packet.read_targets(data)
  response.ttt, response.statsn = string.unpack(">I4I4", header, 21)
  return true, response
end

--- The end of a session.
-- @class table
-- @name Packet.LogoutRequest
Packet.LogoutRequest = {}
Packet.LogoutRequest.__index = Packet.LogoutRequest

--- Makes one.
-- @name Packet.LogoutRequest.new
-- @return The packet; <code>tostring</code> gives its bytes.
function Packet.LogoutRequest:new ()
  return setmetatable({ itt = 3, cid = 1, cmdsn = 1, expstatsn = 0 }, self)
end

Packet.LogoutRequest.__tostring = function (self)
  local own = string.pack(">I8I4I2I2I4I4", 0, self.itt, self.cid, 0, self.cmdsn, self.expstatsn)
  return encode(Packet.Opcode.LOGOUT | 0x40, 0x80, own, "")
end

--- The answer to the end of a session.
-- @class table
-- @name Packet.LogoutResponse
Packet.LogoutResponse = {}
Packet.LogoutResponse.__index = Packet.LogoutResponse

--- Makes an empty one.
-- @name Packet.LogoutResponse.new
-- @return The packet.
function Packet.LogoutResponse:new ()
  return setmetatable({}, self)
end

--- Reads one.
-- @name Packet.LogoutResponse.fromSocket
-- @param s Connected socket.
-- @return True; or false.
-- @return The packet; or a reason.
function Packet.LogoutResponse.fromSocket (s)
  local header, reason = read_packet(s, 0x26)
  if not header then
    return false, reason
  end
  local response = Packet.LogoutResponse:new()
  response.response = string.byte(header, 3)
  return true, response
end

return _ENV
