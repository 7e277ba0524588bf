local deadline = require "deadline"
local math = require "math"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks Erlang's port mapper which nodes run on a host, and at which ports.
]]

---
-- Sends NAMES_REQ of the distribution protocol in Erlang's documentation.
--
-- @usage nseer -p 4369 --script epmd-info <target>
-- @output
-- 4369/tcp open  epmd
-- | epmd-info:
-- |   epmd_port: 4369
-- |   nodes:
-- |_    rabbit: 25672

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(4369, "epmd")

local MAX_ANSWER, MAX_NODES = 0x10000, 500

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, data = socket:connect(host, port)
  if status then
    -- The length of the request and its code.
    status = socket:send("\0\1n")
  end
  local answer, receive = "", deadline.receiver(socket)
  -- The mapper closes when it has said everything.
  while status and #answer < MAX_ANSWER do
    status, data = receive()
    answer = status and answer .. data or answer
  end
  socket:close()
  if #answer < 4 then
    return nil
  end
  local number = string.unpack(">I4", answer)
  local nodes, count = stdnse.output_table(), 0
  for name, at in string.gmatch(string.sub(answer, 5), "name (%S+) at port (%d+)\n") do
    if count < MAX_NODES then
      nodes[name] = math.tointeger(tonumber(at))
      count = count + 1
    end
  end
  if number > 0xffff or count == 0 and #answer > 4 then
    return nil
  end
  local out = stdnse.output_table()
  out.epmd_port = number
  out.nodes = nodes
  return out
end
