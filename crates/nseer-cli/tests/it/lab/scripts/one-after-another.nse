-- Notes in a file where it ran; only one thread is at it at a time, and takes a moment.
local nmap = require "nmap"
local stdnse = require "stdnse"

description = "Runs one after another."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(_, port) return port.state == "open" end

action = function(host, port)
  local mutex = nmap.mutex("one-after-another")
  mutex "lock"
  local log = assert(io.open("/run/lab/log", "a"))
  log:write(host.ip, " ", port.number, "\n")
  log:close()
  port.version.product = "told of " .. port.number
  nmap.set_port_version(host, port)
  stdnse.sleep(0.03)
  mutex "done"
  local out = stdnse.output_table()
  out.where = host.ip
  out.port = port.number
  return out
end
