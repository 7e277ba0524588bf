-- Returns nested tables with awkward keys and bytes.
local stdnse = require "stdnse"

description = "Returns structure."
categories = {"safe"}

hostrule = function() return true end

action = function()
  local out = stdnse.output_table()
  out.first = "<&>\"'"
  out["--key\1"] = { "a", "b\0c", { deep = true, "\255" } }
  out.number = 5.0
  out.empty = {}
  return out
end
