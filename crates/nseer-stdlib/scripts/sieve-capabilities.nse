local comm = require "comm"
local deadline = require "deadline"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what a ManageSieve server says of itself: program, filter language, ways to log in (RFC 5804,
section 1.7). The server says it in its greeting.
]]

---
-- @usage nseer -p 4190 --script sieve-capabilities <target>
-- @output
-- 4190/tcp open  sieve
-- | sieve-capabilities:
-- |   IMPLEMENTATION: Dovecot (Debian) Pigeonhole
-- |   SASL: PLAIN LOGIN
-- |   STARTTLS: true
-- |_  VERSION: 1.0
-- @xmloutput
-- <elem key="IMPLEMENTATION">Dovecot (Debian) Pigeonhole</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(4190, {"sieve", "managesieve"})

local MAX_READS, MAX_BYTES = 100, 64 * 1024

-- The greeting up to its OK.
local function greeting (socket, text)
  local receive = deadline.receiver(socket, nil, "receive_lines")
  for _ = 1, MAX_READS do
    if string.find("\n" .. text, "\nOK[^\n]*\n") then
      return text
    elseif #text > MAX_BYTES or string.find("\n" .. text, "\nBYE") then
      return nil
    end
    local status, data = receive(1)
    if not status then
      return nil
    end
    text = text .. data
  end
end

action = function (host, port)
  local socket, answer, _, first = comm.tryssl(host, port, "", { recv_before = true, lines = 1 })
  if not socket then
    stdnse.debug1("%s", tostring(answer))
    return nil
  end
  local text = greeting(socket, first or answer or "")
  socket:close()
  local out = stdnse.output_table()
  for line in string.gmatch(text or "", "[^\r\n]+") do
    local name, value = string.match(line, '^"([^"]+)"%s*(.*)$')
    if name then
      out[name] = string.match(value, '^"(.*)"$') or (value == "" and true) or value
    end
  end
  return #out > 0 and out or nil
end
