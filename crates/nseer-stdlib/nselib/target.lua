---
-- Adding targets to the scan that is running.
--
-- Scripts that find other machines may hand them to the scanner, which takes them up after those of the
-- command line. Users must ask for it, because a scan could otherwise leave the network that it was meant
-- for.
--
-- @args newtargets If given, scripts may add targets.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name target

local nmap = require "nmap"
local stdnse = require "stdnse"

_ENV = stdnse.module("target", stdnse.seeall)

--- True if the user allows scripts to add targets.
-- @class field
-- @name ALLOW_NEW_TARGETS
ALLOW_NEW_TARGETS = stdnse.get_script_args("newtargets") and true or false

--- Adds targets to the scan, or asks how many wait.
-- @usage
-- local ok, reason = target.add("192.0.2.1", "198.51.100.0/29")
-- if not ok then
--   stdnse.debug1("nothing added: %s", reason)
-- end
-- @param ... Targets as on the command line: addresses, names, networks. None to ask for the length of the
--            queue.
-- @return True if at least one was added (or nothing was to be added); otherwise false.
-- @return The number of targets added or waiting; or why there is none.
function add (...)
  if not ALLOW_NEW_TARGETS then
    return false, "scripts may add targets only with --script-args newtargets"
  end
  local count, reason = nmap.add_targets(...)
  if select("#", ...) > 0 and count == 0 then
    return false, reason
  end
  return true, count
end

return _ENV
