local mongodb = require "mongodb"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Lists the databases of a MongoDB server with their sizes; or shows why it does not tell.
]]

---
-- Asks <code>listDatabases</code>, without logging in.
--
-- @usage nseer -p 27017 --script mongodb-databases <target>
-- @output
-- 27017/tcp open  mongodb
-- | mongodb-databases:
-- |   databases
-- |     0
-- |       name = admin
-- |       sizeOnDisk = 40960
-- |       empty = false
-- |   totalSize = 40960
-- |_  ok = 1.0

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({27017}, {"mongodb", "mongod"}, "tcp")

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, answer = socket:connect(host, port)
  if status then
    local _, message = mongodb.listDbQuery()
    status, answer = mongodb.query(socket, message)
  end
  socket:close()
  if not status then
    stdnse.debug1("%s", answer)
    return nil
  end
  return answer, stdnse.format_output(true, mongodb.queryResultToTable(answer))
end
