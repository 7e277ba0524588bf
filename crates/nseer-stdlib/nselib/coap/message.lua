---
-- CoAP: messages as bytes and as tables. What scripts use is <code>coap</code>.
--
-- A table has <code>version</code>, <code>type</code> (a name in <code>header.types</code>), <code>code</code> (a name in
-- <code>header.codes.ids</code>), <code>id</code>, <code>token</code>, <code>options</code> (a list of tables with
-- <code>name</code> and <code>value</code>) and <code>payload</code>.
--
-- Written from RFC 7252 (sections 3, 5.10 and 12.1), RFC 7959 (blocks, section 2.2) and RFC 6690 (lists of links, section 2).
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name coap.message

local json = require "json"
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local assert, error, ipairs, pairs, tostring = assert, error, ipairs, pairs, tostring

_ENV = stdnse.module("coap.message", stdnse.seeall)

local VERSION = 1
local HEAD = 4
local PAYLOAD = 0xff
local MAX_OPTIONS = 256

-- Values of options (RFC 7252, section 3.2; RFC 7959, section 2.2).
local value = {}
value.empty = { build = function () return "" end, parse = function () return nil end }
value.opaque = { build = function (str) return str end, parse = function (buf) return buf end }
value.string = { build = function (str) return str end, parse = function (buf) return buf end }
value.uint = {
  build = function (val)
    if math.type(val) ~= "integer" or val < 0 then
      error("not a number of an option: " .. tostring(val))
    end
    return (string.gsub(string.pack(">I8", val), "^\0+", ""))
  end,
  parse = function (buf)
    return #buf <= 8 and string.unpack(">I8", string.rep("\0", 8 - #buf) .. buf) or nil
  end,
}
value.block = {
  build = function (val)
    local exponent = 0
    while 16 << exponent < val.length and exponent < 6 do
      exponent = exponent + 1
    end
    return value.uint.build(val.number << 4 | (val.more and 8 or 0) | exponent)
  end,
  parse = function (buf)
    local number = value.uint.parse(buf)
    return number and { number = number >> 4, more = number & 8 ~= 0, length = 16 << (number & 7) }
  end,
}

-- Formats of payloads (section 12.3) are written by name, and by number where they have none here.
local formats = {
  ["text/plain"] = 0, ["application/link-format"] = 40, ["application/xml"] = 41,
  ["application/octet-stream"] = 42, ["application/exi"] = 47, ["application/json"] = 50,
}
local content_format = {
  values = formats,
  build = function (val) return value.uint.build(formats[val] or val) end,
  parse = function (buf)
    local number = value.uint.parse(buf)
    for name, id in pairs(formats) do
      if id == number then
        return name
      end
    end
    return number
  end,
}

-- Options by name: the number and the kind of value (section 5.10, and RFC 7959, section 2.1).
local kinds = {
  if_match = { 1, value.opaque }, uri_host = { 3, value.string }, etag = { 4, value.opaque },
  if_none_match = { 5, value.empty }, uri_port = { 7, value.uint }, location_path = { 8, value.string },
  uri_path = { 11, value.string }, content_format = { 12, content_format }, max_age = { 14, value.uint },
  uri_query = { 15, value.string }, accept = { 17, value.uint }, location_query = { 20, value.string },
  block2 = { 23, value.block }, block1 = { 27, value.block }, proxy_uri = { 35, value.string },
  proxy_scheme = { 39, value.string }, size1 = { 60, value.uint },
}

local options = { ids = {}, value = value, delta_length = {} }
local names = {}
for name, kind in pairs(kinds) do
  options.ids[name], options[name] = kind[1], kind[2]
  names[kind[1]] = name
end

-- The four bits of a delta or length, and the bytes that go on (section 3.1).
local function extended (number)
  if number < 13 then
    return number, ""
  elseif number < 269 then
    return 13, string.pack("B", number - 13)
  end
  return 14, string.pack(">I2", number - 269)
end

--- Makes the head of an option (RFC 7252, section 3.1).
-- @name header.options.delta_length.build
-- @param delta How much its number is more than that of the option before.
-- @param length Bytes of its value.
-- @return The bytes.
function options.delta_length.build (delta, length)
  local high, more_delta = extended(delta)
  local low, more_length = extended(length)
  return string.pack("B", high << 4 | low) .. more_delta .. more_length
end

local function read_extended (buf, number, pos)
  if number == 13 and pos <= #buf then
    return string.byte(buf, pos) + 13, pos + 1
  elseif number == 14 and pos + 1 <= #buf then
    return string.unpack(">I2", buf, pos) + 269, pos + 2
  elseif number < 13 then
    return number, pos
  end
end

--- Reads the head of an option.
-- @name header.options.delta_length.parse
-- @param buf Bytes.
-- @param pos Where it begins.
-- @return Position behind it; false where there is none.
-- @return Delta; or what is wrong.
-- @return Bytes of the value.
function options.delta_length.parse (buf, pos)
  local head = string.byte(buf, pos)
  local delta, length, at
  if head then
    delta, at = read_extended(buf, head >> 4, pos + 1)
  end
  if at then
    length, at = read_extended(buf, head & 15, at)
  end
  if not at then
    return false, "an option without its length"
  end
  return at, delta, length
