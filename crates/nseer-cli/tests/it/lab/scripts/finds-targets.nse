local stdnse = require "stdnse"
local table = require "table"

description = [[Adds targets of every kind, right and wrong, in the phase that the argument says, and tells what that gives.]]
categories = {"safe"}

local phase = stdnse.get_script_args("finds-targets.phase") or "prerule"

_ENV[phase] = function(host)
  return not host or host.ip == "127.0.0.1"
end

local LISTS = {
  {}, {"127.0.0.2"}, {"127.0.0.2"}, {"127.0.0.2", "127.0.0.3"}, {"127.0.0.4-6"}, {"127.0.1.0/30"}, {"300.1.1.1"},
  {"127.0.0.12", "300.1.1.1", "127.0.0.13"}, {"no such"}, {"nosuch.invalid"}, {("x"):rep(1023)}, {("x"):rep(1024)},
  {"127.0.0.14", ("y"):rep(1024), "127.0.0.15"}, {5}, {true}, {{}}, {"127.0.0.16", {}}, {"127.0.0.17", true},
  {"127.0.0.200-100"}, {"127.0.0.20,21"}, {"127.0.0.20,21"}, {"127.0.0.24\0x"}, {"127.0.0.1/8x"}, {"127.0.0.27/32"},
  {"@"}, {"127.0.0.29", "127.0.0.29"},
}

local function tell(...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = tostring(values[i]) end
  nmap.log_write("stdout", "told: " .. table.concat(values, ", "))
end

action = function()
  for number, list in ipairs(LISTS) do
    tell("list", number, pcall(nmap.add_targets, table.unpack(list)))
    tell("then", nmap.new_targets_num(), (nmap.add_targets()))
  end
end
