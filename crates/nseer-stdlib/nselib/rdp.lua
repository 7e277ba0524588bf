---
-- The beginning of Remote Desktop connections: which security is to be used, and which encryption.
--
-- Written from MS-RDPBCGR, sections 2.2.1.1 to 2.2.1.4 and 4.1, RFC 1006 (TPKT), ITU-T X.224, section 13, T.125 (MCS)
-- and T.124 (GCC). Packets are bounded, and no session is opened.
--
-- @usage
-- local comm = rdp.Comm:new(host, port)
-- if comm:connect() then
--   local status, answer = comm:exch(rdp.Request.ConnectionRequest:new(rdp.PROTOCOL_SSL))
--   comm:close()
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rdp

local asn1 = require "asn1"
local deadline = require "deadline"
local framereader = require "framereader"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unicode = require "unicode"
local unittest = require "unittest"
local ipairs, pcall, setmetatable, tostring = ipairs, pcall, setmetatable, tostring

_ENV = stdnse.module("rdp", stdnse.seeall)

--- The protocols of security that a client can ask for (section 2.2.1.1.1): that of RDP itself.
PROTOCOL_RDP = 0
--- TLS.
PROTOCOL_SSL = 1
--- CredSSP.
PROTOCOL_HYBRID = 2
--- RDSTLS.
PROTOCOL_RDSTLS = 4
--- CredSSP, after which the server says whether the user may log in.
PROTOCOL_HYBRID_EX = 8

--- The methods of encryption, as bits (section 2.2.1.3.3).
-- @class table
-- @name Encryption
Encryption = { ["40-BIT"] = 1, ["128-BIT"] = 2, ["56-BIT"] = 8, FIPS = 16 }

local TPKT_HEADER = 4
local MAX_PACKET = 32 * 1024
local TIMEOUT = 5000

local CONNECT_REQUEST, CONNECT_CONFIRM, DATA = 0xe0, 0xd0, 0xf0

-- In which blocks of the server what is said (section 2.2.1.4).
local SERVER_CORE, SERVER_SECURITY = 0x0c01, 0x0c02

--
-- Packets
--

--- The layers around a message.
-- @class table
-- @name Packet
Packet = {}

--- The outermost header (RFC 1006, section 6).
-- @class table
-- @name Packet.TPKT
Packet.TPKT = {}
Packet.TPKT.__index = Packet.TPKT

--- Makes one.
-- @name Packet.TPKT:new
-- @param data What is inside.
-- @return The packet.
function Packet.TPKT:new (data)
  return setmetatable({ version = 3, reserved = 0, data = tostring(data) }, self)
end

--- Reads one.
-- @name Packet.TPKT.parse
-- @param data Bytes.
-- @return The packet; nil if these are none.
function Packet.TPKT.parse (data)
  if #data < TPKT_HEADER then
    return nil
  end
  local version, reserved, length = string.unpack(">BBI2", data)
  if version ~= 3 or length < TPKT_HEADER or length > #data then
    return nil
  end
  local packet = Packet.TPKT:new(string.sub(data, TPKT_HEADER + 1, length))
  packet.reserved, packet.length = reserved, length
  return packet
end