end

--- Makes options.
-- @name header.options.build
-- @param list Array of tables with <code>name</code> and <code>value</code>.
-- @return The bytes.
function options.build (list)
  local sorted, order = {}, {}
  for at, option in ipairs(list) do
    sorted[at], order[option] = option, at
    assert(options.ids[option.name], "unknown option: " .. tostring(option.name))
  end
  table.sort(sorted, function (a, b)
    local x, y = options.ids[a.name], options.ids[b.name]
    return x < y or x == y and order[a] < order[b]
  end)
  local parts, last = {}, 0
  for _, option in ipairs(sorted) do
    local id, data = options.ids[option.name], options[option.name].build(option.value)
    parts[#parts + 1] = options.delta_length.build(id - last, #data) .. data
    last = id
  end
  return table.concat(parts)
end

--- Reads options.
-- @name header.options.parse
-- @param buf Bytes.
-- @param pos Where the first begins.
-- @return Position behind the last; false where they cannot be read.
-- @return Array of tables with <code>name</code> and <code>value</code>; or what is wrong.
function options.parse (buf, pos)
  local found, id = {}, 0
  while pos <= #buf and string.byte(buf, pos) ~= PAYLOAD do
    local at, delta, length = options.delta_length.parse(buf, pos)
    if not at then
      return false, delta
    end
    id = id + delta
    local name = names[id]
    if not name then
      return false, "unknown number of an option: " .. id
    elseif at + length - 1 > #buf or #found == MAX_OPTIONS then
      return false, "an option that does not end in the message"
    end
    found[#found + 1] = { name = name, value = options[name].parse(string.sub(buf, at, at + length - 1)) }
    pos = at + length
  end
  return pos, found
end

-- Codes by name: class and detail (section 12.1).
local codes = { ids = {
  get = { 0, 1 }, post = { 0, 2 }, put = { 0, 3 }, delete = { 0, 4 },
  created = { 2, 1 }, deleted = { 2, 2 }, valid = { 2, 3 }, changed = { 2, 4 }, content = { 2, 5 },
  bad_request = { 4, 0 }, unauthorized = { 4, 1 }, bad_option = { 4, 2 }, forbidden = { 4, 3 }, not_found = { 4, 4 },
  method_not_allowed = { 4, 5 }, not_acceptable = { 4, 6 }, precondition_failed = { 4, 12 },
  request_entity_too_large = { 4, 13 }, ["unsupported_content-format"] = { 4, 15 },
  internal_server_error = { 5, 0 }, not_implemented = { 5, 1 }, bad_gateway = { 5, 2 }, service_unavailable = { 5, 3 },
  gateway_timeout = { 5, 4 }, proxying_not_supported = { 5, 5 },
} }

--- Makes a code.
-- @name header.codes.build
-- @param name Its name. One that is unknown raises an error.
-- @return The byte.
function codes.build (name)
  local id = codes.ids[name] or error("unknown code: " .. tostring(name))
  return string.pack("B", id[1] << 5 | id[2])
end

--- Reads a code.
-- @name header.codes.parse
-- @param buf Bytes.
-- @param pos Where it is. Default: 1.
-- @return Position behind it; false where it has no name.
-- @return Its name; or what is wrong.
function codes.parse (buf, pos)
  pos = pos or 1
  local byte = string.byte(buf, pos)
  for name, id in pairs(codes.ids) do
    if byte == id[1] << 5 | id[2] then
      return pos + 1, name
    end
  end
  return false, byte and string.format("unknown code: %d.%02d", byte >> 5, byte & 31) or "no code"
end

local header = {
  codes = codes, options = options,
  types = { confirmable = 0, ["non-confirmable"] = 1, acknowledgement = 2, reset = 3 },
}

--- Makes what comes before the payload. What cannot be written raises an error.
-- @name header.build
-- @param opts Table of the message.
-- @return The bytes.
function header.build (opts)
  local token = opts.token or ""
  assert(#token <= 8, "a token has at most 8 bytes")
  local kind = assert(header.types[opts.type], "unknown type of message")
  return string.pack("B", VERSION << 6 | kind << 4 | #token) .. codes.build(opts.code)
    .. string.pack(">I2", assert(opts.id, "a message without a number")) .. token .. options.build(opts.options or {})
end

--- Reads what comes before the payload.
-- @name header.parse
-- @param buf Bytes.
-- @param pos Where it begins. Default: 1.
-- @return Position behind it; false where it is no message.
-- @return Table of the message; or what is wrong.
function header.parse (buf, pos)
  pos = pos or 1
  if pos + HEAD - 1 > #buf then
    return false, "shorter than the head of a message"
  end
  local first, id = string.byte(buf, pos), string.unpack(">I2", buf, pos + 2)
  local version, length = first >> 6, first & 15
  if version ~= VERSION then
    return false, "version " .. version .. " of the protocol"
  elseif length > 8 or pos + HEAD + length - 1 > #buf then
    return false, "a token that does not end in the message"
  end
  local hdr = { version = version, token_length = length, id = id }
  for name, number in pairs(header.types) do
    hdr.type = number == first >> 4 & 3 and name or hdr.type
  end
  local status, code = codes.parse(buf, pos + 1)
  if not status then
    return false, code
  end
  hdr.code = code
  pos = pos + HEAD
  if length > 0 then
    hdr.token = string.sub(buf, pos, pos + length - 1)
  end
  local behind, found = options.parse(buf, pos + length)
  if not behind then
    return false, found
  end
  hdr.options = found
  return behind, hdr
end

--- Finds the options of a name.
-- @name header.find_options
-- @param hdr Table of the message.
-- @param name The name.
-- @param max How many at most, optional.
-- @return Array of their values.
function header.find_options (hdr, name, max)
  local found = {}
  for _, option in ipairs(hdr.options or {}) do
    if option.name == name and #found < (max or math.huge) then
      found[#found + 1] = option.value
    end
  end
  return found
end

--- Finds the first option of a name.
-- @name header.find_option
-- @param hdr Table of the message.
-- @param name The name.
-- @return Its value; nil where there is none.
function header.find_option (hdr, name)
  return header.find_options(hdr, name, 1)[1]
end

-- Scripts expect a value of every attribute, as Nmap's library gives it: the name of an attribute goes on to the next
-- equals sign. One that has no value swallows what follows it, and the list ends where no such sign follows.
local function attributes (text, pos)
  local found = {}
  while true do
    local name, at = string.match(text, "^;([^=]+)=()", pos)
    if not name then
      return found, pos
    end
    local val, after = string.match(text, '^"([^"]*)"()', at)
    if not val then
      val, after = string.match(text, "^([^,;]*)()", at)
    end
    found[#found + 1] = { name = name, value = val }
    pos = after
  end
end

local function as_text (_, buf) return true, buf end

local payload = {
  content_formats = {},
  text_plain = { parse = as_text }, application_xml = { parse = as_text }, application_exi = { parse = as_text },
  application_octet_stream = { parse = as_text },
  application_json = { parse = function (_, buf) return json.parse(buf) end },
  application_link_format = {},
}
for name in pairs(formats) do
  payload.content_formats[name] = string.gsub(name, "[/-]", "_")
end

--- Reads a list of links.
-- @name payload.application_link_format.parse
-- @param hdr Table of the message.
-- @param buf The payload.
-- @return True; false where there is no link.
-- @return Array of tables with <code>name</code> and <code>parameters</code>; or what is wrong.
function payload.application_link_format.parse (_, buf)
  local links, pos = {}, 1
  while pos do
    local name, after = string.match(buf, "^<([^>]*)>()", pos)
    if not name then
      break
    end
    local parameters
    parameters, pos = attributes(buf, after)
    links[#links + 1] = { name = name, parameters = parameters }
    pos = string.match(buf, "^,()", pos)
  end
  if #links == 0 then
    return false, "no list of links"
  end
  return true, links
end

--- Reads a payload as its format says.
-- @name payload.parse
-- @param hdr Table of the message.
-- @param buf The payload.
-- @return True, or false.
-- @return What is in it, text where the format is unknown; or what is wrong.
function payload.parse (hdr, buf)
  local format = header.find_option(hdr, "content_format")
  local kind = payload.content_formats[format]
  return payload[kind or "text_plain"].parse(hdr, buf)
end

--- What comes before the payload: <code>build</code>, <code>parse</code>, <code>find_option</code>, its
-- <code>codes</code>, <code>types</code> and <code>options</code>.
-- @class table
-- @name header
_ENV.header = header

--- Payloads by their format.
-- @class table
-- @name payload
_ENV.payload = payload

--- Makes a message. What cannot be written raises an error.
-- @name build
-- @param options Table of the message.
-- @param payload Bytes behind its head, optional.
-- @return The message.
function build (options, payload)
  local head = header.build(options)
  if payload and payload ~= "" then
    head = head .. string.char(PAYLOAD) .. payload
  end
  return head
end

--- Reads a message.
-- @name parse
-- @param buf Bytes.
-- @param pos Where it begins. Default: 1.
-- @return Position behind it; false where it is none.
-- @return Table of the message; or what is wrong.
function parse (buf, pos)
  pos = math.max(pos or 1, 1)
  local at, hdr = header.parse(buf, pos)
  if not at then
    return false, hdr
  end
  if string.byte(buf, at) ~= PAYLOAD then
    return at, hdr
  end
  local data = string.sub(buf, at + 1)
  -- A block of many is no whole text of its format.
  if header.find_option(hdr, "block1") or header.find_option(hdr, "block2") then
    hdr.payload = data
    return #buf + 1, hdr
  end
  local status, parsed = payload.parse(hdr, data)
  if not status then
    return false, parsed
  end
  hdr.payload = parsed
  return #buf + 1, hdr
end

return _ENV
