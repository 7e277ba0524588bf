local nmap = require "nmap"
local shortport = require "shortport"
local string = require "string"

description = [[
Asks a Java debugger's port which machine runs behind it. Its answer becomes the version of the service.
]]

---
-- Shakes hands and sends the command Version (Java Debug Wire Protocol, command set 1, command 1).
--
-- @usage nseer -sV -p 8000 --script jdwp-version <target>
-- @output
-- PORT     STATE SERVICE VERSION
-- 8000/tcp open  jdwp    Java Debug Wire Protocol (Reference Implementation) version 17.0 17.0.15

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"version"}

portrule = function (host, port)
  -- The handshake is the client's first word, which other services may not like.
  return port.protocol == "tcp" and port.state == "open" and port.service ~= "jdwp"
    and not (port.version and port.version.service_dtype == "probed")
    and shortport.port_range("8000,5005,8453,8787,9001")(host, port)
end

local HANDSHAKE = "JDWP-Handshake"

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(3000)
  local status, data = socket:connect(host, port)
  if status then
    status = socket:send(HANDSHAKE)
  end
  if status then
    status, data = socket:receive_bytes(#HANDSHAKE)
  end
  if not status or string.sub(data, 1, #HANDSHAKE) ~= HANDSHAKE then
    socket:close()
    return nil
  end
  status = socket:send(string.pack(">I4I4BBB", 11, 1, 0, 1, 1))
  if status then
    status, data = socket:receive_bytes(15)
  end
  socket:close()
  -- Length, number, flags (this is a reply), error, then the text with its length in front.
  if not status or #data < 15 or string.unpack(">I4", data, 5) ~= 1 or string.byte(data, 9) ~= 0x80 then
    return nil
  end
  local text = string.sub(data, 16, 15 + string.unpack(">I4", data, 12))
  port.version.name, port.version.product = "jdwp", "Java Debug Wire Protocol"
  port.version.version = string.match(text, "version ([%w._+-]+)")
  nmap.set_port_version(host, port)
end
