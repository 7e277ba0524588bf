local comm = require "comm"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the day and the time by the clock of a server (RFC 867).
]]

---
-- @usage nseer -p 13 --script daytime <target>
-- @output
-- 13/tcp open  daytime
-- |_daytime: Thu Nov 26 04:24:30 2026

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(13, "daytime", {"tcp", "udp"})

-- The text has "one line", says the RFC; NIST's servers put an empty one before it.
local MAX_BYTES = 200

action = function (host, port)
  local status, text
  if port.protocol == "udp" then
    status, text = comm.exchange(host, port, "\n", { proto = "udp", timeout = 4000 })
  else
    local socket
    socket, text = comm.opencon(host, port, nil, { lines = 1, recv_before = true, timeout = 4000 })
    status = socket and socket:close()
  end
  if not status then
    stdnse.debug1("%s", tostring(text))
    return nil
  end
  text = string.gsub(string.sub(text, 1, MAX_BYTES), "\r\n", "\n")
  return string.match(text, "^%s*%S[^\n]*\n?")
end
