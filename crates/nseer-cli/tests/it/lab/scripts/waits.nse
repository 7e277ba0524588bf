-- Waits for longer than any test does, on one port only.
local stdnse = require "stdnse"

description = "Waits."
categories = {"safe"}

portrule = function(_, port)
  return port.number == 7001
end

action = function()
  stdnse.sleep(10000)
end
