---
-- LDAP: binding to a directory and searching in it.
--
-- Written from RFC 4511, section 4, and [MS-DTYP], sections 2.3.3 and 2.4.2, for values of Active Directory. Answers
-- are bounded in size and number.
--
-- @usage
-- local status = ldap.bindRequest(socket, {version = 3, username = "", password = ""})
-- local status, entries = ldap.searchRequest(socket, {baseObject = "", scope = ldap.SCOPE.base})
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ldap

local asn1 = require "asn1"
local comm = require "comm"
local datetime = require "datetime"
local deadline = require "deadline"
local io = require "io"
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("ldap", stdnse.seeall)

--- Numbers of operations.
-- @class table
-- @name APPNO
APPNO = {
  BindRequest = 0, BindResponse = 1, UnbindRequest = 2, SearchRequest = 3, SearchResponse = 4, SearchResDone = 5,
}

--- What is searched, from the base object.
-- @class table
-- @name SCOPE
SCOPE = { base = 0, one = 1, sub = 2, children = 3, default = 0 }

--- When aliases are followed.
-- @class table
-- @name DEREFPOLICY
DEREFPOLICY = { never = 0, searching = 1, finding = 2, always = 3, default = 0 }

--- Kinds of filters.
-- @class table
-- @name FILTER
FILTER = {
  _and = 0, _or = 1, _not = 2, equalityMatch = 3, substrings = 4, greaterOrEqual = 5, lessOrEqual = 6, present = 7,
  approxMatch = 8, extensibleMatch = 9,
}

--- Numbers of results that scripts look at.
-- @class table
-- @name ERRORS
ERRORS = { LDAP_SUCCESS = 0, LDAP_SIZELIMIT_EXCEEDED = 4 }

--- Results in words (RFC 4511, appendix A).
-- @class table
-- @name ERROR_MSG
ERROR_MSG = {
  [1] = "The operation came at the wrong time", [2] = "The server could not read the request",
  [4] = "There are more entries than were asked for", [13] = "The server wants an encrypted connection",
  [32] = "There is no such object", [34] = "The name of the object cannot be read",
  [48] = "The server wants another way to log in", [49] = "The user or the password is wrong",
  [50] = "The user may not do this", [53] = "The server is not willing",
}

local MAX_MESSAGE, MAX_ENTRIES = 0x100000, 5000

