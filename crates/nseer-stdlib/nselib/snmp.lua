---
-- SNMP versions 1 and 2c: asking an agent for values.
--
-- Written from RFC 1157, RFC 3416, section 3, RFC 2578, section 7.1, and RFC 1155, section 3.2. What an agent
-- sends is checked: a walk ends where identifiers no longer grow, and after a bounded number of answers.
--
-- @args snmp.version <code>v1</code> or <code>v2c</code>. Default: <code>v1</code>.
-- @args snmp.timeout How long to wait for an answer, such as <code>3s</code>. Default: 5 seconds.
-- @args creds.snmp Community, as <code>:name</code>. Default: what a script found out, or <code>public</code>.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name snmp

local asn1 = require "asn1"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local stringaux = require "stringaux"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("snmp", stdnse.seeall)

-- Tags of messages and values (RFC 1157, section 4.1; RFC 2578, section 7.1; RFC 3416, section 3).
local GET, GETNEXT, RESPONSE, SET, TRAP = "\xa0", "\xa1", "\xa2", "\xa3", "\xa4"
local OID, IP_ADDRESS = "\x06", "\x40"

-- Answers to one walk: a table of connections may be long, but not longer than this.
local MAX_ROWS = 20000
-- An agent that is slow and never comes to an end is not walked for longer than this, all walks together.
local MAX_WALKS_MS = 80000

local VERSIONS = { v1 = 0, v2c = 1, v2 = 1 }

