-- Shows the arguments that it was given.
local stdnse = require "stdnse"

description = [[Shows its arguments.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open"
end

local function shown(value)
  return type(value) == "table" and "{" .. table.concat(value, ";") .. "}" or tostring(value)
end

action = function(host, port)
  local lines = {}
  for _, name in ipairs {"told.a", "told.b", "told.c", "d", "told.e"} do
    lines[#lines + 1] = name .. " = " .. shown(stdnse.get_script_args(name))
  end
  lines[#lines + 1] = #nmap.registry.args .. " without a name"
  return lines
end
