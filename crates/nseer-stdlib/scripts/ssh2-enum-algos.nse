local deadline = require "deadline"
local match = require "match"
local nmap = require "nmap"
local shortport = require "shortport"
local ssh2 = require "ssh2"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Lists the algorithms that an SSH server offers for keys, ciphers, integrity and compression.

They are in the first message of the server (RFC 4253, section 7.1). Where the two directions differ, both are
shown.
]]

---
-- @usage nseer -p 22 --script ssh2-enum-algos <target>
-- @output
-- 22/tcp open  ssh
-- | ssh2-enum-algos:
-- |   kex_algorithms: (1)
-- |       curve25519-sha256
-- |   server_host_key_algorithms: (1)
-- |       ssh-ed25519
-- |   encryption_algorithms: (1)
-- |       aes128-ctr
-- |   mac_algorithms: (1)
-- |       hmac-sha2-256
-- |   compression_algorithms: (1)
-- |_      none
-- @xmloutput
-- <table key="kex_algorithms">
-- <elem>curve25519-sha256</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe", "discovery"}

portrule = shortport.ssh

-- No list is this long.
local MAX_NAMES = 500

-- Before its version a server may say other lines (RFC 4253, section 4.2).
local MAX_LINES, MAX_LINE, MAX_GREETING_MS = 50, 1024, 20000

-- Reads the server's version and sends ours. Gives true, or nil and a reason.
local function greet (socket)
  local ends = nmap.clock_ms() + MAX_GREETING_MS
  for _ = 1, MAX_LINES do
    local left = ends - nmap.clock_ms()
    if left <= 0 then
      return nil, "TIMEOUT"
    end
    local status, line = deadline.receive_buf(socket, match.pattern_limit("\r?\n", MAX_LINE), false, left)
    if not status then
      return nil, line
    elseif string.find(line, "^SSH%-[%d.]+%-") then
      return socket:send("SSH-2.0-nseer\r\n")
    end
  end
  return nil, "the server says no version"
end

-- The payload of the first packet.
local function first_payload (socket)
  local status, packet = ssh2.transport.receive_packet(socket)
  return status and ssh2.transport.payload(packet)
end

-- A list with a title of its own: "(3)" and the names below it.
local SHOWN = { __tostring = function (names)
  return string.format("(%d)\n      %s", #names, table.concat(names, "\n      "))
end }

local function names_of (list)
  local names = {}
  for name in string.gmatch(list or "", "[^,]+") do
    names[#names + 1] = name
    if #names == MAX_NAMES then
      break
    end
  end
  return setmetatable(names, SHOWN)
end

local function structured (lists)
  local out = stdnse.output_table()
  for _, name in ipairs({"kex_algorithms", "server_host_key_algorithms"}) do
    out[name] = names_of(lists[name])
  end
  for _, name in ipairs({"encryption_algorithms", "mac_algorithms", "compression_algorithms"}) do
    local ours, theirs = lists[name .. "_client_to_server"], lists[name .. "_server_to_client"]
    if ours == theirs then
      out[name] = names_of(ours)
    else
      out[name .. "_client_to_server"] = names_of(ours)
      out[name .. "_server_to_client"] = names_of(theirs)
    end
  end
  return out
end

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local payload
  local status, why = socket:connect(host, port, "tcp")
  if status then
    status, why = greet(socket)
  end
  if status then
    payload = first_payload(socket)
  end
  socket:close()
  local lists = payload and ssh2.transport.parse_kex_init(payload)
  if not lists then
    stdnse.debug1("no list of algorithms: %s", why)
    return nil
  end
  return structured(lists)
end
