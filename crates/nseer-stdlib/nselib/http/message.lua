---
-- The part of <code>http</code> that reads responses from a connection. Scripts reach it through
-- <code>http</code>.
--
-- Written from RFC 9112 (messages), RFC 9110 (semantics) and RFC 6265 (cookies). It knows nothing of requests,
-- redirects and caches. Whatever the server sends, lines, header fields and bodies have an upper limit, and so
-- has the time.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local math = require "math"
local nmap = require "nmap"
local string = require "string"
local table = require "table"
local have_zlib, zlib = pcall(require, "zlib")
local ipairs, pcall, setmetatable, tonumber, type = ipairs, pcall, setmetatable, tonumber, type

local message = {}

-- No server needs more for one line, or for one header.
local LONGEST_LINE = 32 * 1024
local LONGEST_HEADER = 128 * 1024

-- Chunks of a body; servers send one for each piece that they write.
local MOST_CHUNKS = 100000

--
-- Reading from a connection
--

local Reader = {}
Reader.__index = Reader

--- What arrives over a socket, piece by piece. `data` has arrived already; after `deadline` (of nmap.clock_ms)
-- nothing more is waited for.
function message.reader (socket, data, deadline)
  return setmetatable({ socket = socket, buffer = data or "", at = 1, deadline = deadline }, Reader)
end

--- Waits for more. Gives true; or false and a reason.
function Reader.more (self)
  if nmap.clock_ms() > self.deadline then
    return false, "TIMEOUT"
  end
  local arrived, piece = self.socket:receive()
  if not arrived then
    return false, piece
  end
  self.buffer, self.at = string.sub(self.buffer, self.at) .. piece, 1
  return true
end

--- The next line with its end; or nil and a reason.
function Reader.line (self)
  while true do
    local last = string.find(self.buffer, "\n", self.at, true)
    if last then
      local line = string.sub(self.buffer, self.at, last)
      self.at = last + 1
      return line
    elseif #self.buffer - self.at >= LONGEST_LINE then
      return nil, "a line is longer than " .. LONGEST_LINE .. " bytes"
    end
    local status, reason = self:more()
    if not status then
      return nil, reason
    end
  end
end

