local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what a NATS server says when somebody connects: name, version, limits, and whether it asks for a login or
TLS.
]]

---
-- The greeting is the message INFO of the NATS client protocol. Nothing is sent.
--
-- @usage nseer -p 4222 --script nats-info <target>
-- @output
-- 4222/tcp open  nats
-- | nats-info:
-- |   Server name: queue
-- |   Version: 2.9.10
-- |   Go version: go1.19.8
-- |   Protocol: 1
-- |   Maximum payload: 1048576
-- |   Headers: true
-- |   Authentication required: false
-- |_  TLS required: false

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(4222, "nats", "tcp")

local FIELDS = {
  { "server_name", "Server name" }, { "version", "Version" }, { "go", "Go version" }, { "proto", "Protocol" },
  { "cluster", "Cluster" }, { "max_payload", "Maximum payload" }, { "headers", "Headers" },
  { "jetstream", "JetStream" },
}

-- A field of the greeting, which is one flat object of JSON: a text, a number or a boolean.
local function field (text, name)
  return string.match(text, '"' .. name .. '":"([^"]*)"') or string.match(text, '"' .. name .. '":([%w.]+)')
end

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, line = socket:connect(host, port)
  if status then
    status, line = deadline.receive_buf(socket, function (buffer)
      local first, last = string.find(buffer, "\r?\n")
      if not first and #buffer > 0x10000 then
        return #buffer, #buffer
      end
      return first, last
    end, false)
  end
  socket:close()
  local text = status and string.match(line, "^INFO ({.*)$")
  if not text then
    return nil
  end
  local out = stdnse.output_table()
  for _, row in ipairs(FIELDS) do
    out[row[2]] = field(text, row[1])
  end
  out["Authentication required"] = field(text, "auth_required") or "false"
  out["TLS required"] = field(text, "tls_required") or "false"
  return out
end