local encoder = asn1.ASN1Encoder:new()
encoder:registerTagEncoders {
  table = function (self, val)
    local parts = {}
    for i, element in ipairs(val) do
      parts[i] = self:encode(element)
    end
    local body = table.concat(parts)
    if val._ldap then
      return val._ldap .. self.encodeLength(#body) .. body
    end
    return self:encodeSeq(body)
  end,
  boolean = function (_, val)
    return val and "\x01\x01\xff" or "\x01\x01\x00"
  end,
}

local function sequence (self, encStr, elen, pos)
  return self:decodeSeq(encStr, elen, pos)
end

local function plain (_, encStr, elen, pos)
  return string.sub(encStr, pos, pos + elen - 1), pos + elen
end

local decoder = asn1.ASN1Decoder:new()
decoder:registerBaseDecoders()
do
  -- An enumeration, a set, the answers to bind, search entries, references and the end of a search, and controls.
  local tags = {
    ["\x0a"] = function (_, encStr, elen, pos) return asn1.ASN1Decoder.decodeInt(encStr, elen, pos) end,
    ["\x31"] = sequence, ["\x61"] = sequence, ["\x64"] = sequence, ["\x65"] = sequence, ["\x73"] = sequence,
    ["\xa0"] = sequence, ["\xa3"] = sequence, ["\x87"] = plain, ["\x80"] = plain, ["\x8a"] = plain, ["\x8b"] = plain,
  }
  decoder:registerTagDecoders(tags)
end

--- Encodes a value.
-- @param val Number, string, boolean, or table; a table with <code>_ldap</code> has that as its tag.
-- @return Bytes.
function encode (val)
  return encoder:encode(val)
end

--- Decodes a value.
-- @param encStr Bytes.
-- @param pos Position of the first. Default: 1.
-- @return The value, or nil.
-- @return The position after it.
function decode (encStr, pos)
  return decoder:decode(encStr, pos)
end

--- Encodes an operation.
-- @param appno One of <code>APPNO</code>.
-- @param isConstructed True if values are inside.
-- @param data Bytes of what is inside.
-- @return Bytes.
function encodeLDAPOp (appno, isConstructed, data)
  local tag = asn1.BERtoInt(asn1.BERCLASS.Application, isConstructed, appno)
  return string.char(tag) .. encoder.encodeLength(#data) .. data
end

local function message (id, operation)
  return encoder:encodeSeq(encode(id) .. operation)
end

-- Reads one message: its bytes, or nil and a reason.
local function read_message (socket)
  local status, data = deadline.receive_buf(socket, function (buffer)
    if #buffer < 2 then
      return nil
    end
    local first = string.byte(buffer, 2)
    if first >= 128 and #buffer < 2 + first - 128 then
      return nil
    end
    local length, from = asn1.ASN1Decoder.decodeLength(buffer, 2)
    if not length or length > MAX_MESSAGE or string.byte(buffer) ~= 0x30 then
      return #buffer, #buffer
    elseif #buffer >= from + length - 1 then
      return from + length - 1, from + length - 1
    end
  end, true)
  if not status then
    return nil, data
  end
  return data
end

-- Number, tag of the operation, and what is in it; nil if it is no message.
local function open_message (data)
  if string.byte(data) ~= 0x30 then
    return nil
  end
  local _, from = asn1.ASN1Decoder.decodeLength(data, 2)
  local id, after = decode(data, from)
  local tag = string.byte(data, after)
  local operation = tag and decode(data, after)
  if not tag or type(operation) ~= "table" then
    return nil
  end
  return id, tag & 0x1f, operation
end

--- Logs in with a name and a password.
-- @param socket Connected socket.
-- @param params Table: <code>version</code>, <code>username</code>, <code>password</code>.
-- @return True if the server lets the user in; otherwise false.
-- @return <code>Success</code>; or a reason.
function bindRequest (socket, params)
  local body = encode(params.version or 3) .. encode(params.username or "")
    .. "\x80" .. encoder.encodeLength(#(params.password or "")) .. (params.password or "")
  local status, reason = socket:send(message(1, encodeLDAPOp(APPNO.BindRequest, true, body)))
  local data
  if status then
    data, reason = read_message(socket)
  end
  if not data then
    return false, reason
  end
  local _, kind, operation = open_message(data)
  if kind ~= APPNO.BindResponse then
    return false, "the answer is none of LDAP"
  elseif operation[1] ~= ERRORS.LDAP_SUCCESS then
    return false, ERROR_MSG[operation[1]] or tostring(operation[3])
  end
  return true, "Success"
end

--- Says goodbye.
-- @param socket Connected socket.
-- @return True; or false and a reason.
function unbindRequest (socket)
  return socket:send(message(3, encodeLDAPOp(APPNO.UnbindRequest, false, "")))
end

--- Encodes a filter.
-- @param filter Table: <code>op</code> is one of <code>FILTER</code>; with <code>obj</code> and
--        <code>val</code>, or, for "and", "or" and "not", filters in <code>val</code>.
-- @return Bytes.
function createFilter (filter)
  if filter.op == FILTER._and or filter.op == FILTER._or or filter.op == FILTER._not then
    local parts = {}
    for i, inner in ipairs(type(filter.val) == "table" and filter.val or {}) do
      parts[i] = createFilter(inner)
    end
    local body = table.concat(parts)
    return string.char(0xa0 | filter.op) .. encoder.encodeLength(#body) .. body
  elseif filter.op == FILTER.present then
    return "\x87" .. encoder.encodeLength(#filter.obj) .. filter.obj
  elseif filter.op == FILTER.substrings then
    local pieces = "\x81" .. encoder.encodeLength(#filter.val) .. filter.val
    local body = encode(filter.obj) .. encoder:encodeSeq(pieces)
    return "\xa4" .. encoder.encodeLength(#body) .. body
  end
  local body = encode(filter.obj) .. encode(tostring(filter.val))
  return string.char(0xa0 | filter.op) .. encoder.encodeLength(#body) .. body
end

local function enumerated (number)
  return "\x0a\x01" .. string.char(number)
end

local function search_operation (params)
  local attributes = {}
  for i, name in ipairs(params.attributes or {}) do
    attributes[i] = encode(name)
  end
  local filter = params.filter and createFilter(params.filter) or "\x87\x0bobjectClass"
  local body = encode(params.baseObject or "") .. enumerated(params.scope or SCOPE.default)
    .. enumerated(params.derefPolicy or DEREFPOLICY.default) .. encode(params.sizeLimit or 0)
    .. encode(params.timeLimit or 0) .. encode(params.typesOnly or false) .. filter
    .. encoder:encodeSeq(table.concat(attributes))
  return encodeLDAPOp(APPNO.SearchRequest, true, body)
end

-- One entry of an answer, as scripts know it.
local function entry_of (operation)
  local entry = { objectName = operation[1], attributes = {} }
  for _, attribute in ipairs(type(operation[2]) == "table" and operation[2] or {}) do
    local values = { attribute[1] }
    for _, value in ipairs(type(attribute[2]) == "table" and attribute[2] or {}) do
      values[#values + 1] = value
    end
    entry.attributes[#entry.attributes + 1] = values
  end
  return entry
end

-- Notes a message of an answer. True if the answer has ended.
local function note (entries, kind, operation)
  if kind == APPNO.SearchResponse and type(operation[1]) == "string" then
    entries[#entries + 1] = entry_of(operation)
  elseif kind == APPNO.SearchResDone then
    entries.resultCode, entries.errorMessage = operation[1], operation[3]
    return true
  end
  return #entries >= MAX_ENTRIES
end

local function outcome (entries)
  local code = entries.resultCode
  if code and code ~= ERRORS.LDAP_SUCCESS and code ~= ERRORS.LDAP_SIZELIMIT_EXCEEDED then
    return false, ERROR_MSG[code] or entries.errorMessage or tostring(code)
  end
  return true, entries
end

--- Searches.
-- @param socket Connected socket.
-- @param params Table: <code>baseObject</code>, <code>scope</code>, <code>derefPolicy</code>,
--        <code>filter</code> as for <code>createFilter</code> (default: whatever has a class),
--        <code>attributes</code> (array of names, default all), <code>sizeLimit</code>, <code>timeLimit</code>.
-- @return True; or false.
-- @return Array of tables with <code>objectName</code> and <code>attributes</code>, an array of arrays: name, then
--         values. The array has the fields <code>resultCode</code> and <code>errorMessage</code>. Or a reason.
function searchRequest (socket, params)
  local status, reason = socket:send(message(2, search_operation(params)))
  local entries = {}
  while status do
    local data
    data, reason = read_message(socket)
    if not data then
      break
    end
    local _, kind, operation = open_message(data)
    if not kind then
      return false, "the answer is none of LDAP"
    elseif note(entries, kind, operation) then
      return outcome(entries)
    end
  end
  if #entries > 0 then
    return true, entries
  end
  return false, reason
end

--- Searches over UDP, as Active Directory allows.
-- @param host Host table.
-- @param port Port table.
-- @param params As for <code>searchRequest</code>.
-- @return As <code>searchRequest</code>.
function udpSearchRequest (host, port, params)
  local status, data = comm.exchange(host, port, message(1, search_operation(params)), { proto = "udp" })
  if not status then
    return false, data
  end
  local entries, pos = {}, 1
  while pos <= #data do
    local length, from = asn1.ASN1Decoder.decodeLength(data, pos + 1)
    if not length then
      break
    end
    local _, kind, operation = open_message(string.sub(data, pos, from + length - 1))
    if not kind or note(entries, kind, operation) then
      break
    end
    pos = from + length
  end
  return outcome(entries)
end

--- The values of an attribute in all entries.
-- @param searchEntries As <code>searchRequest</code> gives.
-- @param attributeName Its name, in any case.
-- @return Array of values; nil if there is none.
function extractAttribute (searchEntries, attributeName)
  local values = {}
  for _, entry in ipairs(searchEntries) do
    for _, attribute in ipairs(entry.attributes) do
      if string.lower(attribute[1] or "") == string.lower(attributeName) then
        table.move(attribute, 2, #attribute, #values + 1, values)
      end
    end
  end
  return #values > 0 and values or nil
end

--- Writes a security identifier.
-- @param data Bytes.
-- @return Text such as <code>S-1-5-32-544</code>; nil if they are too few.
function convertObjectSid (data)
  if #data < 8 then
    return nil
  end
  local revision, count = string.byte(data, 1, 2)
  local text = string.format("S-%d-%d", revision, string.unpack(">I6", data, 3))
  for i = 1, math.min(count, (#data - 8) // 4) do
    text = text .. "-" .. string.unpack("<I4", data, 5 + 4 * i)
  end
  return text
end

--- Writes a time of Active Directory.
-- @param timestamp Text: units of 100 nanoseconds since 1601.
-- @return Time as text; the text itself if it is no number.
function convertADTimeStamp (timestamp)
  local number = math.tointeger(tonumber(timestamp))
  if not number or number <= 0 or number == math.maxinteger then
    return timestamp
  end
  return datetime.format_timestamp(number // 10000000 - 11644473600)
end

--- Writes a generalized time (RFC 4517, section 3.3.13).
-- @param timestamp Text such as <code>20210203040506.0Z</code>.
-- @return Time as text; the text itself if it is none.
function convertZuluTimeStamp (timestamp)
  local year, month, day, hour, min, sec = string.match(timestamp, "^(%d%d%d%d)(%d%d)(%d%d)(%d%d)(%d%d)(%d%d)")
  if not year then
    return timestamp
  end
  return string.format("%s-%s-%sT%s:%s:%s", year, month, day, hour, min, sec)
end

local CONVERTED = {
  objectsid = convertObjectSid, pwdlastset = convertADTimeStamp, lastlogon = convertADTimeStamp,
  lastlogontimestamp = convertADTimeStamp, badpasswordtime = convertADTimeStamp,
  whencreated = convertZuluTimeStamp, whenchanged = convertZuluTimeStamp,
}

local function visible (value)
  if type(value) ~= "string" then
    return tostring(value)
  elseif string.find(value, "[%z\1-\8\14-\31]") then
    return stdnse.tohex(value)
  end
  return value
end

--- Turns entries into what <code>stdnse.format_output</code> writes.
-- @param searchEntries As <code>searchRequest</code> gives.
-- @return Array of tables with a name, and an array of lines inside.
function searchResultToTable (searchEntries)
  local result = {}
  for _, entry in ipairs(searchEntries) do
    local lines = {}
    for _, attribute in ipairs(entry.attributes) do
      local name = tostring(attribute[1])
      local convert = CONVERTED[string.lower(name)]
      for i = 2, #attribute do
        local value = attribute[i]
        lines[#lines + 1] = name .. ": " .. visible(convert and type(value) == "string" and convert(value) or value)
      end
    end
    result[#result + 1] = { name = entry.objectName == "" and "<ROOT>" or "dn: " .. entry.objectName, lines }
  end
  return result
end

--- Writes entries into a file, one a line with tabs between the values.
-- @param searchEntries As <code>searchRequest</code> gives.
-- @param filename Path of the file; it is replaced.
-- @return True; or false.
-- @return What is wrong.
function searchResultToFile (searchEntries, filename)
  local file, reason = io.open(filename, "w")
  if not file then
    return false, reason
  end
  for _, entry in ipairs(searchResultToTable(searchEntries)) do
    file:write(entry.name, "\t", table.concat(entry[1], "\t"), "\n")
  end
  file:close()
  return true
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(createFilter { op = FILTER.present, obj = "a" }, "\x87\1a"), "presence")
test_suite:add_test(unittest.equal(createFilter { op = FILTER.equalityMatch, obj = "a", val = "b" }, "\xa3\6\4\1a\4\1b"), "equality")
test_suite:add_test(unittest.equal(convertObjectSid("\1\2\0\0\0\0\0\5\32\0\0\0\32\2\0\0"), "S-1-5-32-544"), "identifier")
test_suite:add_test(unittest.equal(convertADTimeStamp("132000000000000000"), "2019-04-17T18:40:00"), "time")
local id, kind, operation = open_message(message(2, encodeLDAPOp(APPNO.SearchResponse, true,
  encode("") .. encode { { "a", { _ldap = "\x31", "b", "c" } } })))
test_suite:add_test(unittest.equal(id, 2), "number of a message")
test_suite:add_test(unittest.equal(kind, APPNO.SearchResponse), "its kind")
test_suite:add_test(unittest.identical(entry_of(operation).attributes, { { "a", "b", "c" } }), "its attributes")
test_suite:add_test(unittest.is_nil((open_message("garbage"))), "garbage")
return _ENV
