local nmap = require "nmap"
local rand = require "rand"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Tells whether an OpenVPN server answers strangers, who do not have a key of its control channel.

A server that wants one (<code>tls-auth</code>, <code>tls-crypt</code>) does not answer, and is not shown. One that
answers lets anybody begin a TLS handshake.
]]

---
-- Sends the packet that begins a session and shows the answer; the session goes no further (see the chapter
-- "Wire protocol" of draft-openvpn-wire-protocol).
--
-- @usage nseer -sU -p 1194 --script openvpn-info <target>
-- @output
-- 1194/udp open  openvpn
-- | openvpn-info:
-- |   Answer: hard reset of a server, version 2
-- |_  Control channel key: not needed

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(1194, "openvpn", {"tcp", "udp"}, {"open", "open|filtered"})

local CLIENT = 7
-- What a server answers with; the second where it is still busy with another session.
local ANSWERS = {[8] = "hard reset of a server, version 2", [5] = "acknowledgement"}
local MAX_ANSWER = 512

-- A packet as it travels: over TCP its length stands before it.
local function framed (port, data)
  return port.protocol == "tcp" and string.pack(">s2", data) or data
end

local function answer_of (port, data)
  if port.protocol ~= "tcp" then
    return data
  end
  local size = #data >= 2 and string.unpack(">I2", data)
  return size and size <= MAX_ANSWER and string.sub(data, 3, 2 + size) or ""
end

-- What the packet is, where it is a server's and acknowledges the session that was begun.
local function kind_of (answer, session)
  if #answer < 22 then
    return nil
  end
  local acknowledged = string.byte(answer, 10)
  local at = 11 + 4 * acknowledged
  return acknowledged > 0 and string.sub(answer, at, at + 7) == session and ANSWERS[string.byte(answer) >> 3]
end

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local session = rand.random_string(8)
  -- The kind of packet, the session, no acknowledgements, packet 0.
  local hello = string.pack(">B", CLIENT << 3) .. session .. string.pack(">BI4", 0, 0)
  local status = socket:connect(host, port) and socket:send(framed(port, hello))
  local data
  if status then
    status, data = socket:receive()
  end
  socket:close()
  local kind = status and kind_of(answer_of(port, data), session)
  if not kind then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local out = stdnse.output_table()
  out.Answer = kind
  out["Control channel key"] = "not needed"
  return out
end
