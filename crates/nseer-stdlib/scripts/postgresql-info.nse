local comm = require "comm"
local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows which versions of its protocol a PostgreSQL server speaks, whether it offers TLS, and how it wants users to
log in.
]]

---
-- Asks for TLS, and begins a session as the user <code>postgres</code> without answering the question for a password
-- (PostgreSQL's documentation, chapter on the frontend/backend protocol).
--
-- @usage nseer -p 5432 --script postgresql-info <target>
-- @args postgresql-info.user The user to begin with. Default: <code>postgres</code>.
-- @output
-- 5432/tcp open  postgresql
-- | postgresql-info:
-- |   Protocols: 3.0 to 3.0
-- |   TLS: supported
-- |   Authentication: SASL
-- |   Mechanisms:
-- |_    SCRAM-SHA-256

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(5432, "postgresql", "tcp")

local KINDS = {
  [0] = "none", [2] = "Kerberos V5", [3] = "clear text password", [5] = "MD5 password", [7] = "GSSAPI", [9] = "SSPI",
  [10] = "SASL",
}

local function message (buffer)
  if #buffer >= 5 then
    local length = string.unpack(">I4", buffer, 2)
    if length < 4 or length > 0x10000 then
      return #buffer, #buffer
    elseif #buffer >= 1 + length then
      return 1 + length, 1 + length
    end
  end
end

-- Sends the first message of a session with a version. The kind of the answer and its text; nil if there is none.
local function begin (host, port, version, body)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, data = socket:connect(host, port)
  if status then
    status = socket:send(string.pack(">I4I4", #body + 8, version) .. body)
  end
  if status then
    status, data = deadline.receive_buf(socket, message, true)
  end
  socket:close()
  if status and #data >= 5 then
    return string.sub(data, 1, 1), string.sub(data, 6)
  end
end

local function texts_of (data)
  local list = {}
  for text in string.gmatch(data, "([^%z]+)%z") do
    list[#list + 1] = text
  end
  return list
end

-- A field of an error, by the letter in front of it.
local function error_field (data, letter)
  for _, text in ipairs(texts_of(data)) do
    if string.sub(text, 1, 1) == letter then
      return string.sub(text, 2)
    end
  end
end

action = function (host, port)
  local out = stdnse.output_table()
  -- A version that nobody speaks makes the server say which it does.
  local kind, data = begin(host, port, 255 << 16, "user\0nseer\0\0")
  if kind == "E" then
    out.Protocols = string.match(error_field(data, "M") or "", "(%d+%.%d+ %a+ %d+%.%d+)%s*$")
  elseif kind ~= "R" and kind ~= "v" then
    return nil
  end
  local status, answer = comm.exchange(host, port, string.pack(">I4I4", 8, 1234 << 16 | 5679),
    { proto = "tcp", bytes = 1, timeout = stdnse.get_timeout(host, 5000) })
  if status then
    out.TLS = answer == "S" and "supported" or "not supported"
  end
  local user = stdnse.get_script_args("postgresql-info.user") or "postgres"
  kind, data = begin(host, port, 3 << 16, "user\0" .. user .. "\0\0")
  if kind == "R" and #data >= 4 then
    local code = string.unpack(">I4", data)
    out.Authentication = KINDS[code] or "unknown (" .. code .. ")"
    out.Mechanisms = code == 10 and texts_of(string.sub(data, 5)) or nil
  elseif kind == "E" then
    out.Refusal = error_field(data, "M")
  end
  return out
end
