-- Waits for long enough to be asked how far it is.
local stdnse = require "stdnse"

description = "Waits a little."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function() return true end

action = function()
  stdnse.sleep(3)
  return "done"
end
