local mongodb = require "mongodb"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Shows how a MongoDB server was built and, if everybody may see it, its state.
]]

---
-- Asks <code>buildinfo</code>, which needs no login, and <code>serverStatus</code>.
--
-- @usage nseer -p 27017 --script mongodb-info <target>
-- @output
-- 27017/tcp open  mongodb
-- | mongodb-info:
-- |   MongoDB Build info
-- |     version = 4.4.18
-- |     bits = 64
-- |     ok = 1.0
-- |   Server status
-- |     ok = 0.0
-- |     errmsg = command serverStatus requires authentication
-- |     code = 13
-- |_    codeName = Unauthorized

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({27017}, {"mongodb", "mongod"}, "tcp")

local QUESTIONS = {
  { "MongoDB Build info", mongodb.buildInfoQuery }, { "Server status", mongodb.serverStatusQuery },
}

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, reason = socket:connect(host, port)
  local out, lines = stdnse.output_table(), {}
  for _, question in ipairs(status and QUESTIONS or {}) do
    local _, message = question[2]()
    local answer
    status, answer = mongodb.query(socket, message)
    if not status then
      reason = answer
      break
    end
    out[question[1]] = answer
    local inner = mongodb.queryResultToTable(answer)
    inner.name = question[1]
    lines[#lines + 1] = inner
  end
  socket:close()
  if #lines == 0 then
    stdnse.debug1("%s", reason)
    return nil
  end
  local build = out["MongoDB Build info"]
  port.version.name = "mongodb"
  port.version.product = "MongoDB"
  port.version.version = type(build.version) == "string" and build.version or port.version.version
  nmap.set_port_version(host, port)
  return out, stdnse.format_output(true, lines)
end
