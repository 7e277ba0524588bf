local math = require "math"
local nmap = require "nmap"
local rand = require "rand"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks a CoAP server for the list of its resources.
]]

---
-- The list is at <code>/.well-known/core</code> (RFC 6690); CoAP is RFC 7252, and long lists come in blocks (RFC
-- 7959).
--
-- @usage nseer -sU -p 5683 --script coap-resources <target>
-- @args coap-resources.uri The path of the list. Default: <code>/.well-known/core</code>.
-- @output
-- 5683/udp open  coap
-- | coap-resources:
-- |   /:
-- |     ct: 0
-- |     title: General Info
-- |   /time:
-- |     if: clock
-- |_    rt: ticks

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(5683, "coap", "udp", {"open", "open|filtered"})

local URI_PATH, BLOCK2 = 11, 23
local GET, CONTENT = 1, 0x45
local MAX_BLOCKS = 64

-- An option whose number is `delta` more than that of the one before (RFC 7252, section 3.1).
local function option (delta, value)
  local length = #value
  local short = length < 13 and length or 13
  return string.char((delta < 13 and delta or 13) << 4 | short) .. (delta >= 13 and string.char(delta - 13) or "")
    .. (length >= 13 and string.char(math.min(length - 13, 255)) or "") .. value
end

local function request (id, path, block)
  local parts, last = {}, 0
  for segment in string.gmatch(path, "[^/]+") do
    parts[#parts + 1] = option(URI_PATH - last, segment)
    last = URI_PATH
  end
  if block > 0 then
    -- 1024 bytes a block, as the server may lower.
    parts[#parts + 1] = option(BLOCK2 - last, string.pack(">I3", block << 4 | 6))
  end
  return string.pack(">BBI2", 0x40, GET, id) .. table.concat(parts)
end

-- A field of an option's head: the number and the position after its further bytes.
local function extended (data, value, pos)
  if value == 13 then
    return (string.byte(data, pos) or 0) + 13, pos + 1
  elseif value == 14 and pos + 1 <= #data then
    return string.unpack(">I2", data, pos) + 269, pos + 2
  end
  return value, pos
end

-- Code, number, payload and whether more blocks follow; nil if it is no answer.
local function decode (data)
  if #data < 4 or string.byte(data) >> 6 ~= 1 then
    return nil
  end
  local code, id = string.unpack(">BI2", data, 2)
  local pos = 5 + (string.byte(data) & 15) --[[@as number]]
  local number, more = 0, false
  while pos <= #data do
    local head = string.byte(data, pos)
    if head == 0xff then
      return code, id, string.sub(data, pos + 1), more
    end
    local delta, after = extended(data, head >> 4, pos + 1)
    local length, value = extended(data, head & 15, after)
    number = number + delta
    if number == BLOCK2 and length > 0 then
      more = (string.byte(data, value + length - 1) or 0) & 8 ~= 0
    end
    pos = value + length
  end
  return code, id, "", more
end

local function fetch (host, port, path)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local parts = {}
  local status = socket:connect(host, port)
  local id = string.unpack(">I2", rand.random_string(2))
  local found = false
  for block = 0, MAX_BLOCKS - 1 do
    local data
    status = status and socket:send(request(id + block & 0xffff, path, block))
    if status then
      status, data = socket:receive()
    end
    local code, answered, payload, more = decode(status and data or "")
    if answered ~= (id + block & 0xffff) or code ~= CONTENT then
      break
    end
    found = true
    parts[#parts + 1] = payload
    if not more then
      break
    end
  end
  socket:close()
  return found and table.concat(parts) or nil
end

-- The resources of a list in the link format (RFC 6690, section 2).
local function resources (text)
  local found, paths = {}, {}
  ---@type integer?
  local pos = 1
  while pos do
    local path, after = string.match(text, "^%s*<([^>]*)>()", pos)
    if not path then
      break
    end
    local attributes = {}
    pos = after
    while true do
      local name
      name, after = string.match(text, "^%s*;%s*([^=;,%s]+)()", pos)
      if not name then
        break
      end
      pos = after
      local value
      value, after = string.match(text, '^="([^"]*)"()', pos)
      if not value then
        value, after = string.match(text, "^=([^;,]*)()", pos)
      end
      attributes[name] = value or "true"
      pos = after or pos
    end
    if not found[path] then
      paths[#paths + 1] = path
    end
    found[path] = attributes
    pos = string.match(text, "^%s*,()", pos)
  end
  return found, paths
end

action = function (host, port)
  local text = fetch(host, port, stdnse.get_script_args("coap-resources.uri") or "/.well-known/core")
  if not text then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local found, paths = resources(text)
  if #paths == 0 then
    return nil
  end
  table.sort(paths)
  local out = stdnse.output_table()
  for _, path in ipairs(paths) do
    local names, attributes = {}, stdnse.output_table()
    for name in pairs(found[path]) do
      names[#names + 1] = name
    end
    table.sort(names)
    for _, name in ipairs(names) do
      attributes[name] = found[path][name]
    end
    out[path] = attributes
  end
  return out
end
