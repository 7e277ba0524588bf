description = [[
Says a text after the scan.
]]

---
-- @usage
-- nseer --script ./{name}.nse --script-args {name}.text=hello <target>
--
-- @args {name}.text What to say.
--
-- @output
-- Post-scan script results:
-- |_{name}: hello

author = "Your name"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

local stdnse = require "stdnse"

postrule = function()
  return stdnse.get_script_args(SCRIPT_NAME .. ".text") ~= nil
end

action = function()
  return stdnse.get_script_args(SCRIPT_NAME .. ".text")
end
