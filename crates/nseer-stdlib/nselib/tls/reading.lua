---
-- The part of <code>tls</code> that reads what a server sends. Scripts reach it through <code>tls</code>.
--
-- From RFC 5246 (sections 6.2 and 7), RFC 8446 (sections 4.1.3 and 5.1), RFC 6520 and RFC 5077. All of it takes
-- bytes from a stranger.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tls

local ciphers = require "tls.ciphers"
local deadline = require "deadline"
local registry = require "tls.registry"
local stdnse = require "stdnse"
local string = require "string"
local pairs = pairs

local PROTOCOLS, TLS_CONTENTTYPE_REGISTRY = registry.PROTOCOLS, registry.TLS_CONTENTTYPE_REGISTRY
local TLS_RECORD_HEADER_LENGTH = registry.TLS_RECORD_HEADER_LENGTH

local reading = {}

local MAX_HANDSHAKE = 256 * 1024

-- Bytes of a record, RFC 5246 section 6.2.3, and some for servers that do not count well.
local MAX_RECORD = 16384 + 2048

local function names_of (numbers)
  local names = {}
  for name, number in pairs(numbers) do
    names[number] = name
  end
  return names
end

local PROTOCOL_NAMES, CONTENT_NAMES = names_of(PROTOCOLS), names_of(TLS_CONTENTTYPE_REGISTRY)
local HANDSHAKE_NAMES = names_of(registry.TLS_HANDSHAKETYPE_REGISTRY)
local ALERT_NAMES, LEVEL_NAMES = names_of(registry.TLS_ALERT_REGISTRY), names_of(registry.TLS_ALERT_LEVELS)
local COMPRESSOR_NAMES, EXTENSION_NAMES = names_of(registry.COMPRESSORS), names_of(registry.EXTENSIONS)
local CIPHER_NAMES = ciphers.CIPHER_NAMES
EXTENSION_NAMES[registry.EXTENSIONS.signature_algorithms] = "signature_algorithms"

-- Extensions of a hello as a table; what is cut off is left out.
local function read_extensions (data)
  local found, pos = {}, 1
  while pos + 4 <= #data + 1 do
    local number, length = string.unpack(">I2I2", data, pos)
    if pos + 4 + length > #data + 1 then
      break
    end
    local name = EXTENSION_NAMES[number] or string.format("Unknown type (%d)", number)
    found[name] = string.sub(data, pos + 4, pos + 3 + length)
    pos = pos + 4 + length
  end
  return found
end

--- Functions that read one handshake message: <code>server_hello</code>, <code>certificate</code> and
-- <code>NewSessionTicket</code>.
--
-- Each takes the buffer, where the contents of the message begin, where they end, and the version; and gives
-- a table and the position behind the message.
-- @class table
-- @name handshake_parse
local handshake_parse = {}
reading.handshake_parse = handshake_parse

--- Reads a ServerHello or HelloRetryRequest.
-- @name handshake_parse.server_hello
-- @param buffer What the server sent.
-- @param j Where the contents of the message begin.
-- @param msg_end Where they end.
-- @param protocol Version of the record.
-- @return Table with <code>protocol</code>, <code>time</code>, <code>random</code>, <code>session_id</code>,
--         <code>cipher</code>, <code>compressor</code> and <code>extensions</code>, as far as they are there.
-- @return Position behind the message.
function handshake_parse.server_hello (buffer, j, msg_end, protocol)
  local b = {}
  local data = string.sub(buffer, j, msg_end)
  if #data < 38 then
    return b, msg_end + 1
  end
  local version, suite, compressor, pos
  version, b.time, b.random, b.session_id, pos = string.unpack(">I2I4c28s1", data .. string.rep("\0", 256))
  b.protocol = PROTOCOL_NAMES[version]
  if pos + 2 > #data then
    return b, msg_end + 1
  end
  suite, compressor, pos = string.unpack(">I2B", data, pos)
  b.cipher = CIPHER_NAMES[suite]
  if not b.cipher then
    stdnse.debug1("the server chose a cipher suite without a name: 0x%04x", suite)
    return b, j + pos - 1
  end
  b.compressor = COMPRESSOR_NAMES[compressor]
  if pos + 1 <= #data then
    b.extensions = read_extensions(string.sub(data, pos + 2))
    local chosen = b.extensions.supported_versions
    if chosen and #chosen == 2 then
      b.protocol = PROTOCOL_NAMES[string.unpack(">I2", chosen)] or b.protocol
    end
  end
  return b, msg_end + 1