--- Up to `count` bytes, and a reason if they are fewer.
function Reader.bytes (self, count)
  local pieces, missing = {}, count
  while true do
    local piece = string.sub(self.buffer, self.at, self.at + missing - 1)
    self.at = self.at + #piece
    pieces[#pieces + 1] = piece
    missing = missing - #piece
    if missing <= 0 then
      return table.concat(pieces)
    end
    local status, reason = self:more()
    if not status then
      return table.concat(pieces), reason
    end
  end
end

--
-- The header
--

--- Reads what a <code>Set-Cookie</code> field says (RFC 6265, section 5.2).
-- @param text Value of the field.
-- @return Table with <code>name</code>, <code>value</code> and the attributes, named in lower case; an attribute
--         without a value has the empty string. Nil if it is no cookie.
function message.parse_set_cookie (text)
  local pair, rest = string.match(text, "^([^;]*);?(.*)$")
  local name, value = string.match(pair, "^%s*([^=]-)%s*=%s*(.-)%s*$")
  if not name or name == "" then
    return nil
  end
  local cookie = { name = name, value = value }
  for attribute in string.gmatch(rest, "[^;]+") do
    local key, setting = string.match(attribute, "^%s*([^=]-)%s*=%s*(.-)%s*$")
    key = string.lower(key or string.match(attribute, "^%s*(.-)%s*$"))
    if key ~= "" and key ~= "name" and key ~= "value" then
      cookie[key] = setting or ""
    end
  end
  return cookie
end

-- Reads header fields up to the empty line into `response`. Gives true; or nil and a reason.
local function read_fields (reader, response)
  local size = 0
  while true do
    local line, reason = reader:line()
    if not line then
      return nil, reason
    end
    size = size + #line
    if size > LONGEST_HEADER then
      return nil, "the header is longer than " .. LONGEST_HEADER .. " bytes"
    end
    line = string.match(line, "^(.-)\r?\n$")
    response.rawheader[#response.rawheader + 1] = line
    if line == "" then
      return true
    end
  end
end

-- The lines of a header, with those that go on (RFC 9112, section 5.2) joined to the one before.
local function unfolded (rawheader)
  local lines = {}
  for _, line in ipairs(rawheader) do
    if #lines > 0 and string.find(line, "^[ \t]") then
      lines[#lines] = lines[#lines] .. " " .. string.match(line, "^%s*(.-)%s*$")
    else
      lines[#lines + 1] = line
    end
  end
  return lines
end

local function sort_fields (response)
  for _, line in ipairs(unfolded(response.rawheader)) do
    local name, value = string.match(line, "^([^:%s]+)%s*:%s*(.-)%s*$")
    if name then
      name = string.lower(name)
      local known = response.header[name]
      response.header[name] = known and known .. ", " .. value or value
      if name == "set-cookie" then
        response.cookies[#response.cookies + 1] = message.parse_set_cookie(value)
      end
    end
  end
end

-- Reads a status line and header fields into `response`. Gives true; or nil and a reason.
local function read_head (reader, response)
  local line, reason = reader:line()
  if not line then
    return nil, reason
  end
  response["status-line"] = line
  local version, status = string.match(line, "^HTTP/(%d%.%d) +(%d%d%d)%f[%D]")
  if not version then
    return nil, string.format("no status line: %q", string.sub(line, 1, 80))
  end
  response.version, response.status = version, math.tointeger(tonumber(status))
  local status_of_fields, failure = read_fields(reader, response)
  sort_fields(response)
  return status_of_fields, failure
end

--
-- The body
--

-- Collects a body up to its limit.
local function collector (limit)
  return { pieces = {}, room = limit, truncated = false }
end

-- Takes `size` bytes from the reader. Gives true; or nil and a reason. What does not fit is not read.
local function collect (body, reader, size)
  local wanted = math.min(size, body.room)
  local data, reason = reader:bytes(wanted)
  body.pieces[#body.pieces + 1] = data
  body.room = body.room - #data
  if reason then
    return nil, reason
  elseif wanted < size then
    body.truncated = true
    return nil, "it is too large"
  end
  return true
end

-- RFC 9112, section 7.1. Trailer fields are read and dropped.
local function read_chunked (body, reader)
  for _ = 1, MOST_CHUNKS do
    local line, reason = reader:line()
    if not line then
      return nil, reason
    end
    -- Eight digits are more than is ever read; more would overflow.
    local digits = string.match(line, "^%s*0*(%x+)")
    local size = digits and #digits <= 8 and tonumber(digits, 16)
    if not size then
      return nil, string.format("no size of a chunk: %q", string.sub(line, 1, 80))
    elseif size == 0 then
      return read_fields(reader, { rawheader = {} })
    end
    local status, failure = collect(body, reader, size)
    if not status then
      return nil, failure
    end
    line, reason = reader:line()
    if not line then
      return nil, reason
    elseif not string.find(line, "^\r?\n$") then
      return nil, "a chunk is longer than it says"
    end
  end
  body.truncated = true
  return nil, "it has more than " .. MOST_CHUNKS .. " chunks"
end

local function read_to_end (body, reader)
  while true do
    local status, reason = collect(body, reader, math.max(1, #reader.buffer - reader.at + 1))
    if reason == "EOF" then
      return true
    elseif not status then
      return nil, reason
    end
  end
end

-- Which of the ways of RFC 9112, section 6.3, the body is written in.
local function read_body (body, reader, response, method)
  local status, header = response.status, response.header
  if method == "HEAD" or status == 204 or status == 304 then
    return true
  end
  local coding = header["transfer-encoding"]
  if coding and string.find(string.lower(coding), "chunked", 1, true) then
    return read_chunked(body, reader)
  end
  local digits = header["content-length"] and string.match(header["content-length"], "^%s*(%d+)")
  local length = digits and math.tointeger(tonumber(digits))
  if digits and not length then
    return nil, "it is said to have " .. string.sub(digits, 1, 40) .. " bytes"
  elseif length == 0 then
    return true
  elseif length then
    return collect(body, reader, length)
  end
  return read_to_end(body, reader)
end

local WINDOW_BITS = { gzip = 15, ["x-gzip"] = 15, deflate = 15 }

-- The data behind a compression; nil if it cannot be read. "deflate" is sent with and without its header.
local function inflated (data, bits, limit)
  for _, window in ipairs { bits, -15 } do
    local status, text = pcall(function () return zlib.inflate(data, window):read(limit) end)
    if status then
      return text or ""
    end
  end
end

-- Undoes the codings of `Content-Encoding`, the last one first (RFC 9110, section 8.4).
local function decode (response, limit)
  local codings = {}
  for coding in string.gmatch(string.lower(response.header["content-encoding"] or ""), "[^,%s]+") do
    table.insert(codings, 1, coding)
  end
  if #codings == 0 then
    return
  end
  response.decoded, response.undecoded = {}, {}
  for _, coding in ipairs(codings) do
    local bits = WINDOW_BITS[coding]
    local text = #response.undecoded == 0 and response.body ~= "" and have_zlib and bits
      and inflated(response.body, bits, limit)
    if text then
      response.body = text
      response.decoded[#response.decoded + 1] = coding
    elseif coding ~= "identity" then
      response.undecoded[#response.undecoded + 1] = coding
    end
  end
  -- The field tells how the body is still coded.
  local left = table.concat(response.undecoded, ", ")
  response.header["content-encoding"] = left ~= "" and left or nil
end

--- An answer that there was none, or no whole one.
function message.failure (reason, incomplete)
  return { ["status-line"] = reason, header = {}, rawheader = {}, incomplete = incomplete }
end

--- The next response on a connection, to a request with `method`. `options` are those of a request.
function message.read (reader, method, options, limit)
  local response
  repeat
    response = { header = {}, rawheader = {}, cookies = {}, body = "", rawbody = "" }
    local status, reason = read_head(reader, response)
    if not status then
      return message.failure("no response: " .. reason, response["status-line"] and response)
    end
  until response.status >= 200 or response.status == 101
  local body = collector(limit)
  local status, reason = read_body(body, reader, response, method)
  response.rawbody = table.concat(body.pieces)
  response.body = response.rawbody
  response.truncated = body.truncated or nil
  decode(response, limit)
  if not status and not (body.truncated and options.truncated_ok) then
    return message.failure("no whole response body: " .. reason, response)
  end
  return response
end

--- Whether the connection can be used for another request after this response (RFC 9112, section 9.3).
function message.stays_open (response)
  local connection = string.lower(response.header["connection"] or "")
  if response.truncated or string.find(connection, "close", 1, true) then
    return false
  end
  return response.version ~= "1.0" or string.find(connection, "keep-alive", 1, true) ~= nil
end

return message