local function encode_oid (encoder, oid)
  local bytes = encoder.encode_oid_component((oid[1] or 0) * 40 + (oid[2] or 0))
  for i = 3, #oid do
    bytes = bytes .. encoder.encode_oid_component(oid[i])
  end
  return OID .. encoder.encodeLength(#bytes) .. bytes
end

local encoder = asn1.ASN1Encoder:new()
encoder:registerTagEncoders {
  table = function (self, val)
    if val._snmp == OID then
      return encode_oid(self, val)
    elseif val._snmp == IP_ADDRESS then
      return IP_ADDRESS .. "\4" .. string.char(table.unpack(val, 1, 4))
    end
    local parts = {}
    for i, element in ipairs(val) do
      parts[i] = self:encode(element)
    end
    local body = table.concat(parts)
    return (val._snmp or "\x30") .. self.encodeLength(#body) .. body
  end,
}

local function counter (_, encStr, elen, pos)
  if elen < 1 or elen > 9 then
    return nil, pos + elen
  end
  local number = 0
  for _, byte in ipairs {string.byte(encStr, pos, pos + elen - 1)} do
    number = number << 8 | byte
  end
  return number, pos + elen
end

local function message (tag)
  return function (self, encStr, elen, pos)
    local seq, after = self:decodeSeq(encStr, elen, pos)
    if seq then
      seq._snmp = tag
    end
    return seq, after
  end
end

local function missing (_, _, elen, pos)
  return false, pos + elen
end

local decoder = asn1.ASN1Decoder:new()
decoder:registerBaseDecoders()
decoder:registerTagDecoders {
  [IP_ADDRESS] = function (_, encStr, elen, pos)
    local ip = { string.byte(encStr, pos, pos + math.min(elen, 4) - 1) }
    ip._snmp = IP_ADDRESS
    return ip, pos + elen
  end,
  ["\x41"] = counter, ["\x42"] = counter, ["\x43"] = counter, ["\x46"] = counter, ["\x47"] = counter,
  ["\x44"] = function (_, encStr, elen, pos)
    return string.sub(encStr, pos, pos + elen - 1), pos + elen
  end,
  -- noSuchObject, noSuchInstance, endOfMibView (RFC 3416).
  ["\x80"] = missing, ["\x81"] = missing, ["\x82"] = missing,
  [GET] = message(GET), [GETNEXT] = message(GETNEXT), [RESPONSE] = message(RESPONSE), [SET] = message(SET),
  [TRAP] = message(TRAP),
}

--- Encodes a value.
-- @param val Number, string, boolean, nil, a table with a tag in <code>_snmp</code>, or a sequence.
-- @return Bytes.
function encode (val)
  return encoder:encode(val)
end

--- Decodes a value.
-- @param encStr Bytes.
-- @param pos Position of its first byte. Default: 1.
-- @return The value; nil if there is none. Null and missing values are false.
-- @return The position after it.
function decode (encStr, pos)
  return decoder:decode(encStr, pos)
end

--- Reads an object identifier.
-- @usage snmp.str2oid("1.3.6.1.2.1.1.1.0")
-- @param oidStr Numbers with points between them.
-- @return Array of numbers, with its tag in <code>_snmp</code>.
function str2oid (oidStr)
  local oid = { _snmp = OID }
  for number in string.gmatch(oidStr, "%d+") do
    oid[#oid + 1] = math.tointeger(tonumber(number)) or 0
  end
  return oid
end

--- Writes an object identifier.
-- @param oid Array of numbers.
-- @return Numbers with points between them; nil if it is no table.
function oid2str (oid)
  return type(oid) == "table" and table.concat(oid, ".") or nil
end

--- Reads an IPv4 address.
-- @param ipStr Address.
-- @return Array of four numbers, with its tag in <code>_snmp</code>.
function str2ip (ipStr)
  local ip = { _snmp = IP_ADDRESS }
  for number in string.gmatch(ipStr, "%d+") do
    ip[#ip + 1] = math.tointeger(tonumber(number)) or 0
  end
  return ip
end

--- Writes an IPv4 address.
-- @param ip Array of numbers.
-- @return The address; nil if it is no table.
function ip2str (ip)
  return type(ip) == "table" and table.concat(ip, ".") or nil
end

local function as_oid (oid)
  return type(oid) == "string" and str2oid(oid) or oid
end

-- A request: its number, two zeros (or what stands in their place), and names with values.
local function request (tag, options, bindings)
  options = options or {}
  return {
    _snmp = tag,
    options.reqId or math.random(1, 0x7fffffff),
    options.err or 0,
    options.errIdx or 0,
    bindings,
  }
end

local function names (...)
  local bindings = {}
  for i = 1, select("#", ...) do
    bindings[i] = { as_oid((select(i, ...))), false }
  end
  return bindings
end

--- Makes a request for values.
-- @param options Table, or nil: <code>reqId</code> is the number of the request.
-- @param ... Object identifiers, as strings or tables.
-- @return The request, for <code>buildPacket</code>.
function buildGetRequest (options, ...)
  return request(GET, options, names(...))
end

--- Makes a request for the values that follow.
-- @param options As for <code>buildGetRequest</code>.
-- @param ... Object identifiers, as strings or tables.
-- @return The request, for <code>buildPacket</code>.
function buildGetNextRequest (options, ...)
  return request(GETNEXT, options, names(...))
end

--- Makes a request to set a value.
-- @param options As for <code>buildGetRequest</code>.
-- @param oid Object identifier; or an array of pairs of one and a value.
-- @param value The value.
-- @return The request, for <code>buildPacket</code>.
function buildSetRequest (options, oid, value)
  if type(oid) == "table" and not oid._snmp then
    local bindings = {}
    for i, pair in ipairs(oid) do
      bindings[i] = { as_oid(pair[1]), pair[2] }
    end
    return request(SET, options, bindings)
  end
  return request(SET, options, { { as_oid(oid), value } })
end

--- Makes a response.
-- @param options As for <code>buildGetRequest</code>.
-- @param oid Object identifier.
-- @param value The value.
-- @return The response, for <code>buildPacket</code>.
function buildGetResponse (options, oid, value)
  return request(RESPONSE, options, { { as_oid(oid), value } })
end

--- Makes a trap of version 1 (RFC 1157, section 4.1.6).
-- @param enterpriseOid Object identifier of what sends it.
-- @param agentIp Its IPv4 address.
-- @param genTrap Number of the generic trap.
-- @param specTrap Number of the specific trap.
-- @param timeStamp Hundredths of a second since the agent began.
-- @return The trap, for <code>buildPacket</code>.
function buildTrap (enterpriseOid, agentIp, genTrap, specTrap, timeStamp)
  local ip = type(agentIp) == "string" and str2ip(agentIp) or agentIp
  return { _snmp = TRAP, as_oid(enterpriseOid), ip, genTrap or 0, specTrap or 0, timeStamp or 0, {} }
end

-- The community that the user or a script named.
local function community ()
  local given = stdnse.get_script_args("creds.snmp")
  if type(given) == "string" then
    return string.match(given, "^[^:]*:(.*)$") or given
  end
  local known = nmap.registry.snmpcommunity
  return type(known) == "string" and known or "public"
end

local function version_number (version)
  return VERSIONS[version] or math.tointeger(tonumber(version)) or 0
end

--- Makes a message of a request.
-- @param PDU The request.
-- @param version 0 for version 1, 1 for version 2c. Default: what the user says, or 0.
-- @param commStr Community. Default: what the user says, or <code>public</code>.
-- @return The message, for <code>encode</code>.
function buildPacket (PDU, version, commStr)
  local chosen = version or stdnse.get_script_args("snmp.version") or 0
  return { version_number(chosen), commStr or community(), PDU }
end

-- The values that a caller sees; other tables than addresses stay as they are.
local function plain (value)
  return type(value) == "table" and value._snmp == IP_ADDRESS and ip2str(value) or value
end

--- Takes the values out of a response.
-- @param resp Message as bytes, or as <code>decode</code> gives it.
-- @return Array of triples: value, object identifier as text, and as table. Empty if it is no response.
function fetchResponseValues (resp)
  local decoded = resp
  if type(resp) == "string" then
    decoded = decode(resp)
  end
  local found = {}
  local body = type(decoded) == "table" and decoded[3]
  local bindings = type(body) == "table" and body._snmp == RESPONSE and body[4]
  for _, pair in ipairs(type(bindings) == "table" and bindings or {}) do
    if type(pair) == "table" and type(pair[1]) == "table" then
      found[#found + 1] = { plain(pair[2]), oid2str(pair[1]), pair[1] }
    end
  end
  return found
end

--- An agent to talk to.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes the state for an agent.
-- @name Helper.new
-- @param host Host table or address.
-- @param port Port table. For a number, UDP is used.
-- @param community Community. Default: what the user says, or <code>public</code>.
-- @param options Table, optional: <code>timeout</code> in milliseconds, <code>version</code> as for
--                <code>buildPacket</code>.
-- @return The helper.
function Helper:new (host, port, community_name, options)
  local o = setmetatable({ host = host, port = port, community = community_name or community() }, self)
  o.options = { timeout = 5000, version = version_number(stdnse.get_script_args("snmp.version") or 0) }
  local timeout = stdnse.parse_timespec(stdnse.get_script_args("snmp.timeout") or "")
  if timeout then
    o.options.timeout = timeout * 1000
  end
  for name, value in pairs(options or {}) do
    o.options[name] = value
  end
  return o
end

--- Makes the socket.
-- @name Helper.connect
-- @return True; or false and a reason.
function Helper:connect ()
  self.socket = nmap.new_socket("udp")
  self.socket:set_timeout(self.options.timeout)
  local port = type(self.port) == "table" and self.port or { number = self.port, protocol = "udp" }
  local status, reason = self.socket:connect(self.host, port, "udp")
  if not status then
    return false, reason
  end
  return true
end

--- Sends a request and waits for its answer.
-- @name Helper.request
-- @param message The request, as the functions <code>build…Request</code> give it.
-- @return True if there was an answer; otherwise false.
-- @return The answer, as <code>decode</code> gives it; or a reason.
function Helper:request (message)
  local packet = buildPacket(message, self.options.version, self.community)
  local status, reason = self.socket:send(encode(packet))
  if not status then
    return false, reason
  end
  -- What belongs to an earlier question is passed over.
  for _ = 1, 16 do
    local data
    status, data = self.socket:receive()
    if not status then
      return false, data
    end
    local answer = decode(data)
    local body = type(answer) == "table" and answer[3]
    if type(body) == "table" and body._snmp == RESPONSE and body[1] == message[1] then
      return true, answer
    end
  end
  return false, "no answer to the question among what was received"
end

--- Sends a request and takes the values out of its answer.
-- @name Helper.values
-- @param message The request.
-- @return True if there was an answer; otherwise false.
-- @return As <code>fetchResponseValues</code> gives; or a reason.
function Helper:values (message)
  local status, answer = self:request(message)
  if not status then
    return false, answer
  end
  return true, fetchResponseValues(answer)
end

--- Asks for values.
-- @name Helper.get
-- @param options As for <code>buildGetRequest</code>.
-- @param ... Object identifiers.
-- @return True if there was an answer; otherwise false.
-- @return As <code>fetchResponseValues</code> gives; or a reason.
function Helper:get (options, ...)
  return self:values(buildGetRequest(options, ...))
end

--- Asks for the values that follow.
-- @name Helper.getnext
-- @param options As for <code>buildGetRequest</code>.
-- @param ... Object identifiers.
-- @return True if there was an answer; otherwise false.
-- @return As <code>fetchResponseValues</code> gives; or a reason.
function Helper:getnext (options, ...)
  return self:values(buildGetNextRequest(options, ...))
end

--- Sets a value.
-- @name Helper.set
-- @param options As for <code>buildGetRequest</code>.
-- @param oid Object identifier; or an array of pairs.
-- @param setparam The value.
-- @return True if there was an answer; otherwise false.
-- @return As <code>fetchResponseValues</code> gives; or a reason.
function Helper:set (options, oid, setparam)
  return self:values(buildSetRequest(options, oid, setparam))
end

-- Whether identifier `a` comes before `b` (RFC 3416, section 4.2.2).
local function is_before (a, b)
  for i = 1, math.max(#a, #b) do
    if a[i] ~= b[i] then
      return (a[i] or -1) < (b[i] or -1)
    end
  end
  return false
end

local function is_under (oid, base)
  for i, number in ipairs(base) do
    if oid[i] ~= number then
      return false
    end
  end
  return #oid > #base
end

--- Reads all values under an identifier.
-- @name Helper.walk
-- @param base_oid Object identifier, as text.
-- @return True if there are any; otherwise false.
-- @return Array of tables with <code>oid</code> (text) and <code>value</code>, in the agent's order, with the
--         field <code>baseoid</code>.
function Helper:walk (base_oid)
  local rows = { baseoid = base_oid }
  local base = str2oid(base_oid)
  local at = base
  self.walk_ends = self.walk_ends or nmap.clock_ms() + MAX_WALKS_MS
  while #rows < MAX_ROWS and nmap.clock_ms() < self.walk_ends do
    local status, values = self:getnext(nil, at)
    local first = status and values[1]
    if not first or first[1] == false or not is_under(first[3], base) or not is_before(at, first[3]) then
      break
    end
    at = first[3]
    rows[#rows + 1] = { oid = first[2], value = first[1] }
  end
  return #rows > 0, rows
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local get = buildGetRequest({ reqId = 28428 }, "1.3.6.1.2.1.1.1.0")
local bytes = encode(buildPacket(get, 0, "public"))
test_suite:add_test(unittest.equal(stdnse.tohex(bytes),
  "302702010004067075626c6963a01a02026f0c0201000201003" .. "00e300c06082b060102010101000500"), "a request")
test_suite:add_test(unittest.equal(decode(bytes)[3][1], 28428), "and back")
local reply = encode(buildPacket(buildGetResponse({ reqId = 1 }, "1.3.6.1.2.1.4.20", str2ip("192.0.2.1")), 0, "c"))
test_suite:add_test(unittest.equal(fetchResponseValues(reply)[1][1], "192.0.2.1"), "an address")
test_suite:add_test(unittest.equal(fetchResponseValues(reply)[1][2], "1.3.6.1.2.1.4.20"), "its name")
test_suite:add_test(unittest.identical(fetchResponseValues("\x30\x03garbage"), {}), "no response")
test_suite:add_test(unittest.is_true(is_before({1, 3}, {1, 3, 0})), "order")
test_suite:add_test(unittest.is_false(is_before({1, 4}, {1, 3, 9})), "order by number")
return _ENV