Packet.TPKT.__tostring = function (self)
  return string.pack(">BBI2", self.version, self.reserved, #self.data + TPKT_HEADER) .. self.data
end

--- The header below it (X.224, section 13).
-- @class table
-- @name Packet.ITUT
Packet.ITUT = {}
Packet.ITUT.__index = Packet.ITUT

--- Makes one.
-- @name Packet.ITUT:new
-- @param code Its code: 0xe0 to connect, 0xf0 for data.
-- @param data What is inside.
-- @return The packet.
function Packet.ITUT:new (code, data)
  return setmetatable({ code = code, data = data or "", srcref = 0, dstref = 0, class = 0 }, self)
end

--- Reads one.
-- @name Packet.ITUT.parse
-- @param data Bytes.
-- @return The packet; nil if these are none.
function Packet.ITUT.parse (data)
  if #data < 3 then
    return nil
  end
  local length, code = string.unpack("BB", data)
  local packet = Packet.ITUT:new(code)
  packet.length = length
  if code == DATA then
    packet.eot, packet.data = string.byte(data, 3), string.sub(data, 4)
    return packet
  elseif length < 6 or length + 1 > #data then
    return nil
  end
  packet.dstref, packet.srcref, packet.class = string.unpack(">I2I2B", data, 3)
  packet.data = string.sub(data, 8, length + 1)
  return packet
end

Packet.ITUT.__tostring = function (self)
  if self.code == DATA then
    return string.pack("BBB", 2, DATA, 0x80) .. self.data
  end
  return string.pack(">BBI2I2B", 6 + #self.data, self.code, self.dstref, self.srcref, self.class) .. self.data
end

--
-- Requests
--

--- What a client says.
-- @class table
-- @name Request
Request = {}

--- The first message: which security is asked for (section 2.2.1.1).
-- @class table
-- @name Request.ConnectionRequest
Request.ConnectionRequest = {}
Request.ConnectionRequest.__index = Request.ConnectionRequest

--- Makes one.
-- @name Request.ConnectionRequest:new
-- @param proto Number of a protocol, such as <code>PROTOCOL_SSL</code>. Default: none is named, as clients did before RDP 5.2.
-- @return The request.
function Request.ConnectionRequest:new (proto)
  return setmetatable({ proto = proto }, self)
end

Request.ConnectionRequest.__tostring = function (self)
  local data = "Cookie: mstshash=nseer\r\n"
  if self.proto then
    data = data .. string.pack("<BBI2I4", 1, 0, 8, self.proto)
  end
  return tostring(Packet.TPKT:new(Packet.ITUT:new(CONNECT_REQUEST, data)))
end

-- A value of BER with its tag, which may have two bytes, and its length.
local function ber (tag, value)
  local length = #value < 0x80 and string.char(#value) or string.pack(">BI2", 0x82, #value)
  return tag .. length .. value
end

-- Lengths of PER (X.691, section 11.9), up to 16383.
local function per_length (length)
  return length < 0x80 and string.char(length) or string.pack(">I2", 0x8000 | length)
end

-- DomainParameters of T.125, section 7.
local function domain (...)
  local numbers = {}
  for i, number in ipairs { ... } do
    numbers[i] = ber("\2", number < 0x80 and string.char(number) or string.pack(number < 0x8000 and ">I2" or ">I3", number))
  end
  return ber("\x30", table.concat(numbers))
end

-- Blocks of a client: what it is, and which encryption it can use.
local function client_blocks (methods, proto)
  local name = unicode.utf8to16("nseer")
  -- Section 2.2.1.3.2, up to the protocol that the server has picked.
  local core = string.pack("<I4I2I2I2I2I4I4c32I4I4I4c64I2I2I4I2I2I2c64BBI4", 0x00080004, 1024, 768, 0xca01, 0xaa03, 0x409,
    2600, name, 4, 0, 12, "", 0xca01, 1, 0, 24, 7, 1, "", 0, 0, proto or 0)
  return string.pack("<I2I2", 0xc001, #core + 4) .. core .. string.pack("<I2I2I4I4", 0xc002, 12, methods, 0)
end

--- The message after it: what the client can do (section 2.2.1.3).
-- @class table
-- @name Request.MCSConnectInitial
Request.MCSConnectInitial = {}
Request.MCSConnectInitial.__index = Request.MCSConnectInitial

--- Makes one.
-- @name Request.MCSConnectInitial:new
-- @param cipher Bits of <code>Encryption</code>.
-- @param server_proto Number of the protocol that the server has picked. Default: 0.
-- @return The request.
function Request.MCSConnectInitial:new (cipher, server_proto)
  return setmetatable({ cipher = cipher, server_proto = server_proto }, self)
end

Request.MCSConnectInitial.__tostring = function (self)
  local blocks = client_blocks(self.cipher or 0, self.server_proto)
  -- A request to create a conference (T.124, section 8.7; MS-RDPBCGR, section 4.1.3).
  local create = "\x00\x08\x00\x10\x00\x01\xc0\x00Duca" .. per_length(#blocks) .. blocks
  local conference = "\x00\x05\x00\x14\x7c\x00\x01" .. per_length(#create) .. create
  local body = ber("\4", "\1") .. ber("\4", "\1") .. ber("\1", "\xff") .. domain(34, 2, 0, 1, 0, 1, 0xffff, 2)
    .. domain(1, 1, 1, 1, 0, 1, 0x420, 2) .. domain(0xffff, 0xfc17, 0xffff, 1, 0, 1, 0xffff, 2) .. ber("\4", conference)
  return tostring(Packet.TPKT:new(Packet.ITUT:new(DATA, ber("\x7f\x65", body))))
end

--
-- Responses
--

--- What a server says.
-- @class table
-- @name Response
Response = {}

--- The answer to <code>ConnectionRequest</code>.
-- @class table
-- @name Response.ConnectionConfirm
Response.ConnectionConfirm = {}
Response.ConnectionConfirm.__index = Response.ConnectionConfirm

-- The two outer layers. A table with them; nil if these are none.
local function outer (data)
  local tpkt = Packet.TPKT.parse(data)
  local itut = tpkt and Packet.ITUT.parse(tpkt.data)
  return itut and { tpkt = tpkt, itut = itut }
end

--- Reads one.
-- @name Response.ConnectionConfirm.parse
-- @param data Bytes.
-- @return Table with <code>tpkt</code>, <code>itut</code>, and <code>proto</code> (the protocol that the server has
--         picked) or <code>failure</code> (why it refuses, section 2.2.1.2.2), where it says that; nil if these are none.
function Response.ConnectionConfirm.parse (data)
  local out = outer(data)
  if not out or out.itut.code ~= CONNECT_CONFIRM then
    return nil
  end
  if #out.itut.data >= 8 then
    local kind, _, _, value = string.unpack("<BBI2I4", out.itut.data)
    if kind == 2 then
      out.proto = value
    elseif kind == 3 then
      out.failure = value
    end
  end
  return setmetatable(out, Response.ConnectionConfirm)
end

--- The answer to <code>MCSConnectInitial</code>.
-- @class table
-- @name Response.MCSConnectResponse
Response.MCSConnectResponse = {}
Response.MCSConnectResponse.__index = Response.MCSConnectResponse

local RESULTS = {
  [0] = "rt-successful", "rt-domain-merging", "rt-domain-not-hierarchical", "rt-no-such-channel", "rt-no-such-domain",
  "rt-no-such-user", "rt-not-admitted", "rt-other-user-id", "rt-parameters-unacceptable", "rt-token-not-available",
  "rt-token-not-possessed", "rt-too-many-channels", "rt-too-many-tokens", "rt-too-many-users", "rt-unspecified-failure",
  "rt-user-rejected",
}

-- One value of BER. Its tag, its contents and the position after it; nil if it is cut off.
local function ber_at (data, pos)
  if pos + 1 > #data then
    return nil
  end
  local tag, after = string.byte(data, pos), pos + 1
  if tag == 0x7f then
    after = after + 1
  end
  local known, length, at = pcall(asn1.ASN1Decoder.decodeLength, data, after)
  if not known or not length or at + length - 1 > #data then
    return nil
  end
  return tag, string.sub(data, at, at + length - 1), at + length
end

-- Versions of servers, section 2.2.1.4.2.
local function version_text (version)
  if version == 0x00080001 then
    return "RDP 4.0 server"
  elseif version == 0x00080004 then
    return "RDP 5.0 to 8.1 server"
  elseif version >= 0x00080005 and version <= 0x000800ff then
    return "RDP 10.x server"
  end
  return string.format("Unknown (0x%x)", version)
end

-- Reads the server's blocks into `out`.
local function blocks_of (data, out)
  local _, at = string.find(data, "McDn", 1, true)
  if not at or at + 2 > #data then
    return
  end
  local pos = at + (string.byte(data, at + 1) >= 0x80 and 3 or 2)
  while pos + 3 <= #data do
    local kind, length = string.unpack("<I2I2", data, pos)
    if length < 4 or pos + length - 1 > #data then
      return
    elseif kind == SERVER_CORE and length >= 8 then
      out.version = string.unpack("<I4", data, pos + 4)
      out.proto_version = "RDP Protocol Version:  " .. version_text(out.version)
    elseif kind == SERVER_SECURITY and length >= 12 then
      out.enc_cipher, out.enc_level = string.unpack("<I4I4", data, pos + 4)
    end
    pos = pos + length
  end
end

--- Reads one.
-- @name Response.MCSConnectResponse.parse
-- @param data Bytes.
-- @return Table with <code>tpkt</code>, <code>itut</code> and <code>ccr</code>, which has <code>result</code>,
--         <code>enc_cipher</code>, <code>enc_level</code> and <code>proto_version</code>, as far as the server says them;
--         nil if these are none.
function Response.MCSConnectResponse.parse (data)
  local out = outer(data)
  if not out or out.itut.code ~= DATA then
    return nil
  end
  local tag, body = ber_at(out.itut.data, 1)
  if tag ~= 0x7f or string.byte(out.itut.data, 2) ~= 0x66 then
    return nil
  end
  local ccr, pos, value = {}, 1, nil
  tag, value, pos = ber_at(body, pos)
  if tag ~= 0x0a or #value ~= 1 then
    return nil
  end
  ccr.result = RESULTS[string.byte(value)] or "rt-unknown"
  -- The identifier, the domain's parameters, and the server's blocks.
  for _ = 1, 3 do
    tag, value, pos = ber_at(body, pos)
    if not tag then
      break
    elseif tag == 2 and #value == 1 then
      ccr.calledConnectId = string.byte(value)
    elseif tag == 4 then
      blocks_of(value, ccr)
    end
  end
  out.ccr = ccr
  return setmetatable(out, Response.MCSConnectResponse)
end

Request.ConnectionRequest.response = Response.ConnectionConfirm
Request.MCSConnectInitial.response = Response.MCSConnectResponse

--
-- Connections
--

-- Cuts off one packet, whatever it says after its header.
local packet_end = framereader.new(function (head)
  local version, _, length = string.unpack(">BBI2", head)
  return version == 3 and length >= TPKT_HEADER and length - TPKT_HEADER or nil
end, MAX_PACKET, TPKT_HEADER)

--- A connection to a server.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm:new
-- @param host Host table.
-- @param port Port table.
-- @return The connection, not yet opened.
function Comm:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Opens it.
-- @name Comm:connect
-- @return True; or false and a reason.
function Comm:connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(TIMEOUT)
  local status, reason = self.socket:connect(self.host, self.port)
  if not status then
    return false, reason
  end
  return true
end

--- Closes it.
-- @name Comm:close
-- @return What the socket gives.
function Comm:close ()
  return self.socket:close()
end

--- Sends a request.
-- @name Comm:send
-- @param request A request, or bytes.
-- @return True; or false and a reason.
function Comm:send (request)
  return self.socket:send(tostring(request))
end

--- Receives what comes first.
-- @name Comm:recv
-- @return True; or false.
-- @return Bytes; or a reason.
function Comm:recv ()
  return self.socket:receive()
end

--- Sends a request and receives the answer.
-- @name Comm:exch
-- @param request The request.
-- @return True; or false.
-- @return The answer, as its <code>parse</code> gives it; or a reason.
function Comm:exch (request)
  local status, data = self:send(request)
  if status then
    status, data = deadline.receive_buf(self.socket, packet_end, true)
  end
  if not status then
    return false, data
  end
  local answer = request.response.parse(data)
  if not answer then
    return false, "the answer cannot be read"
  end
  return true, answer
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

-- Examples of MS-RDPBCGR, section 4.1.2.
local confirm = stdnse.fromhex("030000130ed000001234000200080001000000")
test_suite:add_test(unittest.equal(Response.ConnectionConfirm.parse(confirm).proto, PROTOCOL_SSL), "the picked protocol")
local refusal = stdnse.fromhex("030000130ed000001234000300080005000000")
test_suite:add_test(unittest.equal(Response.ConnectionConfirm.parse(refusal).failure, 5), "a refusal")
test_suite:add_test(unittest.is_nil(Response.ConnectionConfirm.parse(string.sub(confirm, 1, 10))), "cut off")
test_suite:add_test(unittest.is_nil(Response.ConnectionConfirm.parse("HTTP/1.0 400 Bad\r\n\r\n")), "somebody else")

local asked = tostring(Request.ConnectionRequest:new(PROTOCOL_SSL))
test_suite:add_test(unittest.equal(string.sub(asked, -8), "\1\0\8\0\1\0\0\0"), "the request names the protocol")
test_suite:add_test(unittest.equal(string.unpack(">I2", asked, 3), #asked), "its length")
local initial = Packet.TPKT.parse(tostring(Request.MCSConnectInitial:new(Encryption["128-BIT"], 0)))
test_suite:add_test(unittest.equal(initial.length, #initial.data + 4), "the second request's length")
test_suite:add_test(unittest.equal(string.unpack("<I2I2I4", string.sub(initial.data, -12)), 0xc002), "its last block")

local blocks = string.pack("<I2I2I4", SERVER_CORE, 8, 0x00080004) .. string.pack("<I2I2I4I4", SERVER_SECURITY, 12, 2, 3)
local conference = "\x00\x05\x00\x14\x7c\x00\x01\x2a\x14\x76\x0a\x01\x01\x00\x01\xc0\x00McDn" .. per_length(#blocks) .. blocks
local response = tostring(Packet.TPKT:new(Packet.ITUT:new(DATA, ber("\x7f\x66",
  ber("\x0a", "\0") .. ber("\2", "\0") .. domain(34, 3, 0, 1, 0, 1, 0xfff8, 2) .. ber("\4", conference)))))
local ccr = Response.MCSConnectResponse.parse(response).ccr
test_suite:add_test(unittest.equal(ccr.enc_cipher, 2), "the cipher")
test_suite:add_test(unittest.equal(ccr.enc_level, 3), "the level")
test_suite:add_test(unittest.equal(ccr.result, "rt-successful"), "the result")
for cut = 1, #response - 1, 5 do
  -- The outer length is made to fit, so that what is inside is cut off.
  local short = string.sub(response, 8, cut + 7)
  local data = tostring(Packet.TPKT:new(Packet.ITUT:new(DATA, short)))
  test_suite:add_test(unittest.is_true((pcall(Response.MCSConnectResponse.parse, data))), "cut off after " .. cut)
end
return _ENV
