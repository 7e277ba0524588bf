local deadline = require "deadline"
local match = require "match"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a streaming server which methods it allows.
]]

---
-- Sends OPTIONS (RFC 2326, section 10.1).
--
-- @usage nseer -p 554 --script rtsp-methods <target>
-- @args rtsp-methods.path The path to ask for. Default: <code>*</code>.
-- @output
-- 554/tcp open  rtsp
-- |_rtsp-methods: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

portrule = shortport.port_or_service({554, 8554}, "rtsp", "tcp")

local MAX_HEADERS = 0x4000

action = function (host, port)
  local path = stdnse.get_script_args("rtsp-methods.path") or "*"
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, answer = socket:connect(host, port)
  if status then
    status = socket:send("OPTIONS " .. path .. " RTSP/1.0\r\nCSeq: 1\r\n\r\n")
  end
  if status then
    status, answer = deadline.receive_buf(socket, match.pattern_limit("\r\n\r\n", MAX_HEADERS), true)
  end
  socket:close()
  if not status or not string.find(answer, "^RTSP/1%.%d 200") then
    return nil
  end
  return string.match(answer, "\n[Pp][Uu][Bb][Ll][Ii][Cc]:%s*([^\r\n]+)")
end
