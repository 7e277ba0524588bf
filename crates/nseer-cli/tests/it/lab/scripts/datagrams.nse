---
-- Tells what datagram sockets without a connection say of their ends, and what becomes of a local
-- address that cannot be had.
local coroutine = require "coroutine"
local stdnse = require "stdnse"
local table = require "table"

description = "Tells what datagram sockets say."
categories = {"safe"}

prerule = function() return true end

local function tell(name, ...)
  local values = table.pack(...)
  for i = 1, values.n do
    values[i] = tostring(values[i])
  end
  nmap.log_write("stdout", ("told: %s: %s"):format(name, table.concat(values, " ")))
end

local function bound(address, port)
  local socket = nmap.new_socket("udp")
  tell("bind", socket:bind(address, port))
  socket:set_timeout(1000)
  return socket
end

action = function()
  local silent = bound(nil, 7001)
  tell("nothing comes", silent:receive())
  tell("ends without a peer", silent:get_info())
  tell("close", silent:close())
  tell("close again", silent:close())

  local server, client = bound(nil, 7002), bound("127.0.0.1", 7003)
  -- What the worker sees is told when it is done.
  local seen = {}
  local function see(...)
    seen[#seen + 1] = table.pack(...)
  end
  local worker = stdnse.new_thread(function()
    see("something comes", server:receive())
    local _, here, here_port, there, there_port = server:get_info()
    see("ends with a peer", here, here_port, there, there_port == 7003)
    see("answer", server:sendto(there, there_port, "answer"))
    see("nothing more", server:receive())
    see("still the port", (select(3, server:get_info())))
  end)
  stdnse.sleep(0.5)
  tell("send", client:sendto("127.0.0.1", 7002, "question"))
  tell("an answer", client:receive())
  tell("ends of who asked", client:get_info())
  while coroutine.status(worker) ~= "dead" do
    stdnse.sleep(0.1)
  end
  for _, line in ipairs(seen) do
    tell(table.unpack(line, 1, line.n))
  end

  local foreign = bound("192.0.2.77", 7004)
  tell("foreign address", foreign:receive())
  tell("send from it", foreign:sendto("127.0.0.1", 7002, "x"))
  tell("connect from it", bound("192.0.2.77", 7004):connect("127.0.0.1", 7002, "udp"))
  tell("stream from it", bound("192.0.2.77", 7004):connect("127.0.0.1", 1, "tcp"))
end