end

--- Reads a chain of certificates.
-- @name handshake_parse.certificate
-- @param buffer What the server sent.
-- @param j Where the contents of the message begin.
-- @param msg_end Where they end.
-- @param protocol Version of the record.
-- @return Table with <code>certificates</code>, an array of DER texts.
-- @return Position behind the message.
function handshake_parse.certificate (buffer, j, msg_end, protocol)
  local certificates = {}
  local data = string.sub(buffer, j, msg_end)
  if protocol == "TLSv1.3" then
    -- It is encrypted there, so that it never gets here.
    return { certificates = certificates }, msg_end + 1
  end
  local pos = 4
  while pos + 3 <= #data do
    local length = string.unpack(">I3", data, pos)
    if length == 0 or pos + 2 + length > #data then
      break
    end
    certificates[#certificates + 1] = string.sub(data, pos + 3, pos + 2 + length)
    pos = pos + 3 + length
  end
  return { certificates = certificates }, msg_end + 1
end

--- Reads a ticket.
-- @name handshake_parse.NewSessionTicket
-- @param buffer What the server sent.
-- @param j Where the contents of the message begin.
-- @param msg_end Where they end.
-- @param protocol Version of the record.
-- @return Table with <code>ticket</code> and <code>ticket_lifetime_hint</code>.
-- @return Position behind the message.
function handshake_parse.NewSessionTicket (buffer, j, msg_end, protocol)
  local data = string.sub(buffer, j, msg_end)
  if #data < 6 then
    return {}, msg_end + 1
  end
  local hint = string.unpack(">I4", data)
  return { ticket_lifetime_hint = hint, ticket = string.sub(data, 7) }, msg_end + 1
end

--- Functions that read one message inside of a record: <code>handshake</code>, <code>alert</code> and
-- <code>heartbeat</code>.
--
-- Each takes the buffer and the position of the message, and gives a table and the position behind it;
-- nil and the old position if the message is not complete.
-- @class table
-- @name message_parse
local message_parse = {}
reading.message_parse = message_parse

--- Reads one handshake message.
-- @name message_parse.handshake
-- @param buffer What the server sent, without headers of records.
-- @param j Position of the message.
-- @return Table with <code>type</code> and what its reader gives, or <code>data</code>; nil if the message is not complete.
-- @return Position behind it.
function message_parse.handshake (buffer, j, protocol)
  if #buffer < j + 3 then
    return nil, j
  end
  local kind, length = string.unpack(">BI3", buffer, j)
  local last = j + 3 + length
  if #buffer < last then
    return nil, j
  end
  local name = HANDSHAKE_NAMES[kind] or string.format("unknown_%d", kind)
  local read = handshake_parse[name]
  local body
  if read then
    body = read(buffer, j + 4, last, protocol)
  else
    body = { data = string.sub(buffer, j + 4, last) }
  end
  body.type = name
  return body, last + 1
end

--- Reads an alert.
-- @name message_parse.alert
-- @param buffer What the server sent, without headers of records.
-- @param j Position of the message.
-- @return Table with <code>level</code> and <code>description</code>; nil if the message is not complete.
-- @return Position behind it.
function message_parse.alert (buffer, j)
  if #buffer < j + 1 then
    return nil, j
  end
  local level, description = string.byte(buffer, j, j + 1)
  return { level = LEVEL_NAMES[level], description = ALERT_NAMES[description] }, j + 2
end

--- Reads a heartbeat.
-- @name message_parse.heartbeat
-- @param buffer What the server sent, without headers of records.
-- @param j Position of the message.
-- @return Table with <code>type</code>, <code>payload</code> and <code>padding</code>; nil if the message is not complete.
-- @return Position behind it.
function message_parse.heartbeat (buffer, j)
  if #buffer < j + 2 then
    return nil, j
  end
  local kind, length = string.unpack(">BI2", buffer, j)
  return {
    type = kind,
    payload = string.sub(buffer, j + 3, j + 2 + length),
    padding = string.sub(buffer, j + 3 + length),
  }, #buffer + 1
end

-- The header at `i`: whether it can be one of TLS, and its fields. Nil if it is not there yet.
local function header_at (buffer, i)
  if #buffer < i + TLS_RECORD_HEADER_LENGTH - 1 then
    return nil
  end
  local kind, version, length = string.unpack(">BI2I2", buffer, i)
  local known = CONTENT_NAMES[kind] and PROTOCOL_NAMES[version] and length <= MAX_RECORD
  return known and true or false, CONTENT_NAMES[kind], PROTOCOL_NAMES[version], length
end

-- All messages of a record. Gives the array of them and the position of what is left over.
local function messages (record, data)
  local read, body, pos = message_parse[record.type], {}, 1
  while read and pos <= #data do
    local message, after = read(data, pos, record.protocol)
    if not message then
      break
    end
    body[#body + 1] = message
    pos = after
  end
  return body, pos
end

--- Reads a record from a buffer.
-- @param buffer What the server sent.
-- @param i Position of the record in it. Default: 1.
-- @param fragment The field <code>fragment</code> of the record before, if it had one: the beginning of a
--                 handshake message that goes on here.
-- @return Position behind the record.
-- @return Table with <code>type</code>, <code>protocol</code>, <code>length</code>, <code>body</code> (an
--         array of messages) and <code>fragment</code>; nil if the record is not complete.
-- @return False if these bytes cannot be TLS, otherwise true.
function reading.record_read (buffer, i, fragment)
  i = i or 1
  local known, kind, protocol, length = header_at(buffer, i)
  if known == nil then
    return i, nil, true
  elseif not known then
    stdnse.debug2("no TLS record at byte %d", i)
    return i + TLS_RECORD_HEADER_LENGTH, nil, false
  end
  local first = i + TLS_RECORD_HEADER_LENGTH
  if #buffer < first + length - 1 then
    return i, nil, true
  end
  local record = { type = kind, protocol = protocol, length = length }
  local data = (fragment or "") .. string.sub(buffer, first, first + length - 1)
  local pos
  record.body, pos = messages(record, data)
  if kind ~= "change_cipher_spec" and pos <= #data then
    record.fragment = string.sub(data, pos)
    if #record.fragment > MAX_HANDSHAKE then
      return first + length, nil, false
    end
  end
  return first + length, record, true
end

local function fill (sock, buffer, wanted)
  local receive = deadline.receiver(sock, nil, "receive_bytes")
  while #buffer < wanted do
    local status, data = receive(wanted - #buffer)
    if not status then
      return false, buffer, data
    end
    buffer = buffer .. data
  end
  return true, buffer
end

--- Reads from a socket until there is a whole record.
-- @param sock Connected socket.
-- @param buffer What was read from it before, if anything.
-- @param i Position at which the record begins. Default: 1.
-- @return True, or false if there will be no record.
-- @return The buffer and what was read. It may hold more than the record.
-- @return What went wrong.
function reading.record_buffer (sock, buffer, i)
  buffer, i = buffer or "", i or 1
  local status, why
  status, buffer, why = fill(sock, buffer, i + TLS_RECORD_HEADER_LENGTH - 1)
  if not status then
    return false, buffer, why
  end
  local known, _, _, length = header_at(buffer, i)
  if not known then
    return false, buffer, "this is not TLS: unknown version or content type"
  end
  return fill(sock, buffer, i + TLS_RECORD_HEADER_LENGTH - 1 + length)
end

--- Tells whether a record's version fits a version that was agreed on.
-- @param received_version Version of the record.
-- @param proto_version Version of the connection.
-- @return True or false.
function reading.record_version_ok (received_version, proto_version)
  if proto_version == "TLSv1.3" then
    return received_version == "TLSv1.2" or received_version == "TLSv1.3"
  end
  return received_version == proto_version
end

return reading
