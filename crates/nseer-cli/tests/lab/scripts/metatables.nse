---
-- Tells what a script sees of the engine's objects.
local debug = require "debug"
local io = require "io"
local lpeg = require "lpeg"
local openssl = require "openssl"
local table = require "table"

description = "Tells what can be seen of objects."
categories = {"safe"}

prerule = function() return true end

local function tell(name, ...)
  local values = table.pack(...)
  for i = 1, values.n do
    values[i] = tostring(values[i]):gsub("0x%x+", "ADDRESS")
  end
  nmap.log_write("stdout", ("told: %s: %s"):format(name, table.concat(values, " ")))
end

local function show(name, object)
  local first, second = getmetatable(object), getmetatable(object)
  tell(name .. " metatable", type(first), rawequal(first, second))
  if type(first) == "table" then
    local keys = {}
    for key, value in next, first do
      -- The destructor is not for scripts, and 7.93 does not have the other one.
      if key ~= "__gc" and key ~= "tompi" then
        keys[#keys + 1] = tostring(key) .. " " .. type(value)
      end
    end
    table.sort(keys)
    tell(name .. " fields", table.concat(keys, ", "))
    tell(name .. " metatable of it", getmetatable(first))
  end
  tell(name .. " text", object)
  tell(name .. " type", type(object), io.type(object))
  tell(name .. " equal", object == object, object == {})
  tell(name .. " setmetatable", pcall(setmetatable, object, {}))
  tell(name .. " unknown field", pcall(function() return object.nosuch end))
  tell(name .. " place", pcall(function() return object[1] end))
  tell(name .. " new field", pcall(function() object.x = 1 end))
  tell(name .. " call", pcall(function() return object() end))
  tell(name .. " concatenation", pcall(function() return object .. "x" end))
  tell(name .. " order", pcall(function() return object < object end))
end

action = function()
  local socket, dnet = nmap.new_socket(), nmap.new_dnet()
  show("socket", socket)
  show("dnet", dnet)
  show("number", openssl.bignum_dec2bn "5")
  show("pattern", lpeg.P(1))
  -- Neither program breaks by what scripts can get at.
  local seen = debug.getmetatable(socket)
  tell("by debug", type(seen))
  tell("still a socket", socket:close())
end
